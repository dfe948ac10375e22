"""Whether data left: how fast flow records are taken in, what is counted as missing, and what is found.

Comes in: nothing. Goes out: three tables in one. The collector: NetFlow 9 datagrams over a real socket into the real
store, records for each second of one core, gaps counted against what the sender left out. Quiet nights: a hospital's
traffic for weeks (`bench/egress_traffic.py`), looked at night by night. Thefts: an upload and slow trickles among the
same traffic, against what was really sent. Times are the traffic's own: nothing waits for a clock.
"""

from __future__ import annotations

import resource
import shutil
import socket
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.common import Figures, Report, Result, Row, warn_if_busy
from bench.egress_traffic import DAY, FIRST, Hospital, Theft, thefts
from garde.clock import SystemClock, VirtualClock
from garde.forensics.egress.config import FlowSettings, SourceSettings
from garde.forensics.egress.look import look
from garde.forensics.egress.netflow.collector import NetFlow
from garde.forensics.egress.nouns import Inside
from garde.forensics.egress.question import Question
from garde.forensics.egress.store import Book, FlowStore
from garde.journal.forensic_kinds import EgressSeen

RECORDS_EACH = 30  # in one datagram: what fits into 1,400 bytes
BURST = 200  # datagrams sent before they are read
LEFT_OUT = 37  # every so many datagrams one is never sent
LEARN_DAYS, NIGHTS = 14, 10
SOURCE = SourceSettings("gateway", "conntrack", ("10.20.0.0/16",), delay_s=0.0)
BOUND_RATE, BOUND_SHARE = 20_000, 0.10


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure all three; `only` leaves out rows."""
    warn_if_busy(report)
    base = Path(tempfile.mkdtemp(prefix="garde-egress-"))
    try:
        report("the collector takes datagrams")
        collector, rate, exact = _collect(base / "collector.sqlite", 3_000 if quick else 30_000)
        seeds = (1,) if quick else (1, 2, 3)
        rows: list[Row] = [collector]
        false = nights = found = wanted = 0
        for seed in seeds:
            report(f"hospital {seed}: {LEARN_DAYS} days, then {NIGHTS} nights")
            quiet, stolen = _nights(base / f"{seed}.sqlite", seed)
            false += sum(row["findings"] for row in quiet)
            nights += len(quiet)
            wanted += len(stolen)
            found += sum(1 for row in stolen if row["right"])
            rows += [_summary(seed, quiet), *stolen]
    finally:
        shutil.rmtree(base, ignore_errors=True)
    figures: Figures = {
        "records_per_s": rate, "gaps_exact": exact, "quiet_nights": nights, "false_findings": false,
        "thefts": wanted, "found_right": found,
    }  # fmt: skip
    return {"name": "egress", "figures": figures, "rows": [row for row in rows if only in str(row)]}


# --- the collector ----------------------------------------------------------------------------------------------------


def _collect(path: Path, datagrams: int) -> tuple[Row, float, bool]:
    """Send datagrams over loopback, read and keep them; the processor's time is that of reading and keeping alone."""
    clock = SystemClock()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.bind(("127.0.0.1", 0))
        settings = SourceSettings("n", "netflow", ("10.0.0.0/8",), listen=f"127.0.0.1:{_free_port()}",
                                  exporters=("127.0.0.1",))  # fmt: skip
        source = NetFlow(settings, Inside(), clock)
        source.open(b"")
        book = Book(FlowStore(path), Inside())
        book.begin("n", "netflow", clock.now(), remembers=False)
        sent = missing = records = 0
        spent = 0.0
        waiting: list[bytes] = []
        for number, data in enumerate(_datagrams(datagrams)):
            if number % LEFT_OUT == LEFT_OUT - 1 and number < datagrams - 1:
                missing += 1
                continue
            waiting.append(data)
            if len(waiting) == BURST or number == datagrams - 1:
                for each in waiting:
                    out.sendto(each, source.address)
                sent += len(waiting)
                waiting = []
                took, count = _take(source, book, clock)
                spent, records = spent + took, records + count
        time.sleep(2.5)  # a late datagram has its two seconds; the wait is not counted
        source.read()
        source.close()
        book.store.close()
    rate = records / spent
    row = {"what": "collector", "records": records, "cpu_s": round(spent, 2), "records_per_s": round(rate),
           "datagrams_left_out": missing, "counted": source.missing}  # fmt: skip
    return row, rate, missing == source.missing and records == sent * RECORDS_EACH


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _take(source: NetFlow, book: Book, clock: SystemClock) -> tuple[float, int]:
    began, records = _cpu(), 0
    while True:
        batch = source.read()
        if not batch.records:
            break
        records += batch.records
        book.take("n", batch, clock.now(), remembers=False)
    if len(book.tally) > 20_000:
        book.write(clock.now(), {"n": b""})
    return _cpu() - began, records


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


_FIELDS = ((8, 4), (12, 4), (22, 4), (21, 4), (1, 4), (2, 4), (7, 2), (11, 2), (4, 1), (6, 1), (5, 1), (10, 2), (14, 2))
_RECORD = struct.Struct(">4s4sIIIIHHBBBHH")


def _datagrams(count: int) -> Iterator[bytes]:
    """NetFlow 9 as a router sends it: a template now and then, thirty records each, many machines, many places."""
    template = struct.pack(">HH", 256, len(_FIELDS)) + b"".join(struct.pack(">HH", *each) for each in _FIELDS)
    for number in range(count):
        body = b""
        for each in range(RECORDS_EACH):
            at = number * RECORDS_EACH + each
            inside = bytes((10, 20, at % 7, at % 250 + 1))
            outside = bytes((203, at // 251 % 40, at // 13 % 100, at % 251))
            ends = (
                (inside, outside, 40_000 + at % 20_000, 443) if at % 2 else (outside, inside, 443, 40_000 + at % 20_000)
            )
            body += _RECORD.pack(*ends[:2], 990_000, 999_000, 1_500, 9, *ends[2:], 6, 0x1B, 0, 1, 2)
        sets = struct.pack(">HH", 256, len(body) + 4 + -len(body) % 4) + body + b"\0" * (-len(body) % 4)
        if number % 20 == 0:
            sets = struct.pack(">HH", 0, len(template) + 4) + template + sets
        yield struct.pack(">HHIIII", 9, RECORDS_EACH, 1_000_000, int(SystemClock().now()), number, 1) + sets


# --- nights -----------------------------------------------------------------------------------------------------------


def _nights(path: Path, seed: int) -> tuple[list[Row], list[Row]]:
    """Weeks of traffic, then nights: each looked at when it is over, and the last one again with each theft in it."""
    hospital, inside, clock = Hospital(seed), Inside(), VirtualClock(FIRST)
    book = Book(FlowStore(path), inside)
    book.begin("gateway", "conntrack", FIRST, remembers=False)
    quiet: list[Row] = []
    for day in range(LEARN_DAYS + NIGHTS):
        book.take("gateway", hospital.day(day), clock.now(), remembers=False)
        clock.advance(DAY)
        book.write(clock.now(), {"gateway": b""})
        if day >= LEARN_DAYS:
            quiet.append({"night": day, "findings": len(_look(book.store, clock.now()))})
    book.store.close()
    stolen = [_steal(path, theft, clock.now()) for theft in thefts(seed, clock.now())]
    return quiet, stolen


def _look(store: FlowStore, now: float) -> list[EgressSeen]:
    """As the errand does: a day back."""
    question = Question("", now - DAY, now)
    settings = FlowSettings(source=(SOURCE,))
    return [said for said in look(store, settings, question) if isinstance(said, EgressSeen)]


def _steal(path: Path, theft: Theft, now: float) -> Row:
    """One theft in a copy of the store."""
    copy = path.with_name(f"{path.stem}-{theft.name}.sqlite")
    shutil.copyfile(path, copy)
    book = Book(FlowStore(copy), Inside())
    book.take("gateway", theft.batch(), now, remembers=False)
    book.write(now, {"gateway": b""})
    found = _look(book.store, now)
    book.store.close()
    mine = [each for each in found if each.address == theft.machine and each.to == theft.to]
    told = sum(each.bytes for each in mine)
    right = len(found) == 1 and len(mine) == 1 and abs(told - theft.bytes) <= BOUND_SHARE * theft.bytes
    return {
        "what": theft.name, "bytes_sent": theft.bytes, "bytes_told": told,
        "why": ", ".join(mine[0].why if mine else ()), "findings": len(found), "right": right,
    }  # fmt: skip


def _summary(seed: int, quiet: list[Row]) -> Row:
    return {"what": f"{len(quiet)} quiet nights of hospital {seed}", "findings": sum(row["findings"] for row in quiet)}
