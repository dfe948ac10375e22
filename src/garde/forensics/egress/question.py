"""What is asked of the sources: between which times, and whom somebody suspects.

Comes in: nothing. Goes out: `Question`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    command: str
    since: float
    until: float
    suspects: frozenset[str] = frozenset()

    @property
    def seconds(self) -> float:
        return max(0.0, self.until - self.since)
