"""Flow sources with their real peers: the kernel's connections, softflowd, a real agent at a gateway, a hub that asks.

The gateway is this process's own network namespace; a machine inside and one outside hang on wires. Zeek and Suricata
are not in this Debian: their logs are written by hand, as their manuals have them, in tests/unit.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_link import MACHINE, Agent, enrolled
from tests.support.netns import Machine, ip, own_network
from tests.support.small_hub import SmallHub

from garde.agent.flows.track import track
from garde.clock import SystemClock
from garde.forensics.egress.base import SourceFault
from garde.forensics.egress.config import SourceSettings
from garde.forensics.egress.conntrack import netlink
from garde.forensics.egress.conntrack.source import ACCOUNTING, Conntrack
from garde.forensics.egress.nouns import Batch, Inside, carried
from garde.model.order import Order, Verb
from garde.sockets import socket_inodes

pytestmark = [
    pytest.mark.root,
    pytest.mark.apart,
    pytest.mark.skipif(shutil.which("softflowd") is None, reason="softflowd is not installed"),
]

INSIDE, OUTSIDE, SIZE = "10.20.1.7", "203.0.113.66", 3_000_000
CONNTRACK = SourceSettings("gate", "conntrack", ("10.20.0.0/16",), delay_s=1.0)
_UPLOAD = """
import socket, sys, time
left = int(sys.argv[2])
with socket.create_connection((sys.argv[1], 443), 5) as line:
    while left > 0:  # no faster than a busy machine can follow: what is dropped is sent, and told, twice
        line.sendall(b"x" * min(left, 30_000))
        left -= 30_000
        time.sleep(0.005)
    line.shutdown(socket.SHUT_WR)
    line.recv(1)
"""
_CALL = """
import socket
with socket.create_connection(("10.20.1.1", 5985), 5) as line:
    line.settimeout(60)
    line.recv(1)
"""
_TAKE = """
import socket
with socket.create_server(("203.0.113.66", 443)) as door:
    print("ready", flush=True)
    while True:
        line, _ = door.accept()
        while line.recv(65536):
            pass
        line.close()
"""


class Gateway:
    """This network namespace between a machine inside and one outside."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.inside, self.outside = Machine(stack), Machine(stack)
        self.inside.wire("in0", ours=("10.20.1.1/24",), theirs=(f"{INSIDE}/24",))
        self.outside.wire("out0", ours=("203.0.113.1/24",), theirs=(f"{OUTSIDE}/24",))
        for machine, way in ((self.inside, "10.20.1.1"), (self.outside, "203.0.113.1")):
            machine.run(["ip", "route", "add", "default", "via", way], check=True)
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        ip("link", "set", "lo", "up")
        self._taker = self.outside.popen([sys.executable, "-c", _TAKE], stdout=subprocess.PIPE)
        stack.callback(self._end)
        assert self._taker.stdout is not None
        assert self._taker.stdout.readline() == b"ready\n"

    def _end(self) -> None:
        self._taker.kill()
        self._taker.wait(10)
        assert self._taker.stdout is not None
        self._taker.stdout.close()

    @contextlib.contextmanager
    def line(self) -> Iterator[None]:
        """A connection from inside to the gateway itself, open for so long."""
        with socket.create_server(("10.20.1.1", 5985)) as door:
            caller = self.inside.popen([sys.executable, "-c", _CALL])
            line, _ = door.accept()
            yield
            line.close()
            caller.wait(10)

    def upload(self, size: int = SIZE) -> None:
        done = self.inside.run([sys.executable, "-c", _UPLOAD, OUTSIDE, str(size)])
        assert done.returncode == 0, done.stderr


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with own_network(), contextlib.ExitStack() as stack:
        yield Gateway(stack)


def until(batch: Batch, source: Conntrack, wanted: int) -> Batch:
    """Read on until so much has been told."""
    deadline = time.monotonic() + 10
    while sum(flow.out for flow in batch.flows) < wanted and time.monotonic() < deadline:
        found = source.read()
        batch.flows += found.flows
        batch.blind += found.blind
        time.sleep(0.05)
    return batch


def test_conntrack_keeps_the_contract_and_agrees_with_another_reader(gateway: Gateway) -> None:
    source = Conntrack(CONNTRACK, Inside(), SystemClock())
    with pytest.raises(SourceFault):  # nobody has switched accounting on
        source.open(b"")
    source.close()
    track()
    track()
    assert ACCOUNTING.read_text().strip() == "1"
    source.open(b"")
    before = time.time()
    gateway.upload()
    batch = until(Batch(), source, SIZE)
    assert {(f.inside, f.outside, f.port, f.inbound) for f in batch.flows} == {(INSIDE, OUTSIDE, 443, False)}
    assert sum(flow.out for flow in batch.flows) == pytest.approx(SIZE, rel=0.1)
    assert sum(flow.opened for flow in batch.flows) == 1
    assert min(flow.since for flow in batch.flows) == pytest.approx(before, abs=2.0)
    assert batch.blind == []
    assert sum(flow.out for flow in batch.flows) == pytest.approx(SIZE, rel=0.001)  # without headers
    assert _by_pyroute2() == {(each.orig.source, each.sent, each.back) for each in netlink.dump()}
    memo = source.memo()
    source.close()
    source.close()
    _what_was_told_is_not_told_again(memo, gateway)


def _by_pyroute2() -> set[tuple[bytes | int, ...]]:
    from pyroute2 import Conntrack as Reader

    found: set[tuple[bytes | int, ...]] = set()
    with Reader() as reader:
        for each in reader.dump():
            orig = each.get_attr("CTA_TUPLE_ORIG")
            source = orig.get_attr("CTA_TUPLE_IP").get_attr("CTA_IP_V4_SRC")
            counters = [orig for way in ("ORIG", "REPLY") if (orig := each.get_attr(f"CTA_COUNTERS_{way}"))]
            sizes = (
                carried(way.get_attr("CTA_COUNTERS_BYTES"), way.get_attr("CTA_COUNTERS_PACKETS"), 6) for way in counters
            )
            found.add((socket.inet_aton(source), *sizes))
    return found


def _what_was_told_is_not_told_again(memo: bytes, gateway: Gateway) -> None:
    gateway.upload(500_000)  # while nobody reads: this one is new
    again = Conntrack(CONNTRACK, Inside(), SystemClock())
    again.open(memo)
    batch = until(Batch(), again, 500_000)
    assert sum(flow.out for flow in batch.flows) == pytest.approx(500_000, rel=0.1)
    again.close()
    again.open(b"no memo of ours")
    assert sum(flow.out for flow in until(Batch(), again, SIZE + 500_000).flows) >= SIZE + 500_000
    again.close()


# --- a real agent -----------------------------------------------------------------------------------------------------


class Post:
    """An agent at the gateway with two sources, softflowd beside it, a hub that asks."""

    def __init__(self, top: Path, hub: SmallHub, stack: contextlib.ExitStack) -> None:
        self.hub, self.state = hub, enrolled(hub, top / "state")
        (self.state / "flows.toml").write_text(
            'inside = ["10.0.0.0/8"]\n'
            '[[source]]\nid = "gate"\nsort = "conntrack"\ncovers = ["10.20.0.0/16"]\ndelay_s = 2\n'
            '[[source]]\nid = "soft"\nsort = "netflow"\ncovers = ["10.20.0.0/16"]\nlisten = "127.0.0.1:2055"\n'
            'exporters = ["127.0.0.1"]\ndelay_s = 2\n'
        )
        self.agent = Agent(self.state, "--enforce").start()
        stack.callback(lambda: self.agent.stop(signal.SIGKILL))
        words = ["-i", "in0", "-v", "10", "-n", "127.0.0.1:2055", "-d", "-c", "none", "-p", str(top / "soft.pid")]
        quick = [word for name in ("maxlife=1", "expint=1", "tcp.fin=1") for word in ("-t", name)]
        soft = subprocess.Popen(["softflowd", *words, *quick], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(lambda: (soft.kill(), soft.wait(10)))
        self.soft = soft.pid
        self.count = 0

    def wait(self, kind: str, count: int, **fields: object) -> list[dict[str, Any]]:
        def found(hub: SmallHub) -> list[dict[str, Any]]:
            return [each for each in hub.of_kind(kind) if fields.items() <= each.items()]

        assert self.hub.wait(lambda hub: len(found(hub)) >= count, 30), (self.hub.kinds(), self.agent.out.read_text())
        return found(self.hub)

    def ask(self, since: float, *addresses: str) -> str:
        self.count += 1
        command = f"f{self.count}"
        times: dict[str, Any] = {"since": since, "until": time.time(), "expires": time.time() + 60}
        self.hub.order(MACHINE, Order(command, "", Verb.FLOWS, addresses=addresses, about="i1", **times))
        return command

    def listens(self) -> None:
        """Wait until softflowd reads the line: it has no word for that, but a packet socket."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            rows = Path(f"/proc/{self.soft}/net/packet").read_text().splitlines()[1:]
            if {int(row.split()[-1]) for row in rows} & set(socket_inodes(self.soft).values()):
                return
            time.sleep(0.02)
        raise AssertionError("softflowd does not listen")

    def worker(self) -> int:
        """The process that writes the store; 0: none does."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                names = {each.readlink() for each in (process / "fd").iterdir()}
                if self.state / "flows.sqlite" in names:
                    return int(process.name)
        return 0


@pytest.fixture
def post(gateway: Gateway, tmp_path: Path) -> Iterator[Post]:
    with contextlib.ExitStack() as stack, SmallHub(tmp_path / "hub") as hub:
        yield Post(tmp_path, hub, stack)


def test_a_gateway_answers_what_left_and_where_it_was_blind(post: Post, gateway: Gateway) -> None:
    began = time.time()
    states = post.wait("flow_source_state", 2)
    assert {(each["source"], each["state"]) for each in states} == {("gate", "sees"), ("soft", "sees")}
    post.listens()
    gateway.upload()
    with gateway.line():
        command = post.ask(began - 3600, INSIDE)
        looks = {each["source"]: each for each in post.wait("egress_looked", 2, command=command)}
    paths = post.wait("path_seen", 3, command=command)  # told before the look of its source ends
    for source in ("gate", "soft"):
        (seen,) = [each for each in post.hub.of_kind("egress_seen") if each["source"] == source]
        assert (seen["address"], seen["to"], seen["port"]) == (INSIDE, OUTSIDE, 443)
        assert seen["bytes"] == pytest.approx(SIZE, rel=0.1)
        assert seen["usual_bytes"] == -1
        assert [each["why"] for each in looks[source]["blind"]] == ["late"]  # it began when this test did
        assert looks[source]["until"] > began
    assert {each["source"] for each in paths} == {"conntrack", "netflow", "socket"}
    (open_one,) = [each for each in paths if each["source"] == "socket"]
    assert (open_one["inside"], open_one["outside"], open_one["inbound"]) == (INSIDE, "10.20.1.1", False)
    _is_killed(post, gateway, began)


def _is_killed(post: Post, gateway: Gateway, began: float) -> None:
    """The worker dies, and what it did not see is said; the store goes on."""
    killed = post.worker()
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while post.worker() in (0, killed) and time.monotonic() < deadline:
        time.sleep(0.05)  # the watchman starts another one
    gateway.upload(1_000_000)
    command = post.ask(began - 1, INSIDE)
    looks = {each["source"]: each for each in post.wait("egress_looked", 2, command=command)}
    assert "down" in {each["why"] for each in looks["soft"]["blind"]}
    (seen,) = [
        each for each in post.hub.of_kind("egress_seen") if (each["source"], each["command"]) == ("gate", command)
    ]
    assert seen["bytes"] == pytest.approx(SIZE + 1_000_000, rel=0.1)
    assert seen["sessions"] == 2
