"""Whether the plan can be lifted: each criterion, met or not, and why.

Comes in: the state, the estate, the time. Goes out: `Judged` for each criterion of the plan. Pure; it lifts nothing.
The rules, one test each:

1. `services`: no clinical service is worse than working, and none was for so long.
2. `quiet`: no harm for so long.
3. `tasks`: no task of the plan is open.
4. `told`: of every way in, everybody has said that the state in force is understood.
5. `hand`: a person said so, and it was not taken back.
6. `restart`: no server is on its way back or stands cut again, and none was cut again for so long.
7. `watch`: somebody said until when the watch goes on reinforced, and that time has not come.
8. `paper`: of each ward that worked on paper no more than so many per cent of the patients are still to be entered, as
   the downtime desk says; where no desk was ever heard it is said by hand.
9. What a person says of the others does not change them: whoever lifts the plan all the same accepts the exception.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from garde.emergency.memory import WORKS, State
from garde.emergency.nouns import Criterion
from garde.emergency.services import standings
from garde.estate.look import Lookup


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion."""

    criterion: Criterion
    met: bool
    since: float = 0.0  # services, quiet, restart: since when it is so; 0 where it is not, or always was
    open: tuple[str, ...] = ()  # services, tasks, ways in, machines or wards that keep it from being met
    by: str = ""  # who said so
    until: float = 0.0  # watch: its end
    by_hand: bool = False  # whether a person says it


def judge(state: State, look: Lookup, now: float) -> tuple[Judged, ...]:
    """Return every criterion of the plan in force; none where there is no plan."""
    found = state.plan.stand_down if state.plan else ()
    return tuple(_judge(state, look, each, now) for each in found)


def unmet(state: State, look: Lookup, now: float) -> tuple[str, ...]:
    """Return the ids of what is not met."""
    return tuple(each.criterion.id for each in judge(state, look, now) if not each.met)


def said_by_hand(state: State, criterion: Criterion) -> bool:
    """Whether a person's word on this criterion counts."""
    return criterion.check not in _CHECKS or (criterion.check == "paper" and not (state.on_paper or state.switched))


def _judge(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    check = _hand if said_by_hand(state, criterion) else _CHECKS[criterion.check]
    return check(state, look, criterion, now)


def _hand(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    said = state.activation.criteria.get(criterion.id) if state.activation else None
    met, at, by = (said.met, said.at, said.by) if said else (False, 0.0, "")
    return Judged(criterion, met, at, by=by, by_hand=True)


def _quiet(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    return Judged(criterion, now - state.last_harm >= criterion.for_s, state.last_harm)


def _tasks(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    tasks = state.activation.tasks.values() if state.activation else ()
    left = tuple(each.id for each in tasks if each.open)
    return Judged(criterion, not left, open=left)


def _told(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    silent = tuple(name for name, each in state.diversions.items() if each.silent())
    return Judged(criterion, not silent, open=silent)


def _restart(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    since, left = state.last_recut, tuple(state.returning)
    return Judged(criterion, not left and now - since >= criterion.for_s, 0.0 if left else since, left)


def _watch(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    return Judged(criterion, state.watch_until > now, by=state.watch_by, until=state.watch_until)


def _paper(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    """A ward of which nothing else is known than that paper counts there has everything still to do."""
    back = {ward: 0 for ward, word in state.on_paper.items() if word == "began"} | state.switched
    left = tuple(ward for ward, per_cent in back.items() if 100 - per_cent > criterion.most)
    return Judged(criterion, not left, open=left)


def _services(state: State, look: Lookup, criterion: Criterion, now: float) -> Judged:
    standing = standings(look, state.picture())
    clinical = {each.id for each in look.estate.services if each.clinical}
    bad = tuple(name for name, each in standing.items() if name in clinical and each.state != WORKS)
    if bad:
        return Judged(criterion, False, open=bad)
    changes = [each.since for name, each in state.services.items() if name in clinical]
    since = max(changes, default=0.0)
    return Judged(criterion, now - since >= criterion.for_s, since)


_CHECKS: Final[dict[str, Callable[[State, Lookup, Criterion, float], Judged]]] = {
    "services": _services,
    "quiet": _quiet,
    "tasks": _tasks,
    "told": _told,
    "restart": _restart,
    "watch": _watch,
    "paper": _paper,
}
