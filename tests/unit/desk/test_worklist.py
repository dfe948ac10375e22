"""The list in the running desk: handed over whole, kept sealed; who asks is written down, a flood is not."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

sys.path.insert(0, str(Path(__file__).parents[1] / "downtime" / "support"))
from image_words import ITEM, question

from garde.clock import VirtualClock
from garde.desk.config import Config, WorklistConfig
from garde.desk.keeper import Keeper
from garde.desk.radiology import Radiology, manner_of
from garde.desk.worklist import BAD_IDENTIFIER, FILE, MORE, OUT_OF_RESOURCES, UNABLE, Worklist
from garde.downtime.book import Book
from garde.downtime.census.view import census_view
from garde.downtime.register.nouns import Asked
from garde.downtime.store.messages import Heard, MessageStore
from garde.downtime.store.seal import Seal
from garde.downtime.worklist.items import Item
from garde.errors import SettingsError
from garde.journal.paper_kinds import RequestTaken, WorklistAsked
from garde.lab.ward_traffic.hospital import Hospital


class Desk:
    """A desk with a list that is set by hand."""

    def __init__(self, state: Path, **config: Any) -> None:
        self.clock, self.items, self.mark, self.ready = VirtualClock(), (ITEM,), 0, True
        self.seal = Seal.load_or_make(state)
        self.book = Book(state, self.seal, self.clock)
        self.said: list[str] = []
        self.worklist = Worklist(
            state, WorklistConfig("127.0.0.1:0", **config), items=self.make, ready=lambda: self.ready,
            changed=lambda: self.mark, book=self.book, clock=self.clock, complain=self.said.append,
        )  # fmt: skip

    async def make(self) -> tuple[Item, ...]:
        return self.items

    def refresh(self) -> None:
        asyncio.run(self.worklist.refresh())

    def ask(self, peer: str = "CT1", **keys: Any) -> list[tuple[int, Dataset | None]]:
        found = self.worklist.find(question(**keys), peer)
        return [(int(one.Status) if isinstance(one, Dataset) else one, data) for one, data in found]

    def written(self) -> list[WorklistAsked]:
        self.worklist.write_down()
        return [each.payload for each in self.book.journal.entries(kinds=["worklist_asked"])]  # type: ignore[misc]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.book.close()


def test_before_there_is_a_list_nobody_is_told_that_it_is_empty(desk: Desk) -> None:
    ((status, data),) = desk.ask(PatientID="")
    assert (status, data) == (UNABLE, None)
    desk.refresh()
    assert [status for status, _ in desk.ask(PatientID="")] == [MORE]


def test_a_question_sees_one_list_from_its_first_line_to_its_last(desk: Desk) -> None:
    desk.items = tuple(replace(ITEM, patient=str(n)) for n in range(3))
    desk.refresh()
    answers = desk.worklist.find(question(PatientID=""), "CT1")
    first = next(answers)[1]
    desk.items, desk.mark = (), 1
    desk.refresh()
    assert first is not None and [first.PatientID] + [data.PatientID for _, data in answers if data] == ["0", "1", "2"]
    assert desk.ask(PatientID="") == []


def test_the_list_is_made_anew_where_something_changed_or_a_minute_passed(desk: Desk) -> None:
    desk.refresh()
    desk.items = ()
    desk.refresh()
    assert len(desk.ask(PatientID="")) == 1
    desk.clock.advance(61)
    desk.refresh()
    assert desk.ask(PatientID="") == []


def test_what_one_person_breaks_leaves_the_list_of_before_and_is_said_once(desk: Desk) -> None:
    desk.refresh()

    async def broken() -> tuple[Item, ...]:
        raise KeyError("Lefèvre")

    desk.worklist._items = broken
    for mark in (1, 2):
        desk.mark = mark
        desk.refresh()
    assert len(desk.ask(PatientID="")) == 1
    assert desk.said == ["the worklist cannot be made anew: KeyError"]


def test_the_list_lies_sealed_and_is_there_after_a_restart_while_the_census_is_rebuilt(
    desk: Desk, tmp_path: Path
) -> None:
    desk.refresh()
    assert "Lefèvre".encode() not in (tmp_path / FILE).read_bytes()
    again = Desk(tmp_path)
    again.ready = False
    again.worklist.snapshot = again.worklist._load()
    again.refresh()
    ((status, data),) = again.ask(PatientName="lef*")
    assert status == MORE and data is not None and str(data.PatientName) == "Lefèvre^Élodie"
    again.book.close()


@pytest.mark.parametrize("data", [b"", b"x" * 200])
def test_a_list_that_is_damaged_is_none(desk: Desk, tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    assert desk.worklist._load() is None


def test_more_than_a_modality_may_be_sent_is_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path, most=2)
    desk.items = tuple(replace(ITEM, patient=str(n)) for n in range(3))
    desk.refresh()
    assert [status for status, _ in desk.ask(PatientID="")] == [MORE, MORE, OUT_OF_RESOURCES]
    desk.book.close()


def test_a_key_that_makes_no_sense_is_an_error_with_its_reason(desk: Desk) -> None:
    desk.refresh()
    (answer,) = list(desk.worklist.find(question(PatientBirthDate="x"), "CT1"))
    assert isinstance(answer[0], Dataset)
    assert (answer[0].Status, answer[0].ErrorComment) == (BAD_IDENTIFIER, "it is no date")


def test_who_asks_again_and_again_is_written_down_once_in_ten_minutes(desk: Desk) -> None:
    desk.refresh()
    for _ in range(40):
        desk.ask(PatientID="")
        desk.clock.advance(10)
        desk.written()
    assert desk.written() == [WorklistAsked("CT1", 1)]
    desk.clock.advance(600)
    desk.ask(PatientID="")
    assert desk.written() == [WorklistAsked("CT1", 1)] * 2


def test_another_answer_and_another_peer_are_written_down_soon(desk: Desk) -> None:
    desk.refresh()
    desk.ask(PatientID="")
    desk.ask(PatientID="", peer="MR1")
    desk.written()
    desk.clock.advance(31)
    desk.ask(PatientID="nobody")
    assert desk.written() == [WorklistAsked("CT1", 1), WorklistAsked("MR1", 1), WorklistAsked("CT1", 0)]


def test_who_makes_up_titles_does_not_fill_the_journal(desk: Desk) -> None:
    desk.refresh()
    for number in range(900):
        desk.ask(PatientID="", peer=f"EVIL{number}")
    assert len(desk.written()) == 256
    desk.clock.advance(601)
    desk.ask(PatientID="")
    assert len(desk.written()) == 257


@pytest.mark.parametrize("words", [{"language": "xx"}, {"arrivals": ("ct scan",)}, {"stations": {"ct": "CT1"}}])
def test_what_cannot_be_served_is_said_at_the_start(words: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        manner_of(Config(worklist=WorklistConfig(**words)), "root")


def test_numbers_are_issued_by_the_hospitals_own_authority() -> None:
    assert manner_of(Config(own=("CLINIC", "OLD")), "root").issuer == "CLINIC"
    assert manner_of(Config(hospital="CHU"), "root").issuer == "CHU"
    assert manner_of(Config(worklist=WorklistConfig(issuer="1.2.3")), "root").issuer == "1.2.3"


def test_the_list_is_the_same_made_at_once_and_between_messages(tmp_path: Path) -> None:
    """Over a hospital's real traffic, with images asked for some, on paper for others, and nobody left out."""
    clock, seal = VirtualClock(1_772_416_800.0), Seal.load_or_make(tmp_path)
    with MessageStore(tmp_path, seal) as store, Book(tmp_path, seal, clock) as book:
        keeper = Keeper(Config(own=("CLINIC",)), store, clock, book)
        hospital = Hospital(3, clock.now() - 86_400)
        sent = [Heard(each.data, clock.now()) for each in itertools.islice(hospital.messages(), 1500)]
        for each in store.append(sent):
            keeper.take(each)
        people = [row.patient for row in census_view(keeper.census).rows]
        for number, patient in enumerate(people[:10]):
            pid = f"PID|1||{patient.number}^^^CLINIC^PI"
            words = f"MSH|^~\\&|RIS|CLINIC|||||ORM^O01|x{number}|P|2.4\r{pid}\rORC|NW|X{number}\r"
            words += f"OBR|1|X{number}||CTTH^CT thorax^L\r"
            for each in store.append([Heard(words.encode(), clock.now())]):
                keeper.take(each)
        asked = book.seal(Asked("CT", "CT"))
        book.add(RequestTaken("K7Q2MX.1", "radiology", "MED", "n", 1.0, book.seal(people[20].number), asked))
        radiology = Radiology(keeper.config, keeper, book, clock)
        found = radiology.items()
        assert sorted(each.key for each in found) == sorted(["K7Q2MX.1", *(f"X{n}" for n in range(10))])
        assert found == asyncio.run(radiology.items_between())
        (paper,) = [each for each in found if each.key == "K7Q2MX.1"]
        assert paper.place.bed, "who has only a paper request is in their bed all the same"
