"""The hours of the rota: which times of the week a line covers.

Comes in: text such as `Mon-Fri 18:00-08:00; Sat,Sun`. Goes out: `Hours`, minutes of the week. Local time, by the clock
on the wall: the hour that summer time takes away or repeats is whatever the wall says. A span over midnight belongs to
the day on which it begins, so `Fri 18:00-08:00` ends on Saturday morning. It knows no holidays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

from garde.estate.sentences import Quoted, Sentence, Unreadable
from garde.journal.speech import mark

DAYS: Final = (mark("Mon"), mark("Tue"), mark("Wed"), mark("Thu"), mark("Fri"), mark("Sat"), mark("Sun"))
DAY = 24 * 60
WEEK = 7 * DAY  # minutes
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans of the week in minutes from Monday 00:00, [begin, end), in order, none touching another."""

    spans: tuple[tuple[int, int], ...]

    def holds(self, local: datetime) -> bool:
        """Whether this moment is covered."""
        minute = local.weekday() * DAY + local.hour * 60 + local.minute
        return any(begin <= minute < end for begin, end in self.spans)

    @property
    def edges(self) -> frozenset[int]:
        """The minutes of the week at which a span begins or ends."""
        return frozenset(edge % WEEK for span in self.spans for edge in span)


ALWAYS = Hours(((0, WEEK),))


@lru_cache(maxsize=256)  # more lines than a rota has: they are asked for with every page
def read_hours(text: str) -> Hours:
    """Read the hours of a rota line; Unreadable with what is wrong. Nothing is always."""
    if not text.strip():
        return ALWAYS
    spans: list[tuple[int, int]] = []
    for part in filter(None, (each.strip() for each in text.split(";"))):
        words = part.split()
        days = range(7) if _SPAN.fullmatch(words[0]) else _days(words.pop(0))
        times = [_span(word) for word in words] or [(0, DAY)]
        spans += [(day * DAY + begin, day * DAY + end) for day in days for begin, end in times]
    if not spans:
        raise Unreadable(Sentence("{text} names no hours", text=Quoted(text)))
    return Hours(_joined(spans))


def _days(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        begin, end = _day(first), _day(last if dash else first)
        found += [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
    return found


def _day(text: str) -> int:
    try:
        return DAYS.index(text[:3].capitalize() if len(text) == 3 else text)
    except ValueError:
        raise Unreadable(Sentence("{text} is no day: {days}", text=Quoted(text), days=DAYS)) from None


def _span(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Unreadable(Sentence("{text} is no span of time: write 08:00-18:00", text=Quoted(text)))
    hour, minute, last_hour, last_minute = map(int, found.groups())
    begin, end = hour * 60 + minute, last_hour * 60 + last_minute
    if minute > 59 or last_minute > 59 or begin >= DAY or end > DAY:
        what = Sentence("{text} is no span of time: hours run from 00:00 to 24:00", text=Quoted(text))
        raise Unreadable(what)
    return begin, end if end > begin else end + DAY


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return spans in order with overlaps joined; what runs past Sunday goes on on Monday."""
    split = [part for begin, end in spans for part in ((begin, min(end, WEEK)), (0, end - WEEK)) if part[1] > part[0]]
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(split):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple(joined)


def gaps(lines: Iterable[Hours]) -> tuple[tuple[int, int], ...]:
    """Return the spans of the week that none of these covers."""
    covered = _joined([span for line in lines for span in line.spans])
    edges = [(0, 0), *covered, (WEEK, WEEK)]
    return tuple((end, begin) for (_, end), (begin, _) in pairwise(edges) if begin > end)


def say_span(begin: int, end: int) -> Sentence:
    """Return a span of the week in words: `Sat 00:00 to Mon 08:00`."""
    return Sentence("{begin} to {end}", begin=_moment(begin), end=_moment(end))


def _moment(minute: int) -> Sentence:
    day, within = divmod(minute, DAY) if minute < WEEK else (6, DAY)
    return Sentence("{day} {time}", day=Sentence(DAYS[day]), time=f"{within // 60:02d}:{within % 60:02d}")
