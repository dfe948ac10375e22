"""The end of the story, in one piece of data: what was lost, what must be entered again, when each service came back.

Comes in: what Garde told (`Told`), the estate, the night's first hostile write, the witness's figures. Goes out:
`Final`, for the table and for the page. Nothing is decided here. Times are seconds after the first hostile write, on
the lab's clock: the story's own begins at 03:00.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.estate.nouns import Estate
from garde.lab.hospital.plan import RECORD
from garde.lab.night.score import Restarted
from garde.lab.night.told import Told, Way
from garde.model.restart import Colour, Stage


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of one server's way, from when to when (None: it stayed so)."""

    stage: str
    begins: float
    ends: float | None
    round: int


@dataclass(frozen=True, slots=True)
class Back:
    """One server's way back."""

    machine: str
    name: str
    wave: int
    services: tuple[str, ...]  # what hangs on it, in words
    steps: tuple[Step, ...]
    opened: float | None  # fully
    data: str  # where its data come from: a restore point's id, or ""
    taken_at: float | None


@dataclass(frozen=True, slots=True)
class Again:
    """What must be entered again."""

    machine: str
    name: str
    after: float  # data after this moment
    rows: int  # as far as the witness counted them; -1: it did not


@dataclass(frozen=True, slots=True)
class Relapse:
    """What was left behind, and woke."""

    machine: str
    files: int
    recut_s: float | None  # from its first file until the server was cut again
    with_it: tuple[str, ...]  # the servers of its wave that were cut again


@dataclass(frozen=True, slots=True)
class Final:
    """All of it."""

    hospital: str
    figures: Restarted
    back: tuple[Back, ...]
    again: tuple[Again, ...]
    relapse: Relapse | None
    held_until: float | None
    lifted: float | None  # the plan
    watch_until: float | None
    too_early: tuple[str, ...]
    points: int  # restore points that were judged
    green: int

    @property
    def watch_days(self) -> int | None:
        """For how many days the watch goes on after the plan was lifted."""
        return None if self.watch_until is None else round((self.watch_until - (self.lifted or 0.0)) / 86_400)

    @property
    def restarted(self) -> float | None:
        """When the first server was open again."""
        return min((each.opened for each in self.back if each.opened is not None), default=None)


def final(
    told: Told,
    estate: Estate,
    began: float,
    figures: Restarted,
    *,
    relapse: Relapse | None,
    rows_again: int,
    too_early: tuple[str, ...],
) -> Final:
    """Put it together. `began`: wall seconds of the first hostile write."""
    way = told.way
    waves = way.planned.waves if way.planned else ()
    return Final(
        hospital=estate.name,
        figures=figures,
        back=tuple(_back(way, estate, machine, began) for wave in waves for machine in wave),
        again=_again(way, estate, began, rows_again),
        relapse=relapse,
        held_until=_after(way.held_until, began),
        lifted=_after(told.first_at.get("plan_stood_down"), began),
        watch_until=_after(way.watch_until, began),
        too_early=too_early,
        points=len(way.points),
        green=sum(each.colour == Colour.GREEN for each in way.points.values()),
    )


def _after(at: float | None, began: float) -> float | None:
    return at - began if at else None


def _again(way: Way, estate: Estate, began: float, rows: int) -> tuple[Again, ...]:
    """By server, with the services on it; a service that none of these serves stands for itself."""
    names = {each.id: each.name for each in estate.machines}
    services = {each.id: each for each in estate.services}
    said = {subject: after for subject, after in way.again.items() if after}
    found = []
    for subject, after in said.items():
        if subject in services:
            if not said.keys() & set(services[subject].machines):
                found.append(Again(subject, services[subject].name.get("en", subject), after - began, -1))
            continue
        on_it = [each.name.get("en", each.id) for each in services.values() if subject in each.machines]
        name = names.get(subject, subject) + (f" ({', '.join(on_it)})" if on_it else "")
        found.append(Again(subject, name, after - began, rows if subject == RECORD else -1))
    return tuple(found)


def _back(way: Way, estate: Estate, machine: str, began: float) -> Back:
    moves = [(at - began, step) for at, step in way.steps if step.machine == machine]
    ends: list[float | None] = [at for at, _ in moves[1:]]
    steps = tuple(Step(step.stage, at, end, step.round) for (at, step), end in zip(moves, [*ends, None], strict=True))
    placed = way.placed(machine)
    point = way.points.get((placed.store, placed.point)) if placed else None
    return Back(
        machine=machine,
        name=next((each.name for each in estate.machines if each.id == machine), machine),
        wave=next((step.wave for _, step in moves), 0),
        services=tuple(each.name.get("en", each.id) for each in estate.services if machine in each.machines),
        steps=steps,
        opened=next((each.begins for each in reversed(steps) if each.stage == Stage.OPEN), None),
        data=placed.point if placed else "",
        taken_at=_after(point.taken_at, began) if point else None,
    )
