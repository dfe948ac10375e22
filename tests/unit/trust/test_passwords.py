"""Passwords and an app's codes."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from console_house import PASSWORD, QUICK

from garde.errors import UsageError
from garde.hub.console import totp
from garde.trust.passwords import LONGEST, Hasher, check_password

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: "12345678901234567890"


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_rfc(at: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, at // 30) == code
    assert totp.step_of(RFC_SECRET, f"{code[:3]} {code[3:]}", at, 0) == at // 30


def test_a_code_counts_for_a_minute_and_never_again() -> None:
    code = totp.code_at(RFC_SECRET, 100)
    assert [bool(totp.step_of(RFC_SECRET, code, at * 30, 0)) for at in range(97, 104)] == [0, 0, 1, 1, 1, 0, 0]
    assert totp.step_of(RFC_SECRET, code, 3000, 100) == 0


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "28708a", "２８７０８２", "-28708", "\x00" * 6])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert totp.step_of(RFC_SECRET, typed, 59, 0) == 0


def test_a_link_carries_the_hospital_and_the_secret() -> None:
    link = totp.link(RFC_SECRET, "c.moreau", "Clinique du Val")
    assert link.startswith("otpauth://totp/Garde%20Clinique%20du%20Val%3Ac.moreau?secret=GEZD")


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "carlacarlacarla", "x" * 300, ""])
def test_a_password_that_cannot_be(password: str) -> None:
    with pytest.raises(UsageError):
        check_password(password, "carla")


def test_a_long_one_without_digits_may_be() -> None:
    check_password(PASSWORD, "carla")


def test_the_same_password_from_another_keyboard() -> None:
    hasher = Hasher(QUICK)
    kept = hasher.hash("caf\u00e9 au lait du matin")
    assert hasher.is_same(kept, "cafe\u0301 au lait du matin")
    assert not hasher.is_same(kept, "cafe au lait du matin")
    assert not hasher.is_same(kept, "x" * (LONGEST + 1))
    assert not hasher.is_same("rubbish", "x")


def test_a_lone_surrogate_is_hashed_like_any_other() -> None:
    hasher = Hasher(QUICK)
    assert hasher.is_same(hasher.hash("pass\udcffword of length"), "pass\udcffword of length")


def test_what_argon2_costs_is_what_its_authors_advise() -> None:
    made = PasswordHasher()
    assert (made.type.name, made.memory_cost >= 46 * 1024) == ("ID", True)
    assert Hasher(made).is_weak(Hasher(QUICK).hash("anything at all"))
