"""What a hub may ask of an agent: a closed list of verbs with typed arguments. There is no verb that runs anything.

Comes in: nothing. Goes out: `Verb` and `Order`. Rules R8 and R18: the agent checks every order itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """Everything an agent can be asked to do."""

    BLOCK = "block"  # refuse these client addresses on this server
    KICK = "kick"  # end the Samba sessions of these addresses or users
    ACCOUNT = "account"  # shut these accounts at Samba
    READ_ONLY = "read_only"  # make the shares read-only
    ISOLATE = "isolate"  # this machine talks to the hub and the named flows only
    OUTSIDE = "outside"  # this gateway forwards nothing to or from the outside but the named flows
    UNDO = "undo"  # undo the cut whose id the order carries


@dataclass(frozen=True, slots=True)
class Order:
    """One order as the agent receives it, inside a signed envelope."""

    command: str  # id: carried out once, however often it comes
    cut: str  # id of the cut that it is a part of: letters, digits, dot, dash, underscore; 64 at most
    verb: Verb
    addresses: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()  # flows that stay open: "ADDRESS" or "ADDRESS:PORT/tcp"
    reason: str = ""
    by: str = ""
    expires: float = 0.0  # wall seconds, hub time
