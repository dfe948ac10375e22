"""Who holds a role, who may decide, whether the plan can be lifted: one test for each rule."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from emergency_house import ESTATE, PLAN, House, estate_with, plan_with

from garde.emergency import people, standdown
from garde.emergency.diversion import fill, message_for, recipients_of
from garde.emergency.may import may
from garde.emergency.nouns import Decides, Message, Pathway
from garde.emergency.people import Holders
from garde.emergency.times import read_past, read_time
from garde.estate.look import Lookup
from garde.estate.nouns import Duty, Person
from garde.journal import plan_kinds as p
from garde.journal.text import Text

LOOK = Lookup(ESTATE)


def test_named_people_hold_a_role_else_the_first_role_that_the_estate_knows() -> None:
    assert people.holders(PLAN, LOOK, "ed") == Holders(("carl",))
    assert people.holders(PLAN, LOOK, "lead") == Holders(roles=("general_director",))  # no coordinator is named
    assert people.holders(PLAN, LOOK, "press").nobody and people.holders(PLAN, LOOK, "who").nobody
    assert people.names_of(PLAN, LOOK, "it") == ("bert",)


def test_a_named_person_who_has_left_is_replaced_by_the_role() -> None:
    gone = Lookup(estate_with(people=(Person("x", "X", ("emergency_head",)),), rota=(Duty("on_call_it", ("x",)),)))
    assert people.holders(PLAN, gone, "ed").nobody  # the plan names no role beside the person
    assert people.holders(PLAN, gone, "it") == Holders(roles=("on_call_it",))


def test_a_notice_names_nobody_twice_and_nobody_is_no_notice() -> None:
    whom = [Holders(("a",), ("r",)), Holders(("a", "b"), ("r",)), Holders()]
    made = people.notice("overdue", "p-1", "x", whom, {"en": "E", "fr": ""}, within_s=60)
    assert made is not None and (made.people, made.roles, made.texts) == (("a", "b"), ("r",), (("en", "E"),))
    assert people.notice("overdue", "p-1", "x", [Holders()], {"en": "E"}, within_s=60) is None


def test_every_text_has_two_lines_in_both_languages() -> None:
    for texts in people.TEXTS.values():
        assert set(texts) == {"en", "fr"} and all(text.count("\n") == 1 for text in texts.values())
    long = people.filled("overdue", LOOK, {"en": "word " * 60})["en"]
    assert len(long.splitlines()[0]) < 100 and "…" in long


# --- may --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "login", "role", "yes"),
    [
        ("divert", "carl", "viewer", True),  # by the estate
        ("divert", "zoe", "operator", True),  # by the account
        ("divert", "zoe", "it_director", False),  # the plan does not name it
        ("divert", "dora", "viewer", False),
        ("stand_down", "zoe", "operator", False),
        ("stand_down", "anna", "viewer", True),
        ("stand_down", "local", "operator", True),  # root on the hub's machine
        ("local", "local", "viewer", False),
        ("trigger", "zoe", "it_director", True),  # of which the plan does not speak
        ("trigger", "dora", "viewer", False),
        ("service", "dora", "viewer", True),
    ],
)
def test_who_may(act: str, login: str, role: str, yes: bool) -> None:
    assert may(PLAN, LOOK, act, login, role) is yes


def test_without_a_plan_every_decider_may() -> None:
    assert may(None, LOOK, "service", "zoe", "crisis_coordinator") and not may(None, LOOK, "service", "dora", "viewer")
    only = plan_with(decides=(Decides("service", ("ward_head",)),))
    assert not may(only, LOOK, "service", "zoe", "operator")


# --- standing down ----------------------------------------------------------------------------------------------------


def test_what_keeps_the_plan_from_being_lifted() -> None:
    house = House()
    house.trigger("action")
    house.cut("rec")
    change = house.divert(tell=("112",))
    house.incident()
    assert set(standdown.unmet(house.state, house.look, house.now)) == {"services", "quiet", "tasks", "told", "night"}
    found = {each.criterion.id: each for each in standdown.judge(house.state, house.look, house.now)}
    assert found["services"].open == ("record", "laboratory") and found["told"].open == ("emergency",)
    house.free("rec")
    house.say("person/carl", p.DiversionAcknowledged(change, "emergency", "112", "carl", Text("Dr X")))
    house.say("person/anna", p.CriterionSaid("p-1", "night", True, "anna", "operator"))
    for name in house.active().tasks:
        house.say("person/bert", p.TaskDone("p-1", name, True, "bert", "operator"))
    assert standdown.unmet(house.state, house.look, house.now + 3599) == ("services", "quiet")
    assert standdown.unmet(house.state, house.look, house.now + 3600) == ("quiet",)
    assert standdown.unmet(house.state, house.look, house.now + 7200) == ()
    house.say("person/anna", p.CriterionSaid("p-1", "night", False, "anna", "operator"))
    assert standdown.unmet(house.state, house.look, house.now + 7200) == ("night",)


def test_a_service_that_is_no_clinical_one_keeps_nothing() -> None:
    house = House()
    house.trigger()
    house.cut("mail")
    assert "services" not in standdown.unmet(house.state, house.look, house.now)


# --- diversion --------------------------------------------------------------------------------------------------------


def test_neighbours_are_everybody_of_the_estate() -> None:
    assert recipients_of(PLAN, LOOK, "emergency") == ("112", "neighbour-chu")
    assert recipients_of(PLAN, LOOK, "nothing") == ()


def test_a_paths_own_message_comes_before_the_general_one() -> None:
    own = Message("own", "diverted", {"en": "own"}, "stroke")
    plan = plan_with(messages=(*PLAN.messages, own), paths=(*PLAN.paths, Pathway("births", {"en": "B"})))
    assert message_for(plan, "stroke", "diverted") == own
    assert message_for(plan, "births", "diverted") == PLAN.messages[0]
    assert message_for(plan, "births", "open") is None


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    assert fill("[a] [b] [c", {"a": "[b]", "b": "{a}"}) == "[b] {a} [c"
    assert fill("[x]", {}) == "[x]"


@pytest.mark.parametrize(("text", "ahead"), [("07:00", True), ("2033-01-01 07:00", True)])
def test_times_as_people_type_them(text: str, ahead: bool) -> None:
    assert (read_time(text, 1_700_000_000.0) > 1_700_000_000.0) is ahead


@pytest.mark.parametrize("text", ["", "25:00", "tomorrow", "99999999-01-01", "7h"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        read_time(text, 1_700_000_000.0)


def test_the_next_seven_is_tomorrows_when_todays_is_over() -> None:
    first = read_time("07:00", 1_700_000_000.0)
    assert 0 < first - 1_700_000_000.0 <= 86_400
    assert read_time("07:00", first) == first + 86_400


@pytest.fixture
def in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_paris")
def test_the_last_seven_is_yesterdays_before_todays_also_when_the_clocks_change() -> None:
    """The night of 25 October has 25 hours: 24 hours before its 06:10 it was 07:10."""
    now = datetime(2026, 10, 25, 5, 0).timestamp()
    assert read_past("06:10", now) == datetime(2026, 10, 24, 6, 10).timestamp()
    assert read_past("04:10", now) == datetime(2026, 10, 25, 4, 10).timestamp()
    assert read_past("05:00", now) == now
    assert read_past("2026-10-25 06:10", now) == datetime(2026, 10, 25, 6, 10).timestamp(), "as it was written"
