"""From entries to what `oncall` knows: the fold.

Comes in: entries of the hub's journal. Goes out: `State` (`memory.py`). Pure: no clock, socket or chance; it may change
the state that it is given. What an agent wrote is never the hub's word or a person's: an agent can neither set up
calling nor acknowledge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import notice_kinds as n
from garde.journal import oncall_kinds as o
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.oncall import memory as m
from garde.oncall.codes import ACK
from garde.oncall.memory import Call, Channel, News, Paged, State

VERSION: Final = 3  # of the state's shape and meaning
AGENT: Final = "agent/"
CALLS: Final = 200  # ended calls still remembered
CLOSED: Final = 50  # closed incidents still remembered
UNDONE: Final = "undone"  # how a cut ends
PAGES: Final = 1_000
HOUR: Final = 3600.0
STEP, LATE, TEST = "oncall/step/", "oncall/late/", "oncall/test"  # keys of wakes
# Why a code does not count: said to people as journal/oncall_words.py has them.
OVER: Final = "this call is over"
LATE_CODE: Final = "it came too late"
STRANGER: Final = "it came from a number that is not this person’s"
SPENT: Final = "this code has done its work"
OLD: Final = "the proposal has changed since: a new page is on its way"
OWN: Final = "oncall:"  # what the ids of our own notices begin with: `oncall:kind:subject`


def project(state: State, entry: Entry) -> State:
    """Fold one entry; returns the same state."""
    state.news = News(entry.seq)
    if entry.who.startswith(AGENT):
        return state
    handler = _HANDLERS.get(type(entry.payload))
    if handler is not None:
        handler(state, entry, entry.payload)
    return state


def own_notice(kind: str, subject: str) -> str:
    """Return the id of a notice of our own."""
    return f"{OWN}{kind}:{subject}"


def kind_of(notice: str) -> tuple[str, str]:
    """Return what a notice is about: kind and subject; OTHER for what another capability asks for."""
    if not notice.startswith(OWN):
        return m.OTHER, ""
    kind, _, subject = notice.removeprefix(OWN).partition(":")
    return kind, subject


# --- how it is set up -------------------------------------------------------------------------------------------------


def _set(state: State, entry: Entry, payload: o.CallingSet) -> None:
    state.configured, state.sha256, state.rules = True, payload.sha256, payload.rules
    before = state.channels
    state.channels = {}
    for note in payload.channels:
        old = before.get(note.name)
        kept = old is not None and old.note.kind == note.kind
        state.channels[note.name] = Channel(note, old.alive, old.since, old.reason) if old and kept else Channel(note)
    for call in state.calls.values():
        if call.kind == m.CHANNEL and call.wanted and call.subject not in state.channels:
            _end(call, m.OVER)


def _alive(state: State, entry: Entry, payload: o.ChannelAlive) -> None:
    if channel := state.channels.get(payload.channel):
        channel.alive, channel.since, channel.reason = True, entry.at, ""
    call = state.calls.get(own_notice(m.CHANNEL, payload.channel))
    if call is not None and call.wanted:
        _end(call, m.OVER)


def _silent(state: State, entry: Entry, payload: o.ChannelSilent) -> None:
    if channel := state.channels.get(payload.channel):
        channel.alive, channel.since, channel.reason = False, entry.at, payload.reason


def _duty(state: State, entry: Entry, payload: o.DutyChanged) -> None:
    state.overrides = {name: each for name, each in state.overrides.items() if each.until > entry.at}
    state.overrides[payload.duty] = m.Override(
        payload.role, list(payload.people), payload.since, payload.until, payload.by
    )


def _dropped(state: State, entry: Entry, payload: o.DutyDropped) -> None:
    state.overrides.pop(payload.duty, None)


# --- what people are called about -------------------------------------------------------------------------------------


def _opened(state: State, entry: Entry, payload: h.IncidentOpened) -> None:
    state.incidents[payload.incident] = m.Incident(
        payload.incident, payload.server, payload.first_harm, payload.severity
    )


def _raised(state: State, entry: Entry, payload: h.IncidentRaised) -> None:
    if incident := state.incidents.get(payload.incident):
        incident.severity = max(incident.severity, payload.severity)


def _spread(state: State, entry: Entry, payload: h.SpreadFound) -> None:
    if incident := state.incidents.get(payload.incident):
        incident.spreader = payload.spreader
        incident.servers = max(1, len({each.server for each in payload.hops}))
        incident.first_harm = payload.first_at or incident.first_harm


def _answered(state: State, entry: Entry, payload: h.IncidentAnswered) -> None:
    if incident := state.incidents.get(payload.incident):
        incident.answered = payload.by


def _closed(state: State, entry: Entry, payload: h.IncidentClosed) -> None:
    incident = state.incidents.get(payload.incident)
    if incident is None:
        return
    incident.closed = True
    for call in state.open_about(payload.incident):
        _end(call, m.OVER)
    state.cuts = {name: each for name, each in state.cuts.items() if each.incident != payload.incident or each.by}
    _forget_closed(state)


def _forget_closed(state: State) -> None:
    """Keep the last closed incidents, and every one of which a cut may hold: people are called should it fail."""
    in_force = {each.incident for each in state.cuts.values() if each.by and each.state != UNDONE}
    closed = [name for name, each in state.incidents.items() if each.closed and name not in in_force]
    for name in closed[:-CLOSED]:
        del state.incidents[name]
    gone = set(closed[:-CLOSED])
    state.cuts = {name: each for name, each in state.cuts.items() if each.incident not in gone}


def _harm(state: State, entry: Entry, payload: h.HarmJoined) -> None:
    incident = state.incidents.get(payload.incident)
    if incident is not None and payload.recurrence:
        incident.answered = ""


def _joined_into(state: State, entry: Entry, payload: h.IncidentJoined) -> None:
    """What people are called for goes on as the earlier incident's, under the notices that they have."""
    young, old = state.incidents.get(payload.incident), state.incidents.get(payload.into)
    if young is None or old is None:
        return
    young.closed = True
    old.severity = max(old.severity, young.severity)
    old.answered = "" if payload.recurrence else old.answered
    for cut in state.cuts.values():
        cut.incident = old.id if cut.incident == young.id else cut.incident
    for call in state.open_about(young.id):
        if call.kind == m.INCIDENT:
            _end(call, m.OVER)
        call.about = old.id


def _proposed(state: State, entry: Entry, payload: h.CutProposed) -> None:
    old = state.cuts.get(payload.cut)
    users = [each.shown() for each in payload.users]
    cut = m.Cut(
        payload.cut, payload.incident, payload.action, payload.target, list(payload.price), payload.needs,
        payload.why, payload.refused, users,
    )  # fmt: skip
    if old is not None:
        cut.state, cut.by, cut.lacking = old.state, old.by, old.lacking
        if _asked_for(old) != _asked_for(cut):
            state.news.was = "other"
            if call := state.calls.get(own_notice(m.CUT, cut.id)):
                call.generation += 1
    state.cuts[payload.cut] = cut
    call = state.calls.get(own_notice(m.CUT, cut.id))
    if call is not None and payload.refused and call.wanted:
        _end(call, m.OVER)


def _asked_for(cut: m.Cut) -> tuple[object, ...]:
    """What a person says yes to."""
    return cut.action, cut.target, tuple(cut.price), tuple(cut.users), cut.needs


def _changed(state: State, entry: Entry, payload: h.CutChanged) -> None:
    cut = state.cuts.get(payload.cut)
    if cut is None:
        return
    cut.state, cut.by, cut.lacking = payload.state, payload.by, list(payload.lacking)
    call = state.calls.get(own_notice(m.CUT, cut.id))
    if call is not None and call.wanted and payload.state != "proposed":
        _end(call, m.OVER)  # it is ordered: nobody is asked any more
    unproven = state.calls.get(own_notice(m.UNPROVEN, cut.id))
    if unproven is not None and unproven.wanted and payload.state in ("proven", "undoing", "undone"):
        _end(unproven, m.OVER)


def _decided(state: State, entry: Entry, payload: h.CutDecided) -> None:
    if own_notice(m.CUT, payload.cut) in state.calls:
        state.news.calls = [own_notice(m.CUT, payload.cut)]


def _cut_off(state: State, entry: Entry, payload: h.MachineCut) -> None:
    if payload.how == "block":
        return  # refused at the file servers: it still talks to everybody else
    cuts = state.machines.setdefault(payload.machine, [])
    if payload.cut not in cuts:
        cuts.append(payload.cut)


def _freed(state: State, entry: Entry, payload: h.MachineFreed) -> None:
    left = [each for each in state.machines.get(payload.machine, ()) if each != payload.cut]
    state.machines.pop(payload.machine, None)
    if left:
        state.machines[payload.machine] = left


def _agent_silent(state: State, entry: Entry, payload: h.AgentSilent) -> None:
    state.silent[payload.machine] = payload.last_seen


def _agent_alive(state: State, entry: Entry, payload: h.AgentAlive | h.AgentRevoked) -> None:
    state.silent.pop(payload.machine, None)
    if not state.silent:
        for call in state.calls.values():
            if call.kind == m.SILENT and call.wanted:
                _end(call, m.OVER)


# --- calls ------------------------------------------------------------------------------------------------------------


def _needed(state: State, entry: Entry, payload: n.NoticeNeeded) -> None:
    known = state.calls.get(payload.notice)
    if known is not None and known.wanted:
        known.texts = dict(payload.texts)  # asked for once more: the newer words count, nobody is called twice for it
        return
    kind, subject = kind_of(payload.notice)
    call = Call(
        payload.notice, kind, payload.about, entry.seq, entry.at, list(payload.people), list(payload.roles),
        dict(payload.texts), payload.all_must, payload.within_s, payload.urgent, subject=subject,
    )  # fmt: skip
    if kind == m.CUT and (cut := state.cuts.get(subject)) and cut.needs == "two":
        call.count = 2
    if known is not None:
        call.first = call.generation = known.generation + 1  # the same again: a code of the last time does not count
        del state.calls[payload.notice]
    state.calls[payload.notice] = call
    if kind == m.FAULT:
        state.faults[subject] = entry.at
    state.news.calls = [payload.notice]
    state.news.was = "new"
    _forget_old(state)


def _forget_old(state: State) -> None:
    over = [name for name, each in state.calls.items() if not each.wanted]
    for name in over[:-CALLS]:
        del state.calls[name]


def _acknowledged(state: State, entry: Entry, payload: n.NoticeAcknowledged) -> None:
    call = state.calls.get(payload.notice)
    if call is None:
        return
    call.acked.setdefault(payload.person, entry.at)
    if payload.complete and call.wanted:
        _end(call, m.KNOWN)
    state.news.calls = [payload.notice]


def _over(state: State, entry: Entry, payload: n.NoticeOver) -> None:
    call = state.calls.get(payload.notice)
    if call is not None and call.wanted:
        _end(call, m.OVER)


def _unanswered(state: State, entry: Entry, payload: n.NoticeUnanswered) -> None:
    call = state.calls.get(payload.notice)
    if call is None or call.state != m.OPEN:
        return
    call.state, call.late_due = m.UNANSWERED, 0.0
    if call.kind == m.TEST:
        _end(call, m.OVER)  # it has shown what it was to show
    state.news.calls = [payload.notice]


def _end(call: Call, how: str) -> None:
    call.state, call.step_due, call.late_due = how, 0.0, 0.0


# --- pages ------------------------------------------------------------------------------------------------------------


def _asked(state: State, entry: Entry, payload: o.PageAsked) -> None:
    state.pages[payload.command] = m.Page(
        payload.command, entry.at, payload.channel, payload.person, list(payload.notices), payload.purpose
    )
    while len(state.pages) > PAGES:
        del state.pages[next(iter(state.pages))]
    if payload.purpose != "told":
        for notice in payload.notices:
            if (call := state.calls.get(notice)) is not None:
                _note_page(call, payload, entry.at)
    if payload.person:
        recent = [each for each in state.sent.get(payload.person, ()) if each > entry.at - HOUR]
        state.sent[payload.person] = [*recent, entry.at]
        state.sent = {name: times for name, times in state.sent.items() if times[-1] > entry.at - HOUR}


def _note_page(call: Call, payload: o.PageAsked, at: float) -> None:
    call.begun = True
    if not payload.person:
        return
    paged = call.paged.setdefault(payload.person, Paged(at))
    if payload.turn > paged.times:  # else the same turn over another channel
        paged.times, paged.at, paged.tried, paged.taken = payload.turn, at, [], 0
        paged.generation = call.generation
    paged.open.append(payload.command)


def _done(state: State, entry: Entry, payload: h.CommandDone) -> None:
    _outcome(state, payload.command, "taken", payload.detail)


def _failed(state: State, entry: Entry, payload: h.CommandFailed) -> None:
    _outcome(state, payload.command, "failed", payload.reason)


def _lost(state: State, entry: Entry, payload: o.PageLost) -> None:
    _outcome(state, payload.page, "failed", payload.reason)


def _outcome(state: State, command: str, outcome: str, detail: str) -> None:
    page = state.pages.get(command)
    if page is None or page.outcome in ("failed", outcome):
        return
    before, page.outcome, page.detail = page.outcome, outcome, detail
    state.news.person = page.person
    for notice in page.notices:
        call = state.calls.get(notice)
        if call is None:
            continue
        state.news.calls.append(notice)
        if (test := state.tests.get(notice)) is not None:
            _note_test(test, page.channel, outcome)
        paged = call.paged.get(page.person)
        if paged is None:
            continue
        paged.open = [each for each in paged.open if each != command]
        paged.taken += (outcome == "taken") - (before == "taken")
        if outcome == "failed":
            paged.tried.append(page.channel)


def _note_test(test: m.Test, channel: str, outcome: str) -> None:
    test.took = [each for each in test.took if each != channel]
    if outcome == "failed" and channel not in test.failed:
        test.failed.append(channel)
    elif outcome == "taken":
        test.failed = [each for each in test.failed if each != channel]
        test.took.append(channel)


# --- codes, tests and time --------------------------------------------------------------------------------------------


def _code(state: State, entry: Entry, payload: o.CodeGiven) -> None:
    call = state.calls.get(payload.notice)
    state.news.was = why_not(state, call, payload, entry.at)
    if call is not None:
        state.news.calls = [payload.notice]
        if not state.news.was and payload.meaning != ACK and call.kind == m.CUT:
            call.decided[payload.person] = payload.meaning


def why_not(state: State, call: Call | None, given: o.CodeGiven, at: float) -> str:
    """Return why a code that came back does not count; "" where it does."""
    if call is None or call.state == m.OVER:
        return OVER
    if at > call.needed_at + state.rules.code_s:
        return LATE_CODE
    if not given.known:
        return STRANGER
    deciding = given.meaning != ACK and call.kind == m.CUT
    if given.generation < call.first or given.person in call.decided:
        return SPENT
    if not deciding and given.person in call.acked:
        return SPENT
    return OLD if deciding and given.generation != call.generation else ""


def _test(state: State, entry: Entry, payload: o.CallTestAsked) -> None:
    state.tests[own_notice(m.TEST, payload.test)] = m.Test(entry.at)


def _tested(state: State, entry: Entry, payload: o.CallTestEnded) -> None:
    state.tests.pop(own_notice(m.TEST, payload.test), None)


def _wake_asked(state: State, entry: Entry, payload: h.WakeAsked) -> None:
    if payload.key == TEST:
        state.test_due = payload.due
    elif payload.key.startswith(STEP):
        if call := state.calls.get(payload.key.removeprefix(STEP)):
            call.step_due = payload.due
    elif payload.key.startswith(LATE) and (call := state.calls.get(payload.key.removeprefix(LATE))):
        call.late_due = payload.due


def _woke(state: State, entry: Entry, payload: h.Woke) -> None:
    if payload.key == TEST:
        state.news.stale = payload.due != state.test_due
        return
    for prefix, name in ((STEP, "step_due"), (LATE, "late_due")):
        if payload.key.startswith(prefix):
            call = state.calls.get(payload.key.removeprefix(prefix))
            if call is None or getattr(call, name) != payload.due:
                state.news.stale = True
                return
            setattr(call, name, 0.0)
            state.news.calls = [call.notice]


_Handler = Callable[[State, Entry, Any], None]
_HANDLERS: dict[type[Payload], _Handler] = {
    o.CallingSet: _set,
    o.ChannelAlive: _alive,
    o.ChannelSilent: _silent,
    o.DutyChanged: _duty,
    o.DutyDropped: _dropped,
    h.IncidentOpened: _opened,
    h.IncidentRaised: _raised,
    h.SpreadFound: _spread,
    h.HarmJoined: _harm,
    h.IncidentJoined: _joined_into,
    h.IncidentAnswered: _answered,
    h.IncidentClosed: _closed,
    h.CutProposed: _proposed,
    h.CutChanged: _changed,
    h.CutDecided: _decided,
    h.MachineCut: _cut_off,
    h.MachineFreed: _freed,
    h.AgentSilent: _agent_silent,
    h.AgentAlive: _agent_alive,
    h.AgentRevoked: _agent_alive,
    n.NoticeNeeded: _needed,
    n.NoticeOver: _over,
    n.NoticeAcknowledged: _acknowledged,
    n.NoticeUnanswered: _unanswered,
    o.PageAsked: _asked,
    o.PageLost: _lost,
    h.CommandDone: _done,
    h.CommandFailed: _failed,
    o.CodeGiven: _code,
    o.CallTestAsked: _test,
    o.CallTestEnded: _tested,
    h.WakeAsked: _wake_asked,
    h.Woke: _woke,
}
# `error_seen` is read for what follows from it, not folded; the agents' own stay theirs.
KINDS: Final = frozenset(k.NAMES[kind] for kind in _HANDLERS) | {"error_seen"}
