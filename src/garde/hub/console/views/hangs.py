"""What hangs on what: machines on the left, the services that they carry on the right. Geometry only.

Comes in: the estate, the machines that are cut off, and perhaps one machine or service to look at. Goes out: `Hangs`:
boxes and curves in units of an SVG view box, and every service as a row. It claims nothing about how a service fares
on the wards: it says what the estate lets expect while a machine is cut off.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from garde.estate.dependencies import Impact, impact
from garde.estate.look import Lookup
from garde.estate.nouns import Service

WIDTH = 400.0
LEFT, RIGHT = 150.0, 168.0  # widths of the boxes
ROW, GAP, TOP = 26.0, 6.0, 4.0
ROOM = 36  # rows of a drawing that can still be read

STOPPED, LESS, WORKS = "stopped", "less", "works"


@dataclass(frozen=True, slots=True)
class Node:
    """One box."""

    id: str
    x: float
    y: float
    width: float
    state: str  # machines: cut | works; services: stopped | less | works

    @property
    def middle(self) -> float:
        """Where curves meet it."""
        return self.y + ROW / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A service that hangs on a machine."""

    path: str
    needed: bool  # without it the service stops; else it goes on with less
    broken: bool  # the machine is cut off


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service."""

    id: str
    state: str
    because: str  # id of what stops or thins it; "" where it works
    machines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hangs:
    """The drawing and the list."""

    height: float
    machines: tuple[Node, ...]
    services: tuple[Node, ...]
    lines: tuple[Line, ...]
    rows: tuple[ServiceRow, ...]  # every service: those concerned first, then in the order of the estate


def hangs(look: Lookup, cut: Collection[str], of: str = "") -> Hangs:
    """Return the drawing; `of`: only what this machine or service has to do with."""
    off = set(cut)
    known = [each.id for each in look.estate.machines if not off.isdisjoint((each.id, *each.addresses))]
    effect = impact(look.estate, known)
    state = _states(effect)
    rows = sorted((_row(each, state, effect) for each in look.estate.services), key=lambda row: row.state == WORKS)
    shown = _shown(look, rows, of)
    machines = _machines(look, shown, of)
    height = 2 * TOP + max(len(machines), len(shown), 1) * (ROW + GAP) - GAP
    left = _column(machines, 0.0, LEFT, height, dict.fromkeys(known, "cut"))
    right = _column([each.id for each in shown], WIDTH - RIGHT, RIGHT, height, state)
    lines = [
        _line(left[name], right[each.id], needed=name in each.machines, broken=name in known)
        for each in shown
        for name in dict.fromkeys((*each.machines, *each.uses))
        if name in left
    ]
    return Hangs(height, tuple(left.values()), tuple(right.values()), tuple(lines), tuple(rows))


def _states(effect: Impact) -> dict[str, str]:
    return {**dict.fromkeys(effect.stopped, STOPPED), **dict.fromkeys(effect.degraded, LESS)}


def _row(service: Service, state: dict[str, str], effect: Impact) -> ServiceRow:
    because = effect.because.get(service.id, "")
    return ServiceRow(service.id, state.get(service.id, WORKS), because, service.machines)


def _shown(look: Lookup, rows: list[ServiceRow], of: str) -> list[Service]:
    """The services that are drawn."""
    services = {each.id: each for each in look.estate.services}
    if of:
        return [each for each in services.values() if _concerns(each, of, services.get(of))][:ROOM]
    if len(rows) <= ROOM:
        return list(services.values())
    return [services[row.id] for row in rows if row.state != WORKS][:ROOM]


def _concerns(each: Service, of: str, focus: Service | None) -> bool:
    if of in (each.id, *each.machines, *each.needs, *each.uses):
        return True
    return focus is not None and each.id in (*focus.needs, *focus.uses)


def _machines(look: Lookup, shown: list[Service], of: str) -> list[str]:
    """The machines they hang on, each near the middle of its services."""
    places: dict[str, list[int]] = {}
    for number, service in enumerate(shown):
        for name in (*service.machines, *service.uses):
            if name in look.machines:
                places.setdefault(name, []).append(number)
    order = sorted(places, key=lambda name: (sum(places[name]) / len(places[name]), name))
    return order[:ROOM] if of not in order[ROOM:] else [*order[: ROOM - 1], of]


def _column(names: list[str], x: float, width: float, height: float, state: dict[str, str]) -> dict[str, Node]:
    step = (height - 2 * TOP + GAP) / max(len(names), 1)
    inset = TOP + (step - GAP - ROW) / 2
    return {
        name: Node(name, x, round(inset + number * step, 1), width, state.get(name, WORKS))
        for number, name in enumerate(names)
    }


def _line(left: Node, right: Node, *, needed: bool, broken: bool) -> Line:
    x1, x2 = left.x + left.width, right.x
    bend = (x1 + x2) / 2
    path = f"M{x1:g} {left.middle:.1f}C{bend:g} {left.middle:.1f} {bend:g} {right.middle:.1f} {x2:g} {right.middle:.1f}"
    return Line(path, needed, broken)
