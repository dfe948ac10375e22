"""The sample share: an image where it helps, a plain folder with the reason where it cannot be."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import garde.lab.documents
from garde.cli import share
from garde.cli.share import is_mounted_from, sample_share


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three documents instead of 500."""
    calls: list[Path] = []

    def make_share(root: Path, count: int) -> None:
        calls.append(root)
        for n in range(3):
            (root / f"{n}.txt").write_text("x")

    monkeypatch.setattr(garde.lab.documents, "make_share", make_share)
    return calls


@pytest.fixture
def said() -> list[str]:
    return []


def _tell(said: list[str]) -> Any:
    return lambda text, tone: said.append(text)


def test_a_plain_user_gets_a_plain_folder_filled_once(
    tmp_path: Path, made: list[Path], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for _ in range(2):
        with sample_share(tmp_path, _tell(said)) as folder:
            assert folder == tmp_path / "share"
            assert sorted(each.name for each in folder.iterdir()) == ["0.txt", "1.txt", "2.txt"]
    assert made == [tmp_path / "share"]
    assert not (tmp_path / "share.img").exists()


def test_hidden_folders_of_ours_do_not_count_as_documents(
    tmp_path: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (tmp_path / "share" / ".garde-vault").mkdir(parents=True)
    (tmp_path / "share" / "lost+found").mkdir()
    with sample_share(tmp_path, _tell([])):
        assert len(made) == 1


def test_where_blocks_can_be_shared_no_image_is_made(
    tmp_path: Path, made: list[Path], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(share, "has_reflink", lambda directory: True)
    monkeypatch.setattr(share, "_run", lambda *command: pytest.fail(f"ran {command}"))
    with sample_share(tmp_path, _tell(said)) as folder:
        assert made == [folder] == [tmp_path / "share"]
    assert not (tmp_path / "share.img").exists()


@pytest.mark.parametrize("fault", ["no mkfs", "mkfs fails", "mount fails"])
def test_what_cannot_be_done_is_said_and_a_plain_folder_serves(
    tmp_path: Path, made: list[Path], said: list[str], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def run(*command: str) -> None:
        if fault == "mkfs fails" or command[0] == "mount":
            raise subprocess.CalledProcessError(1, command, stderr="first line\nmount: not permitted\x1b\n")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(share, "has_reflink", lambda directory: False)
    monkeypatch.setattr(shutil, "which", lambda name: None if fault == "no mkfs" else f"/sbin/{name}")
    monkeypatch.setattr(share, "_run", run)
    with sample_share(tmp_path, _tell(said)) as folder:
        assert len(list(folder.iterdir())) == 3
    assert "plain folder" in said[0]
    assert ("mkfs.xfs" in said[0]) if fault == "no mkfs" else ("mount: not permitted\\x1b" in said[0])
    assert not (tmp_path / "share.new").exists()


def test_a_folder_that_is_no_mount_is_not_taken_for_one(tmp_path: Path) -> None:
    assert not is_mounted_from(tmp_path, tmp_path / "share.img")
    assert not is_mounted_from(Path("/"), tmp_path / "share.img")


@pytest.mark.root
def test_the_image_is_mounted_filled_kept_and_used_again(
    tmp_path: Path, made: list[Path], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("mkfs.xfs") is None:
        pytest.skip("needs mkfs.xfs")
    real = share.has_reflink
    monkeypatch.setattr(share, "has_reflink", lambda directory: False)
    for _ in range(2):
        with sample_share(tmp_path, _tell(said)) as folder:
            if any("plain folder" in text for text in said):
                pytest.skip(said[0])  # a container without loop devices
            assert is_mounted_from(folder, tmp_path / "share.img")
            assert real(folder)
            assert (folder / "0.txt").read_text() == "x"
            with sample_share(tmp_path, _tell(said)):  # already mounted: used as it is
                pass
            assert not os.path.ismount(folder)
    assert len(made) == 1
    assert list((tmp_path / "share").iterdir()) == []
