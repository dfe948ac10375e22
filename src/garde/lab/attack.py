"""One attack while it lives: started, looked at from outside, ended.

Comes in: an `Assault` (which mode on which files, how fast). Goes out: `Seen` (when it was held, when it was over, when
the files were whole again) and the attackers' stamps. It decides nothing about what that is worth, and asks no watch.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from garde.errors import Incomplete
from garde.lab.attackers.base import Mode
from garde.lab.attackers.board import DEALT, FAILED, FINISHED, STARTED, Board, Tickets, memory_file
from garde.lab.attackers.crew import Order
from garde.lab.processes import Band
from garde.lab.standstill import Standstill
from garde.lab.witness import Witness

LOOK_S = 0.01  # between two looks at the attackers
READ_S = 0.05  # between two readings of the files
READY_S = 60.0  # for the attackers to stand ready, on a machine with a lot to do
LETTING_GO_S = 1.2  # a watch confirms or lets go within 1 s of a hold
PATIENCE_S = 60.0  # an attack that neither moves nor ends for so long is called over


@dataclass(frozen=True, slots=True)
class Assault:
    """What to attack, and how. `interval` is the seconds between two files of all workers together; 0 is unpaced."""

    mode: Mode
    directory: Path
    witness: Witness
    uid: int | None
    workers: int
    interval: float


@dataclass(slots=True)
class Seen:
    """What the watching of one attack has come to so far; CLOCK_MONOTONIC seconds."""

    held_at: float | None = None
    ended_at: float | None = None  # every file was dealt and done with
    whole_at: float | None = None


class Attack:
    """The attackers of one mode while they live. The stack ends them and lets go of everything, whatever happens."""

    def __init__(self, assault: Assault, show: Callable[[str, int, int], None], stack: ExitStack) -> None:
        self.assault, self._show = assault, show
        self.files = len(assault.witness.documents)
        self.left: list[int] = []
        self._final: tuple[list[float], list[float]] | None = None  # the stamps, once the board is gone
        self._log_read = 0
        self._log_rest = b""
        self._next_reading = 0.0
        self.board = Board.make(self.files)
        stack.callback(self.board.close)
        self.band = self._start(stack)
        stack.callback(self._end)
        self._wait_until_ready()

    def _start(self, stack: ExitStack) -> Band:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="garde-drill-")))
        if self.assault.uid is not None:
            os.chown(scratch, self.assault.uid, self.assault.uid)
        ground = os.open(self.assault.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        tickets = Tickets.make(self.files).descriptor
        self._log = memory_file("garde-drill-log", os.O_APPEND)
        lifeline, ours = os.pipe()
        for descriptor in (ground, tickets, self._log, lifeline, ours):
            stack.callback(os.close, descriptor)
        documents = self.assault.witness.documents
        order = Order(
            mode=self.assault.mode.name,
            names=[document.path for document in documents],
            sizes=[document.size for document in documents],
            workers=self.assault.workers,
            interval=self.assault.interval,
            uid=self.assault.uid,
            scratch=str(scratch),
            ground_fd=ground,
            board_fd=self.board.descriptor,
            tickets_fd=tickets,
            log_fd=self._log,
            lifeline_fd=lifeline,
        )
        return Band(order, (ground, self.board.descriptor, tickets, self._log, lifeline))

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + READY_S
        while not all(self.board.pids(self.assault.workers)):
            if self.band.has_failed or time.monotonic() > until:
                raise Incomplete(
                    f"the attackers of mode {self.assault.mode.name} did not start", "run it again, or another mode"
                )
            time.sleep(LOOK_S)
        self.band.workers = self.board.pids(self.assault.workers)

    def watch(self, wait: float) -> Seen:
        """Give the start, and look until there is nothing more to wait for, `wait` seconds after it at most."""
        seen = Seen()
        self.board.go = time.monotonic() + LOOK_S
        self.standstill = Standstill(self.board.go, self.files, self.assault.interval)
        while not self._is_over(seen, wait):
            time.sleep(LOOK_S)
        return seen

    def _is_over(self, seen: Seen, wait: float) -> bool:
        now = time.monotonic()
        self._look(seen, now)
        since = seen.held_at or seen.ended_at
        if since is None:
            return now - self.standstill.moved_at > PATIENCE_S
        if now < self._next_reading:
            return False
        touched = [number for number, at in enumerate(self.started) if at]
        broken = self.assault.witness.lost(touched)
        # Reading must not take the processor from those who put the files back.
        self._next_reading = now + max(READ_S, 5 * (time.monotonic() - now))
        seen.whole_at = None if broken else seen.whole_at or now
        stage = "held" if seen.held_at else "waiting for the files"
        self._show(stage, len(touched) - len(broken), len(touched))
        # Whole files alone end nothing at once: the hold that came before them may have come after this look at it.
        settled = seen.whole_at is not None and seen.whole_at < now
        sure = seen.held_at is None or now - since >= LETTING_GO_S
        return now - since >= wait or (settled and sure)

    def _look(self, seen: Seen, now: float) -> None:
        self._read_log(now)
        started, finished = sum(map(bool, self.started)), sum(map(bool, self.finished))
        if seen.ended_at is None and finished == self.files:
            seen.ended_at = now
        if self.band.has_failed:
            raise Incomplete(
                f"an attacker of mode {self.assault.mode.name} failed by itself", "report it: no figure is true"
            )
        if self.band.is_stopped():
            seen.held_at = seen.held_at or now
        else:
            seen.held_at = self.standstill.since(now, started, finished, self.band.processor_time)
        if seen.held_at is None:
            self._show("attacking", started, self.files)

    def _read_log(self, now: float) -> None:
        """Carry the shells' own words over to the board: they started when their line was dealt."""
        if not self.assault.mode.logged:
            return
        data = os.pread(self._log, 1 << 20, self._log_read)
        self._log_read += len(data)
        *lines, self._log_rest = (self._log_rest + data).split(b"\n")
        for word, _, number in (line.partition(b" ") for line in lines):
            with suppress(ValueError):
                at = self.board.at(int(number), DEALT)
                self.board.mark(int(number), STARTED if word == b"s" else FINISHED, at if word == b"s" else now)

    @property
    def started(self) -> list[float]:
        return self._final[0] if self._final else self.board.column(STARTED)

    @property
    def finished(self) -> list[float]:
        return self.board.column(FINISHED)

    @property
    def failed(self) -> list[float]:
        return self._final[1] if self._final else self.board.column(FAILED)

    def _end(self) -> None:
        self.left = self.band.end()
        self._read_log(time.monotonic())
        self._final = (self.board.column(STARTED), self.board.column(FAILED))
