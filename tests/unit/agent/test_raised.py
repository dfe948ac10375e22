"""Raised sensitivity: tests for each rule of `garde.agent.raised`."""

from __future__ import annotations

from pathlib import Path

import pytest

from garde.agent.raised import FILE, Raised, save
from garde.clock import VirtualClock
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import WatchRaised

NOW = 1_900_000_000.0


class Watch:
    """What is raised: whether the bound is lowered, and what was journaled."""

    def __init__(self, state: Path, clock: VirtualClock | None = None) -> None:
        self.lowered: list[bool] = []
        self.noted: list[Payload] = []
        self.clock = clock or VirtualClock(NOW)
        self.raised = Raised(state, self.clock, self.lowered.append, self.noted.append)


def test_it_ends_by_itself_at_its_time(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.raised.begin(NOW + 60)
    watch.clock.advance(59)
    watch.raised.look()
    assert watch.lowered == [True] and watch.noted == []
    watch.clock.advance(1)
    watch.raised.look()
    watch.raised.look()
    assert watch.lowered == [True, False] and watch.noted == [WatchRaised("", 0.0)]


def test_it_survives_a_restart_and_one_that_is_over_is_said(tmp_path: Path) -> None:
    first = Watch(tmp_path)
    first.raised.begin(NOW + 60)
    second = Watch(tmp_path, first.clock)
    second.raised.load()
    assert second.lowered == [True] and second.raised.until == NOW + 60 and second.noted == []
    first.clock.advance(3600)
    third = Watch(tmp_path, first.clock)
    third.raised.load()
    assert third.lowered[-1] is False and third.noted == [WatchRaised("", 0.0)]
    fourth = Watch(tmp_path, first.clock)
    fourth.raised.load()
    assert fourth.lowered == [] and fourth.noted == []


def test_a_new_time_takes_the_place_of_the_one_before_and_none_ends_it(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    for until, expected in ((NOW + 60, NOW + 60), (NOW + 30, NOW + 30), (0.0, 0.0), (NOW - 5, 0.0)):
        watch.raised.begin(until)
        assert watch.raised.until == expected and watch.lowered[-1] is bool(expected)
    assert watch.noted == []


@pytest.mark.parametrize("raw", [b"", b"\0", b"[]", b'{"until": "soon"}', b'{"until": -5}'])
def test_a_file_that_cannot_be_read_raises_nothing(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / FILE).write_bytes(raw)
    watch = Watch(tmp_path)
    watch.raised.load()
    assert watch.raised.until == 0.0 and watch.lowered == []


def test_a_disk_that_refuses_raises_it_all_the_same(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "not there")
    watch.raised.begin(NOW + 60)
    assert watch.lowered == [True] and watch.raised.until == NOW + 60
    save(tmp_path / "not there", 5.0)
