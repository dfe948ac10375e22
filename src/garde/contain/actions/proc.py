"""Processes as /proc shows them, and signals that can't hit the wrong one.

Comes in: pids. Goes out: `read`, `stat_of`, `identity_of`, `children_of`, `ancestors_of`; `send` and `wait_gone`, by
pidfd and guarded by the start time; `ProcTree`, a `ProcessTree` without history. It remembers nothing: whoever needs
processes already gone hands in the agent's fork tree.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from garde.model.actor import Process

_PROC = Path("/proc")
_PF_KTHREAD = 0x00200000  # include/linux/sched.h


class Stat(NamedTuple):
    """The part of /proc/PID/stat that acts need."""

    comm: str
    state: str  # R S D Z T t X I
    ppid: int
    sid: int
    flags: int
    start: int  # clock ticks since boot


class Identity(NamedTuple):
    """One process for good: pids are reused, a pid with its start time is not."""

    pid: int
    start: int


def parse_stat(text: str) -> Stat | None:
    """Parse one /proc/PID/stat line. The name may hold spaces and brackets: it ends at the last bracket."""
    opened, closed = text.find("("), text.rfind(")")
    fields = text[closed + 1 :].split()
    if opened < 0 or closed < opened or len(fields) < 20:
        return None
    try:
        return Stat(
            text[opened + 1 : closed], fields[0], int(fields[1]), int(fields[3]), int(fields[6]), int(fields[19])
        )
    except ValueError:
        return None


def stat_of(pid: int) -> Stat | None:
    """What /proc/PID/stat says, or None when there is no such process. Asked before a stop: no paths are built."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            text = file.read()
    except OSError:
        return None
    return parse_stat(text.decode(errors="surrogateescape"))


def identity_of(pid: int) -> Identity | None:
    """The process that now has this pid, unless it is only waiting to be reaped."""
    stat = stat_of(pid)
    return Identity(pid, stat.start) if stat and stat.state not in "ZX" else None


def is_there(who: Identity) -> bool:
    """True while this very process lives; a zombie does no harm and counts as gone."""
    return identity_of(who.pid) == who


def read(pid: int) -> Process | None:
    """All that /proc tells of a process, or None when there is none."""
    stat = stat_of(pid)
    if stat is None:
        return None
    return Process(pid, stat.start, stat.ppid, stat.sid, _uid(pid), stat.comm, exe_of(pid), cgroup_of(pid))


def _uid(pid: int) -> int:
    try:
        return (_PROC / str(pid)).stat().st_uid
    except OSError:
        return -1


def exe_of(pid: int) -> str:
    """The path of the program; an upgraded and unlinked one without the kernel's remark."""
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")  # noqa: PTH115 - before a stop
    except OSError:
        return ""


def cgroup_of(pid: int) -> str:
    """The cgroup v2 path ("/system.slice/x.service"), or an empty string."""
    try:
        lines = (_PROC / str(pid) / "cgroup").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    return next((line[3:].removesuffix(" (deleted)") for line in lines if line.startswith("0::")), "")


def is_kernel_thread(pid: int) -> bool:
    stat = stat_of(pid)
    return bool(stat and stat.flags & _PF_KTHREAD)


def children_of(pid: int) -> list[int]:
    """Direct children of all its threads, as the kernel knows them now."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError, ValueError):
                found += map(int, (task / "children").read_text().split())
    return found


def ancestors_of(pid: int) -> list[int]:
    """The parent first, up to pid 1."""
    found: list[int] = []
    stat = stat_of(pid)
    while stat and stat.ppid > 0 and stat.ppid not in found:
        found.append(stat.ppid)
        stat = stat_of(stat.ppid)
    return found


def boot_id() -> str:
    """The kernel's id of this boot; start times mean nothing in another."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def as_process(pid: int, stat: Stat) -> Process:
    """What one read of /proc/PID/stat tells; a third of the cost of `read`."""
    return Process(pid, stat.start, stat.ppid, stat.sid, -1, stat.comm, "", "")


def stop(pid: int, start: int = 0) -> Stat | None:
    """SIGSTOP the process that has this pid and, if given, this start time; returns what it was, None when it is gone.

    The stat is read between the open and the signal: what it tells is of the process that is stopped.
    PermissionError when we may not.
    """
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return None
    try:
        stat = stat_of(pid)
        if stat is None or stat.state in "ZX" or (start and start != stat.start):
            return None
        signal.pidfd_send_signal(handle, signal.SIGSTOP)
    except ProcessLookupError:
        return None
    finally:
        os.close(handle)
    return stat


@contextlib.contextmanager
def _opened(who: Identity) -> Iterator[int | None]:
    """A pidfd of exactly this process, or None. The start time is read after the open: then it cannot change hands."""
    try:
        handle = os.pidfd_open(who.pid)
    except OSError:
        yield None
        return
    try:
        yield handle if is_there(who) else None
    finally:
        os.close(handle)


def send(who: Identity, number: signal.Signals) -> bool:
    """Send a signal; False when that process is gone. PermissionError when we may not."""
    with _opened(who) as handle:
        if handle is None:
            return False
        try:
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
    return True


def wait_gone(whom: Iterable[Identity], seconds: float) -> list[Identity]:
    """Wait until all have ended, `seconds` at most; returns those that have not."""
    deadline = time.monotonic() + seconds
    return [who for who in whom if not _wait_one(who, deadline)]


def _wait_one(who: Identity, deadline: float) -> bool:
    with _opened(who) as handle:
        if handle is None:
            return True
        poll = select.poll()
        poll.register(handle, select.POLLIN)  # readable when the process has ended, reaped or not
        return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))


class ProcTree:
    """The tree of living processes only: for the command line, and for a machine without the proc connector."""

    def process(self, pid: int) -> Process | None:
        return read(pid)

    def children(self, pid: int) -> Sequence[int]:
        return children_of(pid)

    def descendants(self, pid: int) -> Sequence[int]:
        found = children_of(pid)
        for child in found:  # grows while it is walked
            found += (below for below in children_of(child) if below not in found)
        return found

    def ancestors(self, pid: int) -> Sequence[int]:
        return ancestors_of(pid)
