"""The hospital that talks, its interface engine, and the record's own ear: one program on the record's server.

Comes in: an `Order` as JSON on the first line of standard input, then one `Ask` a line. Goes out: one JSON object for
each. What happens in the hospital (`garde.lab.ward_traffic`) up to the lab's own time goes to the desk, one message
after the other, each until it is acknowledged; what cannot be delivered waits in the engine's queue. LOG gets one line
for each acknowledged message: the witness's. Wards on paper keep back what their nurses write.

The ear (`RecordEar`) takes what the desk sends to the record, acknowledges it, and passes each new message on to the
engine's subscribers, the desk being one: as a real record does. TOOK gets one line for each that came.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import select
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from garde.clock import Clock, OffsetClock
from garde.lab.night.ear import RecordEar
from garde.lab.ward_traffic.hospital import Given, Hospital, Sent
from garde.lab.ward_traffic.send import Sender

ANSWER_S = 2.0  # for an acknowledgement
AGAIN_S = 0.3  # between two tries to reach the desk
IDLE_S = 0.1
AT_ONCE = 50  # messages between two looks at standard input
_HEAD = re.compile(rb"MSH\|[^|]*\|([^|]*)\|[^|]*\|[^|]*\|[^|]*\|[^|]*\|[^|]*\|([^|]*)\|([^|]*)\|")


class Order(msgspec.Struct, frozen=True):
    """Which hospital, since when, whom it tells, where the witness's lines go."""

    seed: int
    begins: float
    clock: str
    desk: tuple[str, int]
    ear: tuple[str, int]
    log: str
    took: str


class Ask(msgspec.Struct, frozen=True):
    """One question, or thing to do."""

    do: str  # state | paper | stop | truth | written | came
    wards: tuple[str, ...] = ()
    admit: tuple[str, ...] = ()


class State(msgspec.Struct, frozen=True):
    """How the engine stands."""

    acknowledged: int
    waiting: int
    failing: bool


def head(data: bytes) -> tuple[str, str, str]:
    """Sender, kind and number of a message; empty where it has no header."""
    found = _HEAD.match(data)
    sender, kind, number = (part.decode("latin-1") for part in found.groups()) if found else ("", "", "")
    return sender, kind, number


class Engine:
    """One hospital, one subscriber."""

    def __init__(self, order: Order, clock: Clock, passed_on: deque[bytes]) -> None:
        self.order, self._clock, self._passed_on = order, clock, passed_on
        self.hospital = Hospital(order.seed, order.begins)
        self._course: Iterator[Sent] = self.hospital.messages()
        self._next: Sent | None = next(self._course)
        self._queue: deque[bytes] = deque()
        self._sender: Sender | None = None
        self._log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.written: list[Given] = []
        self.acknowledged, self.failing, self._try_at = 0, False, -math.inf
        self._stopped = False

    def step(self) -> bool:
        """Let happen what is due and deliver some of it; returns whether there is more to do at once."""
        self._happen()
        for _ in range(AT_ONCE):
            if not self._queue or not self._deliver(self._queue[0]):
                break
            self._queue.popleft()
        return bool(self._queue) and not self.failing

    def _happen(self) -> None:
        while self._passed_on:
            self._queue.append(self._passed_on.popleft())
        while self._next is not None and (self._stopped or self._next.at <= self._clock.now()):
            due, self._next = self._next, next(self._course, None)
            if due.given is not None and due.given.on_paper:
                self.written.append(due.given)
            else:
                self._queue.append(due.data)

    def stop(self) -> None:
        """Nothing more happens in the hospital: what its books say now is the truth from here on.

        The books are ahead of what is sent, by what has begun to happen: the rest of that is sent now.
        """
        self._stopped = self.hospital.ends = True
        self._happen()

    def _deliver(self, data: bytes) -> bool:
        if self._clock.monotonic() < self._try_at:
            return False
        try:
            if self._sender is None:
                self._sender = Sender(*self.order.desk, timeout=ANSWER_S)
            answer = self._sender.send(data)
        except OSError:
            self._lose()
            return False
        self.failing = answer == "AR"  # not taken: it is to be kept
        if self.failing:
            self._try_at = self._clock.monotonic() + AGAIN_S
            return False
        self.acknowledged += 1
        sender, kind, number = head(data)
        line = {"sender": sender, "kind": kind, "number": number, "answer": answer, "sha256": _sha256(data)}
        os.write(self._log, msgspec.json.encode(line) + b"\n")
        return True

    def close(self) -> None:
        """Hang up."""
        if self._sender is not None:
            self._sender.close()
        self._sender = None
        os.close(self._log)

    def _lose(self) -> None:
        if self._sender is not None:
            self._sender.close()
        self._sender, self.failing, self._try_at = None, True, self._clock.monotonic() + AGAIN_S

    def answer(self, ask: Ask) -> Any:
        """Do what is asked; returns what is to be said, as things are at this moment."""
        self._happen()
        match ask.do:
            case "paper":
                self.hospital.paper = frozenset(ask.wards)
                self.hospital.wanted += ask.admit
            case "stop":
                self.stop()
            case "truth":
                return self.hospital.truth()
            case "written":
                return self.written
            case "came":
                people = self.hospital.people
                return [{"person": people[stay.mrn], "bed": bed, "at": stay.since} for stay, bed in self.hospital.came]
        return State(self.acknowledged, len(self._queue), self.failing)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main() -> None:
    """Run until standard input ends."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    passed_on: deque[bytes] = deque()
    engine = Engine(order, OffsetClock(Path(order.clock)), passed_on)
    ear = RecordEar(*order.ear, order.took, passed_on)
    ear.start()
    print("ready", flush=True)
    more = False
    rest = b""
    while True:
        ready, _, _ = select.select([sys.stdin.fileno()], [], [], 0.0 if more else IDLE_S)
        if ready:
            data = os.read(sys.stdin.fileno(), 1 << 16)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                found = engine.answer(msgspec.json.decode(line, type=Ask))
                print(msgspec.json.encode(found).decode(), flush=True)
        more = engine.step()


if __name__ == "__main__":
    main()
