"""Reading the journal for what did not come by the pipe: after a start, after a burst, after the link itself died.

Comes in: the agent's journal, the outbox. Goes out: what the outbox did not have, put into it. An entry that came by
the pipe as well is known by its digest and told once. Nothing is written to the journal here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from garde.agent.link.outbox import Item, Outbox
from garde.errors import GardeError
from garde.journal import wire
from garde.journal.entry import Entry
from garde.journal.kinds import REPORTABLE
from garde.journal.sqlite import SqliteStore
from garde.journal.store import open_journal

FIRST_HOURS = 24.0  # what an agent says of the time before it was enrolled: a hub may be set up on the day itself
_AT_ONCE = 2_000  # entries of one reading: the pipe is looked at between


class CatchUp:
    """One thread uses it, the one that empties the pipe."""

    def __init__(self, state: Path, outbox: Outbox, enrolled_at: float) -> None:
        self._state = state
        self._outbox = outbox
        self._since = enrolled_at - FIRST_HOURS * 3600
        self._journal: SqliteStore | None = None
        self.behind = True  # there may be entries that nobody has read yet

    def read(self, drain: Callable[[], None]) -> None:
        """Take over what is new. `drain` empties the pipe; it is called between finding the end and reading up to it:
        every entry's datagram was sent before the entry was written."""
        try:
            journal = self._opened()
            head = journal.head().seq
            drain()
            self.behind = not self._take(journal, head)
        except GardeError:  # no journal yet, or a damaged one: the core says so; the pipe still works
            self._journal = None
            self.behind = False

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def _opened(self) -> SqliteStore:
        if self._journal is None:
            self._journal = open_journal(self._state, read_only=True)
        return self._journal

    def _take(self, journal: SqliteStore, head: int) -> bool:
        """Take over what there is room for, up to `head`; True where that was all."""
        known = self._outbox.cursor
        at = 0 if known is None else known
        if at > head:  # another journal: the one before was moved aside
            at = 0
        if at == head and known is not None:
            return True
        room = min(self._outbox.free, _AT_ONCE)
        if not room:
            return False
        items: list[Item] = []
        for entry in journal.entries(after=at, kinds=REPORTABLE):
            if entry.seq > head:
                break
            if len(items) >= room:
                self._outbox.take_over(items, at)
                return False
            if entry.at >= self._since:
                items.append(_item(entry))
            at = entry.seq
        self._outbox.take_over(items, head)
        return True


def _item(entry: Entry) -> Item:
    return Item(entry.at, entry.kind, wire.encode(entry.payload))
