"""The way back from the spreader to the outside, out of connections that were seen.

Comes in: who spreads and since when, the connections of that machine, where addresses are, the estate. Goes out: the
hops, nearest first, and what may have been the first foothold. Pure. The rules, one test each:

1. The spreader comes first; its confidence is containment's.
2. A connection counts that was there within a day before the first harm, or began soon after it. One that was open at
   the first harm is `seen`, one that ended within an hour before it is `likely`, any other `possible`: such are named
   only where there is no better one.
3. Somebody outside who opened a connection to the spreader controls it, as far as can be seen; so does one outside to
   whom the spreader itself kept a line, if little went over it in both directions. Much coming in is what people do all
   day (pages, updates): who gave it is not named, since it would be somebody honest nearly always.
4. Much going out is a receiver: who took what left. It need not be who leads.
5. A machine inside that opened a remote session to the spreader is a foothold; its own ways out are followed as well.
6. One outside with whom several machines talk that are not suspected is rather something that all use: `possible` at
   most.
7. What an address may be is said with it: what the files of places know; where they know nothing, relay, vpn and
   hosting all are possible. Infrastructure seen, never blame.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from garde.estate.look import Lookup

DAY_S: Final = 24 * 3600.0
SOON_S: Final = 600.0  # after the first harm: who leads may call again
NEAR_S: Final = 3600.0
MUCH: Final = 1_000_000  # bytes: pages and questions are smaller
PAGES: Final = 50_000  # bytes that came in: somebody looks at pages
ONE_WAY: Final = 4  # times as much in one direction as in the other
MOST: Final = 3  # hops of one role outside
COMMON: Final = 3  # machines that are not suspected and talk with one outside
REMOTE: Final = frozenset({22, 23, 135, 445, 3389, 5900, 5938, 5985, 5986, 7070})  # ports of remote control
NAMES: Final = 53
SEEN, LIKELY, POSSIBLE = "seen", "likely", "possible"
_ORDER: Final = (SEEN, LIKELY, POSSIBLE)
SPREADER, FOOTHOLD, CONTROLLER, RECEIVER = "spreader", "foothold", "controller", "receiver"
ANYTHING: Final = ("relay", "vpn", "hosting")


@dataclass(slots=True)
class Line:
    """All connections between one inside and one outside on one port, as one."""

    inside: str
    outside: str
    port: int
    inbound: bool
    first: float
    last: float
    came: int  # bytes
    went: int
    entries: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Spreader:
    """Who spreads, as containment says."""

    machine: str  # estate id or address
    address: str
    since: float
    confidence: float
    entry: int


@dataclass(frozen=True, slots=True)
class Where:
    """What is known of an address."""

    country: str = ""
    network: str = ""
    may_be: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hop:
    """One step. See `garde.journal.forensic_kinds.OriginHop`."""

    address: str
    machine: str
    role: str
    since: float
    confidence: str
    where: Where
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the way is found from."""

    spreader: Spreader
    suspects: frozenset[str]  # addresses
    lines: Sequence[Line]
    first_harm: float
    places: Mapping[str, Where]
    look: Lookup


def find_way(scene: Scene) -> list[Hop]:
    """Return the hops, nearest first."""
    one = scene.spreader
    hops = [Hop(one.address, _machine(one.address, one.machine, scene.look), SPREADER, one.since,
                _sureness(one.confidence), Where(), (one.entry,) if one.entry else ())]  # fmt: skip
    footholds = list(_footholds(scene, one.address))
    hops += footholds
    addresses = [one.address, *(each.address for each in footholds)]
    lines = [line for line in scene.lines if line.inside in addresses and is_outside(line.outside, scene.look)]
    hops += _outside(scene, lines)
    return hops


def foothold_words(scene: Scene, hops: Sequence[Hop]) -> tuple[str, ...]:
    """Return candidates for how it began, as closed words."""
    found = []
    machine = scene.look.machines.get(scene.spreader.machine)
    if machine is not None and machine.supplier:
        found.append("supplier_access")
    if any(line.inbound and is_outside(line.outside, scene.look) for line in scene.lines if _counts(line, scene)):
        found.append("reached_from_outside")
    if any(hop.role == FOOTHOLD for hop in hops):
        found.append("from_another_machine")
    if any(hop.role == CONTROLLER for hop in hops):
        found.append("led_from_outside")
    return tuple(found or ["unknown"])


def is_outside(address: str, look: Lookup) -> bool:
    """Whether an address is neither of the estate nor only of this network."""
    if look.at(address) is not None or look.segment_of(address) is not None:
        return False
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified)


def join(lines: Sequence[Line]) -> list[Line]:
    """Return one line for each pair, port and direction."""
    found: dict[tuple[str, str, int, bool], Line] = {}
    for each in lines:
        # The port of one that was opened from outside is the service's; of one opened from inside, outside's.
        key = (each.inside, each.outside, each.port, each.inbound)
        known = found.get(key)
        if known is None:
            found[key] = Line(*key, each.first, each.last, each.came, each.went, list(each.entries))
        else:
            known.first, known.last = min(known.first, each.first), max(known.last, each.last)
            known.came, known.went = max(known.came, each.came), max(known.went, each.went)
            known.entries += each.entries
    return list(found.values())


def _machine(address: str, name: str, look: Lookup) -> str:
    if name in look.machines:
        return name
    found = look.at(address)
    return found.id if found is not None else ""


def _sureness(confidence: float) -> str:
    return SEEN if confidence >= 0.8 else LIKELY if confidence >= 0.5 else POSSIBLE


def _counts(line: Line, scene: Scene) -> bool:
    """Rule 2."""
    harm = scene.first_harm
    return not harm or (line.last >= harm - DAY_S and line.first <= harm + SOON_S)


def _confidence(line: Line, scene: Scene) -> str:
    harm = scene.first_harm
    if not harm:
        return POSSIBLE
    if line.first <= harm <= line.last:
        return SEEN
    return LIKELY if harm - NEAR_S <= line.last and line.first <= harm + SOON_S else POSSIBLE


def _footholds(scene: Scene, address: str) -> Iterator[Hop]:
    """Rule 5."""
    for line in scene.lines:
        inside = not is_outside(line.outside, scene.look)
        if line.inside == address and line.inbound and inside and line.port in REMOTE and _counts(line, scene):
            yield Hop(line.outside, _machine(line.outside, "", scene.look), FOOTHOLD, line.first,
                      _confidence(line, scene), Where(), tuple(line.entries))  # fmt: skip


def _outside(scene: Scene, lines: Sequence[Line]) -> Iterator[Hop]:
    by_role: dict[str, list[tuple[tuple[int, int, float], Hop]]] = defaultdict(list)
    for line in lines:
        role = _role(line) if _counts(line, scene) else ""
        if role:
            hop = _hop(line, role, scene)
            by_role[role].append(((_ORDER.index(hop.confidence), int(not line.inbound), line.first - line.last), hop))
    for role in (CONTROLLER, RECEIVER):
        found = [hop for _, hop in sorted(by_role[role], key=lambda each: each[0])]
        better = [hop for hop in found if hop.confidence != POSSIBLE]
        yield from _each_once(better or found)[:MOST]


def _each_once(hops: Sequence[Hop]) -> list[Hop]:
    return list({hop.address: hop for hop in reversed(hops)}.values())[::-1]


def _role(line: Line) -> str:
    """Rules 3 and 4. "" for what people do all day."""
    if line.inbound:
        return CONTROLLER
    if line.went >= MUCH and line.went >= ONE_WAY * line.came:
        return RECEIVER
    if line.port == NAMES or (line.came >= PAGES and line.came >= ONE_WAY * line.went):
        return ""
    return CONTROLLER


def _hop(line: Line, role: str, scene: Scene) -> Hop:
    sure = _confidence(line, scene)
    others = {each.inside for each in scene.lines if each.outside == line.outside} - scene.suspects
    if len(others - {line.inside}) >= COMMON:
        sure = POSSIBLE  # rule 6
    where = scene.places.get(line.outside, Where())
    known = where if where.may_be else Where(where.country, where.network, ANYTHING)
    return Hop(line.outside, "", role, line.first, sure, known, tuple(line.entries))
