"""Freezing processes in a cgroup v2, where no SIGCONT wakes them.

Comes in: pids and a hold id. Goes out: `find_root`, and `Freezer`: put a process into a frozen cgroup, list, wait, put
back. It works where v2 is the whole hierarchy (/sys/fs/cgroup) and where it stands beside v1 (/sys/fs/cgroup/unified).
It sends no signals and knows no trees.

A frozen cgroup is made below the process's own cgroup, so that its service keeps its limits, is not taken for empty by
its manager, and the way back is the parent directory. But never below a directory that root does not own: a
user owns the cgroups under user@UID.service and could move the process out again. There it is made further up.
"""

from __future__ import annotations

import contextlib
import os
import select
from pathlib import Path
from typing import Final

_PREFIX: Final = "garde-hold-"
_MOUNTS = Path("/proc/self/mounts")


def find_root(mounts: str | None = None) -> Path | None:
    """Where cgroup v2 is mounted, or None."""
    try:
        text = _MOUNTS.read_text() if mounts is None else mounts
    except OSError:
        return None
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 3 and fields[2] == "cgroup2" and "rw" in fields[3].split(","):
            return Path(fields[1])
    return None


def home_of(path: str) -> str:
    """The cgroup a process came from, as far as its present one tells; the same path when it is in no hold."""
    return path.partition(f"/{_PREFIX}")[0] or "/"


def is_held(path: str) -> bool:
    """Whether a cgroup is a frozen one of ours, of any hold."""
    return f"/{_PREFIX}" in path


class Freezer:
    """The frozen cgroups of one hold. `root` is the v2 mount, `frozen` those that an earlier agent left."""

    def __init__(self, root: Path, hold_id: str, frozen: tuple[str, ...] = ()) -> None:
        self._root = root
        self._name = _PREFIX + hold_id
        self._directories: dict[Path, None] = {Path(path): None for path in frozen}

    @property
    def frozen(self) -> tuple[str, ...]:
        """The frozen cgroups, as paths to remember."""
        return tuple(map(str, self._directories))

    def add(self, pid: int, origin: str) -> None:
        """Move a process with all its threads into a frozen cgroup. OSError; ProcessLookupError when it is gone."""
        first = self._parent_for(origin)
        try:
            self._move(pid, first / self._name)
        except ProcessLookupError:
            raise
        except OSError:
            # A threaded cgroup takes no domain child, and cgroup.max.depth may refuse one.
            if first == self._root:
                raise
            self._move(pid, self._root / self._name)

    def _parent_for(self, origin: str) -> Path:
        """The deepest cgroup on the way to `origin` that only root owns."""
        here = self._root
        for part in origin.split("/"):
            below = here / part
            if part in ("", "."):
                continue
            if part == ".." or not _owned_by_root(below):
                break
            here = below
        return here

    def _move(self, pid: int, directory: Path) -> None:
        if directory not in self._directories:
            with contextlib.suppress(FileExistsError):
                directory.mkdir()
            # Frozen while empty: whoever comes in stops on arrival, and so do children born on the way.
            (directory / "cgroup.freeze").write_text("1")
            self._directories[directory] = None
        (directory / "cgroup.procs").write_text(str(pid))

    def members(self) -> list[int]:
        """Every pid in the frozen cgroups."""
        found: list[int] = []
        for directory in self._directories:
            with contextlib.suppress(OSError):
                found += map(int, (directory / "cgroup.procs").read_text().split())
        return found

    def wait(self, seconds: float) -> bool:
        """True once every member stands still; a process in an uninterruptible call takes its time."""
        return all(_wait_frozen(directory / "cgroup.events", seconds) for directory in self._directories)

    def put_back(self, pid: int, origin: str) -> str:
        """Move a process to its cgroup again; returns why it went elsewhere, or an empty string."""
        home = self._root / origin.lstrip("/")
        for directory in (home, *home.parents):
            if directory != self._root and self._root not in directory.parents:
                break
            try:
                directory.mkdir(parents=True, exist_ok=True)  # its manager removes a scope that fell empty
                (directory / "cgroup.procs").write_text(str(pid))
            except ProcessLookupError:
                return ""
            except OSError:
                continue  # a cgroup with controllers for its children takes no processes
            return "" if directory == home else f"its cgroup {origin} takes it no more; it is in {directory}"
        return f"no cgroup takes it: it stays in {self._name}, thawed"

    def thaw(self) -> None:
        """Wake all who are still inside, and remove the cgroups that are empty."""
        for directory in list(self._directories):
            with contextlib.suppress(OSError):
                (directory / "cgroup.freeze").write_text("0")
            with contextlib.suppress(OSError):
                directory.rmdir()
            del self._directories[directory]

    def remove_empty(self) -> bool:
        """Remove the cgroups if nobody is left in them; True when all are gone."""
        for directory in list(self._directories):
            with contextlib.suppress(FileNotFoundError):
                try:
                    directory.rmdir()
                except OSError:
                    continue
            del self._directories[directory]
        return not self._directories


def _owned_by_root(directory: Path) -> bool:
    try:
        return directory.stat().st_uid == 0 and (directory / "cgroup.procs").stat().st_uid == 0
    except OSError:
        return False


def _wait_frozen(events: Path, seconds: float) -> bool:
    try:
        handle = os.open(events, os.O_RDONLY)
    except OSError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLPRI)  # the kernel signals each change of the file
        for _ in range(8):
            if b"frozen 1" in os.pread(handle, 4096, 0):
                return True
            if not poll.poll(seconds * 1000):
                break
        return b"frozen 1" in os.pread(handle, 4096, 0)
    finally:
        os.close(handle)
