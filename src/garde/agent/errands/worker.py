"""The errands' worker from the inside: every part of it, assembled in one function.

Comes in: a state directory, sockets to core and link. Goes out: an exit code, once the core has gone.

    link ──> executor ──> lanes: now │ short │ long ──> reports ──> link's outbox, journal
    core ──> freezer  ──> reports                          └──> core: how they stand

The main thread listens and keeps; it never does an errand itself.
"""

from __future__ import annotations

import os
import queue
import selectors
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from garde.agent.errands import gate, stores, wire
from garde.agent.errands.base import Code, Errand, ErrandRefused, Job
from garde.agent.errands.executor import Executor
from garde.agent.errands.flows import flows
from garde.agent.errands.freezer import Freezer
from garde.agent.errands.judge import judge
from garde.agent.errands.place import Place
from garde.agent.errands.restore import restore
from garde.agent.errands.watch_for import WatchFor
from garde.agent.errands.words import words_of
from garde.agent.link import enrolled
from garde.agent.link.outbox import Item
from garde.agent.orders.book import ERRANDS_FILE, Book
from garde.agent.orders.reports import Reports
from garde.errors import GardeError
from garde.journal.kinds import ErrorSeen
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import WatchRaised
from garde.journal.text import Text
from garde.model.order import Verb
from garde.recovery.points.base import Store

LOOK_EVERY = 5.0  # seconds between two looks at stores.toml: one stat
RAISE_SECONDS = 10.0  # for the core to say that it watches so: it turns twice a second at least


class _LinkBox:
    """The way to the hub: the link's outbox takes it, or the link finds it in the journal."""

    def __init__(self, end: socket.socket | None) -> None:
        self._end = end

    def put(self, items: Sequence[Item], *, always: bool = False) -> int:
        if self._end is None:
            return 0
        told = (wire.Told(item.at, item.kind, msgspec.Raw(item.payload)) for item in items)
        return sum(wire.send(self._end, each) for each in told)


class Worker:
    """Assembled; `run` returns when the core has gone."""

    def __init__(self, place: Place, core: socket.socket, link: socket.socket | None) -> None:
        self._core, self._link = core, link
        self._place = place
        self._facts: wire.Facts | None = None
        self._offset: float | None = None
        self._raising: dict[str, queue.SimpleQueue[float]] = {}
        self._holds: queue.SimpleQueue[wire.Held] = queue.SimpleQueue()
        state, clock = place.state, place.clock
        self._reports = Reports(_LinkBox(link), lambda: None, state, clock, self._tell, words=words_of)
        self._known = stores.Known(state, clock, self._reports)
        self._baselines = gate.Baselines(state, clock, self._reports, self._is_quiet)
        self._freezer = Freezer(state, self._stores, self._reports, self._say, clock)
        self._watch_for = WatchFor(place, self._to_link, lambda asked: wire.send(core, asked), self._reports)
        self._executor = Executor(
            table=self._table(),
            book=Book(state / ERRANDS_FILE),
            reports=self._reports,
            say=self._say,
            clock=clock,
            observing=place.observing,
        )

    def _table(self) -> Mapping[Verb, Errand]:
        state, clock = self._place.state, self._place.clock
        return {
            Verb.FREEZE: self._freezer.freeze,
            Verb.THAW: self._freezer.thaw,
            Verb.RAISE: self._raise,
            Verb.LOOK: gate.look,
            Verb.SWEEP: lambda job: gate.sweep(job, state, clock, gate.Known(self._facts, self._offset)),
            Verb.BASELINE: self._baselines.errand,
            Verb.GATHER: self._gather,
            Verb.WATCH_FOR: self._watch_for.errand,
            Verb.JUDGE: lambda job: judge(job, state, clock),
            Verb.FLOWS: lambda job: flows(job, state, clock, self._offset or 0.0),
            Verb.RESTORE: lambda job: restore(job, state, clock, self._changed),
        }

    def run(self) -> int:
        """Work until the core has gone."""
        self._executor.resume()
        self._watch_for.resume()
        threads = [
            threading.Thread(target=self._freeze, name="holds", daemon=True),
            threading.Thread(target=self._watch_for.search, name="looking back", daemon=True),
            *self._executor.threads(),
        ]
        for thread in threads:
            thread.start()
        self._known.begin()
        for said in self._standing():
            self._say(said)
        with selectors.DefaultSelector() as select:
            select.register(self._core, selectors.EVENT_READ, self._hear_core)
            if self._link is not None:
                select.register(self._link, selectors.EVENT_READ, self._hear_link)
            while True:
                for key, _ in select.select(LOOK_EVERY):
                    if not key.data():
                        select.unregister(key.fileobj)
                        if key.fileobj is self._core:
                            return 0
                self._known.look()
                self._baselines.look()

    # --- what comes in ------------------------------------------------------------------------------------------------

    def _hear_core(self) -> bool:
        for message in wire.receive(self._core, wire.TO_ERRANDS):
            match message:
                case None:
                    return False
                case wire.Held():
                    self._holds.put(message)
                case wire.Facts():
                    self._facts = message
                case wire.Watching():
                    waiting = self._raising.get(message.command)
                    if waiting is not None:
                        waiting.put(message.until)
                case wire.Sharpened():
                    self._watch_for.sharpened(message)
        return True

    def _hear_link(self) -> bool:
        assert self._link is not None
        for message in wire.receive(self._link, wire.TO_ERRANDS):
            match message:
                case None:
                    return False
                case wire.Asked():
                    self._offset = message.offset if message.offset is not None else self._offset
                    self._executor.take(message.seq, message.order)
                    wire.send(self._link, wire.Kept(message.order.command))
                case wire.Got():
                    self._watch_for.got(message)
        return True

    # --- threads and errands of the worker itself ---------------------------------------------------------------------

    def _freeze(self) -> None:
        """The thread that answers confirmed holds: nothing else may keep it waiting."""
        while True:
            held = self._holds.get()
            try:
                self._freezer.held(held)
            except (GardeError, OSError) as error:
                self._reports(ErrorSeen("STORES", Text(f"retention could not be frozen: {error}")))

    def _raise(self, job: Job) -> Iterator[Payload]:
        """Let the core watch with raised sensitivity; done when the core says that it does."""
        order = job.order
        if not self._place.guards:
            raise ErrandRefused(Code.UNAVAILABLE, "this agent guards no folder: there is nothing that could watch")
        waiting = self._raising.setdefault(order.command, queue.SimpleQueue())
        try:
            wire.send(self._core, wire.Raise(order.command, order.until))
            until = waiting.get(timeout=RAISE_SECONDS)
        except queue.Empty:
            raise ErrandRefused(Code.FAILED, "the watch did not answer") from None
        finally:
            del self._raising[order.command]
        yield WatchRaised(order.command, max(until, 0.0))

    def _gather(self, job: Job) -> Iterator[Payload]:
        from garde.agent.errands.gather import gather

        state = self._place.state
        machine = enrolled.load(state).machine if enrolled.is_enrolled(state) else os.uname().nodename
        return gather(job, state, machine, self._place.clock, self._offset)

    def _is_quiet(self) -> bool:
        """Nobody was ever held here, and the core has made its first pass."""
        return self._facts is not None and not self._freezer.was_needed

    def _to_link(self, wanted: wire.Want) -> bool:
        return self._link is not None and wire.send(self._link, wanted)

    # --- what goes out ------------------------------------------------------------------------------------------------

    def _stores(self) -> Sequence[Store]:
        return stores.open_all(self._place.state, self._place.clock)

    def _standing(self) -> list[wire.Said]:
        try:
            return [*self._freezer.standing(), *self._executor.standing()]
        except (GardeError, OSError):
            return self._executor.standing()  # `Known` has said why

    def _changed(self, place: bytes) -> None:
        wire.send(self._core, wire.Changed(place))

    def _say(self, said: wire.Said) -> None:
        wire.send(self._core, said)

    def _tell(self, words: dict[str, Any]) -> None:
        if words:
            self._say(wire.Said(**words))


def run(place: Place, core: socket.socket, link: socket.socket | None) -> int:
    """Run the worker in this process; returns its exit code."""
    signal.signal(
        signal.SIGTERM, lambda *_: os._exit(0)
    )  # everything under way bears it, and goes on at the next start
    for end in (core, link):
        if end is not None:
            os.set_blocking(end.fileno(), False)
    return Worker(place, core, link).run()
