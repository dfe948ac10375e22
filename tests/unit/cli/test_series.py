"""Commands in one process do what they do each in its own, and one that fails ends none that follow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3] / "src"


def given(*commands: list[str]) -> list[dict[str, object]]:
    lines = "".join(json.dumps({"words": words}) + "\n" for words in commands)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    words = [sys.executable, "-m", "garde.cli.series"]
    done = subprocess.run(words, input=lines, capture_output=True, text=True, env=environment, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_command_is_answered_in_its_order(tmp_path: Path) -> None:
    state = str(tmp_path / "desk")
    made, asked, absent, again = given(
        ["downtime", "init", "--state", state, "--hospital", "TEST Zoé", "--json"],
        ["downtime", "census", "--state", state, "--json"],
        ["downtime", "status", "--state", str(tmp_path / "none"), "--json"],
        ["downtime", "status", "--state", state, "--json"],
    )
    assert made["code"] == asked["code"] == again["code"] == 0
    assert made["lines"] == [{"kind": "desk_made", "state": state, "listen": "0.0.0.0:2575", "hospital": "TEST Zoé"}]
    (census,) = asked["lines"]  # type: ignore[misc]
    assert census["kind"] == "census"
    (error,) = absent["lines"]  # type: ignore[misc]
    assert absent["code"] and error["kind"] == "error" and error["message"] in str(absent["said"])


def test_a_slip_in_the_words_is_said() -> None:
    (slip,) = given(["downtime", "dance"])
    assert slip["code"] and slip["lines"] == [] and "dance" in str(slip["said"])
