"""The one thing of a ward's PC that the network reaches: POST of a parcel, POST for a receipt.

Comes in: HTTP/1.1 connections of anybody. Goes out: for `POST /parcel` whether the pack is kept, for both (`/receipt`
takes no body) a receipt that only the desk can read. Nothing else is answered but with 404. There is no TLS: a parcel
is sealed and signed by itself, a receipt as well, and there is no password to overhear.

Everything has an end: the head in bytes and seconds, the body in bytes and seconds, connections in number; a parcel
whose header names no desk of ours is refused before its body is read. One parcel is looked at at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import h11

from garde.downtime.parcel.envelope import MOST, Code, Header, ParcelRefusedError, header_of
from garde.errors import GardeError

HEAD_MOST: Final = 8 << 10  # bytes
HEAD_S: Final = 10.0
BODY_S: Final = 180.0  # 64 MB over an old switch
AT_ONCE: Final = 8  # connections
IN_HAND: Final = 2 * MOST  # bytes of all bodies together: who knows one good header must not fill the memory with it
PEEK: Final = 2400  # bytes that hold a whole header
_CHUNK: Final = 1 << 16
_STATUS: Final = {
    Code.OVERSIZED: 413, Code.MALFORMED: 400, Code.UNKNOWN_SENDER: 403, Code.FORGED: 403, Code.MISADDRESSED: 403,
    Code.OLDER: 409, Code.UNREADABLE: 400, Code.DIFFERENT: 400,
}  # fmt: skip

Take = Callable[[bytes], Awaitable[bytes]]  # a parcel -> a receipt; raises ParcelRefusedError, OSError, GardeError


@dataclass(frozen=True, slots=True)
class Uses:
    """What the receiver asks of the PC."""

    take: Take
    receipt: Callable[[], Awaitable[bytes]]
    look: Callable[[Header], None]  # raises ParcelRefusedError where it cannot be for here
    complain: Callable[[str], None]


class Receiver:
    """See the module."""

    def __init__(self, uses: Uses) -> None:
        self._uses = uses
        self._one = asyncio.Lock()
        self._in_hand = 0
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listen; OSError where it cannot."""
        return await asyncio.start_server(self._connected, host, port, limit=_CHUNK, backlog=32)

    async def end(self) -> None:
        """Close every connection."""
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MOST)
        if len(self._open) >= AT_ONCE:
            writer.close()
            return
        self._open.add(task)
        try:
            status, body = await self._answer(connection, reader)
            _send(connection, writer, status, body)
            await asyncio.wait_for(writer.drain(), HEAD_S)
            writer.write_eof()
            # What was not read would reset the connection, and the answer with it.
            await asyncio.wait_for(_emptied(reader), HEAD_S)
        except (OSError, TimeoutError, h11.ProtocolError, asyncio.CancelledError):
            pass  # who asks has gone, or speaks no HTTP; cancelled: the program is ending
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer(self, connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        try:
            return await self._served(connection, reader)
        except ParcelRefusedError as error:
            return _STATUS[error.code], str(error).encode()
        except h11.RemoteProtocolError:
            return 400, b"MALFORMED: this is no HTTP"
        except GardeError as error:
            return 503, f"{error.code}: {error.message}".encode()
        except OSError as error:
            self._uses.complain(f"a pack could not be kept: {error}")
            return 507, f"FULL: it cannot be kept: {error.strerror or 'the disk takes nothing'}".encode()

    async def _served(self, connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        asked = await asyncio.wait_for(_next(connection, reader), HEAD_S)
        wanted = asked.target if isinstance(asked, h11.Request) and asked.method == b"POST" else b""
        if wanted == b"/receipt":
            return 200, await self._uses.receipt()
        if wanted != b"/parcel":
            return 404, b"NOT-FOUND: nothing is served here"
        found = bytearray()
        try:
            await asyncio.wait_for(self._body(connection, reader, found), BODY_S)
            async with self._one:
                return 200, await self._uses.take(bytes(found))
        finally:
            self._in_hand -= len(found)

    async def _body(self, connection: h11.Connection, reader: asyncio.StreamReader, found: bytearray) -> None:
        looked = False
        while True:
            event = await _next(connection, reader)
            if isinstance(event, h11.Data):
                found += event.data
                self._in_hand += len(event.data)
            if not looked and (len(found) >= PEEK or isinstance(event, h11.EndOfMessage)):
                self._uses.look(header_of(bytes(found[:PEEK])))
                looked = True
            if len(found) > MOST:
                raise ParcelRefusedError(Code.OVERSIZED, f"more than {MOST >> 20} MB")
            if self._in_hand > IN_HAND:
                raise ParcelRefusedError(Code.OVERSIZED, "too many are being received: send it again")
            if isinstance(event, h11.EndOfMessage):
                return
            if not isinstance(event, h11.Data):
                raise ConnectionError("the sender has gone")


async def _next(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    """Return the next of h11's events."""
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(_CHUNK))
    return event


async def _emptied(reader: asyncio.StreamReader) -> None:
    for _ in range(MOST // _CHUNK):
        if not await reader.read(_CHUNK):
            return


def _send(connection: h11.Connection, writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    kind = b"application/octet-stream" if status == 200 else b"text/plain; charset=utf-8"
    headers = [(b"Content-Type", kind), (b"Content-Length", b"%d" % len(body)), (b"Connection", b"close")]
    for event in (
        h11.Response(status_code=status, headers=headers),
        h11.Data(data=body),
        h11.EndOfMessage(),
    ):
        writer.write(connection.send(event) or b"")
