"""From entries to what `forensics` knows: the fold.

Comes in: entries of the hub's journal. Goes out: `State` (`memory.py`). Pure: no clock, socket or chance; it may change
the state that it is given. An entry that an agent wrote counts as that agent's word and never as the hub's or a
person's. The rules, one test each:

1. A report belongs to the incident of the errand that it answers; without one to the newest open incident in which its
   machine saw harm, else to the newest open one, else to none yet ("": whatever comes to be asks for it by its time).
2. An incident that became part of another one leaves everything to it.
3. An answer to an errand counts where the agent says it that was asked.
4. What is remembered is bounded; what was over a bound is counted. The journal has all of it.
5. Of the family, the origin and the finding on egress the newest counts. The finding on egress never becomes better for
   the same time: that is the business of whoever concludes, and is believed here.
6. What a source of flows says of a time is kept with its blind times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.estate.canonical import from_json
from garde.forensics import answer_fold as answers
from garde.forensics import case_fold as cases
from garde.forensics import place_fold as places
from garde.forensics.identify.rules import note_due
from garde.forensics.keys import split
from garde.forensics.memory import News, State
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import AGENT, Entry
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import ErrandAsked

__all__ = ["KINDS", "VERSION", "State", "project"]

VERSION: Final = 3  # of the state's shape and meaning

_Handler = Callable[[State, Entry, Any], None]


def _on_estate(state: State, entry: Entry, loaded: h.EstateLoaded) -> None:
    """Another hospital is in force."""
    if loaded.content.value is not None:  # erased: the one before stays in force
        state.machines = {each.id: list(each.addresses) for each in from_json(loaded.content.value).machines}


def _on_woke(state: State, entry: Entry, woke: h.Woke) -> None:
    """Time has come for something of ours."""
    state.news.woke = woke.key if split(woke.key)[0] else ""


def _on_failed(state: State, entry: Entry, failed: h.CommandFailed) -> None:
    """Something of the hub's own could not be done."""
    cases.on_failed(state, entry, failed)
    places.on_failed(state, entry, failed)


_AGENTS: Final[dict[type[Payload], _Handler]] = {
    k.FindingMade: answers.on_finding,
    k.VerdictReached: places.on_verdict,
    k.MassDeleteSeen: places.on_mass_delete,
    k.HoldConfirmed: cases.on_confirmed,
    k.RestoreFinished: cases.on_restored,
    h.OrderRefused: cases.on_refused,
    f.NoteTaken: answers.on_note,
    f.EvidenceTaken: answers.on_taken,
    f.EvidenceGathered: cases.on_gathered,
    f.FlowSourceState: answers.on_source,
    f.EgressSeen: answers.on_egress,
    f.EgressLooked: answers.on_looked,
    f.PathSeen: answers.on_path,
}
_HUBS: Final[dict[type[Payload], _Handler]] = {
    h.EstateLoaded: _on_estate,
    h.IncidentOpened: cases.on_opened,
    h.HarmJoined: cases.on_harm,
    h.IncidentJoined: cases.on_joined_into,
    h.IncidentClosed: cases.on_closed,
    h.SpreadFound: cases.on_spread,
    h.CommandFailed: _on_failed,
    h.Woke: _on_woke,
    ErrandAsked: cases.on_asked,
    f.IdentifyAsked: answers.on_naming,
    f.PlacesAsked: places.on_places_asked,
    f.PlacesFound: places.on_places_found,
    f.FamilyNamed: answers.on_family,
    f.OriginFound: answers.on_origin,
    f.EgressConcluded: answers.on_concluded,
    f.EvidenceMoved: answers.on_moved,
    f.EvidenceReferred: answers.on_referred,
    f.BundleMade: answers.on_bundle,
}
# What `policy.py` answers and the fold has nothing to remember of.
_ANSWERED: Final = frozenset({"bundle_wanted"})
KINDS: Final = frozenset(k.NAMES[kind] for kind in {*_AGENTS, *_HUBS}) | _ANSWERED


def project(state: State, entry: Entry) -> State:
    """Fold one entry; returns the same state."""
    state.news = News(entry.seq)
    by_agent = entry.who.startswith(AGENT)
    state.now = max(state.now, entry.at) if by_agent else entry.at
    handler = (_AGENTS if by_agent else _HUBS).get(type(entry.payload))
    if handler is not None:
        handler(state, entry, entry.payload)
        note_due(state)
    return state
