"""Whether a snapshot can still be deleted is asked of the kernel, and asking does no harm."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.lab.night.frozen import Store, store_of


def store(folder: Path) -> Store:
    (folder / "aside").mkdir()
    (folder / "snapshots").mkdir()
    for name in ("one", "two"):
        (folder / "snapshots" / name).write_text(name)
    made = Store("s", os.geteuid(), folder / "aside", folder / "snapshots")
    made.find()
    return made


def test_what_can_be_deleted_is_said_and_left_alone(tmp_path: Path) -> None:
    made = store(tmp_path)
    assert [made.ask(), made.ask()] == ["", ""] and made.refused_since == 0.0
    line = made.end()
    assert (line.asked, line.files, line.tried, line.deleted) == (2, 2, 0, 0)
    assert sorted(path.read_text() for path in (tmp_path / "snapshots").iterdir()) == ["one", "two"]


def test_a_word_names_a_store() -> None:
    assert store_of("s=34=/a=/b=c") == Store("s", 34, Path("/a"), Path("/b=c"))


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that other accounts come to: pytest's own are root's alone."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="garde-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files immutable")
def test_what_is_frozen_is_refused_and_really_tried(reachable: Path) -> None:
    tmp_path, made = reachable, store(reachable)
    os.chown(tmp_path / "aside", 65534, 65534)
    os.chown(tmp_path / "snapshots", 65534, 65534)
    made.uid = 65534
    assert made.ask() == "", "the account owns the folder: it could delete"
    if subprocess.run(["chattr", "+a", str(tmp_path / "snapshots")], capture_output=True, check=False).returncode:
        pytest.skip("this file system has no append-only folders")
    try:
        said = made.ask()
        assert said.startswith("refused s ") and made.ask() == ""
        line = made.end()
        assert line.refused_since and (line.tried, line.deleted) == (2, 0)
    finally:
        subprocess.run(["chattr", "-a", str(tmp_path / "snapshots")], check=True)
    assert made.ask().startswith("deletable s ")
