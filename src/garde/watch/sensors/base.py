"""What a sensor is: the one contract of everything that sees files change.

Comes in: the trees to watch and a test for what is excluded. Goes out: `Activity`, in batches, already limited to
the trees. It opens no file that it reports and judges nothing.

The contract, in words:

* The program builds a sensor with `SensorOptions`, calls `open` once, then waits for `fileno` to become readable and
  calls `read`, which never blocks. `close` may be called twice, and without `open`.
* `open` raises `NotPermitted` where the machine refuses the sensor altogether. A tree, or a file system mounted
  inside a tree, that cannot be watched is a `Skipped` in `Opened.unseen`; a right that is missing but can be lived
  without is one in `Opened.reduced`. A sensor that has refused may be thrown away and another one tried (see
  `open_best`).
* `ignore` gets a directory's absolute path, once as it is and once with a `/` at its end (so that the pattern
  `/srv/cache/*` covers `/srv/cache` itself). When it says yes, nothing in or under that directory is reported. It is
  asked once per directory, never per event; patterns for single files are the judge's business.
* The vault is passed in as one more tree where it must be watched: the sensor knows nothing of it.
* What the processes in `own_pids` do is left out. The program's own pid is in the set from the start.
* An `Activity` names the parent directory by the sensor's own key; `path_of` turns it into a path. **Paths are those
  of now**, not of the moment of the event: when a parent was renamed since, the path is the one under which the file
  can be opened now (or, for a directory that is gone, the last one that it had). A RENAME of a directory that is
  read afterwards may therefore tell of something that the earlier paths already show: whoever keeps an index by path
  treats a rename as done when it finds nothing under the old name.
* A RENAME is reported when either of its two directories lies inside the trees; `path_of` then answers for the other
  one as well.
* Bits may be merged, and merged bits carry no order: CREATE | DELETE may be either way round.
* What.OVERFLOW has no path and no pid: everything since the last event must be looked at again.
* None of it is safe to call from two threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from garde.model.activity import Activity
from garde.model.finding import Skipped

Ignore = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class SensorOptions:
    """What a sensor may be told before it opens; each takes what it needs."""

    recording: Path | None = None  # replay: the recorded activity
    known_directories: int = 65_536  # fanotify: directories whose paths are learnt at the start (about 300 bytes each)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a sensor sees, and what it does not."""

    seen: tuple[bytes, ...] = ()  # trees and mount points inside them that are watched
    unseen: tuple[Skipped, ...] = ()  # trees and mount points that are not
    reduced: tuple[Skipped, ...] = ()  # what is missing although every tree is seen


class Sensor(Protocol):
    """Sees files change. The rules stand in the module's docstring."""

    name: str
    has_actor: bool  # False: `Activity.pid` is always 0, so nobody can be held
    own_pids: set[int]

    def open(self, trees: Sequence[bytes], ignore: Ignore) -> Opened:
        """Start watching; raises NotPermitted."""
        ...

    def fileno(self) -> int:
        """The descriptor that is readable while `read` has something; -1 before `open` and after `close`."""
        ...

    def read(self) -> list[Activity]:
        """Return what has happened, oldest first; never blocks. [] also when all that was read lay elsewhere."""
        ...

    def path_of(self, directory: bytes) -> bytes | None:
        """Return the path of an `Activity`'s directory key, None when nobody knows it any more."""
        ...

    def close(self) -> None:
        """Stop watching and give everything back."""
        ...


def join(directory: bytes, name: bytes) -> bytes:
    """Return the path of `name` in `directory`, which may be the root."""
    return directory + name if directory.endswith(b"/") else directory + b"/" + name


def is_under(path: bytes, tree: bytes) -> bool:
    """True when `path` is `tree` or lies below it."""
    return path == tree or path.startswith(tree if tree.endswith(b"/") else tree + b"/")


def is_ignored(path: bytes, tree: bytes, ignore: Ignore) -> bool:
    """True when `ignore` names `path` or a directory between it and `tree` (the tree itself included)."""
    here = path
    while is_under(here, tree):
        if ignore(here) or ignore(join(here, b"")):
            return True
        if here in (tree, b"/"):
            return False
        here = here[: here.rfind(b"/")] or b"/"
    return False
