"""How services stand: one test for each rule of services.py, and what the fold believes of machines."""

from __future__ import annotations

import pytest
from emergency_house import ESTATE, House, estate_with

from garde.emergency import services
from garde.emergency.memory import Picture
from garde.emergency.services import standings
from garde.estate.look import Lookup
from garde.estate.nouns import Machine, Service
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import plan_kinds as p
from garde.journal.text import Text


def test_what_is_cut_off_stops_what_hangs_on_it_and_nothing_else(house: House) -> None:
    house.cut("db")
    assert house.services() == {"record": "paper", "laboratory": "degraded", "radiology": "works", "mail": "works"}
    said = {each.service: each for each in house.of(p.ServiceState)}
    assert said["record"] == p.ServiceState("record", "paper", "works", ("rec", "db"))
    assert said["laboratory"].because == ("record", "rec", "db")


def test_freed_it_works_again_and_each_change_is_said_once(house: House) -> None:
    house.cut("db")
    house.cut("db", cut="c2")
    house.free("db")
    assert house.services()["record"] == "paper"
    house.free("db", cut="c2")
    assert house.services()["record"] == "works"
    assert [each.state for each in house.of(p.ServiceState) if each.service == "record"] == ["paper", "works"]


def test_many_machines_in_one_transaction_are_said_once_each(house: House) -> None:
    said = house.of(p.ServiceState, house.cut("db", "rec", "lis", "pacs", "mail"))
    assert [each.service for each in said] == ["record", "laboratory", "laboratory", "radiology", "mail"]
    assert [each.state for each in said] == ["paper", "degraded", "closed", "closed", "closed"]
    assert house.state == house.replayed()


def test_without_words_what_to_do_instead_it_is_closed() -> None:
    found = standings(Lookup(ESTATE), Picture(down=["pacs", "rec"]))
    assert (found["radiology"].state, found["record"].state) == ("closed", "paper")


def test_read_only_shares_are_less(house: House) -> None:
    house.hub(h.CutProposed("c9", "i1", "read_only", "rec", (), (), ("rec",), 1, (), (), (), "", "one", ""))
    assert house.services()["record"] == "works"
    house.hub(h.CutChanged("c9", "applied", 1, 1, 0))
    assert house.services()["record"] == "degraded"
    house.hub(h.CutChanged("c9", "undone", 1, 0, 0))
    assert house.services()["record"] == "works"


def test_harm_is_less_until_the_files_are_back(house: House) -> None:
    house.incident()
    house.hub(h.HarmJoined("i1", "rec", "v1", "10.0.1.9", (), "same address"))
    assert house.services()["record"] == "degraded"
    house.agent("rec", k.ActorHeld("h1", "v1", "smb", k.ActorNote("smb"), (), 4))
    house.agent("pacs", k.RestoreFinished("v1", 4, 0, 0, 1.0))  # not its server: no word of it
    assert house.services()["record"] == "degraded"
    house.agent("rec", k.RestoreFinished("h1", 4, 0, 1, 1.0))
    assert house.services()["record"] == "degraded"
    house.agent("rec", k.RestoreFinished("h1", 4, 0, 0, 1.0))
    assert house.services()["record"] == "works"


def test_files_that_were_back_before_the_harm_was_counted_are_back(house: House) -> None:
    house.agent("rec", k.RestoreFinished("v1", 4, 0, 0, 1.0))
    house.agent("rec", k.RestoreFinished("v2", 4, 0, 1, 1.0))  # one file is missing
    house.hub(h.HarmJoined("i1", "rec", "v1", "", (), "same address"))
    assert house.state.harmed == {}
    house.hub(h.HarmJoined("i1", "rec", "v2", "", (), "same address"))
    house.hub(h.HarmJoined("i1", "pacs", "v1", "", (), "same address"))  # another server's verdict of that name
    assert house.state.harmed == {"rec": ["v2"], "pacs": ["v1"]}


def test_harm_that_proved_sound_is_none(house: House) -> None:
    house.incident()
    house.hub(h.HarmJoined("i1", "rec", "v1", "", (), "same hour"))
    house.agent("rec", k.HoldReleased("h1", "v1", "agent", "sound", cleared=True))
    assert house.services()["record"] == "works"


def test_an_agent_that_is_silent_counts_only_in_an_incident(house: House) -> None:
    house.hub(h.AgentSilent("rec", house.now))
    assert house.services()["record"] == "works"
    house.incident()
    assert house.services()["record"] == "degraded"
    house.hub(h.AgentAlive("rec", "enforce", "enforce"))
    assert house.services()["record"] == "works"


def test_a_closed_incident_leaves_cuts_as_they_are_and_forgets_harm(house: House) -> None:
    house.incident()
    house.hub(h.HarmJoined("i1", "lis", "v1", "", (), "same hour"))
    house.cut("pacs")
    house.say("person/anna", h.IncidentClosed("i1", "anna"))
    assert (house.services()["laboratory"], house.services()["radiology"]) == ("works", "closed")


def test_the_end_of_an_incident_into_which_another_was_joined_ends_both(house: House) -> None:
    house.incident()
    house.incident(name="i2")
    house.hub(h.HarmJoined("i2", "lis", "v1", "", (), "first"), h.AgentSilent("pacs", house.now))
    house.hub(h.IncidentJoined("i2", "i1", "same account"), h.IncidentJoined("i3", "i1", "same tool"))
    assert (house.services()["laboratory"], house.services()["radiology"]) == ("degraded", "degraded")
    house.restart()
    house.say("person/anna", h.IncidentClosed("i1", "anna"))
    assert (house.services()["laboratory"], house.services()["radiology"]) == ("works", "works")


def test_what_changes_nothing_is_not_worked_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night writes many thousand reports of the same servers; the estate is walked where something hangs on it."""
    house.incident()
    house.hub(h.HarmJoined("i1", "rec", "v1", "", (), "same hour"))
    walked: list[object] = []
    monkeypatch.setattr(services, "standings", lambda *_: walked.append(_) or {})
    for number in range(2, 50):
        house.hub(h.HarmJoined("i1", "rec", f"v{number}", "", (), "same hour"))
    assert not walked
    house.hub(h.HarmJoined("i1", "lis", "v1", "", (), "same hour"))
    assert walked


def test_a_service_that_depends_on_itself_is_said_and_ends() -> None:
    loop = (
        Service("a", {"en": "A"}, ("lis",), needs=("a", "b"), uses=("a",)),
        Service("b", {"en": "B"}, needs=("a",)),
        Service("c", {"en": "C"}, uses=("c",)),
    )
    house = House(estate=estate_with(services=loop))
    assert house.services() == {"a": "works", "b": "works", "c": "works"}
    house.cut("lis")
    assert house.services() == {"a": "closed", "b": "closed", "c": "works"}
    assert all(each.service not in each.because for each in house.of(p.ServiceState))
    house.free("lis")
    assert house.services() == {"a": "works", "b": "works", "c": "works"}


def test_a_persons_word_stands_above_the_machines(house: House) -> None:
    house.override("radiology", "paper")
    assert house.of(p.ServiceState)[-1] == p.ServiceState("radiology", "paper", "works", (), "dora")
    house.cut("pacs")
    assert house.services()["radiology"] == "paper"  # not closed: the person counts
    house.say("person/dora", p.ServiceOverridden("radiology", "", "dora", "viewer", 0.0))
    assert house.services()["radiology"] == "closed"  # what followed from the machines went on beneath


def test_a_persons_word_ends_at_its_time(house: House) -> None:
    house.override("record", "degraded", 3600)
    house.pass_time(1800)
    house.override("record", "paper", 3600)
    house.pass_time(1900)
    assert house.services()["record"] == "paper"  # the first one's time is not the second one's
    house.pass_time(1800)
    assert house.services()["record"] == "works"


def test_another_estate_is_looked_at_anew(house: House) -> None:
    house.cut("ws")
    more = (*ESTATE.services, Service("desk", {"en": "Desk"}, ("ws",)))
    house.load(estate_with(services=more))
    assert house.services()["desk"] == "closed"
    before = len(house.of(p.ServiceState))
    house.load(estate_with(services=more, machines=(*ESTATE.machines, Machine("x", "X", "other", ()))))
    assert len(house.of(p.ServiceState)) == before


def test_an_address_that_is_no_machine_stops_nothing(house: House) -> None:
    house.cut("203.0.113.9")
    assert not house.of(p.ServiceState)


def test_an_agent_cannot_speak_for_the_hub(house: House) -> None:
    house.agent("lis", h.MachineCut("db", "c1", "isolate"), p.ServiceState("record", "closed", "works"))
    assert house.services()["record"] == "works" and not house.state.cut_off


def test_what_was_typed_is_kept_as_it_may_be_shown(house: House) -> None:
    house.say("person/x", p.ServiceOverridden("record", "paper", "x", "viewer", house.now + 9, Text(b"a\x1b[2J\xff")))
    assert house.state.overrides["record"].why == "a\\x1b[2J\\xff"
