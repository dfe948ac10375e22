"""Clocks, drafts, signatures, submissions: half of the fold.

Comes in: what people say, what our own rules wrote. Goes out: changes of `State`. The rules, one test each:

1. What is said of an incident that is part of another counts for that one.
2. A correction stands beside what was said first; the last word counts.
3. A signature counts for exactly the version and digest that it names; a submission for a version that was signed.
4. A draft that was handed in is edited no more: a further one amends it and takes over what people wrote.
5. What makes no sense as things stand changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.journal import hub_kinds as h
from garde.journal import legal_kinds as a
from garde.journal.entry import Entry
from garde.journal.notice_kinds import NoticeNeeded
from garde.journal.payload import Payload
from garde.legal.clocks import HANDLED, from_json
from garde.legal.keys import PREFIX, UNSAID, split
from garde.legal.memory import (
    Aware,
    Draft,
    Edit,
    Field,
    Incident,
    Mark,
    Obligation,
    Ransom,
    Running,
    State,
    Version,
    running_key,
)  # fmt: skip
from garde.legal.safe import kept, one_line, ours


def on_estate(state: State, entry: Entry, payload: h.EstateLoaded) -> None:
    """The hospital is described anew."""
    state.estate_seq = entry.seq


def on_opened(state: State, entry: Entry, payload: h.IncidentOpened) -> None:
    """An incident began."""
    if payload.incident in state.incidents:
        return
    state.incidents[payload.incident] = Incident(
        payload.incident, entry.at, entry.seq, payload.first_harm, entry.seq, payload.server, payload.severity,
        servers={payload.server: entry.seq},
    )  # fmt: skip
    state.news.opened = payload.incident


def on_joined_into(state: State, entry: Entry, payload: h.IncidentJoined) -> None:
    """An incident is part of another: what is known of it goes on there."""
    part, whole = state.incidents.get(payload.incident), state.incident(payload.into)
    if part is None or whole is None or part is whole or payload.incident in state.into:
        return
    state.into[part.id] = whole.id
    whole.joined.append(part.id)
    whole.servers = {**part.servers, **whole.servers}
    if part.first_harm < whole.first_harm:
        whole.first_harm, whole.first_harm_seq = part.first_harm, part.first_harm_seq
    for event, said in part.aware.items():
        whole.aware[event] = sorted([*said, *whole.aware.get(event, [])], key=lambda each: each.seq)
    _material(state, whole)


def on_closed(state: State, entry: Entry, payload: h.IncidentClosed) -> None:
    """A person declared it over."""
    incident = state.incident(payload.incident)
    if incident is not None and not incident.closed:
        incident.closed, incident.closed_seq = entry.at, entry.seq
        state.news.handled = incident.id
        _material(state, incident)


def on_woke(state: State, entry: Entry, payload: h.Woke) -> None:
    """A time has come."""
    if payload.key.startswith(f"{PREFIX}/"):
        state.news.woke = payload.key


def on_notice(state: State, entry: Entry, payload: NoticeNeeded) -> None:
    """People were asked to say since when."""
    kind, name, _ = split(payload.notice)
    if kind == UNSAID and name in state.incidents:
        state.incidents[name].asked = True


# --- what people say --------------------------------------------------------------------------------------------------


def on_clocks(state: State, entry: Entry, payload: a.ClocksLoaded) -> None:
    """The clocks as data; where their words were erased, or cannot be read, those before stay."""
    try:
        rules = from_json(payload.content.value or b"")
    except ValueError:
        return
    state.rules, state.rules_source = rules, payload.source


def on_aware(state: State, entry: Entry, payload: a.AwareSaid) -> None:
    """Somebody said since when."""
    incident = state.incident(payload.incident)
    if incident is None:
        return
    said = Aware(payload.event, payload.since, payload.by, one_line(payload.note), entry.at, entry.seq)
    incident.aware.setdefault(payload.event, []).append(said)
    state.news.aware, state.news.event = incident.id, payload.event
    if payload.event == HANDLED:
        state.news.handled = incident.id
    _material(state, incident)


def on_obligation(state: State, entry: Entry, payload: a.ObligationSaid) -> None:
    """Somebody said whether a duty applies."""
    incident = state.incident(payload.incident) if payload.incident else None
    of = incident.id if incident is not None else ""
    if payload.incident and not of:
        return
    said = Obligation(payload.applies, payload.by, one_line(payload.why), entry.at, entry.seq)
    state.obligations.setdefault(running_key(of, payload.clock), []).append(said)
    state.news.obligation, state.news.of = payload.clock, of


def on_wanted(state: State, entry: Entry, payload: a.DraftWanted) -> None:
    """Somebody wants a draft."""
    state.news.wanted = state.incident(payload.incident) is not None


def on_edited(state: State, entry: Entry, payload: a.DraftEdited) -> None:
    """Somebody's own words; empty ones take them back."""
    draft = state.drafts.get(payload.draft)
    if draft is None or draft.submitted:
        return
    if payload.value:
        draft.edits[payload.name] = Edit(kept(payload.value), payload.by, entry.at, entry.seq)
    else:
        draft.edits.pop(payload.name, None)
    state.news.edited = draft.id


def on_signed(state: State, entry: Entry, payload: a.DraftSigned) -> None:
    """Rule 3."""
    draft = state.drafts.get(payload.draft)
    if draft is None or (draft.newest.number, draft.newest.sha256) != (payload.version, payload.sha256):
        return
    if all(each.by != payload.by for each in draft.signed):
        draft.signatures.append(Mark(payload.version, payload.by, entry.at, entry.seq))


def on_submitted(state: State, entry: Entry, payload: a.SubmissionSaid) -> None:
    """Rules 3 and 4."""
    draft = state.drafts.get(payload.draft)
    if draft is None or draft.submitted or all(each.version != payload.version for each in draft.signatures):
        return
    made = Mark(payload.version, payload.by, payload.at, entry.seq, payload.channel, one_line(payload.reference))
    draft.submissions.append(made)
    state.news.submitted = draft.id


def on_ransom(state: State, entry: Entry, payload: a.RansomDecided) -> None:
    """The ransom."""
    incident = state.incident(payload.incident)
    if incident is not None:
        incident.ransom.append(Ransom(payload.paid, payload.by, one_line(payload.why), entry.at, entry.seq))
        _material(state, incident)


# --- what our own rules wrote -----------------------------------------------------------------------------------------


def on_started(state: State, entry: Entry, payload: a.ClockStarted) -> None:
    """A clock runs; one that is corrected runs anew."""
    state.running[running_key(payload.incident, payload.clock)] = Running(
        payload.clock, payload.incident, payload.regime, payload.recipient, payload.start, payload.due, entry.seq,
        payload.entry,
    )  # fmt: skip


def on_warned(state: State, entry: Entry, payload: a.ClockWarned) -> None:
    """It is nearly over, or over."""
    running = state.running.get(running_key(payload.incident, payload.clock))
    if running is not None:
        running.warned = payload.state


def on_clock_closed(state: State, entry: Entry, payload: a.ClockClosed) -> None:
    """It runs no more."""
    running = state.running.get(running_key(payload.incident, payload.clock))
    if running is not None:
        running.closed, running.closed_at, running.closed_seq = payload.why, payload.at, entry.seq
        running.late = payload.late
        state.news.closed.append(running_key(payload.incident, payload.clock))


def on_made(state: State, entry: Entry, payload: a.DraftMade) -> None:
    """A version of a draft; the first of an amendment takes over what people wrote before."""
    draft = state.drafts.get(payload.draft)
    if draft is None:
        draft = Draft(payload.draft, payload.incident, payload.form, payload.language, amends=payload.amends)
        before = state.drafts.get(payload.amends)
        if before is not None:
            draft.edits = dict(before.edits)
            before.amended_by = draft.id
        state.drafts[draft.id] = draft
    fields = [Field(each.name, ours(each.value), each.state, list(each.entries)) for each in payload.fields]
    draft.versions.append(Version(payload.version, payload.sha256, entry.at, entry.seq, fields))


def on_amendment(state: State, entry: Entry, payload: a.AmendmentNeeded) -> None:
    """What was handed in is so no more."""
    draft = state.drafts.get(payload.draft)
    if draft is not None:
        draft.stale = list(dict.fromkeys([*draft.stale, *payload.names]))


def _material(state: State, incident: Incident) -> None:
    state.news.material.append(incident.id)


HUBS: Final[dict[type[Payload], Callable[[State, Entry, Any], None]]] = {
    h.EstateLoaded: on_estate,
    h.IncidentOpened: on_opened,
    h.IncidentJoined: on_joined_into,
    h.IncidentClosed: on_closed,
    h.Woke: on_woke,
    NoticeNeeded: on_notice,
    a.ClocksLoaded: on_clocks,
    a.AwareSaid: on_aware,
    a.ObligationSaid: on_obligation,
    a.DraftWanted: on_wanted,
    a.DraftEdited: on_edited,
    a.DraftSigned: on_signed,
    a.SubmissionSaid: on_submitted,
    a.RansomDecided: on_ransom,
    a.ClockStarted: on_started,
    a.ClockWarned: on_warned,
    a.ClockClosed: on_clock_closed,
    a.DraftMade: on_made,
    a.AmendmentNeeded: on_amendment,
}
