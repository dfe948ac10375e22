"""A moment that is past, as people type it from paper: `03:40` is the last one on the wall.

Comes in: text, what time it is, the hospital's zone. Goes out: wall seconds. It reads no clock.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_HOUR = re.compile(r"([01]?\d|2[0-3])[:hH.]([0-5]\d)")


def past_time(text: str, now: float, zone: ZoneInfo) -> float:
    """Return the time that is meant; ValueError where it is none. A time without a zone is the hospital's."""
    words, today = text.strip(), datetime.fromtimestamp(now, zone)
    found = _HOUR.fullmatch(words)
    try:
        if found:
            wall = today.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
            return (wall if wall.timestamp() <= now + 60 else _day_before(wall)).timestamp()
        moment = datetime.fromisoformat(words)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{words!r} is no time: write 03:40, or 2026-11-24 03:40") from error


def _day_before(wall: datetime) -> datetime:
    """The same time on the wall, the day before: also where the clock was changed between them."""
    day = wall.date() - timedelta(days=1)
    return wall.replace(year=day.year, month=day.month, day=day.day)
