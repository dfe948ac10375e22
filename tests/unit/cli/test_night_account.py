"""What a night to the account ends badly for: each thing that Garde says otherwise than the attackers know it."""

from __future__ import annotations

import msgspec
import pytest

from garde.cli.night import _wrong_with_account
from garde.cli.night_table import account_rows
from garde.lab.night.account import Account
from garde.lab.night.score import Accounted

REAL = Accounted("conti", "198.19.3.77", "seen", 1_000_000, 2.0, 3, True, 6)


def account(*, told: Accounted = REAL, real: Accounted = REAL, judged_by: int = 1, country: str = "UA") -> Account:
    return Account(told, real, country=country, real_country="UA", judged_by=judged_by, watched_s=4.0)


def test_a_night_that_says_what_the_attackers_know_ends_well() -> None:
    assert _wrong_with_account(account()) == []
    near = msgspec.structs.replace(REAL, egress_bytes=1_090_000)
    assert _wrong_with_account(account(told=near)) == []


@pytest.mark.parametrize(("name", "value", "named"), [
    ("family", None, "Garde says unknown"),
    ("origin", None, "Garde says None"),
    ("egress", "none_seen", "Garde says none_seen"),
    ("egress_bytes", 1_110_000, "Garde says 1110000"),
    ("egress_bytes", None, "Garde says None"),
    ("evidence_verified", False, "forged"),
    ("drafts", 5, "Garde says 5"),
])  # fmt: skip
def test_what_garde_says_otherwise_is_named(name: str, value: object, named: str) -> None:
    (wrong,) = _wrong_with_account(account(told=msgspec.structs.replace(REAL, **{name: value})))
    assert named in wrong


def test_what_did_not_happen_next_door_is_named() -> None:
    nobody = msgspec.structs.replace(REAL, neighbour_touched=0)
    assert _wrong_with_account(account(told=nobody, real=nobody)) == ["nobody attacked the hospital that was warned"]
    assert _wrong_with_account(account(judged_by=5)) == ["next door the first verdict took 5 files"]
    assert len(_wrong_with_account(account(country=""))) == 1


def test_nothing_that_left_is_near_nothing_alone() -> None:
    quiet = msgspec.structs.replace(REAL, egress="none_seen", egress_bytes=0)
    assert _wrong_with_account(account(told=quiet, real=quiet)) == []
    loud = msgspec.structs.replace(quiet, egress_bytes=1)
    assert len(_wrong_with_account(account(told=loud, real=quiet))) == 1


def test_the_table_says_names_by_garde_and_figures_by_the_witness() -> None:
    rows = {what: found for what, _, found in account_rows(account())}
    assert rows["what it was"] == "conti" and rows["the machine was led from"] == "198.19.3.77 (UA)"
    assert rows["data left"] == "yes: 1.0 MB" and rows["data that really left"] == "1.0 MB"
    assert rows["files that they reached until they were stopped"] == "3, none lost"
