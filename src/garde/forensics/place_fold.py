"""What shows how it was done, and where addresses are: a further part of the fold.

Comes in: entries of agents and of the hub. Goes out: changes of `State`. `state.py` has the rules.
"""

from __future__ import annotations

from garde.forensics.memory import MOST_PLACES, MOST_SHOWN, MOST_VERDICTS, Case, Place, State
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry, machine_of


def on_verdict(state: State, entry: Entry, payload: k.VerdictReached) -> None:
    """A verdict: into which incident it belongs is said later, by containment."""
    state.verdicts[f"{machine_of(entry)}|{payload.verdict}"] = entry.seq
    if len(state.verdicts) > MOST_VERDICTS:
        del state.verdicts[next(iter(state.verdicts))]


def on_mass_delete(state: State, entry: Entry, payload: k.MassDeleteSeen) -> None:
    """Many documents were deleted or emptied by one hand."""
    case = state.case_of(machine_of(entry))
    if case is not None:
        show(state, case, f"delete|{machine_of(entry)}", entry.seq)


def joined(state: State, case: Case, payload: h.HarmJoined) -> None:
    """Containment says into which incident a verdict belongs."""
    seq = state.verdicts.pop(f"{payload.server}|{payload.verdict}", 0)
    if seq:
        show(state, case, f"verdict|{payload.server}", seq)


def show(state: State, case: Case, what: str, seq: int) -> None:
    """Remember the first entry of a sort at a machine."""
    if what not in case.shown and len(case.shown) < MOST_SHOWN:
        case.shown[what] = seq
        state.news.known.append(case.id)


def on_places_asked(state: State, entry: Entry, payload: f.PlacesAsked) -> None:
    """Addresses are being looked up."""
    state.placing[payload.command] = [payload.incident, *payload.addresses]


def on_places_found(state: State, entry: Entry, payload: f.PlacesFound) -> None:
    """Where they are; those that no file knows count as looked up as well."""
    for each in payload.places:
        state.places[each.address] = Place(each.country, each.network, list(each.may_be))
    _end(state, payload.command)


def on_failed(state: State, entry: Entry, payload: h.CommandFailed) -> None:
    """They could not be looked up: then they are not known."""
    _end(state, payload.command)


def _end(state: State, command: str) -> None:
    incident, *addresses = state.placing.pop(command, [""])
    for address in addresses:
        state.places.setdefault(address, Place())
    while len(state.places) > MOST_PLACES:
        del state.places[next(iter(state.places))]
    case = state.case(incident)
    if case is not None:
        state.news.placed = case.id
