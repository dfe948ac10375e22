"""The attackers' processes: one leader in a session of its own, and its workers.

Comes in: an `Order` on standard input, and descriptors inherited from the drill. Goes out: the order carried out,
stamped on the board. Run as `python -m garde.lab.attackers.crew` by the drill only.

The leader loads everything, gives up root for the mode's own uid, forks the workers and waits. Each worker stands
ready, waits for the start, takes tickets until there are none, and then stays, as ransomware that goes on to spread
does: a hold that comes late is still seen. Everybody watches the lifeline, a pipe whose other end the drill holds:
when the drill is gone, so are they. The drill ends them itself; they have no clean-up to do.
"""

from __future__ import annotations

import os
import select
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import msgspec

from garde.lab.attackers.base import Attack, Station
from garde.lab.attackers.board import DEALT, FAILED, FINISHED, STARTED, Board, Tickets
from garde.lab.attackers.ground import Ground
from garde.lab.attackers.table import MODES

READY_LOOK_S = 0.001  # how often a worker looks whether the start was given


class Order(msgspec.Struct, frozen=True):
    """What the drill asks for. The numbers named …_fd are inherited descriptors."""

    mode: str
    names: list[bytes]
    sizes: list[int]
    workers: int
    interval: float  # seconds between two tickets of the whole crew; 0: unpaced
    uid: int | None
    scratch: str
    ground_fd: int
    board_fd: int
    tickets_fd: int
    log_fd: int
    lifeline_fd: int


class Worker:
    """One process of the crew."""

    def __init__(self, order: Order, number: int) -> None:
        self.order = order
        self.number = number
        self.mode = MODES[order.mode]
        self.ground = Ground(order.ground_fd, order.names, order.sizes)
        self.board = Board(order.board_fd, len(order.names))
        self.tickets = Tickets(order.tickets_fd)

    def run(self) -> None:
        """Prepare, wait for the start, attack what is dealt, stay."""
        attack = self.mode.make()
        attack.begin(Station(self.number, self.order.workers, self.order.log_fd, Path(self.order.scratch)))
        self.board.sign_in(self.number, os.getpid())
        while not self.board.go:
            self._rest(READY_LOOK_S)
        while (ticket := self.tickets.take()) is not None:
            self._rest(self.board.go + ticket * self.order.interval - time.monotonic())
            self._attack(attack, ticket)
        while True:
            self._rest(3600)

    def _attack(self, attack: Attack, number: int) -> None:
        self._mark(number, DEALT)
        if not self.mode.logged:
            self._mark(number, STARTED)
        try:
            attack.hit(self.ground.target(number))
        except OSError:
            self._mark(number, FAILED)
        if not self.mode.logged:
            self._mark(number, FINISHED)

    def _mark(self, number: int, stamp: int) -> None:
        self.board.mark(number, stamp, time.monotonic())

    def _rest(self, seconds: float) -> None:
        """Sleep, but end when the lifeline does."""
        if select.select([self.order.lifeline_fd], [], [], max(0.0, seconds))[0]:
            os._exit(0)


def _give_up_root(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _fork(work: Callable[[], None]) -> None:
    if os.fork():
        return
    try:
        work()
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def lead(order: Order) -> NoReturn:
    """Start the workers and stay until the lifeline ends."""
    if order.uid is not None:
        _give_up_root(order.uid)
    os.fchdir(order.ground_fd)
    for number in range(order.workers):
        _fork(Worker(order, number).run)
    while not select.select([order.lifeline_fd], [], [], 0.5)[0]:
        _reap()
    os._exit(0)


def _reap() -> None:
    """Reap workers that somebody killed; one that failed by itself ends the whole crew."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if os.WIFEXITED(ended[1]) and os.WEXITSTATUS(ended[1]):
                os._exit(1)


if __name__ == "__main__":
    lead(msgspec.json.decode(sys.stdin.buffer.read(), type=Order))
