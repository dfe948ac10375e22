"""What rows and figures the benches make of their measurements."""

from __future__ import annotations

import json

import pytest
from bench import event_load, loads
from bench.common import UnavailableError
from bench.honest import SCENARIOS
from bench.honest.base import changes, snapshot
from bench.overhead import Notebook, _figures, _rows
from bench.quiet import _figures as quiet_figures
from bench.quiet import _seen
from bench.smb_run import Outcome
from bench.tools import PACKAGES
from bench.touched_table import Cell, cells_of, figures_of, row_of

QUIET_LIST = (
    "package upgrade", "compile", "git clone and gc", "pip install", "archive keeping the sources",
    "compress replacing the sources", "log rotation", "rsync", "restic backup", "borg backup", "PostgreSQL pgbench",
    "SQLite VACUUM", "LibreOffice", "image resize in place", "EXIF edit in place", "DICOM recompression in place",
    "PDF linearisation in place", "sed -i over a tree", "bulk rename", "unpack an archive", "maildir delivery",
    "encrypting three files",
)  # fmt: skip


def test_every_item_of_the_quiet_list_has_a_scenario() -> None:
    assert {scenario.item for scenario in SCENARIOS} == set(QUIET_LIST)


def test_scenarios_are_told_apart() -> None:
    names = [(scenario.item, scenario.name) for scenario in SCENARIOS]
    assert len(names) == len(set(names))


def test_every_tool_that_may_be_missing_has_its_package() -> None:
    everywhere = {"sed", "mv"}
    assert {tool for scenario in SCENARIOS for tool in scenario.tools} - everywhere <= set(PACKAGES)


def test_what_the_agent_said_is_counted() -> None:
    events = [
        {"kind": "finding"},
        {"kind": "held", "id": "h1"},
        {"kind": "restored", "files": 3},
        {"kind": "restored", "files": ["a", "b"]},
    ]
    seen = _seen(events)
    assert (seen["held"], seen["findings"], seen["restored"], seen["errors"]) == (1, 1, 5, 0)


def test_holds_of_a_scenario_that_failed_count_too() -> None:
    rows = [{"outcome": "tool failed: killed", "held": 1, "restored": 0, "findings": 2}, {"outcome": "skipped: no"}]
    assert quiet_figures(rows, judged=True)["held_quiet"] == 1
    assert quiet_figures(rows, judged=False)["held_quiet"] is None


def test_snapshot_sees_new_gone_and_changed(tmp_path) -> None:
    for name in ("kept", "gone", "grown"):
        (tmp_path / name).write_text(name)
    before = snapshot(tmp_path)
    (tmp_path / "gone").unlink()
    (tmp_path / "grown").write_text("more than before")
    (tmp_path / "new").touch()
    assert changes(before, snapshot(tmp_path)) == 3


def notes_of(garde: list[float]) -> Notebook:
    notes = Notebook()
    for base, other in zip([1.0, 2.0, 4.0], garde, strict=True):
        notes.note("garde", "compile", base, other)
    return notes


def test_overhead_is_the_median_of_pairs() -> None:
    notes = notes_of([1.01, 2.06, 4.08])
    assert _figures(notes)["overhead_compile"] == pytest.approx(1.02)
    assert _figures(notes)["overhead_rsync"] is None
    row = next(row for row in _rows(notes) if row["leg"] == "garde")
    assert row["low"] <= row["ratio"] <= row["high"]


def test_each_leg_is_compared_with_what_ran_beside_it() -> None:
    notes = notes_of([1.01, 2.06, 4.08])
    notes.note("fatrace", "compile", 10.0, 11.0)  # the machine was slow by then
    assert _figures(notes)["overhead_compile"] == pytest.approx(1.02)
    assert _figures(notes)["overhead_compile_fatrace"] == pytest.approx(1.1)
    base = next(row for row in _rows(notes) if row["leg"] == "nothing")
    assert base["median_ms"] == pytest.approx(3000.0)
    assert "ratio" not in base


def test_a_leg_that_could_not_be_had_is_a_row() -> None:
    notes = notes_of([1.0, 2.0, 4.0])
    notes.absent["auditd"] = "the kernel has no audit"
    assert {"workload": "–", "leg": "auditd", "outcome": "left out: the kernel has no audit"} in _rows(notes)


def cell(mode: str, *touched: int, kind: str = "xfs", lost: int = 0, rate: float = 400.0) -> Cell:
    runs = [Outcome(count, lost, held=count < 60, seconds_to_hold=0.1, restored_s=0.2) for count in touched]
    return Cell(kind, "local", mode, rate, 1, 20, runs=runs)


def test_touched_figures_name_the_worst_cell_and_the_worst_run() -> None:
    figures = figures_of([cell("full", 3, 4, 9), cell("head", 5, 6, 6)])
    assert (figures["touched_median"], figures["touched_max"], figures["not_held"]) == (6, 9, 0)


def test_unpaced_runs_and_deletes_are_not_in_the_touched_figures_but_in_lost() -> None:
    cells = [
        cell("full", 3),
        cell("full", 200, rate=0.0),
        cell("mass-delete", 60, lost=2),
        cell("full", 4, kind="ext4"),
    ]
    figures = figures_of(cells)
    assert figures["touched_max"] == 4
    assert (figures["lost"], figures["lost_ext4"]) == (2, 0)


def test_an_unheld_run_is_counted() -> None:
    assert figures_of([cell("full", 60, 3)])["not_held"] == 1


def test_a_cell_without_a_run_says_why() -> None:
    empty = cell("full")
    empty.trouble = "no smbd"
    assert row_of(empty)["outcome"] == "no smbd"
    assert figures_of([empty])["touched_median"] is None


def test_each_content_mode_is_played_both_ways_twenty_times() -> None:
    cells = [cell for cell in cells_of("xfs", quick=False) if cell.is_content and cell.rate == 400 and cell.want == 20]
    ways = {way: {cell.mode for cell in cells if cell.way == way} for way in ("local", "smb")}
    assert ways["smb"] < ways["local"]
    assert {"full", "percent", "base64", "keep-open"} <= ways["smb"]


@pytest.mark.parametrize("output", [b"", b"{}", b'{"latencies": []}', b'{"latencies": ["x"]}'])
def test_an_office_that_says_nothing_is_no_measurement(output: bytes) -> None:
    with pytest.raises(UnavailableError):
        loads.read_latencies(output)


def test_latencies_are_read() -> None:
    assert loads.read_latencies(json.dumps({"latencies": [0.1, 0.2]}).encode()) == [0.1, 0.2]


@pytest.mark.parametrize("kind", sorted(event_load.KINDS))
def test_each_load_does_its_operations(kind: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(event_load, "LOGS", 5)
    monkeypatch.setattr(event_load, "BEHIND", 3)
    steps = event_load.KINDS[kind]()
    next(steps)
    before = snapshot(tmp_path)
    for _ in range(60):
        next(steps)
    assert changes(before, snapshot(tmp_path)) > 0
