"""Live events: nothing skipped, nothing twice, and nobody waited for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from hub_samples import CHANGED

from garde.clock import VirtualClock
from garde.hub import events as module
from garde.hub.events import Events
from garde.hub.loop import Loop
from garde.journal import SqliteStore
from garde.journal.kinds import ErrorSeen
from garde.journal.text import Text


def started(journal: SqliteStore, clock: VirtualClock) -> Loop:
    loop = Loop(journal, [], [], clock)
    loop.start()
    return loop


async def take(stream: AsyncIterator[bytes], count: int) -> list[int]:
    """Read so many entries and return their numbers."""
    found: list[int] = []
    while len(found) < count:
        found += [
            int(line[4:])
            for line in (await asyncio.wait_for(anext(stream), 5)).decode().split("\n")
            if line[:4] == "id: "
        ]
    return found


def test_an_entry_is_one_event_with_its_number_its_kind_and_its_data(journal: SqliteStore, clock: VirtualClock) -> None:
    loop = started(journal, clock)
    hostile = ErrorSeen("x", Text("line\n\nid: 99\nevent: forged\n\n"))
    (entry,) = loop.append([hostile], who="agent/files-1")
    seq, raw = module.event_of(entry)
    head, kind, data, *rest = raw.decode().split("\n")
    assert (seq, head, kind, rest) == (1, "id: 1", "event: error_seen", ["", ""])
    body = json.loads(data.removeprefix("data: "))
    assert (body["who"], body["payload"]["where"], "\n" in body["payload"]["message"]) == ("agent/files-1", "x", False)


def test_a_listener_hears_what_is_written_from_now_on(journal: SqliteStore, clock: VirtualClock) -> None:
    async def play() -> None:
        loop = started(journal, clock)
        loop.append([CHANGED] * 3)
        events = Events(loop)
        stream = events.stream()
        assert (await anext(stream)).startswith(b"retry:")
        await loop.write([CHANGED] * 2)
        assert await take(stream, 2) == [4, 5]
        await stream.aclose()  # type: ignore[attr-defined]
        assert events.listeners == 0
        events.close()
        loop.close()

    asyncio.run(play())


def test_one_that_comes_back_hears_what_it_missed_and_what_comes_meanwhile_once(
    journal: SqliteStore, clock: VirtualClock
) -> None:
    async def play() -> None:
        loop = started(journal, clock)
        loop.append([CHANGED] * 2500)
        events = Events(loop)
        stream = events.stream(after=10)
        await anext(stream)
        first = await take(stream, 100)
        await loop.write([CHANGED] * 5)  # while it still reads the journal
        rest = await take(stream, 2500 - 110 + 5)
        assert first + rest == list(range(11, 2506))
        events.close()
        assert [part async for part in stream] == []
        loop.close()

    asyncio.run(play())


def test_one_that_falls_behind_is_let_go_and_nobody_waits_for_it(journal: SqliteStore, clock: VirtualClock) -> None:
    async def play() -> None:
        loop = started(journal, clock)
        events = Events(loop)
        slow, quick = events.stream(), events.stream()
        await anext(slow), await anext(quick)
        heard = 0
        for _ in range(3):
            await loop.write([CHANGED] * 400)
            heard += len(await take(quick, 400))
        assert heard == 1200 and events.listeners == 1
        assert len([part async for part in slow]) == 800  # what it had room for, and then the end
        events.close()
        loop.close()

    asyncio.run(play())


def test_an_event_loop_that_has_ended_is_no_fault(journal: SqliteStore, clock: VirtualClock, tmp_path: Path) -> None:
    loop = started(journal, clock)

    async def leave() -> None:
        stream = Events(loop).stream()
        await anext(stream)

    asyncio.run(leave())
    assert len(loop.append([CHANGED])) == 1


def test_who_may_not_read_hears_that_something_was_written_and_not_what(
    journal: SqliteStore, clock: VirtualClock
) -> None:
    async def play() -> None:
        loop = started(journal, clock)
        events = Events(loop)
        stream = events.stream(bare=True)
        assert (await anext(stream)).startswith(b"retry:")
        await loop.write([ErrorSeen("secret", Text("patient Dupont"))])
        assert await asyncio.wait_for(anext(stream), 5) == b"id: 1\nevent: error_seen\ndata: {}\n\n"
        await stream.aclose()  # type: ignore[attr-defined]
        assert events.listeners == 0

    asyncio.run(play())
