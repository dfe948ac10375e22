"""Room kept in reserve: a full disk must not silence the hub in the night it is needed.

Comes in: the state directory. Goes out: a file of real blocks that `give` deletes once, when the journal finds the disk
full, so that the incident can be written while somebody makes space. `keep` lays it down again as soon as there is
plenty. It measures no one else's use of the disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

RESERVE = 64 * 1024 * 1024  # bytes: more than 50,000 entries
PLENTY = 4 * RESERVE  # free, before the reserve is laid down (again)
LEAST = 4 * 1024 * 1024  # free, to open the databases and note who serves


class Room:
    """The reserve of one state directory."""

    def __init__(
        self, state: Path, complain: Callable[[str], None] = lambda message: None, size: int = RESERVE
    ) -> None:
        self._file, self._size, self._complain = state / "reserve", size, complain

    @property
    def kept(self) -> bool:
        """Whether the reserve lies there."""
        return self._file.exists()

    def make_sure(self) -> None:
        """At the start: lay it down, or give it where without it the databases could not even be opened."""
        self.keep()
        if self.kept and self._free() < LEAST:
            self.give()

    def keep(self) -> bool:
        """Lay the reserve down where there is room for it; returns whether it lies there."""
        if self.kept:
            return True
        try:
            if self._free() < self._size * (PLENTY // RESERVE):
                return False
            self._lay_down()
        except OSError as error:
            self._complain(f"no room could be kept in reserve: {error}")
            return False
        return True

    def give(self) -> bool:
        """Delete the reserve; returns whether that made room."""
        try:
            self._file.unlink()
        except OSError:
            return False
        self._complain("the disk is full: the room kept in reserve is being used now")
        return True

    def _free(self) -> int:
        found = os.statvfs(self._file.parent)
        return found.f_bavail * found.f_frsize

    def _lay_down(self) -> None:
        part = self._file.with_suffix(".part")
        handle = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, self._size)  # real blocks: a sparse file would keep nothing
        except OSError:
            part.unlink()
            raise
        finally:
            os.close(handle)
        part.rename(self._file)
