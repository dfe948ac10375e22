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
    # The way back (`garde.recovery`): none of them opens, closes or deletes anything by itself.
    FREEZE = "freeze"  # let nobody shorten the retention of the backups that lie here
    THAW = "thaw"  # a person said that retention may go on
    JUDGE = "judge"  # list a store's restore points (`point` "": all of them) and judge them
    RESTORE = "restore"  # bring a point to a scratch place and verify it; `where` "place": then put it in place
    BASELINE = "baseline"  # write down what a sound machine looks like
    SWEEP = "sweep"  # answer what the gate asks of this machine
    LOOK = "look"  # look at another machine from here: which of these ports answer
    RAISE = "raise"  # watch with raised sensitivity until `until`; 0: as usual again
    # The account (`garde.forensics`): these only look and keep.
    GATHER = "gather"  # keep notes, damaged files with their sound versions, logs and the journal as evidence
    FLOWS = "flows"  # look back at flow records from `since` to `until`; `addresses`: whose paths are asked for
    # Being warned (`garde.sharing`):
    WATCH_FOR = "watch_for"  # fetch the watch list with this `digest`, watch for it, look for it in older records


CUTS = frozenset({Verb.BLOCK, Verb.KICK, Verb.ACCOUNT, Verb.READ_ONLY, Verb.ISOLATE, Verb.OUTSIDE, Verb.UNDO})
ACCOUNT = frozenset({Verb.GATHER, Verb.FLOWS})  # of `garde.forensics`: such an errand is about an incident
ERRANDS = frozenset(Verb) - CUTS  # carried out beside the cuts: they may take hours, and no cut waits for them


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
    # For errands:
    store: str = ""  # id of a store of restore points, as the agent's settings name it; "": all of them
    point: str = ""  # id of a restore point in that store
    where: str = ""  # restore: "scratch" or "place"
    since: float = 0.0  # wall seconds: the first hostile write of the incident; 0: none is known
    until: float = 0.0  # wall seconds: raise
    ports: tuple[int, ...] = ()  # look: TCP ports to try on `addresses`
    baseline: str = ""  # sweep: SHA-256 of the baseline that the hub believes, in hex
    digest: str = ""  # watch_for: SHA-256 of the list, in hex
    about: str = ""  # estate id of the machine that it is about: whose data, or who is looked at; or an incident
