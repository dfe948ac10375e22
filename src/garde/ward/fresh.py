"""How old the data on a pack are, in a word.

Comes in: when the data are of, what time it is, the ward's two limits. Goes out: `Fresh`. Pure. The rules:

1. What counts is when the desk last heard the record, not when the pack was set: a pack of this minute with data of
   yesterday is old.
2. Up to `late` it is fresh, up to `stale` it is old, from then on it is an alarm.
3. No pack is an alarm. So is one of a desk that never heard the record: its patients are of a list that somebody
   brought, of nobody knows when.
4. Data from the future say that a clock is wrong: they are never called fresh.
5. Blank forms have no age.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

AHEAD_S: Final = 300.0  # two clocks may differ by so much before it is said


class Age(StrEnum):
    """The word."""

    FRESH = "fresh"
    OLD = "old"
    STALE = "stale"
    CLOCK = "clock"  # old or not: a clock is wrong
    NONE = "none"  # nothing to print
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Fresh:
    """The word, and the seconds behind it."""

    age: Age
    seconds: float = 0.0

    @property
    def alarm(self) -> bool:
        return self.age in (Age.STALE, Age.NONE, Age.UNHEARD)

    @property
    def tone(self) -> str:
        """Green, amber or red."""
        return {Age.FRESH: "good", Age.OLD: "warn", Age.CLOCK: "warn"}.get(self.age, "bad")


def freshness(as_of: float | None, now: float, late_s: float, stale_s: float) -> Fresh:
    """Return how it stands; `as_of` None: there is no pack, 0: its desk never heard anything."""
    if as_of is None:
        return Fresh(Age.NONE)
    if as_of <= 0:
        return Fresh(Age.UNHEARD)
    seconds = now - as_of
    if seconds < -AHEAD_S:
        return Fresh(Age.CLOCK, seconds)
    if seconds > stale_s:
        return Fresh(Age.STALE, seconds)
    return Fresh(Age.OLD if seconds > late_s else Age.FRESH, max(seconds, 0.0))
