"""Packs on the disk: sealed, whole or not there."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from garde.downtime.codes import new_pack_id
from garde.downtime.packs.shelf import FOLDER, Manifest, Shelf
from garde.downtime.store.seal import Seal
from garde.errors import NotFound, StateDamaged

PDF = b"%PDF-1.7 of Lambert-Peeters"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, Seal.load_or_make(tmp_path))


def manifest(place: str = "CARD", made_at: float = 1.0, pdf: bytes = PDF, **more: Any) -> Manifest:
    known = {"about": "ward", "language": "fr", "pages": 3, "digest": "ab" * 16, "as_of": made_at, "mar": (3,)}
    sha256 = hashlib.sha256(pdf).hexdigest()
    return Manifest(pack=new_pack_id(), place=place, made_at=made_at, sha256=sha256, **{**known, **more})


def put(shelf: Shelf, *manifests: Manifest) -> None:
    for each in manifests:
        shelf.put(each, PDF)


def test_a_pack_comes_back_and_is_not_in_clear_on_the_disk(shelf: Shelf, tmp_path: Path) -> None:
    one = manifest()
    put(shelf, one)
    assert shelf.read(one.pack) == (one, PDF)
    assert shelf.manifests() == [one]
    file = tmp_path / FOLDER / one.pack
    assert b"Lambert" not in file.read_bytes() and b"CARD" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / FOLDER).stat().st_mode & 0o777 == 0o700


def test_the_newest_of_a_place_is_found_and_of_another_about_is_not(shelf: Shelf) -> None:
    old, new, service = manifest(made_at=1.0), manifest(made_at=9.0), manifest(made_at=99.0, about="service")
    put(shelf, new, old, service, manifest("URG", 50.0))
    assert shelf.newest("CARD") == new
    assert shelf.newest("CARD", "service") == service
    assert shelf.newest("NEO") is None
    assert [each.made_at for each in shelf.manifests()] == [99.0, 50.0, 9.0, 1.0]


def test_an_empty_shelf_is_empty(shelf: Shelf) -> None:
    assert shelf.manifests() == [] and shelf.damaged() == [] and shelf.newest("CARD") is None
    shelf.drop("K7Q2MX")
    with pytest.raises(NotFound):
        shelf.read("K7Q2MX")


@pytest.mark.parametrize("name", ["../etc", "k7q2mx", "", "K7Q2MXX", ".K7Q2MX", "K7Q2M/"])
def test_a_name_that_is_no_pack_reaches_no_file(shelf: Shelf, name: str) -> None:
    for call in (shelf.read, shelf.drop, shelf.manifest):
        with pytest.raises(NotFound):
            call(name)
    assert name not in shelf


@pytest.mark.parametrize("at", [0, 14, 40, -40, -1])
def test_a_byte_that_was_changed_is_found(shelf: Shelf, tmp_path: Path, at: int) -> None:
    one = manifest()
    put(shelf, one)
    file = tmp_path / FOLDER / one.pack
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)
    with pytest.raises(StateDamaged):
        shelf.read(one.pack)


@pytest.mark.parametrize("length", [0, 5, 14, 60, 200])
def test_a_file_that_was_cut_off_is_named_and_not_listed(shelf: Shelf, tmp_path: Path, length: int) -> None:
    one, other = manifest(), manifest("URG")
    put(shelf, one, other)
    file = tmp_path / FOLDER / one.pack
    file.write_bytes(file.read_bytes()[:length])
    assert shelf.manifests() == [other]
    assert shelf.damaged() == [one.pack]
    with pytest.raises(StateDamaged):
        shelf.read(one.pack)


def test_a_file_under_another_name_and_two_exchanged_halves_are_found(shelf: Shelf, tmp_path: Path) -> None:
    one, other = manifest(pdf=b"one"), manifest(pdf=b"two")
    shelf.put(one, b"one")
    shelf.put(other, b"two")
    folder = tmp_path / FOLDER
    kept = (folder / one.pack).read_bytes()
    (folder / one.pack).write_bytes((folder / other.pack).read_bytes())
    with pytest.raises(StateDamaged):
        shelf.read(one.pack)
    half = len(kept) - len(b"one") - 28  # nonce and tag
    (folder / one.pack).write_bytes(kept[:half] + (folder / other.pack).read_bytes()[half:])
    assert shelf.manifest(one.pack) == one
    with pytest.raises(StateDamaged):
        shelf.read(one.pack)


def test_a_pdf_that_is_another_is_not_taken(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="is not the one"):
        shelf.put(manifest(), b"another")
    assert shelf.manifests() == []


def test_old_packs_go_but_never_the_newest_nor_those_with_sheets_out(shelf: Shelf) -> None:
    packs = [manifest(made_at=float(at)) for at in range(6)]
    lonely = manifest("URG", 0.0)
    put(shelf, *packs, lonely)
    assert shelf.prune(5.0, at_least=2, keep={packs[1].pack}) == sorted(packs[at].pack for at in (0, 2, 3))
    assert {each.made_at for each in shelf.manifests() if each.place == "CARD"} == {1.0, 4.0, 5.0}
    assert shelf.newest("URG") == lonely
    assert shelf.prune(4.5, at_least=0, keep=()) == sorted([packs[1].pack, packs[4].pack, lonely.pack])


def test_a_french_pack_does_not_take_the_place_of_an_english_one(shelf: Shelf) -> None:
    french, english = manifest(made_at=1.0), manifest(made_at=2.0, language="en")
    put(shelf, french, english)
    assert shelf.prune(10.0, at_least=1) == []
    assert not french.same_kind(english) and french.same_kind(replace(french, made_at=9.0))


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not(shelf: Shelf, tmp_path: Path) -> None:
    put(shelf, manifest())
    dead, living = tmp_path / FOLDER / ".K7Q2MX.4194999.new", tmp_path / FOLDER / f".K7Q2MX.{os.getppid()}.new"
    for each in (dead, living):
        each.write_bytes(b"half")
    put(shelf, manifest("URG"))
    assert not dead.exists() and living.exists()
    assert len(shelf.manifests()) == 2 and shelf.damaged() == []
