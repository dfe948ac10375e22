"""The board: incidents, cuts and cut machines as the journal tells them. A fold, for the API.

Comes in: entries. Goes out: `Board`, made of what can be shown as it stands. It re-derives nothing: every field is
what the owner of the fact published (`garde.contain`), or what a person decided.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from garde.hub.fold import Fold
from garde.hub.present import data
from garde.journal import hub_kinds as k
from garde.journal.entry import Entry

LATEST = 50  # decisions and joined reports kept with their words; all of them are counted, and in the journal


@dataclass(slots=True)
class Incident:
    """One incident."""

    id: str
    opened: float  # wall seconds
    first_harm: float
    server: str
    severity: int
    state: str = "open"  # open | closed | joined
    into: str = ""  # the earlier incident that it is part of
    answered: str = ""  # login
    closed: str = ""  # login
    reports: int = 0
    recurrences: int = 0
    reasons: list[str] = field(default_factory=list)  # why the severity rose
    spread: dict[str, Any] | None = None  # the last `spread_found`
    cuts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Cut:
    """One cut: the proposal as published, and its three facts."""

    id: str
    incident: str
    proposal: dict[str, Any]
    state: str = "proposed"  # then as in `cut_changed`
    asked: int = 0
    applied: int = 0
    proven: int = 0
    lacking: list[str] = field(default_factory=list)
    by: str = ""
    changed: float = 0.0
    decisions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Board:
    """The state."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    cuts: dict[str, Cut] = field(default_factory=dict)
    machines: dict[str, list[str]] = field(default_factory=dict)  # machine or address -> ids of the cuts in force


def project(state: Board, entry: Entry) -> Board:
    """Fold one entry."""
    match entry.payload:
        case k.IncidentOpened(id, first_harm, server, severity):
            state.incidents.setdefault(id, Incident(id, entry.at, first_harm, server, severity))
        case k.CutProposed(cut, id):
            _propose(state, entry, entry.payload)
        case k.CutChanged(cut) if cut in state.cuts:
            _change(state.cuts[cut], entry, entry.payload)
        case k.CutDecided(cut, decision, by, role) if cut in state.cuts:
            said = {"decision": decision, "by": by, "role": role, "at": entry.at}
            state.cuts[cut].decisions = [*state.cuts[cut].decisions, said][-LATEST:]
        case k.MachineCut(machine, cut):
            on = state.machines.setdefault(machine, [])
            if cut not in on:
                on.append(cut)
        case k.MachineFreed(machine, cut) if machine in state.machines:
            state.machines[machine] = [each for each in state.machines[machine] if each != cut]
            if not state.machines[machine]:
                del state.machines[machine]
        case _:
            _about_an_incident(state, entry)
    return state


def _about_an_incident(state: Board, entry: Entry) -> None:
    payload = entry.payload
    incident = state.incidents.get(getattr(payload, "incident", ""))
    if incident is None:
        return
    match payload:
        case k.IncidentRaised(_, severity, reason):
            incident.severity = max(incident.severity, severity)
            incident.reasons = [*incident.reasons, reason][-LATEST:]
        case k.HarmJoined():
            incident.reports += 1
            incident.recurrences += payload.recurrence
        case k.SpreadFound():
            incident.spread = data(payload)
        case k.IncidentAnswered(_, by):
            incident.answered = incident.answered or by
        case k.IncidentClosed(_, by):
            incident.state, incident.closed = "closed", by
        case k.IncidentJoined(_, into, _, recurrence) if into in state.incidents:
            _join(state, incident, state.incidents[into], recurrence)


def _join(state: Board, young: Incident, old: Incident, recurrence: bool) -> None:
    """The earlier incident has all of it from here on."""
    young.state, young.into = "joined", old.id
    old.reports, old.recurrences = old.reports + young.reports, old.recurrences + young.recurrences + recurrence
    old.cuts, young.cuts = [*old.cuts, *young.cuts], []
    for cut in old.cuts:
        state.cuts[cut].incident = old.id


def _propose(state: Board, entry: Entry, proposed: k.CutProposed) -> None:
    known = state.cuts.get(proposed.cut)
    if known is not None:  # proposed again: more machines, or another price
        known.proposal = data(proposed)
        return
    state.cuts[proposed.cut] = Cut(proposed.cut, proposed.incident, data(proposed), changed=entry.at)
    if proposed.incident in state.incidents:
        state.incidents[proposed.incident].cuts.append(proposed.cut)


def _change(cut: Cut, entry: Entry, changed: k.CutChanged) -> None:
    cut.state, cut.asked, cut.applied, cut.proven = changed.state, changed.asked, changed.applied, changed.proven
    cut.lacking, cut.by, cut.changed = list(changed.lacking), changed.by or cut.by, entry.at


BOARD = Fold(
    name="board",
    shape=Board,
    project=project,
    version=2,
    kinds=frozenset(
        {
            "incident_opened",
            "incident_raised",
            "incident_answered",
            "incident_closed",
            "incident_joined",
            "harm_joined",
            "spread_found",
            "cut_proposed",
            "cut_changed",
            "cut_decided",
            "machine_cut",
            "machine_freed",
        }
    ),
)
