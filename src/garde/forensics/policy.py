"""What follows from an entry: errands for agents; the family, the origin, the finding on egress, the bundle.

Comes in: the state as `state.project` has left it with the entry, the entry, the estate in force. Goes out: payloads in
the order in which they are to be written. Pure: no clock (the hub's own entries carry its time), no socket, no chance;
it changes nothing. The parts have their own rules (`identify/rules.py`, `origin/rules.py`, `egress/rules.py`,
`custody/rules.py`). The rules of this one, one test each:

1. A machine that sees harm is asked at once to gather evidence; again when a hold is confirmed there and when files
   were put back, since what was damaged lies in another place then.
2. When an incident opens every machine with a flow source is asked to look back, and one whose source is heard of
   later as soon as it is; again when somebody new is suspected.
3. In an incident that a person has closed nothing more is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from garde.estate.look import Lookup
from garde.forensics import errands
from garde.forensics.custody import rules as custody
from garde.forensics.egress import rules as egress
from garde.forensics.identify import rules as identify
from garde.forensics.memory import Case, State
from garde.forensics.origin import rules as origin
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.model.order import Verb


def decide(state: State, entry: Entry, estate: Lookup) -> list[Payload]:
    """Return what follows."""
    if state.news.seq != entry.seq:
        return []
    said = list(_ask(state))
    for part in (identify.answer, origin.answer, egress.answer, custody.answer):
        said += part(state, entry, estate)
    return said


def _ask(state: State) -> Iterator[Payload]:
    for case, verb, machine in dict.fromkeys(_wanted(state)):
        yield from (errands.gather if verb is Verb.GATHER else errands.flows)(state, state.cases[case], machine)


def _wanted(state: State) -> Iterator[tuple[str, Verb, str]]:
    """Yield incident, verb and machine of what is to be asked, if it is not under way."""
    news = state.news
    for incident, machine in news.harmed:
        if _is_open(state, incident):
            yield incident, Verb.GATHER, machine
    for case in [each for each in state.cases.values() if not each.closed]:
        for machine in _to_look(state, case):
            yield case.id, Verb.FLOWS, machine
    for incident, verb, machine, _ in news.ended:
        if verb == Verb.GATHER and _is_open(state, incident) and machine in state.cases[incident].again:
            yield incident, Verb.GATHER, machine


def _to_look(state: State, case: Case) -> list[str]:
    """Rule 2."""
    news = state.news
    ended = any(incident == case.id and verb == Verb.FLOWS for incident, verb, *_ in news.ended)
    if not (ended or news.source or case.id in (news.opened, news.spread)):
        return []
    return [each for each in errands.flow_machines(state) if not errands.knows_all(case, each)]


def _is_open(state: State, incident: str) -> bool:
    case = state.cases.get(incident)
    return case is not None and not case.closed
