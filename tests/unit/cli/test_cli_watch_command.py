"""`garde watch`: the words of the call, and what becomes of the events."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import garde.agent.program
from garde.agent.mode import Mode
from garde.clock import SystemClock

EVENT = {"kind": "finding", "at": "2026-11-23T03:12:04.500000Z", "path": "/a\x1b\udcff", "proofs": []}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    made: list[tuple[Any, ...]] = []

    def run_watch(trees: Any, state: Any, mode: Any, restore: Any, settings: Any, **more: Any) -> int:
        assert isinstance(more["clock"], SystemClock)
        assert more["netns"] == ""
        out = more["out"]
        made.append((trees, state, mode, restore, settings.watch.confirm_ms))
        out(EVENT)
        return 0

    monkeypatch.setattr(garde.agent.program, "run_watch", run_watch)
    return made


def test_the_agent_gets_what_was_asked_for(garde: Any, calls: list[tuple[Any, ...]], tmp_path: Path) -> None:
    settings = tmp_path / "garde.toml"
    settings.write_text("[watch]\nconfirm_ms = 300\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    state = tmp_path / "state"
    words = ["--state", str(state), "--enforce", "--no-restore", "--settings", str(settings)]
    assert garde("watch", str(tmp_path / "a"), str(tmp_path / "b"), *words).code == 0
    assert calls == [([tmp_path / "a", tmp_path / "a"], state, Mode.ENFORCE, False, 300)]
    assert state.stat().st_mode & 0o777 == 0o700


def test_it_observes_unless_told_otherwise(garde: Any, calls: list[tuple[Any, ...]], tmp_path: Path) -> None:
    garde("watch", str(tmp_path), "--state", str(tmp_path / "s"))
    garde("watch", str(tmp_path), "--state", str(tmp_path / "s"), "--observe")
    assert [call[2:4] for call in calls] == [(Mode.OBSERVE, True)] * 2


def test_events_are_lines_of_json_or_of_words(garde: Any, calls: list[tuple[Any, ...]], tmp_path: Path) -> None:
    words = ["watch", str(tmp_path), "--state", str(tmp_path / "s")]
    assert garde(*words, "--json").lines == [EVENT]
    shown = garde(*words).out
    assert "Damaged: /a\\x1b\\xff" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("words", [[], ["/nowhere/at/all"], [__file__], ["/tmp", "--observe", "--enforce"]])
def test_wrong_words_start_nothing(garde: Any, calls: list[tuple[Any, ...]], tmp_path: Path, words: list[str]) -> None:
    assert garde("watch", *words, "--state", str(tmp_path / "s")).code == 2
    assert calls == []
    assert not (tmp_path / "s").exists()


def test_it_goes_on_when_the_reader_goes_away(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom garde.cli.screen import Screen\nscreen = Screen(True)\n"
        "for n in range(3): screen.data({'n': n})\n"
        "sys.stderr.write('still here')"
    )
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"still here")


def test_a_child_of_up_ends_with_it_however_it_ends() -> None:
    child = (
        "import os, sys, time\nfrom garde.cli.watch import end_with\n"
        "end_with(os.getppid())\nprint(os.getpid(), flush=True)\ntime.sleep(600)"
    )
    parent = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {child!r}])\ntime.sleep(600)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    up = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, env=environment)
    assert up.stdout is not None
    assert json.loads(up.stdout.readline()) != up.pid
    up.send_signal(signal.SIGKILL)
    assert up.stdout.read() == b""  # end of file: the grandchild, which held the pipe too, is gone
    up.stdout.close()
    up.wait()
