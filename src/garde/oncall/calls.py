"""Whom to call next about a call, and over which channel: the steps of the policy.

Comes in: the state, the estate, a moment. Goes out: persons, channels with addresses, and the time of the next step.
Pure. Persons are estate ids.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from garde.estate.look import Lookup
from garde.journal.oncall_kinds import ChannelNote
from garde.oncall import memory as m
from garde.oncall.duty import on_duty
from garde.oncall.memory import Call, Paged, State
from garde.oncall.survive import falls_with

PERSON, PLACE = "person", "place"
TURNS: Final = 12  # how often one person is called about one thing: past it the phone tree has to do
EPS: Final = 0.001  # seconds: entries keep microseconds


@dataclass(frozen=True, slots=True)
class Way:
    """One channel by which somebody can be reached."""

    channel: str
    address: str
    besides: bool = False


# --- who --------------------------------------------------------------------------------------------------------------


def candidates(state: State, look: Lookup, call: Call, at: float) -> tuple[str, ...]:
    """Return whom a call is for, in the order in which they are called."""
    on_call = [person for role in call.roles for person in on_duty(look, state.overrides, role, at)]
    known = [person for person in call.people if person in look.people]
    return tuple(dict.fromkeys([*known, *on_call]))


def reachable(state: State, look: Lookup, call: Call, at: float) -> tuple[str, ...]:
    """Return the candidates whom any channel reaches at all."""
    return tuple(each for each in candidates(state, look, call, at) if ways(state, look, each))


def missing(state: State, look: Lookup, call: Call, at: float) -> tuple[str, ...]:
    """Return who was to know and does not."""
    return tuple(each for each in candidates(state, look, call, at) if each not in call.acked)


def due(state: State, look: Lookup, call: Call, at: float) -> list[str]:
    """Return whom this step calls; nobody where it is too early for everybody."""
    waiting = [each for each in reachable(state, look, call, at) if each not in call.acked]
    new = [each for each in waiting if each not in call.paged]
    stale = [each for each in waiting if each in call.paged and call.paged[each].generation < call.generation]
    if stale:
        return stale  # what is asked has changed since: whoever was asked hears of it first
    if call.all_must:
        again = [each for each in waiting if each in call.paged and _may_again(state, call, call.paged[each], at)]
        return [*new, *again]
    if new:
        return new[: max(1, call.count - len(call.acked))] if not call.begun else new[:1]
    return [each for each in waiting if _may_again(state, call, call.paged[each], at)]


def _may_again(state: State, call: Call, paged: Paged, at: float) -> bool:
    return paged.times < TURNS and at >= paged.at + _interval(state, call) - EPS


def _interval(state: State, call: Call) -> float:
    """Until one who was called is called again."""
    return state.rules.step_s if call.all_must and call.state == m.OPEN else state.rules.again_s


def not_before(state: State, call: Call, person: str, at: float) -> float:
    """Return when this person may be called: not twice within the gap, not too often within the hour."""
    sent = state.sent.get(person, [])
    earliest = sent[-1] + state.rules.gap_s if sent else at
    first = call.urgent and person not in call.paged
    recent = [each for each in sent if each > at - 3600.0]
    if not first and len(recent) >= state.rules.per_hour:
        earliest = max(earliest, recent[-state.rules.per_hour] + 3600.0)
    return max(at, earliest) if earliest > at + EPS else at


def next_step(
    state: State, look: Lookup, call: Call, at: float, *, now: Collection[str], later: Mapping[str, float]
) -> float:
    """Return when the next step is due, given who is called now and when who was put off may be; 0: never."""
    waiting = [each for each in reachable(state, look, call, at) if each not in {*call.acked, *later}]
    new = [each for each in waiting if each not in call.paged and each not in now]
    times = list(later.values())
    if new and not later and not call.all_must:
        last = at if now else max((each.at for each in call.paged.values()), default=at)
        times.append(last + state.rules.step_s)
    elif not new:
        interval = _interval(state, call)
        times += [at + interval for each in now]
        called = [call.paged[each] for each in waiting if each not in now]
        times += [each.at + interval for each in called if each.times < TURNS]
    return max(min(times), at + EPS) if times else 0.0


# --- how --------------------------------------------------------------------------------------------------------------


def ways(state: State, look: Lookup, person: str, turn: int = 1) -> list[Way]:
    """Return every way to a person: what works first, in the order of the file."""
    found = look.people.get(person)
    if found is None:
        return []
    able: list[tuple[bool, Way]] = []
    for channel in state.channels.values():
        note = channel.note
        if note.reach != PERSON or (note.people and person not in note.people):
            continue
        address = _address(note, found.phones, found.mail, turn)
        if address or not note.by:
            works = channel.alive is not False and not falls_with(look, note, list(state.machines))
            able.append((not works, Way(note.name, address, note.besides)))
    return [way for _, way in sorted(able, key=lambda each: each[0])]


def chosen(state: State, look: Lookup, person: str, turn: int, every: bool) -> list[Way]:
    """Return the ways that one page takes: the best one, and those that take every page."""
    all_ways = ways(state, look, person, turn)
    if every:
        return all_ways
    first = next((each for each in all_ways if not each.besides), None) or next(iter(all_ways), None)
    return [each for each in all_ways if each is first or each.besides]


def places(state: State) -> list[ChannelNote]:
    """Return the channels of places: printer, siren."""
    return [each.note for each in state.channels.values() if each.note.reach == PLACE]


def takes(note: ChannelNote, about: str) -> bool:
    """Whether a place is told of this kind of call."""
    return not note.about or about in note.about


def is_lost(state: State, look: Lookup, call: Call, person: str) -> bool:
    """Whether every way to a person has failed in this turn."""
    paged = call.paged.get(person)
    if paged is None:
        return False
    names = {each.channel for each in ways(state, look, person, paged.times)}
    return not paged.open and paged.taken <= 0 and names <= set(paged.tried)


def _address(note: ChannelNote, phones: tuple[str, ...], mail: str, turn: int) -> str:
    if note.by == "phone":
        return phones[(turn - 1) % len(phones)] if phones else ""
    return mail if note.by == "mail" else ""
