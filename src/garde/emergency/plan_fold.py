"""The fold's half about the plan: phases, tasks, calls, the diversion, the four ends, the reports.

Comes in: payloads with their entry. Goes out: changes to `State`. What is recorded counts as it was recorded: whether a
person may decide something was checked by whoever wrote it (`may.py`). What makes no sense any more (a second
triggering, a task of a plan that was lifted) stays without effect.
"""

from __future__ import annotations

from typing import Final

from garde.emergency.canonical import from_json
from garde.emergency.care_fold import decided, end_override
from garde.emergency.memory import (
    BY_PLAN,
    Activation,
    CallMade,
    Diversion,
    Flag,
    Heard,
    Met,
    Proposal,
    Report,
    State,
    Task,
)
from garde.emergency.wakes import key, split
from garde.journal import hub_kinds as h
from garde.journal import notice_kinds as n
from garde.journal import plan_kinds as p
from garde.journal.entry import Entry

_TASKS: Final = 500
_REPORTS: Final = 200


def on_loaded(state: State, entry: Entry, payload: p.PlanLoaded) -> None:
    if payload.content.value is None:
        return  # erased: the one before stays in force
    state.plan, state.digest = from_json(payload.content.value), payload.sha256


def on_proposed(state: State, entry: Entry, payload: p.PlanProposed) -> None:
    _close_proposals(state, payload.phase)
    state.proposals[payload.proposal] = Proposal(
        payload.proposal, payload.phase, payload.trigger, payload.incident, list(payload.services), payload.reason,
        entry.at,
    )  # fmt: skip


def on_rejected(state: State, entry: Entry, payload: p.PlanRejected) -> None:
    found = state.proposals.pop(payload.proposal, None)
    if found is not None:
        state.news.settled = [key("proposal", found.id, found.phase)]
        decided(state, entry, (payload.by, payload.role), found.phase, "", payload.note.shown())


def _close_proposals(state: State, phase: str) -> None:
    """What asks for no more than this is settled."""
    rank = _rank(state, phase)
    over = [each for each in state.proposals.values() if _rank(state, each.phase) <= rank]
    state.news.settled += [key("proposal", each.id, each.phase) for each in over]
    for each in over:
        del state.proposals[each.id]


def _rank(state: State, phase: str) -> int:
    return state.plan.rank(phase) if state.plan else -1


def on_triggered(state: State, entry: Entry, payload: p.PlanTriggered) -> None:
    if state.activation is None:
        state.activations += 1
        state.activation = Activation(
            payload.activation, payload.plan, payload.phase, entry.at, payload.by, payload.role, payload.incident,
            payload.trigger,
        )  # fmt: skip
        state.news.began = True
        _enter(state, state.activation, payload.phase, entry)
    elif _rank(state, payload.phase) > _rank(state, state.activation.phase):  # two at one time: the graver counts
        _enter(state, state.activation, payload.phase, entry)
    else:
        return
    _close_proposals(state, payload.phase)
    if payload.by != BY_PLAN:
        decided(state, entry, (payload.by, payload.role), payload.plan, payload.phase, payload.note.shown())


def on_phase(state: State, entry: Entry, payload: p.PlanPhaseChanged) -> None:
    found = state.activation
    if found is None or found.id != payload.activation or payload.phase == found.phase:
        return
    if payload.by == BY_PLAN and _rank(state, payload.phase) <= _rank(state, found.phase):
        return  # by a trigger it only goes up
    _enter(state, found, payload.phase, entry)
    _close_proposals(state, payload.phase)
    if payload.by != BY_PLAN:
        decided(state, entry, (payload.by, payload.role), payload.before, payload.phase, payload.note.shown())


def _enter(state: State, found: Activation, phase: str, entry: Entry) -> None:
    rank = _rank(state, phase)
    found.phase, found.phase_since = phase, entry.at
    state.news.ranks = [found.upto, max(rank, found.upto)]
    found.upto = max(rank, found.upto)
    if phase not in found.begun:
        found.begun.append(phase)
        state.news.entered = phase


def on_vacant(state: State, entry: Entry, payload: p.RoleVacant) -> None:
    if (found := _active(state, payload.activation)) and payload.role not in found.vacant:
        found.vacant.append(payload.role)


def on_held(state: State, entry: Entry, payload: p.PlanHeld) -> None:
    if found := _active(state, payload.activation):
        found.held_until = payload.until
        decided(state, entry, (payload.by, payload.role), found.plan, f"{payload.until:.0f}", payload.note.shown())


def on_hold_ended(state: State, entry: Entry, payload: p.PlanHoldEnded) -> None:
    if (found := _active(state, payload.activation)) and found.held_until == payload.until:
        found.held_until = 0.0


def on_criterion(state: State, entry: Entry, payload: p.CriterionSaid) -> None:
    if found := _active(state, payload.activation):
        found.criteria[payload.criterion] = Met(payload.met, payload.by, entry.at, payload.note.shown())


def on_stood_down(state: State, entry: Entry, payload: p.PlanStoodDown) -> None:
    if found := _active(state, payload.activation):
        state.activation = None
        state.news.ended = payload.activation
        decided(state, entry, (payload.by, payload.role), found.plan, "", payload.note.shown())


def _active(state: State, activation: str) -> Activation | None:
    found = state.activation
    return found if found is not None and found.id == activation else None


# --- tasks and calls --------------------------------------------------------------------------------------------------


def on_given(state: State, entry: Entry, payload: p.TaskGiven) -> None:
    found = _active(state, payload.activation)
    if found is None or payload.task in found.tasks or len(found.tasks) >= _TASKS:
        return
    title = payload.title.shown() if payload.title else ""
    found.tasks[payload.task] = Task(payload.task, payload.owner, entry.at, payload.due, payload.by, title)


def on_taken(state: State, entry: Entry, payload: p.TaskTaken) -> None:
    if (task := _task(state, payload.activation, payload.task)) and task.open:
        task.taken = payload.by


def on_done(state: State, entry: Entry, payload: p.TaskDone) -> None:
    if (task := _task(state, payload.activation, payload.task)) and task.open:
        task.state = "done" if payload.done else "struck"
        task.ended, task.ended_by, task.note = entry.at, payload.by, payload.note.shown()


def on_overdue(state: State, entry: Entry, payload: p.TaskOverdue) -> None:
    if (task := _task(state, payload.activation, payload.task)) and task.open and not task.overdue:
        task.overdue = True
        state.news.task = task.id


def _task(state: State, activation: str, name: str) -> Task | None:
    found = _active(state, activation)
    return found.tasks.get(name) if found else None


def on_notice(state: State, entry: Entry, payload: n.NoticeNeeded) -> None:
    kind, activation, call = split(payload.notice)
    if kind == "call" and (found := _active(state, activation)):
        found.calls[call] = CallMade(payload.notice, call, entry.at)


def on_known(state: State, entry: Entry, payload: n.NoticeAcknowledged) -> None:
    if made := _call(state, payload.notice):
        if payload.person not in made.people:
            made.people.append(payload.person)
        made.missing = [each for each in made.missing if each != payload.person]
        made.complete = made.complete or payload.complete


def on_unanswered(state: State, entry: Entry, payload: n.NoticeUnanswered) -> None:
    if made := _call(state, payload.notice):
        made.missing = [each for each in payload.missing if each not in made.people]


def _call(state: State, notice: str) -> CallMade | None:
    kind, activation, call = split(notice)
    found = _active(state, activation) if kind == "call" else None
    return found.calls.get(call) if found else None


# --- diversion --------------------------------------------------------------------------------------------------------


def on_diverted(state: State, entry: Entry, payload: p.DiversionChanged) -> None:
    state.diversions[payload.path] = Diversion(
        payload.path, payload.change, payload.state, entry.at, payload.by, payload.role, payload.reason.shown(),
        payload.review, list(payload.tell),
    )  # fmt: skip
    state.news.path = payload.path
    decided(state, entry, (payload.by, payload.role), payload.path, payload.state, payload.reason.shown())


def on_told(state: State, entry: Entry, payload: p.DiversionTold) -> None:
    if heard := _heard(state, payload.path, payload.change, payload.recipient):
        heard.told, heard.told_by, heard.how = entry.at, payload.by, payload.how


def on_understood(state: State, entry: Entry, payload: p.DiversionAcknowledged) -> None:
    if heard := _heard(state, payload.path, payload.change, payload.recipient):
        if not heard.told:  # who has understood has been told
            heard.told, heard.told_by = entry.at, payload.by
        heard.understood, heard.name = entry.at, payload.name.shown()


def _heard(state: State, path: str, change: str, recipient: str) -> Heard | None:
    """The word of one who was told of an older state says nothing about the one in force."""
    found = state.diversions.get(path)
    if found is None or found.change != change:
        return None
    return found.heard.setdefault(recipient, Heard())


def on_waits(state: State, entry: Entry, payload: p.DiversionWaits) -> None:
    found = state.diversions.get(payload.path)
    if found is not None and found.change == payload.change and payload.what == "review":
        found.review_due = True


# --- flags, reports, time ---------------------------------------------------------------------------------------------


def on_flag(state: State, entry: Entry, payload: p.FlagChanged) -> None:
    state.flags[payload.flag] = Flag(payload.state, entry.at, payload.by)
    if payload.by != BY_PLAN:
        decided(state, entry, (payload.by, payload.role), payload.flag, payload.state, payload.note.shown())


def on_report_asked(state: State, entry: Entry, payload: p.ReportAsked) -> None:
    state.numbered = max(state.numbered, payload.number)


def on_report_made(state: State, entry: Entry, payload: p.ReportMade) -> None:
    made = Report(payload.number, entry.seq, entry.at, payload.pages, payload.sha256, payload.fault)
    state.reports = [*state.reports, made][-_REPORTS:]


def on_wake_asked(state: State, entry: Entry, payload: h.WakeAsked) -> None:
    kind, activation, _ = split(payload.key)
    if kind == "report" and (found := _active(state, activation)):
        found.next_report = payload.due


def on_woke(state: State, entry: Entry, payload: h.Woke) -> None:
    kind, service, until = split(payload.key)
    if kind == "service":
        end_override(state, service, float(until or 0))
