"""HTTP of whoever serves: uvicorn's, with an end to what a stranger may send before anybody has looked at it.

Comes in: bytes of a connection. Goes out: requests to the application. The parser keeps a request's head in memory
for as long as it grows, and waits for it for ever; here a head has an end in bytes and in seconds, also the second
one on a kept connection. Bodies are bounded by who reads them (`intake.py`, Litestar).
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_MOST = 64 * 1024  # bytes of request line and headers; a browser's are some 2 KB
HEAD_S = 15.0  # from the first moment of the connection, or the first byte of a later request


class BoundedHttp(HttpToolsProtocol):
    """One connection."""

    _in_head = True
    _size = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and self.parser is not None and not self.transport.is_closing():
            self._size += len(data)
            self._watch()
            if self._size > HEAD_MOST:
                self.transport.abort()

    def on_message_begin(self) -> None:
        self._in_head, self._size = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._unwatch()
        super().on_headers_complete()

    def _watch(self) -> None:
        if self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(HEAD_S, self.transport.abort)

    def _unwatch(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
