"""Store and census together: replay is live, what is old goes, what is needed stays, who looks is written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.clock import VirtualClock
from garde.desk.answers import answer
from garde.desk.bring import split_file
from garde.desk.config import Config, load_config, save_config
from garde.desk.keeper import Keeper, rebuilt
from garde.downtime.book import Book
from garde.downtime.mllp import frame
from garde.downtime.numbers.newcomer import Newcomer
from garde.downtime.store.messages import Form, Heard, MessageStore
from garde.downtime.store.seal import Seal
from garde.errors import NotFound, SettingsError, UsageError
from garde.journal.paper_kinds import NumberIssued
from garde.lab.ward_traffic.hospital import Hospital
from garde.lab.ward_traffic.witness import differences

DAY = 86_400.0
CONFIG = Config("Test", own=("CLINIC",))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MessageStore]:
    with MessageStore(tmp_path, Seal.load_or_make(tmp_path)) as found:
        yield found


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with Book(tmp_path, Seal.load_or_make(tmp_path), VirtualClock()) as found:
        yield found


def _play(keeper: Keeper, hospital: Hospital, clock: VirtualClock, count: int) -> None:
    for _, sent in zip(range(count), hospital.messages(), strict=False):
        clock.wall = sent.at + 0.5
        for each in keeper.store.append([Heard(sent.data, clock.now())]):
            keeper.take(each)


def test_a_replay_is_the_census_as_it_was(store: MessageStore, book: Book, tmp_path: Path) -> None:
    clock = VirtualClock()
    keeper, hospital = Keeper(CONFIG, store, clock, book), Hospital(3, clock.now())
    _play(keeper, hospital, clock, 800)
    store.append([Heard(b"garbage", clock.now()), Heard(b"MSH|^~\\&|cut", clock.now(), Form.BROKEN)])
    again = rebuilt(tmp_path, CONFIG, store, clock, book)
    assert again.census_plain()["rows"] == keeper.census_plain()["rows"]
    assert differences(hospital.truth(), again.census_plain()) == []
    again.keep_reasons()
    assert store.reasons() == {"no MSH": 1, "cut off": 1}
    assert again.status()["not_understood"] == {"no MSH": 1, "cut off": 1}


def test_the_old_goes_and_who_is_here_keeps_every_message(store: MessageStore, book: Book, tmp_path: Path) -> None:
    clock = VirtualClock()
    keeper, hospital = Keeper(CONFIG, store, clock, book), Hospital(4, clock.now())
    _play(keeper, hospital, clock, 800)
    clock.advance(400 * DAY)
    before = store.count()
    gone = keeper.purge()
    assert 0 < gone < before
    assert store.count() == before - gone
    assert differences(hospital.truth(), rebuilt(tmp_path, CONFIG, store, clock, book).census_plain()) == []
    assert keeper.purge() == 0


def test_a_silent_feed_is_in_everything_that_is_shown(store: MessageStore, book: Book) -> None:
    clock = VirtualClock()
    keeper = Keeper(CONFIG, store, clock, book)
    _play(keeper, Hospital(5, clock.now()), clock, 20)
    assert keeper.status()["feed"] == "heard"
    clock.advance(3600)
    assert keeper.status()["feed"] == "silent"
    assert keeper.census_plain()["as_of"]["feed"] == "silent"
    assert keeper.status()["age_s"] >= 3600


def test_a_sender_whose_clock_is_wrong_is_named(store: MessageStore, book: Book) -> None:
    clock = VirtualClock()
    keeper = Keeper(CONFIG, store, clock, book)
    sent = next(Hospital(5, clock.now() + 7200).messages())
    keeper.take(store.append([Heard(sent.data, clock.now())])[0])
    assert keeper.status()["wrong_clocks"]["HIS/CLINIC"] > 7000
    assert keeper.status()["doubts"] == {"the sender's clock is ahead": 1}


def test_a_message_that_the_census_trips_over_is_a_reason_and_ends_nothing(store: MessageStore, book: Book) -> None:
    clock = VirtualClock()
    keeper = Keeper(CONFIG, store, clock, book)
    keeper.census.patients = {"100001": object()}  # type: ignore[dict-item]
    _play(keeper, Hospital(5, clock.now()), clock, 5)
    assert keeper.census.reasons == {"fault: AttributeError": 1}
    assert keeper.census.messages >= 5


def test_files_are_split_into_messages() -> None:
    one, two = b"MSH|^~\\&|A\rPID|1", b"MSH|^~\\&|B\rPID|2\rNTE|1||MSH is a word"
    for end in (b"\n", b"\r", b"\r\n\r\n"):
        assert split_file(one + end + two + end, "f") == (Form.HL7, [one, two])
    assert split_file(frame(one) + frame(two), "f") == (Form.HL7, [one, two])
    with pytest.raises(UsageError):
        split_file(b"PK\x03\x04", "f.zip")


def test_the_config_is_read_as_it_was_written(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_config(tmp_path)
    save_config(tmp_path, CONFIG)
    assert load_config(tmp_path) == CONFIG
    save_config(tmp_path, Config(zone="Mars/Olympus"))
    with pytest.raises(SettingsError):
        load_config(tmp_path)
    (tmp_path / "desk.json").write_text("{")
    with pytest.raises(SettingsError):
        load_config(tmp_path)


def test_who_arrived_under_a_downtime_number_is_beside_the_census(store: MessageStore, tmp_path: Path) -> None:
    clock = VirtualClock()
    seal = Seal.load(tmp_path)
    with Book(tmp_path, seal, clock) as book, Book(tmp_path, seal, clock, who="nina") as beside:
        keeper = Keeper(CONFIG, store, clock, book)
        assert keeper.census_plain()["arrivals"] == [] and keeper.status()["arrivals"] == 0
        person = Newcomer("Lambert", birth="1950-03-04")
        beside.add(NumberIssued("D1-000001-N", "MED", "nina", clock.now(), beside.seal(person)))
        (row,) = keeper.census_plain("MED")["arrivals"]
        assert row["person"]["family"] == "Lambert" and row["allergies"] == "not recorded" and row["legible"]
        assert keeper.census_plain("SURG")["arrivals"] == [] and keeper.status()["arrivals"] == 1


def test_a_prefix_is_compared_with_every_number_that_was_heard_of(store: MessageStore, book: Book) -> None:
    clock = VirtualClock()
    keeper = Keeper(CONFIG, store, clock, book)
    _play(keeper, Hospital(5, clock.now()), clock, 200)
    found = keeper.prefix_plain("D1")
    assert found["compared"] >= len(keeper.census.patients) and not found["begins"] and not found["shaped"]


def test_whether_it_is_ready_is_told_without_a_look(store: MessageStore, book: Book) -> None:
    keeper = Keeper(CONFIG, store, VirtualClock(), book)
    assert answer(keeper, "nina", {"ask": "ready"}) == {"rebuilding": False}
    keeper.rebuilding = True
    assert answer(keeper, "nina", {"ask": "ready"}) == {"rebuilding": True}
    assert not list(book.journal.entries(kinds=("looked",)))
