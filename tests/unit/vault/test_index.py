"""Names: what is found, and how histories follow renames."""

# Names here are raw bytes, which pathlib does not know.
# ruff: noqa: PTH116

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.errors import StateBusy, StateDamaged
from garde.vault.index import Index


def _known(share: Any, healthy: Any, *names: str | bytes) -> Any:
    vault = share.vault()
    for seed, name in enumerate(names):
        vault.capture(share.write(name, healthy(seed)), b"fid-%d" % seed)
    return vault


def test_found_by_path_else_by_key(share: Any, healthy: Any) -> None:
    vault = _known(share, healthy, "a.txt")
    assert vault.find(share.path("a.txt"), b"") is not None
    assert vault.find(share.path("elsewhere.txt"), b"fid-0").path == share.path("a.txt")
    assert vault.find(share.path("elsewhere.txt"), b"other") is None
    assert vault.find(share.path("elsewhere.txt")) is None


def test_found_by_the_name_it_had_just_before(share: Any, healthy: Any) -> None:
    vault = _known(share, healthy, "a.txt")
    vault.renamed(share.path("a.txt"), share.path("a.txt.locked"), False)
    assert vault.find(share.path("a.txt")).path == share.path("a.txt.locked")


def test_an_atomic_save_keeps_the_history_of_the_name(share: Any, healthy: Any) -> None:
    vault = _known(share, healthy, "doc.txt", ".doc.tmp")
    before = vault.find(share.path("doc.txt")).version
    vault.renamed(share.path(".doc.tmp"), share.path("doc.txt"), False)
    assert vault.find(share.path("doc.txt")).version == before
    assert vault.find(share.path(".doc.tmp")).gone is not None


def test_a_directory_rename_carries_all_names_of_any_bytes(share: Any, healthy: Any) -> None:
    names = (b"old/a.txt", b"old/\xff\xfe/b\n.txt", b"old0/not-below.txt", b"older.txt")
    vault = _known(share, healthy, *names)
    vault.renamed(share.path("old"), share.path(b"n\xe9w"), True)
    assert vault.find(share.path(b"n\xe9w/\xff\xfe/b\n.txt")).version == 2
    assert vault.find(share.path(b"n\xe9w/a.txt")).version == 1
    assert vault.find(share.path("old/a.txt")) is None
    assert vault.find(share.path("old0/not-below.txt")).version == 3
    assert vault.find(share.path("older.txt")).version == 4


def test_a_directory_renamed_onto_known_names_loses_neither_history(share: Any, healthy: Any) -> None:
    vault = _known(share, healthy, "new/a.txt", "old/a.txt")
    vault.forget(share.path("new"), is_dir=True)
    vault.renamed(share.path("old"), share.path("new"), True)
    assert vault.find(share.path("new/a.txt")).version == 1
    assert vault.find(share.path("old/a.txt")).version == 2


def test_the_way_back_to_the_name_it_had(share: Any, healthy: Any) -> None:
    vault = _known(share, healthy, "d/a.txt")
    start = share.clock.now()
    share.clock.advance(1)
    vault.renamed(share.path("d/a.txt"), share.path("d/b.txt"), False)
    share.clock.advance(1)
    vault.renamed(share.path("d"), share.path("e"), True)
    share.clock.advance(1)
    vault.renamed(share.path("e/b.txt"), share.path("e/c.locked"), False)
    assert vault.name_before(share.path("e/c.locked"), start) == share.path("d/a.txt")
    assert vault.name_before(share.path("e/c.locked"), share.clock.now()) == share.path("e/b.txt")
    assert vault._index.name_after(share.path("d/a.txt")) == share.path("e/c.locked")


def test_names_swapped_in_a_circle_end(share: Any, healthy: Any) -> None:
    vault = _known(share, healthy, "a", "b")
    for old, new in (("a", "t"), ("b", "a"), ("t", "b"), ("b", "t"), ("a", "b"), ("t", "a")):
        vault.renamed(share.path(old), share.path(new), False)
    assert vault.name_before(share.path("a"), 0.0) == share.path("a")
    assert vault._index.name_after(share.path("a")) == share.path("b")  # the last one moved away from there was b


def test_a_forgotten_file_is_found_again_when_it_returns(share: Any, healthy: Any) -> None:
    vault = _known(share, healthy, "a.txt")
    vault.forget(share.path("a.txt"))
    assert vault.find(share.path("a.txt")).gone == share.clock.now()
    vault.capture(share.path("a.txt"))
    assert vault.find(share.path("a.txt")).gone is None


def test_versions_distrusted_later_are_not_the_newest_any_more(share: Any, healthy: Any) -> None:
    vault = _known(share, healthy, "a.txt")
    first = vault.find(share.path("a.txt")).version
    share.clock.advance(60)
    vault.capture(share.write("a.txt", healthy(0, 200)))
    assert vault.distrust(share.path("a.txt"), share.clock.now()) == 1
    assert vault.find(share.path("a.txt")).version == first


def test_a_reader_may_come_before_the_writer_and_sees_what_it_commits(share: Any, healthy: Any) -> None:
    path = share.write("a.txt", healthy(1))
    reader = share.vault(read_only=True)
    assert reader.find(path) is None
    writer = share.vault()
    assert reader.find(path) is None
    writer.capture(path)
    with reader.before(reader.find(path)) as before:
        assert before.data.read(0, 1 << 20) == healthy(1)


def test_a_reader_gets_something_when_retention_was_quicker(share: Any, healthy: Any) -> None:
    vault = _known(share, healthy, "a.txt")
    reader = share.vault(read_only=True)
    known = reader.find(share.path("a.txt"))
    vault.capture(share.write("a.txt", healthy(0, 200)))
    vault._retention.drop([known.version])
    with reader.before(known) as before:
        assert before.data.size == len(healthy(0, 200))


def test_a_second_writer_is_refused(share: Any) -> None:
    share.vault()
    with pytest.raises(StateBusy):
        share.vault()


def test_a_file_that_is_no_index_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StateDamaged):
        Index(tmp_path / "index.db", read_only=False)


def test_an_index_of_another_version_is_left_alone(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.db", read_only=False)
    index.db.execute("PRAGMA user_version = 99")
    index.close()
    with pytest.raises(StateDamaged, match="version 99"):
        Index(tmp_path / "index.db", read_only=False)


_PART = st.binary(min_size=1, max_size=3).filter(lambda part: b"/" not in part and b"\0" not in part)
_PATH = st.lists(_PART, min_size=2, max_size=4).map(lambda parts: b"/" + b"/".join(parts))


@given(st.sets(_PATH, min_size=1, max_size=12), _PART, _PART)
def test_a_prefix_rename_is_what_python_would_do(paths: set[bytes], old: bytes, new: bytes) -> None:
    """Compared with a plain dictionary; where a name exists at the new place already, both must survive."""
    index = Index(Path("/nowhere"), read_only=True)
    index._path = Path(":memory:")
    index._db = _memory()
    for path in sorted(paths):
        index.put_file(path, b"", 1, os.stat("/"))
    index.rename_dir(b"/" + old, b"/" + new, 1.0)
    model = set()
    for path in paths:
        below = path.startswith(b"/" + old + b"/")
        moved = b"/" + new + path[len(old) + 1 :] if below else path
        model.add(path if moved in paths and below else moved)
    assert {row[0] for row in index.db.execute("SELECT path FROM files")} == model
    index.close()


def _memory() -> Any:
    import sqlite3
    from importlib.resources import files

    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(files("garde.vault").joinpath("schema.sql").read_text())
    return db
