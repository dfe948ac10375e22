"""The conntrack source: what every connection has carried, told while it lasts and when it ends.

Comes in: the kernel's events and its table. Goes out: batches. Rules, one test each:

1. A connection is told every quarter of a minute by what it has carried since, and at its end by the rest.
2. What was carried before the first start is told as well, at its true time where the kernel knows it.
3. After a restart a connection goes on from where it was told; one that this process never saw is told whole.
4. Events that the kernel could not deliver are blindness from the reading before to this one.
5. Connections without counters (opened before accounting was switched on) are blindness until they are gone.
6. Behind a port that is forwarded, the machine inside is who answers; behind a masquerade it is who asked.
"""

from __future__ import annotations

import errno
import socket
import time
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path
from typing import ClassVar, Final

import msgspec
import xxhash

from garde.clock import Clock
from garde.forensics.egress.base import SourceFault, read_memo
from garde.forensics.egress.config import SourceSettings
from garde.forensics.egress.conntrack import netlink
from garde.forensics.egress.conntrack.netlink import Entry
from garde.forensics.egress.nouns import Batch, Flow, Inside, place
from garde.journal.forensic_kinds import Blind

LOOK_EVERY: Final = 0.75  # of the delay that the settings allow: seconds between two looks at the whole table
AT_ONCE: Final = 500  # datagrams of one reading
REMEMBERED: Final = 400  # connections in the memo, the largest
ACCOUNTING: Final = Path("/proc/sys/net/netfilter/nf_conntrack_acct")


@dataclass(slots=True)
class _Live:
    """A connection that is open, and what was told of it."""

    began: float
    at: float  # told up to then
    sent: int = 0
    back: int = 0
    told: bool = False


class _Memo(msgspec.Struct, array_like=True):
    at: float
    connections: dict[int, tuple[float, int, int]]  # hash of its key -> began, told


class Conntrack:
    """See `garde.forensics.egress.base.Source`."""

    sort: ClassVar[str] = "conntrack"
    remembers: ClassVar[bool] = False

    def __init__(self, settings: SourceSettings, inside: Inside, clock: Clock) -> None:
        self._settings, self._inside, self._clock = settings, inside, clock
        self._heard: socket.socket | None = None
        self._every = max(1.0, LOOK_EVERY * settings.delay)
        self._live: dict[bytes, _Live] = {}
        self._memo = _Memo(0.0, {})
        self._read_at = 0.0
        self._look_at = 0.0
        self._uncounted = 0
        self._ahead = 0.0  # seconds that the clock is before the machine's

    def open(self, memo: bytes) -> None:
        try:
            counting = ACCOUNTING.read_text(encoding="ascii").strip() == "1"
        except OSError as error:
            raise SourceFault(f"{ACCOUNTING}: {error.strerror}: this kernel tracks no connections") from error
        if not counting:
            raise SourceFault(f"{ACCOUNTING} is 0: the kernel does not count bytes")
        try:
            self._heard = netlink.listen()
        except OSError as error:
            raise SourceFault(f"conntrack: {error.strerror}") from error
        self._memo = read_memo(memo, _Memo) or _Memo(0.0, {})
        self._live.clear()
        self._read_at, self._look_at = self._clock.now(), 0.0

    def fileno(self) -> int:
        return self._heard.fileno() if self._heard is not None else -1

    def close(self) -> None:
        if self._heard is not None:
            self._heard.close()
            self._heard = None

    def memo(self) -> bytes:
        """The largest connections, and what was told of them (rule 3)."""
        largest = nlargest(REMEMBERED, self._live.items(), key=lambda each: each[1].sent + each[1].back)
        known = {_mark(key): (live.began, live.sent, live.back) for key, live in largest}
        return msgspec.msgpack.encode(_Memo(self._clock.now(), known))

    def read(self) -> Batch:
        if self._heard is None:
            raise SourceFault("it is not open")
        batch, now = Batch(), self._clock.now()
        self._ahead = now - time.time()  # at once: measured after the dump, a busy machine would make all of it older
        try:
            found, lost = netlink.read(self._heard, AT_ONCE)
            for entry in found:
                self._take(entry, now, batch)
            if lost:
                batch.blind.append(Blind(self._read_at, now, "overflow"))
            if lost or self._clock.monotonic() >= self._look_at:
                self._look(now, batch)
        except OSError as error:
            if error.errno == errno.EINTR:
                return batch  # the table changed under the dump: the next one
            raise SourceFault(f"conntrack: {error.strerror}") from error
        self._read_at = now
        return batch

    def _look(self, now: float, batch: Batch) -> None:
        """Go through the whole table (rule 1); what is not in it any more ended unheard."""
        self._look_at = self._clock.monotonic() + self._every
        table = netlink.dump()
        for entry in table:
            self._take(entry, now, batch, open_one=True)
        there = {entry.key for entry in table}
        for key in [key for key in self._live if key not in there]:
            if self._live[key].at < now - 2 * self._every:
                del self._live[key]
        uncounted = sum(1 for entry in table if not entry.counted)
        if uncounted:
            batch.blind.append(Blind(self._read_at, now, "late", uncounted if uncounted != self._uncounted else 0))
        self._uncounted = uncounted

    def _take(self, entry: Entry, now: float, batch: Batch, *, open_one: bool = False) -> None:
        """Take one event, or one line of the table."""
        live = self._live.get(entry.key)
        if entry.event == netlink.DESTROY:
            self._tell(entry, live or self._met(entry, now), now, batch)
            self._live.pop(entry.key, None)
            return
        if live is None:
            live = self._live[entry.key] = self._met(entry, now)
        elif entry.began and not live.told:  # the table knows better when it began than the event, which came later
            live.began = live.at = self._local(entry.began, now)
        if open_one:
            self._tell(entry, live, now, batch)

    def _met(self, entry: Entry, now: float) -> _Live:
        """A connection that this process meets for the first time (rules 2 and 3)."""
        began = self._local(entry.began, now) if entry.began else now
        known = self._memo.connections.pop(_mark(entry.key), None)
        if known is not None:
            return _Live(known[0], self._memo.at, known[1], known[2], told=True)
        if self._memo.at and entry.began and began < self._memo.at:
            return _Live(began, now, entry.sent, entry.back, told=True)  # a small one that was told before
        return _Live(began, began)

    def _local(self, kernel: float, now: float) -> float:
        """The kernel's time by the clock that was handed in: the lab's is ahead of the machine's."""
        return min(kernel + self._ahead, now)

    def _tell(self, entry: Entry, live: _Live, now: float, batch: Batch) -> None:
        sent, back = max(0, entry.sent - live.sent), max(0, entry.back - live.back)
        if sent or back or not live.told:
            flow = self._flow(entry, live, (sent, back), now)
            if flow is not None:
                batch.flows.append(flow)
            batch.records += 1
        live.sent, live.back = max(entry.sent, live.sent), max(entry.back, live.back)
        live.at, live.told = now, True

    def _flow(self, entry: Entry, live: _Live, sent: tuple[int, int], now: float) -> Flow | None:
        orig, reply = entry.orig, entry.reply
        source, here = self._inside.packed(orig.source)
        target, _ = self._inside.packed(orig.target if here > 0 else reply.source)  # rule 6
        ports = (orig.source_port, orig.target_port if here > 0 else reply.source_port)
        return place(
            self._inside, source, target, ports=ports, protocol=orig.protocol, sent=sent,
            times=(min(live.at, now), now), opened=not live.told, longest=now - live.began,
        )  # fmt: skip


def _mark(key: bytes) -> int:
    return xxhash.xxh64_intdigest(key) >> 1  # msgpack's integers are signed where they are small enough
