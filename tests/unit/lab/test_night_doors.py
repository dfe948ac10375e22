"""What the witness before the doors writes down: when questions were asked that were answered."""

from __future__ import annotations

from garde.lab.night.doors import spans

SENT = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5]


def test_answers_in_a_row_are_one_span() -> None:
    assert spans(SENT, {0, 1, 2, 4}) == [(1.0, 1.2), (1.4, 1.4)]
    assert spans(SENT, {5, 3}) == [(1.3, 1.3), (1.5, 1.5)]


def test_no_answer_is_no_span() -> None:
    assert spans(SENT, set()) == []
