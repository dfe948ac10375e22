"""The NetFlow and IPFIX source: one UDP socket, the exporters that are believed, what each of them has not delivered.

Comes in: datagrams. Goes out: batches. Nothing in NetFlow says who sent it: datagrams from other addresses than the
exporters' are left aside, and whoever can forge those addresses inside the hospital can forge flows.

An exporter's clock is not believed: a flow ended as long before its datagram came as the exporter says it ended before
the datagram was sent. What is lost in our own socket is missing in the sequence as well: it is told once, as overflow.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from typing import ClassVar, Final

from garde.clock import Clock
from garde.forensics.egress.base import SourceFault
from garde.forensics.egress.config import SourceSettings, endpoint
from garde.forensics.egress.netflow import datagram
from garde.forensics.egress.netflow.datagram import Datagram, Domain
from garde.forensics.egress.netflow.sequence import Sequence
from garde.forensics.egress.netflow.templates import Record
from garde.forensics.egress.nouns import Batch, Flow, Inside, carried
from garde.journal.forensic_kinds import Blind
from garde.sockets import widen

AT_ONCE: Final = 256  # datagrams of one reading: some 7,000 records
BUFFER: Final = 16 << 20  # bytes that wait in the socket while a disk is slow
OLDEST_S: Final = 7 * 86_400.0  # a flow that says that it began before is cut there
_DOMAINS: Final = 64  # that one exporter may have
_SO_MEMINFO: Final = 55
_DROPS: Final = 8  # of the nine numbers in SO_MEMINFO (linux/sock_diag.h)


@dataclass(slots=True)
class _Stream:
    """One exporter's domain."""

    sequence: Sequence
    domain: Domain = field(default_factory=Domain)
    left_out: int = 0  # data sets without a template that were told


class NetFlow:
    """See `garde.forensics.egress.base.Source`."""

    sort: ClassVar[str] = "netflow"
    remembers: ClassVar[bool] = False

    def __init__(self, settings: SourceSettings, inside: Inside, clock: Clock) -> None:
        self._settings, self._inside, self._clock = settings, inside, clock
        self._socket: socket.socket | None = None
        self._streams: dict[tuple[str, int, int], _Stream] = {}
        self._drops = 0

    def open(self, memo: bytes) -> None:
        where = endpoint(self._settings.listen)
        if where is None:
            raise SourceFault(f"{self._settings.listen!r} is no ADDRESS:PORT")
        made = socket.socket(socket.AF_INET6 if ":" in where[0] else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            widen(made, BUFFER)
            made.bind(where)
        except OSError as error:
            made.close()
            raise SourceFault(f"{self._settings.listen}: {error.strerror}") from error
        self._socket, self._drops = made, 0

    def fileno(self) -> int:
        return self._socket.fileno() if self._socket is not None else -1

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert self._socket is not None
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    def memo(self) -> bytes:
        return b""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def read(self) -> Batch:
        if self._socket is None:
            raise SourceFault("it is not open")
        batch, now = Batch(), self._clock.now()
        for _ in range(AT_ONCE):
            try:
                data, sender = self._socket.recvfrom(65_535)
            except BlockingIOError:
                break
            except OSError as error:
                raise SourceFault(f"{self._settings.listen}: {error.strerror}") from error
            self._take(data, str(sender[0]), now, batch)
        self._tell(now, batch)
        return batch

    def _take(self, data: bytes, sender: str, now: float, batch: Batch) -> None:
        """Take one datagram."""
        if sender.removeprefix("::ffff:") not in self._settings.exporters:
            return
        try:
            head = datagram.read_head(data)
            stream = self._stream_of(sender, head)
            found = datagram.read(data, head, stream.domain, now)
        except ValueError:
            batch.blind.append(Blind(now, now, "gap"))
            return
        if not stream.sequence.take(found.number, found.count, now, hash(data)):
            return
        if found.unread:
            batch.blind.append(Blind(now, now, "gap"))
        self._records(found, now, batch)

    def _stream_of(self, sender: str, head: datagram.Head) -> _Stream:
        key = (sender, head.version, head.domain)
        stream = self._streams.get(key)
        if stream is None:
            if sum(1 for each in self._streams if each[0] == sender) >= _DOMAINS:
                raise ValueError("too many domains")
            stream = self._streams[key] = _Stream(Sequence(head.version))
        return stream

    def _records(self, found: Datagram, now: float, batch: Batch) -> None:
        flows, flow_of, sampling = batch.flows, self._flow, found.sampling
        for record in found.records:
            flow = flow_of(record, sampling, now)
            if flow is not None:
                flows.append(flow)
        batch.records += len(found.records)
        for at, records in found.late:
            batch.records += len(records)
            flows += [flow for each in records if (flow := flow_of(each, sampling, at)) is not None]

    def _flow(self, record: Record, sampling: int, now: float) -> Flow | None:
        """Turn a record into what it says of the inside; None where it does not concern it.

        A record is one way of a conversation, and nothing in it says who called: the lower port is the one that was
        called. Of the two records the caller's counts as the session.
        """
        source, here = self._inside.packed(record.source)
        target, there = self._inside.packed(record.target)
        if here < 0 or there < 0 or here + there == 0:
            return None
        v6 = len(record.source) == 16
        size = carried(record.bytes, record.packets, record.protocol, v6=v6) * sampling
        back = carried(max(record.back, 0), record.back_packets, record.protocol, v6=v6) * sampling
        until = now - min(record.last_ago, OLDEST_S)
        since = now - min(record.first_ago, OLDEST_S)
        # Of equal ports the target's was called: where both are 0 (no ports at all) the sender began.
        called = record.target_port <= record.source_port
        port = record.target_port if called else record.source_port
        if here and there:
            return _within(Flow(source, target, port, record.protocol, False, size, back, since, until), called=called)
        if here:
            return Flow(source, target, port, record.protocol, not called, size, back, since, until, called)
        return Flow(target, source, port, record.protocol, called, back, size, since, until, called)

    def _tell(self, now: float, batch: Batch) -> None:
        """Say what is missing."""
        overflow = self._overflowed()
        for stream in self._streams.values():
            for each in stream.sequence.told(now):
                why = "overflow" if overflow and each.why == "gap" else each.why
                batch.blind.append(Blind(each.since, each.until, why, each.records))
            lost = stream.domain.left_out - stream.left_out
            if lost:
                stream.left_out = stream.domain.left_out
                batch.blind.append(Blind(now, now, "late"))

    def _overflowed(self) -> bool:
        """Whether our own socket has thrown datagrams away since it was looked at last."""
        assert self._socket is not None
        try:
            raw = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36)
            drops = struct.unpack("9I", raw)[_DROPS]
        except (OSError, struct.error):
            return False
        before, self._drops = self._drops, drops
        return bool(drops != before)

    @property
    def missing(self) -> int:
        """Units that are known to be missing: records, or datagrams of NetFlow 9."""
        return sum(each.sequence.missing for each in self._streams.values())


def _within(flow: Flow, *, called: bool) -> Flow:
    """A hop inside is seen from whoever called."""
    if called:
        return flow
    return flow._replace(inside=flow.outside, outside=flow.inside, out=flow.back, back=flow.out, opened=False)
