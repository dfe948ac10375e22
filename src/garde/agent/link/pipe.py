"""The core's end of the link, and the link's end of the core: a socket that drops rather than blocks.

Comes in: payloads from the core's voice, on their way to the journal. Goes out: the same to the link's process, as one
datagram each, at once; back come a few words of the link for people (`hub`, `order`). Where the socket is full the
payload is counted and left out: the link reads the journal and finds it there. It is sent *before* it is queued for
the journal, so that whoever has read the journal up to an entry has seen its datagram, or it was dropped.

For the core a payload costs one encoding and one system call, some ten microseconds, and nothing while it is calm.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from garde.agent.link.outbox import Item
from garde.clock import Clock, SystemClock
from garde.journal import wire
from garde.journal.kinds import NAMES, REPORTABLE
from garde.journal.payload import Payload

_BUFFER = 1024 * 1024  # bytes: some thousand findings
LONGEST = 128 * 1024  # bytes of one datagram; what is longer is read from the journal
_SPLIT = b"\0"


class Put(Protocol):
    """Takes a payload and when it happened (None: now), as the journal's queue does."""

    def __call__(self, payload: Payload, at: float | None = None) -> None: ...


def pair() -> tuple[socket.socket, socket.socket]:
    """Return (the core's end, the link's end). Datagrams keep their order, and an end of file says that one is gone."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    for end in ends:
        end.setblocking(False)
        for option in (getattr(socket, "SO_SNDBUFFORCE", 32), socket.SO_SNDBUF):
            try:
                end.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
                break
            except OSError:
                continue  # a plain user gets what the system allows
    return ends


BLAMED = "blamed"  # of what the link tells: clients that are refused here on the hub's order


class Tee:
    """The core's end: put it where the journal's `put` stood. `words` is what the link said last, by kind."""

    def __init__(self, end: socket.socket, put: Put, clock: Clock | None = None) -> None:
        self._end, self._put = end, put
        self._clock = clock or SystemClock()
        self.lost = 0  # datagrams left out: read from the journal by the link
        self.gone = False
        self.words: dict[str, dict[str, Any]] = {}

    def put(self, payload: Payload, at: float | None = None) -> None:
        """Send it to the link if it can be sent now, and give it to the journal in any case."""
        moment = self._clock.now() if at is None else at
        kind = NAMES.get(type(payload), "")
        if not self.gone and kind in REPORTABLE:
            self._send(encode(Item(moment, kind, wire.encode(payload))))
        self._put(payload, moment)

    def fileno(self) -> int:
        return self._end.fileno()

    def hear(self) -> list[dict[str, Any]]:
        """Return what the link has said since; never blocks. Sets `gone` at its end."""
        heard: list[dict[str, Any]] = []
        while not self.gone:
            try:
                raw = self._end.recv(LONGEST)
            except BlockingIOError:
                break
            except OSError:
                raw = b""
            if not raw:
                self.gone = True
                break
            said = msgspec.json.decode(raw, type=dict[str, Any])
            self.words[str(said.get("kind"))] = said
            heard.append(said)
        return heard

    def close(self) -> None:
        self._end.close()
        self.gone = True

    def _send(self, raw: bytes) -> None:
        if len(raw) > LONGEST:
            self.lost += 1
            return
        try:
            self._end.send(raw)
        except (BlockingIOError, InterruptedError):
            self.lost += 1
        except OSError:
            self.lost += 1
            self.gone = True


def receive(end: socket.socket, most: int = 1000) -> tuple[list[Item], bool]:
    """Return what the core has sent since, and whether it is still there; never blocks."""
    items: list[Item] = []
    for raw in datagrams(end):
        if raw is None:
            return items, False
        items.append(decode(raw))
        if len(items) >= most:
            break
    return items, True


def datagrams(end: socket.socket) -> Iterator[bytes | None]:
    """Yield what has come, and None at the end, once the other side is gone; never blocks."""
    reset = False
    while True:
        try:
            raw = end.recv(LONGEST)
        except BlockingIOError:
            return
        except ConnectionResetError:
            # It went with words of ours unread: the kernel says that first, and what it had sent lies behind it.
            if not reset:
                reset = True
                continue
            raw = b""
        except OSError:
            raw = b""
        yield raw or None
        if not raw:
            return


def tell(end: socket.socket, words: dict[str, Any]) -> None:
    """Say something to the core; a core that does not listen is not waited for."""
    try:
        end.send(msgspec.json.encode(words))
    except OSError:
        pass


def encode(item: Item) -> bytes:
    return repr(item.at).encode() + _SPLIT + item.kind.encode() + _SPLIT + item.payload


def decode(raw: bytes) -> Item:
    at, kind, payload = raw.split(_SPLIT, 2)
    return Item(float(at), kind.decode(), payload)
