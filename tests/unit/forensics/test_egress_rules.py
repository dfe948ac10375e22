"""Whether data left, as the hub concludes it: one test for each rule of `garde.forensics.egress.rules`."""

from __future__ import annotations

import pytest
from forensic_house import HOUR, START, House
from hypothesis import given
from hypothesis import strategies as st

from garde.forensics.egress.nouns import covers
from garde.forensics.egress.rules import PATIENCE_S, TOLERATED_S
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal.recovery_kinds import ErrandAsked
from garde.journal.text import Text
from garde.model.order import Verb

ALL = ("10.0.0.0/16",)
DESK, THIEF = "10.0.1.1", "203.0.113.66"


def time_passes(house: House) -> None:
    """The last wake that the rules asked for comes."""
    wake = [each for each in house.of(h.WakeAsked) if each.key.startswith("forensics/egress/")][-1]
    assert wake.due == house.now + PATIENCE_S
    house.now = wake.due
    house.hub(h.Woke(wake.command, wake.key, wake.due))


def answer(
    house: House, machine: str, *blind: f.Blind, source: str = "flows", covered: tuple[str, ...] = ALL, seen: int = 0
) -> None:
    """One source of a machine answers what it was asked."""
    errand = [each for each in house.of(ErrandAsked) if each.machine == machine and each.verb == Verb.FLOWS][-1]
    house.done.add(errand.command)
    if seen:
        house.agent(machine, left(seen, command=errand.command, source=source))
    looked = f.EgressLooked(
        errand.command, source, "conntrack", covered, errand.since, errand.until, 10, int(seen > 0), blind, 6.0
    )
    house.agent(machine, looked)


def left(size: int, *, command: str = "", source: str = "flows", to: str = THIEF) -> f.EgressSeen:
    return f.EgressSeen(command, source, DESK, to, Text(""), 443, size, 1, START - HOUR, START, ("volume",), 10)


def said(house: House) -> list[f.EgressConcluded]:
    return house.of(f.EgressConcluded)


@pytest.fixture
def attacked(house: House) -> House:
    """An attack, a suspect, one gateway with one source."""
    house.attack()
    house.spread(DESK)
    house.sees("gw")
    return house


def again(house: House) -> None:
    """Somebody new is suspected: everybody is asked once more."""
    house.now += 600
    house.spread(DESK, "10.0.1.2")


def test_none_was_seen_where_everybody_was_seen_all_the_time(attacked: House) -> None:
    answer(attacked, "gw")
    (found,) = said(attacked)
    assert (found.finding, found.bytes, found.blind, found.blind_s) == ("none_seen", 0, (), 0.0)
    assert found.sources == ("gw/flows",)
    assert set(found.covered) == {"hub", "gw", "files", "scans", "ws", "ws2"}
    assert (found.since, found.as_of) == (START - 24 * HOUR, START)


def test_what_was_seen_is_said_whatever_else_was_blind(attacked: House) -> None:
    answer(attacked, "gw", f.Blind(START - 10 * HOUR, START - 9 * HOUR, "down"), seen=5_000)
    found = said(attacked)[-1]
    assert (found.finding, found.bytes, found.blind_s) == ("seen", 5_000, HOUR)
    assert len(found.entries) == 2


def test_blind_where_a_machine_that_was_touched_was_not_seen(attacked: House) -> None:
    answer(attacked, "gw", covered=("10.0.1.0/24",))  # the suspect, and not the server that saw harm
    found = said(attacked)[-1]
    assert found.finding == "blind"
    assert "files" in found.blind
    assert found.blind_s == 24 * HOUR
    assert "ws" in found.covered


def test_a_machine_that_nobody_touched_may_be_blind_and_is_named(attacked: House) -> None:
    answer(attacked, "gw", covered=(DESK, "10.0.0.3"))
    found = said(attacked)[-1]
    assert (found.finding, "scans" in found.blind) == ("none_seen", True)


@pytest.mark.parametrize(("seconds", "finding"), [(TOLERATED_S, "none_seen"), (TOLERATED_S + 1, "blind")])
def test_a_minute_of_blindness_hides_no_day(attacked: House, seconds: float, finding: str) -> None:
    answer(attacked, "gw", f.Blind(START - HOUR, START - HOUR + seconds, "down"))
    assert said(attacked)[-1].finding == finding


def test_two_sources_see_for_each_other(house: House) -> None:
    house.sees("gw", "one")
    house.sees("gw", "two")
    house.attack()
    answer(house, "gw", f.Blind(START - 9 * HOUR, START - 8 * HOUR, "down"), source="one")
    assert said(house) == []  # the other one has not answered yet
    answer(house, "gw", f.Blind(START - 5 * HOUR, START - 4 * HOUR, "gap", 30), source="two")
    (found,) = said(house)
    assert (found.finding, found.sources) == ("none_seen", ("gw/one", "gw/two"))


def test_nothing_is_concluded_before_everybody_has_answered_or_time_is_over(house: House) -> None:
    house.sees("gw")
    house.sees("scans")
    house.attack()
    answer(house, "gw")
    assert said(house) == []
    time_passes(house)
    (found,) = said(house)
    assert (found.finding, found.sources) == ("none_seen", ("gw/flows",))


def test_an_agent_that_refuses_is_not_waited_for(house: House) -> None:
    house.sees("gw")
    house.sees("scans")
    house.attack()
    answer(house, "gw")
    (errand,) = [each for each in house.errands(Verb.FLOWS) if each.machine == "scans"]
    house.agent("scans", h.OrderRefused(errand.command, "", "UNAVAILABLE", "no source"))
    assert len(said(house)) == 1


def test_no_source_anywhere_is_blind(house: House) -> None:
    house.attack()
    time_passes(house)
    (found,) = said(house)
    assert (found.finding, found.sources, found.covered) == ("blind", (), ())
    assert found.blind_s == pytest.approx(24 * HOUR + PATIENCE_S)


def test_it_never_becomes_better(attacked: House) -> None:
    answer(attacked, "gw", f.Blind(START - 9 * HOUR, START - 8 * HOUR, "down"), seen=9_000)
    again(attacked)
    answer(attacked, "gw")
    found = said(attacked)[-1]
    assert (found.finding, found.bytes, found.blind_s) == ("seen", 9_000, HOUR)
    assert "files" in found.blind
    assert found.as_of == START + 600


def test_it_can_become_worse(attacked: House) -> None:
    answer(attacked, "gw")
    again(attacked)
    answer(attacked, "gw", seen=7_000)
    assert [each.finding for each in said(attacked)] == ["none_seen", "seen"]


def test_one_upload_that_two_saw_counts_once(house: House) -> None:
    house.sees("gw", "one")
    house.sees("gw", "two")
    house.attack()
    answer(house, "gw", source="one", seen=1_000)
    answer(house, "gw", source="two", seen=1_030)
    assert said(house)[-1].bytes == 1_030


def test_what_a_source_says_of_its_own_accord_is_said_at_once(attacked: House) -> None:
    attacked.agent("gw", left(70_000))
    (found,) = said(attacked)
    assert (found.finding, found.bytes) == ("seen", 70_000)


def test_the_same_is_not_said_twice(attacked: House) -> None:
    answer(attacked, "gw")
    time_passes(attacked)
    assert len(said(attacked)) == 1


def test_nothing_is_concluded_of_an_incident_that_is_over(attacked: House) -> None:
    attacked.hub(h.IncidentClosed("i1", "carla", Text("over")))
    attacked.agent("gw", left(70_000))
    assert said(attacked) == []


@given(st.lists(st.text(max_size=20), max_size=4), st.text(max_size=20))
def test_networks_that_are_none_hold_nothing_and_harm_nothing(networks: list[str], address: str) -> None:
    assert covers([*networks, "0.0.0.0/0"], "10.0.0.1")
    assert not covers(["10.0.0.0/8"], address + "x")
    covers(networks, address)
