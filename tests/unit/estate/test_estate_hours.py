"""The hours of the rota."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.estate.hours import ALWAYS, DAY, DAYS, WEEK, gaps, read_hours, say_span

MONDAY = datetime(2026, 11, 23)


def test_where_the_hours_begin_and_end() -> None:
    assert read_hours("Mon 08:00-18:00; Sun 20:00-00:00").edges == {480, 1080, 6 * DAY + 1200, 0}
    assert ALWAYS.edges == {0}


def at(text: str, moment: str) -> bool:
    """Whether `text` covers a moment such as `Tue 03:00`."""
    day, clock = moment.split()
    hour, minute = map(int, clock.split(":"))
    return read_hours(text).holds(MONDAY.replace(day=23 + DAYS.index(day), hour=hour, minute=minute))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("", ["Mon 00:00", "Sun 23:59"], []),
        ("Mon-Fri 08:00-18:00", ["Mon 08:00", "Fri 17:59"], ["Mon 07:59", "Fri 18:00", "Sat 12:00"]),
        ("Fri 18:00-08:00", ["Fri 18:00", "Sat 07:59"], ["Fri 07:00", "Sat 08:00"]),
        ("Sun 20:00-06:00", ["Sun 23:00", "Mon 05:59"], ["Mon 06:00"]),
        ("Sat,Sun", ["Sat 00:00", "Sun 23:59"], ["Fri 23:59", "Mon 00:00"]),
        ("Fri-Mon", ["Fri 00:00", "Mon 23:00"], ["Tue 00:00"]),
        ("08:00-12:00", ["Mon 09:00", "Sun 09:00"], ["Sun 13:00"]),
        ("Mon 08:00-12:00 13:00-17:00; Tue", ["Mon 13:00", "Tue 01:00"], ["Mon 12:30"]),
        ("Mon 00:00-24:00", ["Mon 23:59"], ["Tue 00:00"]),
        ("sat", ["Sat 12:00"], []),
    ],
)
def test_hours(text: str, inside: list[str], outside: list[str]) -> None:
    assert all(at(text, moment) for moment in inside)
    assert not any(at(text, moment) for moment in outside)


@pytest.mark.parametrize(
    "text",
    [
        "weekdays",
        "Mon 8-18",
        "Mon 25:00-26:00",
        "Mon 08:60-09:00",
        "Mon-",
        ";",
        "Mon 24:00-25:00",
        "Mo",
        "Mon 08:00-18:00 x",
    ],
)
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|names no"):
        read_hours(text)


def test_gaps_are_what_nobody_covers() -> None:
    assert gaps([ALWAYS]) == ()
    assert gaps([]) == ((0, WEEK),)
    assert gaps([read_hours("Mon-Fri"), read_hours("Sun")]) == ((5 * DAY, 6 * DAY),)
    assert gaps([read_hours("08:00-18:00"), read_hours("18:00-08:00")]) == ()
    assert say_span(5 * DAY, WEEK).text == "Sat 00:00 to Sun 24:00"


_times = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda time: f"{time[0]:02d}:{time[1]:02d}")


@given(st.lists(st.sampled_from(DAYS), min_size=1, max_size=3), _times, _times)
def test_spans_are_in_order_and_apart(days: list[str], begin: str, end: str) -> None:
    hours = read_hours(f"{','.join(days)} {begin}-{end}")
    edges = [edge for span in hours.spans for edge in span]
    assert edges == sorted(set(edges))
    assert 0 <= edges[0] < edges[-1] <= WEEK
    covered = WEEK - sum(last - first for first, last in gaps([hours]))
    assert covered == sum(last - first for first, last in hours.spans)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        read_hours(text)
    except ValueError:
        pass
