"""MLLP connections: any number of senders, each answered in its own order.

Comes in: connections. Goes out: what was heard, to the intake; an acknowledgement for each frame, after it is stored.
A passive second subscriber: it asks for nothing, and never sends a message of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from garde.clock import Clock
from garde.downtime.hl7.ack import Answer, acknowledge, assess
from garde.downtime.mllp import Broken, Deframer, Frame, Noise, Piece, TooLong, frame
from garde.downtime.store.messages import Form, Heard

_CHUNK = 1 << 16
_SETTLE_S = 2.0  # a frame without its last CR is taken after this much silence


class Keeps(Protocol):
    """What the listener needs of an intake."""

    async def keep(self, heard: list[Heard]) -> bool: ...


class Listener:
    """All connections."""

    def __init__(self, intake: Keeps, clock: Clock, longest: int, complain: Callable[[str], None]) -> None:
        self._intake, self._clock, self._longest, self._complain = intake, clock, longest, complain
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listen; returns the server."""
        return await asyncio.start_server(self._connected, host, port, limit=_CHUNK)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, TimeoutError):
            pass  # whoever has no acknowledgement sends again
        except asyncio.CancelledError:
            pass  # the desk is ending; asyncio would log it as a fault of ours
        finally:
            self._open.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = Deframer(self._longest)
        while True:
            try:
                data = await asyncio.wait_for(reader.read(_CHUNK), _SETTLE_S if stream.unsettled else None)
            except TimeoutError:
                await self._answer(stream.settle(), writer)
                continue
            if not data:
                break
            await self._answer(stream.feed(data), writer)
        await self._answer(stream.close(), writer)

    async def _answer(self, pieces: list[Piece], writer: asyncio.StreamWriter) -> None:
        if not pieces:
            return
        now = self._clock.now()
        answers = [assess(piece.data) if isinstance(piece, Frame) else Answer.REJECTED for piece in pieces]
        met = zip(pieces, answers, strict=True)
        heard = [each for piece, answer in met if (each := _heard(piece, answer, now)) is not None]
        safe = await self._intake.keep(heard) if heard else True
        at = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d%H%M%S+0000")
        for piece, answer in zip(pieces, answers, strict=True):
            if (line := _answer_to(piece, answer if safe else Answer.REJECTED, at)) is not None:
                writer.write(line)
        await writer.drain()

    async def end(self) -> None:
        """Close every connection."""
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


def _heard(piece: Piece, answer: Answer, now: float) -> Heard | None:
    match piece:
        case Frame(data):
            return Heard(data, now, Form.HL7, answer.value)
        case Broken(data):
            return Heard(data, now, Form.BROKEN)
        case Noise(data):
            return Heard(data, now, Form.NOISE)
    return None


def _answer_to(piece: Piece, answer: Answer, at: str) -> bytes | None:
    """Return the acknowledgement; none for what is no whole frame: its sender sends it again."""
    match piece:
        case Frame(data):
            words = {Answer.ERROR: "stored, but no header can be read", Answer.REJECTED: "cannot be stored now"}
            return frame(acknowledge(data, answer, words.get(answer, ""), at))
        case TooLong(head, size):
            return frame(acknowledge(head, Answer.REJECTED, f"{size} bytes are more than is taken", at))
    return None
