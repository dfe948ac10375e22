"""One agent per state directory, and what an agent that was killed leaves to be waited for."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from garde.agent import lock
from garde.errors import StateBusy


@contextmanager
def killed_agent(state: Path) -> Iterator[int]:
    """An agent that took the lock, started a keeper and was killed; gives the pid of the keeper, which lives on."""
    reading, writing = os.pipe()
    agent = os.fork()
    if not agent:
        lock.take(state)
        keeper = os.fork()
        if not keeper:
            time.sleep(60)
            os._exit(0)
        os.write(writing, f"{keeper}\n".encode())
        time.sleep(60)
        os._exit(0)
    keeper = int(os.read(reading, 32))
    os.kill(agent, signal.SIGKILL)
    os.waitpid(agent, 0)
    try:
        yield keeper
    finally:
        for end in (reading, writing):
            os.close(end)
        with suppress(ProcessLookupError):
            os.kill(keeper, signal.SIGKILL)


def test_a_second_agent_is_told_whose_directory_it_is(tmp_path: Path) -> None:
    held = lock.take(tmp_path / "state")
    with pytest.raises(StateBusy, match=f"pid {os.getpid()}"):
        lock.take(tmp_path / "state")
    os.close(held)
    os.close(lock.take(tmp_path / "state"))


def test_what_a_killed_agent_is_still_at_is_waited_for(tmp_path: Path) -> None:
    with killed_agent(tmp_path) as keeper:
        ended = []

        def end() -> None:
            ended.append(keeper)
            os.kill(keeper, signal.SIGKILL)

        threading.Timer(0.3, end).start()
        os.close(lock.take(tmp_path))
        assert ended, "the lock was free while the keeper lived"


def test_it_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_PATIENCE_S", 0.2)
    with killed_agent(tmp_path), pytest.raises(StateBusy):
        lock.take(tmp_path)
