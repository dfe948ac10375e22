"""What stops if this machine stops, and what must be up before it.

Comes in: the estate, and the ids of machines that stop (a machine cut from the network has stopped for everything it
serves). Goes out: `Impact`, the price of a cut in care, and `needed_before`. The rules, one test each:

* A machine stops where a machine that it needs stops, or the switch that it hangs on.
* A service stops where one of its machines stops.
* A service stops where a service that it needs stops.
* A service goes on with less where a machine or service that it uses has stopped and it has not stopped itself.
* A service goes on with less where one of its machines goes on with less (a server whose shares are read-only).
* That something it uses or needs goes on with less changes nothing for a service.
* Every other service works.
* Needs that run in a circle stop together, and are up before each other in the order of the file.
* An id that the estate does not know stops nothing.

For a cut of the outside, a gateway's id stands for the outside: a service that lives from it names the gateway among
its machines or uses. Nothing here knows of actions or of authority.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from garde.estate.nouns import Estate, Service


@dataclass(frozen=True, slots=True)
class Impact:
    """What a cut costs. Everything in the order of the file."""

    stopped: tuple[str, ...]  # services that stop
    degraded: tuple[str, ...]  # services that go on with less
    works: tuple[str, ...]  # services that go on
    machines: tuple[str, ...] = ()  # machines that stop, those asked about included
    price: tuple[str, ...] = ()  # the clinical ones among `stopped`
    wards: tuple[str, ...] = ()  # wards that lose a clinical service
    beds: int = 0  # in those wards
    because: Mapping[str, str] = field(default_factory=dict)  # service or machine -> id of what stops or thins it


def impact(estate: Estate, stopped: Collection[str], *, less: Collection[str] = ()) -> Impact:
    """Return what the hospital loses if these machines (or services) stop, and those in `less` go on with less."""
    because = _stopped(estate, stopped)
    lost = [each for each in estate.services if each.id in because or each.id in stopped]
    down = {*stopped, *because}
    thinned = {each.id: _thinned_by(each, down, less) for each in estate.services if each.id not in down}
    thin = {name: cause for name, cause in thinned.items() if cause}
    clinical = [each for each in lost if each.clinical]
    wards = [each for each in estate.wards if any(not lost.wards or each.id in lost.wards for lost in clinical)]
    return Impact(
        stopped=tuple(each.id for each in lost),
        degraded=tuple(thin),
        works=tuple(name for name, cause in thinned.items() if not cause),
        machines=tuple(each.id for each in estate.machines if each.id in down),
        price=tuple(each.id for each in clinical),
        wards=tuple(each.id for each in wards),
        beds=sum(each.beds for each in wards),
        because={**because, **thin},
    )


def _stopped(estate: Estate, stopped: Collection[str]) -> dict[str, str]:
    """Return what stops in consequence, each with the id that stops it."""
    leaning: dict[str, list[str]] = {}  # id -> ids of what stops with it
    for machine in estate.machines:
        for need in filter(None, (*machine.needs, machine.switch)):
            leaning.setdefault(need, []).append(machine.id)
    for service in estate.services:
        for need in (*service.machines, *service.needs):
            leaning.setdefault(need, []).append(service.id)
    because: dict[str, str] = {}
    waiting = list(dict.fromkeys(stopped))
    for cause in waiting:  # grows while it is read: nearest causes first
        for each in leaning.get(cause, ()):
            if each not in because and each not in stopped:
                because[each] = cause
                waiting.append(each)
    return because


def _thinned_by(service: Service, down: Collection[str], less: Collection[str]) -> str:
    gone = (each for each in service.uses if each in down)
    return next(gone, "") or next((each for each in service.machines if each in less), "")


def needed_before(estate: Estate, machine: str) -> tuple[str, ...]:
    """Return every machine that must be up before this one, in an order in which they can be started."""
    before = start_needs(estate)
    return tuple(each for each in in_order([machine], before) if each != machine)


def start_needs(estate: Estate) -> dict[str, tuple[str, ...]]:
    """Return for each machine those that must be up directly before it.

    They are the machines that it needs itself, and those of the services that a service of its own needs.
    """
    machines = {each.id: dict.fromkeys(each.needs) for each in estate.machines}
    serving = {each.id: each.machines for each in estate.services}
    for service in estate.services:
        needed = [name for need in service.needs for name in serving.get(need, ())]
        for name in service.machines:
            if name in machines:
                machines[name].update(dict.fromkeys(needed))
    return {
        name: tuple(each for each in needs if each != name and each in machines) for name, needs in machines.items()
    }


def in_order(wanted: Iterable[str], before: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the wanted and all that they need, what is needed first. A circle is left at the place where it closes."""
    order: dict[str, None] = {}
    entered: set[str] = set()
    # Depth first with a stack of our own: a chain of a thousand needs must not exhaust the interpreter's.
    stack = [(name, False) for name in reversed([name for name in wanted if name in before])]
    while stack:
        name, done = stack.pop()
        if done:
            order[name] = None
        elif name not in entered:
            entered.add(name)
            stack.append((name, True))
            stack += [(each, False) for each in reversed(before.get(name, ())) if each not in entered]
    return tuple(order)
