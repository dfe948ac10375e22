"""The command line itself: errors in one line with their code, help, nothing loaded too early."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from garde import cli
from garde.cli import COMMANDS
from garde.errors import EXIT_CODES, GardeError, NotPermitted


def test_an_error_is_one_line_with_code_and_what_to_do(garde: Any) -> None:
    ran = garde("explain", "v1", "--state", "/nonexistent\x1b[31m")
    assert ran.code == 8
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("NOT-FOUND: ")
    assert "\x1b" not in ran.err
    assert " — " in ran.err


def test_with_json_an_error_is_an_object_as_well(garde: Any) -> None:
    ran = garde("explain", "v1", "--state", "/nonexistent", "--json")
    (line,) = ran.lines
    assert line["kind"] == "error"
    assert line["code"] == "NOT-FOUND"
    assert set(line) == {"kind", "code", "message", "todo"}


@pytest.mark.parametrize(
    "words", [["wacth"], ["explain"], ["status", "--nonsense"], ["watch", "--state"], ["drill", "--files", "many"]]
)
def test_wrong_words_are_a_usage_error(garde: Any, words: list[str]) -> None:
    ran = garde(*words)
    assert ran.code == 2
    assert ran.err.startswith("USAGE: ")
    assert ran.err.count("\n") == 1
    assert "--help" in ran.err


@pytest.mark.parametrize(
    ("raised", "code"), [(KeyboardInterrupt(), 130), (NotPermitted("x"), 4), (ZeroDivisionError("x"), 1)]
)
def test_what_a_command_raises_becomes_an_exit_code(
    garde: Any,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    code: int,
) -> None:
    def fail(*words: object, **more: object) -> None:
        raise raised

    monkeypatch.setattr(cli, "build", lambda called="": fail)
    assert garde("status").code == code


def test_an_unexpected_error_says_how_to_see_more(garde: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*words: object, **more: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr(cli, "build", lambda called="": fail)
    assert garde("status").err == "GARDE: ZeroDivisionError: a b — set GARDE_DEBUG=1 to see where, and report it\n"
    monkeypatch.setenv("GARDE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.run(["status"])


def test_help_lists_every_command(garde: Any) -> None:
    shown = garde("--help").out
    for name in COMMANDS:
        assert f" {name} " in shown


def test_no_command_is_loaded_before_it_is_called() -> None:
    program = (
        "import sys; from garde.cli import run; code = run(['--version'])\n"
        "heavy = {'numpy', 'jinja2', 'babel', 'sqlite3', 'http.server', 'garde.agent', 'garde.vault'}\n"
        "print(code, sorted(heavy & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_a_reader_that_goes_away_is_no_error() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "garde.cli", "settings", "--json"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(write)
    assert done.stderr == b""


def test_exit_codes_are_told_apart() -> None:
    kinds = GardeError.__subclasses__()
    assert len({kind.exit_code for kind in kinds} | {0, 1}) == len(EXIT_CODES) == len(kinds) + 2
