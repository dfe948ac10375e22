"""The witness: whole or lost by the bytes, whatever the stamps say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from garde.lab.documents import make_some
from garde.lab.witness import Witness


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path / "drill", make_some(tmp_path / "drill", 12, seed=4))


def test_untouched_files_are_whole(witness: Witness) -> None:
    assert witness.lost() == []


def test_each_kind_of_loss_is_seen_and_its_repair_too(witness: Witness) -> None:
    kept = {number: witness.path(number).read_bytes() for number in range(4)}
    witness.path(0).unlink()
    witness.path(1).write_bytes(kept[1][:-1] + b"\0\0")
    witness.path(2).write_bytes(b"")
    witness.path(3).unlink()
    witness.path(3).symlink_to(witness.path(4))
    assert witness.lost() == [0, 1, 2, 3]
    assert witness.lost([1, 5]) == [1]
    witness.path(3).unlink()
    for number, data in kept.items():
        witness.path(number).write_bytes(data)
    assert witness.lost() == []


def test_a_change_behind_the_same_stamps_is_found_afresh(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    place = witness.path(0)
    assert witness.is_whole(0)
    before = place.stat()
    place.write_bytes(bytes(before.st_size))
    real = os.fstat

    def same_stamps(handle: int) -> os.stat_result:
        found = real(handle)
        return before if found.st_ino == before.st_ino else found

    monkeypatch.setattr(os, "fstat", same_stamps)
    assert witness.is_whole(0)  # what a memory map can do: no stamp moved
    assert not witness.is_whole(0, afresh=True)


def test_a_fifo_in_a_files_place_is_lost_and_does_not_block(witness: Witness) -> None:
    witness.path(0).unlink()
    os.mkfifo(witness.path(0))
    assert witness.lost() == [0]


def test_removing_takes_only_what_was_made(witness: Witness) -> None:
    foreign = witness.path(0).parent / "not ours.txt"
    foreign.write_bytes(b"keep")
    locked = witness.path(1).with_name(witness.path(1).name + ".locked")
    locked.write_bytes(b"x")
    witness.remove([".locked"])
    left = [entry for entry in witness.directory.rglob("*") if entry.is_file()]
    assert left == [foreign]
    foreign.unlink()
    witness.remove([])
    assert not witness.directory.exists()
