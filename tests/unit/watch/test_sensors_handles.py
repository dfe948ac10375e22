"""File handles: two forms of key, and what they survive."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.watch.sensors.handles import fid_of, fid_of_key, fsid_of, handle_of, key_of_fid


@pytest.fixture
def place(tmp_path: Path) -> bytes:
    if handle_of(os.fsencode(tmp_path)) is None:
        pytest.skip("the file system of the temporary directory has no file handles")
    return os.fsencode(tmp_path)


def test_a_fid_survives_a_rename_and_differs_between_files(place: bytes) -> None:
    Path(os.fsdecode(place), "a").touch()
    Path(os.fsdecode(place), "b").touch()
    first = fid_of(place + b"/a")
    Path(os.fsdecode(place), "a").rename(Path(os.fsdecode(place), "c"))
    assert fid_of(place + b"/c") == first != fid_of(place + b"/b")


def test_a_fid_starts_with_the_file_systems_id_and_can_be_told_it(place: bytes) -> None:
    Path(os.fsdecode(place), "a").touch()
    assert fid_of(place + b"/a")[:8] == fsid_of(place)
    assert fid_of(place + b"/a", b"12345678")[:8] == b"12345678"
    assert fid_of(place + b"/a", b"12345678")[8:] == fid_of(place + b"/a")[8:]


def test_hard_links_share_a_fid_and_a_symlink_has_its_own(place: bytes) -> None:
    Path(os.fsdecode(place), "a").touch()
    os.link(place + b"/a", place + b"/hard")
    Path(os.fsdecode(place), "soft").symlink_to("a")
    assert fid_of(place + b"/hard") == fid_of(place + b"/a") != fid_of(place + b"/soft")


def test_what_is_not_there_has_no_fid(place: bytes) -> None:
    assert fid_of(place + b"/missing") == b""
    assert fid_of(place + b"/missing/deeper") == b""
    assert fid_of(place + b"/nul\0inside") == b""


def test_names_that_are_no_text_have_a_fid(place: bytes) -> None:
    name = place + b"/\xff\xfe\n\x1b[31m"
    os.close(os.open(name, os.O_CREAT, 0o600))
    assert fid_of(name)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=4, max_size=4), st.binary(max_size=128))
def test_both_forms_of_a_key_say_the_same(fsid: bytes, kind: bytes, handle: bytes) -> None:
    fid = fsid + kind + handle
    assert fid_of_key(key_of_fid(fid)) == fid
    assert key_of_fid(fid)[8:12] == len(handle).to_bytes(4, "little")
