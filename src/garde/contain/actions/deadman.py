"""The agent's end of the dead man's switch: no smbd stays stopped for longer than a second, whatever becomes of us.

Comes in: which process is about to be stopped, blocked, settled. Goes out: `Deadman`, which tells a child process of
its own (`deadman_child.py`, where the rule stands). It stops nothing itself.

The order matters: `stopping` before the SIGSTOP, so that an agent killed between the two leaves nobody stopped.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from garde.contain.actions import deadman_child
from garde.contain.actions.proc import Identity

# An smbd may be stopped for 1 s at most; the rest is for the switch to be scheduled on a busy machine.
STOP_SECONDS: Final = 0.9
_READY_SECONDS: Final = 5.0
_READ_SIZE: Final = 65536


class Deadman:
    """One child process for the life of the agent, started again if someone kills it."""

    def __init__(self, seconds: float = STOP_SECONDS) -> None:
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._listed: dict[Identity, str] = {}  # the lines that a new child must be told
        self._heard = b""

    @property
    def pid(self) -> int:
        """The child's pid, 0 when none runs. It is Garde's own: never watched, never held."""
        return self._child.pid if self._child and self._child.poll() is None else 0

    def open(self) -> bool:
        """Start the child if it does not run; False when that can't be done."""
        if self.pid:
            return True
        self.close()
        try:
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(deadman_child.__file__))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,  # a signal to the agent's group is not for the switch
                cwd="/",
            )
        except OSError:
            return False
        self._child = child
        return self._wait_ready(child) and self._write("".join(self._listed.values()))

    def _wait_ready(self, child: subprocess.Popen[bytes]) -> bool:
        assert child.stdout is not None
        poll = select.poll()
        poll.register(child.stdout, select.POLLIN)
        if poll.poll(_READY_SECONDS * 1000) and child.stdout.readline() == b"ready\n":
            os.set_blocking(child.stdout.fileno(), False)
            return True
        self.close()
        return False

    def stopping(self, who: Identity) -> bool:
        """Call before a SIGSTOP. False: no switch can be had, so do not stop it."""
        line = f"stop {who.pid} {who.start} {time.monotonic() + self._seconds:.6f}\n"
        if not self._tell(line):
            return False
        self._listed[who] = line
        return True

    def blocked(self, who: Identity) -> None:
        """The client is refused now: at the deadline it is ended, not continued."""
        line = f"blocked {who.pid} {who.start}\n"
        if who in self._listed:
            self._listed[who] += line
            self._tell(line)

    def done(self, who: Identity) -> None:
        """Ended or continued by us."""
        if self._listed.pop(who, None) is not None and self.pid:
            self._write(f"done {who.pid} {who.start}\n")

    def _tell(self, line: str) -> bool:
        return (bool(self.pid) or self.open()) and (self._write(line) or (self.open() and self._write(line)))

    def _write(self, line: str) -> bool:
        if self._child is None or self._child.stdin is None:
            return False
        try:
            self._child.stdin.write(line.encode())
        except OSError:
            self.close()
            return False
        return True

    def fileno(self) -> int:
        """Readable when the child had to act; -1 when none runs."""
        return self._child.stdout.fileno() if self._child and self._child.stdout else -1

    def acted(self) -> tuple[tuple[str, int], ...]:
        """What the child had to do since the last call: ("ended" | "continued" | "gone", pid). Never waits."""
        if self._child is None or self._child.stdout is None:
            return ()
        self._heard += self._child.stdout.read(_READ_SIZE) or b""
        *lines, self._heard = self._heard.split(b"\n")
        words = [line.decode(errors="replace").split() for line in lines]
        answers = tuple((word[0], int(word[1])) for word in words if len(word) == 2)
        for _, pid in answers:
            self._listed = {who: line for who, line in self._listed.items() if who.pid != pid}
        return answers

    def close(self) -> None:
        """End the child; it settles what is still listed, as when we die."""
        if self._child is None:
            return
        child, self._child = self._child, None
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()
        try:
            child.wait(2.0)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
