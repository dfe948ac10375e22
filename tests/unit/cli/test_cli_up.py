"""`garde up` with an agent made of a script: events, page, notes, signals, ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from garde.cli import screen, up
from garde.cli.notes import read_notes

READY = {"kind": "ready", "at": "2026-11-23T03:12:04.500000Z", "mode": "enforce", "sensor": "fanotify", "unseen": []}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Replace the child's program: `lines` to print, then `then` to do."""
    wanted: dict[str, Any] = {"lines": [json.dumps(READY)], "then": "", "words": None}
    real = subprocess.Popen

    def start(command: list[str], **more: Any) -> subprocess.Popen[bytes]:
        wanted["words"] = command[command.index("garde.cli") + 1 :]
        program = (
            f"import sys, signal, time\nfor line in {wanted['lines']!r}: print(line, flush=True)\n{wanted['then']}"
        )
        return real([sys.executable, "-c", program], **more)

    monkeypatch.setattr(up.subprocess, "Popen", start)
    return wanted


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "srv").mkdir()
    return tmp_path / "srv"


def test_events_become_lines_and_the_agent_s_end_is_ours(garde: Any, script: dict[str, Any], tree: Path) -> None:
    script["lines"] += ["not json", "[]", json.dumps({"kind": "error", "code": "STATE-BUSY", "message": "twice"})]
    script["then"] = "sys.exit(5)"
    ran = garde("up", str(tree), "--state", str(tree.parent / "state"))
    assert ran.code == 5
    assert f"Guarding     {tree}" in ran.out
    assert "Status page  http://127.0.0.1:" in ran.out
    assert "Ready: enforce" in ran.out
    assert "twice" not in ran.out  # the child says it on standard error already
    assert "garde drill" not in ran.out  # that is for the sample share


def test_the_agent_is_started_with_the_words_of_the_call(garde: Any, script: dict[str, Any], tree: Path) -> None:
    settings = tree.parent / "garde.toml"
    settings.write_text("[watch]\nconfirm_ms = 300\n")
    state = tree.parent / "state"
    garde("up", str(tree), "--state", str(state), "--no-restore", "--settings", str(settings))
    assert script["words"] == [
        "watch", "--json", "--state", str(state), "--parent", str(os.getpid()), "--enforce", "--no-restore",
        "--settings", str(settings), "--", str(tree),
    ]  # fmt: skip
    garde("up", str(tree), "--state", str(state), "--observe")
    assert "--observe" in script["words"]
    assert "--enforce" not in script["words"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_agent_page_and_notes(
    garde: Any, script: dict[str, Any], tree: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    script["then"] = "time.sleep(600)"
    var = tree.parent / "var"
    seen: dict[str, Any] = {}

    def shown(self: screen.Screen, body: dict[str, Any]) -> None:
        if body["kind"] == "up":
            seen.update(body)
        if body["kind"] == "ready":
            seen["notes"] = read_notes(var)
            with urllib.request.urlopen(f"{seen['page']}status.json", timeout=5) as answer:
                seen["status"] = json.load(answer)
            os.kill(os.getpid(), number)

    monkeypatch.setattr(screen.Screen, "data", shown)
    before = signal.getsignal(number)
    assert garde("up", str(tree), "--state", str(tree.parent / "state"), "--json").code == 0
    assert signal.getsignal(number) is before
    assert seen["notes"].share == str(tree)
    assert (seen["notes"].page, seen["notes"].pid) == (seen["page"], os.getpid())
    assert seen["status"]["alive"] is True
    assert read_notes(var) is None
    with pytest.raises(OSError):
        urllib.request.urlopen(seen["page"], timeout=5)


def test_an_agent_that_hangs_is_killed(
    garde: Any, script: dict[str, Any], tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script["lines"], script["then"] = [], (
        f"signal.signal(signal.SIGTERM, signal.SIG_IGN); print({json.dumps(READY)!r}, flush=True); time.sleep(600)"
    )  # fmt: skip
    monkeypatch.setattr(up, "_END_S", 0.05)
    pids: list[int] = []

    def shown(self: screen.Screen, text: str, tone: str = "note") -> None:
        if "Ready" in text:
            raise KeyboardInterrupt

    real = up._agent

    @contextmanager
    def agent(*words: Any) -> Iterator[subprocess.Popen[bytes]]:
        with real(*words) as child:
            pids.append(child.pid)
            yield child

    monkeypatch.setattr(up, "_agent", agent)
    monkeypatch.setattr(screen.Screen, "line", shown)
    assert garde("up", str(tree), "--state", str(tree.parent / "state")).code == 130
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_without_folders_it_is_the_sample_share(
    garde: Any, script: dict[str, Any], tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def sample(var: Path, tell: Any) -> Iterator[Path]:
        yield tree

    monkeypatch.setattr("garde.cli.share.sample_share", sample)
    ran = garde("up", "--state", str(tree.parent / "state"))
    assert ran.code == 0
    assert "garde drill" in ran.out
    assert script["words"][-1] == str(tree)


@pytest.mark.parametrize(
    ("words", "code"), [(["/nowhere/at/all"], 2), (["--settings", "/nowhere.toml"], 3), (["--port", "99999999"], 2)]
)
def test_what_cannot_work_is_said_before_anything_starts(
    garde: Any, script: dict[str, Any], tree: Path, words: list[str], code: int
) -> None:
    if "--port" in words:
        words = [str(tree), *words]
    ran = garde("up", "--state", str(tree.parent / "state"), *words)
    assert ran.code == code
    assert ran.err.count("\n") == 1
    assert read_notes(tree.parent / "var") is None
