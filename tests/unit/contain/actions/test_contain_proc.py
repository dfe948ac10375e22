"""Reading /proc, and signals that reach the process they were meant for or none."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions import proc
from garde.contain.actions.proc import Identity, ProcTree, Stat, parse_stat

TAIL = "S 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000 10"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait(10)


def test_a_name_may_hold_anything() -> None:
    assert parse_stat(f"12 (a) R 1 (b) {TAIL}") == Stat("a) R 1 (b", "S", 7, 9, 4194304, 12345)


@pytest.mark.parametrize("text", ["", "12 (x", "12 x) S", "12 (x) S 1 2", f"12 (x) {TAIL.replace('12345', 'y')}"])
def test_what_is_no_stat_is_none(text: str) -> None:
    assert parse_stat(text) is None


@given(st.text())
def test_any_text_is_parsed_or_none(text: str) -> None:
    parse_stat(text)


@given(st.text(max_size=15).filter(lambda name: "\n" not in name))
def test_any_name_is_read_whole(name: str) -> None:
    stat = parse_stat(f"12 ({name}) {TAIL}")
    assert stat is not None
    assert stat.comm == name


def test_this_process() -> None:
    own = proc.read(os.getpid())
    assert own is not None
    assert (own.pid, own.ppid, own.uid, own.sid) == (os.getpid(), os.getppid(), os.getuid(), os.getsid(0))
    assert os.getppid() == proc.ancestors_of(os.getpid())[0]
    assert proc.ancestors_of(os.getpid())[-1] == 1
    assert not proc.is_kernel_thread(os.getpid())
    assert proc.read(2**22) is None


def test_children(sleeper: subprocess.Popen[bytes]) -> None:
    assert sleeper.pid in proc.children_of(os.getpid())
    assert sleeper.pid in ProcTree().descendants(os.getppid())


def test_a_signal_meant_for_an_earlier_process_is_not_sent(sleeper: subprocess.Popen[bytes]) -> None:
    who = proc.identity_of(sleeper.pid)
    assert who is not None
    assert not proc.send(Identity(who.pid, who.start - 1), signal.SIGKILL)
    assert sleeper.poll() is None
    assert proc.wait_gone([who], 0.0) == [who]

    assert proc.send(who, signal.SIGKILL)
    assert proc.wait_gone([who], 10.0) == []
    assert not proc.is_there(who), "a zombie counts as gone"
    assert not proc.send(who, signal.SIGKILL)
