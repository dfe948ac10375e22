"""A moment between a base and the end of its log, as a restore point of its own: `BASE@2026-11-28T02:59:59.500000Z`.

Comes in: points that say with `until` that every moment up to then can be had; a moment, or an id that people gave.
Goes out: a `Point` for that moment. Nothing is looked up in a store.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from garde.clock import iso
from garde.recovery.points.base import Point

_BETWEEN = "@"
_FORM = "%Y-%m-%dT%H:%M:%S.%f%z"


def at_moment(point: Point, moment: float) -> Point:
    """The state at a moment; ValueError where this point cannot give it. `taken_at` is the moment as the id has it."""
    exact = _seconds(iso(moment))
    if not point.taken_at <= exact <= point.until:
        raise ValueError(f"{iso(moment)} is not between {iso(point.taken_at)} and {iso(point.until)}")
    return replace(point, id=f"{point.id}{_BETWEEN}{iso(moment)}", taken_at=exact, until=0.0)


def before_harm(points: Iterable[Point], since: float) -> Point | None:
    """The last moment before the first hostile write that any of these points can give; None: none can."""
    able = [point for point in points if point.taken_at <= _last_before(since) and point.until > 0]
    if not able:
        return None
    newest = max(able, key=lambda point: (min(point.until, since), point.taken_at))
    return at_moment(newest, min(newest.until, _last_before(since)))


def find_point(points: Iterable[Point], name: str) -> Point | None:
    """The point of that id, or the moment that it names; None where there is none."""
    known = {point.id: point for point in points}
    if name in known:
        return known[name]
    base, _, moment = name.rpartition(_BETWEEN)
    if base not in known:
        return None
    try:
        found = at_moment(known[base], _seconds(moment))
    except ValueError:
        return None
    return found if found.id == name else None


def base_of(name: str) -> str:
    """The id of the point that a moment is reached from; the id itself where it names no moment."""
    base, _, moment = name.rpartition(_BETWEEN)
    try:
        _seconds(moment)
    except ValueError:
        return name
    return base or name


def is_moment(point: Point) -> bool:
    """Whether this is a moment between a base and the end of its log."""
    return base_of(point.id) != point.id


def _last_before(since: float) -> float:
    """A second before: the first write that was seen need not be the first."""
    return since - 1.0


def _seconds(text: str) -> float:
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC).timestamp()
