"""What follows from an entry on the way in.

Comes in: the state with the entry folded, the entry, the estate. Goes out: payloads. Pure. The rules, one test each:

1. A list that was made is to be taken by every enrolled agent.
2. An agent that is enrolled later, or is there again and watches for another list, is asked as well; what is under way
   is not asked twice.
3. Where a neighbour warns of something, cutting healthy servers as a precaution is offered, with its price in care:
   those that cost no clinical service apart from those that do. Once for a source; again when something that it warned
   of is seen here for the first time, also where it was decided before.
4. A server on the never-cut list is not offered, nor one without an agent: nobody could cut it.
5. "Healthy but cut" has each of them isolated, by the way and the checks of every isolation; any other decision lets it
   go again. "Ready to cut" is a word for people: nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.dependencies import impact
from garde.estate.look import Lookup
from garde.journal import hub_kinds as h
from garde.journal import sharing_kinds as s
from garde.journal.entry import AGENT, Entry
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import PRECAUTION, ErrandAsked, IsolationOver, IsolationWanted
from garde.model.order import Verb
from garde.sharing.in_.memory import In, Precaution
from garde.sharing.memory import State

COUNTS_S: Final = 7 * 24 * 3600.0  # an agent that is switched off tonight is asked when it comes back
BY_RULE: Final = "rule"
WARNED: Final = "it warns of what it saw"
SEEN: Final = "what it warned of was seen here"
FREE, DEAR = "free", "dear"


def answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Yield what follows."""
    coming, by_agent = state.in_, entry.who.startswith(AGENT)
    match entry.payload:
        case s.WatchListMade() if not by_agent:
            for machine in coming.agents:
                yield from _ask(coming, state.now, machine)
        case h.AgentEnrolled(machine=machine) | h.AgentAlive(machine=machine) if not by_agent:
            yield from _ask(coming, state.now, machine)
        case s.SharedTaken(source=source, indicators=indicators) if not by_agent and indicators:
            if not coming.offered(source):
                yield from _offers(coming, entry, look, source, WARNED)
        case s.IndicatorSeen(source=source) if by_agent and source in coming.warned:
            if all(each.why != SEEN for each in coming.offered(source)):
                yield from _offers(coming, entry, look, source, SEEN)
        case s.PrecautionDecided(precaution=name) if not by_agent and name in coming.precautions:
            yield from _carried_out(coming.precautions[name], entry)


def _ask(coming: In, now: float, machine: str) -> Iterator[ErrandAsked]:
    """Rules 1 and 2."""
    mine, watched = coming.agents.get(machine), coming.watched
    if mine is None or watched is None:
        return
    under_way = bool(mine.command) and mine.asked == watched.sha256
    if not under_way and mine.sha256 != watched.sha256:
        yield ErrandAsked(
            machine=machine, verb=Verb.WATCH_FOR, about=machine, by=BY_RULE, reason="a neighbour has warned",
            expires=now + COUNTS_S, digest=watched.sha256,
        )  # fmt: skip


def _offers(coming: In, entry: Entry, look: Lookup, source: str, why: str) -> Iterator[s.PrecautionOffered]:
    """Rules 3 and 4."""
    mine = [each.id for each in look.servers if each.id in coming.agents and look.never_machine(each.id) is None]
    costs = {name: impact(look.estate, (name,)).price for name in mine}
    for group, machines in (
        (FREE, [name for name in mine if not costs[name]]),
        (DEAR, [name for name in mine if costs[name]]),
    ):
        if machines:
            price = tuple(look.label(each) for each in impact(look.estate, machines).price)
            yield s.PrecautionOffered(f"{PRECAUTION}{entry.seq}-{group}", source, tuple(machines), price, why)


def _carried_out(precaution: Precaution, entry: Entry) -> Iterator[Payload]:
    """Rule 5. Each decision has isolations of its own: one that is over is never wanted anew."""
    for machine in precaution.machines:
        if precaution.cut == entry.seq:
            why = f"precaution: {precaution.source} warns"
            yield IsolationWanted(_isolation(precaution, precaution.cut, machine), machine, (), precaution.by, why)
        elif precaution.let_go:
            yield IsolationOver(_isolation(precaution, precaution.let_go, machine), machine, precaution.by)


def _isolation(precaution: Precaution, decision: int, machine: str) -> str:
    return f"{precaution.id}-{decision}-{machine}"
