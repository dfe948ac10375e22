"""How far every server has come, and what keeps each from its next stage.

Comes in: the state, the estate, the time. Goes out: reasons (none: it goes on), rows for the pages. Pure; `policy.py`
moves exactly what nothing here keeps. The rules, one test each:

1. Waiting: somebody has begun, and its isolation is proven; or a named person accepts for a time that it is not.
2. Isolated: the items 1 to 11 are fine.
3. Watched: the time is over, all thirteen items are fine, no other cut holds it, nothing was seen in this round.
4. Open for listed flows: the same, once more, after that time or where somebody who may wanted it opened before; and
   where something was seen in a return since, only by such a person's word from after it.
5. Cut again: somebody begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.look import Lookup
from garde.model.restart import Item, Stage
from garde.recovery import may
from garde.recovery import reasons as r
from garde.recovery.gates import FIRST_ELEVEN, gate_of
from garde.recovery.items import Case
from garde.recovery.judged import Gate, Row, Span, Wave
from garde.recovery.memory import Said, State, Step
from garde.recovery.needs import is_planned
from garde.recovery.order import needs_of
from garde.recovery.reasons import Reason, because

_NUMBER: Final = {item: number for number, item in enumerate(Item, 1)}


def blocked(state: State, look: Lookup, machine: str, now: float) -> tuple[Reason, ...]:
    """Return what keeps a server from its next stage; () where nothing does, or it is open."""
    return tuple(dict.fromkeys(_against(state, look, machine, now)))


def _against(state: State, look: Lookup, machine: str, now: float) -> Iterator[Reason]:
    step = state.step(machine)
    match step.stage:
        case Stage.WAITING:
            yield from _waiting(state, look, step, now)
        case Stage.ISOLATED:
            yield from _items(gate_of(state, look, machine, now), FIRST_ELEVEN)
        case Stage.OBSERVING:
            if not step.observed:
                yield because(r.B_UNTIL, until=f"{step.due:.0f}")
            yield from _opening(state, look, step, now)
        case Stage.LISTED:
            opener = find_opener(state, look, step)
            if not step.listed and opener is None:
                yield because(r.B_LISTED_UNTIL, until=f"{step.due:.0f}")
            elif state.relapse is not None and state.relapse.seq > step.seq and opener is None:
                yield because(r.B_RELAPSE, machine=state.relapse.machine)
            yield from _opening(state, look, step, now)
        case Stage.RECUT:
            yield because(r.B_RECUT)


def _waiting(state: State, look: Lookup, step: Step, now: float) -> Iterator[Reason]:
    """Rule 1."""
    if not step.round:
        yield because(r.B_NOT_BEGUN)
        return
    if not step.proven and accepted_by(state, look, step.machine, now) is None:
        failed = step.isolation is not None and step.isolation.lost
        yield because(r.B_ISOLATION_FAILED if failed else r.B_ISOLATION)


def accepted_by(state: State, look: Lookup, machine: str, now: float) -> Said | None:
    """Return the exception by which somebody accepts that the isolation of this server is not proven."""
    case = Case(state, look, machine, now)
    given = case.exception(Item.NETWORK)
    return given if given is not None and case.in_force(given) else None


def _opening(state: State, look: Lookup, step: Step, now: float) -> Iterator[Reason]:
    """Rules 3 and 4."""
    if step.seen:
        yield because(r.B_RECUT)
    for cut in state.cut_off.get(step.machine, ()):
        yield because(r.B_CUT, cut=cut)
    yield from _items(gate_of(state, look, step.machine, now), tuple(Item))


def _items(gate: Gate, wanted: tuple[Item, ...]) -> Iterator[Reason]:
    for each in gate.items:
        if each.item in wanted and not each.fine:
            yield because(r.B_ITEM, number=_NUMBER[Item(each.item)])
            yield from each.reasons


def find_opener(state: State, look: Lookup, step: Step) -> str | None:
    """Return who wanted a server opened fully, and may: the last, since it was listed and since any relapse."""
    after = max(step.seq, state.relapse.seq if state.relapse is not None else 0)
    for each in reversed(step.opening):
        if each.seq > after and may.may(look, may.OPEN, each.by, each.role, step.machine):
            return each.by
    return None


# --- for the pages ----------------------------------------------------------------------------------------------------


def waves_of(state: State, look: Lookup, now: float) -> tuple[Wave, ...]:
    """Return every planned server, and last those on their way that no wave names (wave 0)."""
    planned = state.plan.waves if state.plan is not None else []
    waves = [
        Wave(number, tuple(_row(state, look, name, number, now) for name in wave))
        for number, wave in enumerate(planned, 1)
    ]
    others = [name for name, step in state.steps.items() if step.round and not is_planned(state, name)]
    if others:
        waves.append(Wave(0, tuple(_row(state, look, name, 0, now) for name in others)))
    return tuple(waves)


def _row(state: State, look: Lookup, machine: str, wave: int, now: float) -> Row:
    step = state.step(machine)
    gate = gate_of(state, look, machine, now)
    return Row(
        machine, wave, step.stage, step.round, state.rating(machine).status, step.since, step.due,
        step.isolation.id if step.isolation else "", step.proven,
        blocked(state, look, machine, now), sum(each.fine for each in gate.items), needs_of(look, machine),
        tuple(each.id for each in look.services_of(machine)), _spans(step),
    )  # fmt: skip


def _spans(step: Step) -> tuple[Span, ...]:
    ends = [*(each.at for each in step.history[1:]), 0.0]
    return tuple(
        Span(each.stage, each.round, each.at, end, each.why, each.by)
        for each, end in zip(step.history, ends, strict=False)  # none where it has not begun
    )
