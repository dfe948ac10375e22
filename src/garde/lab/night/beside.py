"""A program of the witness or of the attackers that runs beside the story on a machine, and reports when it is to end.

Comes in: the hospital, a machine, a module of ours and its words. Goes out: `ready` has been waited for; `end` closes
its standard input and returns what it said, line by line. It is ended with the `with` whatever happens.
"""

from __future__ import annotations

import subprocess
import threading
from contextlib import suppress
from typing import Final, Self

from garde.errors import Incomplete
from garde.lab.hospital.hospital import Hospital

READY_S: Final = 30.0
END_S: Final = 30.0


class Beside:
    """For the length of a `with`."""

    def __init__(self, hospital: Hospital, machine: str, module: str, *words: str) -> None:
        self._what = f"{module} on {machine}"
        self._process = hospital.python(machine, module, *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lines: list[bytes] = []
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._reader.start()
        if not self._ready.wait(READY_S) or self._lines[:1] != [b"ready"]:
            self._process.kill()
            raise Incomplete(f"{self._what} did not start", "play it again")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(END_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line.rstrip(b"\n"))
            self._ready.set()
        self._ready.set()

    @property
    def said(self) -> list[bytes]:
        """Its lines so far, after `ready`."""
        return self._lines[1:]

    def end(self) -> list[bytes]:
        """Let it end, and wait for its report; raises Incomplete where none comes."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired as error:
            raise Incomplete(f"{self._what} does not end", "play it again") from error
        self._reader.join(END_S)
        if len(self._lines) < 2:
            raise Incomplete(f"{self._what} reported nothing", "play it again")
        return self.said
