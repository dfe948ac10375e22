"""The order of restart as somebody is about to decide it: a wave for each server, read from a form without script.

Comes in: waves (proposed, in force, or typed), what the hospital's file says against them. Goes out: `Draft`, and from
a form the waves that it means. `seen` stands for the warnings that a page showed: deciding counts only for those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from garde.errors import UsageError
from garde.hub.console.names import Names
from garde.journal.speech import Said

SPARE: Final = 2  # further waves that can be chosen than there are
MOST: Final = 60  # waves
LONGEST_H: Final = 24.0 * 60
FIELD: Final = "wave."

Waves = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One server."""

    id: str
    name: Said
    services: Said
    wave: int


@dataclass(frozen=True, slots=True)
class Draft:
    """The form."""

    rows: tuple[DraftRow, ...]
    most: int  # waves that can be chosen
    observe: str  # hours
    listed: str
    warnings: tuple[Said, ...]
    seen: str
    looked: bool  # somebody changed it just now: nothing is decided


def draft(
    waves: Sequence[Sequence[str]], others: Iterable[str], names: Names, *, hours: tuple[float, float],
    warnings: Sequence[Said] = (), looked: bool = False,
) -> Draft:  # fmt: skip
    """Return the form for these waves (`hours` in seconds); `others` are servers that are in none."""
    of = {machine: number for number, wave in enumerate(waves, 1) for machine in wave}
    rows = [*of, *(each for each in others if each not in of)]
    observe, listed = (_hours(each, names) for each in hours)
    return Draft(
        rows=tuple(
            DraftRow(each, names.machine(each), _services(each, names), of.get(each, 0)) for each in rows
        ),
        most=min(len(waves) + SPARE, MOST),
        observe=observe,
        listed=listed,
        warnings=tuple(warnings),
        seen=seen(warnings),
        looked=looked,
    )  # fmt: skip


def seen(warnings: Sequence[Said]) -> str:
    """Return what stands for these warnings."""
    return hashlib.sha256("\n".join(warnings).encode()).hexdigest()[:16]


def waves_of_form(fields: Mapping[str, str]) -> Waves:
    """Return the waves that a form means, without gaps; UsageError for a number that is none."""
    found: dict[int, list[str]] = {}
    for name, value in fields.items():
        if name.startswith(FIELD):
            number = int(value) if value.isascii() and value.isdigit() else -1
            if not 0 <= number <= MOST:
                raise UsageError("this is no wave", "open the page again")
            if number:
                found.setdefault(number, []).append(name.removeprefix(FIELD))
    return tuple(tuple(found[number]) for number in sorted(found))


def seconds_of_hours(text: str) -> float:
    """Return the seconds of a number of hours that somebody typed, with a point or a comma; UsageError."""
    try:
        hours = float(text.strip().replace(",", "."))
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= LONGEST_H:  # also not a number
        raise UsageError("this is no number of hours", "write a number from 0 to 1440, for example 4 or 0.5")
    return hours * 3_600.0


def _hours(seconds: float, names: Names) -> str:
    whole = seconds / 3_600
    text = f"{whole:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", "," if names.say.tenths(0.5) == "0,5" else ".")


def _services(machine: str, names: Names) -> Said:
    found = [names.service(each.id) for each in names.look.services_of(machine)]
    return names.some(found, 2) if found else Said("")
