"""CPU time and memory of a program and everything it started, from /proc.

Comes in: a pid. Goes out: seconds of CPU, MB of memory, the pids of the tree. A child that has ended and was waited
for is counted through its parent's `cutime`; a process that leaves the tree (reparented to pid 1) is lost to it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")  # per second; /proc/PID/stat counts CPU in these


@dataclass(frozen=True, slots=True)
class Stat:
    """What /proc/PID/stat says that matters here; `ticks` has own and waited-for children's user and system time."""

    pid: int
    ppid: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Usage:
    """A tree's CPU seconds so far and its memory now. PSS shares common pages out, so the sum counts each once."""

    cpu_s: float
    rss_mb: float
    pss_mb: float


def parse_stat(text: str) -> Stat:
    """Read one /proc/PID/stat line; the command between the brackets may hold anything, brackets too."""
    pid, _, rest = text.partition(" (")
    fields = rest.rpartition(") ")[2].split()
    return Stat(int(pid), int(fields[1]), sum(int(fields[index]) for index in (11, 12, 13, 14)))


def all_stats() -> dict[int, Stat]:
    """Return the stat of every process there is."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            found[stat.pid] = stat
    return found


def _stat(pid: int) -> Stat | None:
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, IndexError):
        return None


def tree(root: int, stats: dict[int, Stat] | None = None) -> list[int]:
    """Return root and every process below it."""
    known = stats if stats is not None else all_stats()
    below: dict[int, list[int]] = {}
    for stat in known.values():
        below.setdefault(stat.ppid, []).append(stat.pid)
    found, todo = [], [root] if root in known else []
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += below.get(pid, [])
    return found


def cpu_seconds(*roots: int) -> float:
    """Return the CPU seconds used so far by these programs and their children."""
    stats = all_stats()
    pids = {pid for root in roots for pid in tree(root, stats)}
    return sum(stats[pid].ticks for pid in pids) / TICK


def children_cpu_seconds(root: int) -> float:
    """Return the CPU seconds of the living children of root and theirs, without root itself."""
    stats = all_stats()
    return sum(stats[pid].ticks for pid in tree(root, stats) if pid != root) / TICK


def usage(root: int) -> Usage:
    """Return CPU and memory of the tree under root."""
    stats = all_stats()
    pids = tree(root, stats)
    return Usage(
        sum(stats[pid].ticks for pid in pids) / TICK,
        sum(_kilobytes(pid, "status", "VmRSS:") for pid in pids) / 1024,
        sum(_kilobytes(pid, "smaps_rollup", "Pss:") for pid in pids) / 1024,
    )


def _kilobytes(pid: int, file: str, key: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(key)), 0)
