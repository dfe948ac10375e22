"""How far the WAL behind a base brings it, and what PostgreSQL is told to get there.

Comes in: a base, what of the archive follows it, how reading that went. Goes out: why a moment cannot be reached, which
segments it takes, the settings of a recovery, the moment whose state comes of it. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.recovery.points.base import Point
from garde.recovery.points.moment import is_moment
from garde.recovery.points.pg import wal
from garde.recovery.points.pg.backup import Base, lsn_text
from garde.recovery.points.pg.cluster import moment_text


@dataclass(frozen=True, slots=True)
class Reach:
    """What is needed to bring a point back."""

    base: Base
    stretch: wal.Stretch | None  # None: the archive has nothing that follows this base
    reading: wal.Reading | None


def gap(reach: Reach, point: Point) -> str:
    """Why the WAL does not bring this base to the moment; "" where it does."""
    if reach.stretch is None or reach.reading is None:
        return "the archive holds no WAL that follows this base" if is_moment(point) else ""
    reading, stretch = reach.reading, reach.stretch
    if reading.fault:
        return f"the WAL is damaged before {lsn_text(stretch.end)}: {reading.fault}"
    if stretch.end < reach.base.end or (is_moment(point) and not reading.after and reading.last < point.taken_at):
        missing = f"; {stretch.gap} is missing" if stretch.gap else ""
        return f"the WAL ends before the wanted moment{missing}"
    return ""


def last_segment(reach: Reach) -> int:
    """Number of the last segment that is wanted. A record can go on in the next segment: that one comes along."""
    if reach.stretch is None or reach.reading is None:
        return 0
    return max(reach.reading.stop, reach.base.end) // reach.stretch.size + 1


def target_settings(reach: Reach, point: Point) -> list[str]:
    """Where recovery stops. Without a later commit in the archive PostgreSQL would not know that it has arrived."""
    always = [f"recovery_target_timeline = '{reach.base.timeline}'", "recovery_target_action = 'promote'"]
    if not is_moment(point):
        return [*always, "recovery_target = 'immediate'"]
    if reach.reading is None or not reach.reading.after:
        return always
    return [*always, f"recovery_target_time = '{moment_text(point.taken_at)}'"]


def restored_to(reach: Reach, point: Point) -> float:
    """The moment whose state it is: of a base alone, its last commit."""
    if is_moment(point) or reach.reading is None:
        return point.taken_at
    return reach.reading.last or point.taken_at
