"""What would stop it: cuts, the narrowest first, each with its price in care.

Comes in: the picture of an incident, the estate, which agents there are. Goes out: `Proposal`s in order of rank.
Pure; it authorises nothing (`authority.py`) and asks nothing of anybody (`policy.py`). The rules, one test each:

1. A client that spreads is refused at every server that has an agent, whether it was hit or not; a server that
   spreads, at every other one.
2. Where a client may not be refused (it is never cut off), ending its users' sessions is proposed instead.
3. The accounts that spreaders used are to be shut; where several spreaders share one, that is narrower than refusing
   each.
4. A spreader's switch port is to be shut where the estate names it. One whose switch has no SNMP agent is shown with
   the place to unplug it, and not offered.
5. A spreader that carries an agent is to be isolated; so is a server that harms itself. One whose agent is silent is
   not: it would not hear of it, and is refused by its neighbours and cut at its port.
6. Wider: the shares of the servers hit are made read-only; the servers hit are isolated; the outside is cut at each
   gateway.
7. Harm that nobody can attribute begins with read-only shares.
8. The price is what stops in clinical services: of a machine that is refused, isolated or unplugged, all that it
   serves, and at a port of all that hang on it; of read-only shares nothing stops, services go on with less; of the
   outside, what lives from the gateway.
9. Never: the hub, what the never-cut list names, a gateway as the target of a block or behind a port. Such a cut is
   shown with the reason, and not offered.
10. Equal ranks are equally narrow; ranks have no gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final
from weakref import WeakKeyDictionary

from garde.contain import names
from garde.contain.spread import Party, Picture
from garde.estate.dependencies import Impact, impact
from garde.estate.look import Lookup
from garde.estate.never import why_never, why_never_machine, why_never_port
from garde.journal.text import plain

BLOCK, KICK, ACCOUNT, READ_ONLY = "block", "kick", "account", "read_only"
ISOLATE, OUTSIDE, PORT = "isolate", "outside", "port"

# One sentence each: how it is undone. words.py has them in every language.
UNDO: Final = {
    BLOCK: "The rules are removed at every server; the client comes back by itself.",
    KICK: "Nothing is to be undone: users sign in again.",
    ACCOUNT: "The accounts that this cut shut are opened again.",
    READ_ONLY: "The shares can be written again.",
    ISOLATE: "The rules are removed; the machine talks to everybody again. Its printed code does the same offline.",
    OUTSIDE: "The rules are removed at the gateway; the outside is open as before.",
    PORT: "The port is opened again at the switch.",
}
SHARES: Final = "shares"  # the target of read_only
_ANSWERS: Final = 5_000  # kept of the estate's answers
NO_AGENT: Final = "no server with an agent is known that could carry it out"
IS_SILENT: Final = "its agent gives no sign of life: it is to be cut by its neighbours and at its switch port"
NO_SNMP: Final = "the switch cannot be asked (no SNMP agent in the estate): unplug it by hand"
PLACE: Final = ", at "  # between that and where
NO_OUTSIDE: Final = "the estate does not say which of its interfaces lead out"
NO_GATEWAY_AGENT: Final = "no agent runs on it: close it by hand"
REASONS: Final = (NO_AGENT, IS_SILENT, NO_SNMP, NO_OUTSIDE, NO_GATEWAY_AGENT)  # words.py has them in every language


@dataclass(frozen=True, slots=True)
class Proposal:
    """One cut that would help."""

    action: str
    target: str  # id, address, or account
    where: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    users: tuple[str, ...] = ()  # as remembered
    impact: Impact = field(default_factory=lambda: Impact((), (), ()))
    refused: str = ""
    rank: int = 0
    by_port: bool = False  # a port that is the only way to isolate its machine

    @property
    def key(self) -> str:
        """What it is."""
        return f"{self.action} {self.target}"


@dataclass(frozen=True, slots=True)
class Crew:
    """Which agents can be asked."""

    enrolled: frozenset[str] = frozenset()  # empty: nothing is known of it, all that the estate names
    silent: frozenset[str] = frozenset()

    def servers(self, look: Lookup) -> tuple[str, ...]:
        """Return the servers that can be asked, silent ones as well: they may come back."""
        return tuple(each.id for each in look.servers if not self.enrolled or each.id in self.enrolled)

    def has(self, look: Lookup, machine: str) -> bool:
        """Whether a machine carries an agent."""
        found = look.machines.get(machine)
        return found is not None and found.agent and (not self.enrolled or machine in self.enrolled)


def plan(found: Picture, look: Lookup, crew: Crew) -> tuple[Proposal, ...]:
    """Return everything that would help, narrowest first."""
    return ranked(_Planner(found, look, crew).groups())


def plan_machine(name: str, look: Lookup, crew: Crew) -> tuple[Proposal, ...]:
    """Return what cutting off one machine (id or address) would cost, as if it spread: a dry run."""
    machine = look.machine(name)
    target = machine.id if machine else name
    addresses = look.addresses_of(name)
    party = Party(target, addresses, (), (), 0, 0.0, 0, False, 0.0, False, False, False)
    planner = _Planner(Picture(target, "", 0.0, (), (party,), (), 0), look, crew)
    if not addresses:
        return ranked([list(planner.isolations([target])), list(planner.ports([target]))])
    isolated, unplugged = list(planner.isolations([target])), list(planner.ports([target]))
    return ranked([planner.blocks(), isolated, unplugged, planner.outsides()])


def ranked(groups: Iterable[list[Proposal]]) -> tuple[Proposal, ...]:
    """Number the groups; of two proposals for the same cut the narrower stays."""
    seen: set[str] = set()
    result: list[Proposal] = []
    rank = 0
    for group in groups:
        fresh = [each for each in group if each.key not in seen]
        rank += bool(fresh)
        seen |= {each.key for each in fresh}
        result += [replace(each, rank=rank) for each in fresh]
    return tuple(result)


class _Planner:
    """One plan. The estate's answers are kept for as long as the estate is."""

    def __init__(self, found: Picture, look: Lookup, crew: Crew) -> None:
        self._found, self._look, self._crew = found, look, crew
        self._servers = crew.servers(look)
        self._answers = _Answers.of(look)
        self._blocks = [self._block(each) for each in found.clients]

    def _impact(self, stopped: tuple[str, ...], less: tuple[str, ...] = ()) -> Impact:
        return self._answers.impact(self._look, stopped, less)

    def _never(self, machine: str) -> str:
        return self._answers.why_never_machine(self._look, machine)

    def groups(self) -> list[list[Proposal]]:
        found = self._found
        spreaders = [each.name for each in found.parties]
        shared = list(self.accounts(found.shared))
        alone = list(self.accounts(user for each in found.clients for user in each.users if not each.several_users))
        hit = [each for each in found.servers if each not in spreaders]
        read_only = self.read_only(found.servers if found.clients or found.unattributed else ())
        first = [shared, self.blocks()] if found.shared else [self.blocks()]
        if found.unattributed and not found.parties:
            first = [read_only]
        return [
            *first,
            self.kicks(),
            list(self.isolations([each.name for each in found.locals])),
            alone,
            *([read_only] if found.shared else []),
            list(self.isolations(spreaders)),
            list(self.ports(spreaders)),
            read_only,
            list(self.isolations(hit)),
            self.outsides() if found.traces else [],
        ]

    # --- refusing a client ---

    def blocks(self) -> list[Proposal]:
        return self._blocks

    def _block(self, party: Party) -> Proposal:
        addresses = tuple(dict.fromkeys([*self._look.addresses_of(party.name), *party.addresses]))
        where = tuple(each for each in self._servers if each != party.name)
        refused = self._answers.why_never(self._look, addresses) or self._never(party.name)
        return Proposal(
            BLOCK,
            party.name,
            where,
            addresses,
            impact=self._impact((party.name,)),
            refused=refused or ("" if where else NO_AGENT),
        )

    def kicks(self) -> list[Proposal]:
        found = zip(self._found.clients, self._blocks, strict=True)
        never = [client for client, block in found if block.refused and self._servers]
        return [
            Proposal(KICK, each.name, self._servers, users=users, impact=self._impact(()))
            for each in never
            if (users := tuple(user for user in each.users if names.account(user)))
        ]

    def accounts(self, users: Iterable[str]) -> Iterator[Proposal]:
        by_key: dict[str, list[str]] = {}
        every = [user for party in self._found.clients for user in party.users]
        for user in users:
            if key := names.account(user):
                by_key[key] = list(dict.fromkeys(each for each in every if names.account(each) == key)) or [user]
        for spellings in by_key.values():
            shown = plain(names.give(spellings[0]).value or b"", 200)
            refused = "" if self._servers else NO_AGENT
            price = self._impact(())
            yield Proposal(ACCOUNT, shown, self._servers, users=tuple(spellings), impact=price, refused=refused)

    def read_only(self, servers: Collection[str]) -> list[Proposal]:
        where = tuple(each for each in servers if self._crew.has(self._look, each))
        if not where:
            return []
        return [Proposal(READ_ONLY, SHARES, where, impact=self._impact((), where))]

    # --- cutting a machine off ---

    def isolations(self, machines: Iterable[str]) -> Iterator[Proposal]:
        for name in machines:
            if self._crew.has(self._look, name):
                refused = self._never(name)
                if not refused and name in self._crew.silent:
                    refused = IS_SILENT
                yield Proposal(ISOLATE, name, (name,), impact=self._impact((name,)), refused=refused)

    def ports(self, machines: Iterable[str]) -> Iterator[Proposal]:
        for name in machines:
            found = self._look.switch_port(name)
            if found is None:
                continue
            refused = self._answers.why_never_port(self._look, name)
            if not refused and not found.switch.snmp:
                refused = f"{NO_SNMP}{PLACE}{found.switch.id}, {found.port}"
            by_port = not self._crew.has(self._look, name) or name in self._crew.silent
            price = self._impact(found.behind)
            yield Proposal(PORT, name, (found.switch.id,), impact=price, refused=refused, by_port=by_port)

    def outsides(self) -> list[Proposal]:
        return [self._outside(each.machine) for each in self._look.estate.gateways]

    def _outside(self, machine: str) -> Proposal:
        gateway = self._look.gateways[machine]
        refused = "" if gateway.outside else NO_OUTSIDE
        if not self._crew.has(self._look, machine):
            refused = NO_GATEWAY_AGENT
        return Proposal(OUTSIDE, machine, (machine,), impact=self._impact((machine,)), refused=refused)


class _Answers:
    """What the estate answers, worked out once: a report is decided in a millisecond, whoever else is asked about."""

    _all: ClassVar[WeakKeyDictionary[Lookup, _Answers]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._impacts: dict[tuple[tuple[str, ...], tuple[str, ...]], Impact] = {}
        self._never: dict[tuple[str, ...], str] = {}

    @classmethod
    def of(cls, look: Lookup) -> _Answers:
        found = cls._all.get(look)
        if found is None or len(found._impacts) + len(found._never) > _ANSWERS:
            found = cls._all[look] = cls()
        return found

    def impact(self, look: Lookup, stopped: tuple[str, ...], less: tuple[str, ...] = ()) -> Impact:
        if (stopped, less) not in self._impacts:
            self._impacts[stopped, less] = impact(look.estate, stopped, less=less)
        return self._impacts[stopped, less]

    def why_never(self, look: Lookup, addresses: tuple[str, ...]) -> str:
        return self._keep(("addresses", *addresses), lambda: why_never(look, addresses))

    def why_never_machine(self, look: Lookup, name: str) -> str:
        return self._keep(("machine", name), lambda: why_never_machine(look, name) if name in look.machines else "")

    def why_never_port(self, look: Lookup, name: str) -> str:
        return self._keep(("port", name), lambda: why_never_port(look, name))

    def _keep(self, key: tuple[str, ...], ask: Callable[[], str]) -> str:
        if key not in self._never:
            self._never[key] = ask()
        return self._never[key]
