"""The fold's half about care: incidents, cuts, what agents see, and how services stand.

Comes in: payloads with their entry. Goes out: changes to `State`. What services hang on is copied into the news before
it changes, so that `services.py` can say what this one entry changed, whatever else is written with it.
"""

from __future__ import annotations

from typing import Final

from garde.emergency.memory import Cut, Decision, Incident, Override, Service, State
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import plan_kinds as p
from garde.journal.entry import Entry
from garde.journal.text import plain

AGENT: Final = "agent/"
_KEPT: Final = 400  # verdicts, holds and closed incidents kept: an agent asks for no more at once
_DECISIONS: Final = 60


def on_estate(state: State, entry: Entry, payload: h.EstateLoaded) -> None:
    state.news.estate = payload.content.value is not None


def on_opened(state: State, entry: Entry, payload: h.IncidentOpened) -> None:
    state.news.before = state.picture()
    state.news.severity = worst(state)
    state.incidents.setdefault(payload.incident, Incident(payload.incident, entry.at, payload.severity))
    state.news.raised = True
    state.last_harm = max(state.last_harm, entry.at)


def on_raised(state: State, entry: Entry, payload: h.IncidentRaised) -> None:
    state.news.severity = worst(state)
    if incident := state.incidents.get(payload.incident):
        incident.severity = max(incident.severity, payload.severity)
        state.news.raised = True


def on_closed(state: State, entry: Entry, payload: h.IncidentClosed) -> None:
    if incident := state.incidents.get(payload.incident):
        state.news.before = state.picture()
        _close(state, incident)
    decided(state, entry, (payload.by, ""), payload.incident, "", payload.note.shown())


def on_joined_into(state: State, entry: Entry, payload: h.IncidentJoined) -> None:
    """The earlier incident goes on, as grave as the graver of the two; the younger one is no incident of its own."""
    young, old = state.incidents.get(payload.incident), state.incidents.get(payload.into)
    if young is None or old is None or young is old:
        return
    state.news.before = state.picture()
    old.severity = max(old.severity, young.severity)
    for proposal in state.proposals.values():
        proposal.incident = old.id if proposal.incident == young.id else proposal.incident
    if state.activation is not None and state.activation.incident == young.id:
        state.activation.incident = old.id
    _close(state, young)


def _close(state: State, incident: Incident) -> None:
    incident.closed = True
    if all(each.closed for each in state.incidents.values()):
        state.harmed.clear()
    closed = [name for name, each in state.incidents.items() if each.closed]
    for name in closed[:-_KEPT]:
        del state.incidents[name]


def worst(state: State) -> int:
    """Return the severity of the gravest open incident; 0 where none is open."""
    return max((each.severity for each in state.incidents.values() if not each.closed), default=0)


def on_joined(state: State, entry: Entry, payload: h.HarmJoined) -> None:
    state.news.before = state.picture()
    state.last_harm = max(state.last_harm, entry.at)
    if f"{payload.server}|{payload.verdict}" in state.mended:
        return
    verdicts = state.harmed.setdefault(payload.server, [])
    if payload.verdict and payload.verdict not in verdicts and len(verdicts) < _KEPT:
        verdicts.append(payload.verdict)


# --- what agents say --------------------------------------------------------------------------------------------------


def on_held(state: State, entry: Entry, payload: k.ActorHeld) -> None:
    if payload.verdict:
        state.holds[payload.hold] = payload.verdict
    while len(state.holds) > _KEPT:
        state.holds.pop(next(iter(state.holds)))


def on_cleared(state: State, entry: Entry, payload: k.HoldReleased) -> None:
    if payload.cleared:
        _mended(state, entry, payload.verdict)


def on_restored(state: State, entry: Entry, payload: k.RestoreFinished) -> None:
    if not payload.failed:
        _mended(state, entry, state.holds.get(payload.verdict, payload.verdict))


def _mended(state: State, entry: Entry, verdict: str) -> None:
    """The files of one verdict are as they were, on the server of the agent that says so.

    An agent puts files back within a second, and may say so before the hub has counted the harm to an incident.
    """
    server = entry.who.removeprefix(AGENT)
    if verdict and verdict not in state.harmed.get(server, ()):
        state.mended[f"{server}|{verdict}"] = None
        while len(state.mended) > _KEPT:
            state.mended.pop(next(iter(state.mended)))
    if verdict not in state.harmed.get(server, ()):
        return
    state.news.before = state.picture()
    state.harmed[server].remove(verdict)
    if not state.harmed[server]:
        del state.harmed[server]


def on_silent(state: State, entry: Entry, payload: h.AgentSilent) -> None:
    if payload.machine not in state.silent:
        state.news.before = state.picture()
        state.silent.append(payload.machine)


def on_alive(state: State, entry: Entry, payload: h.AgentAlive | h.AgentRevoked) -> None:
    if payload.machine in state.silent:
        state.news.before = state.picture()
        state.silent.remove(payload.machine)


# --- cuts -------------------------------------------------------------------------------------------------------------


def on_proposed(state: State, entry: Entry, payload: h.CutProposed) -> None:
    known = state.cuts.get(payload.cut)
    if known is None:
        state.cuts[payload.cut] = Cut(
            payload.cut, payload.action, payload.target, list(payload.where), list(payload.price), changed=entry.at
        )
        over = [name for name, each in state.cuts.items() if each.state in ("proposed", "undone")]
        for name in over[: len(state.cuts) - _KEPT] if len(state.cuts) > _KEPT else ():
            del state.cuts[name]
        return
    state.news.before = state.picture()
    known.where, known.price = list(payload.where), list(payload.price)


def on_changed(state: State, entry: Entry, payload: h.CutChanged) -> None:
    if known := state.cuts.get(payload.cut):
        state.news.before = state.picture()
        known.state, known.by, known.changed = payload.state, payload.by or known.by, entry.at


def on_cut_decided(state: State, entry: Entry, payload: h.CutDecided) -> None:
    decided(state, entry, (payload.by, payload.role), payload.cut, payload.decision, payload.note.shown())


def on_machine_cut(state: State, entry: Entry, payload: h.MachineCut) -> None:
    state.news.before = state.picture()
    cuts = state.cut_off.setdefault(payload.machine, [])
    if payload.cut not in cuts:
        cuts.append(payload.cut)


def on_machine_freed(state: State, entry: Entry, payload: h.MachineFreed) -> None:
    cuts = state.cut_off.get(payload.machine, [])
    if payload.cut in cuts:
        state.news.before = state.picture()
        cuts.remove(payload.cut)
        if not cuts:
            del state.cut_off[payload.machine]


# --- services ---------------------------------------------------------------------------------------------------------


def on_service(state: State, entry: Entry, payload: p.ServiceState) -> None:
    state.services[payload.service] = Service(payload.state, entry.at, list(payload.because), payload.by)


def on_overridden(state: State, entry: Entry, payload: p.ServiceOverridden) -> None:
    state.news.before = state.picture()
    state.overrides.pop(payload.service, None)
    why = payload.why.shown()
    if payload.state:
        state.overrides[payload.service] = Override(
            payload.state, payload.by, payload.role, why, payload.until, entry.at
        )
    decided(state, entry, (payload.by, payload.role), payload.service, payload.state, why)


def end_override(state: State, service: str, until: float) -> None:
    """A person's word on a service has run out."""
    found = state.overrides.get(service)
    if found is not None and found.until == until:
        state.news.before = state.picture()
        del state.overrides[service]


def decided(state: State, entry: Entry, who: tuple[str, str], about: str, to: str, note: str = "") -> None:  # noqa: PLR0917
    """Remember a decision of a person (login and role), for the reports."""
    found = Decision(entry.at, plain(who[0]), plain(who[1]), entry.kind, about, to, note)
    state.decisions = [*state.decisions, found][-_DECISIONS:]
