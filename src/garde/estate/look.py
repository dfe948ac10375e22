"""Looking things up in the estate: by id, by address, by login, by switch port.

Comes in: an `Estate`. Goes out: `Lookup`, with every index built once; each question is answered from a table. An
estate that breaks the rules of check.py is looked up all the same: of two that claim one id or one address the first
counts. It decides nothing and reads no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from garde.estate.addresses import Network, read_address, read_network, same
from garde.estate.nouns import (
    Duty,
    Estate,
    Gateway,
    Machine,
    Never,
    Person,
    Segment,
    Service,
    Ward,
    Words,
)

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class SwitchPort:
    """Where a machine hangs."""

    switch: Machine
    port: str  # ifName
    behind: tuple[str, ...]  # ids of every machine that loses the network with it, the machine itself first


class Lookup:
    """The estate, indexed. It never changes; a new estate gets a new one."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.machines: Mapping[str, Machine] = _first((each.id, each) for each in estate.machines)
        self.services: Mapping[str, Service] = _first((each.id, each) for each in estate.services)
        self.wards: Mapping[str, Ward] = _first((each.id, each) for each in estate.wards)
        self.people: Mapping[str, Person] = _first((each.id, each) for each in estate.people)
        self.segments: Mapping[str, Segment] = _first((each.id, each) for each in estate.segments)
        self.gateways: Mapping[str, Gateway] = _first((each.machine, each) for each in estate.gateways)
        self._by_address = _first((same(address), each) for each in estate.machines for address in each.addresses)
        self._by_mac = _first((_mac(each.mac), each) for each in estate.machines if each.mac)
        self._by_login = _logins(estate.people)
        self._networks = sorted(_segments(estate.segments), key=lambda found: -found[0].prefixlen)
        self._never = list(_never(estate, self.machines))
        self._hanging: dict[str, list[str]] = {}
        for each in estate.machines:
            if each.switch:
                self._hanging.setdefault(each.switch, []).append(each.id)

    # --- machines ---

    def machine(self, name: str) -> Machine | None:
        """Return the machine of this id or address (any spelling), or None."""
        return self.machines.get(name) or self.at(name)

    def at(self, address: str) -> Machine | None:
        """Return the machine that has this address, or None."""
        return self._by_address.get(same(address))

    def by_mac(self, mac: str) -> Machine | None:
        """Return the machine with this MAC (any spelling), or None."""
        return self._by_mac.get(_mac(mac))

    def id_of(self, address: str) -> str:
        """Return the id of the machine at this address, or the address where the estate does not know it."""
        found = self.at(address)
        return found.id if found else address

    def addresses_of(self, name: str) -> tuple[str, ...]:
        """Return all addresses of a machine named by id or by one of them; an unknown address stands for itself."""
        found = self.machine(name)
        if found is not None:
            return tuple(dict.fromkeys(same(each) for each in found.addresses))
        try:
            return (str(read_address(name)),)
        except ValueError:
            return ()

    @property
    def agents(self) -> tuple[Machine, ...]:
        """The machines that carry an agent, in the order of the file."""
        return tuple(each for each in self.estate.machines if each.agent)

    @property
    def servers(self) -> tuple[Machine, ...]:
        """The servers that carry an agent: where a client is blocked."""
        return tuple(each for each in self.agents if each.role == "server")

    def with_role(self, role: str) -> tuple[Machine, ...]:
        """Return the machines of a role, in the order of the file."""
        return tuple(each for each in self.estate.machines if each.role == role)

    # --- the hub and the network ---

    @property
    def hubs(self) -> tuple[Machine, ...]:
        """The machines whose role is hub."""
        return self.with_role("hub")

    @property
    def hub_addresses(self) -> tuple[str, ...]:
        """Every address of a hub: what an isolated machine still talks to."""
        return tuple(dict.fromkeys(same(address) for hub in self.hubs for address in hub.addresses))

    def is_broadcast(self, network: Network) -> bool:
        """Whether this is the first or last address of a segment: the last is everybody there, the first nobody."""
        return any(
            network.network_address in (found.network_address, found.broadcast_address)
            for found, _ in self._networks
            if found.version == network.version == 4 and found.prefixlen < 31
        )

    def segment_of(self, name: str) -> Segment | None:
        """Return the segment of a machine (id) or of an address: the one it names, else the narrowest that holds it."""
        machine = self.machine(name)
        if machine is not None and machine.segment in self.segments:
            return self.segments[machine.segment]
        for text in machine.addresses if machine is not None else (name,):
            try:
                address = read_address(text)
            except ValueError:
                continue
            for network, segment in self._networks:
                if address in network:
                    return segment
        return None

    def switch_port(self, machine: str) -> SwitchPort | None:
        """Return where a machine (id) hangs, or None where the estate does not say or knows no such switch."""
        found = self.machines.get(machine)
        if found is None or not found.port or found.switch not in self.machines:
            return None
        same_port = (
            each for each in self._hanging[found.switch] if self.machines[each].port == found.port and each != machine
        )
        behind = dict.fromkeys([*self.behind(machine), *(one for each in same_port for one in self.behind(each))])
        return SwitchPort(self.machines[found.switch], found.port, tuple(behind))

    def behind(self, machine: str) -> tuple[str, ...]:
        """Return the machine and, where it is a switch, every machine that hangs on it, switches below included."""
        found = {machine: None}
        waiting = [machine]
        while waiting:
            for each in self._hanging.get(waiting.pop(), ()):
                if each not in found:
                    found[each] = None
                    waiting.append(each)
        return tuple(found)

    # --- what is never cut ---

    def never(self, address: str) -> Never | None:
        """Return the line of the never-cut list that holds this address or network, or None."""
        try:
            wanted = read_network(address)
        except ValueError:
            return None
        return next((line for network, line in self._never if _overlap(network, wanted)), None)

    def never_machine(self, machine: str) -> Never | None:
        """Return the line of the never-cut list that names this machine (id) or one of its addresses, or None."""
        named = next((line for line in self.estate.never_cut if line.what == machine), None)
        addresses = self.machines[machine].addresses if machine in self.machines else ()
        return named or next((line for line in map(self.never, addresses) if line), None)

    # --- care ---

    def services_of(self, machine: str) -> tuple[Service, ...]:
        """Return the services that stop at once where this machine (id) stops; see dependencies.py for all of them."""
        return tuple(each for each in self.estate.services if machine in each.machines)

    def wards_of(self, service: str) -> tuple[Ward, ...]:
        """Return the wards that use a service; a service that names none serves the whole house."""
        found = self.services.get(service)
        if found is None:
            return ()
        return tuple(each for each in self.estate.wards if not found.wards or each.id in found.wards)

    # --- people ---

    def person(self, user: str) -> Person | None:
        """Return the person with this id, login or mail address, as Samba or a sign-in writes it, or None.

        `HOSPITAL\\jdoe`, `jdoe@hospital.example` and `JDoe` are one login.
        """
        exact = self.people.get(user) or self._by_login.get(user.casefold())
        return exact or self._by_login.get(_login(user))

    def duty(self, role: str) -> tuple[Duty, ...]:
        """Return the lines of the rota for a role, in the order of the file; hours.py tells which of them counts."""
        return tuple(line for line in self.estate.rota if line.role == role)

    # --- words ---

    def label(self, name: str, language: str = "", *tables: str) -> str:
        """Return the name for people of an id or an address; what is unknown stays as it is.

        A ward and a service may share an id: name the tables (`wards`) where it matters. The first that has it counts.
        """
        for table in tables or ("machines", "services", "wards", "people", "segments"):
            found = getattr(self, table).get(name)
            if found is not None:
                words = found.name if isinstance(found.name, str) else self.say(found.name, language)
                return words or name
        machine = None if tables else self.at(name)
        return (machine.name or machine.id) if machine else name

    def say(self, words: Words, language: str = "") -> str:
        """Return the words in this language, else in the hospital's first that has them, else any."""
        for each in (language, *self.estate.languages):
            if words.get(each):
                return words[each]
        return next(iter(words.values()), "")


def _first(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, _Value]:
    """The first of two with one key counts, so that a line added below never changes what stands above."""
    table: dict[_Key, _Value] = {}
    for key, value in pairs:
        table.setdefault(key, value)
    return table


def _logins(people: Iterable[Person]) -> dict[str, Person]:
    """Whole mail addresses and logins first: the name in front of an @ may be two people's."""
    people = list(people)
    exact = [(name.casefold(), each) for each in people for name in (each.id, *each.logins, each.mail) if name]
    short = [(_login(name), each) for each in people for name in (*each.logins, each.mail) if name]
    return _first([*exact, *short])


def _login(user: str) -> str:
    return user.rpartition("\\")[2].partition("@")[0].strip().casefold()


def _mac(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign in "0123456789abcdef")


def _segments(segments: Iterable[Segment]) -> Iterator[tuple[Network, Segment]]:
    for segment in segments:
        for text in segment.networks:
            try:
                yield read_network(text), segment
            except ValueError:
                continue  # check.py has said so


def _never(estate: Estate, machines: Mapping[str, Machine]) -> Iterator[tuple[Network, Never]]:
    for line in estate.never_cut:
        texts = machines[line.what].addresses if line.what in machines else (line.what,)
        for text in texts:
            try:
                yield read_network(text), line
            except ValueError:
                continue


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
