"""Appending without waiting: what holds an attacker must never stand behind a disk.

Comes in: payloads, from any thread. Goes out: the same, in order, in the journal, written by one thread in batches.
Where the journal cannot be written (full disk) entries wait and are tried again; beyond `ROOM` the newest are dropped
and counted, never the oldest: the first entries of an incident are worth most. It does not read.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from garde.clock import Clock, SystemClock
from garde.errors import GardeError
from garde.journal.kinds import ErrorSeen
from garde.journal.payload import Payload
from garde.journal.store import Journal
from garde.journal.text import Text

ROOM = 20_000  # payloads that wait at most, about 40 MB
_BATCH = 500  # in one transaction
_AGAIN_S = 1.0  # between two tries on a disk that refuses


class BackgroundJournal:
    """A queue before a `Journal`. `put` returns at once; `flush` waits until all is written."""

    def __init__(
        self, journal: Journal, *, clock: Clock | None = None, on_error: Callable[[str], None] = lambda message: None
    ) -> None:
        self._journal, self._clock, self._on_error = journal, clock or SystemClock(), on_error
        self._waiting: deque[tuple[Payload, float | None]] = deque()
        self._change = threading.Condition()
        self._busy = self._ending = False
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, payload: Payload, at: float | None = None) -> None:
        """Take one payload, stamped with the time of this call."""
        moment = self._clock.now() if at is None else at
        with self._change:
            if len(self._waiting) >= ROOM:
                self._dropped += 1
                return
            self._waiting.append((payload, moment))
            self._change.notify_all()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything taken so far is written; False where it was not in time."""
        with self._change:
            return self._change.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def close(self, timeout: float = 1.5) -> bool:
        """Write what waits and end; False where something was left (the disk refused)."""
        with self._change:
            self._ending = True
            self._change.notify_all()
        self._thread.join(timeout)
        whole = not self._thread.is_alive() and not self._waiting
        self._journal.close()
        return whole

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: bool(self._waiting) or self._ending)
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                self._busy = bool(batch)
            if not batch:
                return
            written = self._write(batch)
            with self._change:
                self._busy = False
                if not written:
                    self._waiting.extendleft(reversed(batch))
                    if self._ending:
                        return
                    self._change.wait_for(lambda: self._ending, _AGAIN_S)
                self._change.notify_all()

    def _write(self, batch: list[tuple[Payload, float | None]]) -> bool:
        dropped = self._dropped
        try:
            self._journal.append_all(batch + _loss(dropped))
        except (OSError, GardeError) as error:
            self._on_error(str(error))
            return False
        with self._change:
            self._dropped -= dropped
        return True


def _loss(dropped: int) -> list[tuple[Payload, float | None]]:
    if not dropped:
        return []
    words = f"{dropped} entries could not be kept while the journal could not be written"
    return [(ErrorSeen("journal", Text(words)), None)]
