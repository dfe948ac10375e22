"""Times of day that the rules of calling name: quiet hours, and the weekly test.

Comes in: `22:00-07:00`, `Mon 10:00`, a moment. Goes out: wall seconds. By the clock on the hub's wall.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from garde.estate.hours import DAYS, read_hours

_TEST = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}):(\d{2})", re.ASCII)


def end_of_quiet(quiet: str, at: float) -> float:
    """Return when the quiet hours end in which this moment lies; the moment itself outside of them."""
    if not quiet:
        return at
    hours = read_hours(quiet)
    moment = datetime.fromtimestamp(at)
    while hours.holds(moment) and moment.timestamp() < at + 7 * 86_400:
        moment = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return max(at, moment.timestamp())


def next_test(test: str, at: float) -> float:
    """Return the next moment of the weekly test after this one; 0 where there is none."""
    if not test:
        return 0.0
    day, hour, minute = read_test(test)
    now = datetime.fromtimestamp(at)
    found = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    found += timedelta(days=(day - now.weekday()) % 7)
    return (found if found > now else found + timedelta(days=7)).timestamp()


def read_test(test: str) -> tuple[int, int, int]:
    """Return weekday, hour, minute; ValueError with what is wrong."""
    found = _TEST.fullmatch(test)
    if found is None or found[1] not in DAYS or int(found[2]) > 23 or int(found[3]) > 59:
        raise ValueError(f"{test!r} is no time of the week: write Mon 10:00")
    return DAYS.index(found[1]), int(found[2]), int(found[3])
