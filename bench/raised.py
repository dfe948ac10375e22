"""Raised sensitivity: how many files a relapse touches before it is held, and whether honest work still passes.

Comes in: the drill's slow mode (a process that destroys one file after the other, seconds apart, as one that was left
behind on a restarted server would) and the quiet list. Goes out: a row for each run with and without raised
sensitivity, then the quiet list's rows with it; the figures. The truth about files is the drill's own. The agent is
raised by the file that an errand of the hub leaves in its state directory (docs/recovery.md).
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench import fs, quiet
from bench.common import Report, Result, Row, UnavailableError
from bench.watch import Watch, garde
from garde.agent import raised as raised_file

RUNS = {False: 10, True: 3}
IMAGE_MB = 1024
INTERVAL_S = 1.0  # between two files: each is judged long before the next one
HOURS = 24.0


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure; `only` chooses among the quiet list's scenarios."""
    rows: list[Row] = []
    for raised in (True, False):
        rows += [_relapse(raised, number, report) for number in range(RUNS[quick])]
    calm = quiet.run(quick, report, only=only, prepare=raise_until_tomorrow)
    touched = {raised: [row["touched"] for row in rows if row["raised"] is raised] for raised in (True, False)}
    figures = {
        "relapse_files": max((each for each in touched[True] if each is not None), default=None),
        "relapse_files_usual": max((each for each in touched[False] if each is not None), default=None),
        "relapse_lost": sum(row["lost"] or 0 for row in rows if row["raised"]),
        "not_held": sum(not row["held"] for row in rows if row["raised"]),
    }
    return {"name": "raised", "figures": figures | calm["figures"], "rows": [*rows, *calm["rows"]]}


def raise_until_tomorrow(state: Path) -> None:
    """Leave what an errand of the hub leaves, before the agent starts."""
    state.mkdir(parents=True, exist_ok=True)
    raised_file.save(state, time.time() + HOURS * 3600)


def _relapse(raised: bool, number: int, report: Report) -> Row:
    """One attack in slow mode; its words are its row."""
    row: Row = {"raised": raised, "run": number + 1, "touched": None, "lost": None, "held": False}
    try:
        with ExitStack() as stack:
            share = stack.enter_context(fs.image("xfs", IMAGE_MB)) / "share"
            share.mkdir()
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="garde-raised-"))) / "state"
            if raised:
                raise_until_tomorrow(state)
            stack.enter_context(Watch([share], state))
            words = ("--mode", "slow", "--slow-interval", str(INTERVAL_S), "--seed", str(number), "--json")
            _, lines, complaint = garde("drill", str(share), *words, seconds=180.0)
    except UnavailableError as reason:
        return row | {"outcome": str(reason)}
    found = next((line for line in lines if line["kind"] == "result"), None)
    if found is None:
        return row | {"outcome": complaint}
    names = ("touched", "lost", "held", "seconds_to_hold")
    row |= {name: found[name] for name in names} | {"outcome": "done"}
    report(f"{'raised' if raised else 'as usual'}, run {number + 1}: {row}")
    return row
