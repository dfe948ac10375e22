"""Local accounts, sessions and the envelope: one test for each rule."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_house import PASSWORD, QUICK

from garde.clock import VirtualClock
from garde.errors import NotFound, StateDamaged, UsageError
from garde.hub.console import accounts as accounts_module
from garde.hub.console.accounts import (
    BREAK_GLASS,
    COOKIE,
    IDLE_S,
    KNOWN_S,
    LONGEST_S,
    SESSIONS,
    LocalAccounts,
    open_accounts,
)
from garde.hub.deps import Account, Accounts
from garde.trust.passwords import Hasher


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: VirtualClock) -> Iterator[LocalAccounts]:
    made = LocalAccounts(tmp_path / "accounts.db", clock, Hasher(QUICK))
    made.make("carla", "operator", PASSWORD)
    yield made
    made.close()


def _cookies(token: str) -> dict[str, str]:
    return {COOKIE: token}


def test_it_keeps_the_protocol_and_a_private_file(tmp_path: Path, clock: VirtualClock) -> None:
    made: Accounts = open_accounts(tmp_path, clock)
    made.close()
    made.close()
    assert stat.S_IMODE((tmp_path / "accounts.db").stat().st_mode) == 0o600


def test_only_hashes_are_kept(accounts: LocalAccounts, tmp_path: Path) -> None:
    codes, token = accounts.make_break_glass(), accounts.begin("carla", "password", "10.0.0.1")
    accounts.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (PASSWORD, token, codes[0], codes[0].replace("-", "")):
        assert secret.encode() not in raw


def test_accounts_are_made_listed_and_changed(accounts: LocalAccounts) -> None:
    accounts.make(" Luc.Lemaire ", "it_director", PASSWORD)
    accounts.set_role("carla", "viewer")
    assert list(accounts.all()) == [Account("carla", "viewer"), Account("luc.lemaire", "it_director")]


@pytest.mark.parametrize(
    ("login", "role", "password"),
    [
        ("carla", "operator", PASSWORD),
        ("CARLA", "operator", PASSWORD),
        ("", "operator", PASSWORD),
        ("a b", "operator", PASSWORD),
        ("../x", "operator", PASSWORD),
        ("x" * 65, "operator", PASSWORD),
        (BREAK_GLASS, "operator", PASSWORD),
        ("luc", "root", PASSWORD),
        ("luc", "operator", "short"),
    ],
)
def test_what_cannot_be_made(accounts: LocalAccounts, login: str, role: str, password: str) -> None:
    with pytest.raises(UsageError):
        accounts.make(login, role, password)
    assert len(accounts.all()) == 1


def test_an_account_that_is_not_there(accounts: LocalAccounts) -> None:
    for change in (lambda: accounts.shut("luc"), lambda: accounts.set_role("luc", "viewer")):
        with pytest.raises(NotFound):
            change()


def test_a_changed_password_ends_every_session(accounts: LocalAccounts) -> None:
    token = accounts.begin("carla", "password", "10.0.0.1")
    assert accounts.caller(_cookies(token)) is not None
    accounts.set_password("carla", "another correct horse battery")
    assert accounts.caller(_cookies(token)) is None


def test_a_shut_account_ends_every_session_and_opens_with_a_new_password(accounts: LocalAccounts) -> None:
    token = accounts.begin("carla", "password", "10.0.0.1")
    accounts.shut("carla")
    assert accounts.caller(_cookies(token)) is None and accounts.secrets("carla") is None
    accounts.set_password("carla", "another correct horse battery")
    assert accounts.secrets("carla") is not None


def test_a_role_counts_from_the_next_request_on(accounts: LocalAccounts) -> None:
    token = accounts.begin("carla", "password", "10.0.0.1")
    accounts.set_role("carla", "viewer")
    caller = accounts.caller(_cookies(token))
    assert caller is not None and caller.role == "viewer"


def test_a_session_ends_without_requests_and_at_its_longest(accounts: LocalAccounts, clock: VirtualClock) -> None:
    idle, kept = (accounts.begin("carla", "password", "10.0.0.1") for _ in range(2))
    for _ in range(int(LONGEST_S / IDLE_S * 2) - 1):
        clock.advance(IDLE_S / 2 + 1)
        assert accounts.caller(_cookies(kept)) is not None
    assert accounts.caller(_cookies(idle)) is None
    clock.advance(IDLE_S / 2 + 1)
    assert accounts.caller(_cookies(kept)) is None


def test_a_session_outlives_the_process(accounts: LocalAccounts, tmp_path: Path, clock: VirtualClock) -> None:
    token = accounts.begin("carla", "password", "10.0.0.1")
    accounts.close()
    again = open_accounts(tmp_path, clock)
    session = again.session(_cookies(token))
    again.close()
    assert session is not None and session.csrf and session.caller.login == "carla"


def test_signing_out_and_cookies_that_are_none(accounts: LocalAccounts) -> None:
    token = accounts.begin("carla", "password", "10.0.0.1")
    accounts.end(_cookies(token))
    for cookies in (_cookies(token), {}, _cookies(""), _cookies("\udcff"), _cookies("x" * 10_000)):
        assert accounts.caller(cookies) is None


def test_the_oldest_session_goes(accounts: LocalAccounts) -> None:
    tokens = [accounts.begin("carla", "password", "10.0.0.1") for _ in range(SESSIONS + 2)]
    assert [accounts.caller(_cookies(token)) is None for token in tokens] == [True] * 2 + [False] * SESSIONS


def test_a_code_counts_once_however_it_is_typed(accounts: LocalAccounts) -> None:
    codes = accounts.make_break_glass(3)
    assert len(set(codes)) == 3 and accounts.codes_left() == 3
    assert accounts.spend_code(codes[0].lower().replace("-", " "))
    assert not accounts.spend_code(codes[0]) and accounts.codes_left() == 2
    misread = codes[1].replace("0", "O").replace("1", "l")
    assert accounts.spend_code(misread)
    assert not accounts.spend_code("") and not accounts.spend_code("AAAA-AAAA-AAAA-AAAA")


def test_new_codes_void_the_old_ones(accounts: LocalAccounts) -> None:
    old = accounts.make_break_glass(2)
    accounts.make_break_glass(2)
    assert not accounts.spend_code(old[0])


def test_one_code_in_many_hands_at_once_lets_one_in(accounts: LocalAccounts) -> None:
    code = accounts.make_break_glass(1)[0]
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(accounts.spend_code(code))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(True) == 1


def test_two_codes_are_not_two_people(accounts: LocalAccounts) -> None:
    tokens = [accounts.begin(BREAK_GLASS, BREAK_GLASS, "10.0.0.1") for _ in range(2)]
    callers = [accounts.caller(_cookies(token)) for token in tokens]
    assert {(caller.login, caller.role) for caller in callers if caller} == {(BREAK_GLASS, "it_director")}


def test_known_places_are_forgotten_after_a_month(accounts: LocalAccounts, clock: VirtualClock) -> None:
    accounts.begin("carla", "password", "10.0.0.1")
    assert accounts.is_known_place("carla", "10.0.0.1") and not accounts.is_known_place("carla", "10.0.0.2")
    clock.advance(KNOWN_S + 1)
    assert not accounts.is_known_place("carla", "10.0.0.1")


def test_a_full_disk_keeps_nobody_out(accounts: LocalAccounts) -> None:
    code = accounts.make_break_glass(1)[0]
    accounts._base.execute("PRAGMA query_only = ON")  # every write is refused from here on
    token = accounts.begin("carla", "password", "10.0.0.1")
    assert accounts.caller(_cookies(token)) is not None
    assert accounts.spend_code(code) and not accounts.spend_code(code) and accounts.codes_left() == 0
    assert accounts.use_step("carla", 5) and not accounts.use_step("carla", 5)
    accounts.end(_cookies(token))
    assert accounts.caller(_cookies(token)) is None
    with pytest.raises(OSError, match=r"accounts\.db"):
        accounts.set_role("carla", "viewer")


def test_a_session_that_the_disk_did_not_take_ends_with_its_account(accounts: LocalAccounts) -> None:
    accounts._base.execute("PRAGMA query_only = ON")
    token = accounts.begin("carla", "password", "10.0.0.1")
    accounts._base.execute("PRAGMA query_only = OFF")
    accounts.shut("carla")
    assert accounts.caller(_cookies(token)) is None


def test_a_command_beside_the_hub_counts_at_once(accounts: LocalAccounts, tmp_path: Path, clock: VirtualClock) -> None:
    token = accounts.begin("carla", "password", "10.0.0.1")
    beside = open_accounts(tmp_path, clock)
    beside.shut("carla")
    beside.close()
    assert accounts.caller(_cookies(token)) is None


def test_a_file_that_is_no_base(tmp_path: Path, clock: VirtualClock) -> None:
    (tmp_path / "accounts.db").write_bytes(b"rubbish" * 2000)
    with pytest.raises(StateDamaged):
        open_accounts(tmp_path, clock)


def test_the_schema_is_what_the_rules_say() -> None:
    base = sqlite3.connect(":memory:")
    base.executescript(accounts_module._SCHEMA.read_text(encoding="utf-8"))
    tables = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    base.close()
    assert tables == {"accounts", "codes", "sessions", "places"}
