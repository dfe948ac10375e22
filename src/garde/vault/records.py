"""The vault's nouns: what is known of a file, what a capture or a restore came to, and how much is covered.

Comes in: nothing. Goes out: frozen data. All paths are raw bytes, absolute, without symbolic links. It does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from garde.content import Bytes, Comparison, Structure, identify


class How(IntEnum):
    """Where a version's content lies."""

    NONE = 0  # fingerprint only: can be judged, cannot be restored
    CLONE = 1  # shares blocks with the file (FICLONE)
    COPY = 2
    EMPTY = 3  # the file was empty: nothing to keep


HAS_OBJECT: Final = frozenset({How.CLONE, How.COPY})


@dataclass(frozen=True, slots=True)
class Known:
    """A file and its newest healthy version."""

    path: bytes
    kind: str
    size: int
    mtime_ns: int
    mode: int
    uid: int
    gid: int
    fid: bytes  # the sensor's key of the live file, b"" unknown
    captured_at: float  # wall seconds
    version: int
    object: bytes | None  # path of the pre-image; None: fingerprint only, or the file was empty
    sha256: bytes | None  # None: not hashed yet; b"": too large to hash
    structure: Structure
    how: How
    store: int
    gone: float | None  # wall seconds when it was seen to be deleted


@dataclass(frozen=True, slots=True)
class Compared:
    """What somebody else found who compared all of a file with a version of it."""

    version: int
    comparison: Comparison

    def is_of(self, version: int, content: Bytes) -> bool:
        """True where it was this version, and every byte is the same still."""
        found = self.comparison
        return (
            version == self.version
            and content.size == found.size_after
            and found.digest == identify(content.read(0, content.size))
        )


@dataclass(frozen=True, slots=True)
class Captured:
    """The file has a healthy version; `fresh` says whether this call made it."""

    path: bytes
    version: int
    fresh: bool
    how: How


@dataclass(frozen=True, slots=True)
class Damaged:
    """The file could be read in its newest healthy version and cannot now: not promoted."""

    path: bytes
    comparison: Comparison
    evidence: bytes | None  # the kept clone, where blocks can be shared
    known: Known


@dataclass(frozen=True, slots=True)
class RestoreItem:
    """What to put back: the newest healthy version taken no later than `before_time` (None: the newest)."""

    path: bytes
    damaged_at: bytes | None = None  # where the damaged content lies now, if under another name: goes to evidence
    before_time: float | None = None  # wall seconds
    may_stay: bool = False  # nothing says that it was damaged: without a version from before, a sound one stays


class Outcome(StrEnum):
    """What a restore of one file came to."""

    RESTORED = "restored"
    UNCHANGED = "unchanged"  # content and metadata were already those of the pre-image
    WOULD_RESTORE = "would restore"  # dry run


@dataclass(frozen=True, slots=True)
class Restored:
    """One file is as it was."""

    path: bytes
    outcome: Outcome
    version: int
    captured_at: float
    verified: bool  # SHA-256 equal to the one taken in idle time; False: not hashed yet
    older: bool  # a newer healthy version was known, but only as a fingerprint
    evidence: tuple[bytes, ...] = ()  # where the damaged files lie now
    notes: tuple[str, ...] = ()  # what could not be put back (an owner, an extended attribute)


@dataclass(frozen=True, slots=True)
class Failed:
    """One file could not be put back; nothing of it was changed."""

    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far a pass over the trees is."""

    files: int  # regular files looked at
    captured: int  # new versions
    damaged: tuple[Damaged, ...]  # since the step before: files damaged while nobody watched
    skipped: int
    copied: int  # full copies made, where blocks cannot be shared
    done: bool = False


@dataclass(frozen=True, slots=True)
class StoreState:
    """One store and what its file system allows."""

    path: bytes
    reflink: bool
    why: str  # "" or what is reduced, in words
    free_bytes: int
    copied_bytes: int
    budget_bytes: int  # for full copies; 0 with reflink


@dataclass(frozen=True, slots=True)
class Coverage:
    """What can be judged and what can be restored: two figures, never one."""

    files: int
    judgeable: int
    restorable: int  # from the vault itself, in the newest known state
    by_backup: int  # the rest, where the settings name a backup
    hashed: int
    bytes: int
    bytes_restorable: int
    skipped: int  # of `files`: no version at all (unreadable, disk full)
    backup: str
    stores: tuple[StoreState, ...]
    notes: tuple[str, ...]

    @property
    def judgeable_percent(self) -> float:
        return self._percent(self.judgeable)

    @property
    def restorable_percent(self) -> float:
        """Of the vault alone."""
        return self._percent(self.restorable)

    @property
    def restorable_with_backup_percent(self) -> float:
        return self._percent(self.restorable + self.by_backup)

    def _percent(self, part: int) -> float:
        # Rounded down: 99.96 % is not "100.0 %".
        return int(1000 * part / self.files) / 10 if self.files else 100.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Where index and store differ (after kill -9, or a lost disk)."""

    orphans: int  # objects without a row
    missing: int  # rows without their object
    wrong_size: int
    staged: int  # files left in staging by an interrupted restore
    unlisted_evidence: int

    @property
    def whole(self) -> bool:
        return not (self.orphans or self.missing or self.wrong_size or self.staged or self.unlisted_evidence)
