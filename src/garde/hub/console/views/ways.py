"""Which entries tell the way back of which server. A fold.

Comes in: entries. Goes out: `Ways`, made of numbers and ids: the seqs of what is told of a server; words are read from
the journal by their seq, so that words erased there are gone here as well. It decides nothing and knows no rule of the
way back (`garde.recovery` does). Rules:

1. An entry belongs to the machine that it names, a report about a machine's own state to the machine whose agent made
   it, what came of a store to the machine whose data lie in it, a credential to the machine that waits for it.
2. What an agent says of single restore points is not told: it is on the page of the points.
3. Lists are bounded: the newest is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from garde.hub.fold import Fold
from garde.journal import kinds as k
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.journal.payload import Payload

TOLD = 300  # entries of one server
AGENT = "agent/"


@dataclass(slots=True)
class Ways:
    """The state."""

    seqs: dict[str, list[int]] = field(default_factory=dict)  # machine -> what is told of it, the newest last
    covers: dict[str, str] = field(default_factory=dict)  # store -> the machine whose data are in it
    waits: dict[str, str] = field(default_factory=dict)  # credential -> the machine that waits for it


def project(state: Ways, entry: Entry) -> Ways:
    """Fold one entry."""
    payload = entry.payload
    if isinstance(payload, r.StoresKnown):
        state.covers |= {each.store: each.covers for each in payload.stores}
    if isinstance(payload, r.CredentialListed):
        state.waits[payload.credential] = payload.machine
    for machine in dict.fromkeys(_about(state, entry, payload)):
        state.seqs[machine] = [*state.seqs.get(machine, ()), entry.seq][-TOLD:]
    return state


_OF_A_MACHINE = (
    r.StepMoved, r.StepWanted, r.MachineRecut, r.ServerRated, r.GateAnswered, r.GateSigned, r.PointChosen,
    r.JudgingWanted, r.BaselineWanted, r.CredentialListed, r.MachineLooked, r.IsolationWanted,
)  # fmt: skip
_OF_ITSELF = (r.MachineSwept, r.BaselineTaken, r.WatchRaised)
_OF_A_STORE = (r.PointRestored, r.PointsJudged)


def _about(state: Ways, entry: Entry, payload: Payload) -> Iterable[str]:
    if isinstance(payload, _OF_A_MACHINE):
        yield payload.machine
    elif isinstance(payload, _OF_ITSELF) and entry.who.startswith(AGENT):
        yield entry.who.removeprefix(AGENT)
    elif isinstance(payload, _OF_A_STORE) and payload.store in state.covers:
        yield state.covers[payload.store]
    elif isinstance(payload, r.CredentialChanged) and payload.credential in state.waits:
        yield state.waits[payload.credential]
    elif isinstance(payload, r.RestartPlanned):
        yield from (machine for wave in payload.waves for machine in wave)


WAYS = Fold(
    name="console_ways",
    shape=Ways,
    project=project,
    kinds=frozenset(
        k.NAMES[kind]
        for kind in (
            *_OF_A_MACHINE, *_OF_ITSELF, *_OF_A_STORE, r.StoresKnown, r.CredentialChanged, r.RestartPlanned,
        )
    ),
)  # fmt: skip
