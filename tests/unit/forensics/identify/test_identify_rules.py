"""When the family is asked for: one test for each rule of `identify/rules.py`."""

from __future__ import annotations

from forensic_house import House

from garde.forensics.identify.rules import MOST
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.text import Text

ACTOR = k.ActorNote("smb", address="10.0.1.1", users=(Text("m.dupont"),))


def note(house: House, digest: str = "aa", machine: str = "files", copies: int = 3) -> None:
    house.agent(machine, f.NoteTaken("", f"i{digest}", Text("/srv/info.txt"), Text("pay"), digest, 3, copies, 0.0))


def confirmed(house: House, machine: str = "files") -> None:
    house.agent(machine, k.HoldConfirmed("h1", "v1", 4))


def asked(house: House) -> list[f.IdentifyAsked]:
    return house.of(f.IdentifyAsked)


def named(house: House, family: str = "lockbit") -> None:
    last = asked(house)[-1]
    house.hub(f.FamilyNamed(last.command, last.incident, family, 0.9, (), (), "unknown", "", "2026-01-01"))


def test_it_is_asked_once_harm_is_confirmed_and_there_is_something_to_go_by() -> None:
    house = House()
    house.attack()
    note(house)
    assert asked(house) == []
    confirmed(house)
    assert len(asked(house)) == 1
    assert [house.log[seq - 1].kind for seq in asked(house)[0].entries] == ["note_taken"]


def test_confirmed_harm_alone_is_nothing_to_go_by_but_its_verdict_is() -> None:
    house = House()
    house.attack()
    confirmed(house)
    assert asked(house) == []
    damage = k.FileDamage(Text("/a/b.docx"), Text("/a/b.docx.hive"), 1.0, ("type lost",))
    house.agent("scans", k.VerdictReached("v1", "session", Text("k"), 30.0, 13.8, (damage,), (ACTOR,)))
    house.harm("scans")
    assert [house.log[seq - 1].kind for seq in asked(house)[0].entries] == ["verdict_reached"]


def test_it_is_never_asked_twice_at_once_and_what_came_meanwhile_is_taken_then() -> None:
    house = House()
    house.attack()
    confirmed(house)
    note(house)
    note(house, "bb")
    house.finding("files", "/a/b.docx", "/a/b.docx.hive")
    assert len(asked(house)) == 1
    named(house)
    assert len(asked(house)) == 2
    assert len(asked(house)[-1].entries) == 3
    named(house)
    assert len(asked(house)) == 2
    note(house, "bb", copies=9)  # the same note in more folders is nothing new
    assert len(asked(house)) == 2
    house.restart()


def test_one_report_of_many_findings_asks_once() -> None:
    house = House()
    house.attack()
    confirmed(house)
    notes = [f.NoteTaken("", f"i{n}", Text("/srv/info.txt"), Text("pay"), f"{n:02x}", 3, 3, 0.0) for n in range(4)]
    house.agent("files", *notes)
    assert len(asked(house)) == 1
    named(house)
    assert [len(each.entries) for each in asked(house)] == [1, 4]
    house.restart()


def test_one_that_failed_is_asked_again_when_more_is_there() -> None:
    house = House()
    house.attack()
    confirmed(house)
    note(house)
    house.hub(h.CommandFailed(asked(house)[-1].command, "no model"))
    assert len(asked(house)) == 1
    note(house, "bb")
    assert len(asked(house)) == 2


def test_a_thousand_different_notes_are_not_all_looked_at() -> None:
    house = House()
    house.attack()
    for number in range(3 * MOST):
        note(house, f"{number:04x}", copies=number)
    confirmed(house)
    (one,) = asked(house)
    assert len(one.entries) == MOST
    assert house.log[one.entries[-1] - 1].payload.copies == 3 * MOST - 1  # type: ignore[attr-defined]


def test_in_a_closed_incident_nothing_more_is_asked() -> None:
    house = House()
    house.attack()
    confirmed(house)
    house.hub(h.IncidentClosed("i1", "anna"))
    note(house)
    assert asked(house) == []
