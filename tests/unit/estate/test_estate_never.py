"""What is never cut: one test for each sentence of never.py."""

from __future__ import annotations

import dataclasses
import ipaddress

import pytest
from estate_samples import good
from hypothesis import given
from hypothesis import strategies as st

from garde.estate.look import Lookup
from garde.estate.never import why_never, why_never_machine, why_never_port
from garde.estate.nouns import Never

LOOK = Lookup(good())


@pytest.mark.parametrize("text", ["", "ws", "10.0.0", "10.0.0.256", "10.0.0.1/40", "10.0.0.11; drop", "eth0"])
def test_what_is_no_address_is_never_cut(text: str) -> None:
    assert why_never(LOOK, [text]) == f"{text} is no address"


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "0.0.0.0/0",
        "::/0",
        "10.0.0.255",
        "10.0.1.0",
    ],
)
def test_what_is_no_single_machine_is_never_cut(text: str) -> None:
    assert why_never(LOOK, [text]) == f"{text} is no single other machine"


def test_the_hub_is_never_cut() -> None:
    assert why_never(LOOK, ["10.0.0.2"]) == "10.0.0.2 is the hub"
    assert why_never(LOOK, ["::ffff:10.0.0.2"]) == "::ffff:10.0.0.2 is the hub"
    assert why_never(LOOK, ["10.0.0.0/30"]) == "10.0.0.0/30 holds the hub, hub"
    assert why_never(LOOK, ["10.0.0.11", "10.0.0.2"]) == "10.0.0.2 is the hub"


def test_what_the_list_names_is_never_cut() -> None:
    assert why_never(LOOK, ["10.0.1.30"]) == "10.0.1.30 is on the never-cut list (pump): it pumps"
    assert why_never(LOOK, ["10.0.1.70"]) == "10.0.1.70 is on the never-cut list (10.0.1.64/26): monitors"
    assert "monitors" in why_never(LOOK, ["10.0.1.96/27"])
    assert "it pumps" in why_never(LOOK, ["10.0.1.16/28"])
    named = dataclasses.replace(LOOK.estate, never_cut=(Never("10.0.0.11", "the record"),))
    assert why_never(named, ["10.0.0.11"]) == "10.0.0.11 is on the never-cut list: the record"


def test_a_gateway_is_never_a_target() -> None:
    assert why_never(LOOK, ["10.0.1.1"]) == "10.0.1.1 is the gateway gw: what lies behind it would be cut as well"
    unlisted = dataclasses.replace(LOOK.estate, gateways=())  # its role is enough
    assert "gateway gw" in why_never(unlisted, ["10.0.1.1"])


def test_anything_else_may_be_cut() -> None:
    assert why_never(LOOK, ["10.0.0.10", "fd00::10", "10.0.1.20", "192.0.2.7"]) == ""
    assert why_never(LOOK, []) == ""
    assert why_never(good(), ["10.0.0.10"]) == ""


def test_a_machine_is_never_cut_where_its_address_is_or_one_behind_it() -> None:
    assert why_never_machine(LOOK, "hub") == "hub is the hub"
    assert why_never_machine(LOOK, "pump") == "pump is on the never-cut list: it pumps"
    assert why_never_machine(LOOK, "gw").startswith("gw is a gateway")
    assert why_never_machine(LOOK, "sw") == "hub hangs on sw, and hub is the hub"
    assert why_never_machine(LOOK, "sw2") == ""
    assert why_never_machine(LOOK, "ws") == ""
    listed = dataclasses.replace(LOOK.estate, never_cut=(Never("10.0.1.0/28", "x"), Never("10.0.1.16/28", "desks")))
    assert why_never_machine(listed, "ws") == "ws is on the never-cut list (10.0.1.16/28): desks"


def test_a_port_is_never_shut_that_carries_one_of_these() -> None:
    assert why_never_port(LOOK, "ws") == ""
    assert why_never_port(LOOK, "hub") == "hub is the hub"
    machines = tuple(
        dataclasses.replace(each, switch="sw2", port="p2") if each.id == "pump" else each
        for each in LOOK.estate.machines
    )
    shared = dataclasses.replace(LOOK.estate, machines=machines)
    assert why_never_port(shared, "ws") == "pump hangs on the same port, and pump is on the never-cut list: it pumps"
    assert why_never_port(LOOK, "files") == ""  # no port is known: only the machine itself counts
    assert why_never_port(LOOK, "pump").startswith("pump is on the never-cut list")


@given(st.ip_addresses())
def test_nothing_that_is_protected_slips_through_by_its_spelling(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """Whatever may be cut is none of the protected addresses, and a network around one never may be."""
    protected = {"10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.1.30"}
    if not why_never(LOOK, [str(address)]):
        assert str(address) not in protected
    for text in protected:
        for bits in range(33):
            assert why_never(LOOK, [f"{text}/{bits}"])
