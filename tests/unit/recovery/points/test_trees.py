"""Trees copied and compared: all that belongs to a file comes along, nothing is followed, what is odd is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garde.recovery.points import trees
from garde.recovery.points.base import Fault, StoreFault

NAMES = st.binary(min_size=1, max_size=20).filter(lambda name: not set(name) & {0, 47} and name not in (b".", b".."))


def make(top: Path) -> Path:
    (top / "a/b").mkdir(parents=True)
    (top / "a/one").write_text("1")
    (top / "a/b/two").write_text("22")
    (top / "a/one").chmod(0o640)
    os.setxattr(top / "a/one", "user.note", b"x")
    (top / "out").symlink_to("/etc")
    (top / "a/gone").symlink_to("nowhere")
    os.utime(top / "a/b", ns=(1, 10**18))
    return top


def test_all_that_belongs_to_a_file_comes_along(tmp_path: Path) -> None:
    done = trees.copy(make(tmp_path / "old"), tmp_path / "new")
    assert (done.files, done.bytes, done.failed) == (2, 3, 0)
    one = tmp_path / "new/a/one"
    assert (one.stat().st_mode & 0o777, os.getxattr(one, "user.note")) == (0o640, b"x")
    assert one.stat().st_mtime_ns == (tmp_path / "old/a/one").stat().st_mtime_ns
    assert (tmp_path / "new/a/b").stat().st_mtime_ns == 10**18
    assert (tmp_path / "new/out").readlink() == Path("/etc")
    found = trees.verify(tmp_path / "old", tmp_path / "new")
    assert (found.whole, found.files) == (True, 2)


def test_copying_again_mends_what_was_half_done(tmp_path: Path) -> None:
    make(tmp_path / "old")
    (tmp_path / "new/a").mkdir(parents=True)
    (tmp_path / "new/a/one").write_text("half")
    trees.copy(tmp_path / "old", tmp_path / "new")
    trees.copy(tmp_path / "old", tmp_path / "new")
    assert trees.verify(tmp_path / "old", tmp_path / "new").whole


@pytest.mark.parametrize("what", ["content", "mode", "missing", "more", "link", "type"])
def test_every_difference_is_seen(tmp_path: Path, what: str) -> None:
    new = tmp_path / "new"
    trees.copy(make(tmp_path / "old"), new)
    two = new / "a/b/two"
    seen = two.stat()
    if what == "content":
        two.write_text("2x")
        os.utime(two, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    elif what == "mode":
        two.chmod(0o4755)
    elif what == "missing":
        two.unlink()
    elif what == "more":
        (new / "a/planted.sh").write_text("x")
    elif what == "link":
        (new / "out").unlink()
        (new / "out").symlink_to("/root")
    else:
        two.unlink()
        two.symlink_to("/etc/passwd")
    found = trees.verify(tmp_path / "old", new)
    assert (found.whole, found.wrong) == (False, 1)


def test_what_is_neither_file_nor_folder_nor_link_is_named_and_does_not_stop_it(tmp_path: Path) -> None:
    os.mkfifo(make(tmp_path / "old") / "pipe")
    done = trees.copy(tmp_path / "old", tmp_path / "new")
    assert (done.files, done.failed) == (2, 1)
    assert done.skipped[0].what == "pipe"
    assert not trees.verify(tmp_path / "old", tmp_path / "new").whole


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/file").write_text("x")
    (tmp_path / "old").mkdir()
    (tmp_path / "old/door").symlink_to(tmp_path / "secret")
    assert trees.list_files(tmp_path / "old", b"/x") == []
    assert trees.copy(tmp_path / "old", tmp_path / "new").files == 0
    (tmp_path / "top").symlink_to(tmp_path / "secret")
    with pytest.raises(StoreFault) as caught:
        trees.list_files(tmp_path / "top", b"/x")
    assert caught.value.fault is Fault.ABSENT


def test_what_changed_is_counted(tmp_path: Path) -> None:
    old = make(tmp_path / "old")
    new = tmp_path / "new"
    new.mkdir()
    for path in ("a/one", "a/b/two"):
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        os.link(old / path, new / path)  # as a snapshot has them: the same inode
    (new / "a/b/two").unlink()
    (new / "a/three").write_text("333")
    found = trees.changes(old, new, b"/srv")
    assert (found.changed, found.added, found.removed, found.bytes_added) == (0, 1, 1, 3)
    assert found.paths == (b"/srv/a/three",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.dictionaries(NAMES, st.binary(max_size=20), max_size=8))
def test_every_name_comes_through(tmp_path: Path, files: dict[bytes, bytes]) -> None:
    old, new = (tmp_path / f"{os.urandom(8).hex()}-{side}" for side in ("old", "new"))
    old.mkdir()
    for name, content in files.items():
        with open(os.fsencode(old) + b"/" + name, "wb") as file:
            file.write(content)
    trees.copy(old, new)
    assert trees.verify(old, new).wrong == 0
    assert {each.path: each.size for each in trees.list_files(new, b"/x")} == {
        b"/x/" + name: len(content) for name, content in files.items()
    }
