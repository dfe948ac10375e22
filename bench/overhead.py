"""What Garde costs honest work, beside what fatrace, clamonacc and auditd cost.

Comes in: the legs of `bench.peers`, the workloads of `bench.loads`. Goes out: per workload and leg the median ratio to
"nothing" over interleaved rounds, with a 95 % interval. In each round every leg meets every workload once, and each
time "nothing" runs the same work right before or after it, by a coin: a machine that changes its speed within minutes
moves both halves of a pair. The file system is a loop image in RAM: a disk would hide the cost.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench import documents, fs, loads, peers, tools
from bench.common import Figures, Report, Result, Row, UnavailableError, warn_if_busy
from bench.peers import LEGS, Place
from bench.stats import Ratio, median, paired_ratio, percentile

if TYPE_CHECKING:
    from garde.lab.samba import SambaServer

TOOLS = ("gcc", "make", "tar", "rsync", "fatrace", "clamd", "clamonacc", "auditd", "auditctl", "smbd", "mkfs.xfs")
WORKLOADS = ("office_p50", "office_p95", "compile", "unpack", "rsync")
BASE = "nothing"
Work = Callable[[Path], dict[str, float]]  # given a folder that is not there yet, it returns seconds by workload
IMAGE_MB = 4096
BUDGET_S = 60.0 * float(os.environ.get("GARDE_BENCH_MINUTES", "60"))  # no round begins after it
SETTLE_S = 20.0  # at most, for what a leg does at its start


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything one run does."""

    rounds: int
    small_files: int
    units: int
    office_s: float
    documents: int
    saves_per_s: float = 50.0


FULL = Size(rounds=10, small_files=25_000, units=300, office_s=8.0, documents=500)
QUICK = Size(rounds=2, small_files=2500, units=40, office_s=3.0, documents=100)


@dataclass(slots=True)
class Notebook:
    """Pairs (seconds beside nothing, seconds beside the leg) by leg and workload; what could not be had, and why."""

    pairs: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    held: int = 0

    def note(self, leg: str, workload: str, base: float, other: float) -> None:
        """Write one pair down."""
        self.pairs.setdefault((leg, workload), []).append((base, other))

    def beside(self, leg: str, workload: str) -> list[float]:
        """Return all seconds that were measured beside a leg, or beside nothing."""
        if leg != BASE:
            return [other for _, other in self.pairs.get((leg, workload), [])]
        return [base for (_, name), pairs in self.pairs.items() if name == workload for base, _ in pairs]


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure; `only` names one leg. A leg that can't be had is a row with the reason."""
    legs = tuple(leg for leg in LEGS if leg != BASE and only in leg)
    warn_if_busy(report)
    size = QUICK if quick else FULL
    lacking = tools.ensure(TOOLS, report)
    for program in ("gcc", "make", "tar", "rsync", "mkfs.xfs"):
        if program in lacking:
            return {"name": "overhead", "figures": _figures(Notebook()), "rows": [{"outcome": lacking[program]}]}
    notes = Notebook()
    try:
        with (
            fs.image("xfs", IMAGE_MB) as mount,
            tempfile.TemporaryDirectory(prefix="garde-load-", dir=_spare()) as spare,
        ):
            Path(spare).chmod(0o755)
            _measure(Place(mount, mount / "share", Path(spare)), size, legs, notes, report)
    except UnavailableError as reason:
        return {"name": "overhead", "figures": _figures(notes), "rows": [{"outcome": str(reason)}]}
    finally:
        peers.forget_audit()
    return {"name": "overhead", "figures": _figures(notes), "rows": _rows(notes)}


def _spare() -> str | None:
    return str(fs.SHM) if fs.backing(1024) == fs.SHM else None


def _measure(place: Place, size: Size, legs: tuple[str, ...], notes: Notebook, report: Report) -> None:
    place.share.mkdir()
    documents.fill(place.share / "office", size.documents, 7)
    sources = loads.make_sources(place.spare / "sources", size.small_files, size.units)
    order = random.Random(12)
    with _server(place.share, notes, report) as server:
        works = _works(sources, size, server)
        began = time.monotonic()
        for number in range(size.rounds):
            if time.monotonic() - began > BUDGET_S:
                report(f"its time is over: {number} of {size.rounds} rounds")
                break
            for name in order.sample(list(works), len(works)):
                for leg in order.sample(legs, len(legs)):
                    if leg not in notes.absent:
                        report(f"round {number + 1} of {size.rounds}: {name}, {leg}")
                        _pair(order.sample((BASE, leg), 2), name, works[name], place, server, notes, report)


@contextlib.contextmanager
def _server(share: Path, notes: Notebook, report: Report) -> Iterator[SambaServer | None]:
    """Give a real smbd on the share; without one the office is left out, and that is said."""
    from garde.lab import samba
    from garde.lab.attackers import smb_client

    if reason := samba.missing() or smb_client.missing():
        notes.absent["office"] = reason
        report(f"no office work: {reason}")
        yield None
        return
    with samba.SambaServer(share, logins=("nurse",)) as server:
        yield server


def _works(sources: loads.Sources, size: Size, server: SambaServer | None) -> dict[str, Work]:
    works: dict[str, Work] = {
        "compile": lambda folder: {"compile": loads.compile_project(sources, folder)},
        "unpack": lambda folder: {"unpack": loads.unpack(sources, folder)},
        "rsync": lambda folder: {"rsync": loads.rsync(sources, folder)},
    }
    if server is not None:
        works["office"] = lambda _: _office(server, sources, size)
    return works


def _pair(
    halves: list[str],
    name: str,
    work: Work,
    place: Place,
    server: SambaServer | None,
    notes: Notebook,
    report: Report,
) -> None:
    leg = next(half for half in halves if half != BASE)
    found: dict[str, dict[str, float]] = {}
    for half in halves:
        try:
            found[half] = _one(half, name, work, place, server, notes)
        except UnavailableError as reason:
            notes.absent[leg] = str(reason)
            report(f"{leg} left out: {reason}")
            return
    for workload, seconds in found[leg].items():
        notes.note(leg, workload, found[BASE][workload], seconds)


def _one(
    half: str, name: str, work: Work, place: Place, server: SambaServer | None, notes: Notebook
) -> dict[str, float]:
    """Run one workload beside one leg that was started for it and has come to rest; return its seconds."""
    folder = place.share / "work"
    folder.mkdir()
    if server is not None:
        server.give(folder)
    try:
        with LEGS[half](place) as running:
            mark = running.watch.mark() if running.watch else 0
            running.settle(SETTLE_S)
            found = work(folder / name)
            notes.held += len(running.watch.since(mark, "held")) if running.watch else 0
            return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # after the leg: a mass of deletes is no part of the workload
        os.sync()


def _office(server: SambaServer, sources: loads.Sources, size: Size) -> dict[str, float]:
    """Save for a second that is not counted, then for `office_s`: an agent runs for months, and so does a session."""
    user = server.users[0]
    latencies: list[float] = []
    for seconds in (1.0, size.office_s):
        with server.client() as client, loads.awake():
            command = loads.office_command(
                server.address, server.share_name, user.login, "office", sources.saves, size.saves_per_s, seconds
            )
            environment = loads.office_environment(user.password)
            done = client.run(command, env=environment, capture_output=True, timeout=120)
        if done.returncode:
            raise UnavailableError(f"the office client ended with {done.returncode}: {done.stderr.decode()[-200:]}")
        latencies = loads.read_latencies(done.stdout)
    return {"office_p50": percentile(latencies, 50), "office_p95": percentile(latencies, 95)}


def _rows(notes: Notebook) -> list[Row]:
    rows = [_row(notes, workload, leg) for workload in WORKLOADS for leg in LEGS if notes.beside(leg, workload)]
    rows += [{"workload": "–", "leg": name, "outcome": f"left out: {why}"} for name, why in notes.absent.items()]
    return rows


def _row(notes: Notebook, workload: str, leg: str) -> Row:
    row: Row = {"workload": workload, "leg": leg, "median_ms": median(notes.beside(leg, workload)) * 1000}
    ratio = _ratio(notes, workload, leg)
    if ratio:
        row |= {"ratio": ratio.median, "low": ratio.low, "high": ratio.high, "pairs": ratio.pairs}
    return row


def _ratio(notes: Notebook, workload: str, leg: str) -> Ratio | None:
    pairs = notes.pairs.get((leg, workload))
    return paired_ratio([base for base, _ in pairs], [other for _, other in pairs]) if pairs else None


def _figures(notes: Notebook) -> Figures:
    figures: Figures = {}
    for leg in LEGS:
        if leg == BASE:
            continue
        for workload in WORKLOADS:
            ratio = _ratio(notes, workload, leg)
            name = f"overhead_{workload}" + ("" if leg == "garde" else f"_{leg}")
            figures[name] = round(ratio.median, 4) if ratio else None
    return figures | {"held_overhead": notes.held if ("garde", "compile") in notes.pairs else None}
