"""Where an errands' worker works.

Comes in: nothing. Goes out: `Place`, which the agent's program fills in before it forks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from garde.clock import Clock


@dataclass(frozen=True, slots=True)
class Place:
    """Where an errands' worker works, and for what kind of agent."""

    state: Path
    clock: Clock
    observing: bool  # it only watches
    guards: bool  # there are folders that the core guards
