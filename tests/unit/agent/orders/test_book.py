"""The book of orders: none twice, none forgotten, and the number of the last one never falls."""

from __future__ import annotations

from pathlib import Path

import pytest

from garde.agent.orders.book import KEPT, Book, Stage
from garde.model.order import Order, Verb


def order(number: int, verb: Verb = Verb.BLOCK) -> Order:
    return Order(f"c{number}", f"k{number}", verb, ("10.0.0.7",), expires=9e9)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "orders.db")


def test_an_order_is_new_once(book: Book) -> None:
    assert book.accept(5, order(1)) is None
    assert book.accept(6, order(1)) is Stage.ACCEPTED
    book.stage("c1", Stage.DONE)
    assert book.accept(7, order(1)) is Stage.DONE
    assert book.last_seq == 7


def test_numbers_never_fall(book: Book) -> None:
    book.accept(9, order(1))
    book.pass_over(4)
    assert book.last_seq == 9
    book.pass_over(12)
    assert book.last_seq == 12


def test_what_has_no_outcome_is_there_after_a_kill_in_order(book: Book, tmp_path: Path) -> None:
    for number in (3, 1, 2):
        book.accept(number, order(number))
    book.stage("c2", Stage.DONE)
    book.stage("c3", Stage.APPLIED)
    book.close()
    again = Book(tmp_path / "orders.db")
    assert again.unfinished() == [(order(1), Stage.ACCEPTED), (order(3), Stage.APPLIED)]
    assert again.last_seq == 3


def test_outcomes_are_kept_to_be_told_again(book: Book) -> None:
    book.accept(1, order(1))
    book.told("c1", "order_applied", b"1")
    book.told("c1", "cut_tried", b"2")
    assert book.outcomes("c1") == [("order_applied", b"1"), ("cut_tried", b"2")]
    assert book.outcomes("c2") == []


def test_the_order_behind_a_cut(book: Book) -> None:
    book.accept(1, order(1))
    assert book.order_of("k1", Verb.BLOCK) == order(1)
    assert book.order_of("k1", Verb.KICK) is None


def test_old_ones_are_forgotten_and_open_ones_never(book: Book) -> None:
    book.accept(1, order(1))
    for number in range(2, KEPT + 20):
        book.accept(number, order(number))
        book.told(f"c{number}", "cut_tried", b"x")
        book.stage(f"c{number}", Stage.DONE)
    assert book.unfinished() == [(order(1), Stage.ACCEPTED)]
    assert book.outcomes("c2") == []
    assert book.outcomes(f"c{KEPT + 19}") == [("cut_tried", b"x")]


def test_without_a_disk_orders_are_taken_all_the_same(tmp_path: Path) -> None:
    book = Book(tmp_path / "not there" / "orders.db")
    assert book.accept(3, order(1)) is None
    assert book.accept(4, order(1)) is Stage.ACCEPTED
    assert book.in_memory
