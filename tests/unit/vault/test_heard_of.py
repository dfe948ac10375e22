"""The filter of names never hides one that the index knows, whoever put it there, and spares nearly all the rest."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garde.vault.heard_of import HeardOf
from garde.vault.index import Index

FOLDERS = (b"/s/a", b"/s/b", b"/s/b/c")
NAMES = tuple(b"%s/%d" % (folder, number) for folder in FOLDERS for number in range(3))
names, folders = st.sampled_from(NAMES), st.sampled_from(FOLDERS)
steps = st.one_of(
    st.tuples(st.just("put"), names),
    st.tuples(st.just("skip"), names),
    st.tuples(st.just("gone"), names),
    st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("folder"), folders, st.sampled_from((*FOLDERS, b"/s/new"))),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=12), st.integers(0, 12))
def test_with_it_and_without_it_the_index_says_the_same(script: Sequence[tuple[str, ...]], reopened_at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place, heard_of = Path(folder) / "index.db", HeardOf()
        writer, versions = Index(place, read_only=False, heard_of=heard_of), itertools.count(1)
        for number, step in enumerate(script):
            if number == reopened_at:  # an agent that was started again
                writer.close()
                heard_of = HeardOf()
                writer = Index(place, read_only=False, heard_of=heard_of)
            _do(writer, step, versions)
        sparing, asking = Index(place, read_only=True, heard_of=heard_of), Index(place, read_only=True)
        for name in (*NAMES, *(b"/s/new/%d" % number for number in range(3)), b"/s/new/c/1"):
            assert sparing.find(name) == asking.find(name), name
            assert sparing.find(name, b"fid of " + name) == asking.find(name, b"fid of " + name)
            assert (writer.row(name) is None) == (asking.row(name) is None)
        for index in (sparing, asking, writer):
            index.close()


def _do(index: Index, step: Sequence[object], versions: itertools.count[int]) -> None:
    match step:
        case ("put", bytes() as name):
            number = index.put_file(name, b"fid of " + name, 1, Path("/").stat())
            version = next(versions)
            row = (version, number, 1, 0, 0.0, 0, 0, 0, 0, 0, None, "text", "whole", None, 0, None)
            index.db.execute("INSERT INTO versions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)", row)
            index.db.execute("UPDATE files SET newest = ? WHERE id = ?", (version, number))
        case ("skip", bytes() as name):
            index.put_skipped(name, 1, "forbidden")
        case ("gone", bytes() as name):
            index.forget(name, 1.0)
        case ("rename", bytes() as old, bytes() as new):
            if old != new:
                index.rename_file(old, new, 1.0)
        case ("folder", bytes() as old, bytes() as new):
            if old != new and not (new + b"/").startswith(old + b"/"):
                index.rename_dir(old, new, 1.0)


def test_until_it_is_filled_everything_may_be_known() -> None:
    heard_of = HeardOf()
    assert heard_of.may_hold(b"/s/a")
    heard_of.fill([b"/s/b"])
    assert not heard_of.may_hold(b"/s/a")
    assert heard_of.may_hold(b"/s/b")


def test_few_names_are_asked_for_in_vain() -> None:
    heard_of = HeardOf()
    heard_of.fill(b"/srv/share/ward %d/letter.docx" % number for number in range(100_000))
    assert all(heard_of.may_hold(b"/srv/share/ward %d/letter.docx" % number) for number in range(0, 100_000, 97))
    assert sum(heard_of.may_hold(b"/srv/share/tmp/%d.tmp" % number) for number in range(20_000)) < 20


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_what_a_child_takes_in_its_parent_knows() -> None:
    heard_of = HeardOf()
    heard_of.fill([])
    child = os.fork()
    if not child:
        heard_of.add(b"/s/from the child")
        os._exit(0)
    os.waitpid(child, 0)
    assert heard_of.may_hold(b"/s/from the child")
    assert not heard_of.may_hold(b"/s/from nobody")


def test_a_name_moved_away_is_still_followed_after_a_start(tmp_path: Path) -> None:
    with contextlib.closing(Index(tmp_path / "index.db", read_only=False, heard_of=HeardOf())) as index:
        _do(index, ("put", b"/s/a/1"), itertools.count(1))
        index.rename_file(b"/s/a/1", b"/s/a/2", 1.0)
    with contextlib.closing(Index(tmp_path / "index.db", read_only=False, heard_of=HeardOf())) as again:
        found = again.find(b"/s/a/1")
        assert found is not None
        assert found.path == b"/s/a/2"
