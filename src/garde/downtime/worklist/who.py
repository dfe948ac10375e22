"""Whose image it is: one person as a modality shows them, whichever way the desk knows them.

Comes in: a row of the census, somebody under a downtime number, a bare number. Goes out: `Who`: names, numbers,
allergies that are never empty, and notes on what is not known. Nothing of it is cut for DICOM yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from garde.downtime.census.view import Allergies, AllergyStatus, PatientView, Row
from garde.downtime.nouns import NoneKnown, Person, Place
from garde.downtime.numbers.people import Arrival
from garde.downtime.worklist.modality import Rule
from garde.downtime.worklist.words import FLAGS, WORDS

DOWNTIME: Final = "DOWNTIME"  # issues downtime numbers: not the authority of the hospital's own
_SEXES: Final = {"F": "F", "M": "M", "FEMALE": "F", "MALE": "M", "O": "O", "OTHER": "O", "X": "O", "A": "O"}
_WHOLE_DATE: Final = len("1960-01-02")


@dataclass(frozen=True, slots=True)
class Manner:
    """How one desk lists."""

    root: str  # a secret of the desk, hex: no two desks make the same study UID
    zone: ZoneInfo
    table: tuple[Rule, ...]
    issuer: str
    language: str = "en"
    stations: tuple[tuple[str, str], ...] = ()
    arrivals: tuple[str, ...] = ()  # modalities
    arrival_s: float = 86_400.0
    ahead_s: float = 14 * 86_400.0

    def word(self, name: str, **values: str) -> str:
        return WORDS[self.language][name].format(**values)

    def time(self, at: float) -> str:
        return datetime.fromtimestamp(at, self.zone).strftime("%d.%m.%Y %H:%M")

    def station(self, modality: str) -> str:
        return dict(self.stations).get(modality, "")


@dataclass(frozen=True, slots=True)
class Who:
    """One person."""

    number: str
    issuer: str
    named: tuple[str, str, str, str]  # family, given, birth, sex
    allergies: tuple[str, ...]
    place: Place
    visit: str = ""
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def who_of(row: Row, manner: Manner) -> Who:
    """Return somebody of the census, where they lie."""
    who = who_is(row.patient, row.place, manner)
    more = tuple(sorted(FLAGS[manner.language][flag] for flag in row.flags - row.patient.flags))
    return replace(who, visit=row.visit.number, notes=(*who.notes, *more))


def who_is(patient: PatientView, place: Place, manner: Manner) -> Who:
    """Return somebody whom the census knows, also one who has left."""
    number, _, authority = patient.number.partition("^")
    person = patient.person.value
    flags = tuple(sorted(FLAGS[manner.language][flag] for flag in patient.flags))
    named, allergies = _named(person, manner), _allergies(patient.allergies, manner)
    notes = (*_unknown(person, place, manner), *flags)
    return Who(number, authority or manner.issuer, named, allergies, place, "", patient.numbers[1:], notes)


def who_arrived(arrival: Arrival, manner: Manner) -> Who:
    """Return somebody under a downtime number."""
    person = arrival.person
    named = _named(person, manner)
    if not arrival.legible:
        named = (manner.word("illegible"), arrival.number, "", "")
    times = {"at": manner.time(arrival.arrived), "told": manner.time(arrival.told)}
    notes = [*_unknown(person, arrival.place, manner), manner.word("downtime", **times)]
    notes += [manner.word("linked", record=arrival.record)] if arrival.record else []
    notes += [manner.word("waiting")] if arrival.waiting else []
    others = tuple(number for _, number in person.identifiers)
    return Who(
        arrival.number, DOWNTIME, named, _allergies_told(arrival, manner), arrival.place, "", others, tuple(notes)
    )  # fmt: skip


def who_wrote(form: str, ward: str, manner: Manner) -> Who:
    """Return whom a form names that the desk cannot read: the form's number stands for them."""
    named = (manner.word("illegible"), form, "", "")
    notes = (manner.word("illegible"),)
    return Who(form, DOWNTIME, named, (manner.word("not_recorded"),), Place(ward), notes=notes)


def who_unknown(number: str, ward: str, manner: Manner) -> Who:
    """Return somebody of whom there is a number only."""
    named = (manner.word("name"), number, "", "")
    notes = (manner.word("unknown"), manner.word("birth"), manner.word("sex"))
    return Who(number, manner.issuer, named, (manner.word("not_recorded"),), Place(ward), notes=notes)


def _named(person: Person, manner: Manner) -> tuple[str, str, str, str]:
    family = person.family or ("" if person.given else manner.word("name"))
    return (family, person.given, person.birth, _sex(person))


def _sex(person: Person) -> str:
    return _SEXES.get(person.sex.strip().upper(), "")


def _unknown(person: Person, place: Place, manner: Manner) -> Iterator[str]:
    if not person.birth:
        yield manner.word("birth")
    elif len(person.birth) != _WHOLE_DATE:
        yield manner.word("birth_part", birth=person.birth)
    if not _sex(person):
        yield manner.word("sex")
    if not place:
        yield manner.word("place")


def _allergies(found: Allergies, manner: Manner) -> tuple[str, ...]:
    partly = tuple(_partly(each.value for each in found.none_known if each.value is not NoneKnown.ANY))
    words = tuple(manner.word(each) for each in partly)
    match found.status:
        case AllergyStatus.RECORDED:
            return tuple(each.value.what.shown or manner.word("illegible") for each in found.items)
        case AllergyStatus.NONE_KNOWN:
            return (manner.word("no_allergy"),)
    return (manner.word("not_recorded"), *words)


def _partly(found: Iterable[NoneKnown]) -> Iterator[str]:
    for each in found:
        yield "no_drug_allergy" if each is NoneKnown.DRUG else "no_food_allergy"


def _allergies_told(arrival: Arrival, manner: Manner) -> tuple[str, ...]:
    match arrival.allergies:
        case AllergyStatus.RECORDED:
            return (arrival.allergic_to or manner.word("illegible"),)
        case AllergyStatus.NONE_KNOWN:
            return (manner.word("no_allergy"),)
    return (manner.word("not_recorded"),)
