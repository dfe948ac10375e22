"""An agent and its hub, as two programs over real TLS: what happens to one of them, what becomes of what was said.

The agent is the real one (`garde enroll`, `garde agent`), the hub as small as it can be (tests/support/small_hub.py).
What must be true in the end is read from both sides: the agent's own journal and what the hub was told.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from bench.fs import image
from tests.support.small_hub import SmallHub

from garde.journal import wire
from garde.journal.kinds import REPORTABLE
from garde.journal.store import open_journal
from garde.model.order import Order, Verb

pytestmark = pytest.mark.root
T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
GARDE = [sys.executable, "-m", "garde.cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
MACHINE = "files-1"

# Overwrites every document in place with noise, a little slower than the fastest.
ATTACK = """
import os, sys, time
for path in sorted(os.listdir(sys.argv[1])):
    with open(os.path.join(sys.argv[1], path), "r+b") as file:
        size = os.fstat(file.fileno()).st_size
        file.write(os.urandom(size))
    time.sleep(0.01)
"""


class Agent:
    """A real agent. `ours` is what its journal has that a hub is told."""

    def __init__(self, state: Path, *words: str | Path) -> None:
        self.state = state
        self.out = state.with_name(f"{state.name}.out")
        self._words = [*GARDE, "agent", *map(str, words), "--state", str(state), "--json"]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Agent:
        with open(self.out, "ab") as out:
            self.process = subprocess.Popen(self._words, stdout=out, stderr=out, env=ENVIRONMENT)
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait(20)

    def said(self, kind: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.out.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["kind"] == kind]

    def wait_said(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 30
        while len(found := self.said(kind)) < count:
            assert time.monotonic() < deadline, self.out.read_text()
            time.sleep(0.01)
        return found

    def wait_for(self, found: Callable[[], T], seconds: float = 30.0) -> T:
        """Wait until there is something; what the agent said is shown where it does not come."""
        until = time.monotonic() + seconds
        while not (result := found()):
            assert time.monotonic() < until, self.out.read_text()[-3000:]
            time.sleep(0.05)
        return result

    def worker(self) -> int:
        return int(self.wait_said("hub")[-1]["pid"])

    def ours(self) -> Counter[tuple[str, str]]:
        journal = open_journal(self.state, read_only=True)
        try:
            return Counter((e.kind, same(wire.encode(e.payload))) for e in journal.entries(kinds=REPORTABLE))
        finally:
            journal.close()


def theirs(hub: SmallHub) -> Counter[tuple[str, str]]:
    return Counter((entry["kind"], same(json.dumps(entry["payload"]))) for entry in hub.entries)


def same(payload: str | bytes) -> str:
    return json.dumps(json.loads(payload), sort_keys=True)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[SmallHub]:
    with SmallHub(tmp_path / "hub") as found:
        yield found


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    with image("ext4", 512) as mount:
        yield mount


@pytest.fixture
def share(disk: Path, request: pytest.FixtureRequest) -> Path:
    share = disk / request.node.name[:60]
    share.mkdir()
    for number in range(60):
        text = "".join(f"Bed {number} line {line}: temperature 37.{line % 10}, pulse 72\n" for line in range(200))
        (share / f"ward-{number:02}.txt").write_text(text)
    return share


def enrolled(hub: SmallHub, state: Path) -> Path:
    words = [*GARDE, "enroll", "-", "--state", str(state), "--json"]
    done = subprocess.run(
        words, input=str(hub.token(MACHINE)), capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["machine"] == MACHINE
    return state


@pytest.fixture
def agent(hub: SmallHub, share: Path, tmp_path: Path) -> Iterator[Agent]:
    found = Agent(enrolled(hub, tmp_path / "state"), share, "--enforce")
    yield found
    found.stop(signal.SIGKILL)


def attack(share: Path) -> subprocess.Popen[bytes]:
    time.sleep(0.5)  # a version kept in the last quarter of a second before the first harm is not believed
    return subprocess.Popen([sys.executable, "-c", ATTACK, str(share)])


def end(attacker: subprocess.Popen[bytes]) -> None:
    attacker.kill()
    attacker.wait(10)


def test_a_verdict_is_at_the_hub_at_once_and_the_whole_story_after_it(hub: SmallHub, agent: Agent, share: Path) -> None:
    agent.start()
    assert hub.wait(lambda h: any(beat["mode"] == "enforce" for beat in h.beats), 30)
    assert hub.beats[-1]["asked"] == "enforce"
    (ready,) = agent.said("ready")
    assert ready["hub"] is not None
    attacker = attack(share)
    try:
        assert hub.wait(lambda h: "verdict_reached" in h.kinds(), 20)
        assert hub.wait(lambda h: "restore_finished" in h.kinds(), 20)
    finally:
        end(attacker)
    status = subprocess.run(
        [*GARDE, "status", "--state", str(agent.state), "--json"],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
    )
    assert json.loads(status.stdout)["hub"]["reachable"] is True
    assert agent.stop() == 0
    assert hub.beats[-1]["mode"] == "stopped"
    assert theirs(hub) == agent.ours()
    kinds = hub.kinds()
    assert kinds.index("finding_made") < kinds.index("verdict_reached") < kinds.index("actor_held")
    assert not Path(f"/proc/{agent.worker()}").exists()


def test_a_hub_that_is_away_all_night_loses_and_doubles_nothing(hub: SmallHub, agent: Agent, share: Path) -> None:
    """It goes before the attack; meanwhile the link is killed, then the whole agent. Lost answers on top of it."""
    agent.start()
    assert hub.wait(lambda h: any(beat["mode"] == "enforce" for beat in h.beats), 30)
    hub.stop()
    attacker = attack(share)
    try:
        agent.wait_said("restored")
    finally:
        end(attacker)
    worker = agent.worker()
    os.kill(worker, signal.SIGKILL)
    agent.wait_said("hub", len(agent.said("hub")) + 1)
    assert agent.worker() != worker
    agent.stop(signal.SIGKILL)
    hub.lose_answers = 2
    agent.start()
    agent.wait_said("ready", 2)
    hub.start()
    assert hub.wait(lambda h: h.kinds().count("agent_started") == 2, 30)
    assert agent.stop() == 0
    assert theirs(hub) == agent.ours()
    assert {"verdict_reached", "actor_held", "hold_confirmed", "file_restored"} <= set(hub.kinds())


def test_a_killed_agent_is_said_to_be_gone_at_once(hub: SmallHub, agent: Agent) -> None:
    agent.start()
    assert hub.wait(lambda h: any(beat["mode"] == "enforce" for beat in h.beats), 30)
    worker = agent.worker()
    agent.stop(signal.SIGKILL)
    assert hub.wait(lambda h: h.beats[-1]["mode"] == "gone", 10)
    assert [beat["mode"] for beat in hub.beats].count("gone") == 1
    agent.start()  # nobody holds the state directory any more
    assert hub.wait(lambda h: h.beats[-1]["mode"] == "enforce", 30)
    assert agent.worker() != worker


def test_a_clock_that_is_years_off_refuses_nothing(hub: SmallHub, share: Path, tmp_path: Path) -> None:
    offset = tmp_path / "clock"
    offset.write_bytes(struct.pack("<d", 20 * 365 * 86_400.0))
    agent = Agent(enrolled(hub, tmp_path / "state"), share, "--enforce", "--lab-clock", offset).start()
    try:
        assert hub.wait(lambda h: any(beat["mode"] == "enforce" for beat in h.beats), 30)
        assert hub.beats[-1]["clock"] - time.time() > 19 * 365 * 86_400
        attacker = attack(share)
        try:
            assert hub.wait(lambda h: "verdict_reached" in h.kinds(), 20)
        finally:
            end(attacker)
        hub.order(MACHINE, Order("c1", "k1", Verb.UNDO, expires=time.time() + 5))
        assert hub.wait(lambda h: "cut_undone" in h.kinds(), 10)
    finally:
        agent.stop()
    assert theirs(hub) == agent.ours()


def test_a_full_disk_does_not_keep_a_verdict_from_the_hub_nor_an_order_from_being_done(
    hub: SmallHub, share: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "garde-test", str(state)], check=True)
    (state / "holds").mkdir()  # with room of its own: what a full disk does to a hold is another story
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "garde-test", str(state / "holds")], check=True)
    agent = Agent(enrolled(hub, state), share, "--enforce")
    agent.out = tmp_path / "out"
    try:
        agent.start()
        assert hub.wait(lambda h: any(beat["mode"] == "enforce" for beat in h.beats), 30)
        filler = state / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        attacker = attack(share)
        try:
            assert hub.wait(lambda h: "verdict_reached" in h.kinds() and "actor_held" in h.kinds(), 20)
        finally:
            end(attacker)
        hub.order(MACHINE, Order("c1", "k1", Verb.UNDO, expires=time.time() + 30))
        assert hub.wait(lambda h: "cut_undone" in h.kinds(), 10)
        filler.unlink()
        assert agent.stop() == 0
    finally:
        agent.stop(signal.SIGKILL)
        subprocess.run(["umount", "-l", str(state / "holds"), str(state)], check=True)
    counts = Counter(kind for kind in hub.kinds() if kind in ("verdict_reached", "actor_held", "cut_undone"))
    assert set(counts.values()) == {1}, counts


def test_a_folder_without_enrolment_is_said(share: Path, tmp_path: Path) -> None:
    words = [*GARDE, "agent", str(share), "--state", str(tmp_path / "s"), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 8
    assert "belongs to no hub" in done.stderr
