"""HL7 times: from a year alone to fractions of a second, with and without a zone, in the hour that comes twice.

Comes in: the text of a TS or DTM value, the hospital's zone, and when the message was received. Goes out: seconds since
the epoch, or None for what is no time. It never takes the machine's own zone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

_FORM = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,9}))?([+-]\d{4})?")
_AHEAD_S = 300.0  # how much later than its reception a message's time may be before another reading is better


def parse_time(text: str, zone: ZoneInfo, received: float | None = None) -> float | None:
    """Return the moment. In the hour that comes twice the reading nearest to `received` (the earlier without one)."""
    if not (match := _FORM.fullmatch(text)):
        return None
    year, month, day, hour, minute, second = (int(each) if each else None for each in match.groups()[:6])
    try:
        local = datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, min(second or 0, 59))
        offset = _offset(match[8]) if match[8] else None
        found = local.replace(tzinfo=offset).timestamp() if offset else _in_zone(local, zone, received)
    except (ValueError, OverflowError):
        return None
    return found + (float(f"0.{match[7]}") if match[7] else 0.0)


def _offset(text: str) -> timezone:
    minutes = int(text[1:3]) * 60 + int(text[3:5])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _in_zone(local: datetime, zone: ZoneInfo, received: float | None) -> float:
    first = local.replace(tzinfo=zone).timestamp()
    second = local.replace(tzinfo=zone, fold=1).timestamp()
    if first == second or received is None:
        return first
    return second if second > first and second <= received + _AHEAD_S else first


def parse_date(text: str) -> str:
    """Return `1989-01-18` of a birth date, `1989-01` or `1989` of half a one, "" of what is none."""
    match = _FORM.fullmatch(text)
    if not match:
        return ""
    parts = [match[1], *([match[2]] if match[2] else []), *([match[3]] if match[2] and match[3] else [])]
    try:
        datetime(int(match[1]), int(match[2] or 1), int(match[3] or 1), tzinfo=UTC)
    except ValueError:
        return ""
    return "-".join(parts)


@lru_cache(maxsize=8)
def zone_of(name: str) -> ZoneInfo:
    """Return the zone; raises ValueError for a name that is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name} is no time zone") from error
