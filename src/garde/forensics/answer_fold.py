"""What agents report of notes, evidence, flows and connections, and what was made of it. The other half of the fold.

Comes in: entries of agents and of the hub. Goes out: changes of `State`. `state.py` has the rules.
"""

from __future__ import annotations

from typing import Final, TypeVar

from garde.forensics import case_fold as cases
from garde.forensics import memory as m
from garde.forensics.memory import State
from garde.journal import forensic_kinds as f
from garde.journal import kinds as k
from garde.journal.entry import Entry, machine_of
from garde.journal.text import plain
from garde.model.order import Verb

LONGEST_ENDING: Final = 40  # bytes: longer ones are names, and may be a patient's
T = TypeVar("T")


def _incident(state: State, entry: Entry, command: str = "") -> str:
    """Return the incident that a report belongs to; "" where there is none yet. Rule 1."""
    errand = state.errands.get(command)
    asked = state.case(errand.incident) if errand is not None and errand.machine == machine_of(entry) else None
    case = asked or state.case_of(machine_of(entry))
    if case is not None:
        state.news.known.append(case.id)
    return case.id if case is not None else ""


def _add(state: State, into: list[T], one: T, most: int, name: str) -> None:
    """Remember one more; the oldest give way, and are counted. Rule 4."""
    into.append(one)
    if len(into) > most:
        del into[0]
        state.left_out[name] = state.left_out.get(name, 0) + 1


# --- notes, names, evidence -------------------------------------------------------------------------------------------


def on_note(state: State, entry: Entry, payload: f.NoteTaken) -> None:
    """A ransom note; the same one from the same machine again has another number of copies."""
    machine = machine_of(entry)
    incident = _incident(state, entry, payload.command)
    for each in state.notes:
        if (each.machine, each.sha256, each.incident) == (machine, payload.sha256, incident):
            each.copies = max(each.copies, payload.copies)
            return
    note = m.Note(incident, machine, payload.sha256, payload.copies, entry.seq)
    _add(state, state.notes, note, m.MOST_NOTES, "notes")


def on_finding(state: State, entry: Entry, payload: k.FindingMade) -> None:
    """One damaged file: what was put behind its name."""
    before, after = payload.file.path.value, payload.file.path_after.value
    ending = ending_of(before, after) if before is not None and after is not None else ""
    if not ending:
        return
    machine, incident = machine_of(entry), _incident(state, entry)
    for each in state.endings:
        if (each.incident, each.ending) == (incident, ending):
            each.files += 1
            if machine not in each.machines:
                each.machines.append(machine)
            return
    _add(state, state.endings, m.Ending(incident, ending, 1, [machine], entry.seq), m.MOST_ENDINGS, "endings")


def ending_of(before: bytes, after: bytes) -> str:
    """Return what was put behind a name, escaped; "" where nothing was, or where it is as long as a name."""
    old, new = before.rpartition(b"/")[2], after.rpartition(b"/")[2]
    if old == new or not old:
        return ""
    found = new[len(old) :] if new.startswith(old) else _extension(new)
    return plain(found) if found != _extension(old) and len(found) <= LONGEST_ENDING else ""


def _extension(name: bytes) -> bytes:
    stem, dot, rest = name.rpartition(b".")
    return dot + rest if stem else b""


def on_taken(state: State, entry: Entry, payload: f.EvidenceTaken) -> None:
    """One item of evidence: its first word counts."""
    if payload.item in state.items:
        return
    incident = _incident(state, entry, payload.command)
    item = m.Item(
        incident, machine_of(entry), payload.item, payload.sort, payload.size, payload.sha256, payload.taken_at,
        payload.clock_offset_s, payload.offset_known, payload.pair, entry.seq,
    )  # fmt: skip
    _keep(state, item)


def on_referred(state: State, entry: Entry, payload: f.EvidenceReferred) -> None:
    """A person names something that lies elsewhere."""
    if payload.item not in state.items:
        incident = _incident(state, entry)
        _keep(state, m.Item(incident, "", payload.item, payload.sort, 0, payload.sha256, entry.at, 0.0, False, "",
                            entry.seq))  # fmt: skip


def _keep(state: State, item: m.Item) -> None:
    own = sum(each.machine == item.machine for each in state.items.values())
    if len(state.items) >= m.MOST_ITEMS or own >= m.MOST_ITEMS // 5:  # no machine takes the room of the others
        state.left_out["items"] = state.left_out.get("items", 0) + 1
    else:
        state.items[item.item] = item


def on_moved(state: State, entry: Entry, payload: f.EvidenceMoved) -> None:
    """Custody changed."""
    item = state.items.get(payload.item)
    if item is not None:
        item.moves.append(m.Move(payload.to, payload.by, payload.same, entry.seq, entry.at))
        state.news.known += [item.incident] if item.incident else []


# --- flows and connections --------------------------------------------------------------------------------------------


def on_source(state: State, entry: Entry, payload: f.FlowSourceState) -> None:
    """A source of flow records sees, is blind, or has ended."""
    machine = machine_of(entry)
    state.sources[f"{machine}/{payload.source}"] = m.Source(machine, payload.source, payload.state)
    state.news.source = machine


def on_egress(state: State, entry: Entry, payload: f.EgressSeen) -> None:
    """More left one machine than usual."""
    incident = _incident(state, entry, payload.command)
    found = m.Egress(incident, payload.address, payload.to, payload.bytes, list(payload.why), entry.seq)
    _add(state, state.egress, found, m.MOST_EGRESS, "egress")


def on_looked(state: State, entry: Entry, payload: f.EgressLooked) -> None:
    """What a source says of a whole time. Rule 6."""
    incident = _incident(state, entry, payload.command)
    blind = [m.BlindTime(each.since, each.until, each.why) for each in payload.blind]
    found = m.Look(
        incident, machine_of(entry), payload.source, list(payload.covers), payload.since, payload.until, blind,
        payload.command, entry.seq,
    )  # fmt: skip
    _add(state, state.looks, found, m.MOST_LOOKS, "looks")
    cases.end(state, entry, payload.command, Verb.FLOWS)


def on_path(state: State, entry: Entry, payload: f.PathSeen) -> None:
    """A connection by which somebody may have come."""
    found = m.Path(
        _incident(state, entry, payload.command), payload.inside, payload.outside, payload.port, payload.inbound,
        payload.first, payload.last, payload.bytes_in, payload.bytes_out, entry.seq,
        payload.user.shown() if payload.user else "",
    )  # fmt: skip
    _add(state, state.paths, found, m.MOST_PATHS, "paths")


# --- what was made of it ----------------------------------------------------------------------------------------------


def on_naming(state: State, entry: Entry, payload: f.IdentifyAsked) -> None:
    """The family is being named."""
    case = state.case(payload.incident)
    if case is not None:
        case.due = 0
        case.naming[payload.command] = list(payload.entries)
        case.identified = list(payload.entries)


def on_family(state: State, entry: Entry, payload: f.FamilyNamed) -> None:
    """What it was. Rule 5."""
    case = state.case(payload.incident)
    if case is None:
        return
    case.naming.pop(payload.command, None)
    case.family = payload.family
    state.news.known.append(case.id)


def on_origin(state: State, entry: Entry, payload: f.OriginFound) -> None:
    """Where it came from. Rule 5."""
    case = state.case(payload.incident)
    if case is None:
        return
    hops = [
        m.OriginHop(each.address, each.role, each.country, each.network, each.confidence, list(each.may_be))
        for each in payload.hops
    ]
    case.origin = m.Origin(hops, list(payload.foothold), entry.seq)
    state.news.known.append(case.id)


def on_concluded(state: State, entry: Entry, payload: f.EgressConcluded) -> None:
    """Whether data left. Rule 5."""
    case = state.case(payload.incident)
    if case is None:
        return
    case.egress = m.Conclusion(
        payload.as_of, payload.finding, payload.bytes, list(payload.sources), list(payload.covered),
        list(payload.blind), payload.blind_s,
    )  # fmt: skip
    state.news.known.append(case.id)


def on_bundle(state: State, entry: Entry, payload: f.BundleMade) -> None:
    """A bundle lies there."""
    case = state.case(payload.incident)
    if case is not None:
        case.bundles.append(
            m.Bundle(payload.command, payload.manifest, payload.items, payload.bytes, payload.head, payload.stamp,
                     entry.seq, entry.at)
        )  # fmt: skip
