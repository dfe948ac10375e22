"""The process left behind: it touches the files of its task, slowly, and writes down each before it does."""

from __future__ import annotations

import os
from pathlib import Path

from garde.lab.night.logs import parse
from garde.lab.night.relapse import Task, go


def task_in(folder: Path, files: list[str]) -> Task:
    return Task(str(folder), files, 0.0, os.getuid(), str(folder / "log"))


def played(folder: Path, files: list[str]) -> dict[int, str]:
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        go(task_in(folder, files), log)
    finally:
        os.close(log)
    return parse((folder / "log").read_bytes()).paths


def test_it_destroys_the_files_of_its_task_and_no_others(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode() * 500)
    assert played(tmp_path, ["a", "c"]) == {0: "a", 1: "c"}
    assert [(tmp_path / name).read_bytes() == name.encode() * 500 for name in ("a", "b", "c")] == [False, True, False]
    assert (tmp_path / "a").stat().st_size == 500


def test_a_link_is_not_followed_and_a_missing_file_does_not_end_it(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x" * 100)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "last").write_bytes(b"y" * 100)
    assert list(played(tmp_path, ["link", "gone", "last"])) == [0, 1, 2], "each is written down before it is tried"
    assert (tmp_path / "real").read_bytes() == b"x" * 100
    assert (tmp_path / "last").read_bytes() != b"y" * 100
    logged = parse((tmp_path / "log").read_bytes())
    assert set(logged.finished) == {2}
