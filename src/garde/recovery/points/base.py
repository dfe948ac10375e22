"""The contract that every store of restore points keeps, and the data it speaks in.

Comes in: nothing. Goes out: `Store` (a Protocol), `Point`, the results of each step, `StoreFault`. It does nothing.

In words. One caller at a time for each store; nothing here is thread-safe. The order on the night is

    freeze -> prove_frozen;   points -> check -> changes -> sample (judging);   restore -> verify -> place;   thaw

* A step that cannot be done at all raises `StoreFault`, whose `fault` is of a closed list and whose `detail` is one
  line for people. What could be done in part is a result that names the rest. Nobody retries inside.
* Every step may be called again, after kill -9 as well: `freeze` and `thaw` finish what was begun, `restore` begins
  anew in the same scratch place or goes on there, `place` never moves anything twice.
* `freeze` writes down what it is about to do before it does it. `prove_frozen` really tries to shorten retention, in
  ways that lose nothing where they succeed: each try is a `Check` with what was wanted and what was seen.
* `thaw` undoes the whole of `freeze`, and nothing that stood before it.
* `points` gives the oldest first. Reading waits for no lock in the store and takes none: an attacker's session may have
  left one.
* `sample` gives files that lie on disk until the next one is asked for or the iterator is closed; one that could not be
  brought is a `Sample` with a reason, for that is the finding. Each is a file of the point, under the path it had.
* `restore` writes below `scratch` only, as a tree whose root stands for "/": a file that was `/srv/a` becomes
  `<scratch>/srv/a`. A store that knows no paths puts its own tree there (a database's directory), and says so.
* `verify` compares what lies in `scratch` with the store, and not with what `restore` thought it wrote.
* `place` exchanges what stands for what was brought, and keeps what stood as evidence on the same file system. It
  refuses a scratch place from which no rename reaches.
* No step deletes a point, and none follows a name from the store out of `scratch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from garde.clock import Clock
from garde.journal.hub_kinds import Check
from garde.journal.recovery_kinds import StoreNote
from garde.model.finding import Skipped
from garde.recovery.points.config import StoreSettings

Progress = Callable[[int, int], None]  # (bytes done, bytes in all; 0: not known)
NAMED: Final = 50  # things that went wrong that are named; all are counted
MOST_PATHS: Final = 10_000  # changed or added paths that are kept of a comparison


class Fault(StrEnum):
    """Why a step could not be done at all."""

    TOOL = "tool"  # the program of this sort is not installed, or too old
    ABSENT = "absent"  # no store there, or no such point in it
    WRONG_KEY = "wrong_key"  # the password is wrong, or its file cannot be read
    LOCKED = "locked"  # someone else's lock stands in the way
    NO_SPACE = "no_space"
    DAMAGED = "damaged"  # the store itself cannot be read
    CANNOT = "cannot"  # this store, or its file system, has no way to do this
    REFUSED = "refused"  # it would lose something, or leave its place
    FAILED = "failed"  # the tool failed, in its own words
    LATE = "late"  # it took longer than it may


class StoreFault(Exception):
    """A step that could not be done at all; `detail` is one line for people, already escaped."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Room:
    """What a store is given beside its settings."""

    agent: Path  # the agent's state directory
    state: Path  # a directory of this store's own for what must survive: records of a freeze, of a placing
    work: Path  # another for what may vanish: samples
    clock: Clock


@dataclass(frozen=True, slots=True)
class Point:
    """One restore point. `id` and `label` come from the tool and are shown escaped only."""

    id: str
    taken_at: float  # wall seconds
    files: int = -1  # -1: not known without reading it
    size: int = -1  # bytes
    paths: tuple[bytes, ...] = ()  # what it was taken of
    label: str = ""
    until: float = 0.0  # where every moment up to this one can be had (a log beside a base); 0: `taken_at` alone
    written_at: float = 0.0  # when it came into the store, as the file system has it; 0: not known


@dataclass(frozen=True, slots=True)
class Freezing:
    """What freezing came to. It is proven only by `prove_frozen`."""

    marked: int  # things (files, snapshots) that are held now
    fresh: int  # of those, by this call
    detail: str = ""  # what it means for new backups, what could not be held


@dataclass(frozen=True, slots=True)
class Proof:
    """What was tried against a frozen store."""

    checks: tuple[Check, ...]
    detail: str = ""

    @property
    def proven(self) -> bool:
        """True when something was tried, and everything came out as wanted."""
        return bool(self.checks) and all(check.wanted == check.seen for check in self.checks)


@dataclass(frozen=True, slots=True)
class Thawed:
    """What was let go."""

    marked: int
    detail: str = ""


class Catalogue(StrEnum):
    """What the tool's own check of a point says, without reading its data."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Checked:
    """The catalogue's state, with a clause for people."""

    catalogue: Catalogue
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files to look at: the named ones first, then others spread over the whole point."""

    count: int
    first: tuple[bytes, ...] = ()
    most_bytes: int = 1 << 30  # of the sample as a whole


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of a point, to be judged. `at` is where it lies now; b"" where it could not be brought."""

    path: bytes
    size: int  # as the catalogue has it
    at: bytes
    why: str = ""  # why it could not be brought


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different from the point before."""

    changed: int
    added: int
    removed: int
    bytes_added: int  # -1: not known
    paths: tuple[bytes, ...] = ()  # changed or added, MOST_PATHS at most

    @property
    def files(self) -> int:
        """All files that are not as they were."""
        return self.changed + self.added + self.removed


@dataclass(frozen=True, slots=True)
class Brought:
    """What was brought to the scratch place."""

    files: int
    bytes: int
    failed: int
    seconds: float
    restored_to: float  # the moment whose state this is
    skipped: tuple[Skipped, ...] = ()  # the first of those that failed
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a comparison with the store came to."""

    files: int  # compared
    bytes: int
    wrong: int  # missing or different
    seconds: float
    skipped: tuple[Skipped, ...] = ()  # the first of those
    detail: str = ""

    @property
    def whole(self) -> bool:
        """True when something was compared and all of it is as the store has it."""
        return self.files > 0 and self.wrong == 0


@dataclass(frozen=True, slots=True)
class Placed:
    """What now stands in place, and where that which it replaced lies."""

    files: int
    failed: int
    seconds: float
    place: bytes
    evidence: bytes  # b"": nothing stood there
    skipped: tuple[Skipped, ...] = ()
    detail: str = ""


class Store(Protocol):
    """One store of restore points. See the module's words for the order and what may be repeated."""

    settings: StoreSettings

    def note(self) -> StoreNote:
        """What the hub is told of it; reads nothing that could be missing."""
        ...

    def points(self) -> tuple[Point, ...]: ...

    def freeze(self) -> Freezing: ...

    def prove_frozen(self) -> Proof: ...

    def thaw(self) -> Thawed: ...

    def is_frozen(self) -> bool:
        """Whether a freeze was begun and not thawed, by what is written down."""
        ...

    def check(self, point: Point) -> Checked: ...

    def count(self, point: Point) -> tuple[int, int]:
        """(regular files, their bytes); -1 where it cannot be told without bringing all of them."""
        ...

    def changes(self, point: Point, before: Point) -> Changes | Skipped: ...

    def sample(self, point: Point, wanted: Wanted) -> Iterator[Sample]: ...

    def scratch(self, point: Point) -> Path:
        """Where this point is best brought to: from there `place` can rename. Not made yet."""
        ...

    def restore(self, point: Point, scratch: Path, progress: Progress | None = None) -> Brought: ...

    def verify(self, point: Point, scratch: Path, progress: Progress | None = None) -> Verified: ...

    def place(self, point: Point, scratch: Path, progress: Progress | None = None) -> Placed: ...
