"""Shared stamps and tickets, across processes."""

from __future__ import annotations

import os
from collections.abc import Callable

from garde.lab.attackers.board import DEALT, FAILED, FINISHED, STARTED, Board, Tickets, memory_file


def test_stamps_are_kept_apart() -> None:
    board = Board.make(3)
    board.go = 5.0
    board.sign_in(0, 41)
    board.sign_in(17, 42)
    for number, stamp in ((0, DEALT), (1, STARTED), (2, FINISHED), (2, FAILED)):
        board.mark(number, stamp, 1.0 + number)
    assert board.go == 5.0
    assert board.pids(18) == [41, *[0] * 16, 42]
    assert [board.column(stamp) for stamp in range(4)] == [[1, 0, 0], [0, 2, 0], [0, 0, 3], [0, 0, 3]]
    assert board.at(1, STARTED) == 2.0
    board.close()


def test_what_a_child_stamps_its_parent_reads() -> None:
    board = Board.make(2)
    if not (child := os.fork()):
        Board(board.descriptor, 2).mark(1, STARTED, 7.5)
        os._exit(0)
    os.waitpid(child, 0)
    assert board.column(STARTED) == [0.0, 7.5]
    board.close()


def together(processes: int, work: Callable[[], None]) -> None:
    children = []
    for _ in range(processes):
        if not (child := os.fork()):
            work()
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def test_each_ticket_is_dealt_once_to_several_processes() -> None:
    count = 60_000
    tickets, taken = Tickets.make(count), Board.make(count)

    def take() -> None:
        while (number := tickets.take()) is not None:
            # A ticket dealt twice is seen by the second taker, or by a sum that is too small.
            taken.mark(number, STARTED if not taken.at(number, STARTED) else FAILED, 1.0)

    together(6, take)
    assert sum(taken.column(STARTED)) == count
    assert not any(taken.column(FAILED))
    os.close(tickets.descriptor)
    taken.close()


def test_no_line_of_a_shared_log_is_lost() -> None:
    log = memory_file("test-log", os.O_APPEND)

    def write() -> None:
        for _ in range(5000):
            os.write(log, b"s 17\n")

    together(6, write)
    assert os.pread(log, 1 << 20, 0) == b"s 17\n" * 30_000
    os.close(log)
