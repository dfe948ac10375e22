"""What core and keeper say to each other over their pipe: a closed list.

Comes in and goes out: frozen messages. Both ends are the same program, forked; nothing else can reach the pipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from garde.content import Comparison
from garde.vault import Compared, Coverage
from garde.watch.suspicion import PartyKey

# --- core to keeper


@dataclass(frozen=True, slots=True)
class Scan:
    """Make the first pass over these trees (all of them, or one below which events were lost)."""

    path: bytes = b""


@dataclass(frozen=True, slots=True)
class Move:
    """A healthy file or directory is called otherwise now."""

    old: bytes
    new: bytes
    directory: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """First follow these moves, then keep these files' content where it is healthy."""

    moves: tuple[Move, ...]
    captures: tuple[tuple[bytes, bytes, PartyKey, Compared | None], ...]  # path, fid, who wrote it, how it compared


@dataclass(frozen=True, slots=True)
class RestoreFiles:
    """Put files back as they were before a hand touched them."""

    id: str
    items: tuple[tuple[bytes, bytes | None, float], ...]  # path, where the damage lies, wall time of the first touch
    evidence: tuple[bytes, ...] = ()  # files the hand made from the damaged ones
    dry_run: bool = False
    unproven: frozenset[bytes] = frozenset()  # of the items: touched by the hand, and nobody saw them damaged


@dataclass(frozen=True, slots=True)
class Accept:
    """A person said that these changes were honest: keep them as they are."""

    paths: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RestoreAll:
    """Look at every known file and put back what is damaged; with `missing` also what was deleted, by whomever."""

    id: str
    dry_run: bool
    missing: bool = False


@dataclass(frozen=True, slots=True)
class WatchFor:
    """Say so when a file has a digest that is on the list there."""

    place: Path


@dataclass(frozen=True, slots=True)
class Stop:
    """Finish and leave."""


ToKeeper = Scan | Batch | Accept | RestoreFiles | RestoreAll | WatchFor | Stop

# --- keeper to core


@dataclass(frozen=True, slots=True)
class Opened:
    """The vault is open and repaired."""

    coverage: Coverage
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long task is. `total` 0: unknown."""

    task: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Unwatched:
    """Files that were damaged while nobody watched, seen by a pass over the trees."""

    damaged: tuple[tuple[bytes, Comparison], ...]


@dataclass(frozen=True, slots=True)
class Scanned:
    """A pass is complete."""

    coverage: Coverage


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A batch was kept; what was damaged instead is named."""

    kept: int
    damaged: tuple[tuple[bytes, Comparison, PartyKey], ...]
    skipped: tuple[tuple[bytes, str], ...]
    coverage: Coverage | None  # counted now and then only: 50 ms for 100,000 files


@dataclass(frozen=True, slots=True)
class RestoredFile:
    """One file put back."""

    path: bytes
    version_at: float  # wall seconds: when the version was known healthy
    verified: bool  # False: its hash had not been taken in idle time yet
    evidence: bytes  # where the damaged content lies now; b"" where there was none


@dataclass(frozen=True, slots=True)
class RestoreDone:
    """A restore is complete."""

    id: str
    restored: tuple[RestoredFile, ...]
    unchanged: int
    failed: tuple[tuple[bytes, str], ...]
    evidence: int  # further files moved to the evidence
    dry_run: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Matched:
    """A file that was kept lately has a digest on the watch list."""

    path: bytes
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something went wrong and the keeper goes on."""

    what: str
    reason: str


ToCore = Opened | Progress | Unwatched | Scanned | BatchDone | RestoreDone | Matched | Trouble
