"""The marks that a file system keeps beside a file: immutable and append-only (`chattr +i`, `+a`).

Comes in: an open descriptor. Goes out: its marks, changed. Only a process with CAP_LINUX_IMMUTABLE may change them; who
merely owns the file may not, and neither may root before it has taken the mark away. Not every file system has them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_GET: Final = 0x80086601  # FS_IOC_GETFLAGS, linux/fs.h: _IOR('f', 1, long), an int is what it carries
_SET: Final = 0x40086602
IMMUTABLE: Final = 0x10
APPEND: Final = 0x20
MARKS: Final = IMMUTABLE | APPEND
_DEEPEST: Final = 64  # no tool's repository is deeper; a hostile one ends here
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# What a file system without such marks answers.
CANNOT_MARK: Final = frozenset({errno.ENOTTY, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


@dataclass(frozen=True, slots=True)
class Thing:
    """One regular file or directory below a root, open while it is looked at."""

    fd: int
    path: bytes  # relative to the root; b"" is the root itself
    is_dir: bool
    seen: os.stat_result


def marks_of(fd: int) -> int:
    """The immutable and append-only marks; raises OSError."""
    return _flags(fd) & MARKS


def put_marks(fd: int, marks: int) -> bool:
    """Make the two marks what is wanted, and leave all others; True where something changed. Raises OSError."""
    before = _flags(fd)
    after = before & ~MARKS | marks
    if after == before:
        return False
    fcntl.ioctl(fd, _SET, struct.pack("@l", after))
    return True


def _flags(fd: int) -> int:
    answer = fcntl.ioctl(fd, _GET, struct.pack("@l", 0))
    return int(struct.unpack("@i", answer[:4])[0])


def walk(root: bytes) -> Iterator[Thing]:
    """Every regular file and directory of one file system below `root`, directories after what lies in them.

    Links are not followed anywhere: whoever owns the tree could swap a folder for one while root walks in it.
    """
    top = os.open(root, _OPEN | os.O_DIRECTORY)
    try:
        seen = os.fstat(top)
        yield from _below(top, b"", seen.st_dev, 0)
        yield Thing(top, b"", True, seen)
    finally:
        os.close(top)


def _below(directory: int, path: bytes, device: int, depth: int) -> Iterator[Thing]:
    for name in sorted(os.fsencode(name) for name in os.listdir(directory)):
        try:
            kind = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                continue
            fd = os.open(name, _OPEN, dir_fd=directory)
        except FileNotFoundError:  # gone meanwhile: a lock, a file that was being written
            continue
        try:
            yield from _one(fd, path + b"/" + name if path else name, device, depth)
        finally:
            os.close(fd)


def _one(fd: int, path: bytes, device: int, depth: int) -> Iterator[Thing]:
    seen = os.fstat(fd)
    is_dir = stat.S_ISDIR(seen.st_mode)
    if seen.st_dev != device or not (is_dir or stat.S_ISREG(seen.st_mode)):
        return
    if is_dir and depth < _DEEPEST:
        yield from _below(fd, path, device, depth + 1)
    yield Thing(fd, path, is_dir, seen)
