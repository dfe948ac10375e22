"""Which entries people are called for: the notices of our own.

Comes in: the state as the fold has left it with the entry, the entry, the estate. Goes out: `notice_needed`. Pure. The
rules, one test each:

1. An incident that opens is a call to whoever is on duty in the roles of calling.toml, in their order.
2. A call about an incident is given up when the written authority for the unanswered begins to count: it is never
   waited longer, and the authority never acts earlier.
3. A cut that waits for one or two persons is a call to those who may decide it; one that the authority makes, that
   is refused or that is decided already, is none.
4. A cut that does not hold (not proven, failed) is a call, once.
5. Agents that fall silent are one call, however many; whoever is named in it is whoever is silent when it is read.
6. A channel that falls silent is a call that waits for the end of quiet hours, unless an incident is open.
7. A fault of the hub is a call, not urgent, at most once an hour for one place; a changed journal is urgent. What
   goes wrong in calling itself is never a call: it would call itself.
8. An incident that comes back after an hour of quiet is a call anew: whoever answered the last time may sleep by now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from garde.estate.look import Lookup
from garde.journal import hub_kinds as h
from garde.journal import oncall_kinds as o
from garde.journal.entry import Entry
from garde.journal.kinds import ErrorSeen
from garde.journal.notice_kinds import NoticeNeeded
from garde.journal.payload import Payload
from garde.oncall import memory as m
from garde.oncall.memory import Call, State
from garde.oncall.pages import needed_texts
from garde.oncall.state import own_notice

FAULT_AGAIN_S: Final = 3600.0
TAMPERED: Final = "hub/journal"
OURSELVES: Final = ("hub/oncall", "hub/calls")
WAITS: Final = ("one", "two")
BROKEN: Final = ("not_proven", "failed")
HUB: Final = "hub"


def needed(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Return the notices that an entry makes necessary."""
    match entry.payload:
        case h.IncidentOpened(incident):
            yield _notice(state, look, m.INCIDENT, incident, incident, _within(state, look, incident))
        case h.HarmJoined(incident, recurrence=True) | h.IncidentJoined(into=incident, recurrence=True):
            yield _notice(state, look, m.INCIDENT, incident, incident, _within(state, look, incident))
        case h.CutProposed(cut):
            yield from _waiting_cut(state, look, cut)
        case h.CutChanged(cut, how) if how in BROKEN:
            yield from _broken_cut(state, look, cut)
        case h.AgentSilent():
            if not _wanted(state, m.SILENT, ""):
                yield _notice(state, look, m.SILENT, "", "", state.rules.within_s)
        case o.ChannelSilent(channel) if channel in state.channels and not _wanted(state, m.CHANNEL, channel):
            urgent = any(not each.closed for each in state.incidents.values())
            yield _notice(state, look, m.CHANNEL, channel, "", state.rules.within_s, urgent=urgent)
        case ErrorSeen(where) if entry.who == HUB and not where.startswith(OURSELVES):
            told = state.faults.get(where, float("-inf"))
            if entry.at >= told + FAULT_AGAIN_S and not _wanted(state, m.FAULT, where):
                urgent = where.startswith(TAMPERED)
                yield _notice(state, look, m.FAULT, where, "", state.rules.within_s, urgent=urgent)
        case o.CallTestAsked(test):
            yield _notice(state, look, m.TEST, test, "", state.rules.within_s, roles=state.rules.roles[:1])


def sooner(state: State, look: Lookup, call: Call, at: float) -> float:
    """Return when an incident's open call is given up, where that is sooner than was said before (rule 2); else 0."""
    given_up = at + _within(state, look, call.about)
    return given_up if not call.late_due or given_up < call.late_due else 0.0


def _waiting_cut(state: State, look: Lookup, name: str) -> Iterator[Payload]:
    cut = state.cuts[name]
    if cut.needs not in WAITS or cut.refused or cut.by or cut.state != "proposed" or _wanted(state, m.CUT, name):
        return
    known = state.calls.get(own_notice(m.CUT, name))
    if known is not None and state.news.was != "other":
        return  # the same proposal again: people know of it
    yield _notice(
        state, look, m.CUT, name, cut.incident, _within(state, look, cut.incident), roles=_deciding(state, look, name)
    )


def _broken_cut(state: State, look: Lookup, name: str) -> Iterator[Payload]:
    cut = state.cuts.get(name)
    if cut is not None and own_notice(m.UNPROVEN, name) not in state.calls:
        yield _notice(state, look, m.UNPROVEN, name, cut.incident, state.rules.within_s)


def _deciding(state: State, look: Lookup, name: str) -> Sequence[str]:
    """Return the roles that the rule of the authority names for a cut; where it names none, those who are called."""
    cut = state.cuts[name]
    for rule in look.estate.authority:
        words = look.say(rule.words) or rule.id
        if cut.action in rule.actions and cut.why.startswith(words) and rule.roles:
            return rule.roles
    return state.rules.roles


def _within(state: State, look: Lookup, incident: str) -> float:
    found = state.incidents.get(incident)
    severity = found.severity if found else 1
    after = [each.after_s for each in look.estate.authority if each.needs == "unanswered" and severity >= each.severity]
    return min([*after, state.rules.within_s])


def _wanted(state: State, kind: str, subject: str) -> bool:
    call = state.calls.get(own_notice(kind, subject))
    return call is not None and call.wanted


def _notice(  # noqa: PLR0917 - what it is about, in the order in which it is said
    state: State,
    look: Lookup,
    kind: str,
    subject: str,
    about: str,
    within: float,
    *,
    urgent: bool = True,
    roles: Sequence[str] | None = None,
) -> NoticeNeeded:
    notice, asked = own_notice(kind, subject), tuple(state.rules.roles if roles is None else roles)
    call = Call(notice, kind, about, 0, 0.0, [], list(asked), {}, False, within, urgent, subject=subject)
    return NoticeNeeded(notice, about, (), asked, needed_texts(state, look, call), False, within, urgent)
