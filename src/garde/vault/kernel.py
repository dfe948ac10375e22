"""The few system calls that Python does not wrap.

Comes in: descriptors and raw byte paths. Goes out: `clone` (FICLONE), `open_strict` (openat2 that follows no symbolic
link in any part of the path), `rename` (renameat2), `sync_all` (syncfs), `mount_points`. It keeps no state and decides
nothing.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
from pathlib import Path
from typing import Final

_FICLONE: Final = 0x40049409  # _IOW(0x94, 9, int), linux/fs.h
_SYS_OPENAT2: Final = 437  # the same on every architecture
_RESOLVE_NO_SYMLINKS: Final = 0x04
_AT_FDCWD: Final = -100
NOREPLACE: Final = 1
EXCHANGE: Final = 2

# What FICLONE answers where the file system, or this pair of files, cannot share blocks.
CANNOT_CLONE: Final = frozenset({errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS})
DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

# File systems that hold no documents; opening files there can block or have effects.
PSEUDO: Final = frozenset(
    b"autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs "
    b"proc pstore ramfs rpc_pipefs securityfs selinuxfs sysfs tracefs".split()
)

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
_renameat2 = _libc.renameat2
_renameat2.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
_has_openat2 = True


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_how_of: dict[int, _How] = {}


def clone(target: int, source: int) -> None:
    """Let `target` share all blocks of `source`; raises OSError."""
    fcntl.ioctl(target, _FICLONE, source)


def open_strict(path: bytes, flags: int, dir_fd: int = _AT_FDCWD) -> int:
    """Open without following a symbolic link anywhere in `path` (ELOOP instead), close-on-exec.

    An attacker who may write to a directory can swap it for a link between the look and the open; as root that would
    make Garde read, or put back, a file somewhere else.
    """
    if not _has_openat2:
        return _open_by_parts(path, flags, dir_fd)
    how = _how_of.get(flags)
    if how is None:
        how = _how_of[flags] = _How(flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0, _RESOLVE_NO_SYMLINKS)
    done = _syscall(
        ctypes.c_long(_SYS_OPENAT2),
        ctypes.c_int(dir_fd),
        ctypes.c_char_p(path),
        ctypes.byref(how),
        ctypes.c_size_t(ctypes.sizeof(_How)),
    )
    if done >= 0:
        return int(done)
    return _after_refusal(ctypes.get_errno(), path, flags, dir_fd)


def _after_refusal(code: int, path: bytes, flags: int, dir_fd: int) -> int:
    global _has_openat2  # noqa: PLW0603 -- a fact about this kernel, found once
    if code == errno.ENOSYS:
        _has_openat2 = False
        return _open_by_parts(path, flags, dir_fd)
    raise OSError(code, os.strerror(code), path)


def _open_by_parts(path: bytes, flags: int, dir_fd: int = _AT_FDCWD) -> int:
    """Do the same on kernels before 5.6 (and under seccomp filters that hide openat2): one directory at a time."""
    *directories, name = [part for part in path.split(b"/") if part] or [b"."]
    current = os.open(
        b"/" if path.startswith(b"/") else b".", os.O_PATH, dir_fd=None if dir_fd == _AT_FDCWD else dir_fd
    )
    try:
        for part in directories:
            deeper = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=current)
            os.close(current)
            current = deeper
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=current)
    finally:
        os.close(current)


def rename(old_dir: int, old: bytes, new_dir: int, new: bytes, flags: int = NOREPLACE) -> None:
    """renameat2: NOREPLACE never overwrites, EXCHANGE swaps the two names in one step; raises OSError."""
    if _renameat2(old_dir, old, new_dir, new, flags) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), old)


def sync_all(fd: int) -> None:
    """Wait until all data of the file system that `fd` lies on are on its disk; raises OSError."""
    if _libc.syncfs(fd) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def mount_points() -> dict[bytes, bytes]:
    """Return mount point → file system type, as this process sees them."""
    found: dict[bytes, bytes] = {}
    for line in Path("/proc/self/mountinfo").read_bytes().splitlines():
        left, _, right = line.partition(b" - ")
        found[_unescape(left.split(b" ")[4])] = right.split(b" ", 1)[0]
    return found


def _unescape(text: bytes) -> bytes:
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), text)
