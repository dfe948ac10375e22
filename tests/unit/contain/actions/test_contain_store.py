"""Records of holds: whole or not there, and no id leads out of the directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions.store import Store
from garde.model.finding import Skipped


@dataclass(frozen=True, slots=True)
class Note:
    hold_id: str
    pids: tuple[int, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def store(directory: Path, action: str = "note") -> Store[Note]:
    return Store(directory / "holds", action, Note)


def test_round_trip(tmp_path: Path) -> None:
    note = Note("h-1.a", (1, 2), (Skipped("x", "y\udcff".encode(errors="replace").decode()),))
    store(tmp_path).save(Note("h-1.a"))
    store(tmp_path).save(note)
    store(tmp_path, "other").save(Note("h-2"))
    assert store(tmp_path).load("h-1.a") == note
    assert list(store(tmp_path).all()) == [note]
    store(tmp_path).remove("h-1.a")
    store(tmp_path).remove("h-1.a")
    assert store(tmp_path).load("h-1.a") is None
    assert list(store(tmp_path, "other").all()) == [Note("h-2")]


def test_no_directory_is_no_hold(tmp_path: Path) -> None:
    assert list(store(tmp_path).all()) == []


@given(st.binary())
def test_a_damaged_file_is_no_hold(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    found = store(tmp_path_factory.mktemp("state"))
    found.save(Note("h"))
    found._path("h").write_bytes(data)
    assert found.load("h") is None or data.startswith(b"{") or data.strip().startswith(b"{")


@pytest.mark.parametrize("hold_id", ["", "../h", "a/b", ".h", "a\n", "a" * 65, "ä"])
def test_an_id_names_one_file(tmp_path: Path, hold_id: str) -> None:
    with pytest.raises(ValueError, match="hold id"):
        store(tmp_path).save(Note(hold_id))
