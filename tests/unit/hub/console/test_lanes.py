"""The picture of the way back and the line of restore points: the rules of their geometry, one test each."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.hub.console.views.lanes import EDGE, FREE, LEAST, TICKS, Lane, Span, draw
from garde.hub.console.views.shelf import GAP, LEVEL, lay

T = 1_731_899_460.0
H = 3_600.0


def test_the_picture_begins_and_ends_with_a_little_room() -> None:
    chart = draw(
        [Lane("a", 1, (Span("isolated", T, T + H), Span("listed", T + 3 * H, T + 4 * H, expected=True)))], T + H
    )
    assert chart is not None
    first, last = chart.rows[0].bars
    share = 100 * EDGE / (1 + 2 * EDGE)
    assert first.x == pytest.approx(share, abs=0.02)
    assert last.x + last.width == pytest.approx(100 - share, abs=0.02)
    assert draw([Lane("a", 1, ())], T) is None and draw([], T) is None


def test_what_has_not_ended_reaches_until_now() -> None:
    chart = draw(
        [Lane("a", 1, (Span("isolated", T),)), Lane("b", 1, (Span("open", T, T + 2 * H, expected=True),))], T + H
    )
    assert chart is not None
    (bar,) = chart.rows[0].bars
    assert bar.x + bar.width == pytest.approx(chart.now, abs=0.02) and bar.end == T + H


def test_the_shortest_span_is_seen() -> None:
    chart = draw([Lane("a", 1, (Span("verified", T, T + 1), Span("observing", T + 1, T + 90 * H)))], T + 90 * H)
    assert chart is not None and chart.rows[0].bars[0].width == LEAST


def test_waves_have_their_heading_above_their_lanes() -> None:
    spans = (Span("isolated", T),)
    chart = draw([Lane("a", 1, spans), Lane("b", 1, spans), Lane("c", 2, spans)], T + H)
    assert chart is not None
    assert [head.wave for head in chart.heads] == [1, 2]
    one, two = chart.heads
    a, b, c = chart.rows
    assert one.y < a.y < b.y < two.y < c.y < chart.floor < chart.height


@given(st.floats(600, 40 * 86_400), st.floats(0, 86_400))
def test_times_are_round_and_keep_off_the_edges(length: float, offset: float) -> None:
    chart = draw([Lane("a", 1, (Span("isolated", T + offset, T + offset + length),))], T + offset + length)
    assert chart is not None
    assert 1 <= len(chart.ticks) <= TICKS + 1
    assert all(tick.at % 60 == 0 and FREE <= tick.x <= 100 - FREE for tick in chart.ticks)


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.floats(0, 9e5), st.floats(0, 9e5), st.booleans()), min_size=1, max_size=30
    ),
    st.floats(0, 9e5),
)
def test_nothing_leaves_the_picture(found: list[tuple[int, float, float, bool]], now: float) -> None:
    lanes = [Lane(str(i), wave, (Span("isolated", T + begin, T + begin + more, ahead),))
             for i, (wave, begin, more, ahead) in enumerate(found)]  # fmt: skip
    chart = draw(lanes, T + now)
    assert chart is not None and 0 <= chart.now <= 100
    for row in chart.rows:
        assert all(bar.x >= 0 and bar.x + bar.width <= 100.02 for bar in row.bars)


# --- restore points ---------------------------------------------------------------------------------------------------


def test_the_line_is_to_scale_and_numbers_the_oldest_first() -> None:
    shelf = lay([(T, "green"), (T + 10 * H, "amber"), (T + 20 * H, "red")], T + 15 * H)
    assert shelf is not None
    one, two, three = shelf.marks
    assert [mark.number for mark in shelf.marks] == [1, 2, 3]
    assert two.x - one.x == pytest.approx(three.x - two.x, abs=0.02)
    assert shelf.harm == pytest.approx((two.x + three.x) / 2, abs=0.02)
    assert (shelf.begin, shelf.end) == (T, T + 20 * H)


def test_marks_that_would_touch_stand_above_each_other() -> None:
    shelf = lay([(T, "green"), (T + 60, "green"), (T + 120, "green"), (T + 100 * H, "red")], 0.0)
    assert shelf is not None
    ys = [mark.y for mark in shelf.marks]
    assert ys[0] - ys[1] == ys[1] - ys[2] == LEVEL and ys[3] == ys[0]


def test_without_a_known_first_write_there_is_no_line_for_it() -> None:
    shelf = lay([(T, "grey")], 0.0)
    assert shelf is not None and shelf.harm < 0 and shelf.marks[0].x == pytest.approx(50, abs=0.1)
    assert lay([], T) is None


@given(st.lists(st.floats(0, 9e6), min_size=1, max_size=40), st.one_of(st.just(0.0), st.floats(T, T + 9e6)))
def test_no_two_marks_touch_and_none_leaves_the_line(times: list[float], harm: float) -> None:
    shelf = lay([(T + at, "green") for at in sorted(times)], harm)
    assert shelf is not None
    by_level: dict[float, list[float]] = {}
    for mark in shelf.marks:
        assert 0 < mark.x < 100 and 0 < mark.y < shelf.floor
        by_level.setdefault(mark.y, []).append(mark.x)
    for placed in by_level.values():
        assert all(later - before >= GAP for before, later in pairwise(placed))
