"""PINs: only hashes are kept; guessing is slow; the envelope's PIN is one; a full disk keeps nobody out."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from garde.clock import VirtualClock
from garde.errors import NotFound, UsageError
from garde.ward import accounts as module
from garde.ward.accounts import ENVELOPE, FREE_TRIES, LONGEST_WAIT_S, Accounts

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: VirtualClock) -> Accounts:
    return Accounts(tmp_path, clock, QUICK)


def test_the_right_pin_enters_and_no_other(accounts: Accounts, tmp_path: Path) -> None:
    accounts.set_pin("Nina", "482190")
    assert accounts.enter(" nina ", "482190") == "nina"
    assert accounts.enter("nina", "482191") is None and accounts.enter("otto", "482190") is None
    assert b"482190" not in (tmp_path / "accounts.json").read_bytes()
    assert (tmp_path / "accounts.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("pin", ["12345", "111111", "121212", "", "x" * 129])
def test_a_pin_that_is_no_pin_is_refused(accounts: Accounts, pin: str) -> None:
    with pytest.raises(UsageError):
        accounts.set_pin("nina", pin)


@pytest.mark.parametrize("name", ["", "../x", "a b", "x" * 65, ENVELOPE])
def test_a_name_that_is_none_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(UsageError):
        accounts.set_pin(name, "482190")


def test_guessing_waits_longer_each_time_but_never_long(accounts: Accounts, clock: VirtualClock) -> None:
    accounts.set_pin("nina", "482190")
    for _ in range(FREE_TRIES):
        assert accounts.enter("nina", "000001") is None
    waits = []
    for _ in range(9):
        waits.append(accounts.wait_s("nina"))
        assert accounts.enter("nina", "482190") is None, "also the right one waits"
        clock.advance(waits[-1])
        accounts.enter("nina", "000001")
    assert waits == sorted(waits) and waits[0] > 0 and waits[-1] == LONGEST_WAIT_S
    clock.advance(LONGEST_WAIT_S)
    assert accounts.enter("nina", "482190") == "nina" and accounts.wait_s("nina") == 0


def test_a_clock_that_was_set_back_bars_nobody_for_years(accounts: Accounts, clock: VirtualClock) -> None:
    accounts.set_pin("nina", "482190")
    for _ in range(FREE_TRIES + 3):
        accounts.enter("nina", "000001")
    clock.wall -= 10 * 365 * 86_400
    assert accounts.wait_s("nina") <= LONGEST_WAIT_S


def test_the_envelope_counts_until_a_new_one_is_made_and_forgives_how_it_is_typed(accounts: Accounts) -> None:
    first = accounts.new_envelope()
    assert accounts.enter("envelope", first.lower().replace("-", " ").replace("0", "o")) == ENVELOPE
    second = accounts.new_envelope()
    assert accounts.enter("envelope", first) is None and accounts.enter("envelope", second) == ENVELOPE


def test_a_full_disk_keeps_nobody_out(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.set_pin("nina", "482190")
    accounts.enter("nina", "000001")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_secret", full)
    assert accounts.enter("nina", "482190") == "nina"


def test_an_account_can_be_taken_away(accounts: Accounts) -> None:
    accounts.set_pin("nina", "482190")
    accounts.remove("nina")
    assert accounts.enter("nina", "482190") is None
    with pytest.raises(NotFound):
        accounts.remove("nina")
