"""The census as people ask for it: bed by bed, patient by patient.

Comes in: the state. Goes out: frozen views, each figure with its source. Nothing is dropped to make it tidy: two
patients in one bed are two rows and say so, a patient in two beds is in both. Allergies are one of three things that
cannot be mixed up: recorded, known to be none, or *not recorded*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain
from typing import Generic, TypeVar

from garde.downtime.census.facts import Fact, Mark, Thread
from garde.downtime.census.patient import Patient, Seen
from garde.downtime.census.selves import current, marks, selves
from garde.downtime.census.state import Census
from garde.downtime.census.visit import VisitNow, visit_now
from garde.downtime.nouns import (
    Allergy,
    AppointmentStated,
    Care,
    Coded,
    Contact,
    DrugStated,
    GivenStated,
    NoneKnown,
    OrderStated,
    Person,
    Place,
    Problem,
    ResultStated,
    Source,
    Standing,
    Step,
)

T = TypeVar("T")


class AllergyStatus(Enum):
    """Three different things. None of them is ever shown as an empty field."""

    RECORDED = "recorded"
    NONE_KNOWN = "none known"
    NOT_RECORDED = "not recorded"


class Flag(Enum):
    """What a person must look at before they trust a row."""

    TWO_IN_BED = "two patients in this bed"
    MOTHER_AND_CHILD = "mother and child"
    TWO_BEDS = "this patient is in two beds"
    MERGED = "two numbers were merged while both were here"
    NUMBER_REUSED = "this number was another person's before"
    NO_NAME = "name not recorded"
    ALLERGIES_DISAGREE = "allergies and 'none known' are both recorded"
    MOVING = "on the way to another place"
    UNHEARD = "admission not heard of"


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """A value and who said it when."""

    value: T
    source: Source


@dataclass(frozen=True, slots=True)
class Allergies:
    status: AllergyStatus
    items: tuple[Said[Allergy], ...] = ()
    none_known: tuple[Said[NoneKnown], ...] = ()


@dataclass(frozen=True, slots=True)
class Drug:
    """A prescription with when it was last given and dispensed."""

    order: Said[DrugStated]
    last_given: Said[GivenStated] | None = None
    last_dispensed: Said[GivenStated] | None = None


@dataclass(frozen=True, slots=True)
class PatientView:
    """One person."""

    number: str
    person: Said[Person]
    numbers: tuple[str, ...]  # all that are theirs, the one in force first
    known_as: tuple[Person, ...]
    allergies: Allergies
    problems: tuple[Said[Problem], ...]
    contacts: tuple[Said[Contact], ...]
    orders: tuple[Said[OrderStated], ...]
    drugs: tuple[Drug, ...]
    given: tuple[Said[GivenStated], ...]
    results: tuple[Said[ResultStated], ...]
    appointments: tuple[Said[AppointmentStated], ...]
    visits: tuple[VisitNow, ...]
    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True)
class Row:
    """One patient in one place."""

    visit: VisitNow
    patient: PatientView
    flags: frozenset[Flag]

    @property
    def place(self) -> Place:
        return self.visit.place


@dataclass(frozen=True, slots=True)
class CensusView:
    """Who is where."""

    rows: tuple[Row, ...]  # in a bed or on a ward
    outpatients: tuple[Row, ...]
    expected: tuple[Row, ...]
    empty: tuple[Place, ...]


def patient_views(census: Census, number: str) -> list[PatientView]:
    """Return who is known under this number: one view per person, the current one last; none for an unknown number."""
    members = census.members(census.root(number))
    patients = [census.patients[each] for each in members if each in census.patients]
    people = [(patient, group) for patient in patients for group in selves(list(patient.people.values()))]
    last = {patient.number: group for patient, group in people}
    joined = [(patient, last[patient.number]) for patient in patients if patient.number in last]
    former = [(patient, group) for patient, group in people if group is not last[patient.number]]
    found = [_view(members[0], [each], (each[0].number,), reused=True) for each in former]
    if joined:
        reused = bool(former)
        found.append(_view(members[0], joined, tuple(members), reused=reused))
    return found


def census_view(census: Census) -> CensusView:
    """Return everybody who is here, expected, or an outpatient today; and beds in which nobody is."""
    rows, outpatients, expected = list[Row](), list[Row](), list[Row]()
    for number in census.roots():
        for all_of_them, own in zip((rows, outpatients, expected), rows_of(census, number), strict=True):
            all_of_them.extend(own)
    rows = _with_neighbours(rows)
    taken = {row.place for row in rows}
    empty = sorted((each for each in census.beds if each not in taken), key=_by_place)
    return CensusView(_sorted(rows), _sorted(outpatients), _sorted(expected), tuple(empty))


def rows_of(census: Census, number: str) -> tuple[list[Row], list[Row], list[Row]]:
    """Return who has this number, where they are: here, outpatients, expected. Who else lies there is not looked at."""
    rows, outpatients, expected = list[Row](), list[Row](), list[Row]()
    for patient in patient_views(census, number):
        for visit in patient.visits:
            row = Row(visit, patient, _visit_flags(visit, patient))
            if visit.expected:
                expected.append(row)
            elif visit.here and (visit.care in (Care.INPATIENT, Care.EMERGENCY) or visit.place.is_bed):
                rows.append(row)
            elif visit.here:
                outpatients.append(row)
    return rows, outpatients, expected


def _sorted(rows: list[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (*_by_place(row.place), row.patient.number, row.visit.number)))


def _by_place(place: Place) -> tuple[str, ...]:
    return (place.site, place.ward, place.room, place.bed)


def _visit_flags(visit: VisitNow, patient: PatientView) -> frozenset[Flag]:
    found = set(patient.flags)
    if visit.moving:
        found.add(Flag.MOVING)
    if visit.here and visit.first not in (Step.ADMIT, Step.REGISTER, Step.PREADMIT, Step.TO_INPATIENT):
        found.add(Flag.UNHEARD)
    return frozenset(found)


def _with_neighbours(rows: list[Row]) -> list[Row]:
    beds: dict[Place, list[Row]] = {}
    for row in rows:
        if row.place.is_bed:
            beds.setdefault(row.place, []).append(row)
    return [_with_flags(row, beds.get(row.place, [])) for row in rows]


def _with_flags(row: Row, same_bed: list[Row]) -> Row:
    flags = set(row.flags)
    others = [each for each in same_bed if each.patient is not row.patient]
    if others:
        family = all(_are_mother_and_child(row.patient, each.patient) for each in others)
        flags.add(Flag.MOTHER_AND_CHILD if family else Flag.TWO_IN_BED)
    return replace(row, flags=frozenset(flags)) if flags != row.flags else row


def _are_mother_and_child(one: PatientView, other: PatientView) -> bool:
    return one.person.value.mother in other.numbers or other.person.value.mother in one.numbers


# --- one person -------------------------------------------------------------------------------------------------------

_Part = tuple[Patient, list[Seen]]


def _view(number: str, parts: list[_Part], numbers: tuple[str, ...], *, reused: bool) -> PatientView:
    # Where there is one person under each number, every fact is theirs; else a fact goes by name and birth date.
    filters = [(patient, marks(group), len(selves(list(patient.people.values()))) == 1) for patient, group in parts]

    def mine(pick: Callable[[Patient], Iterable[Fact[T]]]) -> Iterator[Fact[T]]:
        return (fact for patient, wanted, alone in filters for fact in pick(patient) if alone or fact.mark in wanted)

    chosen = current(parts[0][1])
    visits = _visits(filters)
    allergies = _allergies([_standing_list(patient, wanted, alone) for patient, wanted, alone in filters])
    flags = _flags(chosen.person, visits, allergies, parts, reused=reused)
    given = [Said(f.value, f.source) for f in mine(lambda p: p.given.values()) if not f.value.removed]
    return PatientView(
        number, Said(chosen.person, chosen.last), numbers,
        tuple(sorted({s.person for _, g in parts for s in g} - {chosen.person}, key=lambda p: p.mark)),
        allergies,
        tuple(Said(p, f.source) for f in _ordered(mine(lambda p: p.problems.values())) for p in f.value.items),
        tuple(Said(c, f.source) for f in _newest(mine(lambda p: p.contacts.values())) for c in f.value.items),
        _orders(mine(lambda p: _all(p.orders.values()))),
        _drugs(mine(lambda p: _all(p.drugs.values())), given),
        tuple(sorted((each for each in given if not each.value.dispensed), key=_given_at)),
        tuple(Said(f.value, f.source) for f in _ordered(mine(lambda p: p.results.values()))),
        _appointments(mine(lambda p: _all(p.appointments.values()))),
        visits, flags,
    )  # fmt: skip


def _all(threads: Iterable[Thread[T]]) -> Iterator[Fact[T]]:
    return chain.from_iterable(thread.facts for thread in threads)


def _ordered(facts: Iterable[Fact[T]]) -> list[Fact[T]]:
    return sorted(facts, key=lambda fact: (fact.key, repr(fact.value)))


def _newest(facts: Iterable[Fact[T]]) -> list[Fact[T]]:
    return _ordered(facts)[-1:]


def _visits(filters: list[tuple[Patient, frozenset[Mark], bool]]) -> tuple[VisitNow, ...]:
    threads: dict[tuple[str, str], Thread[object]] = {}
    for patient, wanted, alone in filters:
        for (number, mark), thread in patient.visits.items():
            if alone or mark in wanted:
                joined = threads.setdefault((patient.number if not number else "", number), Thread())
                for fact in thread.facts:
                    joined.add(fact)  # type: ignore[arg-type]
    found = [visit_now(number, thread) for (_, number), thread in threads.items()]  # type: ignore[arg-type]
    return tuple(sorted(found, key=lambda each: (each.number, each.source.key)))


def _flags(
    person: Person, visits: tuple[VisitNow, ...], allergies: Allergies, parts: list[_Part], *, reused: bool
) -> frozenset[Flag]:
    beds = {each.place for each in visits if each.here and each.care is not Care.OUTPATIENT and each.place}
    found = {Flag.NUMBER_REUSED} if reused else set()
    if not person.family and not person.given:
        found.add(Flag.NO_NAME)
    if len(beds) > 1:
        found |= {Flag.TWO_BEDS, Flag.MERGED} if len(parts) > 1 else {Flag.TWO_BEDS}
    if allergies.items and any(each.value is NoneKnown.ANY for each in allergies.none_known):
        found.add(Flag.ALLERGIES_DISAGREE)
    return frozenset(found)


# --- allergies --------------------------------------------------------------------------------------------------------


def _standing_list(
    patient: Patient, wanted: frozenset[Mark], alone: bool
) -> tuple[dict[str, Said[Allergy]], dict[NoneKnown, Said[NoneKnown]]]:
    """What one number has: the newest whole list, and what was added to it or taken away since."""
    facts = _ordered(
        fact for mark, thread in patient.allergies.items() if alone or mark in wanted for fact in thread.facts
    )
    items: dict[str, Said[Allergy]] = {}
    nones: dict[NoneKnown, Said[NoneKnown]] = {}
    for fact in facts:
        if fact.value.whole:
            items.clear()
            nones.clear()
        for gone in fact.value.removed:
            items.pop(gone.code or gone.text, None)
        items |= {each.what.code or each.what.text: Said(each, fact.source) for each in fact.value.items}
        nones |= {each: Said(each, fact.source) for each in fact.value.none_known}
    return items, nones


def _allergies(lists: list[tuple[dict[str, Said[Allergy]], dict[NoneKnown, Said[NoneKnown]]]]) -> Allergies:
    """Of merged numbers: what any of them has. Who is allergic under one number is allergic."""
    items: dict[str, Said[Allergy]] = {}
    nones: dict[NoneKnown, Said[NoneKnown]] = {}
    for own, none in reversed(lists):
        items |= own
        nones |= none
    known = tuple(items[each] for each in sorted(items))
    none_known = tuple(sorted(nones.values(), key=lambda each: each.value.value))
    if known:
        return Allergies(AllergyStatus.RECORDED, known, none_known)
    # "No known drug allergy" alone is no "none known": of the others nothing was recorded.
    whole = any(each.value is NoneKnown.ANY for each in none_known)
    return Allergies(AllergyStatus.NONE_KNOWN if whole else AllergyStatus.NOT_RECORDED, (), none_known)


# --- orders, drugs, appointments --------------------------------------------------------------------------------------


def _threads(facts: Iterable[Fact[T]], number: Callable[[T], str]) -> list[list[Fact[T]]]:
    found: dict[str, list[Fact[T]]] = {}
    for fact in facts:
        found.setdefault(number(fact.value), []).append(fact)
    return [sorted(each, key=lambda fact: fact.key) for _, each in sorted(found.items())]


def _orders(facts: Iterable[Fact[OrderStated]]) -> tuple[Said[OrderStated], ...]:
    return tuple(_joined(each, OrderStated) for each in _threads(facts, lambda value: value.number))


def _joined(facts: list[Fact[T]], kind: type[T]) -> Said[T]:
    """The newest word on each field; an empty field says nothing."""
    found: dict[str, object] = {}
    for fact in facts:
        for name in kind.__slots__:  # type: ignore[attr-defined]
            value = getattr(fact.value, name)
            if value not in ("", None, Standing.UNSAID, Coded(), Place()):
                found[name] = value
    return Said(kind(**found), facts[-1].source)


def _drugs(facts: Iterable[Fact[DrugStated]], given: list[Said[GivenStated]]) -> tuple[Drug, ...]:
    last: dict[tuple[str, bool], Said[GivenStated]] = {}
    for each in sorted(given, key=_given_at):
        if each.value.number and each.value.status not in ("RE", "NA"):
            last[each.value.number, each.value.dispensed] = each
    found = []
    for thread in _threads(facts, lambda value: value.number):
        order = _joined(thread, DrugStated)
        number = order.value.number
        found.append(Drug(order, last.get((number, False)), last.get((number, True))))
    return tuple(found)


def _given_at(each: Said[GivenStated]) -> tuple[float, tuple[float, int, str, str], str]:
    return (each.value.at or 0.0, each.source.key, repr(each.value))


def _appointments(facts: Iterable[Fact[AppointmentStated]]) -> tuple[Said[AppointmentStated], ...]:
    return tuple(_joined(each, AppointmentStated) for each in _threads(facts, lambda value: value.number))
