"""A process that the attackers left behind on a server: it sleeps, wakes when the server comes back, and goes slowly.

Comes in: a `Task` as JSON on the first line of standard input, then a line `wake`. Goes out: `ready`, and in the log a
line each, as `attackers.smb_attack` writes them: `s NUMBER AT PATH` before a file's first destructive write, `f NUMBER
AT` when the file is done with. It touches the files of its task and no others: documents that the lab made, on the
lab's own disk. `Sleeper` is the same from the night's side; it ends the process, whoever has stopped it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from garde.errors import Incomplete
from garde.lab.attackers.cipher import encrypt_spans
from garde.lab.attackers.inplace import full
from garde.lab.hospital.fileserver import KEEPER_ID
from garde.lab.hospital.hospital import Hospital
from garde.lab.night.logs import Logged, parse
from garde.lab.night.talk import Talk, first_line, tell

EVERY_S: Final = 2.0  # between two files: an attacker who does not want to be seen
FILES: Final = 12  # of a share: it never goes further, whether it is stopped or not
READY_S: Final = 20.0


class Task(msgspec.Struct, frozen=True):
    """What the process does when it wakes."""

    folder: str
    files: list[str]
    every_s: float
    uid: int
    log: str


class Sleeper(Talk):
    """One process, for the length of a `with`."""

    def __init__(
        self, hospital: Hospital, server: str, folder: Path, files: Sequence[str], *, every_s: float = EVERY_S
    ) -> None:
        self.server = server
        self._log = hospital.plan.home / f"left-behind-{server}-{folder.name}.log"
        task = Task(str(folder), list(files), every_s, KEEPER_ID, str(self._log))
        super().__init__(hospital, server, "garde.lab.night.relapse")
        with suppress(BrokenPipeError):
            self._tell(task)

    def __enter__(self) -> Sleeper:
        if first_line(self._process, READY_S) != b"ready\n":
            raise Incomplete(f"nothing was left behind on {self.server}", "play it again")
        return self

    def wake(self) -> None:
        """From now on it destroys a file every now and then."""
        with suppress(BrokenPipeError):
            tell(self._process, b"wake\n")

    def logged(self) -> Logged:
        """What it wrote down itself."""
        return parse(self._log.read_bytes() if self._log.exists() else b"")


def go(task: Task, log: int) -> None:
    """Destroy the files of the task, one after the other, in place."""
    for number, name in enumerate(task.files):
        os.write(log, os.fsencode(f"s {number} {time.monotonic():.6f} {name}\n"))
        with suppress(OSError):
            _destroy(Path(task.folder, name))
            os.write(log, f"f {number} {time.monotonic():.6f}\n".encode())
        time.sleep(task.every_s)


def _destroy(path: Path) -> None:
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        encrypt_spans(handle, full(os.fstat(handle).st_size))
    finally:
        os.close(handle)


def main() -> None:
    """Give up root, sleep, go."""
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    log = os.open(task.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.setgroups([])
    os.setresgid(task.uid, task.uid, task.uid)
    os.setresuid(task.uid, task.uid, task.uid)
    print("ready", flush=True)
    if sys.stdin.buffer.readline() == b"wake\n":
        go(task, log)
        sys.stdin.buffer.readline()  # it stays, as one does that goes on to spread


if __name__ == "__main__":
    main()
