"""The sheet on which the giving of drugs is signed: what is due, and what was given last.

Comes in: a row of the census, how many hours it is for. Goes out: plain data for the template. A time is printed into a
cell only where the prescription says it, or where the hospital has set the usual times of that frequency (and then it
says so): else the cell is for the time as well. A drug that is held, whose stop date has passed, or of which it is not
known how it stands, is on the sheet and says so. What was given without a prescription that is known is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from garde.downtime.census.view import Drug, Row, Said
from garde.downtime.high_risk import fold, high_risk, label
from garde.downtime.nouns import DrugStated, GivenStated, Standing
from garde.downtime.packs.basis import Basis
from garde.downtime.packs.voice import Voice, clean, clean_lines

_CLOCK = re.compile(r"(?<![0-9])([01]?[0-9]|2[0-3]):?([0-5][0-9])(?![0-9])")
_WORD = re.compile(r"[a-z]+")
_EVERY = re.compile(r"Q(\d{1,2})H", re.IGNORECASE)
# How often in a day a usual word is: what is not here gets as many cells as a thing that nobody has explained.
_DAILY: Final[Mapping[str, int]] = {
    "QD": 1, "OD": 1, "DAILY": 1, "QAM": 1, "QPM": 1, "QHS": 1, "HS": 1, "ONCE": 1, "STAT": 1, "1X/D": 1,
    "BID": 2, "TID": 3, "QID": 4, "QAC": 3, "PC": 3, "AC": 3, "QOD": 1, "1X/J": 1, "2X/J": 2, "3X/J": 3, "4X/J": 4,
}  # fmt: skip
_UNKNOWN: Final = 5  # cells a day where the frequency says nothing
_AS_NEEDED: Final = 10  # two lines of boxes: they cost no room beside the words
_MOST: Final = 72  # cells of one drug: hourly for three days
_STEM: Final = 5  # letters: "amoxi" is in amoxicillin, "asp" would be in too much
_LATE_S: Final = 72 * 3600.0
_DAY_H: Final = 24
_REFUSED: Final = ("RE", "NA", "PA")
_ENDED: Final = (Standing.STOPPED, Standing.DONE)
_GROUPS: Final = ("high_risk", "infusions", "other_drugs", "needed_drugs")  # in the order of the sheet


def mar(row: Row, basis: Basis) -> dict[str, Any]:
    """Return the sheet of one patient."""
    voice, since = basis.voice, basis.made_at - _LATE_S
    drugs = row.patient.drugs
    ended = [drug for drug in drugs if drug.order.value.standing in _ENDED]
    known = {drug.order.value.number for drug in drugs}
    given = [each for each in row.patient.given if (each.value.at or 0.0) >= since]
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in _GROUPS}
    lines = [_line(drug, row, basis) for drug in drugs if drug not in ended]
    for line in sorted(lines, key=lambda each: (each["name"].casefold(), each["dose"])):
        groups[line["group"]].append(line)
    return {
        "window": voice("mar_window", hours=basis.mar_hours, time=voice.time(basis.made_at)),
        "groups": [{"name": voice(name), "kind": name, "lines": found} for name, found in groups.items() if found],
        "stray": [_given(each, voice) for each in given if each.value.number not in known],
        "stopped": [f"{_name(drug.order.value)} ({voice.time(drug.order.source.at)})" for drug in ended
                    if drug.order.source.at >= since],
    }  # fmt: skip


def _line(drug: Drug, row: Row, basis: Basis) -> dict[str, Any]:
    order, voice = drug.order.value, basis.voice
    risk = high_risk(order.what, order.form, order.words)
    cells, usual = _cells(order, basis)
    group = "high_risk" if risk else "needed_drugs" if order.as_needed else "infusions" if order.rate else "other_drugs"
    return {
        "group": group,
        "risk": label(risk, voice.language).upper() if risk else "",
        "name": _name(order),
        "dose": clean(" ".join(filter(None, (order.dose, order.unit)))) or ("" if order.rate else voice("no_dose")),
        "form": clean(order.form),
        "route": clean(order.route) or voice("no_route"),
        "often": _often(order, voice),
        "needed": voice("as_needed") if order.as_needed else "",
        "rate": voice("rate", rate=clean(order.rate)) if order.rate else "",
        "dates": _dates(order, basis),
        "words": clean_lines(order.words),
        "by": voice("prescribed_by", name=clean(order.by)) if order.by else "",
        "marks": [*_clashes(order, row, voice), *_marks(order, basis)],
        "last": _last(drug, row, voice),
        "cells": cells,
        "usual": voice("times_from_ward") if usual else "",
    }


def _name(order: DrugStated) -> str:
    return clean(order.what.shown) or "?"


def _often(order: DrugStated, voice: Voice) -> str:
    text = " ".join(filter(None, (order.often, order.times)))
    return clean(text) or ("" if order.as_needed or order.rate else voice("no_often"))


def _dates(order: DrugStated, basis: Basis) -> str:
    voice, found = basis.voice, []
    if order.begins:
        found.append(voice("not_begun" if order.begins > basis.made_at else "from", time=voice.time(order.begins)))
    if order.ends:
        found.append(voice("stop", time=voice.time(order.ends)))
    return " · ".join(found)


def _marks(order: DrugStated, basis: Basis) -> list[str]:
    voice, found = basis.voice, []
    if order.standing is Standing.HELD:
        found.append(voice("held"))
    if order.standing is Standing.UNSAID:
        found.append(voice("unsaid"))
    if order.ends and order.ends < basis.made_at:
        found.append(voice("ended"))
    return found


def _clashes(order: DrugStated, row: Row, voice: Voice) -> list[str]:
    """Return the allergies whose name begins like a word of the drug's: a reminder, and no check of interactions."""
    drug = _stems(f"{order.what.text} {order.form}")
    names = [each.value.what.text for each in row.patient.allergies.items]
    return [voice("allergic_to", name=clean(name)) for name in names if drug & _stems(name)]


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in _WORD.findall(fold(text)) if len(word) >= _STEM}


# --- what was given ---------------------------------------------------------------------------------------------------


def _last(drug: Drug, row: Row, voice: Voice) -> list[dict[str, Any]]:
    """Return the last giving, what came after it and was none, and the last dispensing."""
    number, given = drug.order.value.number, drug.last_given
    after = given.value.at or 0.0 if given else 0.0
    refused = [
        each for each in row.patient.given
        if each.value.number == number and each.value.status in ("RE", "NA") and (each.value.at or 0.0) > after
    ]  # fmt: skip
    found = [_given(given, voice)] if given else [{"text": voice("never_given"), "loud": False}]
    found += [_given(each, voice) for each in refused[-1:]]
    if drug.last_dispensed:
        found.append({"text": voice("dispensed", time=voice.time(drug.last_dispensed.value.at)), "loud": False})
    return found


def _given(said: Said[GivenStated], voice: Voice) -> dict[str, Any]:
    each = said.value
    status = voice(f"status_{each.status}") if each.status in _REFUSED else ""
    amount = clean(" ".join(filter(None, (each.amount, each.unit))))
    parts = [voice.time(each.at), amount, clean(each.by)]
    name = clean(each.what.shown)
    return {"text": "\n".join(filter(None, parts)), "status": status, "loud": bool(status), "name": name}


# --- cells to sign ----------------------------------------------------------------------------------------------------


def _cells(order: DrugStated, basis: Basis) -> tuple[list[str], bool]:
    """Return the words in each cell ("" for a time to be written), and whether they are the hospital's usual times."""
    if order.as_needed:
        return [""] * max(_AS_NEEDED * basis.mar_hours // _DAY_H, _AS_NEEDED), False
    said = _CLOCK.findall(order.times)
    usual = _CLOCK.findall(basis.rounds.get(order.often.upper(), "")) if not said else []
    times = sorted({(int(hour), int(minute)) for hour, minute in said or usual})
    if times:
        return [_cell(at, basis) for at in _due(times, order, basis)][:_MOST], bool(usual)
    return [""] * min(max(_per_day(order.often) * basis.mar_hours // _DAY_H, 1), _MOST), False


def _per_day(often: str) -> int:
    words = often.upper().split()
    every = _EVERY.fullmatch(words[0]) if words else None
    if every and int(every[1]):
        return max(_DAY_H // int(every[1]), 1)
    return max((_DAILY[word] for word in words if word in _DAILY), default=_UNKNOWN)


def _due(times: list[tuple[int, int]], order: DrugStated, basis: Basis) -> Iterator[datetime]:
    """Yield the moments from now to the end of the sheet, in the hospital's own time; none after the drug's end."""
    begin = basis.voice.local(basis.made_at)
    end = basis.made_at + basis.mar_hours * 3600
    for day in range(-1, basis.mar_hours // _DAY_H + 2):
        for hour, minute in times:
            at = (begin + timedelta(days=day)).replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
            if max(basis.made_at, order.begins or 0.0) <= at.timestamp() < min(end, order.ends or end):
                yield at


def _cell(at: datetime, basis: Basis) -> str:
    return f"{at.day}/{at.month} {at:%H:%M}"
