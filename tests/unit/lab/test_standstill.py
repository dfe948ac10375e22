"""Standing still, on a clock moved by hand."""

from __future__ import annotations

from garde.lab.standstill import STALL_S, Standstill


def look(still: Standstill, times: list[float], started: int, finished: int, ticks: int = 5) -> list[float | None]:
    return [still.since(now, started, finished, lambda: ticks) for now in times]


def test_files_are_due_by_the_clock() -> None:
    still = Standstill(go=100.0, files=10, interval=0.5)
    assert [still.due(now) for now in (99.0, 100.0, 100.6, 1000.0)] == [0, 1, 2, 10]
    assert Standstill(100.0, 10, 0).due(0) == 10


def test_no_file_and_no_tick_while_files_are_due_is_standing_still_since_the_last_move() -> None:
    still = Standstill(go=100.0, files=10, interval=0)
    assert look(still, [100.0, 101.6, 102.9], 4, 3) == [None, None, None]
    assert look(still, [100.0 + STALL_S + 1], 4, 3) == [100.0]


def test_a_file_moved_or_a_tick_used_is_not() -> None:
    still = Standstill(go=100.0, files=10, interval=0)
    assert look(still, [100.0, 101.6], 4, 3) == [None, None]
    assert look(still, [103.5], 5, 3) == [None]
    assert look(still, [105.1], 5, 3, ticks=6) == [None]
    assert look(still, [106.7], 5, 3, ticks=9) == [None]
    assert look(still, [108.3], 5, 3, ticks=9) == [103.5]


def test_waiting_for_the_next_file_is_not() -> None:
    still = Standstill(go=100.0, files=10, interval=60)
    assert look(still, [100.0, 110.0, 159.0], 1, 1) == [None, None, None]
    assert still.moved_at == 159.0
    # The second file is due and nobody starts on it.
    assert look(still, [160.1, 161.0, 165.0], 1, 1) == [None, None, 159.0]


def test_an_attack_that_is_over_is_not() -> None:
    assert look(Standstill(100.0, 2, 0), [100.0, 200.0, 300.0], 2, 2) == [None] * 3
