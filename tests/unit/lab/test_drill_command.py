"""`garde drill`: what it refuses, what it prints, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from garde.cli import drill as command
from garde.errors import Incomplete, NotPermitted, UsageError
from garde.lab.attackers.table import MODES
from garde.lab.drill import Plan, Remark, Result, Skipped

HELD = Result("full", 200, 4, 0, True, 0.012, 0.3)
LOST = Result("head", 200, 9, 2, True, 0.02, None)
UNDONE = Result("mass-delete", 200, 200, 0, False, None, 1.5)


@pytest.mark.parametrize(
    "wrong", [{"mode": "nonsense"}, {"files": 0}, {"rate": -1}, {"workers": 65}, {"slow_interval": 0}, {"settle": -1}]
)
def test_words_that_are_off_are_refused_before_anything_is_made(wrong: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        command.drill(tmp_path, **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_share_must_be_a_folder_or_come_from_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="not a folder"):
        command.drill(tmp_path / "absent")
    monkeypatch.setattr("garde.cli.places.var", lambda: tmp_path)
    with pytest.raises(UsageError, match="garde up"):
        command.drill()


def test_a_folder_that_cannot_be_written_is_not_permitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(NotPermitted):
        command.drill(tmp_path)


def test_list_names_every_mode(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.drill(mode="list", as_json=True) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["mode"] for row in rows] == list(MODES)


def played(monkeypatch: pytest.MonkeyPatch, *outcomes: object) -> list[Plan]:
    plans: list[Plan] = []

    def run(plan: Plan, show: object = None) -> object:
        plans.append(plan)
        return iter(outcomes)

    monkeypatch.setattr("garde.lab.drill.run", run)
    return plans


def test_json_is_one_object_a_line_with_the_promised_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    plans = played(monkeypatch, HELD, Skipped("ccrypt", "ccrypt not installed"), UNDONE)
    assert command.drill(tmp_path, mode="all", files=9, seed=3, as_json=True) == 0
    rows = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert list(rows[0]) == ["kind", "mode", "files", "touched", "lost", "held", "seconds_to_hold", "restored_s"]
    assert [row["kind"] for row in rows] == ["result", "skipped", "result"]
    assert rows[2]["seconds_to_hold"] is None
    assert (plans[0].modes, plans[0].files, plans[0].seed) == (tuple(MODES), 9, 3)


def test_people_get_a_line_a_mode_and_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    played(monkeypatch, HELD, Remark("head", "2 of 9 attempts failed"), LOST)
    with pytest.raises(Incomplete, match="head"):
        command.drill(tmp_path)
    out = capsys.readouterr().out
    assert "✓ full: 4 of 200 files touched, held after 0.012 s, 0 lost" in out
    assert "! head: 2 of 9 attempts failed" in out
    assert "✗ head" in out
    assert "overwrite the first 4 KiB only" in out


def test_an_unheld_content_mode_or_nothing_played_is_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for outcomes in ([Result("full", 9, 9, 0, False, None, 0.1)], [Skipped("7z", "7z not installed")], [LOST]):
        played(monkeypatch, *outcomes)
        with pytest.raises(Incomplete):
            command.drill(tmp_path, as_json=True)
