"""`garde ward` as a program, for tests: set up, run, asked, killed, run again on the same ports."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.call_peers import free_port, until

GARDE = [sys.executable, "-m", "garde.cli"]


def ward(*words: str, code: int = 0, said: str = "") -> list[dict[str, Any]]:
    """Run one command to its end; returns its JSON lines."""
    done = subprocess.run(
        [*GARDE, "ward", *words, "--json"], capture_output=True, text=True, check=False, timeout=120, input=said
    )
    assert done.returncode == code, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class WardProcess:
    """One ward's PC with its state directory."""

    def __init__(self, state: Path, *init: str, place: str = "3B") -> None:
        self.state, self.port, self.page_port = state, free_port(), free_port()
        words = ("--listen", f"127.0.0.1:{self.port}", "--page", f"127.0.0.1:{self.page_port}", "--name", "3B-PC")
        (self.made,) = ward("init", "--state", str(state), "--place", place, *words, *init)
        self.lines: list[dict[str, Any]] = []
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.page_port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Begin, and wait until it serves."""
        words = [*GARDE, "ward", "run", "--state", str(self.state), "--json"]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.lines = []
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        self.until("serving")

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            self.lines.extend(json.loads(line) for line in lines)

    def until(self, kind: str, **more: Any) -> dict[str, Any]:
        """Wait for a line."""

        def found() -> dict[str, Any] | None:
            wanted = {"kind": kind, **more}
            return next((each for each in self.lines if wanted.items() <= each.items()), None)

        line: dict[str, Any] = until(found)
        return line

    def end(self, *, kill: bool = False) -> int:
        assert self._process is not None
        self._process.kill() if kill else self._process.terminate()
        code = self._process.wait(30)
        self._process = None
        return code

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            if self._process is not None:
                self.end()

    def command(self, *words: str, code: int = 0, said: str = "") -> list[dict[str, Any]]:
        return ward(*words, "--state", str(self.state), code=code, said=said)
