"""What follows for the account: errands, asked once, asked again where there is more; one test a rule."""

from __future__ import annotations

from forensic_house import HOUR, START, House

from garde.forensics.errands import COUNTS_S
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.recovery_kinds import ErrandAsked
from garde.model.order import Verb


def test_a_machine_that_sees_harm_gathers_at_once(house: House) -> None:
    house.attack("files")
    (asked,) = house.errands(Verb.GATHER)
    assert (asked.machine, asked.about, asked.since, asked.expires) == ("files", "i1", START, START + COUNTS_S)
    house.harm("scans")
    assert [each.machine for each in house.errands(Verb.GATHER)] == ["files", "scans"]


def test_harm_where_no_agent_is_known_asks_nobody(house: House) -> None:
    house.attack("nowhere")
    assert house.of(ErrandAsked) == []


def test_what_is_under_way_is_asked_once_more_when_it_has_ended(house: House) -> None:
    house.attack("files")
    house.agent("files", k.HoldConfirmed("h1", "v1", 4), k.RestoreFinished("v1", 4, 0, 0, 0.3))
    assert len(house.errands(Verb.GATHER)) == 1
    assert [each.verb for each in house.of(ErrandAsked, house.gathered())] == [Verb.GATHER]
    assert house.of(ErrandAsked, house.gathered()) == []


def test_a_confirmed_hold_and_files_put_back_are_more_to_gather(house: House) -> None:
    house.attack("files")
    house.gathered()
    house.agent("files", k.HoldConfirmed("h1", "v1", 0), k.RestoreFinished("v1", 0, 4, 0, 0.3))
    assert house.errands(Verb.GATHER) == []
    house.agent("files", k.HoldConfirmed("h1", "v1", 4))
    house.gathered()
    assert house.case().confirmed > 0
    assert len(house.of(ErrandAsked, house.agent("files", k.RestoreFinished("v1", 4, 0, 0, 0.3)))) == 1


def test_flows_are_looked_at_where_there_is_a_source_and_a_day_back(house: House) -> None:
    house.sees("gw")
    house.sees("scans", how="ended")
    house.attack("files")
    (asked,) = house.errands(Verb.FLOWS)
    assert (asked.machine, asked.since, asked.until) == ("gw", START - 24 * HOUR, START)


def test_a_source_that_is_heard_of_later_is_asked_as_soon_as_it_is(house: House) -> None:
    house.attack("files")
    assert house.errands(Verb.FLOWS) == []
    house.sees("gw")
    assert len(house.errands(Verb.FLOWS)) == 1
    house.looked()
    house.sees("gw", how="blind")
    assert house.errands(Verb.FLOWS) == []


def test_somebody_new_suspected_is_looked_for(house: House) -> None:
    house.sees("gw")
    house.attack("files")
    house.looked()
    house.spread("10.0.1.1")
    (asked,) = house.errands(Verb.FLOWS)
    assert asked.addresses == ("10.0.1.1",)
    house.spread("10.0.1.1", "10.0.1.2")  # while it looks
    assert len(house.errands(Verb.FLOWS)) == 1
    house.looked()
    (asked,) = house.errands(Verb.FLOWS)
    assert asked.addresses == ("10.0.1.1", "10.0.1.2")
    house.looked()
    house.spread("10.0.1.2")
    assert house.errands(Verb.FLOWS) == []


def test_a_look_that_failed_is_not_asked_without_end(house: House) -> None:
    house.sees("gw")
    house.attack("files")
    (asked,) = house.errands(Verb.FLOWS)
    said = house.agent("gw", h.OrderRefused(asked.command, "", "UNKNOWN-VERB", "not done here"))
    assert house.of(ErrandAsked, said) == []


def test_the_first_harm_may_turn_out_to_be_earlier(house: House) -> None:
    house.sees("gw")
    house.attack("files")
    house.looked()
    house.spread("10.0.1.1", first=START - HOUR)
    assert house.errands(Verb.FLOWS)[0].since == START - 25 * HOUR


def test_in_a_closed_incident_nothing_more_is_asked(house: House) -> None:
    house.attack("files")
    house.hub(h.IncidentClosed("i1", "anna"))
    house.sees("gw")
    house.agent("files", k.HoldConfirmed("h1", "v1", 4))
    house.harm("scans")
    assert [each.machine for each in house.of(ErrandAsked)] == ["files"]


def test_a_bundle_is_asked_for_where_there_is_such_an_incident(house: House) -> None:
    house.attack("files")
    said = house.say("person/anna", f.BundleWanted("i1", "anna", "fr"), f.BundleWanted("other", "anna", "fr"))
    assert [(each.incident, each.by, each.language) for each in house.of(f.BundleAsked, said)] == [("i1", "anna", "fr")]


def test_a_hub_that_is_killed_goes_on_as_it_was(house: House) -> None:
    house.sees("gw")
    house.attack("files")
    house.restart()
    house.gathered()
    house.spread("10.0.1.1")
    house.restart()
    house.looked()
    house.restart()
    assert house.errands(Verb.FLOWS)[0].addresses == ("10.0.1.1",)
