"""The queue before the journal: order, a disk that refuses, and an end that does not wait for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from garde.clock import VirtualClock
from garde.journal import BackgroundJournal, SqliteStore, open_journal, writer
from garde.journal.entry import Entry
from garde.journal.kinds import ErrorSeen, Lagging, Payload


class Refusing:
    """A journal whose disk can be full, and which can be held up."""

    def __init__(self, store: SqliteStore) -> None:
        self.store, self.full, self.tries = store, False, 0
        self.may_write = threading.Event()
        self.may_write.set()
        self.tried = threading.Event()

    def append_all(self, payloads: Iterable[tuple[Payload, float | None]]) -> list[Entry]:
        batch = list(payloads)
        self.tries += 1
        self.tried.set()
        self.may_write.wait()
        if self.full:
            raise OSError("database or disk is full")
        return self.store.append_all(batch)

    def close(self) -> None:
        self.store.close()


@pytest.fixture
def slow(tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Refusing]:
    monkeypatch.setattr(writer, "_AGAIN_S", 0.001)
    yield Refusing(open_journal(tmp_path, clock=clock))


def _kept(tmp_path: Path) -> list[Payload]:
    with open_journal(tmp_path, read_only=True) as journal:
        assert list(journal.verify()) == []
        return [entry.payload for entry in journal.entries()]


def test_everything_put_is_written_in_order_with_the_time_of_the_put(
    slow: Refusing, tmp_path: Path, clock: VirtualClock
) -> None:
    queue = BackgroundJournal(slow, clock=clock)  # type: ignore[arg-type]
    for n in range(1200):
        queue.put(Lagging(1.0, n))
    put_at = clock.now()
    clock.advance(60)
    assert queue.flush()
    assert [entry.at for entry in slow.store.entries()] == [put_at] * 1200
    assert queue.close()
    assert _kept(tmp_path) == [Lagging(1.0, n) for n in range(1200)]


def test_put_does_not_wait_for_the_disk(slow: Refusing, tmp_path: Path) -> None:
    slow.may_write.clear()
    queue = BackgroundJournal(slow)  # type: ignore[arg-type]
    for n in range(10):
        queue.put(Lagging(1.0, n))  # would never return if it waited
    assert not queue.flush(timeout=0)
    slow.may_write.set()
    assert queue.flush()
    assert queue.close()
    assert len(_kept(tmp_path)) == 10


def test_entries_wait_while_the_disk_refuses_and_it_is_said(slow: Refusing, tmp_path: Path) -> None:
    said: list[str] = []
    slow.full = True
    queue = BackgroundJournal(slow, on_error=said.append)  # type: ignore[arg-type]
    for n in range(5):
        queue.put(Lagging(1.0, n))
    while slow.tries < 3:
        slow.tried.wait()
        slow.tried.clear()
    slow.full = False
    assert queue.flush()
    assert queue.close()
    assert _kept(tmp_path) == [Lagging(1.0, n) for n in range(5)]
    assert "full" in said[0]


def test_the_oldest_are_kept_and_the_loss_is_an_entry(
    slow: Refusing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "ROOM", 3)
    slow.may_write.clear()
    queue = BackgroundJournal(slow)  # type: ignore[arg-type]
    queue.put(Lagging(1.0, 0))
    slow.tried.wait()  # the first is in the writer's hands: three more have room
    for n in range(1, 8):
        queue.put(Lagging(1.0, n))
    slow.may_write.set()
    assert queue.close()
    kept = _kept(tmp_path)
    assert kept[:4] == [Lagging(1.0, n) for n in range(4)]
    (loss,) = kept[4:]
    assert isinstance(loss, ErrorSeen)
    assert loss.message.shown() == "4 entries could not be kept while the journal could not be written"


def test_closing_on_a_full_disk_ends_and_says_that_something_was_left(slow: Refusing) -> None:
    slow.full = True
    queue = BackgroundJournal(slow)  # type: ignore[arg-type]
    queue.put(Lagging(1.0, 1))
    assert not queue.close()
