"""`garde account`: who may sign in at the desk's pages."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garde.clock import SystemClock
from garde.desk.pages.accounts import Accounts

Garde = Callable[..., Any]


@pytest.fixture
def account(garde: Garde, tmp_path: Path) -> Garde:
    assert garde("downtime", "init", "--state", str(tmp_path)).code == 0
    return lambda *words: garde("account", *words, "--state", str(tmp_path))


def test_an_account_lives(account: Garde, tmp_path: Path) -> None:
    made = account("add", "C.Moreau", "--role", "clerk", "--json").lines[0]
    with contextlib.closing(Accounts(tmp_path, SystemClock())) as accounts:
        token = accounts.begin("c.moreau")
        assert accounts.hasher.is_same(accounts.password_of("c.moreau"), made["password"])
        held = b"".join(each.read_bytes() for each in tmp_path.glob("pages.db*"))
        assert made["password"].encode() not in held and token.encode() not in held
        assert account("role", "c.moreau", "--role", "lead").code == 0
        session = accounts.session(token)
        assert session is not None and session.may("void")
        changed = account("password", "c.moreau", "--json").lines[0]["password"]
        assert accounts.session(token) is None and changed != made["password"]
        assert account("shut", "c.moreau").code == 0 and accounts.password_of("c.moreau") == ""
        assert account("list", "--json").lines == [
            {"kind": "account", "login": "c.moreau", "role": "lead", "shut": True}
        ]  # fmt: skip
        assert account("open", "c.moreau").code == 0 and accounts.password_of("c.moreau")
    assert (tmp_path / "pages.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "code"),
    [(("add", "nina"), 2), (("add", "", "--role", "lab"), 2), (("add", "a b", "--role", "lab"), 2),
     (("add", "nina", "--role", "king"), 2), (("role", "nobody", "--role", "lab"), 8), (("shut", "nobody"), 8)],
)  # fmt: skip
def test_words_that_are_off(account: Garde, words: tuple[str, ...], code: int) -> None:
    assert account(*words).code == code


def test_twice_is_refused(account: Garde) -> None:
    account("add", "nina", "--role", "lab")
    assert account("add", "nina", "--role", "lab").code == 2
