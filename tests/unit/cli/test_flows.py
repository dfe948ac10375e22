"""`garde flows` on a store that an agent left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from garde.cli import run
from garde.clock import SystemClock, iso
from garde.forensics.egress.nouns import Batch, Flow, Inside
from garde.forensics.egress.store import Book, FlowStore
from garde.journal.forensic_kinds import Blind


@pytest.fixture
def state(tmp_path: Path) -> Path:
    words = '[[source]]\nid = "{}"\nsort = "conntrack"\ncovers = ["10.0.0.0/8"]\ndelay_s = 0\n'
    (tmp_path / "flows.toml").write_text(words.format("gate") + words.format("other"))
    now = SystemClock().now()
    book = Book(FlowStore(tmp_path / "flows.sqlite"), Inside())
    seen = book.begin("gate", "conntrack", now - 7200, remembers=False)
    seen.state = "sees"
    blind = [Blind(now - 600, now - 540, "gap", 30)]
    upload = Flow("10.0.0.7", "203.0.113.66", 443, 6, False, 200_000_000, 9, now - 60, now - 30, name="evil\x1b[2J")
    book.take("gate", Batch([upload], [], blind, 1), now, remembers=False)
    book.write(now, {"gate": b""})
    book.store.close()
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], state: Path, *words: str) -> tuple[int, list[dict[str, Any]]]:
    code = run(["flows", *words, "--state", str(state), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_sources_say_what_they_have_and_where_they_were_blind(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, (gate, other) = call(capsys, state, "sources")
    assert (code, gate["state"], gate["alive"], gate["records"], gate["missing"]) == (0, "sees", True, 1, 30)
    assert {each["why"] for each in gate["blind"]} >= {"gap", "late"}
    assert other["state"] == "never"
    assert run(["flows", "sources", "--state", str(state)]) == 0
    shown = capsys.readouterr().out
    assert "gate: conntrack, sees" in shown
    assert "NEVER READ" in shown


def test_a_look_shows_what_left_and_by_which_path(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = call(capsys, state, "look", "10.0.0.7", "--since", iso(SystemClock().now() - 3600))
    assert (code, [each["kind"] for each in said]) == (0, ["seen", "path", "looked", "looked"])
    assert (said[0]["to"], said[0]["bytes"], said[1]["outside"]) == ("203.0.113.66", 200_000_000, "203.0.113.66")
    assert run(["flows", "look", "10.0.0.7", "--state", str(state)]) == 0
    shown = capsys.readouterr().out
    assert "sent 200.0 MB to 203.0.113.66" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("words", "code"),
    [(["look", "nobody"], 2), (["look", "--since", "2099-01-01T00:00"], 2), (["look", "--since", "today"], 2)],
)
def test_what_is_no_address_or_no_time_is_refused(
    state: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    assert call(capsys, state, *words)[0] == code


def test_without_sources_or_a_store_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, tmp_path, "sources")[0] == 8
    (tmp_path / "flows.toml").write_text('[[source]]\nid = "g"\nsort = "conntrack"\ncovers = ["10.0.0.0/8"]\n')
    assert call(capsys, tmp_path, "sources")[0] == 8
    (tmp_path / "flows.sqlite").write_bytes(b"x" * 4096)
    assert call(capsys, tmp_path, "sources")[0] == 6
