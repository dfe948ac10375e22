"""From connections to the disk: many senders, one writer, one commit for whatever has come meanwhile.

Comes in: what was heard. Goes out: whether it is safe; then, in the background, the census. An acknowledgement never
waits for anything to be understood. Where the disk takes no more, the answer is AR and the sender keeps the message.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from garde.desk.keeper import Keeper
from garde.downtime.store.messages import Heard, Stored

_AT_ONCE = 50  # messages read before the connections get their turn again
_BATCH = 512  # messages in one commit


class Intake:
    """The one writer."""

    def __init__(self, keeper: Keeper, complain: Callable[[str], None]) -> None:
        self._keeper, self._complain = keeper, complain
        self._waiting: deque[tuple[list[Heard], asyncio.Future[bool]]] = deque()
        self._unread: deque[Stored] = deque()
        self._come, self._read = asyncio.Event(), asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "garde-desk-store")
        self.full = False

    async def keep(self, heard: list[Heard]) -> bool:
        """Return True once all of it is on the disk, False where it could not be stored."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((heard, done))
        self._come.set()
        return await done

    async def write(self) -> None:
        """Store what comes, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await self._come.wait()
            batch: list[tuple[list[Heard], asyncio.Future[bool]]] = []
            while self._waiting and sum(len(heard) for heard, _ in batch) < _BATCH:
                batch.append(self._waiting.popleft())
            if not self._waiting:
                self._come.clear()
            if batch:
                await self._store(loop, batch)

    async def _store(
        self, loop: asyncio.AbstractEventLoop, batch: list[tuple[list[Heard], asyncio.Future[bool]]]
    ) -> None:
        heard = [each for part, _ in batch for each in part]
        try:
            stored = await loop.run_in_executor(self._thread, self._keeper.store.append, heard)
        except OSError as error:
            if not self.full:
                self._complain(f"messages cannot be stored: {error}")
            self.full = True
            stored = []
        else:
            self.full = False
        for _, done in batch:
            if not done.done():
                done.set_result(not self.full)
        self._unread.extend(stored)
        self._read.set()

    async def read(self) -> None:
        """Read what was stored into the census, for ever."""
        while True:
            await self._read.wait()
            for _ in range(min(_AT_ONCE, len(self._unread))):
                self._keeper.take(self._unread.popleft())
            if not self._unread:
                self._read.clear()
                if self._keeper.has_reasons:
                    await self.keep_reasons()
            await asyncio.sleep(0)

    async def keep_reasons(self) -> None:
        """Write down what was not understood, in the writer's thread; a full disk does not matter here."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._keeper.keep_reasons)
        except Exception as error:
            self._complain(f"what was not understood cannot be kept: {error}")

    def close(self) -> None:
        self._thread.shutdown()
