"""Files that are made with care: for their owner alone, or whole or not at all.

Comes in: a path, bytes. Goes out: the file. Errors are the system's own (OSError): who asked says what to do.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def make_private(path: Path) -> None:
    """Make an empty database file for its owner alone; SQLite would give it the umask's rights.

    One that is there is not touched: whoever closes *any* descriptor of a database lets go of all locks that this
    process has on it (POSIX record locks), and then another process takes the write-ahead log away under an open
    connection: "disk I/O error", and what was written since is gone.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def write_private(path: Path, data: bytes) -> None:
    """Write a file that names patients: where it is new, nobody else reads it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def keep_note(path: Path, data: bytes) -> None:
    """Write down what a process wants to know when it starts again; where the disk refuses it, it goes without."""
    with contextlib.suppress(OSError), written_beside(path, 0o600) as file:
        file.write(data)


@contextlib.contextmanager
def written_beside(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of `path` in one step, once it is whole; otherwise nothing is left."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def sync_directory(path: Path) -> None:
    """Wait until the names in it are on the disk: a file that is safe under a name that is not is lost as well."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
