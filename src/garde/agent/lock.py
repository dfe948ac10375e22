"""One agent per state directory.

Comes in: the directory. Goes out: a held lock, or `StateBusy`. The kernel drops the lock when the last process that
has it dies, however it dies: the agent, and its keeper, which ends the write to the vault that it is at. Whoever starts
an agent right after another was killed waits for that.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from garde.errors import NotPermitted, StateBusy

_PATIENCE_S = 15.0  # for what an agent that is gone left to be ended
_LOOK_S = 0.05


def take(state: Path) -> int:
    """Make the directory (0700) and lock it; returns the descriptor that holds the lock."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(state / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise NotPermitted(f"{state}: {error.strerror}", "name a directory that you may write, with --state") from error
    until = time.monotonic() + _PATIENCE_S
    while not _locked(fd):
        holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
        if _is_there(holder) or time.monotonic() > until:
            os.close(fd)
            raise StateBusy(f"{state} is held by the agent with pid {holder}", "stop it, or name another --state")
        time.sleep(_LOOK_S)
    os.truncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_there(holder: str) -> bool:
    """Whether the process that wrote its pid still runs; what nobody can read is taken for one that does."""
    try:
        os.kill(int(holder), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OSError):
        return True
    return True
