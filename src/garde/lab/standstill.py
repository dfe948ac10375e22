"""Tells whether an attack stands still: a stop that no process state shows (a frozen cgroup v1, a stopped child).

Comes in: counts of files started and finished, the time, the attackers' processor time. Goes out: since when nothing
moves although files are due, None while something does. Pure: the caller brings the clock.
"""

from __future__ import annotations

from collections.abc import Callable

STALL_S = 3.0  # longer than any honest pause of an attacker with a file in hand; a hold by process state shows at once


class Standstill:
    """Looks at one attack's progress. `interval` is the seconds between two files dealt; 0 is unpaced."""

    def __init__(self, go: float, files: int, interval: float) -> None:
        self.go, self.files, self.interval = go, files, interval
        self.moved_at = go  # the last time that something moved, or that there was nothing to do
        self._counts = (-1, -1)
        self._sampled_at = go
        self._ticks: int | None = None

    def due(self, now: float) -> int:
        """Return how many files the clock has dealt by now."""
        if not self.interval:
            return self.files
        return min(self.files, max(0, int((now - self.go) / self.interval) + 1))

    def since(self, now: float, started: int, finished: int, ticks: Callable[[], int]) -> float | None:
        """Return since when the attackers stand still: no file, and no tick of the processor, for STALL_S."""
        waiting = started >= self.due(now) and finished >= started
        if (started, finished) != self._counts or waiting:
            self._counts, self._ticks, self.moved_at, self._sampled_at = (started, finished), None, now, now
        elif now - self._sampled_at >= STALL_S / 2:
            used = ticks()
            if used == self._ticks:
                return self.moved_at
            self._ticks, self._sampled_at = used, now
        return None
