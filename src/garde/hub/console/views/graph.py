"""The spread as a drawing: who wrote harm where. Geometry only.

Comes in: the hops of a spread, in order of time. Goes out: `Graph`: boxes in columns from left to right, and curves
between them, in units of an SVG view box. A box stands in the column behind the farthest one that wrote to it;
circles are cut where they close. At most `ROOM` boxes stand in a column; the rest is one box that says how many.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

WIDTH = 400.0
BOX_HEIGHT = 46.0
GAP = 14.0
TOP = 4.0
ROOM = 12
COLUMNS = 3
MORE = "…"  # the id of the box that stands for the rest


@dataclass(frozen=True, slots=True)
class Box:
    """One machine, or the rest of a column."""

    id: str
    x: float
    y: float
    width: float
    height: float
    source: bool  # it writes harm
    target: bool  # harm is written to it
    files: int  # written to it
    first: float  # wall seconds: first written to, or first writing
    stands_for: int = 1  # machines
    cut: bool = False  # a cut is in force on it
    fresh: bool = False  # it came into the picture a moment ago

    @property
    def middle(self) -> float:
        """Where curves meet it."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Curve:
    """Harm from one box to another."""

    source: str
    target: str
    path: str  # as SVG writes it
    weight: int  # 1 to 4: thicker is more files
    cut: bool = False  # the source is cut off
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """The drawing."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """What is drawn of one hop."""

    source: str
    target: str
    first: float
    files: int


def draw(edges: Iterable[Edge], *, cut: Collection[str] = (), since: float = math.inf) -> Graph:
    """Return the drawing; a hop of a server onto itself (a process there) has no curve.

    `cut`: machines that are cut off. What came first into the picture at `since` (wall seconds) or later is fresh.
    """
    known = [edge for edge in edges if edge.target]
    column_of = _columns(known)
    columns = [
        [name for name, at in column_of.items() if at == number]
        for number in range(max(column_of.values(), default=-1) + 1)
    ]
    shown, hidden = _bounded(columns)
    width = _box_width(len(shown))
    tallest = max((len(column) for column in shown), default=0)
    height = 2 * TOP + tallest * BOX_HEIGHT + max(tallest - 1, 0) * GAP
    boxes: dict[str, Box] = {}
    for number, column in enumerate(shown):
        used = len(column) * BOX_HEIGHT + (len(column) - 1) * GAP
        top = (height - used) / 2
        x = number * (WIDTH - width) / max(len(shown) - 1, 1)
        for row, name in enumerate(column):
            box = _box(name, (x, top + row * (BOX_HEIGHT + GAP), width), known, hidden)
            boxes[name] = replace(box, cut=name in cut, fresh=box.first >= since)
    curves = tuple(
        Curve(
            edge.source, edge.target, _path(boxes[edge.source], boxes[edge.target]), _weight(edge.files),
            edge.source in cut, edge.first >= since,
        )
        for edge in known
        if edge.source in boxes and edge.target in boxes and edge.source != edge.target
    )  # fmt: skip
    return Graph(WIDTH, height, tuple(boxes.values()), curves)


def _columns(edges: list[Edge]) -> dict[str, int]:
    """Return the column of each machine: in order of time, so that a later edge backwards does not move anything."""
    column: dict[str, int] = {}
    for edge in sorted(edges, key=lambda each: each.first):
        source = edge.source or edge.target
        start = column.setdefault(source, 0)
        if edge.target != source:
            column.setdefault(edge.target, min(start + 1, COLUMNS - 1))
    used = sorted(set(column.values()))
    return {name: used.index(at) for name, at in column.items()}


def _bounded(columns: list[list[str]]) -> tuple[list[list[str]], Mapping[str, int]]:
    shown, hidden = [], {}
    for number, column in enumerate(columns):
        if len(column) <= ROOM:
            shown.append(column)
            continue
        name = f"{MORE}{number}"
        hidden[name] = len(column) - ROOM + 1
        shown.append([*column[: ROOM - 1], name])
    return shown, hidden


def _box_width(columns: int) -> float:
    return {1: 190.0, 2: 160.0}.get(columns, 118.0)


def _box(name: str, place: tuple[float, float, float], edges: list[Edge], hidden: Mapping[str, int]) -> Box:
    x, y, width = place
    written = [edge for edge in edges if edge.target == name]
    writes = [edge for edge in edges if name == (edge.source or edge.target)]
    first = min((edge.first for edge in written or writes), default=0.0)
    files = sum(edge.files for edge in written)
    return Box(name, x, y, width, BOX_HEIGHT, bool(writes), bool(written), files, first, hidden.get(name, 1))


def _path(source: Box, target: Box) -> str:
    start, end = source.middle, target.middle
    if source.x < target.x:
        x1, x2 = source.x + source.width, target.x - 5  # room for the arrow's head
        bend = (x1 + x2) / 2
    elif source.x > target.x:
        x1, x2 = source.x, target.x + target.width + 5
        bend = (x1 + x2) / 2
    else:  # the same column: around its right side
        x1, x2 = source.x + source.width, target.x + target.width + 4
        bend = x1 + 22
    return f"M{x1:.1f} {start:.1f}C{bend:.1f} {start:.1f} {bend:.1f} {end:.1f} {x2:.1f} {end:.1f}"


def _weight(files: int) -> int:
    return 1 if files < 5 else 2 if files < 50 else 3 if files < 500 else 4
