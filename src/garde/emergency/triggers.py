"""When the plan's triggers fit.

Comes in: the plan, how services stood and stand, severities. Goes out: the trigger that one entry made fit, the gravest
of them. Pure. The rules, one test each:

1. A trigger fits where an open incident is as severe as it says, or so many of the services that it names are in one of
   its states, or its task is overdue.
2. It is heard when it begins to fit, and again only after it did not fit in between: a rejected proposal is not made
   again by the same cause.
3. Of several that begin to fit at once the gravest phase counts.
4. A trigger only leads up: what asks for a phase that is in force, proposed already or less grave is not heard.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.emergency.care_fold import worst
from garde.emergency.check import ANY
from garde.emergency.memory import State
from garde.emergency.nouns import Plan, Trigger
from garde.emergency.services import Standing, stopped
from garde.estate.look import Lookup


@dataclass(frozen=True, slots=True)
class Fired:
    """A trigger that begins to fit."""

    trigger: Trigger
    services: tuple[str, ...]
    reason: str  # severity | service | task


def by_services(plan: Plan, look: Lookup, before: dict[str, Standing], after: dict[str, Standing]) -> list[Fired]:
    """Return the triggers that the change of services made fit."""
    fired = []
    for trigger in plan.triggers:
        if not trigger.services:
            continue
        now = _matching(trigger, look, after)
        if len(now) >= trigger.count > len(_matching(trigger, look, before)):
            fired.append(Fired(trigger, now, "service"))
    return fired


def _matching(trigger: Trigger, look: Lookup, standing: dict[str, Standing]) -> tuple[str, ...]:
    if ANY in trigger.services:
        return stopped(look, standing, trigger.states)
    return tuple(name for name in trigger.services if name in standing and standing[name].state in trigger.states)


def by_severity(plan: Plan, state: State) -> list[Fired]:
    """Return the triggers that the incident in hand made fit."""
    now, before = worst(state), state.news.severity
    return [Fired(each, (), "severity") for each in plan.triggers if each.severity and before < each.severity <= now]


def by_task(plan: Plan, task: str) -> list[Fired]:
    """Return the triggers that wait for this task to be overdue."""
    return [Fired(each, (), "task") for each in plan.triggers if each.task == task]


def gravest(plan: Plan, state: State, fired: list[Fired]) -> Fired | None:
    """Return the one that counts; None where none leads up."""
    floor = max(
        plan.rank(state.activation.phase) if state.activation else -1,
        max((plan.rank(each.phase) for each in state.proposals.values()), default=-1),
    )
    up = [each for each in fired if plan.rank(each.trigger.phase) > floor or _is_automatic(plan, state, each)]
    # Of equals the one that asks nobody, then the first of the plan.
    return max(up, key=lambda each: (plan.rank(each.trigger.phase), each.trigger.needs == "automatic"), default=None)


def _is_automatic(plan: Plan, state: State, fired: Fired) -> bool:
    """What is only proposed does not keep the plan from triggering the same phase where it asks nobody."""
    in_force = plan.rank(state.activation.phase) if state.activation else -1
    return fired.trigger.needs == "automatic" and plan.rank(fired.trigger.phase) > in_force
