"""What follows from an entry for the question where it came from.

Comes in: the state as `forensics.state.project` has left it with the entry, the entry, the estate in force. Goes out:
`places_asked`, `origin_found`. Pure: no clock, no socket, no chance; it changes nothing. `way.py` finds the way; the
rules here, one test each:

1. The way is looked for when the spreader is known or another one, and when an agent has looked back at its flows.
   While an agent looks, what it tells is waited for.
2. Addresses outside are looked up first, each once; then the origin is said with its countries. Where nothing can be
   looked up it is said without.
3. It is said again only where it is another one than before: the newest counts.
4. Without a spreader nothing is said, and in an incident that a person has closed nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.look import Lookup
from garde.forensics import errands
from garde.forensics import memory as m
from garde.forensics.memory import Case, State
from garde.forensics.origin import way
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import OriginFound, OriginHop, PlacesAsked
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.model.order import Verb

ASKED: Final = 64  # addresses in one question


def answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Return what follows."""
    for case in _touched(state):
        if case.closed or (scene := scene_of(state, case, look)) is None:
            continue
        hops = way.find_way(scene)
        unknown = [each.address for each in hops if each.role in _OUTSIDE and each.address not in state.places]
        if unknown:
            if not any(incident == case.id for incident, *_ in state.placing.values()):
                yield PlacesAsked(incident=case.id, addresses=tuple(dict.fromkeys(unknown))[:ASKED])
            continue
        found = _said(case, scene, hops, state)
        if _differs(found, case.origin):
            yield found


_OUTSIDE: Final = frozenset({way.CONTROLLER, way.RECEIVER})


def _touched(state: State) -> list[Case]:
    """Rule 1."""
    news = state.news
    ended = [incident for incident, verb, *_ in news.ended if verb == Verb.FLOWS]
    at_once = {news.spread, news.placed, *ended} - {""}
    found = [state.cases[name] for name in dict.fromkeys([*at_once, *news.known]) if name in state.cases]
    return [each for each in found if each.id in at_once or not errands.under_way(state, each, Verb.FLOWS)]


def scene_of(state: State, case: Case, look: Lookup) -> way.Scene | None:
    """Return what is known of an incident's way; None without a spreader."""
    spread = case.spread
    if spread is None or not spread.spreader:
        return None
    named = [each for each in spread.suspects if spread.spreader in (each.machine, each.address)]
    suspect = named[0] if named else m.Suspect(spread.spreader, "", 0.0)
    own = look.addresses_of(spread.spreader)
    address = suspect.address or (own[0] if own else spread.spreader)
    since = min((each.first for each in spread.hands if each.source == spread.spreader), default=spread.first_at)
    spreader = way.Spreader(spread.spreader, address, since, suspect.confidence, spread.seq)
    lines = [_line(each, look) for each in state.paths if each.incident in (case.id, "")]
    places = {name: way.Where(each.country, each.network, tuple(each.may_be)) for name, each in state.places.items()}
    return way.Scene(spreader, frozenset({*case.suspects, address}), way.join(lines), case.first_harm, places, look)


def _line(path: m.Path, look: Lookup) -> way.Line:
    """Return a connection; one between two machines inside as the one to which it was opened sees it."""
    if not path.inbound and not way.is_outside(path.outside, look):
        turned = (path.outside, path.inside, path.port, True, path.first, path.last, path.bytes_out, path.bytes_in)
        return way.Line(*turned, [path.seq])
    return way.Line(path.inside, path.outside, path.port, path.inbound, path.first, path.last, path.bytes_in,
                    path.bytes_out, [path.seq])  # fmt: skip


def _said(case: Case, scene: way.Scene, hops: list[way.Hop], state: State) -> OriginFound:
    said = tuple(
        OriginHop(each.address, each.machine, each.role, each.where.country, each.where.network, each.since,
                  each.confidence, each.where.may_be, each.entries)
        for each in hops
    )  # fmt: skip
    entries = tuple(sorted({number for each in hops for number in each.entries}))
    return OriginFound(case.id, said, Text(_user(case, scene, state)), way.foothold_words(scene, hops), entries)


def _user(case: Case, scene: way.Scene, state: State) -> str:
    """Return whose account was used: as the shares saw it, else as somebody signed in."""
    spread = case.spread
    suspects = spread.suspects if spread is not None else []
    users = [user for each in suspects if each.address == scene.spreader.address for user in each.users]
    users += [each.user for each in state.paths if each.incident == case.id and each.user]
    return users[0] if users else ""


def _differs(found: OriginFound, known: m.Origin | None) -> bool:
    """Rule 3. Further entries of the same way are no other way."""
    if known is None:
        return True
    new = [(each.address, each.role, each.country, each.network, each.confidence, each.may_be) for each in found.hops]
    old = [
        (each.address, each.role, each.country, each.network, each.confidence, tuple(each.may_be))
        for each in known.hops
    ]
    return new != old or list(found.foothold) != known.foothold
