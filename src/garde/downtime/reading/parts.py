"""Parts that many messages share: who (PID), where (PV1), codes, people's names.

Comes in: segments. Goes out: nouns. A value that is not there is "" or None; a value that is to be deleted (`""`) too.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from garde.downtime.hl7.message import Delimiters, Segment, pick
from garde.downtime.hl7.times import parse_date, parse_time
from garde.downtime.nouns import Care, Coded, Person, Place
from garde.downtime.reading.manner import Manner

_CARE = {
    "I": Care.INPATIENT, "E": Care.EMERGENCY, "O": Care.OUTPATIENT, "P": Care.EXPECTED, "B": Care.INPATIENT,
    "R": Care.OUTPATIENT, "N": Care.OUTPATIENT, "C": Care.OUTPATIENT, "D": Care.OUTPATIENT,
}  # fmt: skip


def identifiers(segment: Segment, number: int) -> list[tuple[str, str, str]]:
    """Return (number, authority, type) of each identifier in the field."""
    marks = segment.marks
    found = [
        (pick(each, marks, 1), pick(each, marks, 4), pick(each, marks, 5).upper())
        for each in segment.repetitions(number)
    ]
    return [each for each in found if each[0]]


def patient_number(pid: Segment, manner: Manner) -> str:
    """Return the patient's number: PID-3 of the best type, else its first, else PID-2; "" where there is none."""
    found = identifiers(pid, 3) or identifiers(pid, 2)
    return _best(found, manner)


def merged_number(mrg: Segment, manner: Manner) -> str:
    """Return the number that goes (MRG-1)."""
    return _best(identifiers(mrg, 1), manner)


def _best(found: list[tuple[str, str, str]], manner: Manner) -> str:
    if not found:
        return ""
    for kind in manner.kinds:
        for value, authority, named in found:
            if named == kind:
                return manner.number(value, authority)
    return manner.number(*found[0][:2])


def person(pid: Segment, manner: Manner) -> Person:
    """Return who this is."""
    own = patient_number(pid, manner)
    others = tuple(
        (kind or authority, value)
        for value, authority, kind in identifiers(pid, 3)
        if manner.number(value, authority) != own
    )
    national = pid.get(19)
    mother = identifiers(pid, 21)
    return Person(
        family=pid.get(5, 1), given=" ".join(filter(None, (pid.get(5, 2), pid.get(5, 3)))),
        birth=parse_date(pid.get(7)), sex=pid.get(8),
        identifiers=others + ((("SS", national),) if national else ()),
        address=" ".join(filter(None, (pid.get(11, index) for index in (1, 2, 5, 3)))), phone=pid.get(13),
        mother=_best(mother, manner), died=pid.get(29) or ("yes" if pid.get(30).upper() == "Y" else ""),
    )  # fmt: skip


def place(segment: Segment, number: int) -> Place:
    return Place(*(segment.get(number, index) for index in (1, 2, 3, 4)))


def care(segment: Segment) -> Care:
    return _CARE.get(segment.get(2).upper(), Care.UNSAID)


def coded(segment: Segment, number: int) -> Coded:
    """Return code and words; where there are only words, or only alternative ones, these."""
    code, text = segment.get(number, 1), segment.get(number, 2)
    return Coded(code, text or segment.get(number, 5)) if code or text else Coded(segment.get(number, 4), "")


def name(segment: Segment, number: int, first: int = 2) -> str:
    """Return a person's name of an XCN field: family and given; where it has none, its id."""
    family, given = segment.get(number, first), segment.get(number, first + 1)
    return " ".join(filter(None, (given, family))) or segment.get(number, 1)


def coded_raw(text: str, marks: Delimiters) -> Coded:
    return Coded(pick(text, marks, 1), pick(text, marks, 2))


def moment(segment: Segment, number: int, zone: ZoneInfo, received: float, component: int = 1) -> float | None:
    return parse_time(segment.get(number, component), zone, received)
