"""The dead man's switch: ended when blocked, continued when not, left alone when settled, whoever dies."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions import deadman_child, proc
from garde.contain.actions.deadman import Deadman
from garde.contain.actions.deadman_child import Watched, obey
from garde.contain.actions.proc import Identity


@pytest.fixture
def stopped() -> Iterator[Identity]:
    """A process of ours to stand for an smbd; its state is read, never assumed."""
    process = subprocess.Popen(["sleep", "60"])
    who = proc.identity_of(process.pid)
    assert who is not None
    yield who
    process.kill()
    process.wait(10)


@pytest.fixture
def deadman() -> Iterator[Deadman]:
    switch = Deadman(1.0)  # room for a test's next line on a busy machine; an answer is waited for, not timed
    yield switch
    switch.close()


def stop(who: Identity) -> None:
    assert proc.send(who, signal.SIGSTOP)


def is_stopped(who: Identity) -> bool:
    stat = proc.stat_of(who.pid)
    return stat is not None and stat.state == "T"


def answers(deadman: Deadman) -> tuple[tuple[str, int], ...]:
    readable, _, _ = select.select([deadman.fileno()], [], [], 20.0)
    assert readable
    return deadman.acted()


def test_one_that_nobody_settles_is_continued(deadman: Deadman, stopped: Identity) -> None:
    assert deadman.stopping(stopped)
    stop(stopped)
    assert answers(deadman) == (("continued", stopped.pid),)
    assert proc.is_there(stopped)
    assert not is_stopped(stopped)
    assert deadman.acted() == ()


def test_one_whose_client_is_blocked_is_ended(deadman: Deadman, stopped: Identity) -> None:
    assert deadman.stopping(stopped)
    stop(stopped)
    deadman.blocked(stopped)
    assert answers(deadman) == (("ended", stopped.pid),)
    assert proc.wait_gone([stopped], 20.0) == []


def test_one_that_is_settled_is_left_alone(deadman: Deadman, stopped: Identity) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        second = proc.identity_of(other.pid)
        assert second is not None
        assert deadman.stopping(stopped)
        stop(stopped)
        deadman.done(stopped)
        assert deadman.stopping(second)  # its deadline comes later: when it is answered, the first one's has passed
        assert answers(deadman) == (("continued", second.pid),)
        assert is_stopped(stopped)
    finally:
        other.kill()
        other.wait(10)


def test_a_process_that_is_not_the_one_meant_is_left_alone(deadman: Deadman, stopped: Identity) -> None:
    stop(stopped)
    assert deadman.stopping(Identity(stopped.pid, stopped.start - 1))
    deadman.close()  # settles all it has, and waits for the end
    assert is_stopped(stopped)


@pytest.mark.parametrize("blocked", [True, False])
def test_when_the_agent_is_killed(stopped: Identity, blocked: bool) -> None:
    code = f"""
import os, signal
from garde.contain.actions.deadman import Deadman
from garde.contain.actions.proc import Identity, send
who = Identity({stopped.pid}, {stopped.start})
switch = Deadman(3600)
assert switch.stopping(who)
send(who, signal.SIGSTOP)
if {blocked}:
    switch.blocked(who)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.call([sys.executable, "-c", code]) == -signal.SIGKILL
    if blocked:
        assert proc.wait_gone([stopped], 20.0) == []
        return
    deadline = time.monotonic() + 20
    while is_stopped(stopped) and time.monotonic() < deadline:
        time.sleep(0.002)
    assert proc.is_there(stopped)
    assert not is_stopped(stopped)


def test_a_killed_switch_comes_back_and_knows_what_was_stopped(stopped: Identity) -> None:
    deadman = Deadman(1.0)
    try:
        assert deadman.stopping(stopped)
        stop(stopped)
        first = Identity(deadman.pid, getattr(proc.identity_of(deadman.pid), "start", 0))
        assert proc.send(first, signal.SIGKILL)
        assert proc.wait_gone([first], 20.0) == []
        assert deadman.open()
        assert answers(deadman) == (("continued", stopped.pid),)
    finally:
        deadman.close()


def test_it_outlives_the_signals_that_end_an_agent(deadman: Deadman, stopped: Identity) -> None:
    assert deadman.open()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(deadman.pid, number)
    assert deadman.stopping(stopped)
    stop(stopped)
    assert answers(deadman) == (("continued", stopped.pid),)


def test_closed_twice() -> None:
    deadman = Deadman()
    deadman.close()
    assert deadman.open()
    assert deadman.pid
    deadman.close()
    deadman.close()
    assert deadman.pid == 0
    assert deadman.fileno() == -1
    assert deadman.acted() == ()


@given(st.one_of(st.text(), st.from_regex(r"\A(stop|blocked|done) \S{1,12} \S{1,12} \S{1,12}\Z")))
def test_a_line_that_makes_no_sense_does_nothing(line: str) -> None:
    watched: dict[deadman_child.Key, Watched] = {}
    obey(line, watched)
    assert watched == {}


def test_it_imports_nothing_of_ours() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(deadman_child.__file__)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"ready\n"
    assert done.stderr == b""
