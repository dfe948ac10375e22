"""btrfs subvolumes, by the kernel's own calls: no program is started, no output is read.

Comes in: a directory. Goes out: `Subvolume` (when it was made, whether it can be written to), and making one read-only.
Source: linux/btrfs.h (BTRFS_IOC_GET_SUBVOL_INFO, since 4.18; SUBVOL_GETFLAGS, SUBVOL_SETFLAGS, INO_LOOKUP).
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT: Final = 256  # inode of every subvolume's top
# treeid, name, parent, directory, generation, flags; three UUIDs; four transactions; four times; reserved.
_INFO: Final = struct.Struct("=Q256s4Q16s16s16s4Q" + "QI4x" * 4 + "64s")
_GET_INFO: Final = 0x80000000 | _INFO.size << 16 | 0x94 << 8 | 60
_GET_FLAGS: Final = 0x80089419
_SET_FLAGS: Final = 0x4008941A
_LOOKUP: Final = 4096  # bytes of its answer
_INO_LOOKUP: Final = 0xD0009412
_READ_ONLY: Final = 1 << 1
_OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Subvolume:
    """One subvolume."""

    path: Path
    made_at: float  # wall seconds; the kernel wrote it
    read_only: bool
    owner: tuple[int, int]  # of its top


def look(path: Path) -> Subvolume | None:
    """What is known of a directory as a subvolume; None where it is none. Raises OSError."""
    handle = os.open(path, _OPEN)
    try:
        seen = os.fstat(handle)
        if seen.st_ino != _ROOT:
            return None
        found = _INFO.unpack(fcntl.ioctl(handle, _GET_INFO, bytes(_INFO.size)))
        flags = _flags(handle)
    finally:
        os.close(handle)
    # Behind the six first fields: UUIDs 6 to 8, transactions 9 to 12, times from 13 on: ctime, otime.
    made_at = found[15] + found[16] / 1e9
    return Subvolume(path, made_at, bool(flags & _READ_ONLY), (seen.st_uid, seen.st_gid))


def below(folder: Path, depth: int) -> Iterator[Subvolume]:
    """Every subvolume in a folder, and in its plain folders so deep; links are not followed. Raises OSError."""
    with os.scandir(folder) as entries:
        inside = sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    for each in map(Path, inside):
        found = look(each)
        if found is not None:
            yield found
        elif depth > 1:
            yield from below(each, depth - 1)


def set_read_only(path: Path, wanted: bool) -> None:
    """Change whether it can be written to; raises OSError."""
    handle = os.open(path, _OPEN)
    try:
        flags = _flags(handle)
        after = flags | _READ_ONLY if wanted else flags & ~_READ_ONLY
        if after != flags:
            fcntl.ioctl(handle, _SET_FLAGS, struct.pack("=Q", after))
    finally:
        os.close(handle)


def is_btrfs(path: Path) -> bool:
    """Whether a directory lies on btrfs: only there the kernel can say which subvolume it is in."""
    asked = bytearray(_LOOKUP)
    struct.pack_into("=QQ", asked, 0, 0, _ROOT)
    try:
        handle = os.open(path, _OPEN)
    except OSError:
        return False
    try:
        fcntl.ioctl(handle, _INO_LOOKUP, asked)
        return True
    except OSError:
        return False
    finally:
        os.close(handle)


def _flags(handle: int) -> int:
    return int(struct.unpack("=Q", fcntl.ioctl(handle, _GET_FLAGS, bytes(8)))[0])


def mode_of(path: Path) -> tuple[int, int, int]:
    """uid, gid and mode of a directory."""
    seen = path.lstat()
    return seen.st_uid, seen.st_gid, stat.S_IMODE(seen.st_mode)
