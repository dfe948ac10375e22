"""What Garde costs honest work, beside what fatrace, clamonacc and auditd cost.

Comes in: the legs of `bench.peers`, the workloads of `bench.loads`. Goes out: per workload and leg the median ratio to
"nothing" over interleaved rounds, with a 95 % interval. In each round every leg runs every workload once, in an order
drawn from a seed; the pair of a round is (nothing, leg). The file system is a loop image in RAM: a disk would
hide the cost.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench import documents, fs, loads, peers, tools
from bench.common import Figures, Report, Result, Row, UnavailableError, warn_if_busy
from bench.peers import LEGS, Leg, Place
from bench.stats import Ratio, median, paired_ratio, percentile

if TYPE_CHECKING:
    from garde.lab.samba import SambaServer

TOOLS = ("gcc", "make", "tar", "rsync", "fatrace", "clamd", "clamonacc", "auditd", "auditctl", "smbd", "mkfs.xfs")
WORKLOADS = ("office_p50", "office_p95", "compile", "unpack", "rsync")
BASE = "nothing"
IMAGE_MB = 4096
SETTLE_S = 20.0  # between two workloads, so that one's tail is not the next one's start


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
    """Measurements by leg and workload, one per round; what could not be had, with its reason."""

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    held: int = 0

    def note(self, leg: str, workload: str, seconds: float) -> None:
        """Write one measurement down."""
        self.seconds.setdefault((leg, workload), []).append(seconds)


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure; `only` names one leg to run beside "nothing". A leg that can't be had is a row with the reason."""
    legs = tuple(leg for leg in LEGS if leg == BASE or only in leg)
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
    office = place.share / "office"
    documents.fill(office, size.documents, 7)
    sources = loads.make_sources(place.spare / "sources", size.small_files, size.units)
    order = random.Random(12)
    with _server(place.share, notes, report) as server:
        for number in range(size.rounds):
            for leg in order.sample(legs, len(legs)):
                if leg not in notes.absent:
                    report(f"round {number + 1} of {size.rounds}: {leg}")
                    _one_leg(leg, place, sources, size, server, notes, report)


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


def _one_leg(
    leg: str,
    place: Place,
    sources: loads.Sources,
    size: Size,
    server: SambaServer | None,
    notes: Notebook,
    report: Report,
) -> None:
    work = place.share / "work"
    work.mkdir()
    if server is not None:
        server.give(work)
    found: dict[str, float] = {}
    try:
        with LEGS[leg](place) as running:
            mark = running.watch.mark() if running.watch else 0
            running.settle(SETTLE_S)
            found = _workloads(running, sources, work, size, server)
            notes.held += len(running.watch.since(mark, "held")) if running.watch else 0
    except UnavailableError as reason:
        notes.absent[leg] = str(reason)
        report(f"{leg} left out: {reason}")
    finally:
        shutil.rmtree(work, ignore_errors=True)  # after the leg: a mass of deletes is no part of the workload
        os.sync()
    for workload, seconds in found.items():
        notes.note(leg, workload, seconds)


def _workloads(
    running: Leg, sources: loads.Sources, work: Path, size: Size, server: SambaServer | None
) -> dict[str, float]:
    found: dict[str, float] = {}
    if server is not None:
        latencies = _office(server, sources, size)
        found["office_p50"], found["office_p95"] = percentile(latencies, 50), percentile(latencies, 95)
        running.settle(SETTLE_S)
    timed: dict[str, Callable[[loads.Sources, Path], float]] = {
        "compile": loads.compile_project,
        "unpack": loads.unpack,
        "rsync": loads.rsync,
    }
    for name, load in timed.items():
        found[name] = load(sources, work / name)
        running.settle(SETTLE_S)
    return found


def _office(server: SambaServer, sources: loads.Sources, size: Size) -> list[float]:
    user = server.users[0]
    with server.client() as client, loads.awake():
        command = loads.office_command(
            server.address, server.share_name, user.login, "office", sources.saves, size.saves_per_s, size.office_s
        )
        done = client.run(command, env=loads.office_environment(user.password), capture_output=True, timeout=120)
    if done.returncode:
        raise UnavailableError(f"the office client ended with {done.returncode}: {done.stderr.decode()[-200:]}")
    return loads.read_latencies(done.stdout)


def _rows(notes: Notebook) -> list[Row]:
    rows: list[Row] = []
    for workload in WORKLOADS:
        for leg in LEGS:
            seconds = notes.seconds.get((leg, workload))
            if seconds:
                rows.append(_row(notes, workload, leg, seconds))
    rows += [{"workload": "–", "leg": name, "outcome": f"left out: {why}"} for name, why in notes.absent.items()]
    return rows


def _row(notes: Notebook, workload: str, leg: str, seconds: list[float]) -> Row:
    ratio = _ratio(notes, workload, leg)
    row: Row = {"workload": workload, "leg": leg, "median_ms": median(seconds) * 1000}
    if ratio and leg != BASE:
        row |= {"ratio": ratio.median, "low": ratio.low, "high": ratio.high, "pairs": ratio.pairs}
    return row


def _ratio(notes: Notebook, workload: str, leg: str) -> Ratio | None:
    base, other = notes.seconds.get((BASE, workload), []), notes.seconds.get((leg, workload), [])
    return paired_ratio(base, other) if base and len(base) == len(other) else None


def _figures(notes: Notebook) -> Figures:
    figures: Figures = {}
    for leg in LEGS:
        if leg == BASE:
            continue
        for workload in WORKLOADS:
            ratio = _ratio(notes, workload, leg)
            name = f"overhead_{workload}" + ("" if leg == "garde" else f"_{leg}")
            figures[name] = round(ratio.median, 4) if ratio else None
    return figures | {"held_overhead": notes.held if ("garde", "compile") in notes.seconds else None}
