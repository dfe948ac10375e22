"""The core's watch list: read beside the core, put in place in one step, and an unreadable one is said."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from garde.agent import watch_list
from garde.agent.sharpening import Sharpening
from garde.model import watchlist
from garde.model.watchlist import Indicator, Sort, WatchList


class Core:
    """What is told to the watcher, to the keeper, to whoever asked."""

    def __init__(self, state: Path) -> None:
        self.watched: list[WatchList] = []
        self.kept: list[Path] = []
        self.said: list[tuple[str, int, str]] = []
        self.part = Sharpening(state, self.watched.append, self.kept.append)
        self.part.answer = lambda command, indicators, detail: self.said.append((command, indicators, detail))

    def turn(self, answers: int) -> None:
        until = time.monotonic() + 10
        while len(self.said) < answers:
            assert time.monotonic() < until
            self.part.look()
            time.sleep(0.001)


@pytest.fixture
def core(tmp_path: Path) -> Core:
    return Core(tmp_path)


def put(core: Core, *endings: bytes) -> None:
    raw = watchlist.write(["b"], [Indicator(Sort.ENDING, each) for each in endings])
    watch_list.put(watch_list.in_force(core.part.state), raw)


def test_where_there_is_no_list_nothing_is_read(core: Core) -> None:
    core.part.load()
    core.part.look()
    assert core.part.waiting == 0 and core.part._thread is None


def test_a_list_of_an_agent_before_this_one_is_taken_up(core: Core) -> None:
    put(core, b".locked")
    core.part.load()
    core.turn(1)
    assert core.said == [("", 1, "")]
    assert core.kept == [watch_list.in_force(core.part.state)]


def test_lists_come_into_force_in_their_order(core: Core) -> None:
    put(core, b".one")
    core.part.begin("c1")
    core.turn(1)
    put(core, b".two", b".three")
    core.part.begin("c2")
    core.turn(2)
    assert core.said == [("c1", 1, ""), ("c2", 2, "")]
    assert [len(each) for each in core.watched] == [1, 2] and core.part.indicators == 2


def test_an_unreadable_list_is_said_and_the_one_in_force_stays(core: Core) -> None:
    put(core, b".one")
    core.part.begin("c1")
    core.turn(1)
    watch_list.in_force(core.part.state).write_bytes(b"garbage\n")
    core.part.begin("c2")
    core.turn(2)
    assert core.said[1][:2] == ("c2", 0) and "can't be read" in core.said[1][2]
    assert len(core.watched) == 1 and core.part.indicators == 1
