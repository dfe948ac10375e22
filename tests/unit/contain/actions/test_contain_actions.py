"""The conformance suite: what base.py says of every act, over the whole table; none of it needs root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from garde.contain.actions import ACTIONS, proc
from garde.contain.actions.base import Action, Refused, Stage, Target
from garde.contain.actions.nft import Blocks, NeverCut
from garde.contain.actions.proc import ProcTree
from garde.contain.actions.process import ProcessHold, ProcessRecord
from garde.contain.actions.protect import Protection
from garde.contain.actions.samba import SmbHold
from garde.model.actor import Process
from garde.settings import ContainSettings


def no_nft(arguments: Sequence[str], stdin: str) -> str:
    raise OSError("nft: Operation not permitted")


def make(name: str, state: Path) -> Action:
    if name == "process":
        return ProcessHold(ProcTree(), state)
    assert name == "smb"
    blocks = Blocks(NeverCut(ContainSettings()), run=no_nft, lock=state / "lock")
    return SmbHold(state, blocks)


@pytest.fixture(params=sorted(ACTIONS))
def action(request: pytest.FixtureRequest, tmp_path: Path) -> Action:
    return make(request.param, tmp_path)


@pytest.fixture
def innocent() -> Iterator[int]:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield process.pid
    process.kill()
    process.wait(10)


def test_the_table_names_them() -> None:
    assert {name: kind.name for name, kind in ACTIONS.items()} == {name: name for name in ACTIONS}


def test_what_is_not_held_is_refused(action: Action) -> None:
    for call in (action.settle, action.confirm, action.release):
        assert isinstance(call("absent"), Refused)
    assert action.held() == ()


def test_nobody_is_held_for_nothing(action: Action) -> None:
    for target in (Target(()), Target((os.getpid(),)), Target((1,)), Target((2**22,))):
        refused = action.check("h", target)
        assert isinstance(refused, Refused)
        assert refused.reason
    assert action.held() == ()


def test_check_touches_nothing(action: Action, innocent: int, tmp_path: Path) -> None:
    action.check("h", Target((innocent,), "10.0.0.1"))
    stat = proc.stat_of(innocent)
    assert stat is not None
    assert stat.state != "T"
    assert list(tmp_path.iterdir()) == []


def test_an_id_that_is_no_file_name_is_refused(action: Action, innocent: int) -> None:
    with pytest.raises(ValueError, match="hold id"):
        action.apply("../h", Target((innocent,), "10.0.0.1"))
    stat = proc.stat_of(innocent)
    assert stat is not None
    assert stat.state != "T"


def test_names_are_believed_only_of_installed_programs(innocent: int, tmp_path: Path) -> None:
    """`sleep` is root's; a copy that its user may change is not."""
    found = proc.read(innocent)
    assert found is not None
    assert "never-hold list" in Protection(frozenset({"sleep"}), frozenset(), frozenset()).why(found)
    assert Protection(frozenset({"sshd"}), frozenset(), frozenset()).why(found) == ""
    assert Protection(frozenset(), frozenset({innocent}), frozenset()).why(found) == "Garde's own process"


def test_a_process_that_ended_and_left_none_behind(tmp_path: Path, innocent: int) -> None:
    """It ends between the check and the act: said, and no record is left."""

    class LateTree(ProcTree):
        def process(self, pid: int) -> Process | None:
            return Process(pid, 0, 1, pid, 0, "gone", "", "") if pid == 2**22 else super().process(pid)

        def ancestors(self, pid: int) -> Sequence[int]:
            return [] if pid == 2**22 else super().ancestors(pid)

    hold = ProcessHold(LateTree(), tmp_path)
    refused = hold.hold("h", [2**22])
    assert isinstance(refused, Refused)
    assert "ended" in refused.reason
    assert hold.held() == ()
    assert list((tmp_path / "holds").iterdir()) == []


def test_a_root_whose_pid_was_reused_is_not_stopped(tmp_path: Path, innocent: int) -> None:
    """The held root was killed, and its pid given to someone else before the agent looked again."""
    hold = ProcessHold(ProcTree(), tmp_path)
    hold._store.save(ProcessRecord("h", proc.boot_id(), Stage.APPLIED, (innocent,)))

    assert not isinstance(hold.settle("h"), Refused)

    stat = proc.stat_of(innocent)
    assert stat is not None
    assert stat.state != "T"
