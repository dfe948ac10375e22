"""The rules of the network: each function is one sentence of this list.

Comes in: an indexed estate and the places of its parts. Goes out: problems. Called by check.py.

* An address is an address, a network a network with no bits set beyond its prefix.
* An address belongs to one machine.
* A MAC address belongs to one machine.
* A machine's addresses lie in the segment that it names.
* An address that is a segment's first or last one, loopback or multicast is no machine's own.
* The networks of two segments do not overlap (a warning).
* A port is named together with its switch; what it names as switch is one; no switch hangs on itself.
* A switch port carries one machine.
* An SNMP agent is ADDRESS:PORT, and only a switch has one; a switch with ports in use should have one (a warning).
* There is a hub, and it has an address.
* A gateway's machine has the role gateway; it carries an agent, or the outside cannot be cut (warnings).
* A gateway names its interfaces that lead out.
* A machine with the role gateway has a line among the gateways (a warning).
* The flows that a gateway leaves open, and those of a machine that returns, are flows, by address and never by name.
* What is never cut is a machine, an address or a network; never everything.
* A machine with an agent, and every server, has an address (a warning).
* At least one server carries an agent (a warning).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from garde.estate.addresses import Network, read_address, read_flow, read_network, same
from garde.estate.convert import nearest
from garde.estate.look import Lookup
from garde.estate.places import Places, Problem
from garde.estate.sentences import Quoted, Sentence
from garde.estate.vocabulary import MAC

_SNMP = re.compile(r"(\[[^\]]+\]|[^:\[\]]+):(\d{1,5})", re.ASCII)
_INTERFACE = re.compile(r"[^\s/]{1,15}")  # IFNAMSIZ less its end


def addresses_are_addresses(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, machine in enumerate(look.estate.machines):
        for index, text in enumerate(machine.addresses):
            where = places.at("machines", number, "addresses", index)
            try:
                address = read_address(text)
            except ValueError:
                yield Problem(where, Sentence("{text} is no address", text=Quoted(text)))
                continue
            network = read_network(str(address))
            if address.is_loopback or address.is_multicast or address.is_unspecified or look.is_broadcast(network):
                yield Problem(where, Sentence("{text} can be no machine's own address", text=text))


def networks_are_networks(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, segment in enumerate(look.estate.segments):
        if not segment.networks:
            what = Sentence("the segment {segment} names no network", segment=segment.id)
            yield Problem(places.at("segments", number), what)
        for index, text in enumerate(segment.networks):
            where = places.at("segments", number, "networks", index)
            try:
                network = read_network(text)
            except ValueError:
                yield Problem(where, Sentence("{text} is no network: write 10.1.2.0/24", text=Quoted(text)))
                continue
            if str(network.network_address) != same(text.partition("/")[0]):
                right = str(network)
                what = Sentence("{text} has bits set beyond its prefix: the network is {right}", text=text, right=right)
                yield Problem(where, what)


def addresses_stand_once(look: Lookup, places: Places) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for number, machine in enumerate(look.estate.machines):
        for index, text in enumerate(machine.addresses):
            where = places.at("machines", number, "addresses", index)
            owner = owners.setdefault(same(text), machine.id)
            if owner != machine.id:
                yield Problem(where, Sentence("{text} is the address of {owner} already", text=text, owner=owner))
    macs: dict[str, str] = {}
    for number, machine in enumerate(look.estate.machines):
        where = places.at("machines", number, "mac")
        if machine.mac and not MAC.fullmatch(machine.mac):
            what = Sentence("{text} is no MAC address: write 00:11:22:33:44:55", text=Quoted(machine.mac))
            yield Problem(where, what)
        elif machine.mac:
            owner = macs.setdefault(re.sub("[:-]", "", machine.mac).lower(), machine.id)
            if owner != machine.id:
                what = Sentence("{text} is the MAC address of {owner} already", text=machine.mac, owner=owner)
                yield Problem(where, what)


def addresses_lie_in_their_segment(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, machine in enumerate(look.estate.machines):
        segment = look.segments.get(machine.segment)
        networks = [found for found in map(_network, segment.networks if segment else ()) if found]
        for index, text in enumerate(machine.addresses):
            address = _network(text)
            held = (
                (found.version == address.version and address.network_address in found for found in networks)
                if address
                else ()
            )
            if address and networks and not any(held):
                where = places.at("machines", number, "addresses", index)
                what = Sentence(
                    "{text} does not lie in the segment {segment} ({networks})",
                    text=text, segment=machine.segment, networks=tuple(map(str, networks)),
                )  # fmt: skip
                yield Problem(where, what)


def segments_do_not_overlap(look: Lookup, places: Places) -> Iterator[Problem]:
    seen: list[tuple[Network, str]] = []
    for number, segment in enumerate(look.estate.segments):
        for index, text in enumerate(segment.networks):
            network = _network(text)
            for before, owner in seen if network else ():
                if network and before.version == network.version and before.overlaps(network):
                    where = places.at("segments", number, "networks", index)
                    what = Sentence(
                        "{text} overlaps {other} of {owner}: the narrower one counts",
                        text=text, other=str(before), owner=owner,
                    )  # fmt: skip
                    yield Problem(where, what, warning=True)
            if network:
                seen.append((network, segment.id))


def ports_have_switches(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, machine in enumerate(look.estate.machines):
        switch = look.machines.get(machine.switch)
        if machine.port and not machine.switch:
            what = Sentence("the port {port} stands here without its switch", port=machine.port)
            yield Problem(places.at("machines", number, "port"), what)
        where = places.at("machines", number, "switch")
        if machine.switch and not machine.port:
            yield Problem(where, Sentence("the switch {switch} stands here without a port", switch=machine.switch))
        if switch is not None and switch.role != "switch":
            yield Problem(where, Sentence("{machine} is a {role}, no switch", machine=machine.switch, role=switch.role))
        if machine.switch and machine.id in _above(look, machine.switch):
            yield Problem(where, Sentence("{machine} hangs on itself", machine=machine.id))


def _above(look: Lookup, switch: str) -> list[str]:
    """Return the switch and those above it, as far as they are known, each once."""
    chain: list[str] = []
    while switch in look.machines and switch not in chain:
        chain.append(switch)
        switch = look.machines[switch].switch
    return chain


def ports_carry_one_machine(look: Lookup, places: Places) -> Iterator[Problem]:
    taken: dict[tuple[str, str], str] = {}
    for number, machine in enumerate(look.estate.machines):
        if machine.switch and machine.port:
            owner = taken.setdefault((machine.switch, machine.port), machine.id)
            if owner != machine.id:
                where = places.at("machines", number, "port")
                what = Sentence(
                    "the port {port} of {switch} carries {owner} already",
                    port=machine.port, switch=machine.switch, owner=owner,
                )  # fmt: skip
                yield Problem(where, what)


def switches_have_snmp(look: Lookup, places: Places) -> Iterator[Problem]:
    used = {machine.switch for machine in look.estate.machines if machine.port}
    for number, machine in enumerate(look.estate.machines):
        where = places.at("machines", number, "snmp")
        found = _SNMP.fullmatch(machine.snmp)
        if machine.snmp and machine.role != "switch":
            what = Sentence("{machine} is no switch: only a switch has an SNMP agent here", machine=machine.id)
            yield Problem(where, what)
        elif machine.snmp and (found is None or _network(found[1].strip("[]")) is None or not _is_port(found[2])):
            yield Problem(where, Sentence("{text} is no SNMP agent: write ADDRESS:161", text=Quoted(machine.snmp)))
        elif machine.role == "switch" and not machine.snmp and machine.id in used:
            what = Sentence(
                "the switch {machine} has no `snmp`: its ports cannot be shut by the hub", machine=machine.id
            )
            yield Problem(where, what, warning=True)


def there_is_a_hub(look: Lookup, places: Places) -> Iterator[Problem]:
    if not look.hubs:
        what = Sentence(
            "no machine has the role hub: it could not be kept out of a cut, nor an isolated machine talk to it"
        )
        yield Problem(places.at("machines"), what)
    for number, machine in enumerate(look.estate.machines):
        if machine.role == "hub" and not machine.addresses:
            yield Problem(
                places.at("machines", number), Sentence("the hub {machine} has no address", machine=machine.id)
            )


def gateways_can_be_cut(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, gateway in enumerate(look.estate.gateways):
        machine = look.machines.get(gateway.machine)
        where = places.at("gateways", number, "machine")
        if machine is not None and machine.role != "gateway":
            what = Sentence("{machine} is a machine, its role is not gateway", machine=machine.id)
            if machine.role:
                what = Sentence("{machine} is a {role}, its role is not gateway", machine=machine.id, role=machine.role)
            yield Problem(where, what, warning=True)
        if machine is not None and not machine.agent:
            what = Sentence(
                "the gateway {machine} carries no agent: the hub cannot cut the outside there", machine=machine.id
            )
            yield Problem(where, what, warning=True)
        if not gateway.outside:
            what = Sentence(
                "the gateway {machine} names no interface that leads out (`outside:`)", machine=gateway.machine
            )
            yield Problem(where, what)
        for index, name in enumerate(gateway.outside):
            if not _INTERFACE.fullmatch(name):
                what = Sentence("{text} is no interface", text=Quoted(name))
                yield Problem(places.at("gateways", number, "outside", index), what)
    for number, machine in enumerate(look.estate.machines):
        if machine.role == "gateway" and machine.id not in look.gateways:
            what = Sentence(
                "{machine} is a gateway without a line among `gateways`: the outside stays open there",
                machine=machine.id,
            )
            yield Problem(places.at("machines", number), what, warning=True)


def flows_are_flows(look: Lookup, places: Places) -> Iterator[Problem]:
    allowed = (("gateways", number, "allow", each.allow) for number, each in enumerate(look.estate.gateways))
    listed = (("machines", number, "flows", each.flows) for number, each in enumerate(look.estate.machines))
    for table, number, name, flows in (*allowed, *listed):
        for index, text in enumerate(flows):
            try:
                read_flow(text)
            except ValueError:
                what = Sentence(
                    "{text} is no flow: write ADDRESS, ADDRESS:PORT/tcp or [IPV6]:PORT/udp;"
                    " names are not resolved in a cut",
                    text=Quoted(text),
                )
                yield Problem(places.at(table, number, name, index), what)


def never_cut_is_known(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, line in enumerate(look.estate.never_cut):
        where = places.at("never_cut", number, "what")
        if line.what in look.machines or not line.what:
            continue
        network = _network(line.what)
        if network is None:
            hint = nearest(line.what, look.machines)
            what = Sentence("{text} is no machine, address or network{hint}", text=Quoted(line.what), hint=hint)
            yield Problem(where, what)
        elif network.prefixlen == 0:
            yield Problem(where, Sentence("{text} is everything: nothing could ever be cut", text=line.what))


def machines_can_be_reached(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, machine in enumerate(look.estate.machines):
        if not machine.addresses and (machine.agent or machine.role == "server"):
            what = Sentence("{machine} has no address: what comes from it cannot be told to be its", machine=machine.id)
            yield Problem(places.at("machines", number), what, warning=True)
    if look.estate.machines and not look.servers:
        what = Sentence("no server carries an agent (`agent: yes`): nothing would be seen")
        yield Problem(places.at("machines"), what, warning=True)


def _network(text: str) -> Network | None:
    try:
        return read_network(text)
    except ValueError:
        return None


def _is_port(text: str) -> bool:
    return 0 < int(text) < 65_536


RULES = (
    addresses_are_addresses,
    networks_are_networks,
    addresses_stand_once,
    addresses_lie_in_their_segment,
    segments_do_not_overlap,
    ports_have_switches,
    ports_carry_one_machine,
    switches_have_snmp,
    there_is_a_hub,
    gateways_can_be_cut,
    flows_are_flows,
    never_cut_is_known,
    machines_can_be_reached,
)
