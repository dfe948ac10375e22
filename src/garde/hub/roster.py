"""Which agents the hub knows: a fold.

Comes in: entries. Goes out: `Roster`, with every agent's key, what was last said of its life, and the tokens that
still count. Rules:

1. A token counts once, for its machine, until its time is over; the entry that makes a new one for a machine voids
   those made for it before.
2. Who enrols again under the same name replaces the key: the token was made by somebody who may.
3. A revoked agent's key is believed no more; a new token brings it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.hub.fold import Fold
from garde.journal.entry import Entry
from garde.journal.hub_kinds import AgentAlive, AgentEnrolled, AgentRevoked, AgentSilent, TokenMade


@dataclass(slots=True)
class Known:
    """One agent as the journal has it."""

    key: str  # Ed25519 public key, in hex
    address: str  # from where it enrolled
    since: float  # wall seconds of its enrolment
    token: str  # SHA-256 of the token it came with
    generation: int = 1  # of its release codes: one more at each enrolment of this machine
    alive: bool | None = None  # None: never heard of since it enrolled
    asked: str = ""  # mode asked for
    mode: str = ""  # mode in force
    changed: float = 0.0  # wall seconds of the last word on its life


@dataclass(slots=True)
class Token:
    """One enrolment token that still counts."""

    machine: str
    expires: float


@dataclass(slots=True)
class Roster:
    """The state: agents by machine, tokens by the SHA-256 of their secret."""

    agents: dict[str, Known] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    enrolled: dict[str, int] = field(default_factory=dict)  # machine -> how often


def project(state: Roster, entry: Entry) -> Roster:
    """Fold one entry."""
    match entry.payload:
        case TokenMade(machine, token, expires):
            state.tokens = {key: each for key, each in state.tokens.items() if each.machine != machine}
            state.tokens[token] = Token(machine, expires)
        case AgentEnrolled(machine, key, token, address):
            state.tokens.pop(token, None)
            state.enrolled[machine] = state.enrolled.get(machine, 0) + 1
            state.agents[machine] = Known(key, address, entry.at, token, state.enrolled[machine])
        case AgentRevoked(machine):
            state.agents.pop(machine, None)
        case AgentAlive(machine, asked, mode) if machine in state.agents:
            known = state.agents[machine]
            known.alive, known.asked, known.mode, known.changed = True, asked, mode, entry.at
        case AgentSilent(machine) if machine in state.agents:
            known = state.agents[machine]
            known.alive, known.changed = False, entry.at
    return state


ROSTER = Fold(
    name="roster",
    shape=Roster,
    project=project,
    kinds=frozenset({"token_made", "agent_enrolled", "agent_revoked", "agent_alive", "agent_silent"}),
)
