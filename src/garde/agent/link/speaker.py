"""The thread that speaks: reports at once where it matters, in batches else, and a heartbeat every five seconds.

Comes in: the outbox, and word that something is new in it. Goes out: reports and heartbeats to the hub. One connection
serves both. Where the hub does not answer it tries again, quickly at first; the outbox keeps everything meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from garde.agent.link.backoff import Backoff
from garde.agent.link.channel import Channel, HubRefusedError
from garde.agent.link.outbox import Leased, Outbox
from garde.agent.link.status import Status
from garde.clock import Clock

HEARTBEAT = 5.0  # seconds
LINGER = 0.25  # seconds that what is not urgent waits for company
ANSWER_SECONDS = 5.0
REFUSED_WAIT = 10.0  # seconds after a hub that knows us no more
URGENT_AGAIN = 0.5  # seconds that a verdict waits at most for a hub that did not answer


class _Upto(msgspec.Struct):
    upto: int


@dataclass(slots=True)
class Speaker:
    """`run` in a thread; everything else from any thread."""

    reports: Channel
    beats: Channel
    outbox: Outbox
    status: Status
    clock: Clock
    beat: Callable[[], dict[str, Any]]  # what a heartbeat says
    noted: Callable[[Any], None] = lambda checkpoint: None  # what the hub says in return: its journal's checkpoint
    patience: Backoff = field(default_factory=Backoff)
    _change: threading.Condition = field(default_factory=threading.Condition)
    _send_at: float | None = None  # monotonic: when what waits is sent
    _beat_at: float = 0.0
    _not_before: float = 0.0  # after a failure
    _wanted: int = 0  # contacts asked for …
    _reached: int = 0  # … and made, each over a new connection
    _ending_by: float | None = None

    def new(self, *, urgent: bool) -> None:
        """There is something new in the outbox."""
        with self._change:
            now = self.clock.monotonic()
            due = now + (0.0 if urgent else LINGER)
            if urgent:
                self._not_before = min(self._not_before, now + URGENT_AGAIN)
            if self._send_at is None or due < self._send_at:
                self._send_at = due
            self._change.notify_all()

    def beat_now(self) -> None:
        """Send a heartbeat at once: the mode has changed."""
        with self._change:
            self._beat_at = self._not_before = 0.0
            self._change.notify_all()

    def contact(self, seconds: float) -> bool:
        """Reach the hub over a new connection; False where it was not heard within so many seconds."""
        with self._change:
            self._wanted += 1
            wanted = self._wanted
            self._beat_at = self._not_before = 0.0
            self._change.notify_all()
            return self._change.wait_for(lambda: self._reached >= wanted, seconds)

    def end(self, seconds: float) -> None:
        """Send what waits and a last heartbeat, for so many seconds at most; then `run` returns."""
        with self._change:
            self._ending_by = self.clock.monotonic() + seconds
            self._beat_at = self._not_before = 0.0
            self._change.notify_all()

    def run(self) -> None:
        """Speak until the end."""
        if self.outbox.waiting:
            self.new(urgent=True)
        try:
            self._speak()
        finally:
            self.beats.connection.hang_up()

    def _speak(self) -> None:
        while True:
            self._wait()
            if self._over():
                return
            try:
                self._turn()
            except HubRefusedError as error:
                self._failed(str(error), REFUSED_WAIT)
            except (OSError, ValueError) as error:  # ValueError: an answer that is none
                self._failed(str(error), self.patience.next())
            if self._ending_by is not None and (self._not_before or not self.outbox.waiting):
                return

    # --- one turn -------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        with self._change:
            while self._ending_by is None:
                now = self.clock.monotonic()
                if self._wanted != self._reached and now >= self._not_before:
                    return
                due = max(
                    min(self._beat_at, self._beat_at if self._send_at is None else self._send_at), self._not_before
                )
                if due <= now:
                    return
                self._change.wait(due - now)

    def _over(self) -> bool:
        return self._ending_by is not None and self.clock.monotonic() >= self._ending_by

    def _turn(self) -> None:
        wanted = self._wanted
        if wanted != self._reached:
            self.beats.connection.hang_up()  # an old connection says nothing of a new cut
        if not self.outbox.settled:
            self._settle()
        self._report()  # first of all: a heartbeat can wait
        if wanted != self._reached or self.clock.monotonic() >= self._beat_at or self._ending_by is not None:
            self._heartbeat()
        with self._change:
            self._not_before = 0.0
            self._reached = wanted
            self._change.notify_all()
        self.patience.good()
        self.status.waiting(self.outbox.waiting, self.outbox.in_memory)

    def _settle(self) -> None:
        self.outbox.settle(self._ask_report([]))

    def _report(self) -> None:
        """Send what waits, batch by batch; between two of them a heartbeat that is due goes out."""
        with self._change:
            due = self._send_at is not None and self.clock.monotonic() >= self._send_at
            if not due and self._ending_by is None:
                return
            self._send_at = None
        while leased := self.outbox.lease():
            if not self.outbox.settled:
                self._settle()
                continue
            upto = self._ask_report(leased)
            self.outbox.delivered(leased, upto)
            if self.outbox.settled and upto < leased[0].seq:  # told by numbers: meanwhile more came to wait
                raise ConnectionError("the hub did not take a report")
            if self.clock.monotonic() >= self._beat_at:
                self._heartbeat()
            if self._over():
                break

    def _ask_report(self, leased: list[Leased]) -> int:
        try:
            answer = self.reports.ask(_body(leased), self._patience_of_one())
        except BaseException:
            self.new(urgent=True)
            raise
        return msgspec.json.decode(answer, type=_Upto).upto

    def _heartbeat(self) -> None:
        with self._change:
            self._beat_at = self.clock.monotonic() + HEARTBEAT  # before it: what changes meanwhile asks for another
        try:
            answer = self.beats.ask(msgspec.json.encode(self.beat()), self._patience_of_one())
        except BaseException:
            self._beat_at = 0.0
            raise
        self.outbox.to_disk()
        self.noted(msgspec.json.decode(answer, type=dict[str, Any]).get("checkpoint"))

    def _patience_of_one(self) -> float:
        if self._ending_by is None:
            return ANSWER_SECONDS
        return max(0.05, min(ANSWER_SECONDS, self._ending_by - self.clock.monotonic()))

    def _failed(self, why: str, wait: float) -> None:
        self.status.failed(why)
        self.status.waiting(self.outbox.waiting, self.outbox.in_memory)
        with self._change:
            self._not_before = self.clock.monotonic() + wait


def _body(leased: list[Leased]) -> bytes:
    """A report. The payloads are JSON already and go in as they are."""
    entries = [
        {"seq": each.seq, "at": each.item.at, "kind": each.item.kind, "payload": msgspec.Raw(each.item.payload)}
        for each in leased
    ]
    return msgspec.json.encode({"entries": entries})
