"""The source of Zeek's logs: conn.log, with the names of ssl.log and http.log, and the questions of dns.log.

Comes in: a folder in which Zeek writes, its logs tab-separated or JSON. Goes out: batches. A conversation is told when
Zeek writes it down, at its end. What Zeek itself did not see (`missed_bytes`, capture_loss.log) is blindness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

LOGS: Final = ("ssl", "http", "dns", "conn", "capture_loss")  # names before the conversations that they belong to
_PROTOCOLS: Final = {"tcp": TCP, "udp": UDP, "icmp": 1}
_LOSS: Final = 0.5  # per cent of packets that Zeek may lose before that is blindness
_ANSWERS: Final = 16  # of one question

Line = dict[str, Any]


class _Log:
    """One log and how its lines are written."""

    def __init__(self, path: Path, mark: Mark) -> None:
        self.tail = Tail(path, mark)
        self._fields: list[str] = []
        self._empty = {"-", "(empty)"}
        if mark.offset:
            self._learn()

    def _learn(self) -> None:
        """The head of a log that is read on from its middle."""
        try:
            with self.tail.path.open("rb") as file:
                head = file.read(16_384)
        except OSError:
            return
        for line in head.split(b"\n"):
            if line.startswith(b"#fields\t"):
                self._fields = line.decode("utf-8", "replace").split("\t")[1:]

    def lines(self, now: float) -> Iterator[Line | None]:
        """Yield each line by its fields; None for one that can't be read."""
        for raw in self.tail.lines(now):
            if raw.startswith(b"{"):
                yield _json(raw)
            elif raw.startswith(b"#"):
                if raw.startswith(b"#fields\t"):
                    self._fields = raw.decode("utf-8", "replace").split("\t")[1:]
            elif raw:
                yield self._tabbed(raw.decode("utf-8", "replace").split("\t"))

    def _tabbed(self, values: list[str]) -> Line | None:
        if len(values) != len(self._fields):
            return None
        return {name: value for name, value in zip(self._fields, values, strict=True) if value not in self._empty}


def _json(raw: bytes) -> Line | None:
    try:
        return msgspec.json.decode(raw, type=Line)
    except (msgspec.MsgspecError, RecursionError):
        return None


class Zeek:
    """See `garde.forensics.egress.base.Source`."""

    sort: ClassVar[str] = "zeek"
    remembers: ClassVar[bool] = True

    def __init__(self, settings: SourceSettings, inside: Inside, clock: Clock) -> None:
        self._settings, self._inside, self._clock = settings, inside, clock
        self._logs: dict[str, _Log] = {}
        self._names = logs.Names()
        self._take: dict[str, Callable[[Line, Batch], None]] = {
            "ssl": self._named("server_name"), "http": self._named("host"), "dns": self._dns, "conn": self._conn,
            "capture_loss": _lost,
        }  # fmt: skip

    def open(self, memo: bytes) -> None:
        folder = Path(self._settings.folder)
        if not folder.is_dir():
            raise SourceFault(f"{folder} is no folder")
        marks = read_memo(memo, dict[str, Mark]) or {}
        self.close()
        self._logs = {name: _Log(folder / f"{name}.log", marks.get(name, Mark())) for name in LOGS}

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        for log in self._logs.values():
            log.tail.close()
        self._logs = {}

    def memo(self) -> bytes:
        return msgspec.msgpack.encode({name: log.tail.mark for name, log in self._logs.items()})

    def read(self) -> Batch:
        if not self._logs:
            raise SourceFault("it is not open")
        batch, now = Batch(), self._clock.now()
        for name, log in self._logs.items():
            try:
                for line in log.lines(now):
                    batch.records += 1
                    self._line(name, line, now, batch)
            except OSError as error:
                raise SourceFault(f"{log.tail.path}: {error.strerror}") from error
            if name == "conn":
                batch.blind += log.tail.blind
            log.tail.blind = []
        return batch

    def _line(self, name: str, line: Line | None, now: float, batch: Batch) -> None:
        try:
            if line is None:
                raise ValueError("no line of a log")
            self._take[name](line, batch)
        except (ValueError, TypeError, KeyError, OverflowError):
            batch.blind.append(Blind(now, now, "gap", 1))

    def _named(self, key: str) -> Callable[[Line, Batch], None]:
        def note(line: Line, batch: Batch) -> None:
            self._names.note(logs.text(line["uid"]), logs.host(line.get(key)))

        return note

    def _conn(self, line: Line, batch: Batch) -> None:
        began, lasted = logs.moment(line["ts"]), logs.lasting(line.get("duration"))
        sent, back = (_sent(line, way) for way in ("orig", "resp"))
        if logs.size(line.get("missed_bytes")):
            batch.blind.append(Blind(began, began + lasted, "gap"))
        protocol = _PROTOCOLS.get(str(line.get("proto")), 0)
        ports = (logs.size(line.get("id.orig_p")), logs.size(line.get("id.resp_p")))
        if protocol == 1:
            ports = (0, 0)  # types of ICMP
        flow = place(
            self._inside, logs.text(line["id.orig_h"]), logs.text(line["id.resp_h"]), ports=ports, protocol=protocol,
            sent=(sent, back), times=(began, began + lasted), name=self._names.take(logs.text(line["uid"])),
        )  # fmt: skip
        if flow is not None:
            batch.flows.append(flow)

    def _dns(self, line: Line, batch: Batch) -> None:
        name = line.get("query")
        if not isinstance(name, str) or not name:
            return
        found = line.get("answers")
        answers = found.split(",") if isinstance(found, str) else found if isinstance(found, list) else []
        client, resolver = logs.text(line["id.orig_h"]), logs.text(line["id.resp_h"])
        at, addresses = logs.moment(line["ts"]), tuple(str(each) for each in answers[:_ANSWERS])
        batch.lookups.append(Lookup(client, resolver, name[:255].lower().rstrip("."), at, addresses))


def _sent(line: Line, way: str) -> int:
    """Bytes on the wire without headers; where Zeek was told to leave them out, those of the content."""
    wire, packets = logs.size(line.get(f"{way}_ip_bytes")), logs.size(line.get(f"{way}_pkts"))
    v6 = ":" in str(line.get("id.orig_h"))
    protocol = _PROTOCOLS.get(str(line.get("proto")), 0)
    return carried(wire, packets, protocol, v6=v6) if wire else logs.size(line.get(f"{way}_bytes"))


def _lost(line: Line, batch: Batch) -> None:
    until, lasted = logs.moment(line["ts"]), logs.lasting(line.get("ts_delta"))
    if float(line.get("percent_lost") or 0) > _LOSS:
        batch.blind.append(Blind(until - lasted, until, "overflow"))
