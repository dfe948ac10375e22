"""Who is here under a downtime number: what packs, the worklist and the census show of them.

Comes in: the fold of `state`, the census as it is shown. Goes out: `Arrival`s. A person who was linked stays a row of
their own until the linked record shows them on the same ward, with the allergies that were told meanwhile: nothing is
merged by being linked. Nobody is left out for being little known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from garde.downtime.census.view import AllergyStatus, CensusView, Row
from garde.downtime.nouns import Person, Place
from garde.downtime.numbers.newcomer import Newcomer
from garde.downtime.numbers.state import Held, Standing, State


@dataclass(frozen=True, slots=True)
class Arrival:
    """One person who arrived during the downtime."""

    number: str  # D1-000427-K
    person: Person
    place: Place
    allergies: AllergyStatus
    allergic_to: str  # words; "" where nothing is recorded
    reason: str  # why they came
    arrived: float  # wall seconds, as the paper says
    told: float  # of the newest word on them: this is what the row is *as of*
    by: str  # who gave the number
    standing: Standing  # issued, used, linked
    record: str  # the hospital's own number that they are linked to; "" for none
    waiting: bool  # somebody says whose the number is, and a second person has not confirmed it
    legible: bool  # False: the sealed part cannot be opened; name and allergies are unknown, not absent
    left: float = 0.0  # 0: still here
    whither: str = ""


def arrivals(state: State) -> tuple[Arrival, ...]:
    """Return everybody who has a downtime number and is here, by place and number; linked ones too."""
    return tuple(each for each in everybody(state) if not each.left)


def everybody(state: State) -> tuple[Arrival, ...]:
    """Return everybody who has a downtime number, also who has left."""
    found = [_arrival(held) for held in state.held.values() if held.standing is not Standing.VOID]
    return tuple(sorted(found, key=lambda each: (each.place.ward, each.place.room, each.place.bed, each.number)))


def _arrival(held: Held) -> Arrival:
    known = held.person or Newcomer()
    return Arrival(
        held.number, known.person(), known.place(held.place), known.allergies, known.allergic_to, known.reason,
        held.at, held.told_at, held.by, held.standing, held.record, bool(held.waiting), held.person is not None,
        known.left, known.whither,
    )  # fmt: skip


def rows_beside(state: State, census: CensusView) -> tuple[Arrival, ...]:
    """Return who must be shown as a row of their own beside the census."""
    rows: dict[str, list[Row]] = {}
    for row in census.rows:
        for number in row.patient.numbers:
            rows.setdefault(number, []).append(row)
    return tuple(each for each in arrivals(state) if not _is_shown(each, rows.get(each.record, ())))


def _is_shown(arrival: Arrival, rows: Iterable[Row]) -> bool:
    return arrival.standing is Standing.LINKED and any(_shows(row, arrival) for row in rows)


def _shows(row: Row, arrival: Arrival) -> bool:
    return row.place.ward == arrival.place.ward and arrival.legible and _shows_allergies(row, arrival)


def _shows_allergies(row: Row, arrival: Arrival) -> bool:
    """Whether a ward loses nothing: every word that was told of an allergy stands in the record's own."""
    if arrival.allergies is not AllergyStatus.RECORDED:
        return True
    known = " ".join(f"{each.value.what.text} {each.value.what.code}" for each in row.patient.allergies.items)
    words = arrival.allergic_to.casefold().replace(",", " ").replace(";", " ").split()
    return all(word in known.casefold() for word in words)
