"""What drafts are filled from, as other parts of Garde published it: half of the fold.

Comes in: entries of containment, of the emergency plan, of the way back, of the account, of warning the neighbours; and
agents' own reports of what they saw and kept. Goes out: facts of the incident that is open (of the last one, where none
is), each with the `seq` of its entry. Nothing is worked out anew: what the owner of a fact said last counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import paper_kinds as paper
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as v
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry, machine_of
from garde.journal.payload import Payload
from garde.legal import memory as m
from garde.legal.memory import Incident, State, Thing
from garde.legal.safe import kept, one_line

_WORSE: Final = {"works": 0, "degraded": 1, "paper": 2, "closed": 3}
_MOST: Final = m.MOST_KEPT


def open_ones(state: State) -> list[Incident]:
    """Return the incidents that a fact without an incident belongs to: the open ones, else the last."""
    whole = [each for each in state.incidents.values() if each.id not in state.into]
    return [each for each in whole if not each.closed] or whole[-1:]


def _material(state: State, incident: Incident) -> None:
    state.news.material.append(incident.id)


# --- what agents say --------------------------------------------------------------------------------------------------


def on_confirmed(state: State, entry: Entry, payload: k.HoldConfirmed) -> None:
    """Harm was read again and stands."""
    for incident in open_ones(state):
        incident.held += 1
        if len(incident.confirmed) < _MOST:
            incident.confirmed.append(entry.seq)


def on_files_back(state: State, entry: Entry, payload: k.RestoreFinished) -> None:
    """Files were put back."""
    for incident in open_ones(state):
        incident.files_back += payload.restored
        incident.files_lost += payload.failed
        incident.files_seq = entry.seq


def on_note(state: State, entry: Entry, payload: f.NoteTaken) -> None:
    """A ransom note was read."""
    for incident in open_ones(state):
        if len(incident.notes) < m.MOST_NOTES and all(each.sha256 != payload.sha256 for each in incident.notes):
            incident.notes.append(m.Note(
                machine_of(entry), one_line(payload.name), kept(payload.text), payload.sha256, payload.copies, entry.seq
            ))  # fmt: skip
            _material(state, incident)


def on_evidence(state: State, entry: Entry, payload: f.EvidenceTaken) -> None:
    """An agent kept an item."""
    _keep(state, m.Item(
        payload.item, payload.sort, one_line(payload.name), one_line(payload.place), machine_of(entry), payload.size,
        payload.sha256, payload.taken_at, payload.clock_offset_s, payload.offset_known, machine_of(entry), entry.seq,
    ))  # fmt: skip


def _keep(state: State, item: m.Item) -> None:
    for incident in open_ones(state):
        if len(incident.items) >= _MOST:
            incident.items_more += 1
        elif all(each.item != item.item for each in incident.items):
            incident.items.append(item)


def on_frozen(state: State, entry: Entry, payload: v.RetentionFrozen) -> None:
    """Backups can no longer be shortened."""
    for incident in open_ones(state):
        machine = machine_of(entry)
        what, name = "proven" if payload.proven else "not_proven", f"{machine}|{payload.store}"
        if name in incident.frozen or len(incident.frozen) < _MOST:
            incident.frozen[name] = Thing(machine, what, entry.at, [entry.seq], payload.store)


def on_restored(state: State, entry: Entry, payload: v.PointRestored) -> None:
    """Data came back from a restore point, in place and verified."""
    if payload.where != "place" or not payload.verified or payload.failed:
        return
    for incident in open_ones(state):
        machine = machine_of(entry)
        incident.restored[machine] = Thing(machine, "restored", payload.restored_to, [entry.seq], payload.point)


# --- what the hub's rules say -----------------------------------------------------------------------------------------


def on_harm(state: State, entry: Entry, payload: h.HarmJoined) -> None:
    """Harm elsewhere belongs to the incident."""
    incident = state.incident(payload.incident)
    if incident is not None and payload.server not in incident.servers:
        incident.servers[payload.server] = entry.seq
        _material(state, incident)


def on_raised(state: State, entry: Entry, payload: h.IncidentRaised) -> None:
    """It is graver."""
    incident = state.incident(payload.incident)
    if incident is not None:
        incident.severity = max(incident.severity, payload.severity)
        _material(state, incident)


def on_spread(state: State, entry: Entry, payload: h.SpreadFound) -> None:
    """Who spreads, as it stands."""
    incident = state.incident(payload.incident)
    if incident is None:
        return
    before = incident.spread
    users = [*payload.accounts, *(user for each in payload.suspects for user in each.users)]
    incident.spread = m.Spread(
        payload.spreader, payload.first_server, payload.first_at, payload.files,
        list(dict.fromkeys(hop.server for hop in payload.hops)),
        list(dict.fromkeys(each.address for each in payload.suspects if each.address))[:_MOST],
        list(dict.fromkeys(one_line(user) for user in users if user))[:_MOST],
        entry.seq,
    )  # fmt: skip
    for server in incident.spread.servers:
        incident.servers.setdefault(server, entry.seq)
    if before is None or (before.spreader, before.servers) != (payload.spreader, incident.spread.servers):
        _material(state, incident)


def on_cut_proposed(state: State, entry: Entry, payload: h.CutProposed) -> None:
    """What a cut would be; it counts from when it is ordered."""
    incident = state.incident(payload.incident)
    if incident is not None:
        incident.cuts[payload.cut] = Thing(payload.target, payload.action, entry.at, [entry.seq], "proposed")


def on_cut(state: State, entry: Entry, payload: h.CutChanged) -> None:
    """A cut was ordered, holds, or is undone."""
    for incident in state.incidents.values():
        cut = incident.cuts.get(payload.cut)
        if cut is not None:
            cut.at, cut.more = entry.at, payload.state
            cut.entries = [*cut.entries[:1], entry.seq]


def on_plan(state: State, entry: Entry, payload: p.PlanTriggered) -> None:
    """The hospital's emergency plan is in force."""
    for incident in open_ones(state):
        incident.plan = Thing(payload.plan, payload.phase, entry.at, [entry.seq])


def on_phase(state: State, entry: Entry, payload: p.PlanPhaseChanged) -> None:
    """Its phase."""
    for incident in open_ones(state):
        if incident.plan is not None:
            incident.plan.what = payload.phase
            incident.plan.entries = [incident.plan.entries[0], entry.seq]


def on_service(state: State, entry: Entry, payload: p.ServiceState) -> None:
    """A service works, or does not: its worst state is kept beside the last."""
    for incident in open_ones(state):
        known = incident.services.get(payload.service)
        if known is None and payload.state == "works":
            continue
        if known is None or _WORSE.get(payload.state, 0) > _WORSE.get(known.what, 0):
            first = known.at if known is not None else entry.at
            incident.services[payload.service] = Thing(payload.service, payload.state, first, [entry.seq])
            _material(state, incident)
            known = incident.services[payload.service]
        known.more = payload.state
        if entry.seq not in known.entries:
            known.entries = [known.entries[0], entry.seq]


def on_diversion(state: State, entry: Entry, payload: p.DiversionChanged) -> None:
    """Who may still come."""
    for incident in open_ones(state):
        if payload.state != "open" or payload.path in incident.diversions:
            incident.diversions[payload.path] = Thing(payload.path, payload.state, entry.at, [entry.seq])


def on_moved(state: State, entry: Entry, payload: v.StepMoved) -> None:
    """A server on its way back."""
    for incident in open_ones(state):
        incident.steps[payload.machine] = Thing(payload.machine, payload.stage, entry.at, [entry.seq])


def on_reenter(state: State, entry: Entry, payload: paper.ReenterSaid) -> None:
    """Data after this must be entered again: what may be lost."""
    for incident in open_ones(state):
        if payload.after:
            incident.reenter[payload.subject] = Thing(payload.subject, "reenter", payload.after, [entry.seq])
        else:
            incident.reenter.pop(payload.subject, None)
        _material(state, incident)


def on_first_harm(state: State, entry: Entry, payload: v.FirstHarmSaid) -> None:
    """When it began, as a person knows it."""
    incident = state.incident(payload.incident)
    if incident is not None:
        incident.first_harm, incident.first_harm_seq = payload.at, entry.seq
        _material(state, incident)


def on_credential(state: State, entry: Entry, payload: v.CredentialChanged) -> None:
    """A credential was changed."""
    for incident in open_ones(state):
        incident.credentials[payload.credential] = entry.seq


# --- the account and the neighbours -----------------------------------------------------------------------------------


def on_family(state: State, entry: Entry, payload: f.FamilyNamed) -> None:
    """What it was; said again, the newest counts."""
    incident = state.incident(payload.incident)
    if incident is not None:
        before = incident.family.family if incident.family else None
        incident.family = m.Family(payload.family, payload.confidence, list(payload.techniques), payload.decryptor,
                                   payload.data_date, entry.seq)  # fmt: skip
        if before != payload.family:
            _material(state, incident)


def on_origin(state: State, entry: Entry, payload: f.OriginFound) -> None:
    """Where it came from."""
    incident = state.incident(payload.incident)
    if incident is None:
        return
    before = [each.address for each in incident.origin.hops] if incident.origin else None
    hops = [
        m.Hop(each.address, each.machine, each.role, each.country, each.network, each.confidence, list(each.may_be))
        for each in payload.hops
    ]
    incident.origin = m.Origin(hops, one_line(payload.user), list(payload.foothold), entry.seq)
    if before != [each.address for each in hops]:
        _material(state, incident)


def on_egress(state: State, entry: Entry, payload: f.EgressConcluded) -> None:
    """Whether data left."""
    incident = state.incident(payload.incident)
    if incident is None:
        return
    before = (incident.egress.finding, incident.egress.bytes) if incident.egress else None
    incident.egress = m.Egress(
        payload.finding, payload.bytes, payload.as_of, payload.since, list(payload.sources), list(payload.covered),
        list(payload.blind), entry.seq,
    )  # fmt: skip
    if before != (payload.finding, payload.bytes):
        _material(state, incident)


def on_referred(state: State, entry: Entry, payload: f.EvidenceReferred) -> None:
    """Evidence that lies elsewhere."""
    _keep(state, m.Item(
        payload.item, payload.sort, one_line(payload.name), one_line(payload.place), "", 0, payload.sha256, entry.at,
        0.0, False, payload.by, entry.seq,
    ))  # fmt: skip


def on_bundle(state: State, entry: Entry, payload: f.BundleMade) -> None:
    """The evidence is one bundle."""
    incident = state.incident(payload.incident)
    if incident is not None:
        incident.bundle = Thing(payload.manifest, payload.stamp, entry.at, [entry.seq], str(payload.items))


def on_told(state: State, entry: Entry, payload: s.NeighbourTold) -> None:
    """A neighbour knows."""
    for incident in open_ones(state):
        incident.told.setdefault(payload.neighbour, Thing(payload.neighbour, payload.channel, entry.at, [entry.seq]))


_Handler = Callable[[State, Entry, Any], None]
AGENTS: Final[dict[type[Payload], _Handler]] = {
    k.HoldConfirmed: on_confirmed,
    k.RestoreFinished: on_files_back,
    f.NoteTaken: on_note,
    f.EvidenceTaken: on_evidence,
    v.RetentionFrozen: on_frozen,
    v.PointRestored: on_restored,
}
HUBS: Final[dict[type[Payload], _Handler]] = {
    h.HarmJoined: on_harm,
    h.IncidentRaised: on_raised,
    h.SpreadFound: on_spread,
    h.CutProposed: on_cut_proposed,
    h.CutChanged: on_cut,
    p.PlanTriggered: on_plan,
    p.PlanPhaseChanged: on_phase,
    p.ServiceState: on_service,
    p.DiversionChanged: on_diversion,
    v.StepMoved: on_moved,
    v.FirstHarmSaid: on_first_harm,
    v.CredentialChanged: on_credential,
    paper.ReenterSaid: on_reenter,
    f.FamilyNamed: on_family,
    f.OriginFound: on_origin,
    f.EgressConcluded: on_egress,
    f.EvidenceReferred: on_referred,
    f.BundleMade: on_bundle,
    s.NeighbourTold: on_told,
}
