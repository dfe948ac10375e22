"""The restore points of one server on a line of time, with the first hostile write in it. Geometry only.

Comes in: times with their colours, and the first hostile write. Goes out: `Shelf`: places in per cent of a width that
the page gives, heights in pixels. Rules:

1. The line is to scale: from the first of them all to the last, with a little room.
2. Marks that would touch stand above each other, the later one higher.
3. Marks carry a number: the oldest is 1, and the list below the line counts the same way.
4. Without a known first hostile write there is no line for it, and nothing is before or after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from garde.hub.console.views.lanes import place

GAP = 8.0  # per cent: nearer marks would touch on a telephone
LEVEL = 26.0  # pixels: of one mark
TOP = 20.0  # pixels: the words before and after
AXIS = 24.0  # pixels: the times
EDGE = 0.06
SHORTEST_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One restore point."""

    number: int
    colour: str
    x: float  # per cent
    y: float  # pixels: its middle


@dataclass(frozen=True, slots=True)
class Shelf:
    """The line."""

    height: float
    floor: float  # pixels: where the axis is
    marks: tuple[Mark, ...]
    harm: float  # per cent; below 0: not known
    begin: float
    end: float


def lay(points: Sequence[tuple[float, str]], harm: float) -> Shelf | None:
    """Return the line of (time taken, colour), the oldest first; None where there are no points."""
    if not points:
        return None
    times = [at for at, _ in points] + ([harm] if harm else [])
    begin, end = min(times), max(times)
    lacks = max(SHORTEST_S - (end - begin), 0.0) / 2
    begin, end = begin - lacks, end + lacks
    room = (end - begin) * EDGE
    begin, end = begin - room, end + room
    placed = [place(at, begin, end) for at, _ in points]
    levels = _levels(placed)
    floor = TOP + (max(levels) + 1) * LEVEL
    marks = tuple(
        Mark(number, colour, x, floor - (level + 0.5) * LEVEL)
        for number, ((_, colour), x, level) in enumerate(zip(points, placed, levels, strict=True), 1)
    )
    return Shelf(floor + AXIS, floor, marks, place(harm, begin, end) if harm else -1.0, min(times), max(times))


def _levels(placed: Sequence[float]) -> list[int]:
    last: list[float] = []  # of each level: where its last mark stands
    found = []
    for x in placed:
        level = next((number for number, before in enumerate(last) if x - before >= GAP), len(last))
        last[level : level + 1] = [x]
        found.append(level)
    return found
