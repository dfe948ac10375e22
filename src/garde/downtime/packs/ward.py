"""A ward's pack: who is here, a sheet and a MAR for each, numbers for who comes, blank forms, whom to call.

Comes in: a `Basis`, a ward. Goes out: sections, plain data for the templates, in the order of the paper. Nobody who is
on the ward is left out for being in no bed, in two, or without a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from garde.downtime.census.view import Row
from garde.downtime.numbers.people import Arrival
from garde.downtime.packs.basis import UNPLACED, Basis
from garde.downtime.packs.mar import mar
from garde.downtime.packs.patient import patient_sheet
from garde.downtime.packs.people import allergies, bars, loud, newcomer_loud, newcomer_strip, quiet, risks, strip
from garde.downtime.packs.voice import Voice, clean, shortened

Section = dict[str, Any]
NUMBERS: Final = 24  # downtime numbers of one ward's page: what a busy night needs; sheets of labels have the rest
NEW_LINES: Final = 2  # for who comes after the pack was made; what is left of the page has more


def ward_sections(basis: Basis, ward: str) -> list[Section]:
    """Return everything that a ward's pack holds."""
    rows = basis.here(ward)
    arrivals = [each for each in basis.arrivals if (each.place.ward or UNPLACED) == ward]
    sections = [_census(basis, ward, rows, arrivals)]
    for index, row in enumerate(rows):
        who, subject = strip(row, basis.voice), row.patient.number
        sections.append({"kind": "patient", "at": index, "who": who, "subject": subject, **patient_sheet(row, basis)})
        sections.append({"kind": "mar", "at": index, "who": who, "subject": subject, **mar(row, basis)})
    sections += [_newcomer_mar(arrival, basis) for arrival in arrivals]
    return [*sections, _numbers(basis, ward), contacts(basis), *forms(basis.blanks)]


def forms(counts: Mapping[str, int]) -> list[Section]:
    """Return blank forms: each of them a sheet of its own, told from the others by its name on the sheet."""
    return [{"kind": "form", "form": name} for name, count in counts.items() for _ in range(count)]


# --- the census -------------------------------------------------------------------------------------------------------


def _census(basis: Basis, ward: str, rows: tuple[Row, ...], arrivals: list[Arrival]) -> Section:
    voice = basis.voice
    beds = [(row.place.room, row.place.bed, _row(index, row, voice)) for index, row in enumerate(rows)]
    beds += [(each.place.room, each.place.bed, _arrival(each, voice)) for each in arrivals]
    taken = {(each.place.room, each.place.bed) for each in arrivals}
    empty = [place for place in basis.view.empty if (place.ward or UNPLACED) == ward]
    beds += [(place.room, place.bed, {"bed": voice.place(place), "empty": voice("empty")}) for place in empty
             if (place.room, place.bed) not in taken]  # fmt: skip
    expected = [row for row in basis.view.expected if (row.place.ward or UNPLACED) == ward]
    gone = [row for row in basis.gone if (row.place.ward or UNPLACED) == ward]
    return {
        "kind": "census",
        "counts": [
            voice("present", n=len(rows) + len(arrivals)), voice("beds_empty", n=len(empty)),
            voice("expected_n", n=len(expected)),
        ],
        "beds": [bed for _, _, bed in sorted(beds, key=lambda each: each[:2])],
        "expected": [_person(row, voice.time(row.visit.admitted) if row.visit.admitted else "–", voice)
                     for row in expected],
        "gone": [_person(row, voice.time(row.visit.left), voice) for row in gone],
        "lines": NEW_LINES,
        "silent": voice("sender_silent", names=", ".join(map(clean, basis.fresh.silent))) if basis.fresh.silent else "",
    }  # fmt: skip


def _row(index: int, row: Row, voice: Voice) -> dict[str, Any]:
    person, visit = row.patient.person.value, row.visit
    return {
        "bed": voice.place(row.place) or voice("no_bed"),
        "family": voice.family(person),
        "given": voice.given(person),
        "birth": voice.birth(person.birth),
        "sex": voice.sex(person.sex),
        "number": clean(row.patient.number),
        "visit": clean(visit.number),
        "doctor": clean(visit.doctor) or "–",
        "since": voice.time(visit.admitted) if visit.admitted else "–",
        "leaves": voice.time(visit.leaves) if visit.leaves else "",
        "allergies": allergies(row.patient.allergies, voice, 4),
        "loud": loud(row, voice),
        "quiet": quiet(row, voice),
        "risks": risks(row.patient, voice),
        "reason": shortened(visit.reason),
        "diet": clean(visit.diet),
        "at": index,
        "newcomer": False,
    }


def _arrival(arrival: Arrival, voice: Voice) -> dict[str, Any]:
    who = newcomer_strip(arrival, voice)
    return {
        "bed": who["bed"], "family": who["family"], "given": who["given"],
        "birth": voice.birth(arrival.person.birth), "sex": voice.sex(arrival.person.sex),
        "number": clean(arrival.number), "visit": "", "doctor": "–",
        "since": voice.time(arrival.arrived), "leaves": "", "allergies": who["allergies"],
        "loud": newcomer_loud(arrival, voice), "quiet": [], "risks": [], "reason": shortened(arrival.reason),
        "diet": "", "at": -1, "newcomer": True,
    }  # fmt: skip


def _person(row: Row, when: str, voice: Voice) -> list[str]:
    person = row.patient.person.value
    name = f"{voice.family(person)} {voice.given(person)}".strip()
    place = voice.place(row.place) or "–"
    return [when, name, voice.birth(person.birth), clean(row.patient.number), place, shortened(row.visit.reason)]


# --- who came, numbers, contacts --------------------------------------------------------------------------------------


def _newcomer_mar(arrival: Arrival, basis: Basis) -> Section:
    voice = basis.voice
    return {
        "kind": "mar", "at": -1, "who": newcomer_strip(arrival, voice), "subject": arrival.number,
        "window": voice("mar_window", hours=basis.mar_hours, time=voice.time(basis.made_at)),
        "groups": [], "stray": [], "stopped": [],
    }  # fmt: skip


def _numbers(basis: Basis, ward: str) -> Section:
    free = basis.numbers.get(ward, ())[:NUMBERS]
    return {"kind": "numbers", "numbers": [{"text": clean(each), "bars": bars(each)} for each in free]}


def contacts(basis: Basis) -> Section:
    """Return the page of telephone numbers."""
    lines = [[clean(each.role), clean(each.name), clean(each.phone), clean(each.note)] for each in basis.calls]
    return {"kind": "contacts", "calls": lines}
