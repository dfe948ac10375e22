"""The one way in which a watch list is written, and what is no list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.model import watchlist as w
from garde.model.watchlist import Indicator, Sort

NAMES = st.binary(min_size=1, max_size=40)


def some_value(sort: Sort, raw: bytes, number: int) -> bytes | None:
    value = {Sort.SHA256: b"%064x" % number, Sort.ADDRESS: b"203.0.113.%d" % (number % 256), Sort.ENDING: b"." + raw}
    try:
        return w.compared(sort, value.get(sort, raw))
    except ValueError:
        return None


@given(st.lists(st.tuples(st.sampled_from(list(Sort)), NAMES, st.integers(0, 10**9), st.integers(0, 1)), max_size=30))
def test_what_is_written_is_read_and_its_order_does_not_matter(drawn: list[tuple[Sort, bytes, int, int]]) -> None:
    made = [(sort, some_value(sort, raw, number), source) for sort, raw, number, source in drawn]
    indicators = [Indicator(sort, value, source) for sort, value, source in made if value]
    raw = w.write(["one", "two"], indicators)
    assert w.write(["one", "two"], indicators[::-1]) == raw
    found = w.read(raw.splitlines(keepends=True))
    assert {(each.sort, each.value) for each in found.indicators()} == {(each.sort, each.value) for each in indicators}
    assert w.write(found.sources, found.indicators()) == raw


@given(st.binary(max_size=300))
def test_garbage_is_no_list(raw: bytes) -> None:
    with pytest.raises(ValueError):
        w.read((raw + b"x").split(b"\n"))


GOOD = w.write(["other"], [Indicator(Sort.ENDING, b".locked"), Indicator(Sort.USER, b"svc")])


@pytest.mark.parametrize(
    "raw",
    [
        GOOD[:-4], GOOD + b"user\t0\tx\n", GOOD.replace(b"0\tsvc", b"1\tsvc"), GOOD.replace(b"user", b"exec"),
        GOOD.replace(b"svc", b"SVC"), GOOD.replace(b"svc", b"a\x1bb"), GOOD.replace(b"\t2\n", b"\t999999999\n"),
        GOOD.replace(b".locked", b"locked"), GOOD.replace(b"source\t", b"origin\t"), b"",
    ],
)  # fmt: skip
def test_a_list_that_was_changed_is_none(raw: bytes) -> None:
    with pytest.raises(ValueError):
        w.read(raw.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("sort", "value", "same"),
    [
        (Sort.NOTE_NAME, b"ReadMe.TXT", b"readme.txt"), (Sort.USER, b"LAB\\Svc", b"svc"),
        (Sort.ADDRESS, b"::ffff:203.0.113.9", b"203.0.113.9"), (Sort.ENDING, b".LOCKED", b".locked"),
    ],
)  # fmt: skip
def test_values_are_kept_as_they_are_compared(sort: Sort, value: bytes, same: bytes) -> None:
    assert w.compared(sort, value) == same == w.compared(sort, same)


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        (Sort.NOTE_NAME, b"a/b"), (Sort.ENDING, b"locked"), (Sort.ENDING, b"."), (Sort.SHA256, b"ab"),
        (Sort.ADDRESS, b"10.0.0.0/8"), (Sort.ADDRESS, b"\xff"), (Sort.FILE_NAME, b""), (Sort.FILE_NAME, b"x" * 300),
        (Sort.USER, b"a\nb"),
    ],
)  # fmt: skip
def test_what_is_no_value_of_its_sort(sort: Sort, value: bytes) -> None:
    with pytest.raises(ValueError):
        w.compared(sort, value)


def test_who_says_so_and_what_is_left_out() -> None:
    found = w.read(GOOD.splitlines(keepends=True))
    assert found.source(Sort.USER, b"svc") == "other"
    assert found.source(Sort.USER, b"other") is None
    assert len(found) == 2
    less = found.without([Indicator(Sort.USER, b"svc")])
    assert (len(less), less.source(Sort.USER, b"svc")) == (1, None)
