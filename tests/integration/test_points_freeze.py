"""Freezing a folder on real file systems: marks, tries as its owner, thawing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from garde.clock import VirtualClock
from garde.recovery.points import tree_freeze
from garde.recovery.points.base import Fault, StoreFault
from garde.recovery.points.flags import APPEND, IMMUTABLE, Thing, marks_of, walk
from garde.recovery.points.tree_freeze import TreeFreeze, immutable_everywhere

pytestmark = [pytest.mark.root, pytest.mark.apart]
NOBODY = 65534


def leaves_free(thing: Thing) -> int:
    """As for restic: new files may come, none may go."""
    if thing.path.split(b"/")[0] == b"locks":
        return 0
    if thing.is_dir:
        return APPEND if thing.path in {b"", b"data"} else 0
    return IMMUTABLE


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """A small repository of nobody's."""
    root = tmp_path / "repository"
    for name in ("data/00/aa", "data/01/bb", "snapshots/cc", "config", "locks/dd"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    for thing in (root, *root.rglob("*")):
        os.chown(thing, NOBODY, NOBODY)
    tmp_path.chmod(0o755)
    yield root
    _unmark(root)


def _unmark(root: Path) -> None:
    things = [str(thing) for thing in (root, *root.rglob("*")) if not thing.is_symlink()]
    subprocess.run(["chattr", "-i", "-a", *things], check=True)


@pytest.fixture
def freeze(tree: Path, tmp_path: Path) -> TreeFreeze:
    return TreeFreeze(os.fsencode(tree), leaves_free, tmp_path / "freeze.json", _Now())


class _Now(VirtualClock):
    """The real time: change times of files are compared with it."""

    def __init__(self) -> None:
        super().__init__(wall=4e9)


def marks(root: Path) -> dict[bytes, int]:
    return {thing.path: marks_of(thing.fd) for thing in walk(os.fsencode(root))}


def test_nothing_can_be_removed_written_or_moved_and_new_files_can_come(tree: Path, freeze: TreeFreeze) -> None:
    done = freeze.freeze()
    assert (done.marked, done.fresh) == (6, 6)
    proof = freeze.prove()
    assert proof.proven, proof.checks
    assert len(proof.checks) == 4
    for name in ("data/00/aa", "snapshots/cc", "config"):
        with pytest.raises(PermissionError):
            (tree / name).unlink()
        with pytest.raises(PermissionError):
            (tree / name).write_text("x")
    with pytest.raises(PermissionError):
        (tree / "data").rename(tree / "gone")
    with pytest.raises(PermissionError):
        shutil.rmtree(tree)
    (tree / "data/00/new.tmp").write_text("new")
    (tree / "data/00/new.tmp").rename(tree / "data/00/new")
    (tree / "locks/dd").unlink()


def test_a_tree_that_is_not_frozen_is_not_proven_and_loses_nothing_by_the_tries(
    tree: Path, freeze: TreeFreeze, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_text() for path in tree.rglob("*") if path.is_file()}
    freeze.freeze()
    monkeypatch.setattr(tree_freeze, "marks_of", lambda _fd: IMMUTABLE | APPEND)  # marks that lie
    _unmark(tree)
    proof = freeze.prove()
    assert not proof.proven
    assert [check.seen for check in proof.checks] == [True, True, True, True]
    assert {path: path.read_text() for path in tree.rglob("*") if path.is_file()} == before


def test_one_file_without_a_mark_is_no_proof(tree: Path, freeze: TreeFreeze) -> None:
    freeze.freeze()
    subprocess.run(["chattr", "-i", str(tree / "snapshots/cc")], check=True)
    proof = freeze.prove()
    assert not proof.proven
    assert (proof.checks[0].wanted, proof.checks[0].seen) == (True, False)
    assert freeze.freeze().fresh == 1
    assert freeze.prove().proven


def test_a_thaw_takes_away_what_the_freeze_put_there_and_nothing_else(tree: Path, freeze: TreeFreeze) -> None:
    subprocess.run(["chattr", "+i", str(tree / "config")], check=True)
    before = marks(tree)
    freeze.freeze()
    assert freeze.is_frozen()
    assert freeze.thaw().marked == 5
    assert marks(tree) == before
    assert not freeze.is_frozen()
    assert freeze.thaw().marked == 0
    assert not freeze.prove().proven


def test_a_freeze_that_was_cut_short_goes_on(tree: Path, freeze: TreeFreeze, monkeypatch: pytest.MonkeyPatch) -> None:
    before = marks(tree)
    put = tree_freeze.put_marks
    _cut_after(monkeypatch, 3, put)
    with pytest.raises(KeyboardInterrupt):
        freeze.freeze()
    monkeypatch.setattr(tree_freeze, "put_marks", put)
    assert freeze.freeze().fresh == 3
    assert freeze.prove().proven
    freeze.thaw()
    assert marks(tree) == before


def _cut_after(monkeypatch: pytest.MonkeyPatch, count: int, put: Callable[[int, int], bool]) -> None:
    left = [count]

    def cut(fd: int, wanted: int) -> bool:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return put(fd, wanted)

    monkeypatch.setattr(tree_freeze, "put_marks", cut)


def test_a_link_out_of_the_tree_is_not_followed(tree: Path, tmp_path: Path, freeze: TreeFreeze) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("x")
    (tree / "data/02").symlink_to(outside)
    freeze.freeze()
    assert set(marks(outside).values()) == {0}


def test_what_belongs_to_root_is_tried_by_root_and_by_a_stranger(tree: Path, freeze: TreeFreeze) -> None:
    for thing in (tree, *tree.rglob("*")):
        os.chown(thing, 0, 0)
    freeze.freeze()
    proof = freeze.prove()
    assert proof.proven
    assert [check.what.split(" could")[0] for check in proof.checks[1::3]] == [
        "root, without taking the marks away,",
        "a stranger",
    ]


def test_the_strict_rule_lets_nothing_in(tree: Path, tmp_path: Path) -> None:
    strict = TreeFreeze(os.fsencode(tree), immutable_everywhere, tmp_path / "strict.json", _Now())
    strict.freeze()
    assert strict.prove().proven
    with pytest.raises(PermissionError):
        (tree / "data/00/new").write_text("x")
    strict.thaw()


def test_another_folder_than_the_one_frozen_is_refused(tree: Path, tmp_path: Path, freeze: TreeFreeze) -> None:
    freeze.freeze()
    other = TreeFreeze(os.fsencode(tmp_path), leaves_free, tmp_path / "freeze.json", _Now())
    with pytest.raises(StoreFault) as caught:
        other.thaw()
    assert caught.value.fault is Fault.REFUSED


def test_a_folder_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(StoreFault) as caught:
        TreeFreeze(os.fsencode(tmp_path / "none"), leaves_free, tmp_path / "f.json", _Now()).freeze()
    assert caught.value.fault is Fault.ABSENT
    assert not (tmp_path / "f.json").exists()
