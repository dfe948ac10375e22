"""The witness of the medical record: which rows it had confirmed, and which it has.

Comes in: the log of whoever wrote into the record, the database itself, asked by `psql`. Goes out: `Rows`: the last
row's time, what is missing although it was confirmed before the time whose state the record is said to be, and how
many later rows must be entered again. Nothing of Garde is asked. The database's clock is the machine's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from garde.lab.hospital import database
from garde.lab.hospital.hospital import Hospital
from garde.lab.night.colleague import Committed

_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename;"
_NOTES: Final = "SELECT coalesce(max(id), 0) FROM note;"
_LAST: Final = "SELECT coalesce(extract(epoch FROM max(at)), 0) FROM note;"
_ROWS: Final = "SELECT id, patient, text FROM note;"

Content = frozenset[tuple[str, str]]  # table, row as words


@dataclass(frozen=True, slots=True)
class Rows:
    """What became of the record. Wall seconds."""

    last: float  # the newest row's time; 0: there is none
    missing: tuple[str, ...]  # rows that should be there
    again: int  # rows confirmed after that time: they must be entered again


def content(hospital: Hospital, notes: int) -> Content:
    """What the record holds of that with which it began: every row of every table, of notes those up to that number."""
    plan, programs = hospital.plan, hospital.programs
    tables = [name for (name,) in database.ask(programs, plan, _TABLES)]  # our own names: the lab made them
    only = {"note": f" WHERE id <= {notes:d}"}
    parts = [f"SELECT '{name}', {name}::text FROM {name}{only.get(name, '')}" for name in tables]  # noqa: S608
    return frozenset((name, row) for name, row in database.ask(programs, plan, " UNION ALL ".join(parts) + ";"))


def count_notes(hospital: Hospital) -> int:
    """How many notes the record was made with: the newest one's number, before anybody works."""
    ((found,),) = database.ask(hospital.programs, hospital.plan, _NOTES)
    return int(found)


def look(hospital: Hospital, before: Content, notes: int, confirmed: Iterable[Committed], to: float) -> Rows:
    """Set the record beside what was confirmed. `to`: the time whose state it is said to be."""
    ((last,),) = database.ask(hospital.programs, hospital.plan, _LAST)
    there = {tuple(row) for row in database.ask(hospital.programs, hospital.plan, _ROWS)}
    lost = [f"{table} {row[:40]}" for table, row in sorted(before - content(hospital, notes))]
    return judge(there, list(confirmed), float(last), to, lost)


def judge(there: set[tuple[str, ...]], confirmed: list[Committed], last: float, to: float, lost: list[str]) -> Rows:
    """What is missing of what was confirmed by then, and how much came later."""
    absent = [each for each in confirmed if (str(each.row), str(each.patient), each.text) not in there]
    missing = [*lost, *(f"note {each.row}" for each in absent if each.confirmed <= to)]
    return Rows(last, tuple(missing), sum(each.confirmed > to for each in absent))
