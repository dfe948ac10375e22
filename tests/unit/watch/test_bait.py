"""Canaries: placed once, real in content, open to whoever would damage them."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

from garde.content import MemoryBytes, Structure, check_structure, is_recognised, sniff
from garde.watch import bait


def test_two_canaries_that_anybody_may_damage(tmp_path: Path) -> None:
    tree = os.fsencode(tmp_path)
    first = bait.place(tree)
    assert first == [tree + b"/" + bait.FIRST, tree + b"/" + bait.LAST]
    for path in (Path(os.fsdecode(name)) for name in first):
        assert path.stat().st_mode & 0o777 == 0o666
        data = MemoryBytes(path.read_bytes())
        assert is_recognised(sniff(data))
        assert check_structure(data, sniff(data))[0] is not Structure.BROKEN
    names = zipfile.ZipFile(io.BytesIO(Path(os.fsdecode(first[1])).read_bytes())).namelist()
    assert names == ["garde.txt"]


def test_a_canary_that_stands_is_left_as_it_is(tmp_path: Path) -> None:
    tree = os.fsencode(tmp_path)
    (tmp_path / os.fsdecode(bait.FIRST)).write_text("somebody wrote here")
    assert len(bait.place(tree)) == 2
    assert (tmp_path / os.fsdecode(bait.FIRST)).read_text() == "somebody wrote here"


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    (tmp_path / os.fsdecode(bait.FIRST)).symlink_to(target)
    bait.place(os.fsencode(tmp_path))
    assert not target.exists()


def test_a_folder_that_may_not_be_written_has_none(tmp_path: Path) -> None:
    assert bait.place(os.fsencode(tmp_path / "missing")) == []
