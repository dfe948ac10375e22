"""Carrying errands out: keep, begin, do, keep the outcome, tell.

Comes in: orders that the link has checked. Goes out: reports of each. Rules, one test each:

1. An errand is safe on the disk before the link hears that it came. The same one again is not done again: its outcome
   is told again, or nothing while it is under way.
2. One that was found on the disk at a start, not begun, and is past its time is refused; one that was begun goes on,
   whatever the time. What waits behind another in its lane has come in time.
3. Freeze, thaw and raise wait for no other errand; sweep, look, baseline, gather and flows for each other only; judge
   and restore too, and watch lists.
4. An agent that only watches puts nothing in place; everything else it does.
5. Killed in the middle of it, it is begun again, and what it had told before is void.
6. An outcome is kept before it is told: after a crash it is told, and not done again.
7. One that fails is refused with a code, in an unforeseen way as well, and the next one is done all the same.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from garde.agent.errands.base import LANES, Code, Errand, ErrandRefused, Job, Lane
from garde.agent.errands.wire import Said
from garde.agent.orders.book import Book, Stage
from garde.agent.orders.reports import Reports
from garde.clock import Clock
from garde.errors import GardeError
from garde.journal import wire
from garde.journal.forensic_kinds import FORENSIC_OUTCOMES
from garde.journal.hub_kinds import OrderRefused
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import RECOVERY_OUTCOMES
from garde.journal.sharing_kinds import SHARING_OUTCOMES
from garde.journal.text import plain
from garde.model.order import Order, Verb

SAY_EVERY = 0.5  # seconds between two words on how far it is
NICE = 10  # of the lanes that take minutes and hours, and of every program that they start
_WORDS_MOST = 500  # characters of a reason
_OUTCOMES = RECOVERY_OUTCOMES | FORENSIC_OUTCOMES | SHARING_OUTCOMES | {"order_refused"}

Say = Callable[[Said], None]


@dataclass(slots=True)
class Executor:
    """`take` from the worker's thread; one thread a lane does the work."""

    table: Mapping[Verb, Errand]
    book: Book
    reports: Reports
    say: Say
    clock: Clock
    observing: bool
    _lanes: dict[Lane, queue.SimpleQueue[tuple[Order, bool] | None]] = field(
        default_factory=lambda: {lane: queue.SimpleQueue() for lane in Lane}
    )
    _standing: dict[str, Said] = field(default_factory=dict)  # errands without an outcome, and how they stand
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def threads(self) -> list[threading.Thread]:
        """Return the threads, not started yet."""
        return [threading.Thread(target=self._work, args=(lane,), name=f"errands {lane}", daemon=True) for lane in Lane]

    def end(self) -> None:
        """Let each lane end after what it is doing; what waits is done at the next start."""
        for lane in self._lanes.values():
            lane.put(None)

    def standing(self) -> list[Said]:
        """Return how every errand without an outcome stands."""
        with self._lock:
            return list(self._standing.values())

    # --- in -----------------------------------------------------------------------------------------------------------

    def take(self, seq: int, order: Order) -> None:
        """Keep an errand; returns once it is safe (rule 1)."""
        known = self.book.accept(seq, order)
        if known is None:
            self._queue(order, found=False)
        elif known is Stage.DONE:
            for kind, payload in self.book.outcomes(order.command):
                self.reports.again(kind, payload)

    def resume(self) -> None:
        """Take up what a process before this one left."""
        for order, stage in self.book.unfinished():
            if stage is Stage.ENDED:
                self._tell_kept(order)
            else:
                self._queue(order, found=True)

    def _queue(self, order: Order, *, found: bool) -> None:
        self._stand(order, "waiting")
        self._lanes[LANES.get(order.verb, Lane.NOW)].put((order, found))

    # --- doing --------------------------------------------------------------------------------------------------------

    def _work(self, lane: Lane) -> None:
        if lane is not Lane.NOW:
            own = threading.get_native_id()  # of this thread alone, and never above what the agent was given
            os.setpriority(os.PRIO_PROCESS, own, max(NICE, os.getpriority(os.PRIO_PROCESS, own)))
        while (next_one := self._lanes[lane].get()) is not None:
            order, found = next_one
            began = self.book.stage_of(order.command) is Stage.BEGUN
            outcome = self._guarded(order, found=found, again=began)
            self._finish(order, outcome)

    def _guarded(self, order: Order, *, found: bool, again: bool) -> list[Payload]:
        """Do it, and return its outcome; what goes wrong is an outcome as well (rule 7)."""
        try:
            self._check(order, found and not again)
            return self._do(order, again)
        except ErrandRefused as error:
            code, reason = error.code, error.reason
        except GardeError as error:
            code, reason = error.code, error.message
        except Exception as error:
            code, reason = Code.FAILED, f"{type(error).__name__}: {error}"
        return [OrderRefused(order.command, order.cut, str(code), plain(reason)[:_WORDS_MOST])]

    def _check(self, order: Order, left: bool) -> None:
        if left and self.clock.now() > order.expires:
            raise ErrandRefused(Code.EXPIRED, "its time was over before it could be begun")
        if self.observing and order.verb is Verb.RESTORE and order.where == "place":
            raise ErrandRefused(Code.OBSERVING, "this agent only watches: it puts nothing in place")
        if order.verb not in self.table:
            raise ErrandRefused(Code.UNKNOWN_VERB, f"{order.verb} is not done here")

    def _do(self, order: Order, again: bool) -> list[Payload]:
        self.book.begin(order.command)
        self._stand(order, "working")
        outcome: list[Payload] = []
        for payload in self.table[order.verb](Job(order, self._progress_of(order), again)):
            if NAMES[type(payload)] in _OUTCOMES:
                outcome.append(payload)
            else:
                self.book.told(order.command, NAMES[type(payload)], self.reports(payload))
        if not outcome:
            raise ErrandRefused(Code.FAILED, "it ended without saying what became of it")
        return outcome

    def _progress_of(self, order: Order) -> Callable[[int, int], None]:
        said = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal said
            now = time.monotonic()
            if now - said >= SAY_EVERY:
                said = now
                self._stand(order, "working", done, total)

        return progress

    # --- telling ------------------------------------------------------------------------------------------------------

    def _finish(self, order: Order, outcome: list[Payload]) -> None:
        """Keep the last words, tell them, and note that they were told (rule 6)."""
        self.book.ended(order.command, [(NAMES[type(payload)], wire.encode(payload)) for payload in outcome])
        for payload in outcome:
            self.reports(payload)
        self._over(order)

    def _tell_kept(self, order: Order) -> None:
        for kind, payload in self.book.outcomes(order.command):
            if kind in _OUTCOMES:
                self.reports(wire.decode(kind, payload))
        self._over(order)

    def _over(self, order: Order) -> None:
        self.book.stage(order.command, Stage.DONE)
        with self._lock:
            self._standing.pop(order.command, None)

    def _stand(self, order: Order, state: str, done: int = 0, total: int = 0) -> None:
        said = Said(order.command, order.verb.value, state, "", done, total, order.store, order.point)
        with self._lock:
            self._standing[order.command] = said
        self.say(said)
