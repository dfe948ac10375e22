"""A time as people type it: `07:00` is the next one on the wall (or the last one), `2026-11-24 07:00` is that one.

Comes in: text, and what time it is. Goes out: wall seconds. It reads no clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta


def read_time(text: str, now: float) -> float:
    """Return the time that is meant; ValueError where it is none."""
    words, today = text.strip(), datetime.fromtimestamp(now)
    try:
        if len(words) <= len("07:00"):
            found = datetime.combine(today.date(), datetime.strptime(words, "%H:%M").time())
            return (found if found > today else found + timedelta(days=1)).timestamp()
        return datetime.fromisoformat(words).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{words!r} is no time: write 07:00, or 2026-11-24 07:00") from error


def read_past(text: str, now: float) -> float:
    """Return the time that is meant of what has happened: `07:00` is the last one; ValueError where it is none."""
    found = read_time(text, now)
    if found <= now or len(text.strip()) > len("07:00"):
        return found
    return (datetime.fromtimestamp(found) - timedelta(days=1)).timestamp()  # a day of the wall: not always 24 hours
