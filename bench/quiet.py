"""The quiet list: honest work by real tools under one enforcing agent. Nothing of it may be held.

Comes in: `bench.honest.SCENARIOS`. Goes out: per scenario the holds, findings and files put back while it ran, and the
figure `held_quiet`. One agent lives through the whole list, so that suspicion of one scenario weighs on the next. A
held tool is released (or ended) and counted. What a missing tool keeps from running is a row with the reason.
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import fs, tools
from bench.common import Report, Result, Row, UnavailableError
from bench.honest import SCENARIOS
from bench.honest.base import Scenario, ToolFailedError, Work, changes, snapshot
from bench.watch import Event, Watch

IMAGE_MB = 4096
QUIET_AFTER_S = 2.5  # a mass delete is reported within 5 s and a file that stays open after 0.2 s: wait for both
SETTLE_S = 20.0
SAID = 6  # reasons shown in a row


def run(
    quick: bool,
    report: Report,
    *,
    guarded: bool = True,
    only: str = "",
    prepare: Callable[[Path], None] = lambda state: None,
) -> Result:
    """Run the list; `guarded=False` runs the tools without an agent (to test the scenarios themselves).

    `prepare` gets the agent's state directory before it starts.
    """
    chosen = [scenario for scenario in SCENARIOS if only in f"{scenario.item} {scenario.name}"]
    lacking = tools.ensure({tool for scenario in chosen for tool in scenario.tools}, report)
    with _place(report) as (tree, kind), tempfile.TemporaryDirectory(prefix="garde-quiet-") as spare:
        state = Path(spare) / "state"
        prepare(state)
        with _agent(tree, state, guarded, report) as (watch, why_not):
            rows = [_row(scenario, watch, tree, Path(spare), quick, lacking, report) for scenario in chosen]
    figures = _figures(rows, watch is not None) | {"file_system": kind, "agent": why_not or "enforcing"}
    return {"name": "quiet", "figures": figures, "rows": rows}


@contextlib.contextmanager
def _place(report: Report) -> Iterator[tuple[Path, str]]:
    """Give the guarded tree: an XFS of its own, or a temporary folder where that can't be had."""
    with contextlib.ExitStack() as stack:
        try:
            mount = stack.enter_context(fs.image("xfs", IMAGE_MB))
            kind = "xfs, reflink"
        except UnavailableError as reason:
            report(f"no file system of its own: {reason}")
            mount, kind = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="garde-quiet-tree-"))),
                "temporary",
            )
        tree = mount / "share"
        tree.mkdir()
        yield tree, kind


@contextlib.contextmanager
def _agent(tree: Path, state: Path, guarded: bool, report: Report) -> Iterator[tuple[Watch | None, str]]:
    if not guarded:
        yield None, "none (asked for)"
        return
    with contextlib.ExitStack() as stack:
        why_not = ""
        try:
            watch: Watch | None = stack.enter_context(Watch([tree], state))
        except UnavailableError as reason:
            watch, why_not = None, f"none: {reason}"
            report(f"the tools run unguarded, nothing is judged: {reason}")
        yield watch, why_not


def _row(
    scenario: Scenario,
    watch: Watch | None,
    tree: Path,
    spare: Path,
    quick: bool,
    lacking: dict[str, str],
    report: Report,
) -> Row:
    report(f"{scenario.item}: {scenario.name}")
    head: Row = {"item": scenario.item, "scenario": scenario.name}
    absent = [lacking[tool] for tool in scenario.tools if tool in lacking]
    if absent:
        return head | {"outcome": f"skipped: {', '.join(absent)}"}
    number = len(list(spare.iterdir()))
    work = Work(tree / f"{number:02d}", spare / f"aside-{number:02d}", spare / "library", quick)
    work.root.mkdir()
    work.aside.mkdir()
    mark = watch.mark() if watch else 0
    began = time.monotonic()
    outcome, changed = _do(scenario, work, watch)
    took = time.monotonic() - began
    if watch:
        time.sleep(1.0 if quick else QUIET_AFTER_S)
        watch.settle(SETTLE_S)
    seen = _seen(watch.since(mark)) if watch else {}
    return head | {"changed": changed, "seconds": took} | seen | {"outcome": outcome}


def _do(scenario: Scenario, work: Work, watch: Watch | None) -> tuple[str, int]:
    """Prepare and act; return the outcome and how many files the tools changed."""
    before: dict[str, tuple[int, int, int]] = {}
    outcome = "done"
    try:
        scenario.prepare(work)
        if watch:
            watch.settle(SETTLE_S)
        before = snapshot(work.root)
        with _let_go(watch, work):
            scenario.act(work)
    except ToolFailedError as error:
        outcome = f"tool failed: {' '.join(str(error).split())}"
    except OSError as error:
        outcome = f"tool failed: {error.strerror}: {error.filename}"
    changed = changes(before, snapshot(work.root))
    if outcome == "done" and changed < scenario.changes:
        outcome = f"tool failed: it changed {changed} files, not {scenario.changes} or more"
    return outcome, changed


@contextlib.contextmanager
def _let_go(watch: Watch | None, work: Work) -> Iterator[None]:
    """While the work runs, release whatever is held; end the tool where releasing does not work."""
    over = threading.Event()

    def attend() -> None:
        mark = watch.mark() if watch else 0
        while watch and not over.wait(0.2):
            seen, mark = watch.since(mark, "held"), watch.mark()
            for event in seen:
                if not watch.release(event):
                    for process in work.running:
                        os.killpg(process.pid, signal.SIGKILL)

    attendant = threading.Thread(target=attend, daemon=True)
    attendant.start()
    try:
        yield
    finally:
        over.set()
        attendant.join()


def _seen(events: Sequence[Event]) -> Row:
    """Count what the agent said during one scenario."""
    kinds = [event["kind"] for event in events]
    return {
        "held": kinds.count("held"),
        "verdicts": kinds.count("verdict"),
        "findings": kinds.count("finding"),
        "restored": sum(_count(event.get("files")) for event in events if event["kind"] == "restored"),
        "overflows": kinds.count("overflow"),
        "errors": kinds.count("error"),
        "said": _said(events),
    }


def _said(events: Sequence[Event]) -> str:
    """Return what the agent gave as its reasons, shortly: that is where a false alarm is mended."""
    words = [
        f"{'+'.join(map(str, event.get('proofs', ())))}: {Path(str(event.get('path', ''))).name or event.get('files')}"
        for event in events
        if event["kind"] == "finding"
    ]
    words += [f"verdict at level {event.get('level')}" for event in events if event["kind"] == "verdict"]
    return "; ".join(list(dict.fromkeys(words))[:SAID])


def _count(files: object) -> int:
    """`restored` may give a number or the list of files."""
    if isinstance(files, (list, tuple)):
        return len(files)
    return files if isinstance(files, int) else 0


def _figures(rows: Sequence[Row], judged: bool) -> Row:
    done = [row for row in rows if row["outcome"] == "done"]
    figures: Row = {"held_quiet": None, "restored_quiet": None, "findings_quiet": None}
    if judged:
        # A tool that failed may have failed because it was held: its holds count too.
        for name, column in (("held_quiet", "held"), ("restored_quiet", "restored"), ("findings_quiet", "findings")):
            figures[name] = sum(row.get(column, 0) for row in rows)
    return figures | {
        "scenarios_done": len(done),
        "scenarios_failed": sum(row["outcome"].startswith("tool failed") for row in rows),
        "scenarios_skipped": sum(row["outcome"].startswith("skipped") for row in rows),
    }
