"""One source in the worker: opened, read, silent, gone, and what is told of it.

Comes in: a source, the time, the book in which its records are kept. Goes out: `flow_source_state` when it begins or
ceases to see. Rules, one test each:

1. A source that opens sees, and says so at each start of the worker: the hub may be a new one.
2. One that can't be opened or read is blind, says so once with the reason, and is tried again every ten seconds.
3. One from which nothing comes for `silence` seconds is blind since its last record, until the next one.
4. One that the settings name no more has ended.
5. Blindness is told once for one reason, however often it is found again.
"""

from __future__ import annotations

from collections.abc import Callable

from garde.agent.flows import track
from garde.clock import Clock
from garde.forensics.egress.base import Source, SourceFault
from garde.forensics.egress.config import SourceSettings
from garde.forensics.egress.nouns import Batch, Inside
from garde.forensics.egress.store import Book
from garde.forensics.egress.table import make
from garde.journal.forensic_kinds import Blind, FlowSourceState
from garde.journal.text import plain

AGAIN_S = 10.0  # seconds before a source that can't be opened is tried again
_WORDS_MOST = 300
Tell = Callable[[FlowSourceState], object]


class Keeping:
    """One source; `turn` from the worker's only thread."""

    def __init__(self, settings: SourceSettings, inside: Inside, book: Book, clock: Clock, tell: Tell) -> None:
        self.settings, self._book, self._clock, self._tell = settings, book, clock, tell
        self.source: Source = make(settings, inside, clock)
        self.is_open = False
        self._again_at = 0.0
        self._told = ("", "")  # state, detail
        self._heard_at = clock.now()
        self._silent_until = 0.0

    def fileno(self) -> int:
        return self.source.fileno()

    def turn(self) -> None:
        """Open it where that is due, take what has come, look whether it has fallen silent."""
        now = self._clock.now()
        if not self.is_open and self._clock.monotonic() >= self._again_at:
            self._open(now)
        if self.is_open:
            self._read(now)

    def close(self) -> None:
        self.source.close()
        self.is_open = False

    def ended(self) -> None:
        """The settings name it no more (rule 4)."""
        self.close()
        self._say("ended", "")

    def _open(self, now: float) -> None:
        known = self._book.seen.get(self.settings.id)
        memo = known.memo if known is not None and known.sort == self.settings.sort else b""
        try:
            if self.settings.sort == "conntrack" and self.settings.track:
                track.track()
            self.source.open(memo)
        except (SourceFault, OSError) as fault:
            self._fail(str(fault))
            return
        self._book.begin(self.settings.id, self.settings.sort, now, remembers=self.source.remembers)
        self.is_open, self._heard_at, self._silent_until = True, now, 0.0
        self._say("sees", "")

    def _read(self, now: float) -> None:
        try:
            batch = self.source.read()
        except SourceFault as fault:
            self.source.close()
            self.is_open = False
            self._fail(str(fault))
            return
        if batch:
            self._book.take(self.settings.id, batch, now, remembers=self.source.remembers)
        if batch.records:
            self._heard_at, self._silent_until = now, 0.0
            self._say("sees", "")
        elif self.settings.silence and now - self._heard_at > self.settings.silence:
            self._silent(now)

    def _silent(self, now: float) -> None:
        """Rule 3."""
        gap = Batch(blind=[Blind(self._silent_until or self._heard_at, now, "down")])
        self._book.take(self.settings.id, gap, now, remembers=self.source.remembers)
        self._silent_until = now
        self._say("blind", f"nothing came for {self.settings.silence:.0f} s")

    def _fail(self, why: str) -> None:
        self._again_at = self._clock.monotonic() + AGAIN_S
        self._say("blind", plain(why)[:_WORDS_MOST])

    def _say(self, state: str, detail: str) -> None:
        if self._told == (state, detail):
            return
        self._told = (state, detail)
        now = self._clock.now()
        since = self._heard_at if state == "blind" and self.is_open else now
        seen = self._book.seen.get(self.settings.id)
        if seen is not None:
            seen.state, seen.since, seen.detail = state, since, detail
        named = self.settings
        self._tell(FlowSourceState(named.id, named.sort, state, named.covers, since, detail))
