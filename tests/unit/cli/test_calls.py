"""`garde ack` and `garde calls` on a hub's state directory, without a running hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from garde import cli
from garde.clock import SystemClock
from garde.estate.read import SAMPLE
from garde.hub.config import Config
from garde.hub.setup import set_up


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hub") / "state"
    set_up(path, Config(str(SAMPLE), address="127.0.0.1"), SystemClock())
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    return cli.run([*words, "--json"]), capsys.readouterr().out


def test_duty_and_channels(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "calls", "duty", "--state", str(state))
    assert code == 0 and json.loads(out.splitlines()[0])["role"] == "on_call_it"
    assert run(capsys, "calls", "channels", "--state", str(state))[0] == 9


def test_the_tree(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "calls", "tree", "--state", str(state), "--lang", "fr")
    assert code == 0 and "Ngozi Okafor" in json.loads(out.splitlines()[0])["text"]


def test_a_code_of_nobody_and_a_slip(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "ack", "12", "--state", str(state))[0] == 2
    assert run(capsys, "ack", "000000000", "--state", str(state))[0] == 12


def test_check(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (state / "calling.toml").write_text('[[channel]]\nname = "x"\nkind = "off"\n')
    (state / "calling.toml").chmod(0o600)
    code, out = run(capsys, "calls", "check", "--state", str(state))
    assert code == 0 and json.loads(out.splitlines()[0])["channel"] == "off"
    (state / "calling.toml").write_text('[[channel]]\nname = "x"\nkind = "dove"\n')
    assert run(capsys, "calls", "check", "--state", str(state))[0] == 3
