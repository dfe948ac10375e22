"""Secrets on the disk: whole or not at all, and nobody else's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from garde.errors import NotFound, StateDamaged
from garde.trust.files import MOST, make_secret, read_secret, write_secret


def test_what_is_written_is_read_and_only_the_owner_can(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    write_secret(path, b"one")
    write_secret(path, b"two")
    assert read_secret(path) == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["secret"]


def test_of_two_that_make_it_one_wins(tmp_path: Path) -> None:
    assert make_secret(tmp_path / "key", b"first")
    assert not make_secret(tmp_path / "key", b"second")
    assert read_secret(tmp_path / "key") == b"first"
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


def test_what_others_can_read_is_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_secret(path, b"x", mode=0o644)
    with pytest.raises(StateDamaged, match="chmod 600"):
        read_secret(path)


def test_a_missing_one_a_link_a_pipe_and_a_log_are_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_secret(tmp_path / "none")
    write_secret(tmp_path / "real", b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe", 0o600)
    write_secret(tmp_path / "log", bytes(MOST + 1))
    for name in ("link", "pipe", "log"):
        with pytest.raises(StateDamaged):
            read_secret(tmp_path / name)
