"""A program of ours on a machine that is told things line by line, and answers each with a line.

Comes in: the hospital, a machine, a module and its words. Goes out: `Talk`, for the length of a `with`; the program
is ended with it. What the lines mean is for those to know who build on it.
"""

from __future__ import annotations

import subprocess
import threading
from contextlib import suppress
from typing import Any, Self

import msgspec

from garde.lab.hospital.hospital import Hospital


class Talk:
    """One program."""

    def __init__(self, hospital: Hospital, machine: str, module: str, *words: str) -> None:
        self._process = hospital.python(machine, module, *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End it, whoever has stopped it."""
        self._process.kill()
        with suppress(OSError):
            self._process.communicate()

    def _tell(self, what: Any) -> None:
        tell(self._process, msgspec.json.encode(what) + b"\n")

    def _ask(self, what: Any) -> bytes:
        """Tell it, and return the line that it answers; b"" where it has ended."""
        self._tell(what)
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def tell(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Give a program something to read."""
    assert process.stdin is not None
    process.stdin.write(data)
    process.stdin.flush()


def first_line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """Wait for a program's first line; it is killed where it takes longer."""
    assert process.stdout is not None
    late = threading.Timer(seconds, process.kill)
    late.start()
    try:
        return process.stdout.readline()
    finally:
        late.cancel()
