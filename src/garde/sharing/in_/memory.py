"""What the way in remembers: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `In` and its parts. Nothing here decides or reads an entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field


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
class In:
    """See the module."""

    taken: dict[str, Taken] = field(default_factory=dict)  # by the digest of the raw file
