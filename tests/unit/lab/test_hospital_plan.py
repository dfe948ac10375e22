"""The lab's plan: what stands in its estate, under the lab's own numbers."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from garde.estate.read import read_bytes
from garde.lab.attackers.smb_client import LAB_NETWORKS
from garde.lab.hospital import network
from garde.lab.hospital.plan import (
    CRISIS_PRINTER,
    DESK,
    GATEWAY,
    HUB,
    MODALITY,
    NUMBERS,
    RECORD,
    SHARES,
    SWITCH,
    WARD_PCS,
    Plan,
)
from garde.lab.night.alarm import ASLEEP, AWAKE
from garde.lab.night.outside import Outside
from garde.lab.ward_traffic.people import WARDS

HOME = Path("/nonexistent/lab")


@pytest.mark.parametrize("number", [NUMBERS[0], 16, NUMBERS[-1]])
def test_the_estate_of_every_lab_is_sound(number: int) -> None:
    plan = Plan("x", number, HOME)
    reading = read_bytes(plan.estate_text.encode(), "x")
    assert reading.problems == ()
    assert plan.estate == reading.estate


def test_two_labs_share_no_address_no_mac_and_no_name() -> None:
    one, other = Plan("one", 7, HOME), Plan("other", 70, HOME)
    for take in (
        lambda plan: {it for machine in plan.machines.values() for it in machine.addresses},
        lambda plan: {machine.mac for machine in plan.machines.values()},
        lambda plan: set(plan.namespaces),
        lambda plan: {network.outside_address(plan, 66, version) for version in (4, 6)},
        lambda plan: set(plan.estate.gateways[0].allow),
        lambda plan: {plan.aside_address(name) for name in plan.aside[1:]},
        lambda plan: {plan.feed_address(name) for name in (RECORD, DESK)},
    ):
        assert take(one).isdisjoint(take(other))  # type: ignore[no-untyped-call]


def test_every_address_is_one_that_the_attackers_may_talk_to() -> None:
    plan = Plan("x", 255, HOME)
    outside = [network.outside_address(plan, host, version) for host in (66, 20) for version in (4, 6)]
    for text in [*(it for machine in plan.machines.values() for it in machine.addresses), *outside]:
        assert any(ipaddress.ip_address(text) in net for net in LAB_NETWORKS), text


def test_the_hospital_has_what_the_story_needs() -> None:
    plan = Plan("x", 1, HOME)
    roles = [machine.role for machine in plan.machines.values()]
    assert roles.count("workstation") == 2
    assert {"gateway", "modality", "laboratory", "printer", "hub", "switch"} <= set(roles)
    assert set(plan.guarded) == {*SHARES, RECORD, GATEWAY}
    assert plan.machines[SWITCH].snmp == f"{plan.address(SWITCH)}:161"
    ports = {machine.port for machine in plan.machines.values() if machine.id != SWITCH}
    assert len(ports) == len(plan.machines) - 1, "each machine has a port of its own"
    assert all(len(port) <= 15 for port in ports), "a port is an interface: its name is short"
    assert CRISIS_PRINTER in plan.machines and CRISIS_PRINTER not in plan.guarded
    assert plan.hub_url == f"https://{plan.address(HUB)}:8443"
    assert plan.estate.gateways[0].outside == (network.OUTSIDE,)
    assert network.outside_address(plan, network.PROVIDER) in plan.estate.gateways[0].allow[0]


def test_what_stands_aside_is_in_no_estate_and_in_no_range_of_the_hospitals() -> None:
    plan = Plan("x", 3, HOME)
    assert {DESK, MODALITY, *WARD_PCS.values()} < set(plan.aside) and set(plan.aside).isdisjoint(plan.machines)
    assert set(WARD_PCS) <= {ward for ward, _ in WARDS}
    outside = ipaddress.ip_network(f"{plan.outside4}.0/25")
    taken = [plan.aside_address(name) for name in plan.aside[1:]]
    taken += [plan.feed_address(name) for name in (RECORD, DESK)]
    assert len(set(taken)) == len(taken)
    for text in taken:
        address = ipaddress.ip_address(text)
        assert address not in outside and any(address in net for net in LAB_NETWORKS)
        segments = [ipaddress.ip_network(net) for each in plan.estate.segments for net in each.networks]
        assert not any(address in net for net in segments)


def test_two_are_on_call_and_have_telephones_of_their_own() -> None:
    plan = Plan("x", 1, HOME)
    (rota,) = [line for line in plan.estate.rota if line.role == "on_call_it"]
    assert list(rota.people) == [ASLEEP, AWAKE]
    phones = [Outside.number_of(plan, person.id) for person in plan.estate.people]
    assert len(set(phones)) == len(phones) and all(phones)
    assert Outside.number_of(plan, "nobody") == ""


def test_who_may_spread_is_never_on_the_never_cut_list() -> None:
    from garde.lab.night.draw import SPREADER_ROLES

    plan = Plan("x", 1, HOME)
    never = {it.what for it in plan.estate.never_cut}
    for machine in plan.machines.values():
        if machine.role in SPREADER_ROLES:
            assert machine.id not in never and never.isdisjoint(machine.addresses)
