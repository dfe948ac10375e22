"""A switch port shut and opened by SNMPv3 at a real snmpd, with a real machine behind it, proven by traffic."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.netns import Machine, ip, own_network

from garde.contain.actions.cut import Applied, CutRefused, Plan, Undone, Why
from garde.contain.actions.nft import NeverCut
from garde.contain.actions.port import PortCut, PortOrder
from garde.contain.actions.snmp import DOWN, UP, Login, SnmpSwitch
from garde.settings import ContainSettings

_LACKING = [tool for tool in ("snmpd", "ip", "unshare", "nsenter") if shutil.which(tool) is None]
pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_LACKING), reason=f"not installed: {_LACKING}")]

_PLACE = "127.0.0.1:1161"
_CONFIG = """\
agentaddress udp:{place},udp6:[::1]:1161
createUser garde SHA-256 "{auth}" AES "{priv}"
createUser reader SHA-256 "{auth}" AES "{priv}"
rwuser garde authPriv
rouser reader authPriv
"""
_AUTH, _PRIV = "auth-of-the-lab", "priv-of-the-lab"


@dataclass
class Clinic:
    """The hub on the switch itself, a spreader and another machine behind its ports."""

    state: Path
    spreader: Machine
    other: Machine
    snmpd: Snmpd

    @property
    def order(self) -> PortOrder:
        return PortOrder("c1", "ws-17", "sw-1", _PLACE, "port3", ("10.7.0.3", "fd07::3"), ("10.7.0.4",))

    def by_hand(self, status: int) -> None:
        """As an administrator does it, at the switch: snmpd looks at the interfaces every few seconds only."""
        with contextlib.closing(SnmpSwitch(_PLACE, Login("garde", _AUTH, _PRIV))) as switch:
            [number] = [number for number, name in switch.ports().items() if name == "port3"]
            switch.set_admin(number, status)

    def is_open(self) -> bool:
        """An address that did not answer is asked for again after a second only, by the spreader's own kernel."""
        return any(self.spreader.pings("10.7.0.4") for _ in range(20))

    def cut(self, *never: str) -> PortCut:
        return PortCut(self.state, NeverCut(ContainSettings(never_cut=never)))

    def write_secrets(self, **how: str) -> None:
        login = {"user": "garde", "auth": _AUTH, "priv": _PRIV, **how}
        lines = ["[switch.sw-1]", *(f'{name} = "{value}"' for name, value in login.items())]
        path = self.state / "snmp.toml"
        path.write_text("\n".join(lines))
        path.chmod(0o600)


class Snmpd:
    """A real snmpd for the network we are in."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        (directory / "snmpd.conf").write_text(_CONFIG.format(place=_PLACE, auth=_AUTH, priv=_PRIV))

    def start(self) -> None:
        words = ["snmpd", "-f", "-Lf", str(self._directory / "log"), "-C", "-c", str(self._directory / "snmpd.conf")]
        surroundings = {**os.environ, "SNMP_PERSISTENT_DIR": str(self._directory / "kept"), "MIBS": ""}
        self._process = subprocess.Popen(words, env=surroundings, start_new_session=True)
        deadline = time.monotonic() + 10
        while ":0489 " not in Path("/proc/net/udp").read_text():  # 1161
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with own_network(), ExitStack() as stack:
        ip("link", "add", "br0", "type", "bridge")
        ip("addr", "add", "10.7.0.1/24", "dev", "br0")
        ip("addr", "add", "fd07::1/64", "dev", "br0", "nodad")
        ip("link", "set", "br0", "up")
        machines = [Machine(stack), Machine(stack)]
        for number, machine in enumerate(machines, 3):
            machine.wire(f"port{number}", theirs=(f"10.7.0.{number}/24", f"fd07::{number}/64"), master="br0")
        snmpd = Snmpd(tmp_path_factory.mktemp("snmpd"))
        stack.callback(snmpd.stop)
        snmpd.start()
        clinic = Clinic(tmp_path_factory.mktemp("hub"), *machines, snmpd)
        clinic.write_secrets()
        yield clinic


@pytest.fixture(autouse=True)
def as_before(clinic: Clinic) -> Iterator[None]:
    yield
    clinic.write_secrets()
    clinic.by_hand(UP)
    shutil.rmtree(clinic.state / "cuts", ignore_errors=True)


def test_a_port_is_shut_proven_by_traffic_and_opened_again(clinic: Clinic) -> None:
    cut, order = clinic.cut(), clinic.order
    assert clinic.is_open()
    assert isinstance(cut.plan(order), Plan)
    assert not cut.prove(order).proven
    said = cut.apply(order)
    assert isinstance(said, Applied), said
    assert said.detail == "port port3 of sw-1 is shut"
    assert not clinic.spreader.pings("10.7.0.4")
    assert not clinic.spreader.pings("10.7.0.1")
    assert clinic.other.pings("10.7.0.1")
    proof = cut.prove(order)
    assert proof.proven, proof
    assert {check.wanted for check in proof.checks if check.what.endswith(" answers")} == {True, False}
    assert isinstance(cut.apply(order), Applied)
    later = clinic.cut()
    assert later.active() == ("c1",)
    assert isinstance(later.undo("c1"), Undone)
    assert clinic.is_open()
    assert not cut.prove(order).proven
    assert later.undo("c1") == Undone("c1", (), "there is nothing left to undo")


def test_the_switch_is_reached_over_ipv6_as_well(clinic: Clinic) -> None:
    order = replace(clinic.order, place="[::1]:1161")
    assert isinstance(clinic.cut().apply(order), Applied)
    assert not clinic.spreader.pings("fd07::4")
    assert isinstance(clinic.cut().undo("c1"), Undone)


def test_two_cuts_of_one_port_and_one_that_was_shut_before(clinic: Clinic) -> None:
    cut = clinic.cut()
    for name in ("a", "b"):
        assert isinstance(cut.apply(replace(clinic.order, cut=name)), Applied)
    first = cut.undo("a")
    assert isinstance(first, Undone)
    assert [skipped.reason for skipped in first.skipped] == ["another cut keeps it shut"]
    assert not clinic.spreader.pings("10.7.0.4")
    assert isinstance(cut.undo("b"), Undone)
    assert clinic.is_open()
    clinic.by_hand(DOWN)
    said = cut.apply(replace(clinic.order, cut="c"))
    assert isinstance(said, Applied)
    assert len(said.skipped) == 1
    assert isinstance(cut.undo("c"), Undone)
    assert not clinic.spreader.pings("10.7.0.4")


def test_a_port_opened_behind_our_back_is_not_proven_and_shut_at_the_next_start(clinic: Clinic) -> None:
    cut = clinic.cut()
    cut.apply(clinic.order)
    clinic.by_hand(UP)
    assert clinic.is_open()
    proof = cut.prove(clinic.order)
    assert not proof.proven
    wrong = {check.what for check in proof.checks if check.wanted != check.seen}
    assert "10.7.0.3 answers" in wrong  # what the switch says of itself may be seconds old: traffic is not
    assert clinic.cut().recover() == ()
    assert cut.prove(clinic.order).proven


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"auth": "another-phrase"}, "Wrong SNMP PDU digest"),
        ({"user": "nobody"}, "Unknown USM user"),
        ({"user": "reader"}, "the switch refuses"),
    ],
)
def test_a_switch_that_refuses_is_a_reason_and_no_cut(clinic: Clinic, how: dict[str, str], reason: str) -> None:
    clinic.write_secrets(**how)
    said = clinic.cut().apply(clinic.order)
    assert isinstance(said, CutRefused)
    assert reason in said.reason
    assert _AUTH not in said.reason
    assert clinic.cut().active() == ()
    assert clinic.is_open()


def test_ports_and_machines_that_must_not_be_cut(clinic: Clinic) -> None:
    for order, code in (
        (replace(clinic.order, port="port9"), Why.UNAVAILABLE),
        (replace(clinic.order, port=""), Why.ARGUMENTS),
        (replace(clinic.order, place="switch.example:161"), Why.ARGUMENTS),
        (replace(clinic.order, switch="sw-2"), Why.UNAVAILABLE),  # no login for it
        (replace(clinic.order, addresses=("10.7.0.1",)), Why.NEVER_CUT),  # the hub's own
    ):
        said = clinic.cut().apply(order)
        assert isinstance(said, CutRefused)
        assert said.code is code
    said = clinic.cut("10.7.0.0/24").apply(clinic.order)
    assert isinstance(said, CutRefused)
    assert said.code is Why.NEVER_CUT


def test_secrets_that_others_may_read_are_not_used(clinic: Clinic) -> None:
    (clinic.state / "snmp.toml").chmod(0o644)
    said = clinic.cut().apply(clinic.order)
    assert isinstance(said, CutRefused)
    assert "others may read it" in said.reason


def test_a_switch_that_is_gone_when_it_is_undone_keeps_the_record(clinic: Clinic) -> None:
    cut = clinic.cut()
    cut.apply(clinic.order)
    clinic.snmpd.stop()
    said = cut.undo("c1")
    assert isinstance(said, CutRefused)
    assert cut.active() == ("c1",)
    clinic.snmpd.start()
    assert isinstance(cut.undo("c1"), Undone)
    assert clinic.is_open()
