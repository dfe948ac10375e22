"""How an incident stands, and what there is to do next: the one thing a page must get right.

Comes in: the board's incident with its cuts, and its story. Goes out: `Situation`. Rules, the first that fits:

1. A closed incident is over.
2. A cut that is not proven is trouble; so is one that failed while no other against the same target is under way. Not
   where another against the same target is proven.
3. Harm that came after the last proof is spreading, whatever was proven before.
4. A proven cut, and no harm since: it is held.
5. A cut asked for or applied: it is being cut.
6. Otherwise it is spreading.

What waits for a person is asked for while it spreads or a cut does not hold, the narrowest first; else it is offered
only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from garde.hub.board import Cut, Incident
from garde.hub.console.views.story import Story

GRACE_S = 2.0  # a report written before the cut held may arrive this much later
WAITS = frozenset({"automatic", "one", "two", "unanswered"})  # `automatic`: after a no, a later yes counts
IN_FORCE = frozenset({"asked", "applied", "proven", "not_proven", "failed", "undoing"})
CAN_RETRY = frozenset({"not_proven", "failed"})
CAN_UNDO = frozenset({"asked", "applied", "proven", "not_proven", "failed"})


class State(StrEnum):
    """How an incident stands."""

    SPREADING = "spreading"
    CUTTING = "cutting"
    HELD = "held"
    TROUBLE = "trouble"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Situation:
    """See the module. Cuts are in order of width, the narrowest first."""

    state: State
    first: tuple[Cut, ...]  # a person may say yes or no: the narrowest that there are
    further: tuple[Cut, ...]  # wider ones, should that not be enough
    in_force: tuple[Cut, ...]  # asked for, and not undone
    trouble: tuple[Cut, ...]
    refused: tuple[Cut, ...]  # shown, never offered
    past: tuple[Cut, ...]  # rejected or undone
    urgent: bool  # what waits is needed to stop it

    @property
    def to_decide(self) -> int:
        """How many decisions are asked for now."""
        return len(self.first) if self.urgent else 0


def situation(incident: Incident, cuts: Iterable[Cut], story: Story | None) -> Situation:
    """Return how an incident stands."""
    ordered = sorted(cuts, key=lambda cut: (cut.proposal["rank"], cut.id))
    refused = tuple(cut for cut in ordered if cut.state == "proposed" and cut.proposal["refused"])
    turned = tuple(
        cut for cut in ordered if cut.state == "proposed" and not cut.proposal["refused"] and rejected_by(cut)
    )
    waiting = tuple(
        cut
        for cut in ordered
        if cut.state == "proposed" and cut not in refused and cut not in turned and cut.proposal["needs"] in WAITS
    )
    in_force = tuple(cut for cut in ordered if cut.state in IN_FORCE)
    past = (*turned, *(cut for cut in ordered if cut.state == "undone"))
    trouble = tuple(cut for cut in in_force if _is_trouble(cut, in_force))
    state = _state(incident, in_force, trouble, story)
    if state is State.OVER:
        waiting = ()
    narrowest = min((cut.proposal["rank"] for cut in waiting), default=0)
    first = tuple(cut for cut in waiting if cut.proposal["rank"] == narrowest)
    further = waiting[len(first) :]
    urgent = bool(first) and state in (State.SPREADING, State.TROUBLE)
    return Situation(state, first, further, in_force, trouble, refused, past, urgent)


def _state(incident: Incident, in_force: Sequence[Cut], trouble: Collection[Cut], story: Story | None) -> State:
    if incident.state != "open":
        return State.OVER
    if trouble:
        return State.TROUBLE
    proven = [cut.changed for cut in in_force if cut.state == "proven"]
    last_harm = story.last_harm if story else incident.first_harm
    if proven and last_harm <= max(proven) + GRACE_S:
        return State.HELD
    if any(cut.state in ("asked", "applied") for cut in in_force):
        return State.CUTTING
    return State.SPREADING


def _is_trouble(cut: Cut, others: Iterable[Cut]) -> bool:
    if cut.state not in ("not_proven", "failed"):
        return False
    helps = {"proven"} if cut.state == "not_proven" else {"proven", "applied", "asked"}
    return not any(each.state in helps and each.proposal["target"] == cut.proposal["target"] for each in others)


def approved_by(cut: Cut) -> tuple[str, ...]:
    """Return the people whose last word on this cut is yes."""
    return _last_word(cut, "approve")


def rejected_by(cut: Cut) -> tuple[str, ...]:
    """Return the people whose last word on this cut is no."""
    return _last_word(cut, "reject")


def _last_word(cut: Cut, wanted: str) -> tuple[str, ...]:
    last: dict[str, str] = {}
    for said in cut.decisions:
        if said["decision"] == "undo":
            last.clear()
        else:
            last[said["by"]] = said["decision"]
    return tuple(login for login, decision in last.items() if decision == wanted)
