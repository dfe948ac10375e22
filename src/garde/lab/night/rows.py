"""The witness of the medical record: which rows it had confirmed, and which it has.

Comes in: the log of whoever wrote into the record, the database itself, asked by `psql`. Goes out: `Rows`: the last
row's time, what is missing although it was confirmed before the time whose state the record is said to be, and how
many later rows must be entered again. Nothing of Garde is asked. The database's clock is the machine's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from garde.lab.hospital import database
from garde.lab.hospital.hospital import Hospital
from garde.lab.night.colleague import Committed

# What it held before anybody worked: 400 patients, and as many notes of the lab's own.
_BEFORE: Final = (
    "SELECT 'patient', id::text, number || family || ward FROM patient UNION ALL SELECT 'note', id::text, "
    "patient::text || text FROM note WHERE id <= {notes};"
)
_LAST: Final = "SELECT coalesce(extract(epoch FROM max(at)), 0) FROM note;"
_ROWS: Final = "SELECT id, patient, text FROM note;"

Content = frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Rows:
    """What became of the record. Wall seconds."""

    last: float  # the newest row's time; 0: there is none
    missing: tuple[str, ...]  # rows that should be there
    again: int  # rows confirmed after that time: they must be entered again


def content(hospital: Hospital, notes: int) -> Content:
    """What the record holds of that with which it began."""
    found = database.ask(hospital.programs, hospital.plan, _BEFORE.format(notes=int(notes)))
    return frozenset((kind, number, text) for kind, number, text in found)


def count_notes(hospital: Hospital) -> int:
    """How many notes the record was made with: the newest one's number, before anybody works."""
    ((found,),) = database.ask(hospital.programs, hospital.plan, "SELECT max(id) FROM note;")
    return int(found)


def committed(log: Path) -> list[Committed]:
    """The rows that were confirmed to whoever wrote them; a line cut short by a kill is left out."""
    lines = log.read_bytes().split(b"\n")[:-1] if log.exists() else []
    return [msgspec.json.decode(line, type=Committed) for line in lines]


def look(hospital: Hospital, before: Content, notes: int, confirmed: Iterable[Committed], to: float) -> Rows:
    """Set the record beside what was confirmed. `to`: the time whose state it is said to be."""
    ((last,),) = database.ask(hospital.programs, hospital.plan, _LAST)
    there = {tuple(row) for row in database.ask(hospital.programs, hospital.plan, _ROWS)}
    lost = [f"{kind} {number}" for kind, number, _ in sorted(before - content(hospital, notes))]
    return judge(there, list(confirmed), float(last), to, lost)


def judge(there: set[tuple[str, ...]], confirmed: list[Committed], last: float, to: float, lost: list[str]) -> Rows:
    """What is missing of what was confirmed by then, and how much came later."""
    absent = [each for each in confirmed if (str(each.row), str(each.patient), each.text) not in there]
    missing = [*lost, *(f"note {each.row}" for each in absent if each.confirmed <= to)]
    return Rows(last, tuple(missing), sum(each.confirmed > to for each in absent))
