"""`garde ack` and `garde calls` on a hub's state directory, without a running hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from garde import cli
from garde.clock import SystemClock
from garde.estate.read import SAMPLE
from garde.hub.config import Config, load_config, open_hub_journal
from garde.hub.setup import set_up
from garde.journal import notice_kinds as n
from garde.journal import oncall_kinds as o


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hub") / "state"
    set_up(path, Config(str(SAMPLE), address="127.0.0.1"), SystemClock())
    return path


CHANNEL = o.ChannelNote("mail", "mail", "person", "mail", outside=True)
NOTICE = n.NoticeNeeded("oncall:fault:hub/x", "", ("okafor",), (), (("en", "Read this"),), False, 600.0)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    return cli.run([*words, "--json"]), capsys.readouterr().out


def test_duty_and_channels(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "calls", "duty", "--state", str(state))
    assert code == 0 and json.loads(out.splitlines()[0])["role"] == "on_call_it"
    assert run(capsys, "calls", "channels", "--state", str(state))[0] == 9


def test_each_json_line_says_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state, clock = tmp_path / "state", SystemClock()
    set_up(state, Config(str(SAMPLE), address="127.0.0.1"), clock)
    with open_hub_journal(state, load_config(state).database, clock) as journal:
        journal.append(o.CallingSet("x", (CHANNEL,), o.CallRules()))
        journal.append(NOTICE)
    for action, kind, name, of in (("list", "call", "call", "fault"), ("channels", "channel", "channel", "mail")):
        code, out = run(capsys, "calls", action, "--state", str(state))
        (line,) = map(json.loads, out.splitlines())
        assert code == 0 and (line["kind"], line[name]) == (kind, of)


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
