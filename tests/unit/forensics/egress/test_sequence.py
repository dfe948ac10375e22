"""Counting what is missing: one test for each rule of `garde.forensics.egress.netflow.sequence`."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.forensics.egress.netflow.sequence import PATIENCE_S, Count, Sequence

AT = 1_900_000_000.0


def take(sequence: Sequence, number: int, records: int = 10, at: float = AT, mark: int | None = None) -> bool:
    return sequence.take(number, Count(records, records), at, number if mark is None else mark)


def told(sequence: Sequence, at: float = AT + 10) -> list[tuple[str, int]]:
    return [(each.why, each.records) for each in sequence.told(at)]


def test_a_gap_is_told_by_exactly_what_is_missing() -> None:
    sequence = Sequence(10)
    take(sequence, 100)
    take(sequence, 145)
    assert told(sequence, AT + PATIENCE_S) == [("gap", 35)]
    assert sequence.missing == 35
    assert told(sequence) == []


def test_netflow_nine_counts_datagrams_and_says_no_number_of_records() -> None:
    sequence = Sequence(9)
    take(sequence, 7, records=30)
    take(sequence, 10, records=30)
    assert told(sequence) == [("gap", 0)]
    assert sequence.missing == 2


def test_a_late_datagram_fills_its_part_of_the_gap() -> None:
    sequence = Sequence(10)
    for number in (0, 40, 10, 30):
        assert take(sequence, number)
    assert told(sequence, AT + PATIENCE_S / 2) == []
    assert told(sequence) == [("gap", 10)]


def test_the_same_datagram_is_not_taken_twice() -> None:
    sequence = Sequence(5)
    assert take(sequence, 0)
    assert not take(sequence, 0)
    assert take(sequence, 10)
    assert told(sequence) == []


def test_templates_alone_use_no_number_up() -> None:
    sequence = Sequence(10)
    assert take(sequence, 5, records=0, mark=1)
    assert take(sequence, 5, records=10, mark=2)
    assert take(sequence, 15, mark=3)
    assert told(sequence) == []


def test_an_exporter_that_began_anew_is_said_without_a_number() -> None:
    sequence = Sequence(5)
    take(sequence, 90_000)
    take(sequence, 0, at=AT + 60)
    take(sequence, 10, at=AT + 61)
    assert [(each.why, each.since, each.until) for each in sequence.told(AT + 100)] == [("restarted", AT, AT + 60)]


def test_after_what_can_not_be_counted_the_next_number_is_believed() -> None:
    sequence = Sequence(10)
    take(sequence, 0)
    take(sequence, 10, records=-1)
    take(sequence, 500)
    assert told(sequence) == []


def test_numbers_begin_anew() -> None:
    sequence = Sequence(5)
    take(sequence, (1 << 32) - 10)
    take(sequence, 0)
    take(sequence, 15)
    assert told(sequence) == [("gap", 5)]


@pytest.mark.parametrize("options", [0, 1])
def test_an_exporter_that_says_how_many_it_has_sent_is_understood(options: int) -> None:
    """softflowd's IPFIX: the number counts this datagram's own records, and leaves options out."""
    sequence = Sequence(10)
    number = 0
    for flows in (24, 32, 32, 12):
        number += flows
        sequence.take(number, Count(flows + (options if flows == 24 else 0), flows), AT, number)
    assert told(sequence) == []
    sequence.take(number + 20 + 8, Count(8, 8), AT, -1)
    assert told(sequence) == [("gap", 20)]


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 30), min_size=2, max_size=40), st.randoms())
def test_whatever_is_left_out_and_shuffled_is_counted(start: int, sizes: list[int], chance: random.Random) -> None:
    numbers, at = [], start
    for size in sizes:
        numbers.append((at % 2**32, size))
        at += size
    inner = list(range(1, len(numbers) - 1))
    gone = set(chance.sample(inner, len(inner) // 3))
    rest = [each for place, each in enumerate(numbers) if place not in gone and 0 < place < len(numbers) - 1]
    chance.shuffle(rest)
    sequence = Sequence(5)
    for number, size in [numbers[0], numbers[-1], *rest]:
        assert take(sequence, number, size)
    sequence.told(AT + 10)
    assert sequence.missing == sum(numbers[place][1] for place in gone)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(-1, 60)), max_size=60), st.sampled_from([5, 9, 10]))
def test_no_numbers_break_it(said: list[tuple[int, int]], version: int) -> None:
    sequence = Sequence(version)
    for place, (number, records) in enumerate(said):
        take(sequence, number, records, AT + place, place)
        assert all(each.since <= each.until for each in sequence.told(AT + place))
