"""How a server stands, from what is seen: not impacted, suspect, impacted.

Comes in: a state, what an agent or the hub said. Goes out: which machines that makes graver, and why. Pure. The rules,
one test each:

1. A server on which files were damaged by a judged hand is impacted; so is a machine that did it.
2. One on which a single damaged file was found is suspect; so is a machine that may have spread the harm, one that was
   cut off during an incident, and one whose programs are not as they were.
3. One whose agent falls silent while an incident is open is suspect, unless somebody is leading it back.
4. By itself a rating only gets graver. Rebuilt is a person's word; new harm makes it impacted.
5. What a person said stands against harm from before: an agent's late report changes nothing of it.
6. Only machines of the estate are rated.
"""

from __future__ import annotations

from typing import Final

from garde.model.restart import Status
from garde.recovery.memory import BY_RULE, Rating, State
from garde.recovery.reasons import Reason

GRAVITY: Final = {Status.NOT_IMPACTED: 0, Status.REBUILT: 0, Status.SUSPECT: 1, Status.IMPACTED: 2}


def is_graver(state: State, machine: str, status: Status, at: float) -> bool:
    """Whether this, which happened then (hub seconds), makes the machine's rating graver."""
    now = state.rating(machine)
    if machine not in state.machines or GRAVITY[status] <= GRAVITY[Status(now.status)]:
        return False
    said_by_person = bool(now.by) and now.by != BY_RULE
    return not (said_by_person and at <= now.at)


def heard(state: State, machine: str, status: Status, why: Reason, at: float) -> None:
    """Note for `decide` that the rating gets graver; it counts from now on, so that one report says it once."""
    if is_graver(state, machine, status, at):
        state.ratings[machine] = Rating(status, BY_RULE, why.text(), at, state.news.seq)
        state.news.rated = [each for each in state.news.rated if each[0] != machine or _of(each[1]) > GRAVITY[status]]
        if all(each[0] != machine for each in state.news.rated):
            state.news.rated.append([machine, status, why.text()])


def _of(status: str) -> int:
    return GRAVITY[Status(status)]
