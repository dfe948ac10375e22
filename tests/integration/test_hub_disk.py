"""The hub on a disk that is full: nothing is taken that cannot be kept, nothing is lost, and the reserve is used."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.clock import SystemClock
from garde.hub.loop import Loop
from garde.hub.room import Room
from garde.journal import kinds as k
from garde.journal import open_journal
from garde.journal.text import Text

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "hub"))
from hub_process import HubProcess, NetAgent

pytestmark = pytest.mark.root


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Write until nothing goes in any more."""
    filler = place / "filler"
    with pytest.raises(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return filler


def big(number: int) -> k.ErrorSeen:
    return k.ErrorSeen("x", Text(f"{number} " + "y" * 20_000))


def report_again(agent: NetAgent, payload: k.Payload) -> None:
    """Report as an agent does: the same entry until the hub has it. It refuses for half a second after a full disk."""
    before, until = agent.number, time.monotonic() + 10
    while time.monotonic() < until:
        try:
            assert agent.report(payload) == before + 1
            return
        except ConnectionError:
            agent.number = before
            time.sleep(0.1)
    raise AssertionError("the hub did not take it up again")


def test_a_hub_on_a_full_disk_refuses_says_so_and_goes_on_when_there_is_room(tmp_path: Path, small: Path) -> None:
    with HubProcess(tmp_path, small / "state") as hub:
        agent = hub.agent("files-1")
        assert agent.report(big(1)) == 1
        filler = fill(small)
        with pytest.raises(ConnectionError, match="503"):
            for number in range(2, 200):
                agent.report(big(number))
        refused = agent.number
        assert "full" in hub.api("GET", "/state")[1]["journal"]
        agent.beat()  # it is alive, and is heard
        assert hub.api("GET", "/machines")[0] == 200
        filler.unlink()
        agent.number = int(agent.say("report", {"entries": []})["upto"])
        assert agent.number == refused - 1
        report_again(agent, big(refused))
        hub.stop()
        with open_journal(hub.state, read_only=True) as journal:
            assert list(journal.verify()) == []
            said = [entry.payload.message.value for entry in journal.entries(kinds=("error_seen",))]  # type: ignore[attr-defined]
    numbers = [int(bytes(words).split()[0]) for words in said if bytes(words)[:1].isdigit()]
    assert numbers == list(range(1, refused + 1))


def test_a_hub_starts_on_a_full_disk_and_serves(tmp_path: Path, small: Path) -> None:
    hub = HubProcess(tmp_path, small / "state")
    hub.start()
    agent = hub.agent("files-1")
    hub.kill()
    filler = fill(small)
    hub.start()
    try:
        assert hub.post("/health", b"", method="GET")[0] == 200
        agent.beat()
        filler.unlink()
        report_again(agent, k.Lagging(1.0, 1))
    finally:
        hub.stop()


def test_the_reserve_is_used_where_the_disk_is_full(small: Path) -> None:
    complaints: list[str] = []
    room = Room(small, complaints.append, size=1_000_000)
    with open_journal(small, who="hub", durable=True) as journal:
        loop = Loop(journal, [], [], SystemClock(), make_room=room.give, complain=complaints.append)
        loop.start()
        assert room.keep()
        fill(small)
        written = [loop.append([big(number)]) for number in range(20)]
        assert len(written) == 20 and not room.kept
        assert any("reserve" in each for each in complaints)
        with pytest.raises(OSError, match="full"):
            for number in range(20, 200):
                loop.append([big(number)])
        assert list(journal.verify()) == []
        loop.close()
