"""Whether what a server needs is verified.

Comes in: the state, the estate, a machine, the time. Goes out: what speaks against it. Pure. The rules, one test each:

1. A need that is on its way back is verified from its stage *verified* on, and no more once it is cut again.
2. A need that is planned and has not begun is not verified.
3. A need that nobody leads back counts where it was not hit, is not cut off and its agent is not silent.
4. Machines that need each other in a circle are verified together: each counts for the others once it is isolated and
   all its other items are fine, and everything that it needs outside the circle is verified.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from garde.estate.look import Lookup
from garde.model.restart import Stage, Status
from garde.recovery import reasons as r
from garde.recovery.memory import CHECKED, State
from garde.recovery.order import HIT, circle_of, needs_of
from garde.recovery.reasons import Reason, because


class _OthersFine(Protocol):
    def __call__(self, state: State, look: Lookup, machine: str, now: float) -> bool: ...


def against(state: State, look: Lookup, machine: str) -> Iterator[Reason]:
    """Yield each need that is not verified, and why. Those of the same circle are judged by `circle_against`."""
    circle = circle_of(look, machine)
    for need in needs_of(look, machine):
        if need not in circle and (reason := why_not(state, look, need)):
            yield reason


def circle_against(state: State, look: Lookup, machine: str, now: float, others_fine: _OthersFine) -> Iterator[Reason]:
    """Yield the machines of the same circle that cannot be verified yet. Rule 4."""
    for each in circle_of(look, machine):
        if each == machine or state.step(each).stage in CHECKED:
            continue
        ready = state.step(each).stage == Stage.ISOLATED and others_fine(state, look, each, now)
        if not ready or any(True for _ in against(state, look, each)):
            yield because(r.G_NEED_CIRCLE, need=each)


def why_not(state: State, look: Lookup, need: str) -> Reason | None:
    """Return why this machine cannot be relied on; None where it can. Rules 1 to 3."""
    step = state.step(need)
    if step.round or is_planned(state, need):
        return None if step.stage in CHECKED else because(r.G_NEED_STAGE, need=need)
    status = state.rating(need).status
    if status in HIT or status == Status.REBUILT:
        return because(r.G_NEED_HIT, need=need, status=status)
    if need in state.cut_off:
        return because(r.G_NEED_CUT, need=need)
    if need in state.agents and state.agents[need].silent:
        return because(r.G_NEED_SILENT, need=need)
    return None


def is_planned(state: State, machine: str) -> bool:
    """Whether a wave names it."""
    return state.plan is not None and any(machine in wave for wave in state.plan.waves)
