"""A neighbour's bundle, a real hub and a real agent: taken, fetched, watched for; the attacker ends at his first file.

The bundle is taken as people take it (`garde share take`); what the agent had known before is searched back.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.fs import image
from tests.integration.test_link import Agent
from tests.support.point_stores import unmark

from garde.journal.kinds import ActorHeld, VerdictReached
from garde.journal.sharing_kinds import IndicatorSeen, PrecautionOffered, SharedTaken, WatchListMade, WatchListTaken

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "hub"))
from hub_process import HubProcess, garde

pytestmark = pytest.mark.root
ENDING, NOTE = ".crypted77", "WIE_WEITER.txt"
DOCUMENTS = 40

# Writes an unreadable copy under another ending and removes the document, a file every 100 ms; before that a note,
# where one is named.
ATTACK = """
import os, sys, time
folder, ending, note = sys.argv[1:4]
if note:
    with open(os.path.join(folder, note), "w") as file:
        file.write("Your files are gone. Write to us.")
for name in sorted(os.listdir(folder)):
    if name.startswith("ward-"):
        path = os.path.join(folder, name)
        size = os.path.getsize(path)
        with open(path + ending, "wb") as file:
            file.write(os.urandom(size))
        os.unlink(path)
        time.sleep(0.1)
"""


def bundle(*patterns: str, label: str = "garde:ending") -> dict[str, Any]:
    return {
        "type": "bundle", "id": "bundle--5d0f6c1e-0d7e-4e0e-9d6a-0a1b2c3d4e5f",
        "objects": [
            {"type": "indicator", "spec_version": "2.1", "id": f"indicator--5d0f6c1e-0d7e-4e0e-9d6a-0a1b2c3d4e{n:02}",
             "created": "2026-11-24T03:00:00.000Z", "modified": "2026-11-24T03:00:00.000Z", "labels": [label],
             "pattern": pattern, "pattern_type": "stix", "valid_from": "2026-11-24T03:00:00.000Z"}
            for n, pattern in enumerate(patterns)
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    with image("xfs", 512) as mount:
        yield mount


@pytest.fixture
def share(disk: Path, request: pytest.FixtureRequest) -> Path:
    share = disk / request.node.name[:60]
    share.mkdir()
    for number in range(DOCUMENTS):
        text = "".join(f"Bed {number} line {line}: temperature 37.{line % 10}, pulse 72\n" for line in range(200))
        (share / f"ward-{number:02}.txt").write_text(text)
    (share / f"old{ENDING}").write_text("somebody called a sound file so, long ago\n")
    return share


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path) as started:
        yield started


@pytest.fixture
def agent(hub: HubProcess, share: Path, tmp_path: Path) -> Iterator[Agent]:
    state = hub.enrolled("files-1", tmp_path / "agent")
    found = Agent(state, share, "--enforce").start()
    found.wait_said("ready")
    yield found
    found.stop(signal.SIGKILL)
    unmark(state)


def take(hub: HubProcess, sent: dict[str, Any]) -> None:
    file = hub.folder / "sent.json"
    file.write_text(json.dumps(sent))
    code, _, complaint = garde("share", "take", str(file), "--from", "clinic-b", "--state", str(hub.state))
    assert code == 0, complaint


def attack(share: Path, ending: str = ".dat2", note: str = "") -> None:
    time.sleep(0.5)  # a version kept in the last quarter of a second before the first harm is not believed
    process = subprocess.Popen([sys.executable, "-c", ATTACK, str(share), ending, note])
    try:
        process.wait(2.5)  # all of it takes 4 s where nobody stops it
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def lost(share: Path) -> int:
    return DOCUMENTS - len(list(share.glob("ward-??.txt")))


def touched(agent: Agent, hub: HubProcess) -> int:
    (held,) = agent.wait_for(lambda: hub.of(ActorHeld))
    return int(held.touched)


def test_a_bundle_is_taken_and_the_attacker_ends_at_his_first_file(hub: HubProcess, agent: Agent, share: Path) -> None:
    take(hub, bundle(f"[file:name MATCHES '\\\\{ENDING}$']", "[file:name MATCHES '\\\\.pdf$']"))
    (made,) = hub.of(SharedTaken)
    assert (made.source, made.indicators, made.refused) == ("clinic-b", 1, 1)
    assert made.refused_why == ("1 × an ending that honest files have",)
    (listed,) = hub.of(WatchListMade)
    (taken,) = agent.wait_for(lambda: hub.of(WatchListTaken))
    assert (taken.sha256, taken.indicators) == (listed.sha256, 1)
    assert hub.entries(WatchListTaken)[0].at - hub.entries(SharedTaken)[0].at < 5.0
    assert hub.of(PrecautionOffered)  # a neighbour is under attack: cutting is offered, with its price
    (seen,) = agent.wait_for(lambda: hub.of(IndicatorSeen))  # in what was there before. A name harms nobody
    assert not seen.live
    assert (seen.sort, seen.value.shown()) == ("ending", ENDING)
    assert seen.where.shown() == str(share / f"old{ENDING}")
    assert not hub.of(VerdictReached)
    attack(share, ENDING)
    assert touched(agent, hub) == 1
    agent.wait_for(lambda: lost(share) == 0)  # and it was put back
    (verdict,) = hub.of(VerdictReached)
    (file,) = verdict.files
    assert "listed" in file.proofs


def test_an_attacker_who_writes_a_listed_note_is_known_by_it(hub: HubProcess, agent: Agent, share: Path) -> None:
    take(hub, bundle(f"[file:name = '{NOTE}']", label="garde:note_name"))
    agent.wait_for(lambda: hub.of(WatchListTaken))
    agent.stop()  # what is watched for survives a restart of the agent
    agent.start()
    agent.wait_said("ready", 2)
    attack(share, note=NOTE)
    assert touched(agent, hub) <= 2  # the first file, and at most the one that was begun meanwhile
    agent.wait_for(lambda: lost(share) == 0)
    assert [(each.sort, each.live) for each in hub.of(IndicatorSeen)] == [("note_name", True)]
