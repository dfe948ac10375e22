"""The few moments of an incident that everybody asks for, and the story in groups of minutes.

Comes in: an incident, its entries, the lines of its story. Goes out: `Moment`s in order of time, each with how long
after the first harm it came; `Minute`s with their lines, the newest first. Nothing is guessed: a moment that has not
come is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from garde.hub.board import Incident
from garde.hub.console.names import Names
from garde.hub.console.views.incident import Told
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.speech import Said, mark

MOMENTS = {
    "harm": mark("first harm"),
    "held": mark("stopped on that server"),
    "ordered": mark("cut ordered"),
    "proven": mark("cut proven"),
    "back": mark("first files put back"),
    "answered": mark("somebody is there"),
    "over": mark("declared over"),
}
TONES = {"harm": "bad", "held": "good", "proven": "good", "back": "good"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One of them."""

    name: Said
    at: float
    after: Said  # "" for the first
    tone: str


@dataclass(frozen=True, slots=True)
class Minute:
    """The lines of one minute."""

    at: float  # of its newest line
    after: Said  # since the first harm
    lines: tuple[Told, ...]


def moments(incident: Incident, entries: Iterable[Entry], names: Names) -> list[Moment]:
    """Return what there is of them."""
    found = {"harm": incident.first_harm}
    for entry in entries:
        name = _moment(entry)
        if name:
            found.setdefault(name, entry.at)
    ordered = sorted(found.items(), key=lambda each: (each[1], each[0] != "harm"))
    return [
        Moment(
            names.say.word(MOMENTS, name), at, after(at - incident.first_harm, names) if name != "harm" else Said(""),
            TONES.get(name, "note"),
        )
        for name, at in ordered
    ]  # fmt: skip


def _moment(entry: Entry) -> str:  # noqa: PLR0911 - one word for each kind
    match entry.payload:
        case k.ActorHeld():
            return "held"
        case h.CutChanged(state="asked"):
            return "ordered"
        case h.CutChanged(state="proven"):
            return "proven"
        case k.RestoreFinished(restored=count) if count:
            return "back"
        case h.IncidentAnswered():
            return "answered"
        case h.IncidentClosed():
            return "over"
    return ""


def minutes(told: Sequence[Told], first_harm: float, names: Names) -> list[Minute]:
    """Return the lines in groups, the newest minute first."""
    groups: list[list[Told]] = []
    for line in told:
        if groups and int(groups[-1][-1].at // 60) == int(line.at // 60):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [Minute(lines[0].at, after(lines[0].at - first_harm, names), tuple(lines)) for lines in groups]


def after(seconds: float, names: Names) -> Said:
    """Return a length of time as one reads it at a glance: +0.4 s, +42 s, +3 min 12 s, +2 h 5 min."""
    whole = max(int(seconds), 0)
    if seconds < 10:
        return names.say("+{n} s", n=names.say.tenths(max(seconds, 0.0)))
    if whole < 60:
        return names.say("+{n} s", n=whole)
    if whole < 3600:
        return names.say("+{m} min {n} s", m=whole // 60, n=whole % 60)
    return names.say("+{h} h {m} min", h=whole // 3600, m=whole % 3600 // 60)
