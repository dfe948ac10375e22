"""One agent per state directory.

Comes in: the directory. Goes out: a held lock, or `StateBusy`. The kernel drops the lock when the process dies,
however it dies.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from garde.errors import NotPermitted, StateBusy


def take(state: Path) -> int:
    """Make the directory (0700) and lock it; returns the descriptor that holds the lock."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(state / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise NotPermitted(f"{state}: {error.strerror}", "name a directory that you may write, with --state") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
        os.close(fd)
        raise StateBusy(
            f"{state} is held by the agent with pid {holder}", "stop it, or name another --state"
        ) from error
    os.truncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd
