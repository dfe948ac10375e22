"""The watcher's `Lookup` over the real vault and file system.

Comes in: a read-only vault. Goes out: what was known, and how a file compares with it. Files are opened without
following links and without waiting (a FIFO would block for ever); what is no regular file is None.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from os import urandom as random_bytes

from garde.content import (
    Before,
    Comparison,
    FileBytes,
    MemoryBytes,
    NewFile,
    Structure,
    compare,
    identify,
    judge_new,
    whole,
)
from garde.vault import Known, Vault
from garde.watch.sensors.handles import is_at

OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOATIME


class VaultLookup:
    """Reads the index and pre-images; writes nothing."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def find(self, path: bytes, fid: bytes) -> Known | None:
        """See `watch.lookup.Lookup.find`."""
        return self._vault.find(path, fid)

    def compare(self, known: Known, path: bytes, *, still_open: bool) -> Comparison | None:
        """See `watch.lookup.Lookup.compare`."""
        with opened(path) as fd:
            if fd is None:
                return None
            after = whole(FileBytes(fd))
            with self._vault.before(known) as before:
                found = compare(before, after, still_open=still_open)
            if still_open or found.damaged or not isinstance(after, MemoryBytes):
                return found
            return replace(found, digest=identify(after.content))

    def is_at(self, path: bytes, fid: bytes) -> bool:
        """See `watch.lookup.Lookup.is_at`."""
        return is_at(path, fid)

    def look(self, path: bytes) -> NewFile | None:
        """See `watch.lookup.Lookup.look`."""
        with opened(path) as fd:
            return None if fd is None else judge_new(FileBytes(fd))


@contextmanager
def opened(path: bytes) -> Iterator[int | None]:
    """Open a regular file for judging; yields None when it is gone, forbidden or no regular file."""
    try:
        fd = os.open(path, OPEN_FLAGS)
    except PermissionError:
        fd = _open_plain(path)
    except OSError:
        fd = -1
    try:
        yield fd if fd >= 0 and stat.S_ISREG(os.fstat(fd).st_mode) else None
    finally:
        if fd >= 0:
            os.close(fd)


def _open_plain(path: bytes) -> int:
    """O_NOATIME is refused for files of other users when we are not root."""
    try:
        return os.open(path, OPEN_FLAGS & ~os.O_NOATIME)
    except OSError:
        return -1


def warm() -> None:
    """Judge a little of everything once: the first judgement of a process costs 20 ms more than the second."""
    before = b"Patient;Room\n" * 400
    after = random_bytes(len(before))
    for content in (before, after, b"PK\x03\x04" + after, b"%PDF-1.7\n" + after, b"\xff\xd8\xff" + after):
        compare(Before("text", len(before), Structure.WHOLE, MemoryBytes(before), None), MemoryBytes(content))
        judge_new(MemoryBytes(content))
