"""The clock that tests hand in, and the one form of a time."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from garde.clock import Clock, SystemClock, VirtualClock, iso


def test_virtual_clock_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock()
    before = clock.now(), clock.monotonic()
    assert (clock.now(), clock.monotonic()) == before
    clock.advance(3600.5)
    assert (clock.now() - before[0], clock.monotonic() - before[1]) == (3600.5, 3600.5)


def test_wall_time_can_jump_back_without_the_monotonic_one() -> None:
    clock = VirtualClock()
    ticks = clock.monotonic()
    clock.wall -= 86_400
    assert clock.monotonic() == ticks


def test_both_clocks_are_clocks() -> None:
    clocks: list[Clock] = [SystemClock(), VirtualClock()]
    for clock in clocks:
        first = clock.monotonic()
        assert clock.monotonic() >= first
        assert clock.now() > 1_600_000_000


def test_iso_is_utc_with_microseconds() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000000Z"
    assert iso(1_552_269_600.25) == "2019-03-11T02:00:00.250000Z"


@given(st.floats(min_value=0, max_value=4_000_000_000), st.floats(min_value=0, max_value=4_000_000_000))
def test_iso_sorts_as_time_does(one: float, other: float) -> None:
    early, late = sorted((one, other))
    assert iso(early) <= iso(late)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", iso(one))
