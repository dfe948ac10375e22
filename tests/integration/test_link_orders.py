"""Orders to a real agent with a real firewall: a hub, a neighbour and the agent in networks of their own.

    hub 10.77.0.1 ──┐
                    ├── agent 10.77.0.2 and 10.77.1.2 (`garde agent`, no folder)
    neighbour 10.77.1.1 ──┘

What a cut does is tried from the other side, not asked of the agent.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.test_link import ENVIRONMENT, GARDE, MACHINE, Agent, enrolled
from tests.support.netns import CLONE_NEWNET, Machine, _call, own_network
from tests.support.small_hub import MASTER, SmallHub

from garde.model.order import Order, Verb
from garde.trust.codes import release_codes, release_secret
from garde.trust.keys import SigningKey

pytestmark = pytest.mark.root

HUB, US, NEIGHBOUR, OURS = "10.77.0.1", "10.77.0.2", "10.77.1.1", "10.77.1.2"


class Place:
    """The hub is in this process, and speaks in another network."""

    def __init__(self, tmp_path: Path, stack: contextlib.ExitStack) -> None:
        self.hub_machine, self.neighbour = Machine(stack), Machine(stack)
        self.hub_machine.wire("to-hub", ours=[f"{US}/24"], theirs=[f"{HUB}/24"])
        self.neighbour.wire("to-lan", ours=[f"{OURS}/24"], theirs=[f"{NEIGHBOUR}/24"])
        self.hub = SmallHub(tmp_path / "hub", address=HUB, port=8443)
        self.start_hub()
        stack.callback(self.hub.stop)
        self.agent = Agent(enrolled(self.hub, tmp_path / "state"), "--enforce").start()
        stack.callback(self.agent.stop, signal.SIGKILL)
        assert self.hub.wait(lambda h: h.beats and h.beats[-1]["mode"] == "orders", 30)

    def start_hub(self) -> None:
        """A thread moves into the hub's network and opens the door there."""

        def inside() -> None:
            descriptor = os.open(f"/proc/{self.hub_machine.pid}/ns/net", os.O_RDONLY)
            _call("setns", descriptor, CLONE_NEWNET)
            os.close(descriptor)
            self.hub.start()

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join(10)

    def order(self, number: int, verb: Verb, **fields: object) -> str:
        order = Order(f"c{number}", f"k{number}", verb, expires=time.time() + 60, **fields)  # type: ignore[arg-type]
        self.hub.order(MACHINE, order)
        return order.cut

    def outcome(self, kind: str, count: int = 1) -> dict[str, object]:
        assert self.hub.wait(lambda h: h.kinds().count(kind) >= count, 20), (self.hub.entries, self.agent.said("cut"))
        return self.hub.of_kind(kind)[-1]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with own_network(), contextlib.ExitStack() as stack:
        yield Place(tmp_path, stack)


def test_a_block_is_made_proven_and_undone(place: Place) -> None:
    assert place.neighbour.pings(OURS)
    assert place.hub.wait(lambda hub: hub.polled)
    asked = place.hub.polled.count(0)
    cut = place.order(1, Verb.BLOCK, addresses=(NEIGHBOUR,))
    place.outcome("order_applied")
    assert place.hub.polled.count(0) == asked  # the poll that waited brought it: none was asked anew
    assert not place.neighbour.pings(OURS)
    tried = place.outcome("cut_tried")
    assert (tried["cut"], tried["proven"]) == (cut, True), tried
    place.hub.order(MACHINE, Order("c2", cut, Verb.UNDO, expires=time.time() + 60))
    assert place.outcome("cut_undone")["by"] == "hub"
    assert place.neighbour.pings(OURS)
    assert [words["state"] for words in place.agent.said("cut")] == ["applied", "proven", "undone"]


def test_who_is_not_the_hub_cuts_nobody_and_the_hub_is_never_cut(place: Place) -> None:
    forged = Order("c1", "k1", Verb.BLOCK, (NEIGHBOUR,), expires=time.time() + 60)
    place.hub.order(MACHINE, forged, key=SigningKey.generate())
    assert place.outcome("order_refused")["code"] == "FORGED"
    place.order(2, Verb.BLOCK, addresses=(HUB,))
    assert place.outcome("order_refused", 2)["code"] == "NEVER-CUT"
    assert place.neighbour.pings(OURS)
    assert place.hub_machine.pings(US)


def test_isolated_it_talks_to_its_hub_only_until_a_printed_code_lets_it_go(place: Place) -> None:
    place.order(1, Verb.ISOLATE)
    place.outcome("order_applied")
    assert place.outcome("cut_tried")["proven"] is True
    assert not place.neighbour.pings(OURS)
    place.hub.stop()  # the hub is lost later: the cut stays (R4)
    assert not place.neighbour.pings(OURS)
    codes = release_codes(release_secret(MASTER, MACHINE, 1), MACHINE, 1)
    assert release(place, codes[0][:-1] + "*").returncode == 2
    wrong = release(place, release_codes(release_secret(MASTER, "files-2", 1), "files-2", 1)[0])
    assert wrong.returncode == 12
    done = release(place, codes[0])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cuts"] == ["k1"]
    assert place.neighbour.pings(OURS)
    assert release(place, codes[0]).returncode == 8  # nothing is in force: no code is used up for it
    place.start_hub()
    assert place.outcome("cut_undone") == {"cut": "k1", "command": "", "by": "code"}


def test_killed_and_started_again_a_cut_is_proven_anew(place: Place) -> None:
    place.order(1, Verb.BLOCK, addresses=(NEIGHBOUR,))
    place.outcome("cut_tried")
    place.agent.stop(signal.SIGKILL)
    assert not place.neighbour.pings(OURS)  # it holds without its agent
    subprocess.run(["nft", "flush", "ruleset"], check=True)  # somebody restarted the firewall
    assert place.neighbour.pings(OURS)
    place.agent.start()
    assert place.outcome("cut_tried", 2)["proven"] is True
    assert not place.neighbour.pings(OURS)


def release(place: Place, code: str) -> subprocess.CompletedProcess[str]:
    words = [*GARDE, "release", "--code", code, "--state", str(place.agent.state), "--json"]
    return subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False)
