"""A sender as interface engines are: one message, wait for its acknowledgement, the next.

Comes in: messages. Goes out: how each was answered. It believes nothing but an acknowledgement with its own number.
"""

from __future__ import annotations

import re
import socket
from types import TracebackType

VT, END = b"\x0b", b"\x1c\r"
_ACK = re.compile(rb"MSA\|(A[AER])\|([^|\r]*)")


class Sender:
    """One connection."""

    def __init__(self, host: str, port: int, timeout: float = 30.0) -> None:
        self._sock = socket.create_connection((host, port), timeout)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def __enter__(self) -> Sender:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._sock.close()

    def send(self, data: bytes) -> str:
        """Send one message; returns AA, AE or AR. ConnectionError where nobody answers."""
        self.put(data)
        return self.answer()[0]

    def put(self, data: bytes) -> None:
        """Send it, and do not wait."""
        self._sock.sendall(VT + data + END)

    def answer(self) -> tuple[str, str]:
        """Wait for the next acknowledgement: its code and the number that it is for."""
        while END not in self._rest:
            more = self._sock.recv(1 << 16)
            if not more:
                raise ConnectionError("the other side closed the connection")
            self._rest += more
        line, _, self._rest = self._rest.partition(END)
        match = _ACK.search(line)
        if match is None:
            raise ConnectionError("the answer is no acknowledgement")
        return match[1].decode("ascii"), match[2].decode("utf-8", "replace")
