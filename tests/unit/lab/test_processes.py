"""The drill's own processes: seen running, stopped, frozen and killed; ended whatever state they are in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from garde.errors import Incomplete
from garde.lab.attack import Assault, Attack
from garde.lab.attackers.base import Mode
from garde.lab.attackers.table import MODES
from garde.lab.documents import make_some
from garde.lab.processes import orphans_come_here, read_stat, session_members
from garde.lab.witness import Witness

DEADLINE_S = 60  # generous: a wait ends when the condition comes, never by this on a sound machine


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, "the condition never came"
        time.sleep(0.01)


@contextmanager
def crew(root: Path, mode: Mode = MODES["slow"], workers: int = 2) -> Iterator[Attack]:
    """Two attackers that start on the first of six files and wait an hour for the next."""
    witness = Witness(root / "drill", make_some(root / "drill", 6, seed=8))
    with ExitStack() as stack:
        stack.enter_context(orphans_come_here())
        yield Attack(Assault(mode, root / "drill", witness, None, workers, 3600), lambda *_: None, stack)


def signal_all(attack: Attack, number: int) -> None:
    for pid in attack.band.workers:
        os.kill(pid, number)


def test_the_attackers_have_a_session_of_their_own(tmp_path: Path) -> None:
    with crew(tmp_path) as attack:
        members = set(session_members(attack.band.pid))
        assert members == {attack.band.pid, *attack.band.workers}
        assert os.getpid() not in members
        assert not attack.band.is_stopped()
    assert attack.left == []
    assert not session_members(attack.band.pid)


def test_stopping_all_is_seen_and_so_is_letting_go(tmp_path: Path) -> None:
    with crew(tmp_path) as attack:
        os.kill(attack.band.workers[0], signal.SIGSTOP)
        assert not attack.band.is_stopped()
        signal_all(attack, signal.SIGSTOP)
        wait_for(attack.band.is_stopped)
        signal_all(attack, signal.SIGCONT)
        wait_for(lambda: not attack.band.is_stopped())


def test_stopped_attackers_are_ended_all_the_same(tmp_path: Path) -> None:
    with crew(tmp_path) as attack:
        os.kill(attack.band.pid, signal.SIGSTOP)
        signal_all(attack, signal.SIGSTOP)
        wait_for(attack.band.is_stopped)
    assert attack.left == []
    assert all(read_stat(pid) is None for pid in attack.band.workers)


def test_killing_them_counts_as_stopped(tmp_path: Path) -> None:
    with crew(tmp_path) as attack:
        signal_all(attack, signal.SIGKILL)
        wait_for(attack.band.is_stopped)
        assert not attack.band.has_failed


@pytest.mark.parametrize("mode", ["shell-loop", "xargs"])
def test_the_shells_of_a_mode_are_attackers_too(mode: str, tmp_path: Path) -> None:
    with crew(tmp_path, MODES[mode], workers=1) as attack:
        signal_all(attack, signal.SIGSTOP)
        assert not attack.band.is_stopped()  # their shell still can
        for pid in session_members(attack.band.pid):
            os.kill(pid, signal.SIGSTOP)
        wait_for(attack.band.is_stopped)
    assert not session_members(attack.band.pid)


@pytest.mark.root
def test_a_frozen_cgroup_is_seen_and_its_members_are_ended(tmp_path: Path) -> None:
    home = next((place for place in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")) if _is_v2(place)), None)
    if os.geteuid() != 0 or home is None:
        pytest.skip("needs root and cgroup v2")
    group = home / f"garde-test-{os.getpid()}"
    group.mkdir()
    try:
        with crew(tmp_path) as attack:
            for pid in attack.band.workers:
                (group / "cgroup.procs").write_text(str(pid))
            assert not attack.band.is_stopped()
            (group / "cgroup.freeze").write_text("1")
            wait_for(attack.band.is_stopped)
        assert attack.left == []
    finally:
        (group / "cgroup.freeze").write_text("0")
        wait_for(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


def _is_v2(place: Path) -> bool:
    return (place / "cgroup.controllers").exists()


def test_an_attacker_that_cannot_start_is_an_error_not_a_figure(tmp_path: Path, capfd: object) -> None:
    unknown = replace(MODES["full"], name="no such mode")
    with pytest.raises(Incomplete, match="did not start"), crew(tmp_path, unknown):
        pass


def test_attackers_end_when_the_drill_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from garde.lab.drill import Plan, run;"
        "list(run(Plan(Path(sys.argv[1]), ('slow',), files=3, slow_interval=3600, settle=0)))"
    )
    paths = os.pathsep.join([str(Path(__file__).parents[3] / "src"), *filter(None, sys.path)])
    drill = subprocess.Popen([sys.executable, "-c", code, tmp_path], env={**os.environ, "PYTHONPATH": paths})
    leaders: list[int] = []

    def found() -> bool:
        leaders[:] = [pid for pid in _children(drill.pid) if (stat := read_stat(pid)) and stat.session == pid]
        return bool(leaders) and len(session_members(leaders[0])) == 2

    wait_for(found)
    drill.kill()
    drill.wait()
    wait_for(lambda: not [pid for pid in session_members(leaders[0]) if read_stat(pid).state not in "ZX"])  # type: ignore[union-attr]


def _children(pid: int) -> list[int]:
    fields = ((entry.name, _parent(entry)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [int(name) for name, parent in fields if parent == pid]


def _parent(entry: Path) -> int:
    try:
        text = (entry / "stat").read_bytes()
    except OSError:
        return 0
    return int(text[text.rindex(b")") + 2 :].split()[1])
