"""The drill against a stand-in for the watch, which stops the attackers and puts the files back: is the truth told?"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from garde.lab.drill import Plan, Result, Step, run
from garde.lab.processes import read_stat, session_members

# The slow mode with an hour between two files: exactly one file is ever touched before the stand-in acts.
ONE = {"files": 6, "slow_interval": 3600.0, "settle": 0.01, "wait": 30.0}


class StandIn:
    """Keeps copies while the documents settle; acts once, when the drill has seen the first file touched."""

    def __init__(self, share: Path, act: Callable[[StandIn], None]) -> None:
        self.share, self.copies, self.act = share, share.parent / "copies", act
        self.acted = False
        self.when_held: Callable[[], None] = lambda: None

    def __call__(self, step: Step) -> None:
        if step.stage == "settling" and not self.copies.exists():
            shutil.copytree(self.share, self.copies)
        if step.stage == "attacking" and step.done and not self.acted and self._is_damaged():
            self.acted = True
            self.act(self)
        if step.stage == "held":
            self.when_held()

    def _is_damaged(self) -> bool:
        return any(
            not (self.share / path).exists() or (self.share / path).read_bytes() != (self.copies / path).read_bytes()
            for path in (found.relative_to(self.copies) for found in self.copies.rglob("*") if found.is_file())
        )

    def session(self) -> list[int]:
        """Return the attackers: children of ours that lead a session, and its members."""
        own = [
            pid
            for pid in _every_pid()
            if (stat := read_stat(pid)) and stat.session == pid and _parent(pid) == os.getpid()
        ]
        return [pid for leader in own for pid in session_members(leader)]

    def signal(self, number: int) -> None:
        for pid in self.session():
            os.kill(pid, number)

    def restore(self) -> None:
        shutil.copytree(self.copies, self.share, dirs_exist_ok=True)


def _every_pid() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return int(text[text.rindex(b")") + 2 :].split()[1])


@pytest.fixture
def share(tmp_path: Path) -> Path:
    (tmp_path / "share").mkdir()
    return tmp_path / "share"


def drilled(share: Path, act: Callable[[StandIn], None], mode: str = "slow", **changes: object) -> Result:
    (result,) = run(Plan(share, (mode,), **{**ONE, **changes}), StandIn(share, act))  # type: ignore[arg-type]
    assert isinstance(result, Result)
    return result


def test_stopped_and_restored_is_held_with_nothing_lost(share: Path) -> None:
    def act(watch: StandIn) -> None:
        watch.signal(signal.SIGSTOP)
        watch.restore()

    result = drilled(share, act)
    assert (result.touched, result.lost, result.held) == (1, 0, True)
    assert result.seconds_to_hold is not None
    assert result.restored_s is not None
    assert result.is_good
    # Every file is whole, so the drill took away what it had made.
    assert not list(share.iterdir())


def test_killed_counts_as_held_and_a_kept_folder_stays(share: Path) -> None:
    def act(watch: StandIn) -> None:
        watch.signal(signal.SIGKILL)
        watch.restore()

    result = drilled(share, act, keep=True)
    assert (result.touched, result.lost, result.held) == (1, 0, True)
    assert len(list(share.glob("drill-*/**/*.*"))) == 6


def test_held_without_a_restore_is_one_file_lost_and_the_folder_stays(share: Path) -> None:
    result = drilled(share, lambda watch: watch.signal(signal.SIGSTOP), wait=0.2)
    assert (result.touched, result.lost, result.held) == (1, 1, True)
    assert result.restored_s is None
    assert not result.is_good
    assert len(list(share.glob("drill-*/**/*.*"))) == 6


def test_a_hold_that_is_let_go_is_no_hold(share: Path) -> None:
    def act(watch: StandIn) -> None:
        watch.signal(signal.SIGSTOP)
        watch.when_held = lambda: watch.signal(signal.SIGCONT)

    result = drilled(share, act, slow_interval=0.5, wait=1.0)
    assert (result.touched, result.lost, result.held) == (6, 6, False)
    assert result.seconds_to_hold is None


def test_a_late_hold_is_held_and_touched_says_how_late(share: Path) -> None:
    def act(watch: StandIn) -> None:
        watch.signal(signal.SIGSTOP)
        watch.restore()

    # Unpaced: all six files are gone before anybody looks; the attackers stay, and can still be held.
    result = drilled(share, act, mode="keep-open", rate=0)
    assert result.held
    assert 1 <= result.touched <= 6
    assert result.lost == 0


def test_undone_without_a_hold_is_good_enough_for_a_mass_delete(share: Path) -> None:
    result = drilled(share, lambda watch: None, mode="mass-delete", rate=0, wait=0.1)
    assert (result.lost, result.held, result.is_good) == (6, False, False)

    shutil.rmtree(share.parent / "copies")
    restorer: list[threading.Timer] = []

    def later(watch: StandIn) -> None:
        restorer.append(threading.Timer(0.2, watch.restore))
        restorer[0].start()

    result = drilled(share, later, mode="mass-delete", rate=0)
    restorer[0].join()
    assert (result.touched, result.lost, result.held, result.is_good) == (6, 0, False, True)


def test_a_file_broken_by_the_restore_itself_is_counted(share: Path) -> None:
    def act(watch: StandIn) -> None:
        watch.signal(signal.SIGSTOP)
        watch.restore()
        untouched = [path for path in sorted(watch.share.glob("drill-*/**/*.*")) if path.is_file()]
        for path in untouched:
            path.write_bytes(b"swapped")

    assert drilled(share, act, wait=0.2).lost == 6
