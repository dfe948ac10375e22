"""What the command tests share: running a command line in this process, an agent made of a script."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from garde.cli import places, run

sys.path.insert(0, str(Path(__file__).parents[1] / "journal"))  # for journal_samples


@dataclass
class Ran:
    """One run of the command line."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def garde(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Ran]:
    """Run `garde WORDS...` here, with no `up` running and English sentences."""
    monkeypatch.setattr(places, "var", lambda: tmp_path / "var")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "GARDE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: str) -> Ran:
        capfd.readouterr()
        code = run(list(words))
        return Ran(code, *capfd.readouterr())

    return call


@dataclass
class FakeAgent:
    """Answers each request with the lines it was given; keeps the requests."""

    state: Path
    answers: list[bytes] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def serve(self, server: socket.socket) -> None:
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            with link, link.makefile("rb") as lines:
                asked = lines.readline()
                if asked:
                    self.requests.append(json.loads(asked))
                    link.sendall(b"".join(self.answers))

    def says(self, *answers: dict[str, Any]) -> None:
        self.answers = [json.dumps(answer).encode() + b"\n" for answer in answers]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[FakeAgent]:
    state = tmp_path / "state"
    state.mkdir()
    fake = FakeAgent(state)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(state / "agent.sock"))
    server.listen()
    thread = threading.Thread(target=fake.serve, args=(server,), daemon=True)
    thread.start()
    yield fake
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub that was set up once: keys and passwords take their time."""
    from garde.clock import SystemClock
    from garde.estate.read import SAMPLE
    from garde.hub.config import Config
    from garde.hub.setup import set_up

    state = tmp_path_factory.mktemp("made") / "hub"
    set_up(state, Config(str(SAMPLE), "127.0.0.1:8443", "127.0.0.1"), SystemClock())
    return state


@pytest.fixture
def hub(made: Path, tmp_path: Path) -> Path:
    """Its state directory, for one test."""
    state = tmp_path / "hub"
    shutil.copytree(made, state)
    return state
