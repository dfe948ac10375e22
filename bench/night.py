"""Nights of the story, one after the other: how soon the spreading machine is refused, how many files it reached.

Comes in: nothing. Goes out: a row a burst (two a night, each from another machine), figures by how many servers were
attacked. Harm and times are the lab's witness's. Each night has a seed of its own: who, where, how and whether files
are stolen first are drawn.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.common import Figures, Report, Result, Row, UnavailableError, need_root, warn_if_busy
from bench.stats import median, percentile
from bench.watch import GARDE, environment

FULL, QUICK = 20, 2  # nights
FIRST_SEED = 31_000
NIGHT_S = 300.0  # it ends within three minutes, or is broken
BOUND_S, BOUND_FILES = 1.0, 12


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Play them; without root there is one row with the reason."""
    warn_if_busy(report)
    rows: list[Row] = []
    lost = wrong = nights = 0
    try:
        need_root("a hospital in network namespaces")
        for number in range(QUICK if quick else FULL):
            seed = FIRST_SEED + number
            report(f"night {number + 1}, seed {seed}")
            bursts, score, truth, complaint = _night(seed)
            rows += bursts
            nights += 1
            lost += score["lost"]
            if score["lost"]:
                report(f"LOST: {complaint}")
                bursts[-1]["outcome"] = complaint
            wrong += any(score[name] != truth[name] for name in ("spreader", "first_server", "recurrence_joined"))
    except UnavailableError as error:
        rows.append({"seed": "–", "outcome": str(error)})
    return {"name": "night", "figures": _figures(rows, nights, lost, wrong), "rows": rows}


def _night(seed: int) -> tuple[list[Row], dict[str, Any], dict[str, Any], str]:
    with tempfile.TemporaryDirectory() as spare:
        file = Path(spare) / "truth.json"
        words = [*GARDE, "night", "--until", "cut", "--seed", str(seed), "--truth", str(file), "--json"]
        done = subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=NIGHT_S, check=False)
        said = [json.loads(line) for line in done.stdout.splitlines()]
        score = next((line for line in said if line["kind"] == "score"), None)
        if score is None:
            raise UnavailableError(f"seed {seed}: {done.stderr.strip()[-200:]}")
        truth = json.loads(file.read_text(encoding="utf-8"))
    rows = [_row(seed, truth["mode"], line) for line in said if line["kind"] == "witness"]
    return rows, score, truth, done.stderr.strip()[-400:]


def _row(seed: int, mode: str, seen: dict[str, Any]) -> Row:
    return {
        "seed": seed,
        "burst": seen["burst"],
        "from": seen["machine"],
        "mode": mode,
        "servers attacked": len(seen["servers"]),
        "files touched": sum(seen["touched"].values()),
        "refused everywhere (s)": seen["refused_everywhere_s"],
        "untouched refuse (s)": seen["untouched_refused_s"],
    }


def _figures(rows: Sequence[Row], nights: int, lost: int, wrong: int) -> Figures:
    played = [row for row in rows if "files touched" in row]
    alone = [row for row in played if row["servers attacked"] == 1]
    files = [float(row["files touched"]) for row in played]
    return {
        "nights": nights,
        "bursts": len(played),
        "refused_everywhere_p95_s": _p95(played, "refused everywhere (s)"),
        "three_servers_refused_p95_s": _p95(
            [row for row in played if row["servers attacked"] == 3], "refused everywhere (s)"
        ),
        "one_server_untouched_refused_p95_s": _p95(alone, "untouched refuse (s)"),
        "touched_median": median(files) if files else None,
        "touched_max": max(files, default=None),
        "lost": lost,
        "nights_told_wrong": wrong,
        "bound_s": BOUND_S,
        "bound_files_median": BOUND_FILES,
    }


def _p95(rows: Sequence[Row], name: str) -> float | None:
    """Return the 95th percentile; None where a burst was never refused, or there is none."""
    values = [row[name] for row in rows]
    return None if not values or None in values else percentile(values, 95.0)
