"""What was read, kept: sums, blindness, and what a kill, a full disk and a limit leave of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from flow_makers import INSIDE, NOW, OTHER, OUTSIDE
from hypothesis import given
from hypothesis import strategies as st

from garde.forensics.egress import blindness
from garde.forensics.egress import store as stores
from garde.forensics.egress.nouns import Batch, Flow, Inside, Lookup
from garde.forensics.egress.store import Book, FlowStore
from garde.forensics.egress.tally import BUCKET_S, DAY_S, Tally, base_domain
from garde.journal.forensic_kinds import Blind


def flow(sent: int = 1_000, at: float = NOW, lasted: float = 0.0, outside: str = OUTSIDE, **more: object) -> Flow:
    made = Flow(INSIDE, outside, 443, 6, False, sent, 10, at - lasted, at)
    return made._replace(**more)  # type: ignore[arg-type]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(FlowStore(tmp_path / "flows.sqlite"), Inside())
    made.begin("gate", "conntrack", NOW, remembers=False)
    yield made
    made.store.close()


def again(book: Book) -> Book:
    """Whoever held it was killed."""
    path = book.store.path
    book.store.close()
    return Book(FlowStore(path), Inside())


def take(book: Book, *flows: Flow, at: float = NOW, blind: tuple[Blind, ...] = ()) -> None:
    book.take("gate", Batch(list(flows), [], list(blind), len(flows)), at, remembers=False)


def test_sums_go_on_over_writes_and_restarts(book: Book) -> None:
    for _ in range(2):
        take(book, flow(), flow())
        book.write(NOW, {"gate": b"memo"})
    book = again(book)
    take(book, flow())
    book.write(NOW, {"gate": b"memo"})
    assert book.store.ask("select sent, back, sessions from flows") == [(5_000, 50, 5)]
    assert book.store.ask("select sum(sent) from days") == [(5_000,)]
    assert (book.seen["gate"].records, book.seen["gate"].memo) == (5, b"memo")


def test_what_was_not_written_is_lost_and_said(book: Book) -> None:
    take(book, flow())
    book.write(NOW, {"gate": b""})
    take(book, flow(), at=NOW + 3)
    book = again(book)
    book.begin("gate", "conntrack", NOW + 60, remembers=False)
    book.write(NOW + 60, {"gate": b""})
    assert book.store.ask("select sent from flows") == [(1_000,)]
    assert book.store.blind("gate", NOW - 10, NOW + 100) == [Blind(NOW, NOW + 60, "down")]


def test_a_source_that_remembers_was_not_down(book: Book) -> None:
    book.begin("eve", "suricata", NOW, remembers=True)
    book.write(NOW, {"eve": b"", "gate": b""})
    book = again(book)
    book.begin("eve", "suricata", NOW + 60, remembers=True)
    batch = Batch([flow(at=NOW - 5_000)], [], [], 1)
    book.take("eve", batch, NOW + 60, remembers=True)
    book.write(NOW + 60, {"eve": b""})
    assert book.store.blind("eve", NOW - 10, NOW + 100) == []
    assert book.seen["eve"].began == NOW - 5_000  # its log had seen before anybody read it


def test_a_conversation_that_lasted_is_spread_over_its_time(book: Book) -> None:
    at = NOW // BUCKET_S * BUCKET_S + BUCKET_S
    take(book, flow(12_000, at=at, lasted=12 * BUCKET_S))
    book.write(at, {"gate": b""})
    rows = book.store.ask("select sent, sessions, longest from flows order by bucket")
    assert sum(row[0] for row in rows) == 12_000
    assert max(row[0] for row in rows) <= 2_000
    assert sum(row[1] for row in rows) == 1
    assert {row[2] for row in rows} == {12.0 * BUCKET_S}


def test_what_stays_inside_has_no_baseline_but_questions(book: Book) -> None:
    take(book, flow(outside=OTHER), flow(outside=OTHER, port=53))
    book.write(NOW, {"gate": b""})
    assert book.store.ask("select outside, dns from days") == [(OTHER, 1)]
    assert len(book.store.ask("select 1 from flows where within")) == 2


def test_blindness_that_goes_on_is_one_time(book: Book) -> None:
    for second in range(0, 100, 10):
        take(book, blind=(Blind(NOW + second, NOW + second + 10, "gap", 3),))
        book.write(NOW + second + 10, {"gate": b""})
    take(book, blind=(Blind(NOW + 5_000, NOW + 5_001, "gap", 1), Blind(NOW, NOW + 1, "overflow")))
    book.write(NOW + 6_000, {"gate": b""})
    assert book.store.blind("gate", NOW, NOW + 9_000) == [
        Blind(NOW, NOW + 1, "overflow"), Blind(NOW, NOW + 100, "gap", 30), Blind(NOW + 5_000, NOW + 5_001, "gap", 1),
    ]  # fmt: skip
    assert book.seen["gate"].missing == 31


def test_a_disk_that_takes_nothing_forgets_nothing(book: Book) -> None:
    take(book, flow())
    book.store.base.execute("pragma query_only = 1")
    with pytest.raises(sqlite3.Error):
        book.write(NOW + 5, {"gate": b""})
    book.store.base.execute("pragma query_only = 0")
    take(book, flow())
    book.write(NOW + 9, {"gate": b""})
    assert book.store.ask("select sent from flows") == [(2_000,)]


def test_what_is_too_much_for_memory_is_blindness(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "MOST_PENDING", 50)
    for number in range(120):
        take(book, flow(port=number), at=NOW + number)
    book.write(NOW + 200, {"gate": b""})
    (blind,) = book.store.blind("gate", NOW, NOW + 200)
    assert (blind.why, blind.since) == ("overflow", NOW)
    assert len(book.store.ask("select 1 from flows")) < 60


def test_what_is_old_goes_and_the_source_says_from_when_it_can_tell(book: Book) -> None:
    take(book, *(flow(at=NOW - day * DAY_S) for day in range(40)))
    book.write(NOW, {"gate": b""})
    book.prune(NOW, 14, 1_000_000)
    oldest = book.store.ask("select min(bucket) from flows")[0][0] * BUCKET_S
    assert oldest >= NOW - 14 * DAY_S - BUCKET_S
    assert book.seen["gate"].kept_since == pytest.approx(NOW - 14 * DAY_S, abs=BUCKET_S)
    assert len(book.store.ask("select 1 from days")) == 40


def test_too_many_rows_cost_the_oldest_day(book: Book) -> None:
    take(book, *(flow(at=NOW - day * DAY_S, port=port) for day in range(5) for port in range(30)))
    book.write(NOW, {"gate": b""})
    book.prune(NOW, 14, 120)
    assert len(book.store.ask("select 1 from flows")) == 120
    book.write(NOW, {"gate": b""})
    assert again(book).seen["gate"].kept_since > NOW - 4 * DAY_S - DAY_S


def test_a_question_is_kept_by_what_its_name_carries() -> None:
    tally = Tally(Inside())
    names = ["aaaa.bbbb.evil.example", "cc.evil.example", "evil.example", "x.clinique.co.uk"]
    tally.take("gate", Batch([], [Lookup(INSIDE, OTHER, name, NOW, (OUTSIDE, "no address")) for name in names]))
    assert {key[4]: (each.bytes, each.queries) for key, each in tally.lookups.items()} == {
        "evil.example": (10, 3), "clinique.co.uk": (1, 1),
    }  # fmt: skip
    assert set(tally.names) == {OUTSIDE}


@given(st.text(max_size=60))
def test_every_name_has_a_domain_that_it_ends_with(name: str) -> None:
    assert name.endswith(base_domain(name))


@given(st.integers(0, 10**13), st.integers(0, 10**9), st.floats(0, 40 * DAY_S, allow_nan=False), st.floats(0, DAY_S))
def test_spreading_loses_no_byte(sent: int, back: int, lasted: float, offset: float) -> None:
    tally = Tally(Inside())
    tally.take("gate", Batch([flow(sent, at=NOW + offset, lasted=lasted, back=back)]))
    rows = tally.flows.values()
    assert (sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows)) == (sent, back, 1)


# --- blindness --------------------------------------------------------------------------------------------------------

times = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 20), st.sampled_from(["gap", "down"])).map(
        lambda each: Blind(float(each[0]), float(each[0] + each[1]), each[2], 1)
    ),
    max_size=8,
)


def dark(blind: list[Blind], at: float) -> bool:
    return any(each.since <= at < each.until for each in blind)


@given(times, times)
def test_two_sources_are_blind_only_where_both_are(one: list[Blind], two: list[Blind]) -> None:
    found = blindness.both(one, two)
    for second in range(80):
        assert dark(found, second + 0.5) == (dark(one, second + 0.5) and dark(two, second + 0.5))


@given(times)
def test_joining_hides_no_time_and_no_record(blind: list[Blind]) -> None:
    found = blindness.joined(blind, near=0.0)
    assert sum(each.records for each in found) == len(blind)
    assert blindness.seconds(found) == sum(dark(blind, second + 0.5) for second in range(80))
    assert blindness.longest(found) <= blindness.seconds(found)
    cut = blindness.cut(blind, 10.0, 30.0)
    assert all(10.0 <= each.since <= each.until <= 30.0 for each in cut)
