"""The thread that listens: a long poll for orders.

Comes in: signed orders. Goes out: each of them to whoever checks and carries them out; the next poll says up to where
they are safe on the disk. It believes nothing of an order itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from garde.agent.link.backoff import Backoff
from garde.agent.link.channel import Channel, HubRefusedError
from garde.agent.link.speaker import REFUSED_WAIT
from garde.agent.link.status import Status
from garde.clock import Clock

WAIT = 25.0  # seconds that the hub may hold a poll
ANSWER_SECONDS = 10.0  # on top of it
IDLE_LEAST = 0.05  # seconds between two polls that brought nothing: a hub that does not wait is not hammered


class _Orders(msgspec.Struct):
    orders: list[str]


@dataclass(slots=True)
class Poller:
    """`run` in a thread; everything else from any thread."""

    channel: Channel
    seen: Callable[[], int]  # the number of the last order that is safe on the disk
    take: Callable[[bytes], None]  # one envelope; returns once it is safe on the disk, or refused
    status: Status
    clock: Clock
    patience: Backoff = field(default_factory=Backoff)
    _wake: threading.Event = field(default_factory=threading.Event)
    _ended: bool = False
    _began: float = 0.0  # monotonic, of the poll under way

    def run(self) -> None:
        """Poll until ended."""
        while not self._ended:
            try:
                self._poll()
                self.patience.good()
            except HubRefusedError as error:
                self._failed(str(error), REFUSED_WAIT)
            except (OSError, ValueError) as error:
                self._failed(str(error), self.patience.next())
        self.channel.connection.hang_up()

    def redial(self, lost_at: float) -> None:
        """The hub is there again: end a wait, and a poll that began before it was lost."""
        if self._began <= lost_at:
            self.channel.connection.interrupt()
        self._wake.set()

    def end(self) -> None:
        self._ended = True
        self._wake.set()
        self.channel.connection.interrupt(for_good=True)

    def _poll(self) -> None:
        self._began = self.clock.monotonic()
        question = msgspec.json.encode({"after": self.seen(), "wait": WAIT})
        orders = msgspec.json.decode(self.channel.ask(question, WAIT + ANSWER_SECONDS), type=_Orders).orders
        for raw in orders:
            self.take(raw.encode())
        if not orders and self.clock.monotonic() - self._began < IDLE_LEAST:
            self._sleep(IDLE_LEAST)

    def _failed(self, why: str, wait: float) -> None:
        if not self._ended:
            self.status.failed(why)
            self._sleep(wait)

    def _sleep(self, seconds: float) -> None:
        self._wake.wait(seconds)
        if not self._ended:
            self._wake.clear()
