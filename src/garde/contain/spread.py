"""Who spreads, who receives, in what order: the picture of an incident.

Comes in: an incident's traces. Goes out: `Picture`: the hops in order of time, who may be the spreader with the
reasons, the accounts that several spreaders share. Pure; it proposes nothing. The rules, one test each:

1. Only what counts is in it: harm whose evidence proved sound is left out.
2. A machine that did harm elsewhere spreads; one that was only written to receives.
3. A machine that was hit by another before it did harm itself passed it on: it spreads, and is not where it began.
4. The spreader is the one of the first burst that hit most servers; of equals the one that damaged most, then the
   first. Who came back after an hour of quiet comes behind those of before.
5. Every server that saw the same hand makes it surer; a hand on the server itself less so (somebody may have signed
   in from elsewhere), and several users on one connection a little less.
6. What nobody can attribute (a file service in the kernel, an unknown writer) is a hop without a source, and no
   suspect.
7. An account that two spreaders or more used is shared, however it is spelt; nobody's accounts (guest) are not.
8. Several spreaders, or an agent silenced while it was part of it, make severity 3; several servers 2; else 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from garde.contain import names
from garde.contain.memory import LOCAL, SMB, Agent, Incident, Trace
from garde.journal.hub_kinds import Hop, SpreadFound, Suspect

# How far one server's verdict carries that this hand spreads (that there is harm is far surer than that).
SEEN_AS_CLIENT: Final = 0.9  # the address of an open TCP connection: not forged, but perhaps of a relay
SEEN_ON_ITSELF: Final = 0.6
SEVERAL_USERS: Final = 0.8
OBSERVED: Final = 0.9  # of the above
SURE: Final = 0.99  # no more than this
SILENCED_S: Final = 60.0  # an agent silent so long before the first known harm may have been silenced by it


@dataclass(frozen=True, slots=True)
class Party:
    """One hand, over all servers."""

    name: str  # machine id or address
    addresses: tuple[str, ...]  # from which it was seen; empty: on the server itself
    users: tuple[str, ...]
    servers: tuple[str, ...]
    files: int
    first: float
    burst: int
    passed_on: bool  # hit by another before it did harm
    confidence: float
    several_users: bool
    login: bool
    observed: bool  # only agents that watch saw it


@dataclass(frozen=True, slots=True)
class Picture:
    """See the module."""

    spreader: str
    first_server: str
    first_at: float
    traces: tuple[Trace, ...]  # in order of time
    parties: tuple[Party, ...]  # likeliest first
    shared: tuple[str, ...]  # accounts, as remembered
    files: int

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers that were hit, in order of time."""
        return tuple(dict.fromkeys(each.server for each in self.traces))

    @property
    def clients(self) -> tuple[Party, ...]:
        """The hands that came over the network."""
        return tuple(each for each in self.parties if each.addresses)

    @property
    def locals(self) -> tuple[Party, ...]:
        """The servers that harmed themselves."""
        return tuple(each for each in self.parties if not each.addresses)

    @property
    def unattributed(self) -> tuple[str, ...]:
        """The servers that were hit by nobody knows whom."""
        return tuple(dict.fromkeys(each.server for each in self.traces if not _has_hand(each)))


def picture(incident: Incident) -> Picture:
    """Return the incident as it stands."""
    traces = tuple(sorted(incident.live, key=lambda each: (each.first, each.server, each.source)))
    parties = tuple(sorted(_parties(traces), key=_likeliest))
    return Picture(
        spreader=parties[0].name if parties else "",
        first_server=traces[0].server if traces else incident.server,
        first_at=traces[0].first if traces else incident.first_harm,
        traces=traces,
        parties=parties,
        shared=_shared(parties),
        files=sum(each.files for each in traces),
    )


def severity(found: Picture, incident: Incident, agents: Mapping[str, Agent]) -> tuple[int, str]:
    """Return the severity and its reason."""
    silenced = silenced_in(found, incident, agents)
    if silenced:
        return 3, f"the agent of {silenced[0]} fell silent while it was part of it"
    if len(found.parties) > 1:
        return 3, f"{len(found.parties)} machines spread it"
    if len(found.servers) > 1:
        return 2, f"{len(found.servers)} servers are hit"
    return 1, "one server is hit"


def silenced_in(found: Picture, incident: Incident, agents: Mapping[str, Agent]) -> tuple[str, ...]:
    """Return the machines whose agents fell silent since it began, of those that it touched."""
    touched = dict.fromkeys([*found.servers, *(each.name for each in found.parties)])
    since = incident.first_harm - SILENCED_S
    return tuple(name for name in touched if name in agents and agents[name].silent and agents[name].silent_at >= since)


def said(found: Picture, incident: Incident) -> SpreadFound:
    """Return the picture as the journal keeps it."""
    hops = tuple(
        Hop(each.source, each.server, each.first, each.files, tuple(map(names.give, each.users)))
        for each in found.traces
    )
    return SpreadFound(
        incident=incident.id,
        spreader=found.spreader,
        first_server=found.first_server,
        first_at=found.first_at,
        hops=hops,
        suspects=tuple(map(_suspect, found.parties)),
        accounts=tuple(map(names.give, found.shared)),
        files=found.files,
    )


def _parties(traces: tuple[Trace, ...]) -> list[Party]:
    by_name: dict[str, list[Trace]] = {}
    for each in traces:
        if _has_hand(each):
            by_name.setdefault(each.party, []).append(each)
    return [_party(name, mine, traces) for name, mine in by_name.items()]


def _has_hand(trace: Trace) -> bool:
    return bool(trace.source) or trace.kind == LOCAL


def _party(name: str, mine: list[Trace], all_: tuple[Trace, ...]) -> Party:
    first = min(each.first for each in mine)
    users = tuple(dict.fromkeys(user for each in mine for user in each.users))
    doubt = 1.0
    for each in mine:
        seen = SEEN_AS_CLIENT if each.kind == SMB else SEEN_ON_ITSELF
        seen *= SEVERAL_USERS if len(each.users) > 1 else 1.0
        doubt *= 1.0 - seen * (OBSERVED if each.observed else 1.0)
    return Party(
        name=name,
        addresses=tuple(dict.fromkeys(address for each in mine for address in each.addresses)),
        users=users,
        servers=tuple(dict.fromkeys(each.server for each in mine)),
        files=sum(each.files for each in mine),
        first=first,
        burst=min(each.burst for each in mine),
        passed_on=any(each.server == name and each.source not in ("", name) and each.first < first for each in all_),
        confidence=round(min(1.0 - doubt, SURE), 2),
        several_users=any(len(each.users) > 1 for each in mine),
        login=any(each.login for each in mine),
        observed=all(each.observed for each in mine),
    )


def _likeliest(party: Party) -> tuple[object, ...]:
    return (party.burst, party.passed_on, -len(party.servers), -party.files, party.first, party.name)


def _shared(parties: tuple[Party, ...]) -> tuple[str, ...]:
    used: dict[str, list[tuple[str, str]]] = {}  # account -> (party, spelling)
    for party in parties:
        for user in party.users:
            if key := names.account(user):
                used.setdefault(key, []).append((party.name, user))
    return tuple(found[0][1] for found in used.values() if len({name for name, _ in found}) > 1)


def _suspect(party: Party) -> Suspect:
    known = party.name not in party.addresses
    return Suspect(
        machine=party.name if known else "",
        address=party.addresses[0] if party.addresses else "",
        users=tuple(map(names.give, party.users)),
        confidence=party.confidence,
        why=why(party),
    )


def why(party: Party) -> str:
    """Return in English why this one is suspected; `words.py` says it for people."""
    count = len(party.servers)
    if not party.addresses:
        how = "a process below a remote login" if party.login else "a process of the server itself"
        return f"{how}, {party.files} files"
    parts = [f"wrote harm on {count} {'server' if count == 1 else 'servers'}", f"{party.files} files"]
    parts += ["was hit before it spread"] if party.passed_on else []
    parts += ["came back after an hour of quiet"] if party.burst else []
    parts += ["several users on one connection"] if party.several_users else []
    return ", ".join(parts)
