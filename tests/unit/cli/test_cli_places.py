"""Where things lie, and what a running `up` tells the others."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from garde.cli import places
from garde.cli.notes import Notes, only_one, read_notes, write_notes
from garde.errors import NotPermitted, StateBusy

NOTES = Notes("/srv", "/state", "http://127.0.0.1:1/", 7)


def test_in_a_checkout_everything_lies_under_var(root: Path) -> None:
    assert places.checkout() == root
    assert places.var() == root / "var"
    assert places.default_state() == root / "var" / "state"


@pytest.mark.parametrize(("uid", "var"), [(0, "/var/lib/garde"), (1000, "/xdg/garde")])
def test_installed_it_depends_on_the_user(monkeypatch: pytest.MonkeyPatch, uid: int, var: str) -> None:
    monkeypatch.setattr(places, "checkout", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setenv("XDG_STATE_HOME", "/xdg")
    assert str(places.var()) == var
    assert str(places.default_state()) == (var if uid == 0 else f"{var}/state")


def test_the_state_named_wins_then_a_running_up_s_then_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "var", lambda: tmp_path)
    default = places.default_state()
    with only_one(tmp_path):
        write_notes(tmp_path, NOTES)
        assert places.find_state(tmp_path / "x") == tmp_path / "x"
        assert places.find_state(None) == Path("/state")
    assert places.find_state(None) == default


def test_notes_are_read_only_while_their_up_runs(tmp_path: Path) -> None:
    assert read_notes(tmp_path) is None
    with only_one(tmp_path):
        assert read_notes(tmp_path) is None
        write_notes(tmp_path, NOTES)
        assert read_notes(tmp_path) == NOTES
        assert read_notes(tmp_path) == NOTES
    assert read_notes(tmp_path) is None
    assert not (tmp_path / "up.json").exists()
    write_notes(tmp_path, NOTES)  # what a killed one leaves behind
    assert read_notes(tmp_path) is None


def test_a_second_up_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with only_one(tmp_path):
        write_notes(tmp_path, NOTES)
        with pytest.raises(StateBusy, match=re.escape("process 7, page http://127.0.0.1:1/")), only_one(tmp_path):
            pass
        assert read_notes(tmp_path) == NOTES  # the refused one took nothing away
    with only_one(tmp_path):
        pass


def test_notes_that_make_no_sense_are_not_believed(tmp_path: Path) -> None:
    with only_one(tmp_path):
        for wrong in (b"", b"{}", b'{"share": 1}', b"\xff"):
            (tmp_path / "up.json").write_bytes(wrong)
            assert read_notes(tmp_path) is None


def test_the_state_directory_is_closed_to_others(tmp_path: Path) -> None:
    state = places.make_state(tmp_path / "a" / "state")
    assert state.stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(NotPermitted):
        places.make_state(tmp_path / "file" / "state")
    with pytest.raises(NotPermitted), only_one(tmp_path / "file"):
        pass
