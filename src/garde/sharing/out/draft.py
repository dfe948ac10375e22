"""A warning before it is written down in any form: what is known, as one record.

Comes in: what the way out remembers, an incident, the estate. Goes out: `Draft`, everything still in it that the guard
will look at. Pure. It invents nothing: what is not known stays empty, and the page says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from garde.estate.look import Lookup
from garde.sharing.out.memory import SORTS, Hop, Out, Version

CALL_BACK: Final = ("crisis_coordinator", "it_director", "on_call_it")  # whose telephone stands on it, by role


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing to watch for."""

    sort: str  # one of `memory.SORTS`
    value: str
    what: str  # closed word: what it was here
    times: int
    first_at: float


@dataclass(frozen=True, slots=True)
class Way:
    """One machine on the way by which they came: infrastructure seen, not blame."""

    address: str
    inside: bool
    role: str
    country: str
    network: str
    confidence: str
    may_be: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """See the module. Times are wall seconds of the hub; 0 and "" are what is not known."""

    warning: str
    version: int
    tlp: str
    first: float  # when its first version was asked for
    at: float  # when this one is drawn
    secret: str  # nobody outside knows it: ids are made from it
    hospital: str
    call_role: str
    call_back: str  # telephone
    began: float
    confirmed: bool
    closed: bool
    servers: int
    files: int
    outside_cut: bool
    family: str
    confidence: float
    techniques: tuple[str, ...]
    decryptor: str
    data_date: str
    way: tuple[Way, ...]
    left: str  # none_seen | seen | blind | ""
    left_as_of: float
    left_bytes: int
    left_blind_s: float
    indicators: tuple[Indicator, ...]


def draft_of(out: Out, version: Version, look: Lookup, at: float) -> Draft:
    """Return what is known for this version of a warning."""
    case, named, left = out.case(version.incident), out.named, out.left
    role, phone = _call_back(look)
    return Draft(
        warning=version.warning, version=version.version, tlp=version.tlp, first=_first(out, version).asked, at=at,
        secret=_first(out, version).command,
        hospital=look.estate.name, call_role=role, call_back=phone,
        began=case.began if case else 0.0, confirmed=bool(case and case.confirmed), closed=bool(case and case.closed),
        servers=len(case.servers) if case else 0, files=case.files if case else 0, outside_cut=out.outside_cut,
        family=named.family if named else "", confidence=named.confidence if named else 0.0,
        techniques=tuple(named.techniques) if named else (), decryptor=named.decryptor if named else "",
        data_date=named.data_date if named else "", way=tuple(_way(each) for each in out.hops),
        left=left.finding if left else "", left_as_of=left.as_of if left else 0.0,
        left_bytes=left.bytes if left else 0, left_blind_s=left.blind_s if left else 0.0,
        indicators=tuple(_indicators(out)),
    )  # fmt: skip


def _first(out: Out, version: Version) -> Version:
    """Return the first version of the same warning. Its command's id is a hash over the journal: nobody guesses it."""
    return next((each for each in out.versions if each.warning == version.warning), version)


def _way(hop: Hop) -> Way:
    return Way(
        hop.address, bool(hop.machine), hop.role, hop.country, hop.network, hop.confidence, tuple(hop.may_be)
    )  # fmt: skip


def _indicators(out: Out) -> Iterator[Indicator]:
    """Yield what is known, in the order of the sorts and of time."""
    for fact in sorted(out.facts.values(), key=lambda each: (SORTS.index(each.sort), each.seq, each.value)):
        yield Indicator(fact.sort, fact.value, fact.detail, fact.times, fact.at)


def _call_back(look: Lookup) -> tuple[str, str]:
    """Return the role that answers, and its telephone; never a name."""
    for role in CALL_BACK:
        for person in look.estate.people:
            if role in person.roles and person.phones:
                return role, person.phones[0]
    return "", ""
