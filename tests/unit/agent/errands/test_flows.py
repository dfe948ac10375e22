"""Looking back at flows: one test for each rule of `garde.agent.errands.flows`."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from garde.agent.errands import flows as errand
from garde.agent.errands.base import Code, ErrandRefused, Job
from garde.agent.errands.flows import flows
from garde.clock import SystemClock, VirtualClock
from garde.errors import SettingsError
from garde.forensics.egress.nouns import Batch, Flow, Inside
from garde.forensics.egress.store import Book, FlowStore
from garde.journal.forensic_kinds import EgressLooked, EgressSeen, PathSeen
from garde.journal.payload import Payload
from garde.model.order import Order, Verb

DESK, THIEF, MB = "10.0.0.7", "203.0.113.66", 1_000_000


def settings(state: Path, *names: str) -> None:
    words = (f'[[source]]\nid = "{name}"\nsort = "conntrack"\ncovers = ["10.0.0.0/8"]\ndelay_s = 0\n' for name in names)
    (state / "flows.toml").write_text("".join(words))


def book_at(state: Path, now: float) -> Book:
    book = Book(FlowStore(state / "flows.sqlite"), Inside())
    book.begin("gate", "conntrack", now - 7200, remembers=False)
    return book


def upload(book: Book, now: float, size: int = 200 * MB) -> None:
    book.take("gate", Batch([Flow(DESK, THIEF, 443, 6, False, size, 9, now - 60, now - 30)], records=1), now,
              remembers=False)  # fmt: skip


def ask(state: Path, clock: SystemClock | VirtualClock, offset: float = 0.0, **fields: object) -> list[Payload]:
    order = Order("c1", "", Verb.FLOWS, **fields)  # type: ignore[arg-type]
    return list(flows(Job(order), state, clock, offset))


def test_it_tells_what_left_by_which_path_and_what_each_source_says(tmp_path: Path) -> None:
    clock = VirtualClock()
    settings(tmp_path, "gate", "other")
    book = book_at(tmp_path, clock.now())
    upload(book, clock.now())
    book.write(clock.now(), {"gate": b""})
    said = ask(tmp_path, clock, since=clock.now() - 3600, until=clock.now(), addresses=(DESK,))
    assert [type(each) for each in said] == [EgressSeen, PathSeen, EgressLooked, EgressLooked]
    blind = {each.source: [one.why for one in each.blind] for each in said if isinstance(each, EgressLooked)}
    assert blind == {"gate": [], "other": ["late"]}
    book.store.close()


def test_it_waits_for_records_that_are_on_their_way(tmp_path: Path) -> None:
    clock = SystemClock()
    settings(tmp_path, "gate")
    book = book_at(tmp_path, clock.now())
    book.write(clock.now() - 1, {"gate": b""})

    def later() -> None:
        time.sleep(0.2)
        upload(book, clock.now())
        book.write(clock.now(), {"gate": b""})

    thread = threading.Thread(target=later)
    thread.start()
    said = ask(tmp_path, clock, until=clock.now())
    thread.join()
    assert [type(each) for each in said] == [EgressSeen, EgressLooked]
    book.store.close()


def test_it_does_not_wait_for_a_source_that_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand.time, "sleep", lambda _: pytest.fail("nothing will come"))
    clock = SystemClock()
    settings(tmp_path, "gate")
    book = book_at(tmp_path, clock.now())
    book.write(clock.now() - 600, {"gate": b""})
    (looked,) = ask(tmp_path, clock, until=clock.now())
    assert isinstance(looked, EgressLooked)
    assert "down" in {each.why for each in looked.blind}
    book.store.close()


@pytest.mark.parametrize("names", [(), ("gate",)])
def test_without_a_source_it_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    settings(tmp_path, *names)  # named, and never read
    with pytest.raises(ErrandRefused) as refused:
        ask(tmp_path, VirtualClock())
    assert refused.value.code == Code.UNAVAILABLE


def test_settings_that_can_not_be_read_are_no_answer(tmp_path: Path) -> None:
    (tmp_path / "flows.toml").write_text("[[source")
    with pytest.raises(SettingsError):
        ask(tmp_path, VirtualClock())


def test_a_store_that_is_damaged_is_refused(tmp_path: Path) -> None:
    settings(tmp_path, "gate")
    (tmp_path / "flows.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(ErrandRefused) as refused:
        ask(tmp_path, VirtualClock())
    assert refused.value.code == Code.FAILED


def test_times_are_the_hubs(tmp_path: Path) -> None:
    clock = VirtualClock()
    settings(tmp_path, "gate")
    book = book_at(tmp_path, clock.now())
    upload(book, clock.now())
    book.write(clock.now(), {"gate": b""})
    here = ask(tmp_path, clock, since=clock.now() - 9000, until=clock.now(), addresses=(DESK,))
    there = ask(tmp_path, clock, 500.0, since=clock.now() - 9000, until=clock.now(), addresses=(DESK,))
    for one, two in zip(here, there, strict=True):
        if isinstance(one, PathSeen) and isinstance(two, PathSeen):
            assert (two.first, two.last) == (one.first + 500, one.last + 500)
        else:
            assert (two.since, two.until) == (one.since + 500, one.until + 500)  # type: ignore[attr-defined]
    assert there[-1].blind[0].until == here[-1].blind[0].until + 500  # type: ignore[attr-defined]
    book.store.close()
