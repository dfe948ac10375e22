"""What the desk's pages show, as plain values: wards, one ward's rows, numbers with what may be done to each.

Comes in: the census as it is shown, the numbers' fold. Goes out: frozen rows. Pure. Allergies are one of three kinds
that no template can leave blank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from garde.downtime.census.view import Allergies, AllergyStatus, CensusView, Row
from garde.downtime.numbers.form import read_number
from garde.downtime.numbers.people import Arrival, everybody
from garde.downtime.numbers.state import Match, Standing, State


@dataclass(frozen=True, slots=True)
class Ward:
    """One line of the first page."""

    name: str
    present: int
    arrived: int
    empty: int
    numbers_left: int
    has_numbers: bool


def wards(census: CensusView, arrived: Iterable[Arrival], state: State) -> list[Ward]:
    """Return every ward that is known from anywhere."""
    present = Counter(row.place.ward for row in census.rows)
    empty = Counter(place.ward for place in census.empty)
    new = Counter(each.place.ward for each in arrived)
    left: Counter[str] = Counter()
    for block in state.blocks.values():
        left[block.place] += sum(1 for _ in state.free(block))
    names = sorted({*present, *empty, *new, *(block.place for block in state.blocks.values())} - {""})
    blocks = {block.place for block in state.blocks.values()}
    return [Ward(name, present[name], new[name], empty[name], left[name], name in blocks) for name in names]


@dataclass(frozen=True, slots=True)
class Bed:
    """One row of a ward."""

    bed: str
    name: str  # "" where none is recorded
    birth: str
    sex: str
    number: str
    allergies: AllergyStatus
    allergic_to: str
    flags: tuple[str, ...]
    at: float  # of the newest word on the person
    arrival: Arrival | None = None


def beds(rows: Iterable[Row], arrived: Iterable[Arrival]) -> list[Bed]:
    """Return census rows and arrivals, in the order of beds; nobody is joined."""
    found = [_bed(row) for row in rows] + [_arrived(each) for each in arrived]
    return sorted(found, key=lambda each: (each.bed == "", each.bed, each.number))


def _bed(row: Row) -> Bed:
    person, said = row.patient.person.value, row.patient.allergies
    return Bed(
        _joined(row.place.room, row.place.bed), _joined_name(person.family, person.given), person.birth, person.sex,
        row.patient.number, said.status, _named(said), tuple(sorted(flag.value for flag in row.flags)),
        row.visit.source.at,
    )  # fmt: skip


def _arrived(each: Arrival) -> Bed:
    person = each.person
    return Bed(
        _joined(each.place.room, each.place.bed), _joined_name(person.family, person.given), person.birth, person.sex,
        each.number, each.allergies, each.allergic_to, (), each.told, each,
    )  # fmt: skip


def _named(said: Allergies) -> str:
    return ", ".join(each.value.what.shown for each in said.items)


def _joined(*parts: str) -> str:
    return "/".join(filter(None, parts))


def _joined_name(family: str, given: str) -> str:
    return " ".join(filter(None, (family, given)))


@dataclass(frozen=True, slots=True)
class Given:
    """One number that somebody has."""

    arrival: Arrival
    match: Match | None  # that waits
    spoken: str

    @property
    def name(self) -> str:
        return _joined_name(self.arrival.person.family, self.arrival.person.given)

    @property
    def may_void(self) -> bool:
        return self.arrival.standing is Standing.ISSUED and self.match is None


def given(state: State) -> list[Given]:
    """Return every number that somebody has: those that wait for a second person first, then the newest."""
    found = [_given(each, state) for each in everybody(state)]
    return sorted(found, key=lambda each: (each.match is None, -each.arrival.arrived, each.arrival.number))


def one_given(state: State, number: str) -> Given | None:
    """Return one of them."""
    return next((each for each in given(state) if each.arrival.number == number), None)


def _given(arrival: Arrival, state: State) -> Given:
    held = state.held[arrival.number]
    return Given(arrival, state.matches.get(held.waiting), _spoken(arrival.number))


def _spoken(number: str) -> str:
    try:
        return read_number(number).spoken
    except ValueError:
        return number
