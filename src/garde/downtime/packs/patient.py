"""One patient's sheet: who they are, what they must not be given, what is known and what is open.

Comes in: a row of the census. Goes out: plain data for the template. Every value has its time; what may still change,
was corrected or was withdrawn says so; an empty part says that nothing is *recorded*.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any, Final

from garde.downtime.census.view import PatientView, Row, Said
from garde.downtime.nouns import Finality, Person, ResultStated, Standing
from garde.downtime.packs.basis import Basis
from garde.downtime.packs.people import allergies, allergy_rows, bars, quiet, risks, source
from garde.downtime.packs.voice import Voice, clean, clean_lines

RESULTS_S: Final = 72 * 3600.0
_OPEN: Final = (Standing.ACTIVE, Standing.HELD, Standing.UNSAID)
_NUMBER = re.compile(r"\s*([<>]?)\s*(-?\d+(?:[.,]\d+)?)\s*")
_RANGE = re.compile(r"\s*(-?\d+(?:[.,]\d+)?)\s*(?:-|–|\.\.)\s*(-?\d+(?:[.,]\d+)?)\s*")
_URGENT: Final = ("S", "STAT", "A", "ASAP", "U", "URGENT")


def patient_sheet(row: Row, basis: Basis) -> dict[str, Any]:
    """Return the sheet."""
    voice, patient, visit = basis.voice, row.patient, row.visit
    person = patient.person.value
    recent, older = _results(patient, basis)
    return {
        "facts": _facts(row, voice),
        "known_as": [_identity(each, voice) for each in patient.known_as],
        "quiet": quiet(row, voice),
        "risks": risks(patient, voice),
        "allergies": allergies(patient.allergies, voice),
        "allergy_rows": allergy_rows(patient.allergies, voice),
        "problems": [
            [clean(each.value.what.shown) or "?", clean(each.value.kind),
             voice.time(each.value.since) if each.value.since else "–", source(each, voice)]
            for each in patient.problems
        ],
        "contacts": [
            [clean(each.value.name) or "?", clean(each.value.relation), clean(each.value.phone) or voice("no_phone")]
            for each in patient.contacts
        ],
        "orders": [
            [clean(each.value.what.shown) or "?", clean(each.value.number), voice.time(each.value.wanted),
             voice("urgent") if each.value.priority.upper() in _URGENT else clean(each.value.priority),
             voice("held") if each.value.standing is Standing.HELD else source(each, voice)]
            for each in patient.orders if each.value.standing in _OPEN
        ],
        "results": recent,
        "older": older,
        "appointments": [
            [voice.time(each.value.begins), clean(each.value.what) or "?",
             voice.whole_place(each.value.place) or "–", clean(each.value.who) or "–"]
            for each in sorted(patient.appointments, key=lambda each: each.value.begins or 0.0)
            if each.value.standing is not Standing.STOPPED and (each.value.begins or 0.0) >= basis.made_at - 12 * 3600
        ],
        "label": {
            "name": f"{voice.family(person)} {voice.given(person)}".strip(),
            "born": voice.birth(person.birth),
            "sex": voice.sex(person.sex),
            "number": clean(patient.number),
            "visit": clean(visit.number),
        },
        "bars": bars(patient.number),
    }  # fmt: skip


def _facts(row: Row, voice: Voice) -> list[list[str]]:
    person, visit = row.patient.person.value, row.visit
    others = [clean(number) for number in row.patient.numbers if number != row.patient.number]
    others += [f"{clean(kind)} {clean(number)}" for kind, number in person.identifiers]
    if person.mother:
        others.append(voice("mother", number=clean(person.mother)))
    known = [
        ("doctor", clean(visit.doctor)), ("admitted", voice.time(visit.admitted) if visit.admitted else ""),
        ("reason", clean_lines(visit.reason)), ("leaves", voice.time(visit.leaves) if visit.leaves else ""),
        ("service", clean(visit.service)), ("diet", clean(visit.diet)),
        ("other_numbers", " · ".join(others)), ("phone", clean(person.phone)), ("address", clean(person.address)),
    ]  # fmt: skip
    return [[voice(name), value or voice("not_said")] for name, value in known]


def _identity(person: Person, voice: Voice) -> str:
    name = f"{voice.family(person)} {voice.given(person)}".strip()
    return f"{name}, {voice.birth(person.birth)}, {voice.sex(person.sex)}"


# --- results ----------------------------------------------------------------------------------------------------------


def result_time(said: Said[ResultStated]) -> float:
    return said.value.at or said.source.at


def _results(patient: PatientView, basis: Basis) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return tests with values of the last 72 hours, and what is older: how many, and the newest of other tests."""
    since = basis.made_at - RESULTS_S
    tests = [list(found) for _, found in groupby(sorted(patient.results, key=_by_test), key=_test)]
    rows, other, hidden = [], [], 0
    for found in tests:
        found.sort(key=result_time, reverse=True)
        recent = [each for each in found if result_time(each) >= since]
        hidden += len(found) - len(recent)
        if recent:
            rows.append(_test_row(recent, basis.voice))
        else:
            other.append(f"{clean(found[0].value.what.shown)} {_short(found[0], basis.voice)}")
    note = basis.voice("older_results", n=hidden) if hidden else ""
    note += f" {basis.voice('last_of_others')}" if other else ""
    return rows, {"note": note, "items": other}


def _test(said: Said[ResultStated]) -> str:
    return said.value.what.code or said.value.what.text


def _by_test(said: Said[ResultStated]) -> tuple[str, str]:
    return (said.value.what.shown.casefold(), _test(said))


def _test_row(found: list[Said[ResultStated]], voice: Voice) -> dict[str, Any]:
    newest = found[0].value
    return {
        "test": clean(newest.what.shown),
        "value": clean_lines(newest.value),
        "unit": clean(newest.unit),
        "reference": clean(newest.reference),
        "flag": flag(newest),
        "when": voice.time(result_time(found[0])),
        "state": "" if newest.finality is Finality.FINAL else voice(newest.finality.name),
        "gone": newest.finality is Finality.WITHDRAWN,
        "note": clean_lines(newest.note),
        "earlier": [_short(each, voice) for each in found[1:]],
    }


def _short(said: Said[ResultStated], voice: Voice) -> str:
    each = said.value
    state = "" if each.finality is Finality.FINAL else f" {voice(each.finality.name)}"
    return f"{clean(each.value)} {clean(each.unit)} {flag(each)}".strip() + f" ({voice.time(result_time(said))}{state})"


def flag(result: ResultStated) -> str:
    """Return the laboratory's flag; where it set none, an arrow for a value outside the reference beside it."""
    if result.flags.strip() and result.flags.strip().upper() != "N":
        return clean(result.flags)
    value, reference = _NUMBER.fullmatch(result.value), _RANGE.fullmatch(result.reference)
    if value is None or reference is None or result.flags.strip():
        return ""
    found, low, high = (float(text.replace(",", ".")) for text in (value[2], reference[1], reference[2]))
    return "↓" if found < low and value[1] != ">" else "↑" if found > high and value[1] != "<" else ""
