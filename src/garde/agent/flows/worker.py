"""The flows' worker from the inside: one thread that reads every source and writes every few seconds.

Comes in: a state directory with `flows.toml`, a pipe whose other end the core holds. Goes out: an exit code, once the
core has gone. A file that can't be read is said, and the sources before go on; a disk that takes nothing is said, and
what is in memory waits for it, until that is too much.
"""

from __future__ import annotations

import os
import selectors
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

from garde.agent.errands.place import Place
from garde.agent.errands.stores import stamp_of
from garde.agent.flows.keeping import Keeping
from garde.agent.orders.reports import Reports
from garde.clock import Clock
from garde.errors import GardeError
from garde.forensics.egress.config import FILE, FlowSettings, read_flows
from garde.forensics.egress.nouns import Inside
from garde.forensics.egress.store import FILE as STORE
from garde.forensics.egress.store import Book, FlowStore
from garde.journal.kinds import ErrorSeen
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.private import make_private

TURN_S = 1.0  # seconds between two looks at what can't be waited for
WRITE_EVERY = 2.0  # seconds of records that a kill may cost: they are said as missing
WRITE_AT = 50_000  # rows in memory that are written at once
PRUNE_EVERY = 3600.0


class Worker:
    """Assembled; `run` returns when the core has gone."""

    def __init__(self, state: Path, clock: Clock, gone: int) -> None:
        self._state, self._clock, self._gone = state, clock, gone
        self._reports = Reports(_Nowhere(), lambda: None, state, clock, lambda words: None, words=lambda _: {})
        self._store = open_store(state)
        self._settings = FlowSettings()
        self._book = Book(self._store, Inside(self._settings.inside))
        self._keeping: list[Keeping] = []
        self._stamp: tuple[int, int] | None = None
        self._write_at = self._prune_at = 0.0
        self._ending = False
        self._full = ""

    def end(self) -> None:
        """Asked to end by a signal."""
        self._ending = True

    def run(self) -> int:
        with selectors.DefaultSelector() as select:
            select.register(self._gone, selectors.EVENT_READ)
            while not self._ending:
                self._settle()
                self._watch(select)
                ready = select.select(TURN_S)
                if any(key.fd == self._gone for key, _ in ready):
                    break
                for each in self._keeping:
                    each.turn()
                self._write_where_due()
        self._close()
        return 0

    def _settle(self) -> None:
        """Take the settings up where the file is another one now."""
        stamp = stamp_of(self._state / FILE)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            settings = read_flows(self._state)
        except GardeError as error:
            self._tell(ErrorSeen("FLOWS", Text(str(error)), f"correct {FILE}"))
            return
        self._begin(settings)

    def _begin(self, settings: FlowSettings) -> None:
        named = {each.id for each in settings.source}
        memos = self._memos()  # before they are closed: where each stopped is written with what it has told
        for each in self._keeping:
            if each.settings.id in named:
                each.close()
            else:
                each.ended()
        self._write(memos)
        self._settings = settings
        inside = Inside(settings.inside)
        self._book = Book(self._store, inside)
        self._keeping = [Keeping(each, inside, self._book, self._clock, self._tell) for each in settings.source]

    def _watch(self, select: selectors.BaseSelector) -> None:
        """Wait for what can be waited for: sources open and close as they please."""
        wanted = {each.fileno() for each in self._keeping if each.is_open} - {-1}
        known = {key.fd for key in select.get_map().values()} - {self._gone}
        for descriptor in known - wanted:
            select.unregister(descriptor)
        for descriptor in wanted - known:
            select.register(descriptor, selectors.EVENT_READ)

    # --- the disk -----------------------------------------------------------------------------------------------------

    def _write_where_due(self) -> None:
        now = self._clock.monotonic()
        if now < self._write_at and len(self._book.tally) < WRITE_AT:
            return
        self._write_at = now + WRITE_EVERY
        self._write()
        if now >= self._prune_at:
            self._prune_at = now + PRUNE_EVERY
            self._guarded(lambda: self._book.prune(self._clock.now(), self._settings.keep_days, self._settings.rows))

    def _write(self, memos: dict[str, bytes] | None = None) -> None:
        where = self._memos() if memos is None else memos
        self._guarded(lambda: self._book.write(self._clock.now(), where))

    def _memos(self) -> dict[str, bytes]:
        return {each.settings.id: each.source.memo() for each in self._keeping if each.is_open}

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do it; a disk that refuses is said once for each reason."""
        try:
            act()
            self._full = ""
        except (sqlite3.Error, OSError) as error:
            if self._full != str(error):
                self._full = str(error)
                self._tell(ErrorSeen("FLOWS", Text(f"flow records can't be written: {error}"), "make room"))

    def _close(self) -> None:
        self._write()
        for each in self._keeping:
            each.close()
        self._store.close()
        self._reports.close()

    def _tell(self, payload: Payload) -> None:
        self._reports(payload)  # into the journal: the link reads it there


class _Nowhere:
    """The link reads the journal."""

    def put(self, items: object, *, always: bool = False) -> int:
        return 0


def open_store(state: Path) -> FlowStore:
    """Open the store; one that is damaged is moved aside, and a new one begins: what was before is blindness."""
    path = state / STORE
    make_private(path)
    try:
        return FlowStore(path)
    except sqlite3.DatabaseError:
        for name in (STORE, f"{STORE}-wal", f"{STORE}-shm"):
            found = state / name
            if found.exists():
                found.rename(state / f"{name}.damaged")
        make_private(path)
        return FlowStore(path)


def run(place: Place, gone: int) -> int:
    """Run the worker in this process; returns its exit code."""
    worker = Worker(place.state, place.clock, gone)
    signal.signal(signal.SIGTERM, lambda *_: worker.end())
    os.set_blocking(gone, False)
    return worker.run()
