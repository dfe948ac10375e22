"""The flows of an order: numbers only, one meaning each, and nothing that opens everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions.flows import Flow, holds, parse_flow, split


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("10.0.0.9", "10.0.0.9"),
        ("10.0.0.9:8443/tcp", "10.0.0.9:8443/tcp"),
        ("10.0.0.0/24", "10.0.0.0/24"),
        ("10.0.0.7/24:53/udp", "10.0.0.0/24:53/udp"),
        ("fd00::9", "fd00::9"),
        ("[fd00::9]:8443/tcp", "[fd00::9]:8443/tcp"),
        ("fd00::/48", "fd00::/48"),
        ("[fd00::/48]:443/tcp", "[fd00::/48]:443/tcp"),
        ("::ffff:10.0.0.9", "10.0.0.9"),
    ],
)
def test_flows_as_orders_write_them(text: str, same: str) -> None:
    assert str(parse_flow(text)) == same


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hub.clinic.example",
        "hub.clinic.example:443/tcp",
        "0.0.0.0/0",
        "::/0",
        "0.0.0.0/0:53/udp",
        "10.0.0.9:0/tcp",
        "10.0.0.9:65536/tcp",
        "10.0.0.9:443",
        "10.0.0.9:443/sctp",
        "10.0.0.9:443/tcp ",
        "fd00::9:443/tcp",
        "[10.0.0.9]:443/tcp",
        "127.0.0.1",
        "224.0.0.1",
        "fe80::1%eth0",
        "10.0.0.9; flush ruleset",
        "٣.0.0.1",
    ],
)
def test_what_is_no_flow(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_flow(text)


@given(st.text(max_size=60) | st.from_regex(r"\[?[0-9a-f:./]{0,30}\]?(:[0-9]{1,6}/(tcp|udp))?", fullmatch=True))
def test_any_text_is_a_flow_that_reads_back_or_an_error(text: str) -> None:
    try:
        flow = parse_flow(text)
    except ValueError:
        return
    assert parse_flow(str(flow)) == flow
    assert flow.network.prefixlen > 0
    assert bool(flow.port) == bool(flow.protocol)


def test_interfaces_and_flows_stand_in_one_list() -> None:
    names, flows = split(("if:wan0", "10.0.0.1", "if:ppp0", "10.0.0.1", "if:wan0"))
    assert names == ("wan0", "ppp0")
    assert flows == (parse_flow("10.0.0.1"),)


@pytest.mark.parametrize("name", ["", "lo", "a b", "../x", "eth0;", "x" * 16, "-o"])
def test_what_is_no_interface(name: str) -> None:
    with pytest.raises(ValueError, match="outside interface"):
        split((f"if:{name}",))


def test_whom_a_flow_holds() -> None:
    flows: tuple[Flow, ...] = (parse_flow("10.1.0.0/16"), parse_flow("[fd00::9]:443/tcp"))
    assert holds(flows, "10.1.2.3")
    assert holds(flows, "fd00::9")
    assert not holds(flows, "10.2.0.1")
    assert not holds(flows, "fd00::8")
