"""What the witness before the doors writes down: when questions were asked that were answered."""

from __future__ import annotations

from garde.lab.night.doors import door_of, spans
from garde.lab.night.prober import Target

SENT = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5]


def test_answers_in_a_row_are_one_span() -> None:
    assert spans(SENT, {0, 1, 2, 4}) == [(1.0, 1.2), (1.4, 1.4)]
    assert spans(SENT, {5, 3}) == [(1.3, 1.3), (1.5, 1.5)]


def test_no_answer_is_no_span() -> None:
    assert spans(SENT, set()) == []


def test_it_answers_to_the_end_where_the_last_question_was_answered() -> None:
    target = Target("s", "198.18.7.11", 4, list(SENT), {0, 1, 5})
    door = door_of(target)
    assert door.answers and (door.asked, door.spans) == (6, [(1.0, 1.1), (1.5, 1.5)])
    assert not door_of(Target("s", "198.18.7.11", 4, list(SENT), {0, 1})).answers
    assert not door_of(Target("s", "198.18.7.11", 4, [], set())).answers
