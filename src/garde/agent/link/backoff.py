"""How long to wait for a hub that does not answer.

Comes in: failures and successes. Goes out: seconds. The first tries come quickly (a hub that restarts is back within
seconds and must hear of an attack at once), later ones slowly, and never in step with the other agents'.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

FIRST = 0.25  # seconds
LONGEST = 5.0


@dataclass(slots=True)
class Backoff:
    """One thread's patience."""

    draw: random.Random = field(default_factory=random.SystemRandom)
    failures: int = 0

    def next(self) -> float:
        """Return how long to wait after one more failure."""
        self.failures += 1
        most = min(FIRST * 2 ** min(self.failures - 1, 10), LONGEST)
        return self.draw.uniform(most / 2, most)

    def good(self) -> None:
        """It answered."""
        self.failures = 0
