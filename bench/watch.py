"""`garde watch` as the benches run it: started, waited for, listened to, measured, and ended by SIGTERM.

Comes in: the trees, a state folder. Goes out: its JSON lines in the order they came, CPU and memory of its whole
process tree. It reads the agent's machine output only, and never its state.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.common import UnavailableError
from bench.processes import Usage, cpu_seconds, usage

ROOT = Path(__file__).resolve().parent.parent
# The command without the wrapper: a bench measures the agent, not the set-up of an environment.
GARDE = [sys.executable, "-c", "import sys; from garde.cli import main; sys.argv[0] = 'garde'; sys.exit(main())"]
Event = dict[str, Any]


def environment() -> dict[str, str]:
    """Return the environment in which `GARDE` finds this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}


def parse_line(line: bytes | str) -> Event | None:
    """Read one line of machine output; None for anything that is no object with a `kind`."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("kind"), str) else None


def garde(*words: str, seconds: float = 60.0) -> tuple[int, list[Event], str]:
    """Run one short garde command to its end; return exit code, its JSON lines and the tail of what it complained."""
    try:
        done = subprocess.run(
            [*GARDE, *words], env=environment(), capture_output=True, timeout=seconds, check=False, cwd=ROOT
        )
    except subprocess.TimeoutExpired:
        return 124, [], f"no end within {seconds:.0f} s"
    lines = [event for line in done.stdout.splitlines() if (event := parse_line(line))]
    return done.returncode, lines, done.stderr.decode(errors="replace")[-400:]


class Watch:
    """One running agent. `events` only grows; `mark()` and `since()` cut it into a scenario's share."""

    def __init__(
        self,
        trees: Sequence[Path],
        state: Path,
        *,
        enforce: bool = True,
        restore: bool = True,
        settings: Path | None = None,
        ready_s: float = 300.0,
    ) -> None:
        self.state = state
        self.events: list[Event] = []
        self._words = [
            "watch",
            *map(str, trees),
            "--state",
            str(state),
            "--enforce" if enforce else "--observe",
            *(() if restore else ("--no-restore",)),
            "--json",
        ]
        self._environment = environment() | ({"GARDE_SETTINGS": str(settings)} if settings else {})
        self._ready_s = ready_s
        self._arrived = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self.ready: Event = {}
        self.ready_after_s = 0.0

    def __enter__(self) -> Watch:
        """Start and wait for `ready`; raises UnavailableError with the agent's own words where it ends instead."""
        self.state.mkdir(parents=True, exist_ok=True)
        self._complaints = tempfile.TemporaryFile()  # closed in stop
        began = time.monotonic()
        self._process = subprocess.Popen(
            [*GARDE, *self._words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,  # the bench's session must not be what a hold finds as common ancestor
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        ready = self.wait_for("ready", self._ready_s)
        if ready is None:
            words = self.complaint()
            self.stop()
            raise UnavailableError(f"garde watch gave no `ready`: {words}")
        self.ready = ready
        self.ready_after_s = time.monotonic() - began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        log = os.environ.get("GARDE_BENCH_EVENTS")  # a file that keeps every line, to look into afterwards
        for line in self._process.stdout:
            event = parse_line(line)
            if event is None:
                continue
            if log:
                with Path(log).open("ab") as kept:
                    kept.write(line)
            event["_seen"] = time.monotonic()
            with self._arrived:
                self.events.append(event)
                self._arrived.notify_all()
        with self._arrived:
            self._arrived.notify_all()

    @property
    def pid(self) -> int:
        """The agent's pid; 0 when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def mark(self) -> int:
        """Return where the events stand now."""
        return len(self.events)

    def since(self, mark: int, kind: str | None = None) -> list[Event]:
        """Return the events that came after the mark, all or of one kind."""
        return [event for event in self.events[mark:] if kind is None or event["kind"] == kind]

    def wait_for(self, kind: str, seconds: float, mark: int = 0) -> Event | None:
        """Return the first event of that kind after the mark; None when time or the agent ends first."""
        until = time.monotonic() + seconds
        with self._arrived:
            while True:
                found = next(iter(self.since(mark, kind)), None)
                left = until - time.monotonic()
                if found or left <= 0 or (not self.pid and self._reader and not self._reader.is_alive()):
                    return found
                self._arrived.wait(min(left, 0.5))

    def release(self, hold: Event) -> bool:
        """Ask the agent to let go of a hold; True when it said that it did."""
        name = next((str(hold[key]) for key in ("id", "hold", "hold_id") if hold.get(key)), "")
        return bool(name) and garde("release", name, "--state", str(self.state), seconds=20)[0] == 0

    def usage(self) -> Usage:
        """Return CPU and memory of the agent and its children."""
        return usage(self.pid) if self.pid else Usage(0.0, 0.0, 0.0)

    def cpu_s(self) -> float:
        """Return the CPU seconds of the agent and its children so far."""
        return cpu_seconds(self.pid) if self.pid else 0.0

    def settle(self, seconds: float, *, busy: float = 0.05) -> float:
        """Wait until the agent rests (uses less than `busy` of one core over 0.4 s); return how long it took."""
        began = time.monotonic()
        while self.pid and (took := time.monotonic() - began) < seconds:
            before = self.cpu_s()
            time.sleep(0.4)
            if self.cpu_s() - before < busy * 0.4:
                return took
        return time.monotonic() - began

    def complaint(self) -> str:
        """Return the tail of what the agent wrote to its error output."""
        try:
            self._complaints.seek(0)
            return self._complaints.read().decode(errors="replace").strip()[-300:] or "no word on its error output"
        except ValueError:
            return "no word on its error output"

    def stop(self, seconds: float = 10.0) -> int | None:
        """End it by SIGTERM, by SIGKILL if that takes too long; return its exit code (None: it had to be killed)."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(signal.SIGTERM)
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        if self._reader:
            self._reader.join(5)
        if process.stdout:
            process.stdout.close()
        self._complaints.close()
        return code
