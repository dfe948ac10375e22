"""What the way in remembers: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `In` and its parts. Nothing here decides or reads an entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

HEALTHY, READY, CUT = "healthy", "ready", "cut"  # states of a precaution
STATES: Final = (HEALTHY, READY, CUT)


@dataclass(slots=True)
class Taken:
    """One thing that a neighbour sent, as it was read."""

    source: str
    format: str
    sha256: str  # of the raw file
    tlp: str
    indicators: int
    refused: int
    refused_why: list[str]
    by: str
    channel: str
    at: float
    seq: int


@dataclass(slots=True)
class Unread:
    """One thing that a neighbour sent, and nobody could read."""

    source: str
    sha256: str  # of the raw file
    why: str
    at: float
    seq: int


@dataclass(slots=True)
class Watched:
    """The list that counts."""

    sha256: str
    indicators: int
    sources: list[str]
    of: list[str]  # digests of what neighbours sent
    at: float
    seq: int


@dataclass(slots=True)
class AgentList:
    """How an agent stands with the lists."""

    asked: str = ""  # digest of the list that it was asked to take last
    command: str = ""  # of that errand, while it has no outcome
    sha256: str = ""  # of the list that it watches for
    indicators: int = 0
    detail: str = ""  # what it said of it, or why it has none
    at: float = 0.0


@dataclass(slots=True)
class Sighting:
    """Something on the list was seen here."""

    machine: str
    sort: str
    value: str  # as it may be shown
    source: str
    where: str  # as it may be shown
    at: float
    live: bool
    seq: int


@dataclass(slots=True)
class Precaution:
    """What is offered, and what a person made of it."""

    id: str
    source: str
    machines: list[str]
    price: list[str]
    why: str
    at: float
    seq: int
    state: str = ""  # "": nobody has decided
    by: str = ""
    decided_at: float = 0.0
    cut: int = 0  # seq of the decision by which its machines are isolated; 0: they are not
    let_go: int = 0  # the same of a decision that the last one took back; 0: it took none back


@dataclass(slots=True)
class In:
    """See the module."""

    taken: dict[str, Taken] = field(default_factory=dict)  # by the digest of the raw file
    unread: dict[str, Unread] = field(default_factory=dict)  # by the same; the newest
    watched: Watched | None = None
    agents: dict[str, AgentList] = field(default_factory=dict)  # enrolled ones, by machine
    seen: list[Sighting] = field(default_factory=list)  # oldest first
    warned: list[str] = field(default_factory=list)  # sources of which something was seen here
    precautions: dict[str, Precaution] = field(default_factory=dict)

    def offered(self, source: str) -> list[Precaution]:
        """Return what was offered because of a source, oldest first."""
        return [each for each in self.precautions.values() if each.source == source]
