"""The scratch place: made for root alone, with room enough, and used by one restore at a time.

Comes in: its path, how much will come. Goes out: the directory, locked; or a `StoreFault`. It removes nothing.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from garde.journal.text import plain
from garde.recovery.points.base import Fault, StoreFault

_SPARE: Final = 1.02  # names, directories and blocks that are not full


def make_scratch(scratch: Path, size: int) -> None:
    """Make the directory where it is missing; raises StoreFault where what will come cannot have room there."""
    try:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = scratch.lstat()
    except OSError as error:
        raise StoreFault(Fault.CANNOT, f"{plain(str(scratch))}: {error.strerror}") from error
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
        raise StoreFault(Fault.REFUSED, f"{plain(str(scratch))} is not a directory of our own")
    scratch.chmod(0o700)
    there = _bytes_below(scratch)  # of an earlier call: they will be written over
    free = os.statvfs(scratch)
    have = free.f_bavail * free.f_frsize + there
    if have < size * _SPARE:
        raise StoreFault(
            Fault.NO_SPACE,
            f"{plain(str(scratch))}: {size / 1e9:,.1f} GB will come, and {have / 1e9:,.1f} GB are free",
        )


def _bytes_below(directory: Path) -> int:
    return sum(
        os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118 - as os.walk gives them
        for folder, _, names in os.walk(directory)
        for name in names
    )


@contextmanager
def held(scratch: Path) -> Iterator[int]:
    """Yield a descriptor that locks the directory; a program that inherits it holds it on when we are killed."""
    fd = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise StoreFault(Fault.LOCKED, f"another restore still works in {plain(str(scratch))}") from None
    try:
        yield fd
    finally:
        os.close(fd)
