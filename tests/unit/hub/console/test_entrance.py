"""Signing in: one test for each rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_house import PASSWORD, QUICK

from garde.clock import VirtualClock
from garde.hub.console import totp
from garde.hub.console.accounts import BREAK_GLASS, COOKIE, LocalAccounts
from garde.hub.console.entrance import SECOND_STEP_S, SECOND_STEP_TRIES, AskCode, Denied, Entered, Entrance
from garde.journal.hub_kinds import SignedIn, SignInRefused
from garde.journal.payload import Payload
from garde.trust.passwords import Hasher

HERE = "10.20.20.5"


class Door:
    """An entrance, its accounts, its clock and what it said."""

    def __init__(self, path: Path) -> None:
        self.clock = VirtualClock()
        self.said: list[Payload] = []
        self.accounts = LocalAccounts(path / "accounts.db", self.clock, Hasher(QUICK))
        self.accounts.make("carla", "operator", PASSWORD)
        self.entrance = Entrance(self.accounts, self.clock, self.said.extend)

    def with_app(self) -> str:
        secret = totp.new_secret()
        self.accounts.set_totp("carla", secret)
        return secret

    def code(self, secret: str) -> str:
        return totp.code_at(secret, int(self.clock.now() // totp.STEP_S))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.accounts.close()


def test_the_right_password_comes_in(door: Door) -> None:
    outcome = door.entrance.password(" Carla", PASSWORD, HERE)
    assert isinstance(outcome, Entered)
    caller = door.accounts.caller({COOKIE: outcome.cookie})
    assert caller is not None and (caller.login, caller.how) == ("carla", "session")
    assert door.said == [SignedIn("carla", "password", HERE)]


def test_a_refusal_does_not_tell_a_login_from_a_password(door: Door) -> None:
    door.accounts.make("luc", "operator", PASSWORD)
    door.accounts.shut("luc")
    outcomes = [door.entrance.password(login, "wrong", HERE) for login in ("carla", "nobody", "luc", "")]
    assert outcomes == [Denied()] * 4
    assert len({refusal.reason for refusal in door.said if isinstance(refusal, SignInRefused)}) == 1


def test_an_unknown_login_takes_a_hash_as_well(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(door.accounts.hasher, "is_nobodys", lambda password: compared.append(password) is not None)
    door.entrance.password("nobody", "wrong", HERE)
    assert compared == ["wrong"]


def test_too_many_tries_are_refused_before_anything_slow(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [door.entrance.password("carla", "wrong", HERE) for _ in range(10)]
    assert outcomes == [Denied()] * 10
    monkeypatch.setattr(door.accounts, "hasher", None)  # whatever asks for it now fails the test
    refused = door.entrance.password("carla", PASSWORD, HERE)
    assert isinstance(refused, Denied) and refused.wait_s > 0


def test_an_account_with_an_app_asks_for_its_code(door: Door) -> None:
    secret = door.with_app()
    asked = door.entrance.password("carla", PASSWORD, HERE)
    assert isinstance(asked, AskCode)
    assert isinstance(door.entrance.code(asked.ticket, door.code(secret), HERE), Entered)


def test_a_code_of_an_app_counts_once(door: Door) -> None:
    secret = door.with_app()
    first, second = (door.entrance.password("carla", PASSWORD, HERE) for _ in range(2))
    assert isinstance(first, AskCode) and isinstance(second, AskCode)
    code = door.code(secret)
    assert isinstance(door.entrance.code(first.ticket, code, HERE), Entered)
    assert isinstance(door.entrance.code(second.ticket, code, HERE), AskCode)


def test_the_password_stays_good_for_so_many_codes_and_so_long(door: Door) -> None:
    secret = door.with_app()
    asked = door.entrance.password("carla", PASSWORD, HERE)
    assert isinstance(asked, AskCode)
    outcomes = [door.entrance.code(asked.ticket, "000000", HERE) for _ in range(SECOND_STEP_TRIES)]
    assert outcomes == [asked] * (SECOND_STEP_TRIES - 1) + [Denied()]
    assert door.entrance.code(asked.ticket, door.code(secret), HERE) == Denied()

    door.clock.advance(3600)
    late = door.entrance.password("carla", PASSWORD, HERE)
    assert isinstance(late, AskCode)
    door.clock.advance(SECOND_STEP_S + 1)
    assert door.entrance.code(late.ticket, door.code(secret), HERE) == Denied()
    assert door.entrance.code("rubbish", "000000", HERE) == Denied()


def test_a_code_of_the_envelope(door: Door) -> None:
    code = door.accounts.make_break_glass(1)[0]
    assert isinstance(door.entrance.break_glass(code, HERE), Entered)
    assert door.said == [SignedIn(BREAK_GLASS, BREAK_GLASS, HERE)]
    assert door.entrance.break_glass(code, HERE) == Denied()


def test_a_crowd_at_the_door_does_not_fill_the_journal(door: Door) -> None:
    for number in range(200):
        door.entrance.password(f"u{number}", "wrong", f"10.{number}.0.1")
    assert len(door.said) == 60
    door.clock.advance(5)
    for number in range(200):
        door.entrance.password(f"u{number}", "wrong", f"10.{number}.0.1")
    assert len(door.said) == 65


def test_a_secret_is_offered_for_a_quarter_of_an_hour(door: Door) -> None:
    secret = door.entrance.offer_app("carla")
    assert door.entrance.offered_app("carla") == secret and door.entrance.offered_app("luc") == ""
    door.clock.advance(901)
    assert door.entrance.offered_app("carla") == ""


def test_the_own_password_again(door: Door) -> None:
    assert door.entrance.is_password("carla", PASSWORD, HERE)
    assert not any(door.entrance.is_password("carla", f"wrong {n}", HERE) for n in range(20))
    assert not door.entrance.is_password("carla", PASSWORD, HERE)  # too many tries
    assert not door.entrance.is_password("nobody", PASSWORD, "10.0.0.9")
