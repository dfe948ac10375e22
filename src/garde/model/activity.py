"""What the kernel saw happen to one file name.

Comes in: nothing. Goes out: `What`, `Activity`. An `Activity` is a NamedTuple and not a frozen dataclass: it is made
for every kernel event, and a tuple costs a third (0.3 µs against 1 µs).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class What:
    """Bits of `Activity.what`. Plain integers: an IntFlag costs 20 times more to test on the hot path."""

    CREATE: Final = 1
    MODIFY: Final = 2
    CLOSE_WRITE: Final = 4
    RENAME: Final = 8
    DELETE: Final = 16
    DIRECTORY: Final = 32  # the name is a directory's
    OVERFLOW: Final = 64  # the kernel dropped events: everything since the last one must be looked at again


class Activity(NamedTuple):
    """One event, perhaps several merged by the kernel (create and close-write arrive as one with both bits)."""

    at: float  # CLOCK_MONOTONIC seconds, when it was read
    what: int  # bits of `What`
    pid: int  # tgid of the writer; 0: the sensor cannot tell (inotify), or the writer is in another pid namespace
    directory: bytes  # the sensor's own key of the parent directory: `Sensor.path_of` turns it into a path
    name: bytes  # the last part of the name, raw bytes as the file system has them
    fid: bytes = b""  # the sensor's own key of the file itself (its inode and generation); b"" where unknown
    new_directory: bytes = b""  # RENAME only
    new_name: bytes = b""  # RENAME only
