"""The cuts made of firewall rules, in networks of their own: real nft, real peers, IPv4 and IPv6, both ways."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.netns import Machine, ip, own_network

from garde.contain.actions.block import BlockCut
from garde.contain.actions.cut import Applied, CutRefused, Undone, Why
from garde.contain.actions.cuts import Cuts
from garde.contain.actions.isolate import IsolateCut
from garde.contain.actions.nft import Blocks, NeverCut, run_nft
from garde.contain.actions.outside import OutsideCut
from garde.model.order import Order, Verb
from garde.settings import ContainSettings

_LACKING = [tool for tool in ("nft", "ip", "unshare", "nsenter") if shutil.which(tool) is None]
pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_LACKING), reason=f"not installed: {_LACKING}")]

HUB, FRIEND, ENEMY = "10.9.0.2", "10.9.0.3", "10.9.0.4"
HUB6, FRIEND6, ENEMY6 = "fd09::2", "fd09::3", "fd09::4"
US, US6 = "10.9.0.1", "fd09::1"


@dataclass
class World:
    """Us, on a bridge with the hub, a friend and an enemy."""

    hub: Machine
    friend: Machine
    enemy: Machine
    state: Path
    stack: ExitStack

    def never(self, *never_cut: str) -> NeverCut:
        return NeverCut(ContainSettings(never_cut=never_cut))

    def serve(self, machine: Machine | None, port: int) -> None:
        """A TCP server that takes connections, on a machine or on ours."""
        words = [sys.executable, "-c", _SERVER, str(port)]
        process = subprocess.Popen(machine.command(words) if machine else words, stdout=subprocess.PIPE)
        assert process.stdout is not None
        self.stack.callback(process.stdout.close)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        assert process.stdout.readline() == b"ready\n"

    def connects(self, machine: Machine, address: str, port: int) -> bool:
        """Whether a machine gets a connection, as the witness would try it."""
        return machine.run([sys.executable, "-c", _CONNECT, address, str(port)]).returncode == 0


_SERVER = """
import socket, sys
sock = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
kept = []
while True:
    kept.append(sock.accept()[0])
"""
_CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=0.3)
except OSError:
    sys.exit(1)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with own_network(), ExitStack() as stack:
        ip("link", "add", "br0", "type", "bridge")
        for address in (f"{US}/24", f"{US6}/64"):
            ip("addr", "add", address, "dev", "br0", *(("nodad",) if ":" in address else ()))
        ip("link", "set", "br0", "up")
        machines = [Machine(stack) for _ in range(3)]
        for number, machine in enumerate(machines, 2):
            machine.wire(f"p{number}", theirs=(f"10.9.0.{number}/24", f"fd09::{number}/64"), master="br0")
        yield World(*machines, tmp_path / "state", stack)


def tables() -> set[str]:
    told = json.loads(subprocess.run(["nft", "-j", "list", "tables"], capture_output=True, check=True).stdout)
    return {item["table"]["name"] for item in told["nftables"] if "table" in item}


def order(verb: Verb, cut: str = "c1", **what: tuple[str, ...]) -> Order:
    return Order(command=f"do-{cut}", cut=cut, verb=verb, **what)  # type: ignore[arg-type]


def test_a_block_refuses_the_client_on_both_its_addresses_and_nobody_else(world: World) -> None:
    world.serve(None, 445)
    block = BlockCut(world.state, world.never(), (HUB, HUB6))
    asked = order(Verb.BLOCK, addresses=(ENEMY, ENEMY6))
    assert world.connects(world.enemy, US, 445)
    assert world.connects(world.enemy, US6, 445)
    assert not block.prove(asked).proven
    plan = block.plan(asked)
    assert not isinstance(plan, CutRefused)
    assert len(plan.changes) == 2
    assert tables() == set()
    assert isinstance(block.apply(asked), Applied)
    assert not world.connects(world.enemy, US, 445)
    assert not world.connects(world.enemy, US6, 445)
    assert world.connects(world.friend, US, 445)
    assert world.connects(world.friend, US6, 445)
    proof = block.prove(asked)
    assert proof.proven, proof
    wanted = {(check.what.split(" ", 1)[0], check.wanted) for check in proof.checks}
    assert {("a", False), ("a", True), ("port", True)} <= wanted  # tried both ways
    assert not proof.detail.startswith("0 ")


def test_a_block_ends_a_connection_that_was_open(world: World) -> None:
    with socket.create_server((US, 4450)) as server:
        words = [sys.executable, "-c", _TALKER, US]
        talker = world.enemy.popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        world.stack.callback(_stop, talker)
        taken, _ = server.accept()
        taken.settimeout(2.0)
        assert talker.stdin is not None
        talker.stdin.write(b"x")
        talker.stdin.flush()
        assert taken.recv(1) == b"x"
        BlockCut(world.state, world.never(), (HUB,)).apply(order(Verb.BLOCK, addresses=(ENEMY,)))
        talker.stdin.write(b"x")
        talker.stdin.flush()
        taken.settimeout(0.4)
        with pytest.raises(TimeoutError):
            taken.recv(1)
        taken.close()


_TALKER = """
import os, socket, sys
sock = socket.create_connection((sys.argv[1], 4450))
while data := os.read(0, 1):
    sock.sendall(data)
"""


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(10)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def test_two_cuts_on_one_address_and_a_hold_beside_them_are_undone_one_by_one(world: World) -> None:
    world.serve(None, 445)
    block = BlockCut(world.state, world.never(), (HUB,))
    holds = Blocks(world.never(), lock=world.state.with_name("lock"))
    holds.add([ENEMY])
    for cut in ("first", "second.1"):
        assert isinstance(block.apply(order(Verb.BLOCK, cut, addresses=(ENEMY,))), Applied)
    holds.remove([ENEMY])
    assert block.undo("first") == Undone("first", (Verb.BLOCK,), "its rules are removed")
    assert not world.connects(world.enemy, US, 445)
    assert block.prove(order(Verb.BLOCK, "second.1", addresses=(ENEMY,))).proven
    assert block.active() == ("second.1",)
    assert isinstance(block.undo("second.1"), Undone)
    assert world.connects(world.enemy, US, 445)
    assert tables() == set()
    assert block.active() == ()


def test_a_cut_that_grows_keeps_what_it_had(world: World) -> None:
    block = BlockCut(world.state, world.never(), (HUB,))
    block.apply(order(Verb.BLOCK, addresses=(ENEMY,)))
    block.apply(order(Verb.BLOCK, addresses=(ENEMY6,)))
    both = order(Verb.BLOCK, addresses=(ENEMY, ENEMY6))
    assert block.prove(both).proven
    assert len(tables()) == 1


def test_never_cut_addresses_are_left_out_and_the_proof_says_so(world: World) -> None:
    block = BlockCut(world.state, world.never(f"{FRIEND}/32"), (HUB,))
    for addresses in ((FRIEND,), (HUB,), (US,), ("127.0.0.1",)):
        said = block.apply(order(Verb.BLOCK, addresses=addresses))
        assert isinstance(said, CutRefused)
        assert said.code is Why.NEVER_CUT
    assert tables() == set()
    mixed = order(Verb.BLOCK, addresses=(FRIEND, ENEMY))
    said = block.apply(mixed)
    assert isinstance(said, Applied)
    assert [skipped.what for skipped in said.skipped] == [f"block {FRIEND}"]
    proof = block.prove(mixed)
    assert not proof.proven
    assert [check.what for check in proof.checks if check.wanted != check.seen] == [f"a packet to {FRIEND} leaves"]
    assert world.friend.pings(US)


@pytest.mark.parametrize("tamper", ["delete table", "flush chain input"])
def test_a_rule_taken_away_by_hand_is_seen_and_recovered(world: World, tamper: str) -> None:
    block = BlockCut(world.state, world.never(), (HUB,))
    asked = order(Verb.BLOCK, addresses=(ENEMY,))
    block.apply(asked)
    [name] = tables()
    words = [
        "nft",
        *(["delete", "table", "inet", name] if "table" in tamper else ["flush", "chain", "inet", name, "input"]),
    ]
    subprocess.run(words, check=True)
    assert not block.prove(asked).proven
    later = BlockCut(world.state, world.never(), (HUB,))
    assert later.active() == ("c1",)
    assert later.recover() == ()
    assert later.prove(asked).proven
    assert later.undo("c1") == Undone("c1", (Verb.BLOCK,), "its rules are removed")


def test_isolation_leaves_the_hub_and_the_named_flows_and_nothing_else(world: World) -> None:
    for machine in (world.friend, world.enemy, None):
        world.serve(machine, 5432)
        world.serve(machine, 5433)
    isolate = IsolateCut(world.state, world.never(), (HUB, HUB6))
    asked = order(Verb.ISOLATE, allow=(f"{FRIEND}:5432/tcp", f"[{FRIEND6}]:5432/tcp"))
    with socket.create_connection((ENEMY, 5432), timeout=1):
        said = isolate.apply(asked)
        assert isinstance(said, Applied)
        assert not said.survives_reboot
        proof = isolate.prove(asked)
    assert proof.proven, proof
    tried = {check.what for check in proof.checks}
    assert f"a packet to {ENEMY} leaves" in tried  # whom it knew before
    assert f"the hub at {HUB6} answers" in tried
    assert not _reaches(ENEMY, 5432)
    assert not _reaches(ENEMY6, 5432)
    assert _reaches(FRIEND, 5432)
    assert _reaches(FRIEND6, 5432)
    assert not _reaches(FRIEND, 5433)
    for address in (US, US6):
        assert world.hub.pings(address)
        assert not world.friend.pings(address)
        assert not world.enemy.pings(address)
        assert not world.connects(world.friend, address, 5432)  # the flow is ours to ask, not theirs
    assert _reaches("127.0.0.1", 5432)
    assert isinstance(isolate.undo("c1"), Undone)
    assert world.enemy.pings(US)
    assert tables() == set()


def test_two_isolations_at_once_leave_open_what_both_allow_and_go_one_by_one(world: World) -> None:
    """The way back: the wider one is made and proven under the narrower, which goes only then."""
    for machine in (world.friend, world.enemy):
        world.serve(machine, 5432)
        world.serve(machine, 5433)
    isolate = IsolateCut(world.state, world.never(), (HUB, HUB6))
    alone = order(Verb.ISOLATE, "alone")
    wide = order(Verb.ISOLATE, "wide", allow=(f"{FRIEND}:5432/tcp", f"{FRIEND}:5433/tcp", f"[{FRIEND6}]:5432/tcp"))
    other = order(Verb.ISOLATE, "other", allow=(f"{FRIEND}:5432/tcp", f"{ENEMY}:5432/tcp"))
    with socket.create_connection((ENEMY, 5432), timeout=1):
        assert isinstance(isolate.apply(alone), Applied)
    assert isinstance(isolate.apply(wide), Applied)
    assert not _reaches(FRIEND, 5432)  # the narrower one still holds
    proof = isolate.prove(wide)
    assert proof.proven, proof
    assert f"a packet to {ENEMY} leaves" in {check.what for check in proof.checks}  # known before the first of them
    assert isolate.undo("alone") == Undone("alone", (Verb.ISOLATE,), "its rules are removed")
    assert isolate.prove(wide).proven
    assert _reaches(FRIEND, 5432)
    assert _reaches(FRIEND, 5433)
    assert not _reaches(ENEMY, 5432)
    assert isinstance(isolate.apply(other), Applied)
    assert isolate.prove(other).proven
    assert (_reaches(FRIEND, 5432), _reaches(FRIEND, 5433), _reaches(ENEMY, 5432)) == (True, False, False)
    assert isolate.active() == ("other", "wide")
    for table in tables():
        subprocess.run(["nft", "delete", "table", "inet", table], check=True)
    later = IsolateCut(world.state, world.never(), (HUB, HUB6))
    assert later.recover() == ()
    assert (_reaches(FRIEND, 5432), _reaches(FRIEND, 5433), _reaches(ENEMY, 5432)) == (True, False, False)
    assert isinstance(later.undo("wide"), Undone)
    assert (_reaches(FRIEND, 5433), _reaches(ENEMY, 5432)) == (False, True)
    assert isinstance(later.undo("other"), Undone)
    assert tables() == set()


def _reaches(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=0.3).close()
    except OSError:
        return False
    return True


def test_isolation_is_not_proven_when_the_hub_does_not_answer(world: World) -> None:
    isolate = IsolateCut(world.state, world.never(), ("10.9.0.77:8443/tcp",))
    asked = order(Verb.ISOLATE)
    assert isinstance(isolate.apply(asked), Applied)
    proof = isolate.prove(asked)
    assert not proof.proven
    assert [it.what for it in proof.checks if it.wanted != it.seen] == ["the hub at 10.9.0.77:8443/tcp answers"]


def test_isolation_is_refused_without_a_hub_and_for_a_machine_never_cut(world: World) -> None:
    nobody = IsolateCut(world.state, world.never(), ()).apply(order(Verb.ISOLATE))
    assert isinstance(nobody, CutRefused)
    assert nobody.code is Why.STRANDED
    precious = IsolateCut(world.state, world.never(f"{US6}/128"), (HUB,)).apply(order(Verb.ISOLATE))
    assert isinstance(precious, CutRefused)
    assert precious.code is Why.NEVER_CUT
    assert tables() == set()


def test_isolation_stops_what_this_machine_forwards(world: World) -> None:
    far = Machine(world.stack)
    far.wire("far", ours=("10.8.0.1/24",), theirs=("10.8.0.2/24",))
    far.run(["ip", "route", "add", "default", "via", "10.8.0.1"], check=True)
    world.friend.run(["ip", "route", "add", "10.8.0.0/24", "via", US], check=True)
    _forward()
    assert world.friend.pings("10.8.0.2")
    IsolateCut(world.state, world.never(), (HUB,)).apply(order(Verb.ISOLATE))
    assert not world.friend.pings("10.8.0.2")


def _forward() -> None:
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")


@dataclass
class Gateway:
    """Us between inside machines and the outside, with address translation as a hospital has it."""

    world: World
    internet: Machine
    pager: Machine

    def allow(self, *flows: str) -> tuple[str, ...]:
        return ("if:wan0", *flows)


WEB, PAGER, WEB6 = "203.0.113.2", "203.0.113.3", "2001:db8::2"


@pytest.fixture
def gateway(world: World) -> Gateway:
    _forward()
    ip("link", "add", "wan0", "type", "bridge")
    ip("addr", "add", "203.0.113.1/24", "dev", "wan0")
    ip("addr", "add", "2001:db8::1/64", "dev", "wan0", "nodad")
    ip("link", "set", "wan0", "up")
    internet, pager = Machine(world.stack), Machine(world.stack)
    internet.wire("w2", theirs=(f"{WEB}/24", f"{WEB6}/64"), master="wan0")
    pager.wire("w3", theirs=(f"{PAGER}/24",), master="wan0")
    internet.run(["ip", "-6", "route", "add", "default", "via", "2001:db8::1"], check=True)
    for inside in (world.hub, world.friend, world.enemy):
        inside.run(["ip", "route", "add", "default", "via", US], check=True)
        inside.run(["ip", "-6", "route", "add", "default", "via", US6], check=True)
    translate = "table ip nat { chain post { type nat hook postrouting priority 100; oifname wan0 masquerade; }; }"
    subprocess.run(["nft", "-f", "-"], input=translate, text=True, check=True)
    return Gateway(world, internet, pager)


def test_the_outside_is_cut_both_ways_but_for_the_named_flows(gateway: Gateway) -> None:
    world = gateway.world
    for machine in (gateway.internet, gateway.pager):
        world.serve(machine, 443)
        world.serve(machine, 8025)
    for reach in ((WEB, 443), (WEB6, 443), (PAGER, 443)):
        assert world.connects(world.friend, *reach)
    assert gateway.internet.pings(FRIEND6)
    outside = OutsideCut(world.state, world.never(), (HUB,))
    asked = order(Verb.OUTSIDE, allow=gateway.allow(f"{PAGER}:443/tcp", "if:ppp9"))
    said = outside.apply(asked)
    assert isinstance(said, Applied)
    assert [skipped.what for skipped in said.skipped] == ["interface ppp9"]
    proof = outside.prove(asked)
    assert proof.proven, proof
    assert not world.connects(world.friend, WEB, 443)
    assert not world.connects(world.friend, WEB6, 443)
    assert not world.connects(world.friend, PAGER, 8025)
    assert world.connects(world.friend, PAGER, 443)
    assert not gateway.internet.pings("203.0.113.1")  # the gateway itself, a way out for its resolver and its proxy
    assert not gateway.internet.pings(FRIEND6)
    assert not _reaches(WEB, 443)
    assert _reaches(PAGER, 443)
    assert world.friend.pings(US)  # inside nothing changes
    assert world.friend.pings(ENEMY)
    assert isinstance(outside.undo("c1"), Undone)
    assert world.connects(world.friend, WEB, 443)
    assert not any(name.startswith("garde") for name in tables())


def test_the_outside_is_not_cut_where_no_interface_of_that_name_is(world: World) -> None:
    outside = OutsideCut(world.state, world.never(), (HUB,))
    for allow, code in (((), Why.ARGUMENTS), (("if:wan7",), Why.UNAVAILABLE), (("if:a b",), Why.ARGUMENTS)):
        said = outside.apply(order(Verb.OUTSIDE, allow=allow))
        assert isinstance(said, CutRefused)
        assert said.code is code


def test_a_release_with_no_agent_and_a_lost_record_removes_the_rules_all_the_same(world: World) -> None:
    block = BlockCut(world.state, world.never(), (HUB,))
    block.apply(order(Verb.BLOCK, addresses=(ENEMY,)))
    (world.state / "cuts" / "c1.block.json").write_bytes(b"\x00garbage")
    assert block.active() == ("c1",)
    assert len(block.recover()) == 1
    assert block.undo("c1") == Undone("c1", (Verb.BLOCK,), "its rules are removed")
    assert tables() == set()
    block.apply(order(Verb.BLOCK, "c2", addresses=(ENEMY,)))
    shutil.rmtree(world.state)
    assert isinstance(block.undo("c2"), Undone)
    assert tables() == set()


def test_rules_of_a_lost_state_directory_go_with_a_release(world: World) -> None:
    cuts = Cuts(world.state, world.never(), (HUB,))
    cuts[Verb.BLOCK].apply(order(Verb.BLOCK, "lost", addresses=(ENEMY,)))
    shutil.rmtree(world.state)
    cuts[Verb.ISOLATE].apply(order(Verb.ISOLATE, "kept"))
    said = cuts.undo_all()
    assert {it.cut for it in said if isinstance(it, Undone)} == {"kept", ""}
    assert tables() == set()


def test_on_a_full_disk_a_cut_is_made_and_undone_all_the_same(world: World) -> None:
    world.state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "garde-test", world.state], check=True)
    world.stack.callback(subprocess.run, ["umount", world.state], check=True)
    (world.state / "full").write_bytes(bytes(4096))
    block = BlockCut(world.state, world.never(), (HUB,), spare=world.state.with_name("spare"))
    said = block.apply(order(Verb.BLOCK, addresses=(ENEMY,)))
    assert isinstance(said, Applied)
    assert "in memory only" in said.skipped[0].reason
    assert block.prove(order(Verb.BLOCK, addresses=(ENEMY,))).proven
    later = BlockCut(world.state, world.never(), (HUB,), spare=world.state.with_name("spare"))
    assert later.active() == ("c1",)
    assert isinstance(later.undo("c1"), Undone)
    assert tables() == set()


def test_without_nft_nothing_is_said_to_be_undone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    block = BlockCut(world.state, world.never(), (HUB,))
    asked = order(Verb.BLOCK, addresses=(ENEMY,))
    block.apply(asked)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        assert isinstance(block.undo("c1"), CutRefused)
        assert isinstance(block.apply(asked), CutRefused)
        assert not block.prove(asked).proven
    assert block.active() == ("c1",)
    assert block.prove(asked).proven


def test_connections_that_a_flowtable_carries_past_the_rules_are_told(gateway: Gateway) -> None:
    carried = "table inet fast { flowtable ft { hook ingress priority 0; devices = { w2 }; }; }"
    if subprocess.run(["nft", "-f", "-"], input=carried, text=True, capture_output=True, check=False).returncode:
        pytest.skip("this kernel has no flowtables")
    outside = OutsideCut(gateway.world.state, gateway.world.never(), (HUB,))
    asked = order(Verb.OUTSIDE, allow=gateway.allow())
    assert isinstance(outside.apply(asked), Applied)
    wrong = [check.what for check in outside.prove(asked).checks if check.wanted != check.seen]
    assert wrong == ["a flowtable takes open connections past the rules"]


def test_nft_says_every_shape_of_rule_back(world: World) -> None:
    """The proof compares what the kernel has with what was meant: every kind of flow must come back as it went in."""
    flows = ("10.1.0.0/16", "10.2.0.5", "10.2.0.6:53/udp", "[fd00::6]:443/tcp", "fd01::/48", "10.3.0.0/24:443/tcp")
    isolate = IsolateCut(world.state, world.never(), (HUB, HUB6))
    asked = order(Verb.ISOLATE, "odd.id-1_x", allow=flows)
    assert isinstance(isolate.apply(asked), Applied)
    assert isolate.prove(asked).checks[0].seen
    listed = run_nft(["list", "ruleset"], "")
    assert 'comment "garde cut odd.id-1_x"' in listed
