"""Simulated agents: real envelopes over real TLS, three kept connections each, as `garde agent` has them.

Comes in: where the hub is, its CA, a number of agents. Goes out: heartbeats every five seconds, long polls, reports
at a rate; how long each report took to be acknowledged, and what the hub acknowledged. It shares the hub's envelopes
and nothing else of its code.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec

from garde.journal import kinds, wire
from garde.journal.text import Text
from garde.trust.ca import HUB_NAME
from garde.trust.envelope import HUB, open_sealed, seal
from garde.trust.keys import PublicKey, SigningKey

BEAT_S = 5.0
POLL_S = 25.0
TTL_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the hub is."""

    host: str
    port: int
    tls: ssl.SSLContext
    key: PublicKey | None = None


class Connection:
    """One kept connection."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, headers: str = "") -> tuple[int, bytes]:
        """Send one request; return status and body. Where the hub had closed a kept connection it dials again, once."""
        return await self._ask("POST", path, body, headers)

    async def get(self, path: str, headers: str = "") -> tuple[int, bytes]:
        """Ask for something; as `post`."""
        return await self._ask("GET", path, b"", headers)

    async def _ask(self, method: str, path: str, body: bytes, headers: str) -> tuple[int, bytes]:
        kept = self._streams is not None
        try:
            return await self._once(method, path, body, headers)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not kept:
                raise
        return await self._once(method, path, body, headers)

    async def _once(self, method: str, path: str, body: bytes, headers: str) -> tuple[int, bytes]:
        reader, writer = await self._open()
        head = f"{method} {path} HTTP/1.1\r\nHost: {HUB_NAME}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next(int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length"))
        return int(lines[0].split()[1]), await reader.readexactly(length)

    async def lines(self, path: str, headers: str) -> Any:
        """Ask for a stream and yield its lines."""
        reader, writer = await self._open()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HUB_NAME}\r\n{headers}\r\n".encode())
        await writer.drain()
        while line := await reader.readline():
            yield line

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self._place.host, self._place.port, ssl=self._place.tls, server_hostname=HUB_NAME
            )
        return self._streams

    def close(self) -> None:
        """Hang up."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].transport.abort()


@dataclass
class Agent:
    """One simulated agent."""

    place: Place
    machine: str
    key: SigningKey
    seq: dict[str, int] = field(default_factory=lambda: {"report": 0, "heartbeat": 0, "poll": 0})
    reported: int = 0  # number of the last entry that was sent
    acknowledged: int = 0

    def __post_init__(self) -> None:
        self.connections = {kind: Connection(self.place) for kind in self.seq}
        self.busy = asyncio.Lock()  # one report at a time, as the reporter's one thread

    async def say(self, kind: str, body: Any) -> dict[str, Any]:
        """Send one envelope; return what the answer holds, checked."""
        self.seq[kind] += 1
        now = time.time()
        raw = seal(
            self.key, sender=self.machine, recipient=HUB, seq=self.seq[kind], kind=kind, body=msgspec.json.encode(body),
            now=now, ttl=TTL_S,
        )  # fmt: skip
        status, answer = await self.connections[kind].post(f"/agent/{kind}", raw)
        if status != 200:
            raise RuntimeError(f"{kind}: {status} {answer[:200]!r}")
        opened = open_sealed(answer, key_of=lambda name: self.place.key, recipient=self.machine, now=time.time())
        found: dict[str, Any] = msgspec.json.decode(opened.body)
        return found

    async def beat(self) -> None:
        """Heartbeats, for ever."""
        await asyncio.sleep(random.random() * BEAT_S)
        while True:
            coverage = {"files": 5000, "judgeable": 5000, "restorable": 4990}
            await self.say(
                "heartbeat", {"asked": "enforce", "mode": "enforce", "coverage": coverage, "clock": time.time()}
            )
            await asyncio.sleep(BEAT_S)

    async def poll(self) -> None:
        """Long polls, for ever."""
        await asyncio.sleep(random.random() * BEAT_S)
        while True:
            await self.say("poll", {"after": 0, "wait": POLL_S})

    async def report(self, mark: str) -> float:
        """Send one finding whose path carries the mark; return the seconds until it was acknowledged."""
        async with self.busy:
            self.reported += 1
            payload = wire.encode(finding(mark))
            entry = {"seq": self.reported, "at": time.time(), "kind": "finding_made", "payload": msgspec.Raw(payload)}
            began = time.perf_counter()
            answer = await self.say("report", {"entries": [entry]})
            self.acknowledged = answer["upto"]
            return time.perf_counter() - began

    def close(self) -> None:
        """Hang up."""
        for connection in self.connections.values():
            connection.close()


def finding(mark: str) -> kinds.FindingMade:
    """Return a finding of the usual size."""
    path = f"/srv/shares/common/ward 3/2026/{mark}.docx"
    actor = kinds.ActorNote(
        "process", 4711, Text("soffice.bin"), Text("/usr/lib/libreoffice/program/soffice.bin"), Text("jdoe")
    )
    file = kinds.FileDamage(
        Text(path), Text(path), time.time(), ("random_change",), "zip.docx", "unknown", 40_000,
        detail=Text("38,912 changed bytes are uniformly random"),
    )  # fmt: skip
    return kinds.FindingMade(file, actor)
