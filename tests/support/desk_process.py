"""`garde downtime run` as a program, for tests: begun, asked, killed, begun again on the same port."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

GARDE = [sys.executable, "-m", "garde.cli"]


def desk_command(*words: str) -> list[dict[str, Any]]:
    """Run one command to its end; returns its JSON lines."""
    done = subprocess.run(
        [*GARDE, "downtime", *words, "--json"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class DeskProcess:
    """One desk with its state directory."""

    def __init__(self, state: Path, *init: str) -> None:
        import socket

        self.state = state
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = int(taken.getsockname()[1])
        desk_command("init", "--state", str(state), "--listen", f"127.0.0.1:{self.port}", *init)
        self.process: subprocess.Popen[str] | None = None

    def start(self, until: str = "listening") -> dict[str, Any]:
        """Begin; returns the line that was waited for."""
        words = [*GARDE, "downtime", "run", "--state", str(self.state), "--json"]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=quiet, text=True, env=os.environ)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found: dict[str, Any] = json.loads(line)
            if found["kind"] == until:
                return found
        raise AssertionError(f"the desk ended with {self.process.wait()}")

    def end(self, *, kill: bool = False) -> int:
        assert self.process is not None
        self.process.kill() if kill else self.process.terminate()
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code

    def ask(self, *words: str) -> dict[str, Any]:
        return desk_command(*words, "--state", str(self.state))[0]
