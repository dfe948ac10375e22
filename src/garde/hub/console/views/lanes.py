"""The way back as a picture: a lane for each server, its stages from left to right. Geometry only.

Comes in: lanes with spans of time, what is still expected, and now. Goes out: `Chart`: places in per cent of a width
that the page gives, heights in pixels, so that words keep their size on a telephone as on a wall. Rules:

1. The picture begins a little before the first span and ends a little behind the last one, or behind what is expected.
2. A span that has not ended reaches until now; one that is expected begins there at the earliest.
3. The shortest span is wide enough to be seen.
4. Times under the axis are round ones, four to eight of them, and none that runs into the edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

LANE = 46.0  # pixels: a line of words, a bar, room
WORDS, BAR = 16.0, 16.0  # where the words' line ends in a lane, how high a bar is
WAVE = 26.0  # above the first lane of a wave
AXIS = 24.0
LEAST = 0.8  # per cent: the narrowest bar
EDGE = 0.03  # of the whole length, before and behind
SHORTEST_S = 600.0  # the shortest length of time that is drawn
STEPS = (60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
TICKS = 6  # at most, with the room that a telephone has
FREE = 7.0  # per cent: a time stands no nearer to the edge


@dataclass(frozen=True, slots=True)
class Span:
    """One stage of one server. `end` 0: it goes on."""

    stage: str
    begin: float  # wall seconds
    end: float = 0.0
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """One server."""

    id: str
    wave: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One span, placed."""

    stage: str
    x: float  # per cent
    width: float  # per cent
    begin: float
    end: float
    expected: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One lane, placed."""

    id: str
    y: float  # pixels: of its line of words
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A wave's heading."""

    wave: int
    y: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A time under the picture."""

    x: float
    at: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture."""

    height: float
    rows: tuple[Row, ...]
    heads: tuple[Head, ...]
    ticks: tuple[Tick, ...]
    now: float  # per cent
    floor: float  # pixels: where the axis is
    stages: tuple[str, ...] = field(default=())  # that are in it, for the key


def draw(lanes: Sequence[Lane], now: float) -> Chart | None:
    """Return the picture; None where nothing has begun and nothing is expected."""
    spans = [span for lane in lanes for span in lane.spans]
    if not spans:
        return None
    begin, end = _bounds(spans, now)
    rows, heads, floor = _placed(lanes, begin, end, now)
    return Chart(
        height=floor + AXIS,
        rows=rows,
        heads=heads,
        ticks=_ticks(begin, end),
        now=place(now, begin, end),
        floor=floor,
        stages=tuple(dict.fromkeys(span.stage for span in spans)),
    )


def _bounds(spans: Iterable[Span], now: float) -> tuple[float, float]:
    listed = list(spans)
    begin = min(now, *(span.begin for span in listed))
    end = max(now, *(span.end or now for span in listed))
    end = max(end, begin + SHORTEST_S)
    room = (end - begin) * EDGE
    return begin - room, end + room


def _placed(
    lanes: Sequence[Lane], begin: float, end: float, now: float
) -> tuple[tuple[Row, ...], tuple[Head, ...], float]:
    rows, heads, y, wave = [], [], 0.0, None
    for lane in lanes:
        if lane.wave != wave:
            wave = lane.wave
            heads.append(Head(wave, y))
            y += WAVE
        rows.append(Row(lane.id, y, tuple(_bar(span, begin, end, now) for span in lane.spans)))
        y += LANE
    return tuple(rows), tuple(heads), y


def _bar(span: Span, begin: float, end: float, now: float) -> Bar:
    until = span.end or now
    x = place(span.begin, begin, end)
    width = max(place(until, begin, end) - x, LEAST)
    return Bar(span.stage, min(x, 100 - width), round(width, 2), span.begin, until, span.expected)


def place(at: float, begin: float, end: float) -> float:
    """Return where a time lies between two others, in per cent."""
    return round(100 * (at - begin) / (end - begin), 2)


def _ticks(begin: float, end: float) -> tuple[Tick, ...]:
    step = next((each for each in STEPS if (end - begin) / each <= TICKS), STEPS[-1])
    offset = datetime.fromtimestamp(begin).astimezone().utcoffset()
    shift = offset.total_seconds() if offset else 0.0
    first = -(-(begin + shift) // step) * step - shift  # round on the wall clock
    found: list[Tick] = []
    at = first
    while at < end and len(found) <= TICKS:
        found.append(Tick(place(at, begin, end), at))
        at += step
    return tuple(tick for tick in found if FREE <= tick.x <= 100 - FREE)
