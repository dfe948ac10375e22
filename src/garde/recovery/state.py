"""From entries to what `recovery` knows: the fold.

Comes in: entries of the hub's journal. Goes out: `State` (`memory.py`). Pure: no clock, socket or chance; it may change
the state that it is given. An entry that an agent wrote counts as that agent's word and never as the hub's or a
person's. `harm_fold.py` folds what is seen, `errand_fold.py` what agents answer, `step_fold.py` how far each server
has come.

What the hub published is believed rather than worked out anew: a rating is what `server_rated` says, a stage what
`step_moved` says. Of what people say, answers, signatures, steps, points and thaws are judged here once more by the
person's role; that a plan, a credential, a baseline or the watch was said by somebody who may is the hub's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import paper_kinds as paper
from garde.journal import recovery_kinds as v
from garde.journal.entry import AGENT, Entry
from garde.journal.payload import Payload
from garde.recovery import errand_fold as errands
from garde.recovery import harm_fold as harm
from garde.recovery import step_fold as steps
from garde.recovery.memory import News, State

__all__ = ["KINDS", "VERSION", "State", "project"]

VERSION: Final = 2  # of the state's shape and meaning

_Handler = Callable[[State, Entry, Any], None]
_AGENTS: Final[dict[type[Payload], _Handler]] = {
    k.VerdictReached: harm.on_verdict,
    k.FindingMade: harm.on_finding,
    k.ActorHeld: harm.on_held,
    k.MassDeleteSeen: harm.on_mass_delete,
    k.HoldConfirmed: harm.on_confirmed,
    k.AgentStarted: harm.on_mode,
    k.ModeChanged: harm.on_mode,
    h.OrderRefused: errands.on_refused,
    v.StoresKnown: errands.on_stores,
    v.RetentionFrozen: errands.on_frozen,
    v.RetentionThawed: errands.on_thawed,
    v.PointJudged: errands.on_point,
    v.PointsJudged: errands.on_points,
    v.PointRestored: errands.on_restored,
    v.BaselineTaken: errands.on_baseline,
    v.MachineSwept: errands.on_swept,
    v.MachineLooked: errands.on_looked,
    v.WatchRaised: errands.on_raised,
}
_HUBS: Final[dict[type[Payload], _Handler]] = {
    h.EstateLoaded: harm.on_estate,
    h.AgentEnrolled: harm.on_enrolled,
    h.AgentRevoked: harm.on_revoked,
    h.AgentAlive: harm.on_alive,
    h.AgentSilent: harm.on_silent,
    h.IncidentOpened: harm.on_opened,
    h.IncidentJoined: harm.on_joined_into,
    h.IncidentClosed: harm.on_closed,
    h.SpreadFound: harm.on_spread,
    h.MachineCut: harm.on_machine_cut,
    h.MachineFreed: harm.on_machine_freed,
    h.CutProposed: steps.on_cut_proposed,
    h.CutChanged: steps.on_cut,
    h.CommandFailed: errands.on_failed,
    h.Woke: steps.on_woke,
    paper.ReenterSaid: steps.on_reenter,
    v.ErrandAsked: errands.on_asked,
    v.IsolationWanted: steps.on_isolation,
    v.IsolationOver: steps.on_isolation_over,
    v.ServerRated: steps.on_rated,
    v.StepMoved: steps.on_moved,
    v.CredentialListed: steps.on_listed,
    v.FirstHarmSaid: harm.on_first_harm,
    v.JudgingWanted: harm.on_judging,
    v.GateAnswered: steps.on_answered,
    v.GateSigned: steps.on_signed,
    v.RestartPlanned: steps.on_planned,
    v.StepWanted: steps.on_step_wanted,
    v.CredentialChanged: steps.on_changed,
    v.WatchReinforced: steps.on_reinforced,
}
# What `policy.py` answers and the fold has nothing to remember of.
_ANSWERED: Final = frozenset({"point_chosen", "thaw_wanted", "baseline_wanted"})
KINDS: Final = frozenset(k.NAMES[kind] for kind in {*_AGENTS, *_HUBS}) | _ANSWERED


def project(state: State, entry: Entry) -> State:
    """Fold one entry; returns the same state."""
    state.news = News(entry.seq)
    by_agent = entry.who.startswith(AGENT)
    state.now = max(state.now, entry.at) if by_agent else entry.at
    handler = (_AGENTS if by_agent else _HUBS).get(type(entry.payload))
    if handler is not None:
        handler(state, entry, entry.payload)
    return state
