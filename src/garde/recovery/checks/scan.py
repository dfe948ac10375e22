"""One file after the other against rules and indicators, in one worker process that stays: for who has them singly.

Comes in: a folder of rules, files as they are asked for. Goes out: what each matches. It is `hits.find_hits` for files
that lie on the disk for a moment only, as those of a restore point that is being judged. A file that breaks the worker,
or keeps it longer than it may, is a match: whoever makes such a file has a reason. Where no worker can be kept, or no
rules can be read, nothing matches and `why` says so. One thread uses it.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from garde.recovery.checks.hits import CHILD, FILE_S, asked_of, matched, read_rules
from garde.recovery.checks.indicators import read_indicators

BROKE: Final = "it broke the worker that swept it"
ALL_S: Final = 24 * 3600.0  # of processor time: a judging of many points
_START_S: Final = 60.0  # to compile the rules of a folder
_DEATHS: Final = 8  # then something else is wrong


class Scan:
    """Call it with a path; use it with `with`."""

    def __init__(self, folder: Path | None) -> None:
        self.why = ""
        self._deaths = 0
        self._worker: subprocess.Popen[bytes] | None = None
        self._indicators = read_indicators(folder)
        try:
            self._rules = read_rules(folder)
        except OSError as error:
            self._rules, self.why = [], f"the rules can't be read: {error}"

    def __enter__(self) -> Scan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def __call__(self, path: bytes) -> tuple[str, ...]:
        """Return what this file matches, one line each."""
        worker = self._worker or self._start()
        if worker is None:
            return ()
        said = _ask(worker, path.hex().encode() + b"\n", FILE_S * 2)
        if said is None:
            self._end()
            self._deaths += 1
            return (BROKE,)
        return tuple(matched(said, self._indicators, self._indicators.of_path(path)))

    def _start(self) -> subprocess.Popen[bytes] | None:
        if self.why or self._deaths >= _DEATHS:
            self.why = self.why or "the worker can't be kept running"
            return None
        words = [sys.executable, "-I", str(CHILD)]
        worker = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._worker = worker
        head = json.dumps(asked_of(self._rules, self._indicators, ALL_S)).encode() + b"\n"
        if _ask(worker, head, _START_S) is None:
            self._end()
            self.why = "the worker did not start"
            return None
        return worker

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        worker.wait()
        for stream in (worker.stdin, worker.stdout):
            _close(stream)


def _ask(worker: subprocess.Popen[bytes], line: bytes, seconds: float) -> dict[str, Any] | None:
    """Send a line and return the answer's; None where none comes in time."""
    assert worker.stdin and worker.stdout
    try:
        worker.stdin.write(line)
        worker.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(worker.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                return None
        answer = worker.stdout.readline()  # it writes each answer in one piece
        found: dict[str, Any] = json.loads(answer)
    except (OSError, ValueError):
        return None
    return found


def _close(stream: IO[bytes] | None) -> None:
    try:
        if stream is not None:
            stream.close()
    except OSError:
        pass  # what was not sent yet had nobody to go to
