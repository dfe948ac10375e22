"""The record's ear: it takes what comes from the desk once the record is back, and says how often each thing came.

Comes in: connections, MLLP. Goes out: a line in TOOK for each message (its number, its kind, a digest, whether that
number was there before), an acknowledgement, and each new message to whoever the record tells of it. One message is
taken and its connection closed before the acknowledgement: whoever counts "exactly once" by what they sent is found
out. It is the witness: nothing of the desk's is asked.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections import deque

import msgspec

VT, END = b"\x0b", b"\x1c\r"
SILENT_AT = 2  # the message, counted from 1, after which it hangs up without a word


class Took(msgspec.Struct, frozen=True):
    """One message as it came."""

    number: str  # MSH-10
    kind: str  # MSH-9
    sha256: str
    again: bool  # this number was taken before
    data: str  # latin-1: every byte


class RecordEar(threading.Thread):
    """Listens until the program ends."""

    def __init__(self, host: str, port: int, took: str, passed_on: deque[bytes]) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server((host, port))
        self._took = os.open(took, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._passed_on, self._numbers, self._count = passed_on, set[str](), 0

    def run(self) -> None:
        """Answer one connection after the other."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            with connection:
                try:
                    self._talk(connection)
                except OSError:
                    pass  # whoever has no acknowledgement sends again

    def close(self) -> None:
        """Listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.join()
        os.close(self._took)

    def _talk(self, connection: socket.socket) -> None:
        rest = b""
        while data := connection.recv(1 << 16):
            *frames, rest = (rest + data).split(END)
            for frame in frames:
                self._count += 1
                answer = self._take(frame.removeprefix(VT))
                if self._count == SILENT_AT:
                    return
                connection.sendall(VT + answer + END)

    def _take(self, data: bytes) -> bytes:
        fields = data.split(b"\r", 1)[0].split(b"|")
        kind, number = (fields[place].decode("latin-1") if len(fields) > place else "" for place in (8, 9))
        again = number in self._numbers
        self._numbers.add(number)
        line = Took(number, kind, hashlib.sha256(data).hexdigest(), again, data.decode("latin-1"))
        os.write(self._took, msgspec.json.encode(line) + b"\n")
        if not again:
            self._passed_on.append(as_ours(data, len(self._numbers)))
        header = b"MSH|^~\\&|RECORD|CLINIC|GARDE|CLINIC|||ACK|R%d|P|2.5" % self._count
        return b"\r".join([header, b"MSA|AA|" + number.encode("latin-1"), b""])


def as_ours(data: bytes, number: int) -> bytes:
    """Return a message as the record tells it to its subscribers: from itself, under a number of its own."""
    head, _, rest = data.partition(b"\r")
    fields = head.split(b"|")
    if len(fields) < 10:
        return data
    fields[2], fields[9] = b"RECORD", b"E%d" % number
    return b"|".join(fields) + b"\r" + rest
