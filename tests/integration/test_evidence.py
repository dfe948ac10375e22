"""From an attack to a bundle that the police can check: the hub's own program, a real agent, the drill, real commands.

What is kept is looked at on the disk and checked with a key alone, after the hub is gone.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.fs import image
from tests.integration.test_link import ENVIRONMENT, GARDE, Agent
from tests.support.point_stores import unmark

from garde.journal.forensic_kinds import EvidenceGathered, EvidenceMoved, EvidenceTaken, NoteTaken

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "hub"))
from hub_process import HubProcess, garde

pytestmark = pytest.mark.root
NOTE = "All your files are encrypted. Pay in bitcoin; our .onion page says how.\n"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path) as started:
        yield started


@pytest.fixture
def share() -> Iterator[Path]:
    with image("xfs", 512) as mount:
        made = mount / "srv"
        for number in range(120):
            folder = made / f"ward-{number % 6}"
            folder.mkdir(parents=True, exist_ok=True)
            lines = "".join(f"Bed {number} line {line}: temperature 37.{line % 10}\n" for line in range(200))
            (folder / f"bed-{number:03}.txt").write_text(lines)
        yield made


@pytest.fixture
def agent(hub: HubProcess, share: Path, tmp_path: Path) -> Iterator[Agent]:
    state = hub.enrolled("files-1", tmp_path / "agent")
    found = Agent(state, share, "--enforce").start()
    found.wait_said("ready")
    yield found
    found.stop(signal.SIGKILL)
    unmark(state)


def attack(share: Path) -> None:
    """The drill destroys files of its own, and is held."""
    words = [*GARDE, "drill", str(share), "--mode", "full", "--files", "40", "--wait", "5", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=60)
    assert json.loads(done.stdout.splitlines()[0])["held"], done.stdout


def test_from_the_first_harm_to_a_bundle_that_is_checked_without_any_hub(
    hub: HubProcess, agent: Agent, share: Path, tmp_path: Path
) -> None:
    attack(share)
    agent.wait_for(lambda: hub.of(EvidenceGathered))
    taken = agent.wait_for(lambda: [each for each in hub.of(EvidenceTaken) if each.sort == "damaged"])
    moved = agent.wait_for(lambda: {each.item for each in hub.of(EvidenceMoved) if each.to == "hub"})
    agent.wait_for(lambda: {each.item for each in hub.of(EvidenceMoved)} >= {taken[0].item})
    assert moved <= {each.item for each in hub.of(EvidenceTaken)}
    with contextlib.suppress(PermissionError):
        (agent.state / "evidence/objects" / taken[0].sha256).write_bytes(b"changed")
        raise AssertionError("an item that was kept could be changed")

    usb = tmp_path / "usb"
    usb.mkdir()
    code, lines, complaint = garde("evidence", "export", "--state", str(hub.state), "--out", str(usb))
    assert code == 0, complaint
    (made,) = [each for each in lines if each["kind"] == "bundle"]
    assert made["items"] >= 2 and made["stamp"] == "none"
    key = tmp_path / "key"
    shutil.copy(hub.state / "hub.pub", key)
    hub.kill()
    shutil.rmtree(hub.state)
    folder = Path(made["folder"])
    code, lines, _ = garde("evidence", "verify", str(folder), "--key", str(key))
    assert code == 0 and lines[-1]["ok"] and lines[-1]["items"] == made["items"]
    assert (folder / "data/custody.pdf").read_bytes().startswith(b"%PDF")
    journal = folder / "data/journal.jsonl"
    raw = journal.read_bytes()
    journal.write_bytes(raw.replace(b"files-1", b"files-2", 1))
    code, lines, _ = garde("evidence", "verify", str(folder), "--key", str(key))
    assert code == 1 and not lines[-1]["ok"]


def test_a_note_above_the_damaged_folders_is_read_and_its_words_come_to_the_hub(
    hub: HubProcess, agent: Agent, share: Path
) -> None:
    (share / "READ_ME.txt").write_text(NOTE)
    attack(share)
    (note,) = agent.wait_for(lambda: hub.of(NoteTaken))
    assert (note.text.value, note.copies) == (NOTE.encode(), 1)
    kept = agent.state / "evidence/objects" / note.sha256
    assert kept.read_bytes() == NOTE.encode()
