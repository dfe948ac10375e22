"""The cache of directories: inside or outside, and the path of now."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from garde.watch.sensors import directories
from garde.watch.sensors.directories import Directories, Tree


@dataclass
class Told(Directories):
    """Directories whose kernel is a dictionary; what is not in it has vanished."""

    kernel: dict[bytes, bytes] = field(default_factory=dict)
    asked: int = 0

    def _ask_kernel(self, key: bytes) -> tuple[bytes | None, bool]:
        self.asked += 1
        path = self.kernel.get(key)
        return path, path is not None and self.covers(path)


@pytest.fixture
def cache(tmp_path: Path) -> Told:
    made = Told(lambda path: path == b"/t/excluded")
    made.trees.append(Tree(b"/t", -1))
    made.kernel.update({b"A": b"/t/a", b"B": b"/t/a/b", b"X": b"/x", b"E": b"/t/excluded/deep"})
    return made


def test_a_directory_is_asked_for_once(cache: Told) -> None:
    assert cache.place(b"A")
    assert [cache.path_of(b"A") for _ in range(3)] == [b"/t/a"] * 3
    assert not cache.place(b"X")
    assert [cache.path_of(b"X") for _ in range(3)] == [b"/x"] * 3
    assert cache.asked == 2


def test_excluded_directories_count_as_outside(cache: Told) -> None:
    assert not cache.place(b"E")
    assert b"E" in cache.outside


def test_after_a_rename_every_path_is_asked_again(cache: Told) -> None:
    cache.place(b"B")
    cache.kernel[b"B"] = b"/t/new/b"
    cache.renamed(b"/t/a", b"/t/new")
    assert b"B" not in cache.inside
    assert cache.path_of(b"B") == b"/t/new/b"


def test_a_directory_moved_into_the_tree_comes_inside(cache: Told) -> None:
    assert not cache.place(b"X")
    cache.kernel[b"X"] = b"/t/x"
    cache.renamed(b"/x", b"/t/x")
    assert cache.place(b"X")


def test_a_directory_that_vanished_after_a_rename_keeps_its_last_path(cache: Told) -> None:
    cache.place(b"B")
    cache.renamed(b"/t/a", b"/t/new")
    cache.renamed(b"/t/other", b"/t/elsewhere")
    cache.renamed(b"/t/new/b", b"/t/new/c")
    del cache.kernel[b"B"]
    assert cache.place(b"B")
    assert cache.path_of(b"B") == b"/t/new/c"


def test_renames_from_before_it_was_known_do_not_move_it(cache: Told) -> None:
    cache.renamed(b"/t/a", b"/t/wrong")
    cache.place(b"B")
    cache.renamed(b"/t/q", b"/t/r")
    del cache.kernel[b"B"]
    assert cache.path_of(b"B") == b"/t/a/b"


def test_a_directory_that_vanished_before_anybody_asked_is_known_from_its_creation(cache: Told) -> None:
    cache.place(b"A")
    cache.created(b"N", b"A", b"n", inside=True)
    assert cache.path_of(b"N") == b"/t/a/n"
    assert cache.unplaced == 0


def test_one_that_was_never_known_is_counted(cache: Told) -> None:
    assert not cache.place(b"?")
    assert cache.path_of(b"?") is None
    assert cache.unplaced == 1


def test_a_new_excluded_directory_stays_outside(cache: Told) -> None:
    cache.kernel[b"T"] = b"/t"
    cache.place(b"T")
    cache.created(b"E", b"T", b"excluded", inside=True)
    assert b"E" in cache.outside
    assert b"E" not in cache.inside


def test_the_tables_stay_bounded(cache: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directories, "LIMIT", 10)
    for number in range(100):
        cache.kernel[b"i%d" % number] = b"/t/%d" % number
        cache.place(b"i%d" % number)
        cache.place(b"o%d" % number)
        cache.renamed(None, None) if number % 7 == 0 else None
    assert len(cache.inside) <= 10
    assert len(cache.outside) <= 10
    assert len(cache._past) <= 20


def test_a_tree_that_is_renamed_itself_is_followed(tmp_path: Path) -> None:
    real = Path(os.path.realpath(tmp_path))
    (real / "tree").mkdir()
    made = Told(lambda _: False)
    made.trees.append(Tree(os.fsencode(real / "tree"), os.open(real / "tree", os.O_RDONLY)))
    (real / "tree").rename(real / "moved")
    made.renamed(os.fsencode(real / "tree"), os.fsencode(real / "moved"))
    assert made.covers(os.fsencode(real / "moved" / "x"))
    assert not made.covers(os.fsencode(real / "tree" / "x"))
    made.close()


def test_priming_learns_breadth_first_up_to_its_limit(tmp_path: Path) -> None:
    real = os.path.realpath(os.fsencode(tmp_path))
    for name in ("a/deep/er", "b", "c"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to("/")
    made = Told(lambda _: False)
    made.trees.append(Tree(real, -1))
    if not made.prime(real, b"fsid0000", 4):
        pytest.skip("the file system of the temporary directory has no file handles")
    assert set(made.inside.values()) == {real, real + b"/a", real + b"/b", real + b"/c"}
    made.prime(real, b"fsid0000", 100)
    assert len(made.inside) == 6
