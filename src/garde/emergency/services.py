"""How services stand, from machines, cuts and what people say.

Comes in: a `Picture` of what services hang on, the estate. Goes out: `Standing` for every service, and what changed
between two pictures. Pure. The rules, one test each:

1. A machine that is cut off has stopped for everything it serves; the rest follows from the estate's dependencies, also
   where a service depends on itself.
2. A machine whose shares are read-only, or whose damaged files are not put back, goes on with less; so does one whose
   agent is silent while an incident is open.
3. A service that stops is on paper where the estate says what to do instead, else closed.
4. A person's word stands above that, as long as it counts; what follows from the machines goes on beneath it.
5. What an entry changed is the difference between before and after it, so that each change is said once, whatever else
   is written in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from garde.emergency.memory import CLOSED, DEGRADED, PAPER, WORKS, Picture, State
from garde.estate.dependencies import Impact, impact
from garde.estate.look import Lookup
from garde.estate.nouns import Service
from garde.journal.plan_kinds import ServiceState

_CHAIN = 8  # links of a reason that are said


@dataclass(frozen=True, slots=True)
class Standing:
    """One service at one moment."""

    state: str
    because: tuple[str, ...] = ()  # nearest first
    said: bool = False  # by a person


def standings(look: Lookup, picture: Picture) -> dict[str, Standing]:
    """Return how every service of the estate stands, in its order."""
    found = impact(look.estate, picture.down, less=picture.less)
    stopped, degraded = frozenset(found.stopped), frozenset(found.degraded)
    made: dict[str, Standing] = {}
    for service in look.estate.services:
        word = picture.said.get(service.id, "")
        if word:
            made[service.id] = Standing(word, said=True)
        elif service.id in stopped:
            made[service.id] = Standing(PAPER if service.instead else CLOSED, _why(service, found, picture))
        elif service.id in degraded:
            made[service.id] = Standing(DEGRADED, _why(service, found, picture))
        else:
            made[service.id] = Standing(WORKS)
    return made


def _why(service: Service, found: Impact, picture: Picture) -> tuple[str, ...]:
    chain: list[str] = []
    cause = found.because.get(service.id, "")
    while cause and cause not in chain and cause != service.id and len(chain) < _CHAIN:
        chain.append(cause)
        cause = found.because.get(cause, "") if cause not in picture.down else ""
    return tuple(chain)


def changed(look: Lookup, state: State) -> tuple[dict[str, Standing], dict[str, Standing]]:
    """Return how services stood before the entry in hand, and how they stand with it."""
    after = standings(look, state.picture())
    if state.news.before is not None:
        return standings(look, state.news.before), after
    published = {each: Standing(state.service(each).state) for each in after}
    return published, after


def facts(state: State, before: dict[str, Standing], after: dict[str, Standing]) -> Iterator[ServiceState]:
    """Return one entry for each service that stands otherwise now."""
    for name, now in after.items():
        then = before.get(name, Standing(WORKS))
        if now.state != then.state:
            by = state.overrides[name].by if now.said and name in state.overrides else ""
            yield ServiceState(name, now.state, then.state, now.because, by)


def stopped(look: Lookup, standing: dict[str, Standing], states: tuple[str, ...]) -> tuple[str, ...]:
    """Return the clinical services that are in one of these states."""
    return tuple(
        name for name, each in standing.items() if each.state in states and name in look.services
        and look.services[name].clinical
    )  # fmt: skip
