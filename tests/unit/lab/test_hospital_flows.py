"""What the gateway's agent and the hub are told: settings that Garde reads, days before that it can read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from garde.clock import SystemClock
from garde.forensics.egress.config import read_flows
from garde.forensics.egress.nouns import Inside
from garde.forensics.egress.zeek import Zeek
from garde.forensics.origin.places.sources import open_places
from garde.lab.hospital import flows, network
from garde.lab.hospital.neighbour import SERVER, WORKSTATION, NeighbourPlan
from garde.lab.hospital.plan import GATEWAY, HUB, NEIGHBOUR, NEIGHBOUR_MACHINES, Plan
from garde.lab.night.abroad import write_places
from garde.lab.night.draw import Reach

NOW = 1_800_000_000.0


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    made = Plan("x", 3, tmp_path)
    for folder in (made.agent_state(GATEWAY), made.hub_state, flows.home(made)):
        folder.mkdir(parents=True)
    return made


def test_the_gateways_agent_reads_three_sources_that_cover_the_whole_house(plan: Plan) -> None:
    flows.write_history(plan, NOW)
    flows.note(plan, GATEWAY)
    settings = read_flows(plan.agent_state(GATEWAY))
    assert [(each.id, each.sort) for each in settings.source] == [
        ("kernel", "conntrack"), ("netflow", "netflow"), ("sensor", "zeek"),
    ]  # fmt: skip
    inside = Inside(settings.inside)
    assert all(inside.side(address) == 1 for machine in plan.machines.values() for address in machine.addresses)
    assert inside.side(network.outside_address(plan, network.THIEF)) == 0


def test_no_other_machine_and_no_other_night_is_told_of_flows(plan: Plan) -> None:
    flows.note(plan, "record")
    flows.home(plan).rmdir()
    flows.note(plan, GATEWAY)
    assert not (plan.agent_state(GATEWAY) / "flows.toml").exists()


def test_the_days_before_can_be_read_and_nothing_in_them_is_an_upload(plan: Plan) -> None:
    flows.write_history(plan, NOW)
    flows.note(plan, GATEWAY)
    settings = read_flows(plan.agent_state(GATEWAY))
    source = Zeek(settings.source[2], Inside(settings.inside), SystemClock())
    source.open(b"")
    read = []
    while batch := source.read():
        assert not batch.blind
        read += batch.flows
    source.close()
    assert min(flow.since for flow in read) < NOW - (flows.DAYS - 0.1) * 86_400 < NOW - 86_400
    assert max(flow.since for flow in read) <= NOW
    assert {flow.inside for flow in read} >= {plan.address("ct-1"), plan.address(HUB)}
    assert all(flow.back > flow.out for flow in read)


def test_the_hub_finds_the_labs_internet_where_the_seed_drew_it(plan: Plan) -> None:
    write_places(plan, Reach("UA", "RU", "bulk", 1, "taxii"))
    places = open_places(plan.hub_state)
    assert not places.broken
    found = {host: places.find(network.outside_address(plan, host)) for host in (network.CONTROLLER, network.THIEF)}
    known = {host: place.country for host, place in found.items() if place is not None}
    assert known == {network.CONTROLLER: "UA", network.THIEF: "RU"}
    assert places.find(network.outside_address(plan, network.CONTROLLER, 6)) == found[network.CONTROLLER]
    assert places.find(plan.address("ct-1")) is None, "inside is nowhere in the world"


def test_the_second_hospital_has_names_and_addresses_of_its_own(tmp_path: Path) -> None:
    first, second = Plan("x", 3, tmp_path), NeighbourPlan(NEIGHBOUR, 3, tmp_path / NEIGHBOUR)
    assert {SERVER, WORKSTATION, HUB} == set(second.machines) < set(NEIGHBOUR_MACHINES)
    mine, theirs = ({it for each in plan.machines.values() for it in each.addresses} for plan in (first, second))
    assert mine.isdisjoint(theirs)
    assert {second.namespace(name) for name in NEIGHBOUR_MACHINES} <= set(first.namespaces), "they go with the lab"
    assert second.clock_path == first.clock_path and second.hub_state != first.hub_state
    assert [each.id for each in second.estate.neighbours] == ["sainte-aldegonde"]
