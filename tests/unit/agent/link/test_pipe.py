"""The pipe between core and link: in order, never waited for, and what does not fit is counted."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from garde.agent.link import pipe
from garde.agent.link.outbox import Item
from garde.clock import VirtualClock
from garde.journal import kinds, wire
from garde.journal.payload import Payload
from garde.journal.text import Text

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    found = pipe.pair()
    yield found
    for end in found:
        end.close()


class Journal:
    def __init__(self) -> None:
        self.had: list[tuple[Payload, float | None]] = []

    def put(self, payload: Payload, at: float | None = None) -> None:
        self.had.append((payload, at))


def test_the_link_gets_what_the_journal_gets_with_the_same_time(ends: Ends) -> None:
    journal = Journal()
    tee = pipe.Tee(ends[0], journal.put, VirtualClock(1_900_000_000.25))
    error = kinds.ErrorSeen("X", Text(b"caf\xe9 \0 line\n"), "")
    tee.put(kinds.Lagging(2.5, 7), 1.5)
    tee.put(error)
    items, there = pipe.receive(ends[1])
    assert there
    assert items == [
        Item(1.5, "lagging", wire.encode(kinds.Lagging(2.5, 7))),
        Item(1_900_000_000.25, "error_seen", wire.encode(error)),
    ]
    assert journal.had == [(kinds.Lagging(2.5, 7), 1.5), (error, 1_900_000_000.25)]


def test_what_a_hub_does_not_take_stays_here(ends: Ends) -> None:
    journal = Journal()
    pipe.Tee(ends[0], journal.put).put(kinds.TextsErased(1, "asked"))
    assert pipe.receive(ends[1]) == ([], True)
    assert len(journal.had) == 1


def test_a_full_pipe_is_not_waited_for(ends: Ends) -> None:
    journal = Journal()
    tee = pipe.Tee(ends[0], journal.put)
    payload = kinds.ErrorSeen("X", Text("x" * 5000), "")
    for number in range(5000):
        tee.put(payload, float(number))
    assert tee.lost > 0
    assert len(journal.had) == 5000
    had = []
    while items := pipe.receive(ends[1])[0]:
        had += items
    assert len(had) + tee.lost == 5000
    assert [item.at for item in had] == sorted(item.at for item in had)


def test_what_is_too_long_for_a_datagram_is_left_to_the_journal(ends: Ends) -> None:
    journal = Journal()
    tee = pipe.Tee(ends[0], journal.put)
    tee.put(kinds.ErrorSeen("X", Text("x" * 200_000), ""))
    assert (tee.lost, len(journal.had), pipe.receive(ends[1])) == (1, 1, ([], True))


def test_either_end_sees_that_the_other_is_gone(ends: Ends) -> None:
    journal = Journal()
    tee = pipe.Tee(ends[0], journal.put)
    ends[1].close()
    tee.put(kinds.Lagging(1.0, 1))
    tee.put(kinds.Lagging(1.0, 1))
    assert (tee.gone, tee.lost, len(journal.had)) == (True, 1, 2)
    other = pipe.pair()
    pipe.Tee(other[0], journal.put).close()
    assert pipe.receive(other[1]) == ([], False)
    other[1].close()


def test_the_link_speaks_back(ends: Ends) -> None:
    tee = pipe.Tee(ends[0], Journal().put)
    said: list[dict[str, Any]] = [{"kind": "hub", "reachable": n} for n in range(3)]
    for words in said:
        pipe.tell(ends[1], words)
    assert tee.hear() == said
    assert tee.words == {"hub": said[-1]}
    assert tee.hear() == []
    ends[1].close()
    assert tee.hear() == []
    assert tee.gone


def test_the_last_word_of_a_core_that_left_words_unread_is_heard(ends: Ends) -> None:
    """The kernel then says "connection reset" first, and what was sent lies behind it."""
    tee = pipe.Tee(ends[0], Journal().put)
    tee.put(kinds.AgentStopped("asked to stop"))
    pipe.tell(ends[1], {"kind": "hub", "reachable": True})
    tee.close()
    items, there = pipe.receive(ends[1])
    assert ([item.kind for item in items], there) == (["agent_stopped"], False)
