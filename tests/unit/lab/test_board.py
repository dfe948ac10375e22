"""Shared stamps and tickets, across processes."""

from __future__ import annotations

import os

from garde.lab.attackers.board import DEALT, FAILED, FINISHED, STARTED, Board, Tickets


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


def test_each_ticket_is_dealt_once_to_several_processes() -> None:
    tickets = Tickets.make(3000)
    reader, writer = os.pipe()
    children = []
    for _ in range(3):
        if not (child := os.fork()):
            taken = []
            while (number := tickets.take()) is not None:
                taken.append(number)
            os.write(writer, ",".join(map(str, taken)).encode() + b",")
            os._exit(0)
        children.append(child)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        seen = [int(number) for number in pipe.read().split(b",") if number]
    for child in children:
        os.waitpid(child, 0)
    assert sorted(seen) == list(range(3000))
    os.close(tickets.descriptor)
