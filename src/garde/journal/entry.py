"""One entry of the chain, and what makes it a chain.

Comes in: the parts of an entry. Goes out: `Entry`, `Head`, `Fault`, the canonical bytes and their SHA-256. Nothing is
stored here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from garde.journal.payload import Payload

FORMAT = 1  # of the canonical form: raised when `canonical` changes
AGENT: Final = "agent/"  # what `who` begins with in a hub's journal where an agent says it


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, when, written by whom, and the hash of the entry before."""

    seq: int  # from 1, without a gap
    at: float  # wall seconds, to the microsecond
    who: str  # the program that wrote it: "agent", "operator"
    kind: str
    payload: Payload
    previous: str  # hash of the entry before; for the first, of the journal's own identity
    hash: str


def machine_of(entry: Entry) -> str:
    """Return the machine whose agent says this; "" where it is no agent."""
    return entry.who.removeprefix(AGENT) if entry.who.startswith(AGENT) else ""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain. Noted elsewhere (on paper, at the hub) it also proves that nothing was cut off the end."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the chain does not hold, in words."""

    seq: int
    what: str


class Row(NamedTuple):
    """The hashed parts of an entry, as stored: `at` is RFC 3339, `payload` JSON with sorted keys."""

    seq: int
    at: str
    who: str
    kind: str
    payload: str
    previous: str


def canonical(row: Row) -> bytes:
    """Return the bytes that are hashed: the JSON array `[seq,at,who,kind,payload,previous]`, no spaces."""
    return msgspec.json.encode([*row[:4], msgspec.Raw(row.payload), row.previous])


def hash_of(row: Row) -> str:
    """Return the SHA-256, in hex, of the canonical bytes."""
    return hashlib.sha256(canonical(row)).hexdigest()


def origin(identity: bytes) -> str:
    """Return what stands as `previous` in the first entry."""
    return hashlib.sha256(msgspec.json.encode(["garde-journal", FORMAT, identity.hex()])).hexdigest()


def seconds(at: str) -> float:
    """Return wall seconds of a stored time (`garde.clock.iso` the other way)."""
    return datetime.fromisoformat(at).timestamp()
