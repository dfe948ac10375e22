"""From entries to what `contain` knows: the fold.

Comes in: entries of the hub's journal. Goes out: `State` (`memory.py`). Pure: no clock, socket or chance; it may
change the state that it is given. An entry that an agent wrote counts as that agent's word (`who` is
"agent/<machine>") and never as the hub's or a person's. `reports.py` folds what agents see, `outcomes.py` what became
of cuts.

What the hub published is believed rather than worked out anew: an incident is what `incident_opened` says, and harm
belongs to the incident that `harm_joined` names, so that a later version with other rules, or words erased since,
never change what was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.contain import isolation, joining, outcomes, reports
from garde.contain.memory import HOUR, Asked, News, State
from garde.estate.addresses import same
from garde.estate.canonical import from_json
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import notice_kinds as n
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.journal.payload import Payload

__all__ = ["HOUR", "KINDS", "VERSION", "State", "project"]

VERSION: Final = 5  # of the state's shape and meaning
BATCH_S: Final = 0.5  # entries of one transaction are less apart
CLOSED: Final = 50  # closed incidents still remembered


def project(state: State, entry: Entry) -> State:
    """Fold one entry; returns the same state."""
    by_agent = entry.who.startswith(reports.AGENT)
    handler = (_AGENTS if by_agent else _HUBS).get(type(entry.payload))
    if handler is not None:
        state.news = News(entry.seq)
        handler(state, entry, entry.payload)
    if not by_agent:
        state.written = entry.seq
    return state


# --- the hospital and its agents --------------------------------------------------------------------------------------


def _estate(state: State, entry: Entry, loaded: h.EstateLoaded) -> None:
    if loaded.content.value is None:
        return  # erased: the one before stays in force
    machines = from_json(loaded.content.value).machines
    state.addresses = {same(address): each.id for each in reversed(machines) for address in each.addresses}
    state.news.look = reports.open_incidents(state)


def _enrolled(state: State, entry: Entry, payload: h.AgentEnrolled) -> None:
    agent = state.agent(payload.machine)
    agent.enrolled, agent.silent = True, False
    state.news.look = reports.open_incidents(state)


def _revoked(state: State, entry: Entry, payload: h.AgentRevoked) -> None:
    state.agents.pop(payload.machine, None)


def _alive(state: State, entry: Entry, payload: h.AgentAlive) -> None:
    agent = state.agent(payload.machine)
    agent.enrolled, agent.silent, agent.observing = True, False, payload.asked == "observe"
    state.news.back = payload.machine


def _silent(state: State, entry: Entry, payload: h.AgentSilent) -> None:
    agent = state.agent(payload.machine)
    agent.silent, agent.silent_at = True, payload.last_seen
    reports.on_silence(state, entry, payload.machine)


def _held(state: State, entry: Entry, payload: k.ActorHeld) -> None:
    reports.on_held(state, entry, payload)
    _look_back(state, entry)


def _joined(state: State, entry: Entry, payload: h.HarmJoined) -> None:
    reports.on_joined(state, entry, payload)
    if payload.why != reports.FIRST:  # the first report found no earlier incident: that is how this one was opened
        _look_back(state, entry)


def _look_back(state: State, entry: Entry) -> None:
    for name in dict.fromkeys(state.news.look):
        joining.look_back(state, state.incidents[name], entry.at)


# --- the incident, as it was published --------------------------------------------------------------------------------


def _raised(state: State, entry: Entry, payload: h.IncidentRaised) -> None:
    if incident := state.incidents.get(payload.incident):
        incident.severity = max(incident.severity, payload.severity)


def _spread(state: State, entry: Entry, payload: h.SpreadFound) -> None:
    if incident := state.incidents.get(payload.incident):
        incident.spread = reports.in_short(payload)


def _answered(state: State, entry: Entry, payload: h.IncidentAnswered) -> None:
    if incident := state.incidents.get(payload.incident):
        incident.answered = True


def _closed(state: State, entry: Entry, payload: h.IncidentClosed) -> None:
    if incident := state.incidents.get(payload.incident):
        incident.closed = True
        state.forget_notices(payload.incident)
        _forget_old(state)


def _forget_old(state: State) -> None:
    """Keep the last closed incidents, and every one of which a cut is still in force."""
    in_force = {each.incident for each in state.cuts.values() if each.by and not each.undone}
    closed = [name for name, each in state.incidents.items() if each.closed and name not in in_force]
    for name in closed[:-CLOSED]:
        del state.incidents[name]
        gone = {cut for cut, each in state.cuts.items() if each.incident == name}
        state.cuts = {cut: each for cut, each in state.cuts.items() if cut not in gone}
        state.commands = {each: place for each, place in state.commands.items() if place[0] not in gone}


def _notice(state: State, entry: Entry, payload: n.NoticeNeeded) -> None:
    if payload.about in state.incidents:
        state.notices.setdefault(payload.notice, Asked(payload.about, entry.at))


def _not_reached(state: State, entry: Entry, payload: n.NoticeUnanswered) -> None:
    asked = state.notices.get(payload.notice)
    if asked is None:
        return
    about = [each for each in state.notices.values() if each.incident == asked.incident]
    if all(entry.at - each.unanswered > BATCH_S for each in about):  # of several in one batch the first counts
        state.news.unreached = asked.incident
    asked.unanswered = entry.at


def _tried(state: State, entry: Entry, payload: h.CutTried) -> None:
    outcomes.on_tried(state, entry, payload)
    cut = state.cuts.get(state.news.cut)
    if cut is not None and cut.isolation:
        isolation.let_go(state, cut.target)


# --- being woken ------------------------------------------------------------------------------------------------------


def _wake_asked(state: State, entry: Entry, payload: h.WakeAsked) -> None:
    incident = state.incidents.get(reports.incident_of_key(payload.key))
    if incident is not None and payload.key not in incident.wakes:
        incident.wakes.append(payload.key)


def _woke(state: State, entry: Entry, payload: h.Woke) -> None:
    incident = state.incidents.get(reports.incident_of_key(payload.key))
    if incident is not None and payload.key in incident.wakes:
        incident.wakes.remove(payload.key)


_Handler = Callable[[State, Entry, Any], None]
_AGENTS: dict[type[Payload], _Handler] = {
    k.VerdictReached: reports.on_verdict,
    k.FindingMade: reports.on_finding,
    k.MassDeleteSeen: reports.on_mass_delete,
    k.ActorHeld: _held,
    k.HoldConfirmed: reports.on_confirmed,
    k.HoldReleased: reports.on_released,
    k.AgentStarted: reports.on_mode,
    k.ModeChanged: reports.on_mode,
    h.OrderApplied: outcomes.on_applied,
    h.OrderRefused: outcomes.on_refused,
    h.CutTried: _tried,
    h.CutUndone: outcomes.on_undone,
}
_HUBS: dict[type[Payload], _Handler] = {
    h.EstateLoaded: _estate,
    h.AgentEnrolled: _enrolled,
    h.AgentRevoked: _revoked,
    h.AgentAlive: _alive,
    h.AgentSilent: _silent,
    h.IncidentOpened: reports.on_opened,
    h.HarmJoined: _joined,
    h.IncidentRaised: _raised,
    h.IncidentJoined: joining.on_joined_into,
    h.SpreadFound: _spread,
    h.IncidentAnswered: _answered,
    h.IncidentClosed: _closed,
    n.NoticeNeeded: _notice,
    n.NoticeUnanswered: _not_reached,
    h.WakeAsked: _wake_asked,
    h.Woke: _woke,
    r.IsolationWanted: isolation.on_wanted,
    r.IsolationOver: isolation.on_over,
    h.CutProposed: outcomes.on_proposed,
    h.CutDecided: outcomes.on_decided,
    h.CutChanged: outcomes.on_changed,
    h.MachineCut: outcomes.on_machine_cut,
    h.MachineFreed: outcomes.on_machine_freed,
    h.OrderAsked: outcomes.on_order_asked,
    h.PortAsked: outcomes.on_port_asked,
    h.CommandDone: outcomes.on_done,
    h.CommandFailed: outcomes.on_failed,
    h.CutTried: _tried,
    h.CutUndone: outcomes.on_undone,
}
# What this capability reads. `error_seen` is among them for its number alone: see `State.written`.
KINDS: Final = frozenset(k.NAMES[kind] for kind in {*_AGENTS, *_HUBS}) | {"error_seen"}
