"""`garde gate`: a baseline, a sweep against it, a look; what is wrong with the words is said."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from bench.backdoor_plants import PLANTS
from tests.support.small_root import SmallRoot

from garde.cli import run
from garde.cli.gate import parse_ports


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    root = SmallRoot(tmp_path / "root")
    kept = tmp_path / "kept.json"
    return ["--root", str(root.path), "--baseline", str(kept), "--state", str(tmp_path / "state"), "--json"]


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_machine_is_held_against_its_baseline(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["gate", "baseline", *words]) == 0
    (taken,) = said(capsys)
    sweep = ["gate", "sweep", *words, "--check", "baseline", "--believe", str(taken["sha256"])]
    assert run(sweep) == 0
    check, swept = said(capsys)
    assert (check["answer"], swept["answers"]) == ("yes", {"rebuilt": "yes"})
    assert swept["baseline"] == taken["sha256"]
    PLANTS[0].run(tmp_path / "root")
    assert run(sweep) == 9
    assert said(capsys)[0]["found"] == ["program changed: /usr/bin/ls"]


def test_people_read_lines_that_move_no_cursor(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = [word for word in words if word != "--json"]
    assert run(["gate", "baseline", *plain]) == 0
    assert "digest: " in capsys.readouterr().out
    (tmp_path / "root/etc/cron.d/\x1b[2Jx").write_text("* * * * * root x\n")
    assert run(["gate", "sweep", *plain, "--check", "baseline"]) == 9
    shown = capsys.readouterr().out
    assert "cron new: /etc/cron.d/%1B[2Jx" in shown
    assert "\x1b[2J" not in shown


def test_another_baseline_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(["gate", "baseline", *words])
    assert run(["gate", "sweep", *words, "--check", "baseline", "--believe", "00" * 32]) == 9
    assert "replaced or changed" in capsys.readouterr().out


def test_a_look_says_what_answers(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert run(["gate", "look", "127.0.0.1", "--ports", f"{port}", "--json"]) == 0
    assert said(capsys) == [{"kind": "looked", "answering": [port], "refused": [], "tried": 1, "detail": ""}]


@pytest.mark.parametrize(
    "words",
    [
        ["look"], ["look", "name.example"], ["look", "127.0.0.1", "--ports", "0"], ["sweep", "--check", "none"],
        ["look", "127.0.0.1", "--ports", "9-3"], ["baseline", "--root", "/none/such"], ["open"],
    ],
)  # fmt: skip
def test_wrong_words_do_nothing(words: list[str], tmp_path: Path) -> None:
    assert run(["gate", *words, "--state", str(tmp_path)]) == 2


def test_ports_are_read_as_people_write_them() -> None:
    assert parse_ports("22, 80-82,443") == [22, 80, 81, 82, 443]
