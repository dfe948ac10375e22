"""The watchman: real processes, each of which writes one line into a pipe when it begins."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from garde.agent import watchman


class Pipe:
    """Workers write their pids; `lines` is what came."""

    def __init__(self) -> None:
        self.out, self.end = os.pipe()
        self.lines: list[str] = []

    def write(self, words: str) -> None:
        os.write(self.end, f"{words}\n".encode())

    def next(self) -> str:
        while not self.lines:
            self.lines += os.read(self.out, 1000).decode().splitlines()
        return self.lines.pop(0)


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    monkeypatch.setattr(watchman, "AGAIN_FIRST", 0.01)
    found = Pipe()
    yield found
    os.close(found.out)
    os.close(found.end)


def start(pipe: Pipe, work: Callable[[], int], *, with_children: bool = False) -> int:
    def begin() -> int:
        pipe.write(str(os.getpid()))
        return work()

    return watchman.start([pipe.end], begin, with_children=with_children)


def sleep() -> int:
    signal.pause()
    return 0


def is_there(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[0] != b"Z"
    except OSError:
        return False


def test_a_worker_that_dies_is_started_again_and_one_that_ends_is_not(pipe: Pipe) -> None:
    watch = start(pipe, sleep)
    first = int(pipe.next())
    os.kill(first, signal.SIGKILL)
    second = int(pipe.next())
    assert second != first
    os.kill(watch, signal.SIGTERM)
    assert os.waitpid(watch, 0)[1] == 0 and not is_there(second)
    watch = start(pipe, lambda: 0)
    pipe.next()
    assert os.waitpid(watch, 0)[1] == 0


def test_it_keeps_no_other_descriptor(pipe: Pipe) -> None:
    watch = start(pipe, lambda: pipe.write(" ".join(each.name for each in Path("/proc/self/fd").iterdir())) or 0)
    pipe.next()
    kept = {int(each) for each in pipe.next().split()} - {0, 1, 2, pipe.end}
    assert len(kept) == 1  # the one that reads the list
    os.waitpid(watch, 0)


@pytest.mark.parametrize("with_children", [True, False])
def test_the_programs_of_a_dead_worker_end_with_it(pipe: Pipe, with_children: bool) -> None:
    def work() -> int:
        pipe.write(str(subprocess.Popen(["sleep", "60"]).pid))
        return sleep()

    watch = start(pipe, work, with_children=with_children)
    worker, program = int(pipe.next()), int(pipe.next())
    try:
        os.kill(worker, signal.SIGKILL)
        pipe.next()  # started again: what was before it has ended
        deadline = time.monotonic() + 5
        while is_there(program) and with_children and time.monotonic() < deadline:
            time.sleep(0.005)
        assert is_there(program) is not with_children
    finally:
        programs = [program, int(pipe.next())]
        os.kill(watch, signal.SIGTERM)
        os.waitpid(watch, 0)
        for each in programs:
            if is_there(each):
                os.kill(each, signal.SIGKILL)
