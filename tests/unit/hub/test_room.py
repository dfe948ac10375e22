"""Room kept in reserve."""

from __future__ import annotations

from pathlib import Path

import pytest

from garde.hub.room import Room


def test_the_reserve_is_real_blocks_and_is_given_once(tmp_path: Path) -> None:
    complaints: list[str] = []
    room = Room(tmp_path, complaints.append, size=1_000_000)
    assert room.keep() and room.kept and room.keep()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1_000_000
    assert room.give() and not room.kept
    assert "reserve" in complaints[0]
    assert not room.give()


def test_none_is_laid_down_where_it_would_take_the_last_room(tmp_path: Path) -> None:
    room = Room(tmp_path, size=2**50)
    assert not room.keep() and list(tmp_path.iterdir()) == []


def test_half_a_reserve_is_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.posix_fallocate", full)
    complaints: list[str] = []
    assert not Room(tmp_path, complaints.append, size=1000).keep()
    assert list(tmp_path.iterdir()) == [] and "no space left" in complaints[0]
