"""The hub's time, as far as this machine can know it.

Comes in: times that the hub has signed. Goes out: what its clock shows now. It counts on with the monotonic clock, so
that a wall clock set wrong, by people or by an attacker, neither lets an order expire nor keeps one alive.

An estimate is late by what the answer took on its way, never early. Until the hub was heard, this machine's own wall
clock has to do.
"""

from __future__ import annotations

import threading

from garde.clock import Clock


class HubTime:
    """Safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ahead: float | None = None  # hub wall seconds minus our monotonic ones

    def learn(self, hub_now: float) -> None:
        """Take what the hub has just signed."""
        with self._lock:
            self._ahead = hub_now - self._clock.monotonic()

    def now(self) -> float:
        """Return hub wall seconds."""
        with self._lock:
            return self._clock.now() if self._ahead is None else self._clock.monotonic() + self._ahead

    @property
    def known(self) -> bool:
        """Whether the hub was heard at all."""
        return self._ahead is not None
