"""How many file events Garde takes without losing one, what one costs beside fatrace, and its memory over many files.

Comes in: the loads of `bench.event_load` and a tree of 100,000 small files. Goes out: the highest steady rate with no
`overflow` and caught up soon after, CPU seconds per operation against fatrace on the same load in interleaved pairs,
and the agent's peak memory. An operation is at least one event (fatrace's own count of lines stands beside it).
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench import fs, loads, peers, tools
from bench.common import Figures, Report, Result, Row, UnavailableError, warn_if_busy
from bench.peers import Leg, Place
from bench.processes import children_cpu_seconds
from bench.stats import median, paired_ratio
from bench.watch import Watch, environment

ROOT = Path(__file__).resolve().parent.parent
RATES = (10_000, 20_000, 30_000, 40_000, 60_000)
CAUGHT_UP_S = 5.0  # "sustained" also means that little is left to do when the load ends
PAIR_RATE = 10_000
BEGUN_S = 1.5  # what was written at the end of a load is kept a moment later, and that belongs to its cost
IMAGE_MB = 4096


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure the three; `only` names one of: rate, cost, memory."""
    lacking = tools.ensure(("fatrace", "mkfs.xfs"), report)
    warn_if_busy(report)
    rows: list[Row] = []
    for name, part in (("rate", _rates), ("cost", _costs), ("memory", _memory)):
        if only in name:
            try:
                with _place() as place:
                    rows += part(place, quick, report)
            except UnavailableError as reason:
                rows.append({"what": name, "outcome": f"not measured: {reason}"})
    rows += [{"what": program, "outcome": why} for program, why in lacking.items()]
    return {"name": "events", "figures": _figures(rows), "rows": rows}


@contextlib.contextmanager
def _place() -> Iterator[Place]:
    with fs.image("xfs", IMAGE_MB) as mount, tempfile.TemporaryDirectory(prefix="garde-events-") as spare:
        share = mount / "share"
        share.mkdir()
        yield Place(mount, share, Path(spare))


def offer(folder: Path, kind: str, rate: float, seconds: float) -> tuple[int, float]:
    """Run one load as a program of its own; return operations and seconds."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.event_load", str(folder), kind, str(rate), str(seconds)],
        env=environment() | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        check=False,
        start_new_session=True,
        timeout=60 + 3 * seconds,
    )
    if done.returncode:
        raise UnavailableError(f"the load ended with {done.returncode}: {done.stderr.decode()[-200:]}")
    answer = json.loads(done.stdout)
    return int(answer["operations"]), float(answer["seconds"])


def _rates(place: Place, quick: bool, report: Report) -> list[Row]:
    rows = []
    seconds = 3.0 if quick else 8.0
    for kind in ("mixed",) if quick else ("mixed", "appends", "churn", "saves"):
        for rate in RATES[:3] if quick else RATES:
            report(f"{kind}: {rate:,} operations a second")
            with peers.garde(place) as leg:
                row = _one_rate(leg, place, kind, rate, seconds)
            shutil.rmtree(place.share / "load", ignore_errors=True)
            rows.append(row)
            if not row["sustained"]:
                break
    return rows


def _one_rate(leg: Leg, place: Place, kind: str, rate: int, seconds: float) -> Row:
    assert leg.watch is not None
    mark, cpu = leg.watch.mark(), leg.cpu_s()
    operations, took = offer(place.share / "load", kind, rate, seconds)
    behind = max(0.0, leg.settle(6 * CAUGHT_UP_S) - 0.4)  # it takes one look of 0.4 s to see that it rests
    lost = len(leg.watch.since(mark, "overflow"))
    lags = [float(event.get("seconds") or 0) for event in leg.watch.since(mark, "lag")]
    return {
        "what": "rate",
        "load": kind,
        "asked_per_s": rate,
        "done_per_s": operations / took,
        "overflows": lost,
        "caught_up_s": behind,
        "lag_s": max(lags, default=0.0),
        "held": len(leg.watch.since(mark, "held")),
        "cpu_us_per_op": (leg.cpu_s() - cpu) / operations * 1e6,
        "sustained": not lost and behind <= CAUGHT_UP_S,
    }


def _costs(place: Place, quick: bool, report: Report) -> list[Row]:
    """Interleave Garde and fatrace on one load; fatrace with Garde's own kinds of event, and with all of its own."""
    pairs, seconds = (2, 4.0) if quick else (5, 8.0)
    spent: dict[str, list[float]] = {"garde": [], "fatrace, same events": [], "fatrace, all its events": []}
    lines: dict[str, int] = {}
    helpers: dict[str, float] = {}
    for number in range(pairs):
        report(f"CPU per operation, pair {number + 1} of {pairs}")
        for name, costs in spent.items():
            with _listener(name, place) as leg:
                leg.settle(5.0)
                cpu, below = leg.cpu_s(), children_cpu_seconds(leg.pids[0])
                operations, _ = offer(place.share / "load", "mixed", PAIR_RATE, seconds)
                time.sleep(BEGUN_S)
                leg.settle(20.0)
                costs.append((leg.cpu_s() - cpu) / operations * 1e6)
                helpers[name] = (children_cpu_seconds(leg.pids[0]) - below) / operations * 1e6
                lines[name] = _lines(place.spare / "fatrace.log")
            shutil.rmtree(place.share / "load", ignore_errors=True)
    rows: list[Row] = []
    for name, cost in spent.items():
        row: Row = {
            "what": "cost",
            "load": f"mixed: {name}",
            "cpu_us_per_op": median(cost),
            "of_it_children_us": helpers[name],
            "lines": lines[name] or None,
        }
        if name != "garde":
            ratio = paired_ratio(cost, spent["garde"])
            row |= {"garde_ratio": ratio.median, "low": ratio.low, "high": ratio.high, "pairs": ratio.pairs}
        rows.append(row)
    return rows


def _listener(name: str, place: Place) -> contextlib.AbstractContextManager[Leg]:
    return peers.garde(place) if name == "garde" else peers.fatrace(place, like_garde=name.endswith("same events"))


def _lines(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as handle:
        return sum(block.count(b"\n") for block in iter(lambda: handle.read(1 << 20), b""))


def _memory(place: Place, quick: bool, report: Report) -> list[Row]:
    files = 10_000 if quick else 100_000
    report(f"making {files:,} files")
    loads.small_tree(place.share / "many", files)
    watch = Watch([place.share], place.spare / "state")
    with _peak(watch) as peak, watch:  # the first pass over the files counts too
        report(f"ready after {watch.ready_after_s:.1f} s")
        offer(place.share / "load", "saves", 500, 3.0 if quick else 20.0)
        watch.settle(20.0)
        row = {"what": "memory", "files": files, "ready_after_s": watch.ready_after_s}
    return [row | {"pss_mb": peak[0], "rss_mb": peak[1]}]


@contextlib.contextmanager
def _peak(watch: Watch) -> Iterator[list[float]]:
    """Look at the agent's memory four times a second; the list holds the highest PSS and RSS sums."""
    highest, over = [0.0, 0.0], threading.Event()

    def look() -> None:
        while not over.wait(0.25):
            now = watch.usage()
            highest[0], highest[1] = max(highest[0], now.pss_mb), max(highest[1], now.rss_mb)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield highest
    finally:
        over.set()
        thread.join()


def _figures(rows: list[Row]) -> Figures:
    steady = [row["done_per_s"] for row in rows if row.get("load") == "mixed" and row.get("sustained")]
    against = [row["garde_ratio"] for row in rows if row.get("load") == "mixed: fatrace, same events"]
    memory = [row["pss_mb"] for row in rows if "pss_mb" in row]
    return {
        "events_per_s": round(max(steady)) if steady else None,
        "cpu_ratio_fatrace": round(against[0], 3) if against and against[0] is not None else None,
        "memory_mb": round(memory[0], 1) if memory else None,
    }
