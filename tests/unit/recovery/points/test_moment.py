"""Moments between a base and the end of its log: named, found again, and the last one before harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.recovery.points.base import Point
from garde.recovery.points.moment import at_moment, base_of, before_harm, find_point, is_moment

EVENING = Point("evening", 1_000.0, until=9_000.5)
NIGHT = Point("night", 5_000.0, until=9_000.5)
ALONE = Point("alone", 7_000.0)
ALL = (EVENING, NIGHT, ALONE)


def test_a_moment_is_a_point_of_its_own() -> None:
    found = at_moment(NIGHT, 6_000.25)
    assert (found.id, found.taken_at, found.until) == ("night@1970-01-01T01:40:00.250000Z", 6_000.25, 0.0)
    assert is_moment(found) and base_of(found.id) == "night"
    assert not is_moment(NIGHT)


@pytest.mark.parametrize("moment", [4_999.9, 9_000.6])
def test_what_the_log_does_not_reach_is_no_point(moment: float) -> None:
    with pytest.raises(ValueError, match="is not between"):
        at_moment(NIGHT, moment)


@given(st.integers(5_000_000_000, 9_000_500_000))
def test_every_moment_is_found_again_by_its_name(microseconds: int) -> None:
    made = at_moment(NIGHT, microseconds / 1e6)
    assert find_point(ALL, made.id) == made


@given(st.text())
def test_no_other_name_finds_anything(name: str) -> None:
    assert find_point(ALL, f"night@{name}") is None or name.startswith("1970-01-01T0")
    assert base_of(f"x{name}x") == f"x{name}x"


@pytest.mark.parametrize("name", ["night@1970-01-01T01:40:00Z", "night@1970-01-01T09:40:00.000000Z", "other", "@", ""])
def test_a_name_that_is_not_written_as_we_write_it_finds_nothing(name: str) -> None:
    assert find_point(ALL, name) is None


def test_a_folder_that_is_called_like_a_moment_is_itself() -> None:
    odd = Point("night@1970-01-01T01:40:00.000000Z", 3.0)
    assert find_point((*ALL, odd), odd.id) == odd


def test_the_last_moment_before_harm_comes_from_the_newest_base() -> None:
    found = before_harm(ALL, 8_000.0)
    assert found is not None and (base_of(found.id), found.taken_at) == ("night", 7_999.0)


def test_a_log_that_ends_before_harm_gives_its_end() -> None:
    found = before_harm(ALL, 20_000.0)
    assert found is not None and found.taken_at == 9_000.5


def test_harm_before_the_newest_base_falls_back_to_an_older_one_and_before_all_to_none() -> None:
    found = before_harm(ALL, 3_000.0)
    assert found is not None and base_of(found.id) == "evening"
    assert before_harm(ALL, 900.0) is None
    assert before_harm((ALONE,), 8_000.0) is None
