"""From connections to the disk: many senders, one writer, one commit for whatever has come meanwhile.

Comes in: what was heard. Goes out: whether it is safe; then, in between, the census. No message's acknowledgement waits
for that message to be understood; but where the census is `_BEHIND` messages behind, the next commit waits until it has
caught up: a flood is slowed to what can be read, and the census stays fresh. Where the disk takes no more, the answer
is AR and the sender keeps the message.

The commit is made in the loop itself: it takes less than handing it to a thread and back (two changes of the
interpreter's owner for each message), and whatever arrives meanwhile waits in the sockets and goes into the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from garde.desk.keeper import Keeper
from garde.downtime.store.messages import Heard, Stored

_AT_ONCE = 20  # messages read before the connections get their turn again: a few milliseconds
_BATCH = 512  # messages in one commit
_BEHIND = 500  # messages: a fifth of a second of reading
_Waiting = tuple[list[Heard], "asyncio.Future[bool]"]


class Intake:
    """The one writer."""

    def __init__(self, keeper: Keeper, complain: Callable[[str], None]) -> None:
        self._keeper, self._complain = keeper, complain
        self._waiting: deque[_Waiting] = deque()
        self._unread: deque[Stored] = deque()
        self._come, self._read = asyncio.Event(), asyncio.Event()
        self.full = False

    async def keep(self, heard: list[Heard]) -> bool:
        """Return True once all of it is on the disk, False where it could not be stored."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((heard, done))
        self._come.set()
        return await done

    async def write(self) -> None:
        """Store what comes, for ever."""
        while True:
            await self._come.wait()
            while len(self._unread) > _BEHIND:
                await asyncio.sleep(0)  # `read` goes on meanwhile
            batch: list[_Waiting] = []
            size = 0
            while self._waiting and size < _BATCH:
                batch.append(self._waiting.popleft())
                size += len(batch[-1][0])
            if not self._waiting:
                self._come.clear()
            self._store(batch)
            await asyncio.sleep(0)

    def _store(self, batch: list[_Waiting]) -> None:
        try:
            self._unread.extend(self._keeper.store.append([each for heard, _ in batch for each in heard]))
        except OSError as error:
            if not self.full:
                self._complain(f"messages cannot be stored: {error}")
            self.full = True
        else:
            self.full = False
        for _, done in batch:
            if not done.done():  # its connection may have gone
                done.set_result(not self.full)
        self._read.set()

    async def read(self) -> None:
        """Read what was stored into the census, for ever."""
        while True:
            await self._read.wait()
            for _ in range(min(_AT_ONCE, len(self._unread))):
                self._keeper.take(self._unread.popleft())
            if not self._unread:
                self._read.clear()
                self.keep_reasons()
            await asyncio.sleep(0)

    def keep_reasons(self) -> None:
        """Write down what was not understood, where there is any; a full disk does not matter here."""
        try:
            if self._keeper.has_reasons:
                self._keeper.keep_reasons()
        except Exception as error:
            self._complain(f"what was not understood cannot be kept: {error}")
