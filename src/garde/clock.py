"""Time, passed in wherever a decision needs it, so that tests play a night in milliseconds.

Comes in: nothing. Goes out: `Clock` (wall time in seconds since the epoch, monotonic seconds, sleep) and its
implementations. It does not format for people beyond the one ISO form that every machine output uses.
"""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
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


class OffsetClock:
    """The machine's clocks, moved by what stands in a small file: eight bytes, a little-endian double, in seconds.

    The lab's night uses it to let hours pass between two bursts in all its programs at once. The monotonic clock goes
    forward with it: a time-out of an hour must end. An offset that shrinks is not followed: time never goes back.
    """

    def __init__(self, path: Path) -> None:
        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)
        self._offset = self._wanted()
        self._lift = max(0.0, -self._offset)  # a clock that is behind counts its monotonic seconds from above nought

    def offset(self) -> float:
        """Return the seconds that this clock is ahead of the machine's (negative: behind it)."""
        self._offset = max(self._offset, self._wanted())
        return self._offset

    def _wanted(self) -> float:
        wanted: float = struct.unpack("<d", self._map[:8])[0]
        return wanted

    def now(self) -> float:
        return time.time() + self.offset()

    def monotonic(self) -> float:
        return time.monotonic() + self.offset() + self._lift


def iso(seconds: float) -> str:
    """Return UTC wall time as `2026-01-31T03:00:00.123456Z` (RFC 3339)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
