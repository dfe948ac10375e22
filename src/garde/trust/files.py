"""Secrets on the disk: written whole or not at all, readable by their owner only.

Comes in: a path and bytes. Goes out: `write_secret`, `read_secret`, `make_secret`. It knows nothing of what they mean.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from garde.errors import NotFound, StateDamaged
from garde.private import sync_directory

MOST = 64 * 1024  # bytes: no secret of ours is larger, and a device or a log in its place is never read in


def write_secret(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write the file in one step and bring it to the disk; what was there is replaced."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _write_new(beside, data, mode)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def make_secret(path: Path, data: bytes) -> bool:
    """Write the file where none is there yet; False where there is: of two who make a key at once, one wins."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _write_new(beside, data, 0o600)
        path.hardlink_to(beside)
    except FileExistsError:
        return False
    finally:
        beside.unlink(missing_ok=True)
    sync_directory(path.parent)
    return True


def read_secret(path: Path) -> bytes:
    """Return the file's bytes. Raises NotFound, or StateDamaged where others could read it or it is no plain file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise NotFound(f"{path} is not there") from error
    except OSError as error:
        raise StateDamaged(f"{path}: {error.strerror}", "look at the file and its folder") from error
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST:
            raise StateDamaged(f"{path} is no file of ours", "move it aside")
        if about.st_mode & 0o077:
            raise StateDamaged(f"{path} can be read by others than its owner", f"chmod 600 {path}")
        return file.read(MOST)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
