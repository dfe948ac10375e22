"""`var/up.json`: what a running `garde up` tells the other commands, and the lock that says it runs.

Comes in: a directory. Goes out: `Notes` (share, state, page) while an `up` holds the lock, None otherwise: a file left
behind by a killed one is not believed. Nothing secret is in it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from garde.errors import NotPermitted, StateBusy

_FILE = "up.json"
_LOCK = "up.lock"


class Notes(msgspec.Struct, frozen=True):
    """The share being guarded, its state directory, the address of the status page."""

    share: str
    state: str
    page: str
    pid: int = 0


def read_notes(var: Path) -> Notes | None:
    """Return the notes of the `up` that runs now."""
    if not _is_locked(var / _LOCK):
        return None
    try:
        return msgspec.json.decode((var / _FILE).read_bytes(), type=Notes)
    except (OSError, msgspec.MsgspecError):
        return None  # it holds the lock and has not written them yet


def write_notes(var: Path, notes: Notes) -> None:
    """Write the notes whole or not at all."""
    fresh = var / f"{_FILE}.new"
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(notes)) + b"\n")
    fresh.replace(var / _FILE)


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the lock; raises StateBusy where another `up` does. On leaving, the notes are gone."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        lock = os.open(var / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise NotPermitted(f"{var}: {error.strerror}", "run it as the user who owns that directory") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise _busy(var) from None
    try:
        yield
    finally:
        (var / _FILE).unlink(missing_ok=True)
        os.close(lock)


def _busy(var: Path) -> StateBusy:
    notes = read_notes(var)
    where = f" (process {notes.pid}, page {notes.page})" if notes else ""
    return StateBusy(f"`garde up` runs already{where}", "end that one with Ctrl-C first, or use it: `garde drill`")


def _is_locked(path: Path) -> bool:
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two readers at once do not see each other as an `up`
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
