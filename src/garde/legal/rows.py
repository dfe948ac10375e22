"""How clocks and drafts stand: one row each, for every renderer (console, API, command, paper).

Comes in: the state, an incident, the time. Goes out: rows as data; words in the reader's language where the clocks'
data have them. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from garde.legal.clocks import NO, SUBMITTED, Clock
from garde.legal.forms import forms, said_in
from garde.legal.memory import UNKNOWN, Draft, Incident, Mark, Running, State, running_key

WAITS, RUNS, SOON, OVERDUE = "waits", "runs", "soon", "overdue"
PROPOSAL, EXPIRED, NOT_APPLICABLE = "proposal", "expired", "not_applicable"


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One duty's clock in one incident.

    `state`: waits (for its start) | runs | soon | overdue | submitted | progress | not_applicable | proposal | expired
    (not in force). `due` 0: without delay, no number. `left`: seconds, negative when over; 0 where there is no number.
    """

    clock: str
    incident: str
    regime: str
    jurisdiction: str
    recipient: str
    form: str
    start_event: str
    amount: int
    unit: str
    applies: str
    applies_by: str
    applies_why: str
    state: str
    start: float
    due: float
    left: float
    closed_at: float
    late: bool
    entries: list[int]
    channel: str
    fallback: str
    condition: str
    note: str
    confirmed: bool
    source: str


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One draft in short."""

    draft: str
    incident: str
    form: str
    title: str
    language: str
    version: int
    sha256: str
    made_at: float
    fields: int
    unknown: list[str]
    said: int  # fields in a person's words
    confirmed: bool  # whether the source confirms the form's fields
    signed: list[Mark]
    submitted: Mark | None
    stale: list[str]
    amends: str
    amended_by: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a draft, with what it asks."""

    name: str
    label: str
    value: str
    state: str
    entries: list[int]
    confirmed: bool
    stale: bool
    by: str = ""  # whose words


@dataclass(frozen=True, slots=True)
class DraftPage:
    """One draft in full."""

    row: DraftRow
    basis: str
    warning: str  # what is not confirmed; "" where all is
    note: str
    fields: list[FieldRow] = field(default_factory=list)


def unsaid(state: State, incident: Incident) -> list[str]:
    """Return the start events that some duty waits for and nobody has said: to be proposed loudly."""
    waiting = [
        each.start
        for each in state.clocks
        if not each.start.startswith(SUBMITTED)
        and not each.proposal
        and state.applies(each, incident.id) != NO
        and incident.aware_of(each.start) is None
    ]
    return list(dict.fromkeys(waiting))


def clock_rows(state: State, incident: Incident, now: float, language: str) -> list[ClockRow]:
    """Return every clock, what runs and is due first; then what waits, is done, does not apply, is a proposal."""
    rows = [*_rows(state, incident, now, language), *_joined(state, incident, now, language)]
    return sorted(rows, key=_urgency)


def _rows(state: State, incident: Incident, now: float, language: str) -> Iterator[ClockRow]:
    for clock in state.clocks:
        running = state.running.get(running_key(incident.id, clock.id))
        yield _row(state, clock, incident, running if running and running.regime == clock.regime else None,
                   (now, language))  # fmt: skip


def _joined(state: State, incident: Incident, now: float, language: str) -> Iterator[ClockRow]:
    """Clocks that were started for incidents which turned out to be part of this one."""
    by_id = {each.id: each for each in state.clocks if not each.proposal}
    for part in incident.joined:
        for running in state.running.values():
            if running.incident == part and running.clock in by_id:
                yield _row(state, by_id[running.clock], incident, running, (now, language))


def _row(state: State, clock: Clock, incident: Incident, running: Running | None, view: tuple[float, str]) -> ClockRow:
    now, language = view
    said = state.obligation(clock, incident.id)
    due = running.due if running is not None else 0.0
    open_ = running is not None and running.runs
    return ClockRow(
        clock=clock.id, incident=running.incident if running is not None else incident.id, regime=clock.regime,
        jurisdiction=clock.jurisdiction, recipient=clock.recipient, form=clock.form, start_event=clock.start,
        amount=clock.amount, unit=clock.unit, applies=state.applies(clock, incident.id),
        applies_by=said.by if said else "", applies_why=said.why if said else "",
        state=_state(state, clock, incident, running, now),
        start=running.start if running is not None else 0.0, due=due, left=due - now if due and open_ else 0.0,
        closed_at=running.closed_at if running is not None else 0.0, late=running is not None and running.late,
        entries=[each for each in (running.cause, running.seq, running.closed_seq) if each] if running else [],
        channel=said_in(clock.channel, language), fallback=said_in(clock.fallback, language),
        condition=said_in(clock.condition, language), note=said_in(clock.note, language), confirmed=clock.confirmed,
        source=clock.source,
    )  # fmt: skip


def _state(state: State, clock: Clock, incident: Incident, running: Running | None, now: float) -> str:
    if running is not None:
        if running.closed:
            return running.closed
        if running.due and now > running.due:
            return OVERDUE
        return SOON if running.due and now >= running.due - clock.soon_h * 3600.0 else RUNS
    if clock.proposal:
        return PROPOSAL
    if not clock.counts_on(datetime.fromtimestamp(now).date()):
        return EXPIRED
    return NOT_APPLICABLE if state.applies(clock, incident.id) == NO else WAITS


_ORDER = (OVERDUE, SOON, RUNS, WAITS, "progress", "submitted", NOT_APPLICABLE, EXPIRED, PROPOSAL)


def _urgency(row: ClockRow) -> tuple[int, float]:
    return _ORDER.index(row.state) if row.state in _ORDER else len(_ORDER), row.due or float("inf")


# --- drafts -----------------------------------------------------------------------------------------------------------


def draft_rows(state: State, incident: str = "") -> list[DraftRow]:
    """Return the drafts, newest first; of one incident, where it is named."""
    whole = state.incident(incident)
    if incident:
        return [draft_row(each) for each in reversed(state.drafts_of(whole) if whole is not None else [])]
    return [draft_row(each) for each in reversed(state.drafts.values())]


def draft_row(draft: Draft) -> DraftRow:
    """Return one draft in short."""
    form, version = forms()[draft.form], draft.newest
    return DraftRow(
        draft=draft.id, incident=draft.incident, form=draft.form, title=said_in(form.title, draft.language),
        language=draft.language, version=version.number, sha256=version.sha256, made_at=version.at,
        fields=len(version.fields), unknown=[each.name for each in version.fields if each.state == UNKNOWN],
        said=len(draft.edits), confirmed=form.confirmed, signed=list(draft.signed), submitted=draft.submitted,
        stale=list(draft.stale), amends=draft.amends, amended_by=draft.amended_by,
    )  # fmt: skip


def draft_page(draft: Draft) -> DraftPage:
    """Return one draft in full, as its newest version stands."""
    form, language = forms()[draft.form], draft.language
    rows = []
    for each in draft.newest.fields:
        asked = form.find(each.name)
        label = said_in(asked.label, language) if asked is not None else each.name
        edit = draft.edits.get(each.name)
        rows.append(FieldRow(
            each.name, label, each.value, each.state, list(each.entries), asked is not None and asked.confirmed,
            each.name in draft.stale, edit.by if edit is not None else "",
        ))  # fmt: skip
    return DraftPage(
        draft_row(draft), said_in(form.basis, language), said_in(form.warning, language), said_in(form.note, language),
        rows,
    )  # fmt: skip
