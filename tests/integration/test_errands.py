"""The way back at a real agent: a share with real restic snapshots, the drill's attack, a hub, errands over the link.

The hub is as small as it can be (tests/support/small_hub.py); restic, the file system's flags, the drill and the
agent's processes are real. What an errand came to is looked at on the disk, not asked of the agent.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.fs import image
from tests.integration.test_link import ENVIRONMENT, GARDE, MACHINE, Agent, enrolled
from tests.support.point_stores import unmark
from tests.support.small_hub import SmallHub

from garde.journal.store import open_journal
from garde.model.order import Order, Verb

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not installed"),
]

RESTIC = """#!/bin/sh
# restic, but a restore waits until it may go on
case " $* " in *" restore "*) echo $$ >> {top}/waits; while [ -e {top}/stop ]; do sleep 0.05; done;; esac
exec restic "$@"
"""


def restic(repository: Path, *words: str | Path) -> str:
    call = ["restic", "-q", "--no-cache", "-r", str(repository), *map(str, words)]
    variables = {**os.environ, "RESTIC_PASSWORD": "secret"}
    done = subprocess.run(call, env=variables, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Yesterday:
    """A share, two snapshots of it, and a third of what an attacker left of it: made once, copied for each test."""

    def __init__(self, top: Path) -> None:
        self.share, self.repository = top / "share", top / "backup"
        self.share.mkdir(parents=True)
        for number in range(60):
            lines = "".join(f"Bed {number} line {line}: temperature 37.{line % 10}\n" for line in range(200))
            (self.share / f"ward-{number:02}.txt").write_text(lines)
        restic(self.repository, "init")
        restic(self.repository, "backup", self.share)
        (self.share / "ward-00.txt").write_text("Bed 0: gone home\n" * 300)
        restic(self.repository, "backup", self.share)
        sound = {path: path.read_bytes() for path in self.share.iterdir()}
        self.harmed_at = time.time()
        for path in sound:
            path.write_bytes(os.urandom(5000))
        (self.share / "READ-ME.txt").write_text("Pay us for your files.\n")
        restic(self.repository, "backup", self.share)
        (self.share / "READ-ME.txt").unlink()
        for path, content in sound.items():
            path.write_bytes(content)
        found: list[dict[str, Any]] = json.loads(restic(self.repository, "snapshots", "--json"))
        self.points = [each["id"] for each in found]


class Farm:
    """One server: a share, a repository with two snapshots of it, an agent."""

    def __init__(self, top: Path, hub: SmallHub, yesterday: Yesterday, *options: str) -> None:
        self.top, self.hub, self.yesterday = top, hub, yesterday
        self.share, self.repository = top / "srv/share", top / "srv/backup"
        shutil.copytree(yesterday.share, self.share)
        shutil.copytree(yesterday.repository, self.repository)
        (top / "password").write_text("secret\n")
        self.points = yesterday.points
        self.agent = Agent(enrolled(hub, top / "state"), self.share, *(options or ("--enforce",)))
        self._settings()
        self.asked: dict[str, Order] = {}

    def _settings(self) -> None:
        program = self.top / "restic"
        program.write_text(RESTIC.format(top=self.top))
        program.chmod(0o755)
        (self.top / "state/stores.toml").write_text(
            f'[[store]]\nid = "r1"\nsort = "restic"\ncovers = "{MACHINE}"\nrepository = "{self.repository}"\n'
            f'password_file = "{self.top}/password"\nprogram = "{program}"\n'
            f'paths = ["{self.yesterday.share}"]\ntargets = ["{self.share}"]\n'
        )

    def start(self, mode: str = "enforce") -> Farm:
        before = len(self.hub.beats)
        self.agent.start()
        assert self.hub.wait(lambda h: any(beat["mode"] == mode for beat in h.beats[before:]), 30), self.said()
        return self

    def order(self, verb: Verb, **fields: object) -> str:
        command = f"c{len(self.asked) + 1}"
        fields = {"expires": time.time() + 60, "store": "r1", "by": "carla", **fields}
        self.asked[command] = Order(command, "", verb, **fields)  # type: ignore[arg-type]
        self.hub.order(MACHINE, self.asked[command])
        return command

    def outcome(self, command: str, kind: str) -> dict[str, Any]:
        """Return what the hub was told of an errand."""
        ended: Callable[[SmallHub], bool] = lambda h: any(  # noqa: E731
            entry["payload"].get("command") == command and entry["kind"] != "point_judged" for entry in h.entries
        )
        if not self.hub.wait(ended, 10):
            self.hub.order(MACHINE, self.asked[command])  # lost on its way, or under way: asked again, done once
        assert self.hub.wait(ended, 30), (self.hub.kinds(), self.said())
        (found,) = [
            entry
            for entry in self.hub.entries
            if entry["payload"].get("command") == command and entry["kind"] != "point_judged"
        ]
        assert found["kind"] == kind, found
        payload: dict[str, Any] = found["payload"]
        return payload

    def do(self, verb: Verb, kind: str, **fields: object) -> dict[str, Any]:
        return self.outcome(self.order(verb, **fields), kind)

    def attack(self, mode: str = "full") -> dict[str, Any]:
        """The drill, in a folder of its own beside the documents; returns what it saw of itself."""
        pace = ["--slow-interval", "0.5", "--settle", "1", "--wait", "5"]
        words = [*GARDE, "drill", str(self.share), "--mode", mode, "--files", "40", *pace, "--json"]
        done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=60)
        (found,) = [line for line in map(json.loads, done.stdout.splitlines()) if line["kind"] == "result"]
        assert found["held"], (found, self.said())
        result: dict[str, Any] = found
        return result

    def status(self) -> dict[str, Any]:
        words = [*GARDE, "status", "--state", str(self.agent.state), "--json"]
        done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=True)
        status: dict[str, Any] = json.loads(done.stdout)
        return status

    def journal(self, kind: str) -> list[Any]:
        journal = open_journal(self.agent.state, read_only=True)
        try:
            return [entry.payload for entry in journal.entries(kinds={kind})]
        finally:
            journal.close()

    def can_forget(self) -> bool:
        """Try as the attacker who has root's password for the repository would, and put back what goes."""
        snapshot = next((self.repository / "snapshots").iterdir())
        kept = snapshot.read_bytes()
        try:
            snapshot.unlink()
        except PermissionError:
            return False
        snapshot.write_bytes(kept)
        return True

    def said(self) -> str:
        return self.agent.out.read_text()[-3000:]

    def end(self) -> None:
        self.agent.stop(signal.SIGKILL)
        unmark(self.repository)


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    with image("xfs", 512) as mount:
        yield mount


@pytest.fixture(scope="module")
def yesterday(disk: Path) -> Yesterday:
    return Yesterday(disk / "yesterday")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[SmallHub]:
    with SmallHub(tmp_path / "hub") as found:
        yield found


@pytest.fixture
def top(disk: Path, request: pytest.FixtureRequest) -> Path:
    found = disk / request.node.name[:50]
    found.mkdir()
    return found


@pytest.fixture
def farm(top: Path, hub: SmallHub, yesterday: Yesterday) -> Iterator[Farm]:
    with contextlib.ExitStack() as stack:
        found = Farm(top, hub, yesterday)
        stack.callback(found.end)
        yield found


def test_at_the_first_confirmed_hold_retention_is_frozen_with_no_hub_and_until_a_thaw(farm: Farm) -> None:
    farm.start()
    assert farm.hub.wait(lambda h: "stores_known" in h.kinds())
    assert farm.hub.of_kind("stores_known")[-1]["stores"] == [
        {"store": "r1", "sort": "restic", "covers": MACHINE, "freezes": True}
    ]
    assert farm.can_forget()
    farm.hub.stop()
    farm.attack()
    said = farm.agent.wait_said("errand")
    assert {(each["store"], each["state"]) for each in said if each.get("verb") == "retention"} == {("r1", "frozen")}
    assert not farm.can_forget()
    restic(farm.repository, "backup", farm.share)  # new backups still come in
    (frozen,) = farm.journal("retention_frozen")
    assert (frozen.command, frozen.proven) == ("", True) and frozen.checks
    farm.hub.start()
    assert farm.hub.wait(lambda h: "retention_frozen" in h.kinds(), 20)
    farm.attack()  # another hold freezes nothing anew …
    farm.agent.stop(signal.SIGKILL)
    farm.start()  # … nor does a restart
    wait_for(lambda: [store["state"] for store in farm.status()["errands"]["retention"]] == ["frozen"])
    assert farm.do(Verb.THAW, "retention_thawed")["by"] == "carla"
    assert farm.can_forget() and len(farm.journal("retention_frozen")) == 1
    assert farm.do(Verb.FREEZE, "retention_frozen")["proven"] and not farm.can_forget()


def test_points_are_judged_brought_and_put_in_place_and_what_stood_there_is_kept(farm: Farm) -> None:
    (farm.top / "rules").mkdir()
    (farm.top / "rules/hospital.yar").write_text('rule Note { strings: $a = "Pay us" condition: $a }')
    (farm.agent.state / "gate.toml").write_text(f'rules = "{farm.top}/rules"\n')
    farm.start()
    ended = farm.do(Verb.JUDGE, "points_judged", since=farm.yesterday.harmed_at)
    judged = farm.hub.of_kind("point_judged")
    assert ended["points"] == 3 and [each["colour"] for each in judged] == ["green", "green", "red"]
    assert [each["indicators"] for each in judged] == [0, 0, 1]
    assert [each["when"] for each in judged] == ["before", "before", "after"]
    point = farm.points[0]
    scratch = farm.do(Verb.RESTORE, "point_restored", point=point, where="scratch")
    brought = Path(scratch["place"]) / str(farm.yesterday.share)[1:] / "ward-00.txt"
    assert scratch["verified"] and brought.read_text().startswith("Bed 0 line 0")
    placed = farm.do(Verb.RESTORE, "point_restored", point=point, where="place")
    assert (placed["where"], placed["failed"], placed["verified"]) == ("place", 0, True), placed
    assert (farm.share / "ward-00.txt").read_text().startswith("Bed 0 line 0")
    assert kept(placed, "ward-00.txt").read_text().startswith("Bed 0: gone home")
    assert farm.status()["errands"]["errands"][-1]["state"] == "done"


def test_killed_in_the_middle_of_a_restore_it_goes_on_and_is_done_once(farm: Farm) -> None:
    farm.start()
    (farm.top / "stop").touch()
    (farm.share / "ward-05.txt").write_text("spoilt\n")
    command = farm.order(Verb.RESTORE, point=farm.points[1], where="place")
    waits = wait_for(lambda: (farm.top / "waits").exists() and (farm.top / "waits").read_text().split())
    worker = worker_of(farm)
    os.kill(worker, signal.SIGKILL)
    said = farm.agent.wait_said("error")
    assert [each["code"] for each in said] == ["ERRANDS-AGAIN"]
    wait_for(lambda: not is_there(int(waits[0])))  # what it had started has ended with it
    wait_for(lambda: len((farm.top / "waits").read_text().split()) == 2)
    farm.agent.stop(signal.SIGKILL)  # and now all of the agent
    wait_for(lambda: not is_there(int((farm.top / "waits").read_text().split()[1])))
    (farm.top / "stop").unlink()
    farm.start()
    placed = farm.outcome(command, "point_restored")
    assert (placed["where"], placed["verified"]) == ("place", True)
    assert (farm.share / "ward-05.txt").read_text().startswith("Bed 5 line 0")
    assert kept(placed, "ward-05.txt").read_text() == "spoilt\n"
    wait_for(lambda: farm.journal("point_restored"))  # what is told waits for no journal
    assert len(farm.journal("point_restored")) == 1


def test_what_is_not_known_late_or_only_watched_is_refused_with_a_code(
    top: Path, hub: SmallHub, yesterday: Yesterday
) -> None:
    farm = Farm(top, hub, yesterday, "--observe")
    try:
        farm.start("observe")
        codes = [
            farm.do(Verb.RESTORE, "order_refused", point=farm.points[0], where="place"),
            farm.do(Verb.RESTORE, "order_refused", point="0" * 64, where="scratch"),
            farm.do(Verb.JUDGE, "order_refused", store="r2"),
            farm.do(Verb.LOOK, "order_refused", addresses=("files-2.lan",), ports=(22,)),
        ]
        assert [each["code"] for each in codes] == ["OBSERVING", "UNKNOWN-POINT", "UNKNOWN-STORE", "MALFORMED"]
        assert farm.do(Verb.FREEZE, "retention_frozen")["proven"]
        assert farm.do(Verb.JUDGE, "points_judged", point=farm.points[0])["points"] == 1
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            seen = farm.do(Verb.LOOK, "machine_looked", addresses=("127.0.0.1",), ports=(port,), about="files-2")
        assert (seen["machine"], seen["answering"]) == ("files-2", [port])
    finally:
        farm.end()


def test_raised_sensitivity_is_in_force_when_it_is_said_and_survives_a_restart(farm: Farm) -> None:
    farm.start()
    until = time.time() + 600
    assert farm.do(Verb.RAISE, "watch_raised", until=until)["until"] == pytest.approx(until, abs=5)
    farm.agent.stop(signal.SIGKILL)
    farm.start()
    assert farm.status()["raised_until"] == pytest.approx(until, abs=5)
    assert farm.attack("slow")["touched"] <= 4
    assert farm.do(Verb.RAISE, "watch_raised", until=0.0)["until"] == 0
    assert farm.status()["raised_until"] == 0


def wait_for(found: Callable[[], Any], seconds: float = 20.0) -> Any:
    until = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return result


def worker_of(farm: Farm) -> int:
    """The errands' worker: the parent of the program that waits."""
    waits = int((farm.top / "waits").read_text().split()[-1])
    pid = waits
    while (parent := _parent(pid)) and _command(parent) == _command(
        farm.agent.process.pid if farm.agent.process else 0
    ):
        pid = parent
        if _parent(_parent(_parent(pid))) == os.getpid():  # worker → watchman → agent → this test
            return pid
    raise AssertionError("no worker")


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def kept(placed: dict[str, Any], name: str) -> Path:
    """The file that a restore replaced."""
    (found,) = Path(placed["evidence"]).rglob(name)
    return found
