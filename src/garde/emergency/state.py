"""From entries to what `emergency` knows: the fold.

Comes in: entries of the hub's journal. Goes out: `State` (`memory.py`). Pure: no clock, socket or chance; it may change
the state that it is given. An entry that an agent wrote counts as that agent's word and never as the hub's or a
person's. `care_fold.py` folds incidents, cuts and services, `plan_fold.py` the plan with all that belongs to it,
`back_fold.py` the way back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.emergency import back_fold as back
from garde.emergency import care_fold as care
from garde.emergency import plan_fold as plan
from garde.emergency.memory import News, State
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import notice_kinds as n
from garde.journal import paper_kinds as paper
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.journal.payload import Payload

__all__ = ["KINDS", "VERSION", "State", "project"]

VERSION: Final = 4  # of the state's shape and meaning

_Handler = Callable[[State, Entry, Any], None]
_AGENTS: Final[dict[type[Payload], _Handler]] = {
    k.ActorHeld: care.on_held,
    k.HoldReleased: care.on_cleared,
    k.RestoreFinished: care.on_restored,
}
_HUBS: Final[dict[type[Payload], _Handler]] = {
    h.EstateLoaded: care.on_estate,
    h.IncidentOpened: care.on_opened,
    h.IncidentRaised: care.on_raised,
    h.IncidentClosed: care.on_closed,
    h.IncidentJoined: care.on_joined_into,
    h.HarmJoined: care.on_joined,
    h.AgentSilent: care.on_silent,
    h.AgentAlive: care.on_alive,
    h.AgentRevoked: care.on_alive,
    h.CutProposed: care.on_proposed,
    h.CutChanged: care.on_changed,
    h.CutDecided: care.on_cut_decided,
    h.MachineCut: care.on_machine_cut,
    h.MachineFreed: care.on_machine_freed,
    h.WakeAsked: plan.on_wake_asked,
    h.Woke: plan.on_woke,
    n.NoticeNeeded: plan.on_notice,
    n.NoticeAcknowledged: plan.on_known,
    n.NoticeUnanswered: plan.on_unanswered,
    p.ServiceState: care.on_service,
    p.ServiceOverridden: care.on_overridden,
    p.PlanLoaded: plan.on_loaded,
    p.PlanProposed: plan.on_proposed,
    p.PlanRejected: plan.on_rejected,
    p.PlanTriggered: plan.on_triggered,
    p.PlanPhaseChanged: plan.on_phase,
    p.RoleVacant: plan.on_vacant,
    p.PlanHeld: plan.on_held,
    p.PlanHoldEnded: plan.on_hold_ended,
    p.CriterionSaid: plan.on_criterion,
    p.PlanStoodDown: plan.on_stood_down,
    p.TaskGiven: plan.on_given,
    p.TaskTaken: plan.on_taken,
    p.TaskDone: plan.on_done,
    p.TaskOverdue: plan.on_overdue,
    p.DiversionChanged: plan.on_diverted,
    p.DiversionTold: plan.on_told,
    p.DiversionAcknowledged: plan.on_understood,
    p.DiversionWaits: plan.on_waits,
    p.FlagChanged: plan.on_flag,
    p.ReportAsked: plan.on_report_asked,
    p.ReportMade: plan.on_report_made,
    r.StepMoved: back.on_step,
    r.MachineRecut: back.on_recut,
    r.WatchReinforced: back.on_watch,
    paper.ReenterSaid: back.on_reenter,
    paper.FactHeard: back.on_fact,
}
KINDS: Final = frozenset(k.NAMES[kind] for kind in {*_AGENTS, *_HUBS}) | {"report_wanted"}


def project(state: State, entry: Entry) -> State:
    """Fold one entry; returns the same state."""
    state.news = News(entry.seq)
    by_agent = entry.who.startswith(care.AGENT)
    handler = (_AGENTS if by_agent else _HUBS).get(type(entry.payload))
    if handler is not None:
        handler(state, entry, entry.payload)
    return state
