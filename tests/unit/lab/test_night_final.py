"""The last page: what was lost, what must be entered again, when each server came back; hostile names are escaped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.journal.kinds import KINDS
from garde.journal.paper_kinds import ReenterSaid
from garde.journal.payload import Payload
from garde.journal.plan_kinds import PlanHeld, PlanStoodDown
from garde.lab.hospital.plan import Plan
from garde.lab.night.final import Final, Relapse, final
from garde.lab.night.final_page import page
from garde.lab.night.score import Restarted
from garde.lab.night.story import day_clock
from garde.lab.night.told import Told

ESTATE = Plan("x", 3, Path("/nonexistent")).estate
FIGURES = Restarted(1.5, 2, 0, 3, "2019-03-11T02:00:00Z", 0)
HOUR = 3600.0
STAGES = ("isolated", "verified", "observing", "listed", "open")


def entry(at: float, payload: Payload, who: str = "hub") -> Entry:
    kind = next(name for name, cls in KINDS.items() if cls is type(payload))
    return Entry(1, at, who, kind, payload, "", "")


def moved(machine: str, begins: float, wave: int, round_: int = 1, stages: tuple[str, ...] = STAGES) -> list[Entry]:
    return [
        entry(begins + number * HOUR, r.StepMoved(machine, wave, round_, "", stage, "", "rule"))
        for number, stage in enumerate(stages)
    ]


def the_way_back() -> Final:
    told = Told()
    point = r.PointJudged(
        "c", "record-pg", "p1", "record", 900.0, "green", "before", 1, 1, 1, 1, -1, 0, "whole", "done", 950.0
    )
    placed = r.PointRestored("c", "record-pg", "p1", "place", 1, 1, 0, True, 950.0, 1.0, 1.0)
    entries = [
        entry(5, r.RestartPlanned((("files-wards",), ("record",)), 1, 1, "p", "it_director")),
        *moved("files-wards", 4 * HOUR, 1, 1, ("isolated", "verified", "observing", "recut")),
        *moved("files-wards", 9 * HOUR, 1, 2),
        entry(5 * HOUR, point, "agent/record"),
        entry(6 * HOUR, placed, "agent/record"),
        entry(6 * HOUR, ReenterSaid("record", 950.0, "p")),
        *moved("record", 14 * HOUR, 2),
        entry(20 * HOUR, PlanHeld("a", 28 * HOUR, "c", "coordinator")),
        entry(29 * HOUR, PlanStoodDown("a", (), "c", "coordinator")),
    ]
    for each in entries:
        told.add(each)
    relapse = Relapse("files-wards", 3, 0.9, ("files-admin",))
    return final(told, ESTATE, 1000.0, FIGURES, relapse=relapse, rows_again=17, too_early=())


def test_it_says_when_each_server_came_back_and_from_what() -> None:
    wards, record = the_way_back().back
    assert (wards.machine, wards.wave, wards.data) == ("files-wards", 1, "")
    assert [step.stage for step in wards.steps] == ["isolated", "verified", "observing", "recut", *STAGES]
    assert wards.opened == 13 * HOUR - 1000.0
    assert (record.data, record.taken_at, record.services) == ("p1", -100.0, ("Patient record",))


def test_it_says_what_must_be_entered_again() -> None:
    (again,) = the_way_back().again
    assert (again.machine, again.after, again.rows) == ("record", -50.0, 17)
    assert the_way_back().lifted == 29 * HOUR - 1000.0


def test_the_page_has_all_of_it_and_fetches_nothing() -> None:
    made = page(the_way_back())
    for words in ("Nothing was lost", "Patient record", "17 rows", "A process on files-wards woke", "Mon 02:59"):
        assert words in made, words
    assert "http" not in made.replace("http-equiv", "") and "<script" not in made
    assert made.count('class="fill-bad"') == 2, "one in the lane, one in the key"


def test_what_did_not_come_out_is_said_first() -> None:
    found = the_way_back()
    wrong = page(replace(found, figures=Restarted(None, 1, 1, 3, None, 2), too_early=("record: it answered",)))
    assert "did not come out" in wrong and "2 files or rows are lost" in wrong and "record: it answered" in wrong
    assert "Nothing was lost" not in wrong


def test_names_are_data() -> None:
    hostile = "<script>alert(1)</script>"
    back = [
        replace(each, name=hostile, machine=hostile, data=hostile, services=(hostile,)) for each in the_way_back().back
    ]
    again = [replace(each, name=hostile) for each in the_way_back().again]
    relapse = Relapse(hostile, 1, None, (hostile,))
    made = page(replace(the_way_back(), hospital=hostile, back=tuple(back), again=tuple(again), relapse=relapse))
    assert "<script" not in made


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0, "Mon 03:00"), (-60.0, "Mon 02:59"), (27 * HOUR, "Tue 06:00"), (21 * HOUR, "Tue 00:00")]
)
def test_the_storys_clock_has_days(seconds: float, words: str) -> None:
    assert day_clock(seconds) == words
