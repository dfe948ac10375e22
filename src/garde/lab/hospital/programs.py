"""Starting the lab's programs: each noted, marked, in a session of its own, with a log of its own.

Comes in: a record and commands. Goes out: running programs on the lab's machines. Ending them is `remains.py`'s
business, but for the one that a story ends on purpose (`end`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

import garde
from garde.contain.actions import proc
from garde.errors import Incomplete
from garde.lab.hospital import network
from garde.lab.hospital.plan import Plan
from garde.lab.hospital.record import MARK, Program, Record

POLL_S = 0.02
_SOURCE = Path(garde.__file__).resolve().parent.parent
# -P: nothing is imported from the directory that the program happens to start in.
PYTHON = (sys.executable, "-P")
GARDE = (*PYTHON, "-m", "garde.cli")


class Programs:
    """What runs in one lab; with a plan of its own, in the second hospital of a lab, noted under names of its own."""

    def __init__(self, record: Record, plan: Plan | None = None) -> None:
        self._record = record
        self._plan, self._first = (plan, f"{plan.name}/") if plan else (record.plan, "")
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What the lab's programs find around them: this source, no settings of the machine's own, the mark."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GARDE_", "PYTHON"))}
        named, _, mark = self._record.mark.partition("=")
        assert named == MARK
        # A parent's own path comes along: the packages may lie beside the source and not in the environment.
        path = os.pathsep.join([str(_SOURCE), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])
        return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", named: mark, **(more or {})}

    def popen(
        self, machine: str, arguments: Sequence[str], *, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[bytes]:
        """Start a program in a machine's network; noted under its first word."""
        words = network.command(self._plan.namespace(machine), arguments)
        return self.raw(Path(arguments[0]).name, machine, words, env=env, **options)

    def raw(
        self, name: str, machine: str, words: Sequence[str], *, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[bytes]:
        """Start a command as it stands, which finds its own way into the machine's network."""
        options = {"cwd": "/", "stdin": subprocess.DEVNULL, **options}
        process = subprocess.Popen(words, start_new_session=True, env=self.environment(env), **options)
        self._record.started(f"{self._first}{name}", machine, process.pid)
        self._children[process.pid] = process
        return process

    def daemon(
        self,
        name: str,
        machine: str,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        plain: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a program whose words go to its log. `plain`: it enters the machine's network itself."""
        with self._plan.log(name).open("ab") as log:
            words = list(arguments) if plain else network.command(self._plan.namespace(machine), arguments)
            return self.raw(name, machine, words, env=env, stdout=log, stderr=log)

    def run(self, machine: str, arguments: Sequence[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Run a program on a machine to its end."""
        words = network.command(self._plan.namespace(machine), arguments)
        env = self.environment(options.pop("env", None))
        return subprocess.run(words, check=False, env=env, **{"cwd": "/", **options})

    def check(self, what: str, machine: str, arguments: Sequence[str], **options: Any) -> str:
        """Run a program that must succeed; returns its output. Raises Incomplete with its complaint."""
        done = self.run(machine, arguments, capture_output=True, **options)
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).decode(errors="replace").split())[-300:]
            raise Incomplete(
                f"{what} on {machine}: {said or f'exit code {done.returncode}'}", "`garde lab down`, then try again"
            )
        return done.stdout.decode(errors="replace")

    def wait(self, what: str, ready: Callable[[], bool], seconds: float, *whose: subprocess.Popen[bytes]) -> None:
        """Wait until `ready`; raises Incomplete when time is up or a program ends first, with its last words."""
        until = time.monotonic() + seconds
        while not ready():
            ended = [process for process in whose if process.poll() is not None]
            if ended or time.monotonic() > until:
                raise Incomplete(f"{what}: {self._last_words(ended or whose)}", "`garde lab down`, then try again")
            time.sleep(POLL_S)

    def _last_words(self, whose: Sequence[subprocess.Popen[bytes]]) -> str:
        pids = {process.pid for process in whose}
        names = [it.name.removeprefix(self._first) for it in self._record.programs() if it.pid in pids]
        words = []
        for name in names:
            with suppress(OSError):
                words.append(f"{name}: {' '.join(self._plan.log(name).read_text(errors='replace').split())[-300:]}")
        return " / ".join(words) or "it is not ready in time"

    def end(self, name: str, seconds: float = 5.0, number: signal.Signals = signal.SIGTERM) -> None:
        """End one program by its name; killed when that takes too long."""
        whom = [it.identity for it in self._record.programs() if it.name == f"{self._first}{name}" and it.runs]
        for who in whom:
            proc.send(who, number)
        for who in proc.wait_gone(whom, seconds):
            proc.send(who, signal.SIGKILL)
        proc.wait_gone(whom, seconds)
        self.reap()

    def find(self, name: str) -> Program | None:
        """The running program of that name; None where there is none."""
        found = (it for it in reversed(self._record.programs()) if it.name == f"{self._first}{name}" and it.runs)
        return next(found, None)

    def reap(self) -> None:
        """Take note of those of our children that have ended: they would stay as zombies."""
        self._children = {pid: process for pid, process in self._children.items() if process.poll() is None}


def said(log: Path, kind: str, start: int = 0) -> Iterator[dict[str, Any]]:
    """The JSON lines of one kind in a program's log, from a place on."""
    try:
        with log.open("rb") as file:
            file.seek(start, os.SEEK_SET)
            lines = file.read().split(b"\n")
    except OSError:
        return
    for line in lines:
        try:
            found = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if isinstance(found, dict) and found.get("kind") == kind:
            yield found
