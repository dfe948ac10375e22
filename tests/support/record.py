"""The record that is back: a real MLLP receiver (python-hl7's own), and what it was told.

It answers AA, or what a test says for a kind of message; it can fall silent or go away after it has taken a message.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import hl7
from hl7.mllp import start_hl7_server

Answer = Callable[[Any], str]  # a message -> AA, AE, AR; "" says nothing; "cut" goes away


class Record:
    """One receiver, in a thread of its own."""

    def __init__(self, answer: Answer = lambda message: "AA") -> None:
        self.answer, self.taken = answer, list[str]()
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Record:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def kinds(self) -> list[str]:
        return [str(hl7.parse(each)["MSH"][0][9]) for each in self.taken]

    def controls(self) -> list[str]:
        return [str(hl7.parse(each)["MSH"][0][10]) for each in self.taken]

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        server = await start_hl7_server(self._talk, host="127.0.0.1", port=0, encoding="utf-8", limit=1 << 26)
        self.port = int(server.sockets[0].getsockname()[1])
        self._up.set()
        await self._end.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _talk(self, reader: Any, writer: Any) -> None:
        try:
            while True:
                message = await reader.readmessage()
                self.taken.append(str(message))
                code = self.answer(message)
                if code == "cut":
                    break
                if code:
                    writer.writemessage(message.create_ack(code))
                    await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        writer.close()
