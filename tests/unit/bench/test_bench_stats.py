"""Medians, percentiles, and the interval of a paired ratio."""

from __future__ import annotations

import pytest
from bench.stats import median, paired_ratio, percentile
from hypothesis import given
from hypothesis import strategies as st

POSITIVE = st.floats(0.001, 1000.0)


def test_median_of_even_count_lies_between() -> None:
    assert median([1.0, 2.0, 10.0, 4.0]) == 3.0


def test_percentile_interpolates() -> None:
    assert percentile([0.0, 10.0], 95) == pytest.approx(9.5)


def test_nothing_has_no_median() -> None:
    with pytest.raises(ValueError, match="no values"):
        median([])


def test_noise_that_hits_both_halves_of_a_pair_cancels() -> None:
    base = [1.0, 5.0, 2.0, 9.0, 3.0]
    ratio = paired_ratio(base, [value * 1.02 for value in base])
    assert (ratio.median, ratio.low, ratio.high) == pytest.approx((1.02, 1.02, 1.02))
    assert ratio.pairs == 5


def test_one_wild_pair_moves_the_interval_and_not_the_median() -> None:
    calm = paired_ratio([1.0] * 9, [1.1] * 9)
    wild = paired_ratio([1.0] * 9, [1.1] * 8 + [50.0])
    assert calm.median == wild.median
    assert wild.high >= calm.high


def test_same_measurements_same_interval() -> None:
    base, other = [1.0, 1.2, 0.9, 1.1], [1.05, 1.3, 0.88, 1.2]
    assert paired_ratio(base, other) == paired_ratio(base, other)
    assert paired_ratio(base, other).low < paired_ratio(base, other).high


@pytest.mark.parametrize(("base", "other"), [([], []), ([1.0], [1.0, 2.0]), ([0.0], [1.0])])
def test_what_is_no_pair_is_refused(base: list[float], other: list[float]) -> None:
    with pytest.raises(ValueError, match=r"ratio|positive"):
        paired_ratio(base, other)


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=12))
def test_the_median_lies_in_its_interval(pairs: list[tuple[float, float]]) -> None:
    ratio = paired_ratio([a for a, _ in pairs], [b for _, b in pairs])
    assert ratio.low <= ratio.median * (1 + 1e-9)
    assert ratio.median <= ratio.high * (1 + 1e-9)
