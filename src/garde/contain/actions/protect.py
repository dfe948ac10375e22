"""Who is never stopped.

Comes in: the never-hold names and the agent's own pids. Goes out: `Protection.why(process)`, the reason in words or an
empty string. It decides nothing about guilt.

A name counts only for a program that root installed: `prctl` gives any process any name, and a copy of the attacker's
program called /tmp/nginx must not be safe. So the file behind /proc/PID/exe is asked, and the name is believed
only where that can't be read.
"""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet
from pathlib import PurePath

from garde.contain.actions import proc
from garde.contain.actions.proc import Identity
from garde.model.actor import Process

_WRITABLE_BY_OTHERS = 0o022


class Protection:
    """The rules for one hold. `above` are the processes that Garde runs below (`above_us`)."""

    def __init__(self, never_hold: AbstractSet[str], own_pids: AbstractSet[int], above: AbstractSet[Identity]) -> None:
        self._never_hold = never_hold
        self._own = own_pids | {os.getpid()}
        self._above = above
        self._known: dict[tuple[int, int], str] = {}  # a hold asks for most processes more than once

    def why(self, process: Process) -> str:
        """Why this process is never stopped, or an empty string."""
        key = (process.pid, process.start)
        if key not in self._known:
            self._known[key] = self._find(process)
        return self._known[key]

    def _find(self, process: Process) -> str:
        if process.pid <= 1:
            return "pid 1 is never stopped"
        # All kernel threads are children of pid 2; in a container pid 2 is anybody.
        if 2 in (process.pid, process.ppid) and proc.is_kernel_thread(process.pid):
            return "a kernel thread can't be attributed or stopped"
        if process.pid in self._own:
            return "Garde's own process"
        if (process.pid, process.start) in self._above:
            return "Garde runs below it"
        return self._named(process)

    def _named(self, process: Process) -> str:
        path = proc.exe_of(process.pid)
        name = PurePath(path).name if path else process.comm
        if name not in self._never_hold or (path and not _is_installed(process.pid)) or _is_session(name, process):
            return ""
        return f"{name} is on the never-hold list"


def above_us() -> frozenset[Identity]:
    """The processes that this one runs below; they can only become fewer."""
    found = map(proc.identity_of, proc.ancestors_of(os.getpid()))
    return frozenset(who for who in found if who is not None)


def _is_installed(pid: int) -> bool:
    """The program's file belongs to root and nobody else may write it."""
    try:
        found = os.stat(f"/proc/{pid}/exe")  # noqa: PTH116 - a magic link: the inode, even when unlinked
    except OSError:
        return False
    return found.st_uid == 0 and not found.st_mode & _WRITABLE_BY_OTHERS


def _is_session(name: str, process: Process) -> bool:
    """One user's sshd (which is also their sftp server) is no shared daemon; the listener is."""
    return name == "sshd" and PurePath(proc.exe_of(process.ppid)).name == "sshd"
