"""What is known of a newcomer, and what of it agrees with a record."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.census.view import AllergyStatus
from garde.downtime.moments import past_time
from garde.downtime.nouns import Person
from garde.downtime.numbers.likeness import likeness
from garde.downtime.numbers.need import need
from garde.downtime.numbers.newcomer import LONGEST, Newcomer, allergies_said, checked
from garde.errors import UsageError

TODAY = date(2026, 3, 2)
RECORDED, NONE_KNOWN, NOT_RECORDED = AllergyStatus.RECORDED, AllergyStatus.NONE_KNOWN, AllergyStatus.NOT_RECORDED
BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.mark.parametrize(
    ("words", "status", "what"),
    [("", NOT_RECORDED, ""), ("not recorded", NOT_RECORDED, ""), ("?", NOT_RECORDED, ""), ("NKA", NONE_KNOWN, ""),
     ("none-known", NONE_KNOWN, ""), ("penicillin, latex", RECORDED, "penicillin, latex")],
)  # fmt: skip
def test_allergies_are_one_of_three(words: str, status: AllergyStatus, what: str) -> None:
    assert allergies_said(words) == (status, what)


@pytest.mark.parametrize("words", ["none", "No", "-", "aucune", "0"])
def test_a_word_that_may_mean_that_nobody_asked_is_refused(words: str) -> None:
    with pytest.raises(UsageError, match="can mean two things"):
        allergies_said(words)


def test_allergies_do_not_contradict_themselves() -> None:
    for bad in (Newcomer(allergies=RECORDED), Newcomer(allergies=NONE_KNOWN, allergic_to="latex"),
                Newcomer(allergic_to="latex")):  # fmt: skip
        with pytest.raises(UsageError):
            checked(bad, TODAY)


BIRTHS = {"1950-03-04": "1950-03-04", "4.3.1950": "1950-03-04", "04/03/1950": "1950-03-04", "": ""}


@pytest.mark.parametrize(("typed", "meant"), BIRTHS.items())
def test_births(typed: str, meant: str) -> None:
    assert checked(Newcomer(birth=typed), TODAY).birth == meant


@pytest.mark.parametrize("typed", ["31.02.1950", "1950", "2026-03-03", "1850-01-01", "about 40", "0000-00-00"])
def test_what_is_no_birth(typed: str) -> None:
    with pytest.raises(UsageError, match="date of birth"):
        checked(Newcomer(birth=typed), TODAY)


@given(st.text(max_size=LONGEST))
def test_a_field_is_one_line_that_moves_no_cursor(text: str) -> None:
    found = checked(Newcomer(family=text), TODAY).family
    assert found.isprintable() and found == found.strip()


def test_fields_have_their_limits() -> None:
    with pytest.raises(UsageError, match="more than"):
        checked(Newcomer(family="x" * (LONGEST + 1)), TODAY)
    with pytest.raises(UsageError, match="sex"):
        checked(Newcomer(sex="Q"), TODAY)
    assert checked(Newcomer(sex="f"), TODAY).sex == "F"


RECORD = Person(
    "LAMBERT-PEETERS", "Anne Marie", "1950-03-04", "F", (("SS", "50.03.04-123.45"),), "Rue Haute 5", "+32 471 11 22 33"
)


def test_spelling_makes_no_difference_of_a_person() -> None:
    found = likeness(
        Newcomer("Lambert Peeters", "anne", "1950-03-04", "F", "500304 123 45", "0471/11.22.33", "rue haute, 5"), RECORD
    )
    assert found.agree == ("family", "birth", "national", "phone", "address", "given", "sex") and not found.differ
    assert found.strong == found.agree[:5]
    assert likeness(Newcomer("Hélène"), Person("HELENE")).agree == ("family",)


def test_what_differs_is_named_and_what_is_not_said_is_neither() -> None:
    found = likeness(Newcomer("Lambert", "Anne", "1950-03-05", "M", "600304 123 45"), RECORD)
    assert found.differ == ("family", "birth", "national", "sex") and found.agree == ("given",)
    assert found.unknown == ("phone", "address")
    assert likeness(Newcomer(), RECORD).agree == likeness(Newcomer(), RECORD).differ == ()
    assert likeness(Newcomer(sex="U", national="12"), RECORD).differ == ()


def test_a_need_is_enough_for_a_month_with_a_neighbour_on_fire() -> None:
    found = need(30)
    assert 30 * 28 * 1.15 < found.numbers < 30 * 28 * 1.5
    assert found.sheets * 8 >= found.numbers and need(30, per_sheet=24).sheets * 3 >= found.sheets > 0
    assert need(0.1).numbers >= 8, "a quiet ward has a whole sheet"
    assert need(30, per_sheet=1 / 3).sheets >= 3 * need(30, per_sheet=1).numbers - 3
    for per_day, days in ((0, 28), (-1, 28), (30, 0), (float("nan"), 28), (30, 1e9)):
        with pytest.raises(UsageError):
            need(per_day, days=days)


def _wall(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS).timestamp()


def test_a_time_on_paper_is_the_last_one_on_the_hospitals_wall() -> None:
    now = _wall("2026-03-02 06:00")
    assert past_time("03:40", now, BRUSSELS) == past_time("3h40", now, BRUSSELS) == _wall("2026-03-02 03:40")
    assert past_time("23:10", now, BRUSSELS) == _wall("2026-03-01 23:10")
    assert past_time("06:01", now, BRUSSELS) == _wall("2026-03-02 06:01"), "a watch that is a minute ahead"
    assert past_time("2026-02-27 10:00", now, BRUSSELS) == _wall("2026-02-27 10:00")
    assert past_time("2026-02-27T10:00Z", now, BRUSSELS) == _wall("2026-02-27 11:00")
    # The night in which the clock was put forward: 23:10 was 23:10 on the wall.
    assert past_time("23:10", _wall("2026-03-29 04:00"), BRUSSELS) == _wall("2026-03-28 23:10")
    for text in ("", "soon", "25:00", "24:61", "2026-13-01", "03:40:99"):
        with pytest.raises(ValueError, match="is no time"):
            past_time(text, now, BRUSSELS)
