"""Live events: every new entry, pushed to whoever listens.

Comes in: entries from the loop, in the thread that wrote them. Goes out: server-sent events, made once and handed to
every listener's queue in the event loop's thread. A listener that falls behind is let go: it comes back with the
number of the last entry it has (`Last-Event-ID`), and reads the rest from the journal; nothing is skipped and nothing
comes twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from garde.hub.loop import Loop
from garde.hub.present import encoded, entry_data
from garde.journal.entry import Entry

ROOM = 1_000  # entries that wait for one listener
BEAT_S = 15.0  # a comment, so that a connection that is dead shows, and proxies keep one that is not
LISTENERS = 200  # at once: screens and tools of one hospital
PAGE = 1_000  # entries read at once for a listener that has fallen behind

Event = tuple[int, bytes]  # seq, the whole event as it is sent


class Events:
    """Make it in the event loop's thread; `stream` for each listener; `close` ends all of them."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._here = asyncio.get_running_loop()
        self._queues: set[asyncio.Queue[Event | None]] = set()
        self._stop = loop.listen(self._hear)

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._queues)

    def close(self) -> None:
        """Let every listener go."""
        self._stop()
        for queue in tuple(self._queues):
            self._let_go(queue)

    async def stream(self, after: int | None = None, *, bare: bool = False) -> AsyncIterator[bytes]:
        """Yield events from the entry behind `after` on; None: from now on. `bare`: their kinds only."""
        async with contextlib.aclosing(self._stream(after)) as events:
            async for event in events:
                yield without_data(event) if bare else event

    async def _stream(self, after: int | None) -> AsyncGenerator[bytes]:
        queue: asyncio.Queue[Event | None] = asyncio.Queue(ROOM + 1)
        self._queues.add(queue)  # first: what is written from here on waits there
        told = self._loop.seq
        last = told if after is None else after
        try:
            yield b"retry: 1000\n: the journal, live\n\n"
            while last < told and (events := await asyncio.to_thread(self._older, last)):
                for seq, event in events:
                    last = seq
                    yield event
            while True:
                try:
                    async with asyncio.timeout(BEAT_S):
                        found = await queue.get()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if found is None:
                    return
                if found[0] > last:
                    last = found[0]
                    yield found[1]
        finally:
            self._queues.discard(queue)

    def _older(self, after: int) -> list[Event]:
        found = []
        for entry in self._loop.journal.entries(after=after):
            found.append(event_of(entry))
            if len(found) == PAGE:
                break
        return found

    def _hear(self, entries: Sequence[Entry]) -> None:
        if not self._queues:
            return
        events = [event_of(entry) for entry in entries]
        try:
            self._here.call_soon_threadsafe(self._deliver, events)
        except RuntimeError:  # the event loop has ended
            self._stop()

    def _deliver(self, events: list[Event]) -> None:
        for queue in tuple(self._queues):
            if queue.qsize() + len(events) > ROOM:
                self._let_go(queue)
                continue
            for event in events:
                queue.put_nowait(event)

    def _let_go(self, queue: asyncio.Queue[Event | None]) -> None:
        self._queues.discard(queue)
        queue.put_nowait(None)  # there is one place more than ROOM


def without_data(event: bytes) -> bytes:
    """Return an event with its number and kind, and nothing of what the entry says."""
    head, found, _ = event.partition(b"\ndata: ")
    return head + b"\ndata: {}\n\n" if found else event


def event_of(entry: Entry) -> Event:
    """Return an entry as it is sent: its number, and one event with its kind as the name."""
    head = f"id: {entry.seq}\nevent: {entry.kind}\ndata: ".encode()
    return entry.seq, head + encoded(entry_data(entry)) + b"\n\n"
