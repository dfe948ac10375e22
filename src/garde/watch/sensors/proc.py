"""/proc as it stands: one process, read once.

Comes in: a pid. Goes out: `Shown`, or None when there is no such process (any more). It keeps nothing, and never
follows a name from /proc to open what it points at.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

_KERNEL_THREAD = 0x0020_0000  # PF_KTHREAD, <linux/sched.h>


@dataclass(frozen=True, slots=True)
class Shown:
    """What /proc/PID/stat says, and whose it is by /proc/PID/status."""

    pid: int
    ppid: int
    sid: int
    start: int  # clock ticks since boot
    uid: int  # the real one; 0 for an smbd of root's also while it acts for a user; -1 unknown
    comm: str
    state: str
    threads: int
    kernel: bool


def read(pid: int) -> Shown | None:
    """Read one process; about 15 µs."""
    shown = _stat(pid)
    if shown is None:
        return None
    real, saved = _uids(pid)
    return Shown(*shown[:4], 0 if saved == 0 and is_smbd(shown[4]) else real, *shown[4:])


def is_smbd(comm: str) -> bool:
    """True for the name of a Samba server process. Anybody may choose it: it is no proof."""
    return comm.startswith("smbd")


def stat_of(pid: int) -> tuple[int, str, int] | None:
    """Return (start, state, threads) of a process, None when there is none."""
    shown = _stat(pid)
    return (shown[3], shown[5], shown[6]) if shown else None


def comm_of(pid: int) -> str:
    """Return the name of a process, "" when there is none."""
    return os.fsdecode(slurp(b"/proc/%d/comm" % pid).removesuffix(b"\n"))


def pids() -> list[int]:
    """Every process that /proc shows."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - three times faster


def exe_of(pid: int) -> str:
    """Return the executable's path, "" when it can't be read (kernel threads have none)."""
    try:
        return os.fsdecode(os.readlink(b"/proc/%d/exe" % pid)).removesuffix(" (deleted)")  # noqa: PTH115 - raw bytes
    except OSError:
        return ""


def cgroup_of(pid: int) -> str:
    """Return the cgroup v2 path (its "0::" line), "" unknown."""
    for line in slurp(b"/proc/%d/cgroup" % pid).splitlines():
        if line.startswith(b"0::"):
            return os.fsdecode(line[3:])
    return ""


def slurp(path: bytes) -> bytes:
    """Return a file of /proc whole, b"" when it is gone or refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(descriptor, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    except OSError:  # ESRCH: it went away between open and read
        return b""
    finally:
        os.close(descriptor)


def parse_stat(text: bytes) -> tuple[int, int, int, int, str, str, int, bool] | None:
    """Return (pid, ppid, sid, start, comm, state, threads, kernel thread) of a stat line; comm may hold anything."""
    first, last = text.find(b"("), text.rfind(b")")
    fields = text[last + 2 :].split()
    if first < 0 or last < first or len(fields) < 20:
        return None
    try:
        pid, ppid, sid, start = int(text[:first]), int(fields[1]), int(fields[3]), int(fields[19])
        threads, kernel = int(fields[17]), bool(int(fields[6]) & _KERNEL_THREAD)
    except ValueError:
        return None
    return pid, ppid, sid, start, os.fsdecode(text[first + 1 : last]), os.fsdecode(fields[0]), threads, kernel


def _stat(pid: int) -> tuple[int, int, int, int, str, str, int, bool] | None:
    return parse_stat(slurp(b"/proc/%d/stat" % pid))


def _uids(pid: int) -> tuple[int, int]:
    """Return the real and the saved user. smbd sets real and effective to a client's user and keeps root saved."""
    text = slurp(b"/proc/%d/status" % pid)
    at = text.find(b"\nUid:")
    if at < 0:
        return -1, -1
    fields = text[at + 5 :].split(None, 3)
    return int(fields[0]), int(fields[2])
