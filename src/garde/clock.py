"""Time, passed in wherever a decision needs it, so that tests play a night in milliseconds.

Comes in: nothing. Goes out: `Clock` (wall time in seconds since the epoch, monotonic seconds, sleep) and its two
implementations. It does not format for people beyond the one ISO form that every machine output uses.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What a program may ask about time."""

    def now(self) -> float:
        """Wall time, seconds since the epoch (UTC)."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for durations and expiry."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(slots=True)
class VirtualClock:
    """A clock that stands still until it is moved: for tests and for the slow modes of the benches."""

    wall: float = 1_700_000_000.0
    ticks: float = field(default=1_000.0)

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, seconds: float) -> None:
        """Move both clocks forward by `seconds`."""
        self.wall += seconds
        self.ticks += seconds


def iso(seconds: float) -> str:
    """Return UTC wall time as `2026-01-31T03:00:00.123456Z` (RFC 3339)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
