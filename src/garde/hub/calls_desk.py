"""What people do and see about calling, for the API and the console alike.

Comes in: the loop, who asks, what was typed. Goes out: entries; and `CallBoard`: who was called when over what, the
channels with what they survive, who is on duty now and next. It calls nobody itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from garde.clock import Clock, iso
from garde.errors import NotFound, UsageError
from garde.estate.look import Lookup
from garde.hub.loop import Loop
from garde.hub.person_acts import note_text
from garde.journal.entry import Entry
from garde.journal.oncall_kinds import CallTestAsked, DutyChanged, DutyDropped
from garde.oncall.duty import next_change, on_duty
from garde.oncall.memory import Call, State
from garde.oncall.survive import falls_with, hangs_on, survives_outside

T = TypeVar("T")
LONGEST_H = 14 * 24.0  # of an override
SHOWN = 50  # calls on one page


@dataclass(frozen=True, slots=True)
class PageRow:
    """One page."""

    at: float
    channel: str
    person: str  # estate id; "" a place
    purpose: str
    outcome: str  # "" under way | taken | failed
    detail: str


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call."""

    notice: str
    kind: str
    about: str
    needed_at: float
    state: str  # open | known | unanswered | over
    urgent: bool
    acked: tuple[tuple[str, float], ...]  # person, when
    texts: dict[str, str]
    pages: tuple[PageRow, ...]


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel."""

    name: str
    kind: str
    reach: str
    alive: bool | None
    since: float
    reason: str
    falls_now: str  # machine or service by whose cut it falls now; "" it stands
    outside: bool  # survives the cut of the outside
    hangs_on: tuple[str, ...]  # machines whose loss takes it down


@dataclass(frozen=True, slots=True)
class DutyRow:
    """Who is on duty for one role."""

    role: str
    now: tuple[str, ...]
    until: float  # when another is called first; 0: always the same
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """One change of the rota."""

    id: str
    role: str
    people: tuple[str, ...]
    since: float
    until: float
    by: str


@dataclass(frozen=True, slots=True)
class CallBoard:
    """Everything."""

    configured: bool
    calls: tuple[CallRow, ...]  # the newest first
    channels: tuple[ChannelRow, ...]
    duty: tuple[DutyRow, ...]
    overrides: tuple[OverrideRow, ...]
    test_due: float


@dataclass(frozen=True, slots=True)
class CallsNow:
    """What is seen of it in one glance."""

    configured: bool
    calls: tuple[CallRow, ...]  # the newest first
    on_duty: tuple[str, ...]  # in the first role that has anybody


def calls_now(loop: Loop, now: float) -> CallsNow:
    """Return what is seen in one glance: nothing of channels, nor of who is on duty later."""
    look = loop.estate
    return _take(loop, lambda state: _now(state, look, now))


def _now(state: State, look: Lookup, now: float) -> CallsNow:
    duty = (on_duty(look, state.overrides, role, now) for role in _roles(state, look))
    return CallsNow(bool(state.channels), _calls(state), next(filter(None, duty), ()))


def call_board(loop: Loop, now: float) -> CallBoard:
    """Return how calling stands."""
    look = loop.estate
    for note in _take(loop, lambda state: [each.note for each in state.channels.values()]):
        hangs_on(look, note)  # once for an estate, and not under the lock that every report waits for
    return _take(loop, lambda state: _board(state, look, now))


def _board(state: State, look: Lookup, now: float) -> CallBoard:
    return CallBoard(
        configured=bool(state.channels),
        calls=_calls(state),
        channels=tuple(_channels(state, look)),
        duty=tuple(_duty(state, look, role, now) for role in _roles(state, look)),
        overrides=tuple(
            OverrideRow(name, each.role, tuple(each.people), each.since, each.until, each.by)
            for name, each in state.overrides.items()
            if each.until > now
        ),
        test_due=state.test_due,
    )


def _roles(state: State, look: Lookup) -> list[str]:
    return list(dict.fromkeys([*state.rules.roles, *(line.role for line in look.estate.rota)]))


def _calls(state: State) -> tuple[CallRow, ...]:
    last = sorted(state.calls.values(), key=lambda each: (not each.wanted, -each.seq))[:SHOWN]
    pages: dict[str, list[PageRow]] = {each.notice: [] for each in last}
    for page in state.pages.values():
        row = PageRow(page.at, page.channel, page.person, page.purpose, page.outcome, page.detail)
        for notice in page.notices:
            if notice in pages:
                pages[notice].append(row)
    return tuple(_call(each, pages[each.notice]) for each in last)


def _call(call: Call, pages: Sequence[PageRow]) -> CallRow:
    return CallRow(
        call.notice, call.kind, call.about, call.needed_at, call.state, call.urgent, tuple(call.acked.items()),
        dict(call.texts), tuple(pages),
    )  # fmt: skip


def _channels(state: State, look: Lookup) -> list[ChannelRow]:
    return [
        ChannelRow(
            each.note.name, each.note.kind, each.note.reach, each.alive, each.since, each.reason,
            falls_with(look, each.note, list(state.machines)), survives_outside(look, each.note),
            hangs_on(look, each.note),
        )
        for each in state.channels.values()
    ]  # fmt: skip


def _duty(state: State, look: Lookup, role: str, now: float) -> DutyRow:
    until = next_change(look, state.overrides, role, now)
    then = on_duty(look, state.overrides, role, until) if until else ()
    return DutyRow(role, on_duty(look, state.overrides, role, now), until, then)


# --- acts -------------------------------------------------------------------------------------------------------------


def stand_in(
    loop: Loop, clock: Clock, by: str, *, role: str, people: Sequence[str], hours: float, note: str = ""
) -> list[Entry]:
    """Put people on duty from now on, for so many hours."""
    look, now = loop.estate, clock.now()
    if unknown := [each for each in people if each not in look.people]:
        raise NotFound(f"the estate knows no person {unknown[0][:64]!r}", "see `garde estate show`")
    if not people or not 0 < hours <= LONGEST_H:
        raise UsageError("name a person, and 1 to 336 hours")
    known = {line.role for line in look.estate.rota} | {each for it in look.estate.people for each in it.roles}
    if role not in known:
        raise NotFound(f"nobody in the estate has the role {role[:64]!r}", "see the rota in hospital.yaml")
    name = "d-" + hashlib.sha256(f"{role}{people}{now}{by}".encode()).hexdigest()[:10]
    payload = DutyChanged(name, role, tuple(people), now, now + hours * 3600, by, note_text(note))
    return loop.append([payload], who=f"person/{by}")


def take_back(loop: Loop, by: str, duty: str) -> list[Entry]:
    """Take a change of the rota back."""
    if not _take(loop, lambda state: duty in state.overrides):
        raise NotFound("there is no such change of the rota")
    return loop.append([DutyDropped(duty, by)], who=f"person/{by}")


def test_call(loop: Loop, clock: Clock, by: str) -> list[Entry]:
    """Ask for a real test call, now."""
    if not _take(loop, lambda state: bool(state.channels)):
        raise UsageError("no channel is set up: nobody can be called", "docs/calling.md")
    return loop.append([CallTestAsked(iso(clock.now())[:19], by)], who=f"person/{by}")


def _take(loop: Loop, function: Callable[[Any], T]) -> T:
    return loop.look("oncall", function)
