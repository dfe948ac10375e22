"""Whether the plan can be lifted: each criterion, met or not, and why.

Comes in: the state, the estate, the time. Goes out: `Judged` for each criterion of the plan. Pure; it lifts nothing.
The rules, one test each:

1. `services`: no clinical service is worse than working, and none was for so long.
2. `quiet`: no harm for so long.
3. `tasks`: no task of the plan is open.
4. `told`: of every way in, everybody has said that the state in force is understood.
5. `hand`: a person said so, and it was not taken back.
6. What a person says of the others does not change them: whoever lifts the plan all the same accepts the exception.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.emergency.memory import WORKS, State
from garde.emergency.nouns import Criterion
from garde.emergency.services import standings
from garde.estate.look import Lookup


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion."""

    criterion: Criterion
    met: bool
    since: float = 0.0  # services, quiet: since when it is so; 0 where it is not, or always was
    open: tuple[str, ...] = ()  # services, tasks or ways in that keep it from being met
    by: str = ""  # who said so


def judge(state: State, look: Lookup, now: float) -> tuple[Judged, ...]:
    """Return every criterion of the plan in force; none where there is no plan."""
    found = state.plan.stand_down if state.plan else ()
    return tuple(_judge(state, look, each, now) for each in found)


def unmet(state: State, look: Lookup, now: float) -> tuple[str, ...]:
    """Return the ids of what is not met."""
    return tuple(each.criterion.id for each in judge(state, look, now) if not each.met)


def _judge(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    match criterion.check:
        case "services":
            return _services(state, look, criterion, now)
        case "quiet":
            since = state.last_harm
            return Judged(criterion, now - since >= criterion.for_s, since)
        case "tasks":
            tasks = state.activation.tasks.values() if state.activation else ()
            left = tuple(each.id for each in tasks if each.open)
            return Judged(criterion, not left, open=left)
        case "told":
            silent = tuple(name for name, each in state.diversions.items() if each.silent())
            return Judged(criterion, not silent, open=silent)
    said = state.activation.criteria.get(criterion.id) if state.activation else None
    return Judged(criterion, bool(said and said.met), said.at if said else 0.0, by=said.by if said else "")


def _services(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    standing = standings(look, state.picture())
    clinical = {each.id for each in look.estate.services if each.clinical}
    bad = tuple(name for name, each in standing.items() if name in clinical and each.state != WORKS)
    if bad:
        return Judged(criterion, False, open=bad)
    changes = [each.since for name, each in state.services.items() if name in clinical]
    since = max(changes, default=0.0)
    return Judged(criterion, now - since >= criterion.for_s, since)
