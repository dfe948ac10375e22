"""The source of Suricata's EVE log: flow records, names of tls and http, questions of dns, dropped packets of stats.

Comes in: eve.json. Goes out: batches. A conversation is told when Suricata writes it down, at its end. Packets that
Suricata's capture dropped are blindness between two of its `stats`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec

from garde.clock import Clock
from garde.forensics.egress import logs
from garde.forensics.egress.base import SourceFault, read_memo
from garde.forensics.egress.config import SourceSettings
from garde.forensics.egress.nouns import TCP, UDP, Batch, Inside, Lookup, carried, place
from garde.forensics.egress.tail import Mark, Tail
from garde.journal.forensic_kinds import Blind

_PROTOCOLS: Final = {"TCP": TCP, "UDP": UDP, "ICMP": 1, "IPv6-ICMP": 58}
_ETHERNET: Final = 14  # bytes of each packet that Suricata counts as well
_ANSWERS: Final = 16
_QUESTIONS: Final = ("query", "request")  # version 2 of the record, version 3

Event = dict[str, Any]


class _Memo(msgspec.Struct, array_like=True):
    mark: Mark
    dropped: int = 0  # packets, as the last stats said
    stats_at: float = 0.0


class Suricata:
    """See `garde.forensics.egress.base.Source`."""

    sort: ClassVar[str] = "suricata"
    remembers: ClassVar[bool] = True

    def __init__(self, settings: SourceSettings, inside: Inside, clock: Clock) -> None:
        self._settings, self._inside, self._clock = settings, inside, clock
        self._tail: Tail | None = None
        self._memo = _Memo(Mark())
        self._names = logs.Names()
        self._take: dict[str, Callable[[Event, Batch], None]] = {
            "flow": self._flow, "tls": self._named("tls", "sni"), "http": self._named("http", "hostname"),
            "quic": self._named("quic", "sni"), "dns": self._dns, "stats": self._stats,
        }  # fmt: skip

    def open(self, memo: bytes) -> None:
        path = Path(self._settings.file)
        if not path.parent.is_dir():
            raise SourceFault(f"{path.parent} is no folder")
        self._memo = read_memo(memo, _Memo) or _Memo(Mark())
        self.close()
        self._tail = Tail(path, self._memo.mark)

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    def memo(self) -> bytes:
        if self._tail is not None:
            self._memo.mark = self._tail.mark
        return msgspec.msgpack.encode(self._memo)

    def read(self) -> Batch:
        if self._tail is None:
            raise SourceFault("it is not open")
        batch, now = Batch(), self._clock.now()
        try:
            for raw in self._tail.lines(now):
                if raw:
                    batch.records += 1
                    self._line(raw, now, batch)
        except OSError as error:
            raise SourceFault(f"{self._tail.path}: {error.strerror}") from error
        batch.blind += self._tail.blind
        self._tail.blind = []
        return batch

    def _line(self, raw: bytes, now: float, batch: Batch) -> None:
        try:
            event = msgspec.json.decode(raw, type=Event)
            take = self._take.get(str(event.get("event_type")))
            if take is not None:
                take(event, batch)
        except (msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            batch.blind.append(Blind(now, now, "gap", 1))

    def _named(self, part: str, key: str) -> Callable[[Event, Batch], None]:
        def note(event: Event, batch: Batch) -> None:
            self._names.note(str(event.get("flow_id")), logs.host(event[part].get(key)))

        return note

    def _flow(self, event: Event, batch: Batch) -> None:
        said = event["flow"]
        began = logs.moment(said["start"])
        until = max(began, logs.moment(said.get("end") or event["timestamp"]))
        ports = (logs.size(event.get("src_port")), logs.size(event.get("dest_port")))
        protocol = _PROTOCOLS.get(str(event.get("proto")), 0)
        sent = (_sent(said, "toserver", protocol, event), _sent(said, "toclient", protocol, event))
        flow = place(
            self._inside, logs.text(event["src_ip"]), logs.text(event["dest_ip"]), ports=ports, protocol=protocol,
            sent=sent, times=(began, until), name=self._names.take(str(event.get("flow_id"))),
        )  # fmt: skip
        if flow is not None:
            batch.flows.append(flow)

    def _dns(self, event: Event, batch: Batch) -> None:
        said = event["dns"]
        kind = str(said.get("type"))
        at = logs.moment(event["timestamp"])
        client, resolver = logs.text(event["src_ip"]), logs.text(event["dest_ip"])
        if kind in _QUESTIONS:
            asked = [each.get("rrname") for each in said.get("queries") or [said]]
            batch.lookups += [
                Lookup(client, resolver, name[:255].lower().rstrip("."), at)
                for name in asked[:_ANSWERS]
                if isinstance(name, str) and name
            ]
        elif isinstance(said.get("rrname"), str):  # an answer: it goes from the resolver to the client
            found = tuple(str(each.get("rdata", "")) for each in (said.get("answers") or [])[:_ANSWERS])
            batch.lookups.append(Lookup("", resolver, said["rrname"][:255].lower().rstrip("."), at, found))

    def _stats(self, event: Event, batch: Batch) -> None:
        at = logs.moment(event["timestamp"])
        dropped = logs.size(event["stats"].get("capture", {}).get("kernel_drops"))
        if dropped > self._memo.dropped:
            batch.blind.append(Blind(self._memo.stats_at or at, at, "overflow"))
        self._memo.dropped, self._memo.stats_at = dropped, at


def _sent(said: Event, way: str, protocol: int, event: Event) -> int:
    """Bytes of one way, without headers."""
    size, packets = logs.size(said.get(f"bytes_{way}")), logs.size(said.get(f"pkts_{way}"))
    return carried(size, packets, protocol, v6=":" in str(event["src_ip"]), link=_ETHERNET)
