"""The plan as its page shows it: phase, tasks with their clocks, action cards, what keeps it from being lifted.

Comes in: the capability's state, a voice, the time, what the reader may. Goes out: `PlanPage`. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from garde.emergency import people, standdown
from garde.emergency.check import lines_of
from garde.emergency.memory import FLAGS, RUNNING, State
from garde.emergency.nouns import Plan
from garde.emergency.words import Voice
from garde.journal.speech import Said, short_time


@dataclass(frozen=True, slots=True)
class TaskShown:
    """One task."""

    id: str
    title: Said
    text: Said
    owner: Said
    due: Said
    left_s: float  # until it is due, below 0: late; 0: no clock
    clocked: bool
    state: str
    taken: Said
    ended: Said
    note: str
    verify: bool


@dataclass(frozen=True, slots=True)
class CardShown:
    """One action card, with who holds the role."""

    id: str
    role: Said
    title: Said
    steps: tuple[str, ...]
    people: Said
    vacant: bool
    verify: bool


@dataclass(frozen=True, slots=True)
class CriterionShown:
    """One condition for standing down."""

    id: str
    text: Said
    met: bool
    by_hand: bool
    until: float  # of the reinforced watch; 0: no end
    open: Said
    by: Said


@dataclass(frozen=True, slots=True)
class CallShown:
    """One call list that was called."""

    name: Said
    people: Said
    missing: Said
    complete: bool


@dataclass(frozen=True, slots=True)
class FlagShown:
    """One of the four ends."""

    id: str
    name: Said
    running: bool
    since: float


@dataclass(frozen=True, slots=True)
class PlanPage:
    """See the module."""

    open: tuple[TaskShown, ...]  # the most urgent first
    over: tuple[TaskShown, ...]
    cards: tuple[CardShown, ...]
    criteria: tuple[CriterionShown, ...]
    calls: tuple[CallShown, ...]
    flags: tuple[FlagShown, ...]
    unmet: int


def plan_page(state: State, voice: Voice, now: float) -> PlanPage:
    """Return everything of the plan but its head."""
    tasks = [_task(state, voice, each, now) for each in (state.activation.tasks if state.activation else ())]
    waiting = sorted((each for each in tasks if each.state == "open"), key=lambda each: (not each.clocked, each.left_s))
    criteria = tuple(_criteria(state, voice, now))
    return PlanPage(
        open=tuple(waiting),
        over=tuple(each for each in tasks if each.state != "open"),
        cards=tuple(_cards(state, voice)),
        criteria=criteria,
        calls=tuple(_calls(state, voice)),
        flags=tuple(_flags(state, voice)),
        unmet=sum(not each.met for each in criteria),
    )


def _task(state: State, voice: Voice, name: str, now: float) -> TaskShown:
    assert state.activation is not None
    found = state.activation.tasks[name]
    known = state.plan.task(name) if state.plan else None
    return TaskShown(
        id=name,
        title=voice.task(name, found.title),
        text=voice.words(known.text) if known else Said(""),
        owner=voice.role(found.owner),
        due=short_time(found.due, now) if found.due else Said(""),
        left_s=found.due - now if found.due else 0.0,
        clocked=bool(found.due),
        state=found.state,
        taken=voice.person(found.taken) if found.taken else Said(""),
        ended=voice.person(found.ended_by) if found.ended_by else Said(""),
        note=found.note,
        verify=bool(known and known.verify),
    )


def _cards(state: State, voice: Voice) -> list[CardShown]:
    plan: Plan | None = state.plan
    if plan is None:
        return []
    by_id = {each.id: each for each in plan.cards}
    found = []
    for role in plan.roles:
        card = by_id.get(role.card)
        names = [voice.person(each) for each in people.names_of(plan, voice.look, role.id)]
        language = (
            voice.language if card and voice.language in card.steps else next(iter(card.steps), "") if card else ""
        )
        found.append(
            CardShown(
                id=role.id,
                role=voice.role(role.id),
                title=voice.words(card.title) if card else Said(""),
                steps=tuple(lines_of(card.steps, language)) if card else (),
                people=voice.say.list(names),
                vacant=people.holders(plan, voice.look, role.id).nobody,
                verify=role.verify or bool(card and card.verify),
            )
        )
    return found


def _criteria(state: State, voice: Voice, now: float) -> list[CriterionShown]:
    if state.activation is None:
        return []
    name_of: dict[str, Callable[[str], str]] = {
        "services": voice.service, "tasks": voice.task, "told": voice.path, "restart": voice.thing, "paper": str,
    }  # fmt: skip
    return [
        CriterionShown(
            id=each.criterion.id,
            text=voice.words(each.criterion.text),
            met=each.met,
            by_hand=each.by_hand,
            until=each.until,
            open=voice.say.list([Said(name_of[each.criterion.check](name)) for name in each.open[:5]])
            if each.open
            else Said(""),
            by=voice.person(each.by) if each.by else Said(""),
        )
        for each in standdown.judge(state, voice.look, now)
    ]


def _calls(state: State, voice: Voice) -> list[CallShown]:
    lists = {each.id: each for each in state.plan.calls} if state.plan else {}
    return [
        CallShown(
            voice.words(lists[name].name) if name in lists else Said(name),
            voice.say.list([voice.person(each) for each in made.people]),
            voice.say.list([voice.person(each) for each in made.missing]),
            made.complete,
        )
        for name, made in (state.activation.calls.items() if state.activation else ())
    ]


def _flags(state: State, voice: Voice) -> list[FlagShown]:
    return [
        FlagShown(flag, voice.flag(flag), found.state == RUNNING, found.since)
        for flag in FLAGS
        if (found := state.flags.get(flag)) is not None
    ]
