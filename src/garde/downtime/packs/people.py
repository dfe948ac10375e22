"""Who somebody is, on paper: the strip on every page of theirs, the row in the census, the labels.

Comes in: rows of the census, people under downtime numbers. Goes out: plain data for the templates. Allergies are one
of three things in three shapes; a list that does not fit into a strip says how many more there are.
"""

from __future__ import annotations

from typing import Any, Final

from garde.downtime.census.view import Allergies, AllergyStatus, Flag, PatientView, Row, Said
from garde.downtime.high_risk import high_risk, label
from garde.downtime.nouns import Allergy, NoneKnown, Standing
from garde.downtime.numbers.people import Arrival
from garde.downtime.packs.voice import Voice, clean
from garde.paper.codes import code128_modules, code128_svg

_IN_STRIP: Final = 6  # allergies on the strip of each page; the patient's sheet has all of them
_LONGEST_CODE: Final = 24  # signs of a number on a label of 46 mm
_LOUD: Final = (Flag.TWO_IN_BED, Flag.TWO_BEDS, Flag.MERGED, Flag.NUMBER_REUSED, Flag.NO_NAME, Flag.ALLERGIES_DISAGREE)
_SHAPES: Final = {
    AllergyStatus.RECORDED: "recorded",
    AllergyStatus.NONE_KNOWN: "none",
    AllergyStatus.NOT_RECORDED: "unknown",
}


def strip(row: Row, voice: Voice) -> dict[str, Any]:
    """Return what stands on top of each page of a patient."""
    person, patient, visit = row.patient.person.value, row.patient, row.visit
    facts = [
        f"{voice('born')} {voice.birth(person.birth)}" if person.birth else voice("no_birth"),
        voice.sex(person.sex),
        f"{voice('number')} {clean(patient.number)}",
        f"{voice('visit')} {clean(visit.number)}" if visit.number else "",
    ]
    return {
        "family": voice.family(person),
        "given": voice.given(person),
        "bed": voice.place(row.place) or voice("no_bed"),
        "facts": [each for each in facts if each],
        "allergies": allergies(patient.allergies, voice, _IN_STRIP),
        "loud": loud(row, voice),
    }


def newcomer_strip(arrival: Arrival, voice: Voice) -> dict[str, Any]:
    """The same, of somebody who came under a downtime number."""
    person = arrival.person
    return {
        "family": voice.family(person) if arrival.legible else voice("illegible"),
        "given": voice.given(person),
        "bed": voice.place(arrival.place) or voice("no_bed"),
        "facts": [
            f"{voice('born')} {voice.birth(person.birth)}" if person.birth else voice("no_birth"),
            voice.sex(person.sex),
            f"{voice('downtime_number')} {clean(arrival.number)}",
        ],
        "allergies": {
            "shape": _SHAPES[arrival.allergies],
            "word": _allergy_word(arrival.allergies, voice),
            "items": [clean(arrival.allergic_to)] if arrival.allergic_to else [],
            "more": "" if arrival.allergies is not AllergyStatus.NOT_RECORDED else voice("ask"),
        },
        "loud": newcomer_loud(arrival, voice),
    }


def newcomer_loud(arrival: Arrival, voice: Voice) -> list[str]:
    found = [voice("downtime_number")]
    if not arrival.legible:
        found.append(voice("illegible"))
    if arrival.record:
        found.append(voice("linked_to", number=clean(arrival.record)))
    elif arrival.waiting:
        found.append(voice("waiting_link"))
    return found


def loud(row: Row, voice: Voice) -> list[str]:
    """Return what a person must know before they trust a page."""
    found = [voice(f"flag_{flag.name}") for flag in _LOUD if flag in row.flags]
    died = row.patient.person.value.died
    return [*([voice("died", time="" if died == "yes" else clean(died))] if died else []), *found]


def quiet(row: Row, voice: Voice) -> list[str]:
    """Return the other flags."""
    names = sorted(flag.name for flag in row.flags if flag not in _LOUD)
    return [voice(f"flag_{name}") for name in names]


def bars(number: str) -> dict[str, Any] | None:
    """Return a bar code and how many modules wide it is; None for a number that has none."""
    if not number.isascii() or not number.isprintable() or not 0 < len(number) <= _LONGEST_CODE:
        return None
    return {"svg": code128_svg(number, 32), "modules": code128_modules(number), "text": number}


# --- allergies --------------------------------------------------------------------------------------------------------


def allergies(found: Allergies, voice: Voice, most: int = 0) -> dict[str, Any]:
    """Return the status in its shape, and what it is to; `most`: so many, and how many more there are."""
    items = [clean(each.value.what.shown) or "?" for each in found.items]
    kept = items[:most] if most else items
    more = []
    if len(items) > len(kept):
        more.append(voice("and_more", n=len(items) - len(kept)))
    if found.status is AllergyStatus.RECORDED and any(each.value is NoneKnown.ANY for each in found.none_known):
        more.append(voice("but_none"))
    if found.status is AllergyStatus.NOT_RECORDED:
        more += [_partly(each, voice) for each in found.none_known] or [voice("ask")]
    if found.status is AllergyStatus.NONE_KNOWN:
        more.append(voice("none_known_note", time=voice.time(found.none_known[0].source.at)))
    return {
        "shape": _SHAPES[found.status],
        "word": _allergy_word(found.status, voice),
        "items": kept,
        "more": " · ".join(more),
    }


def _partly(none: Said[NoneKnown], voice: Voice) -> str:
    return voice("partly_drug" if none.value is NoneKnown.DRUG else "partly_food")


def _allergy_word(status: AllergyStatus, voice: Voice) -> str:
    match status:
        case AllergyStatus.RECORDED:
            return voice("allergy")
        case AllergyStatus.NONE_KNOWN:
            return voice("none_known")
    return voice("not_recorded")


def allergy_rows(found: Allergies, voice: Voice) -> list[list[str]]:
    """Return each allergy with its reaction, and who said it when."""
    return [_allergy_row(each, voice) for each in found.items]


def _allergy_row(said: Said[Allergy], voice: Voice) -> list[str]:
    each = said.value
    reaction = clean(each.reaction) or voice("reaction_not_recorded")
    return [clean(each.what.shown) or "?", reaction, clean(each.severity) or "–", source(said, voice)]


def source(said: Said[Any], voice: Voice) -> str:
    """Return who said it when."""
    return f"{clean(said.source.sender) or '?'} {voice.time(said.source.at)}"


def risks(patient: PatientView, voice: Voice) -> list[str]:
    """Return the groups of high-risk drugs that a patient has."""
    live = (drug.order.value for drug in patient.drugs)
    names = {high_risk(each.what, each.form, each.words) for each in live
             if each.standing not in (Standing.STOPPED, Standing.DONE)}  # fmt: skip
    return [label(name, voice.language) for name in sorted(names) if name]
