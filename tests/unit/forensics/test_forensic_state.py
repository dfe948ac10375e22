"""The fold of the account: its rules, one by one, and that a replay and a snapshot give the same."""

from __future__ import annotations

import msgspec
import pytest
from forensic_house import HOUR, START, House
from hypothesis import given
from hypothesis import strategies as st

from garde.forensics import memory
from garde.forensics.answer_fold import LONGEST_ENDING, ending_of
from garde.forensics.memory import State
from garde.forensics.state import KINDS, project
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal.entry import Entry
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.model.order import Verb


def note(command: str = "", sha256: str = "aa", copies: int = 1) -> f.NoteTaken:
    return f.NoteTaken(command, sha256, Text("READ_ME.txt"), Text("pay"), sha256, 3, copies, 0.0)


def item(name: str, command: str = "", sort: str = "damaged") -> f.EvidenceTaken:
    return f.EvidenceTaken(command, name, sort, Text("a"), Text("/srv/a"), 9, "ab" * 32, START, 0.0, True)


# --- rule 1: which incident


def test_a_report_belongs_to_the_incident_of_its_errand(house: House) -> None:
    house.attack("files", "i1")
    asked = house.errands(Verb.GATHER)[0]
    house.attack("scans", "i2")
    house.agent("files", note(asked.command), item("e1", asked.command))
    assert [each.incident for each in house.state.notes] == ["i1"]
    assert house.state.items["e1"].incident == "i1"


def test_a_report_that_nobody_asked_for_belongs_to_the_incident_of_its_machine(house: House) -> None:
    house.agent("files", note(sha256="before"))
    house.attack("files", "i1")
    house.attack("scans", "i2")
    house.agent("files", note(sha256="own"))
    house.agent("gw", note(sha256="newest"))
    assert {each.sha256: each.incident for each in house.state.notes} == {"before": "", "own": "i1", "newest": "i2"}


def test_another_agents_errand_does_not_move_a_report_into_its_incident(house: House) -> None:
    house.attack("files", "i1")
    asked = house.errands(Verb.GATHER)[0]
    house.attack("scans", "i2")
    house.agent("scans", note(asked.command))
    assert [each.incident for each in house.state.notes] == ["i2"]


# --- rule 2: joined


def test_an_incident_that_became_part_of_another_leaves_everything_to_it(house: House) -> None:
    house.attack("files", "i1")
    house.now += HOUR
    house.attack("scans", "i2")
    house.agent("scans", note(), item("e1"), f.PathSeen("", "socket", "10.0.0.4", "1.2.3.4", 443, False, 0, 0, 1, 2))
    house.hub(h.IncidentJoined("i2", "i1", "same address"))
    assert set(house.state.cases) == {"i1"} and house.case("i2") is house.case("i1")
    assert set(house.case().machines) == {"files", "scans"} and house.case().first_harm == START
    parts = [*house.state.notes, *house.state.items.values(), *house.state.paths]
    assert [each.incident for each in parts] == ["i1"] * 3
    house.restart()


# --- rule 3: answers


def test_an_outcome_counts_where_the_agent_says_it_that_was_asked(house: House) -> None:
    house.attack("files")
    asked = house.errands(Verb.GATHER)[0]
    house.agent("scans", f.EvidenceGathered(asked.command, 1, 1, 0, 0.1))
    house.agent("scans", h.OrderRefused(asked.command, "", "FAILED", "no"))
    assert asked.command in house.state.errands
    house.agent("files", f.EvidenceGathered(asked.command, 1, 1, 0, 0.1))
    assert asked.command not in house.state.errands


# --- rule 4: bounds


def test_what_is_over_a_bound_is_counted_and_the_oldest_gives_way(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MOST_NOTES", 2)
    monkeypatch.setattr(memory, "MOST_ITEMS", 5)
    house.attack()
    house.agent("files", *(note(sha256=each) for each in ("a", "b", "c")), item("e1"), item("e2"))
    assert [each.sha256 for each in house.state.notes] == ["b", "c"] and list(house.state.items) == ["e1"]
    assert house.state.left_out == {"notes": 1, "items": 1}


def test_no_machine_takes_the_room_of_the_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_ITEMS", 10)
    house.attack()
    house.agent("files", *(item(f"f{number}") for number in range(9)))
    house.agent("scans", item("s1"))
    assert list(house.state.items) == ["f0", "f1", "s1"] and house.state.left_out == {"items": 7}


def test_the_same_note_again_has_its_number_of_copies(house: House) -> None:
    house.attack()
    house.agent("files", note(copies=4), note(copies=90), note(copies=2))
    assert [each.copies for each in house.state.notes] == [90]


def test_the_first_word_about_an_item_counts(house: House) -> None:
    house.attack()
    house.agent("files", item("e1", sort="damaged"))
    house.agent("scans", item("e1", sort="note"))
    assert house.state.items["e1"].sort == "damaged" and house.state.items["e1"].machine == "files"


# --- rules 5 and 6


def test_the_newest_answer_counts(house: House) -> None:
    house.attack()
    for name in ("Drill", ""):
        house.hub(f.FamilyNamed("", "i1", name, 0.5, (), (), "unknown", "", "2026-11-01"))
    assert house.case().family == ""
    house.hub(f.EgressConcluded("i1", START, 0.0, "seen", 9, ("gw/flows",), ("files",), (), 0.0, (4,)))
    egress = house.case().egress
    assert egress is not None and (egress.finding, egress.bytes) == ("seen", 9)
    house.restart()


def test_a_look_is_kept_with_its_blind_times(house: House) -> None:
    house.sees("gw")
    house.attack()
    house.looked((f.Blind(START, START + 60, "gap", 12),))
    assert [each.why for each in house.state.looks[0].blind] == ["gap"]
    assert not house.state.errands or not house.errands(Verb.FLOWS)


# --- endings, custody


@pytest.mark.parametrize(
    ("before", "after", "ending"),
    [
        (b"/s/a.docx", b"/s/a.docx.locked", ".locked"),
        (b"/s/a.docx", b"/s/a.enc", ".enc"),
        (b"/s/a.docx", b"/s/a.docx", ""),
        (b"/s/a.docx", b"", ""),
        (b"/s/a.docx", b"/t/b.docx", ""),
        (b"/s/a", b"/s/a.\x1b\xff", ".\\x1b\\xff"),
        (b"/s/a", b"/s/a" + b"Mme Dupont " * 5, ""),
    ],
)
def test_what_was_put_behind_a_name(before: bytes, after: bytes, ending: str) -> None:
    assert ending_of(before, after) == ending


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_an_ending_is_short_and_safe_whatever_the_names(before: bytes, after: bytes) -> None:
    found = ending_of(before, after)
    assert found.isprintable() and len(found) <= 10 * LONGEST_ENDING


def test_endings_are_counted_with_their_machines(house: House) -> None:
    house.attack()
    first = house.finding("files", "/s/a.docx", "/s/a.docx.locked")[0]
    house.finding("scans", "/s/b.pdf", "/s/b.pdf.locked")
    (found,) = house.state.endings
    assert (found.ending, found.files, found.machines) == (".locked", 2, ["files", "scans"])
    assert found.seq == first.seq


def test_each_change_of_custody_is_remembered(house: House) -> None:
    house.attack()
    house.agent("files", item("e1"))
    assert not house.state.items["e1"].at_hub
    house.hub(f.EvidenceMoved("e1", "ab" * 32, "hub", "hub", "evidence", False))
    assert not house.state.items["e1"].at_hub
    house.hub(f.EvidenceMoved("e1", "ab" * 32, "hub", "hub", "evidence", True))
    assert house.state.items["e1"].at_hub


# --- any order


_SAID: tuple[tuple[str, Payload], ...] = (
    ("", h.IncidentOpened("i1", START, "files", 1)),
    ("", h.IncidentOpened("i2", START, "scans", 1)),
    ("", h.IncidentJoined("i2", "i1", "same hour")),
    ("", h.IncidentJoined("i1", "i2", "same hour")),
    ("", h.IncidentClosed("i1", "anna")),
    ("agent/files", note()),
    ("agent/scans", item("e1")),
    ("agent/gw", f.FlowSourceState("s", "zeek", "sees", ("gw",), START)),
    ("agent/files", f.EvidenceGathered("nobody", 1, 1, 0, 0.1)),
    ("", f.EvidenceMoved("e1", "", "hub", "hub", "", True)),
    ("", h.CommandFailed("nobody", "why")),
    ("person/anna", f.BundleWanted("i1", "anna", "fr")),
)


@given(st.lists(st.sampled_from(_SAID), max_size=14))
def test_whatever_the_order_the_state_can_be_kept_and_read_back(said: list[tuple[str, Payload]]) -> None:
    house = House()
    for who, payload in said:
        house.say(who, payload)
    house.restart()


def test_a_fold_of_a_kind_that_it_does_not_read_changes_nothing() -> None:
    entry = Entry(1, START, "hub", "hub_stopped", h.HubStopped("done"), "", "")
    assert NAMES[h.HubStopped] not in KINDS
    before = msgspec.json.encode(State(now=START, news=memory.News(1)))
    assert msgspec.json.encode(project(State(), entry)) == before
