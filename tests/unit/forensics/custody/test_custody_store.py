"""The store of evidence: one test for each of its rules, on the disk."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garde.forensics.custody import store as module
from garde.forensics.custody.store import Evidence, NotKept, What, id_of

WHAT = What("damaged", "files", b"a.docx\xff.locked", b"/srv/a.docx\xff.locked", 1.7e9, -2.0, True, by="agent of files")
MOST = 1 << 20


@pytest.fixture
def store(tmp_path: Path) -> Evidence:
    return Evidence(tmp_path / "evidence")


def test_what_is_kept_is_there_again_with_all_that_is_known(store: Evidence) -> None:
    item, new = store.keep_bytes(b"damaged \x00", WHAT)
    assert new and item.sha256 == hashlib.sha256(b"damaged \x00").hexdigest() and item.size == 9
    assert (item.name, item.place, item.clock_offset_s) == (WHAT.name, WHAT.place, -2.0)
    assert list(Evidence(store.folder).items()) == [item] and store.is_same(item)


def test_the_same_thing_twice_is_one_item(store: Evidence) -> None:
    first, _ = store.keep_bytes(b"x", WHAT)
    again, new = store.keep_bytes(b"x", replace(WHAT, taken_at=1.8e9, command="c2"))
    assert again == first and not new
    other, new = store.keep_bytes(b"x", replace(WHAT, place=b"/srv/b"))
    assert new and other.item != first.item and other.sha256 == first.sha256


def test_ids_cannot_be_made_to_meet() -> None:
    one = replace(WHAT, machine="a", sort="bc")
    assert id_of(one, "d") != id_of(replace(WHAT, machine="ab", sort="c"), "d")


def test_killed_before_its_record_is_written_nothing_is_there(store: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(item: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.msgspec.json, "encode", killed)
    with pytest.raises(KeyboardInterrupt):
        store.keep_bytes(b"x", WHAT)
    monkeypatch.undo()
    assert list(store.items()) == []
    assert store.keep_bytes(b"x", WHAT)[1]


def test_what_is_too_large_is_not_kept_and_leaves_nothing(store: Evidence, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 4096)
    handle = os.open(tmp_path / "large", os.O_RDONLY)
    with pytest.raises(NotKept, match="larger than 4,095"):
        store.keep(handle, WHAT, 4095)
    assert store.keep(handle, WHAT, 4096)[1]
    os.close(handle)
    assert len(list((store.folder / "objects").iterdir())) == 1


def test_where_there_is_no_room_nothing_is_kept(store: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 1 << 62)
    with pytest.raises(NotKept, match="no room"):
        store.keep_bytes(b"x", WHAT)
    assert list((store.folder / "objects").iterdir()) == [] and list(store.items()) == []


def test_names_of_theirs_are_never_paths_of_ours_and_nothing_can_be_started(store: Evidence, tmp_path: Path) -> None:
    hostile = replace(WHAT, name=b"../../up", place=b"/../../../etc/cron.d/x", sort="sample", machine="../x")
    item, _ = store.keep_bytes(b"#!/bin/sh\n", hostile)
    kept = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert {each.name for each in kept} == {item.sha256, f"{item.item}.json"}
    assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == {0o400}
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.rglob("*") if each.is_dir()} == {0o700}


def test_a_change_shows(store: Evidence) -> None:
    item, _ = store.keep_bytes(b"damaged", WHAT)
    path = store.path_of(item)
    path.chmod(0o600)
    path.write_bytes(b"Damaged")
    assert not store.is_same(item)
    path.unlink()
    assert not store.is_same(item)


def test_what_is_kept_is_sealed_once_it_has_its_name_and_one_name_only(tmp_path: Path) -> None:
    links: list[int] = []
    store = Evidence(tmp_path / "e", lambda handle: links.append(os.fstat(handle).st_nlink))
    store.keep_bytes(b"x", WHAT)
    assert links == [1, 1]


def test_where_the_file_system_cannot_seal_it_is_kept_all_the_same(tmp_path: Path) -> None:
    def cannot(handle: int) -> None:
        raise OSError(95, "not supported")

    store = Evidence(tmp_path / "e", cannot)
    assert store.is_same(store.keep_bytes(b"x", WHAT)[0])


def test_a_record_that_is_none_of_ours_is_left_out(store: Evidence) -> None:
    item, _ = store.keep_bytes(b"x", WHAT)
    folder = store.folder / "items"
    (folder / "notes.txt").write_text("x")
    (folder / f"{'0' * 32}.json").write_bytes((folder / f"{item.item}.json").read_bytes())
    (folder / f"{'1' * 32}.json").write_text("{")
    assert list(store.items()) == [item]
    assert store.find("../items/x") is None


def test_what_the_hub_has_is_noted(store: Evidence) -> None:
    item, _ = store.keep_bytes(b"x", WHAT)
    assert store.moved(item.item) == 0
    store.note_moved(item.item, 1)
    assert Evidence(store.folder).moved(item.item) == 1


@given(st.binary(max_size=300), st.binary(max_size=80), st.binary(max_size=80))
@settings(max_examples=30)
def test_whatever_it_is_called_it_comes_back(data: bytes, name: bytes, place: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = Evidence(Path(folder))
        item, _ = store.keep_bytes(data, replace(WHAT, name=name, place=place))
        assert list(store.items()) == [item] and store.is_same(item)
        handle = store.open(item)
        assert os.read(handle, 400) == data
        os.close(handle)
