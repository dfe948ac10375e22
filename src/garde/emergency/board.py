"""The clinical service board: one typed result, for the console, a wall screen, paper and a public page alike.

Comes in: the state, the estate, a voice, the time. Goes out: `Board`. Pure. What goes on is on it as well: radiology
that works is said to work. It renders nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from garde.emergency.memory import CLOSED, DEGRADED, OPEN, PAPER, WORKS, State
from garde.emergency.services import Standing, standings
from garde.emergency.words import Voice
from garde.estate.nouns import Service
from garde.journal.speech import Said, long_time

ORDER: Final = (CLOSED, PAPER, DEGRADED, WORKS)  # what needs a look first


@dataclass(frozen=True, slots=True)
class Row:
    """One service."""

    id: str
    name: Said
    state: str
    word: Said
    since: float  # 0: nothing was ever said of it
    because: Said  # nearest first; "" where it works
    instead: Said  # what to do without it; "" where it works
    wards: Said  # "" where it serves the whole house
    clinical: bool
    by: Said  # the person whose word it is
    why: Said
    until: float
    enter: Said  # which data must be entered again, for what came back is older; "": none


@dataclass(frozen=True, slots=True)
class PathRow:
    """One way in."""

    id: str
    name: Said
    state: str
    word: Said
    since: float
    review: float


@dataclass(frozen=True, slots=True)
class Board:
    """See the module."""

    hospital: str
    language: str
    at: float
    phase: Said  # of the plan in force; "" where it is not
    rows: tuple[Row, ...]  # in the estate's order
    paths: tuple[PathRow, ...]

    @property
    def worst_first(self) -> tuple[Row, ...]:
        """The rows, those that need a look first; clinical ones before the others."""
        return tuple(sorted(self.rows, key=lambda each: (ORDER.index(each.state), not each.clinical)))

    def count(self, state: str) -> int:
        """Return how many services are in a state."""
        return sum(each.state == state for each in self.rows)


def as_text(value: object) -> str:
    """Return text that is marked as safe as what JSON has; for msgspec's `enc_hook`."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} stands in no board")


def as_data(board: Board) -> Any:
    """Return the board as what JSON has."""
    return msgspec.json.decode(msgspec.json.encode(board, enc_hook=as_text))


def make_board(state: State, voice: Voice, now: float) -> Board:
    """Return the board as it stands."""
    look = voice.look
    standing = standings(look, state.picture())
    return Board(
        hospital=look.estate.name,
        language=voice.language,
        at=now,
        phase=voice.phase(state.activation.phase) if state.activation else Said(""),
        rows=tuple(_row(state, voice, each, standing[each.id]) for each in look.services.values()),
        paths=_paths(state, voice),
    )


def _row(state: State, voice: Voice, service: Service, now: Standing) -> Row:
    said, override = state.service(service.id), state.overrides.get(service.id)
    bad = now.state != WORKS
    wards = [Said(voice.words(each.name, each.id)) for each in voice.look.wards_of(service.id)] if service.wards else []
    return Row(
        id=service.id,
        name=voice.service(service.id),
        state=now.state,
        word=voice.service_state(now.state),
        since=said.since,
        because=voice.say.list(_because(voice, service.id, now)) if bad else Said(""),
        instead=voice.words(service.instead) if bad else Said(""),
        wards=voice.say.list(wards),
        clinical=service.clinical,
        by=voice.person(override.by) if override else Said(""),
        why=Said(override.why) if override else Said(""),
        until=override.until if override else 0.0,
        enter=_enter(state, voice, service),
    )


def _enter(state: State, voice: Voice, service: Service) -> Said:
    """The oldest of the moments that count for the service or a machine of it: nothing later may be missed."""
    found = [state.reenter[each] for each in (service.id, *service.machines) if each in state.reenter]
    return voice.say("Data after {time} must be entered again", time=long_time(min(found))) if found else Said("")


def _because(voice: Voice, service: str, now: Standing) -> list[Said]:
    """A machine is often called like its service: no name twice, and not the service's own."""
    named = dict.fromkeys(voice.thing(each) for each in now.because)
    return [each for each in named if each != voice.service(service)]


def _paths(state: State, voice: Voice) -> tuple[PathRow, ...]:
    names = dict.fromkeys(each.id for each in voice.plan.paths) if voice.plan else {}
    rows = []
    for name in {**names, **dict.fromkeys(state.diversions)}:
        found = state.diversions.get(name)
        word = found.state if found else OPEN
        rows.append(
            PathRow(
                name, voice.path(name), word, voice.path_state(word), found.since if found else 0.0,
                found.review if found else 0.0,
            )
        )  # fmt: skip
    return tuple(rows)
