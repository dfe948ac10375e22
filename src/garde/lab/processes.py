"""The drill's view of its own attackers: start them, see whether somebody stopped them, end them.

Comes in: an order. Goes out: `Band.is_stopped` (by what /proc and the cgroup file system say of our own processes,
never by the watch's word) and, at the end, the list of pids that could not be ended. It signals nothing but members
of the session it started.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

import garde
from garde.lab.attackers.crew import Order

PR_SET_CHILD_SUBREAPER = 36
END_S = 3.0  # how long to wait for killed processes; a frozen one of cgroup v1 dies only when it is thawed
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Stat:
    """What /proc/PID/stat says."""

    state: str
    session: int
    ticks: int  # processor time, user and system


def read_stat(pid: int) -> Stat | None:
    """Return the process's state, None when there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    return Stat(fields[0].decode(), int(fields[3]), int(fields[11]) + int(fields[12]))


def _cgroup_of(pid: int | str) -> str | None:
    try:
        lines = (PROC / str(pid) / "cgroup").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    return next((line[3:] for line in lines if line.startswith("0::")), None)


def _cgroup_mount() -> Path | None:
    for line in (PROC / "self" / "mounts").read_text(errors="surrogateescape").splitlines():
        if line.split()[2] == "cgroup2":
            return Path(line.split()[1])
    return None


def session_members(session: int) -> list[int]:
    """Return every process of a session, by a look through /proc."""
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (stat := read_stat(pid)) and stat.session == session]


class Band:
    """A leader and its workers, from start to end."""

    def __init__(self, order: Order, descriptors: tuple[int, ...]) -> None:
        self._mount = _cgroup_mount()
        self._home = _cgroup_of("self")
        source = str(Path(garde.__file__).parent.parent)
        self._leader = subprocess.Popen(
            [sys.executable, "-m", "garde.lab.attackers.crew"],
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=descriptors,
            cwd="/",
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([source, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]),
            },
        )
        assert self._leader.stdin is not None
        with self._leader.stdin as pipe, suppress(BrokenPipeError):
            pipe.write(msgspec.json.encode(order))
        self.workers: list[int] = []

    @property
    def pid(self) -> int:
        return self._leader.pid

    @property
    def has_failed(self) -> bool:
        """True when the leader ended by itself: a fault of ours. One that was killed has a negative code."""
        return (self._leader.poll() or 0) > 0

    def is_stopped(self) -> bool:
        """True when no attacker can go on: each is stopped, frozen, or ended by somebody else."""
        # The workers first: while one of them runs, a look through all of /proc (1 ms) is not needed.
        return not any(map(self._can_run, self.workers)) and not any(map(self._can_run, self._attackers()))

    def processor_time(self) -> int:
        """Return the clock ticks that the attackers have used so far (those still there)."""
        return sum(stat.ticks for stat in map(read_stat, self._attackers()) if stat)

    def _attackers(self) -> list[int]:
        return [pid for pid in session_members(self.pid) if pid != self.pid]

    def _can_run(self, pid: int) -> bool:
        stat = read_stat(pid)
        if stat is None or stat.session != self.pid or stat.state in "TtZXx":
            return False
        return not self._is_frozen(pid)

    def _is_frozen(self, pid: int) -> bool:
        """True when the process sits in a frozen cgroup (v2); one that we run in ourselves is not."""
        group = _cgroup_of(pid)
        if group is None or group == self._home or self._mount is None:
            return False
        try:
            return "frozen 1" in (self._mount / group.lstrip("/") / "cgroup.events").read_text()
        except OSError:
            return False

    def end(self) -> list[int]:
        """Kill every process of the session and reap what is ours; returns the pids that would not die."""
        deadline = time.monotonic() + END_S
        while left := self._living():
            for pid in left:
                self._kill(pid)
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        with suppress(subprocess.TimeoutExpired):
            self._leader.wait(timeout=0 if left else END_S)
        return left

    def _living(self) -> list[int]:
        # The leader stays unreaped until all others are gone: its pid, our session's name, cannot be given away.
        members = [pid for pid in session_members(self.pid) if not self._reap(pid)]
        return [pid for pid in members if (stat := read_stat(pid)) and stat.state not in "ZXx"]

    def _reap(self, pid: int) -> bool:
        """Reap an orphan that came to us as the subreaper."""
        if pid == self.pid:
            return False
        try:
            return os.waitpid(pid, os.WNOHANG)[0] == pid
        except ChildProcessError:
            return False

    def _kill(self, pid: int) -> None:
        with suppress(OSError):
            handle = os.pidfd_open(pid)
            try:
                stat = read_stat(pid)
                if stat and stat.session == self.pid:
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            finally:
                os.close(handle)


@contextmanager
def orphans_come_here() -> Iterator[None]:
    """While inside, workers whose leader was killed become our children, so that none stays a zombie."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
