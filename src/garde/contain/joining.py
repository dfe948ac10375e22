"""An incident that turns out to be part of an earlier one.

Comes in: what has become known of an incident since it was opened; `incident_joined`. Goes out: proposals to join, and
changes of `State`. A verdict leaves its server within milliseconds, often before the client's account is known: what
opens an incident of its own then may belong to one of hours ago. The rules, one test each:

1. What is learnt of a hand while its incident is young, by a hold or by the report of another server, is looked at
   again: where it did harm in an earlier open incident, or its account or tool did, its incident is joined to that
   one.
2. The harm and the cuts of the one go on in the other, under the ids that they had; nothing is dropped.
3. What comes back after an hour of quiet is a recurrence, and nobody has answered it yet.
4. An incident that somebody has taken in hand stays one of its own: people are talking about it.
"""

from __future__ import annotations

from garde.contain import names
from garde.contain.memory import HOUR, Incident, State, Trace
from garde.contain.reports import WHYS, add_names, begin_anew, strongest
from garde.journal import hub_kinds as h
from garde.journal.entry import Entry

YOUNG_S = 600.0  # since it was opened: later, two incidents are what people know


def look_back(state: State, incident: Incident, now: float) -> None:
    """Rules 1 and 4: leave word for `decide` where the incident belongs to an earlier one."""
    if incident.answered or now - incident.opened > YOUNG_S:
        return
    best, found = len(WHYS), ""
    for other in state.incidents.values():
        if other is incident:
            break  # in the order in which they were opened
        if not other.closed and (rank := _rank(incident, other)) <= best:
            best, found = rank, other.id  # of equals the youngest
    if found and best < WHYS.index("same hour"):
        state.news.joins.append(f"{incident.id}|{found}|{WHYS[best]}")


def _rank(young: Incident, old: Incident) -> int:
    parties = {name for each in old.live for name in (each.source, each.server) if name}
    mine, theirs = ({account for each in one.live for account in names.accounts(each.users)} for one in (young, old))
    return strongest(
        any(each.source in parties for each in young.live if each.source),
        not mine.isdisjoint(theirs),
        not set(young.marks).isdisjoint(old.marks),
    )


def is_recurrence(young: Incident, old: Incident) -> bool:
    """Whether the one came after an hour of quiet in the other."""
    return young.first_harm - old.last_harm >= HOUR


def on_joined_into(state: State, entry: Entry, payload: h.IncidentJoined) -> None:
    """Rules 2 and 3."""
    young, old = state.incidents.get(payload.incident), state.incidents.get(payload.into)
    if young is None or old is None or young is old:
        return
    old.burst += payload.recurrence
    if payload.recurrence:
        begin_anew(state, old)
    for key, trace in young.traces.items():
        trace.burst = old.burst
        known = old.traces.setdefault(key, trace)
        if known is not trace:
            _merge(known, trace)
    old.first_harm, old.last_harm = min(old.first_harm, young.first_harm), max(old.last_harm, young.last_harm)
    add_names(old.marks, young.marks)
    for cut in state.cuts.values():
        if cut.incident == young.id:
            cut.incident = old.id
    for asked in state.notices.values():
        asked.incident = old.id if asked.incident == young.id else asked.incident
    for report in [each for each in state.waiting if each.incident == young.id]:
        state.waiting.remove(report)
        report.incident = old.id
        state.waiting.add(report)
    young.closed, young.traces = True, {}
    state.news.look = [old.id]


def _merge(known: Trace, other: Trace) -> None:
    known.first, known.last = min(known.first, other.first), max(known.last, other.last)
    known.seq, known.found = max(known.seq, other.seq), known.found + other.found
    known.before += other.before
    known.observed, known.login = known.observed and other.observed, known.login or other.login
    add_names(known.addresses, other.addresses)
    add_names(known.users, other.users)
    known.verdicts |= other.verdicts
