"""The desk's papers: when they are made, what is written down, what stays where something fails."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from garde.clock import VirtualClock
from garde.desk import pack_make
from garde.desk.config import Config, PacksConfig, load_config, save_config
from garde.desk.keeper import Keeper
from garde.desk.pack_basis import basis_now, free_numbers, parse_contacts, read_contacts
from garde.desk.pack_make import ALARM, HAND, SCHEDULE, Maker, places
from garde.desk.packs import FIRST_S, Packs, next_time
from garde.downtime.book import Book
from garde.downtime.numbers.state import Block, State
from garde.downtime.packs.basis import Call
from garde.downtime.packs.shelf import Manifest, Shelf
from garde.downtime.store.messages import Heard, MessageStore
from garde.downtime.store.seal import Seal
from garde.errors import NotFound, SettingsError
from garde.journal.paper_kinds import DowntimeBegan, PackMade, SheetReturned, SheetsPrinted
from garde.paper import NotTypeset

BRUSSELS = ZoneInfo("Europe/Brussels")
SMALL = PacksConfig(blanks={"notes": 1}, services=("outpatients",))
ADMIT = (
    b"MSH|^~\\&|HIS|CLINIC|||20231114220000||ADT^A01|1|P|2.4\rEVN|A01\rPID|1||100^^^CLINIC^PI||Lambert^Marie||19600102|F"
    b"\rPV1|1|I|MED^01^1||||||||||||||||V1\r"
)


class House:
    """One desk without its sockets."""

    def __init__(self, state: Path) -> None:
        self.clock, self.state, self.said = VirtualClock(), state, list[tuple[str, dict[str, Any]]]()
        seal = Seal.load_or_make(state)
        self.store, self.book = MessageStore(state, seal), Book(state, seal, self.clock)
        self.keeper = Keeper(Config("Clinic", own=("CLINIC",), packs=SMALL), self.store, self.clock, self.book)
        self.shelf = Shelf(state, seal)
        self.maker = Maker(self.shelf, self.book, self.clock)
        self.packs = Packs(state, self.keeper, (self.shelf, self.book), self.clock, self.say)

    def say(self, kind: str, **more: Any) -> None:
        self.said.append((kind, more))

    def hear(self, data: bytes = ADMIT) -> None:
        for each in self.store.append([Heard(data, self.clock.now())]):
            self.keeper.take(each)

    def basis(self) -> Any:
        return basis_now(self.keeper, self.state, self.clock.now(), lambda text: self.say("complaint", message=text))

    def made(self) -> list[PackMade]:
        return [entry.payload for entry in self.book.journal.entries() if isinstance(entry.payload, PackMade)]

    def due(self, begun: bool = False) -> str:
        return self.packs._due(begun)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    yield found
    found.book.close()
    found.store.close()


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS).timestamp()


@pytest.mark.parametrize(
    ("every", "at", "last", "due"),
    [
        (60.0, (), "2026-03-02 03:00", "2026-03-02 04:00"),
        (0.0, ("06:30",), "2026-03-02 03:00", "2026-03-02 06:30"),
        (0.0, ("06:30",), "2026-03-02 06:30", "2026-03-03 06:30"),
        (240.0, ("06:30", "05:00"), "2026-03-02 03:00", "2026-03-02 05:00"),
        (0.0, ("02:30",), "2026-03-28 12:00", "2026-03-29 03:30"),  # an hour that this night does not have
    ],
)
def test_the_schedule(every: float, at: tuple[str, ...], last: str, due: str) -> None:
    config = PacksConfig(every_min=every, at=at)
    assert next_time(config, moment(last), BRUSSELS) == moment(due)


def test_no_schedule_is_none() -> None:
    assert next_time(PacksConfig(every_min=0.0), 0.0, BRUSSELS) is None


def test_a_new_desk_waits_for_its_first_messages_and_goes_on_by_the_minute(house: House) -> None:
    assert house.due() == ""
    house.hear()
    assert house.due() == ""
    house.clock.advance(FIRST_S)
    assert house.due() == SCHEDULE
    house.packs._last = house.clock.now()
    house.clock.advance(59 * 60)
    house.hear()
    assert house.due() == ""
    house.clock.advance(60)
    assert house.due() == SCHEDULE


def test_silence_is_an_alarm_once_and_downtime_is_one(house: House) -> None:
    house.hear()
    house.packs._last = house.clock.now() + 1e9 - 1e9
    assert house.due() == ""
    house.keeper.config = replace(house.keeper.config, packs=replace(SMALL, every_min=0.0))
    house.clock.advance(3601)
    assert house.due() == ALARM
    assert house.due() == ""
    assert house.due(begun=True) == ALARM
    house.hear()
    assert house.due() == ""
    house.clock.advance(3601)
    assert house.due() == ALARM


def test_half_a_census_is_made_into_packs_on_alarm_only(house: House) -> None:
    house.hear()
    house.clock.advance(7200)
    house.keeper.rebuilding = True
    assert house.due() == "" and house.due(begun=True) == ALARM
    assert "REBUILT" in house.basis().warning()


def test_a_clock_that_goes_back_stops_no_schedule(house: House) -> None:
    house.hear()
    house.packs._last = house.clock.now() + 86_400
    assert house.due() == SCHEDULE


def test_all_packs_are_made_written_down_and_sealed(house: House, tmp_path: Path) -> None:
    house.hear()
    asyncio.run(house.packs.make_all(SCHEDULE))
    ward, service = house.made()
    assert (ward.place, ward.about, ward.cause, ward.fault) == ("MED", "ward", "schedule", "")
    assert ward.titles == ("census", "patient", "MAR", "downtime numbers", "contacts", "blank: notes")
    assert house.book.open(ward.people, dict[str, str]) == {"2": "100", "3": "100"}
    kept, pdf = house.shelf.read(ward.pack)
    assert kept.sha256 == ward.sha256 and kept.digest == ward.digest and pdf.startswith(b"%PDF")
    assert (service.place, service.about) == ("outpatients", "service")
    assert house.said[-1][0] == "packs" and house.said[-1][1]["faults"] == 0
    assert not any(b"Lambert" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_somebody_asks(house: House) -> None:
    house.hear()
    found = asyncio.run(house.packs.asked({"ask": "places"}, "nina"))
    assert found == {"places": [("MED", "ward"), ("outpatients", "service")], "rebuilding": False}
    made = asyncio.run(house.packs.asked({"ask": "pack", "place": "MED", "about": "ward"}, "nina"))
    assert made["place"] == "MED" and made["cause"] == HAND and "people" not in made
    with pytest.raises(NotFound, match="no ward 'NOPE' is known"):
        asyncio.run(house.packs.asked({"ask": "pack", "place": "NOPE", "about": "ward"}, "nina"))


def test_the_downtime_that_begins_is_seen_in_the_journal(house: House) -> None:
    house.hear()
    house.packs._last = house.clock.now()

    async def play() -> None:
        task = asyncio.create_task(house.packs.run())
        await asyncio.sleep(0)
        house.book.add(DowntimeBegan("nina", house.clock.now()))
        while not house.made():
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(play(), 60))
    assert house.made()[0].cause == ALARM


def test_what_cannot_be_set_or_kept_is_written_down_and_the_older_pack_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.hear()
    old = house.maker.ward(house.basis(), "MED", HAND)

    def fail(*_: object) -> None:
        raise NotTypeset("it needs more memory than it is given")

    with monkeypatch.context() as patch:
        patch.setattr(pack_make, "make", fail)
        assert "more memory" in house.maker.ward(house.basis(), "MED", HAND).fault

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Shelf, "put", full)
        assert "No space left" in house.maker.ward(house.basis(), "MED", HAND).fault
    newest = house.shelf.newest("MED")
    assert newest is not None and newest.pack == old.pack
    assert [bool(each.fault) for each in house.made()] == [False, True, True]


def test_a_pack_that_was_never_written_down_goes_and_one_with_sheets_out_stays(house: House) -> None:
    house.hear()
    first = house.maker.ward(house.basis(), "MED", HAND)
    house.book.add(SheetsPrinted("r1", first.pack, "MED", (1, 2), 1, "usb", "nina"))
    more = []
    for _ in range(3):
        house.clock.advance(86_400)
        more.append(house.maker.ward(house.basis(), "MED", HAND).pack)
    manifest, pdf = house.shelf.read(first.pack)
    house.shelf.put(replace(manifest, pack="AAAAAA"), pdf)
    assert house.maker.tidy(0.5) == ["AAAAAA", more[0]]
    house.book.add(*(SheetReturned(f"{first.pack}.{page}", "void", "nina") for page in (1, 2)))
    assert house.maker.tidy(0.5) == [first.pack]
    assert [each.pack for each in house.shelf.manifests()] == more[:0:-1]


def test_the_book_that_cannot_be_written_leaves_no_pack(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.hear()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Book, "add", full)
    with pytest.raises(OSError, match="No space"):
        house.maker.ward(house.basis(), "MED", HAND)
    assert house.shelf.manifests() == []
    answer = asyncio.run(house.packs.asked({"ask": "pack", "place": "MED", "about": "ward"}, "nina"))
    assert "No space" in answer["error"]


def test_blank_forms_need_no_feed_and_say_nothing_of_one(house: House) -> None:
    made = house.maker.blanks(house.basis(), "MED", {"notes": 2, "vitals": 1})
    assert made.titles == ("blank: notes", "blank: notes", "blank: vitals") and made.about == "blanks"


def test_places_put_who_has_no_ward_last_and_leave_nobody_out(house: House) -> None:
    house.hear()
    house.hear(ADMIT.replace(b"|1|P|", b"|2|P|").replace(b"100^^^", b"200^^^").replace(b"MED^01^1", b""))
    assert places(house.basis(), ("pharmacy",)) == [("MED", "ward"), ("unplaced", "ward"), ("pharmacy", "service")]


# --- the desk's lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b"role,name,phone,note\nDuty,Dr X,0470,24 h\n",
        b"\xef\xbb\xbfRole;Note;Phone;Name\r\nDuty;24 h;0470;Dr X\r\n;;;\r\n",
    ],
)
def test_contacts(text: bytes) -> None:
    assert parse_contacts(text) == (Call("Duty", "Dr X", "0470", "24 h"),)


@pytest.mark.parametrize("text", [b"", b"what,is,this\n1,2,3\n", b"\xff\xfe\x00"])
def test_contacts_that_are_none_are_a_complaint(text: bytes, tmp_path: Path) -> None:
    said: list[str] = []
    file = tmp_path / "contacts.csv"
    assert read_contacts(file, said.append) == () and said == []
    file.write_bytes(text)
    assert read_contacts(file, said.append) == ()
    assert len(said) == 1


def test_free_numbers_are_a_wards_own_and_no_more_than_a_page_has() -> None:
    state = State({"B1": Block("B1", "D1", 1, 10, "MED"), "B2": Block("B2", "D1", 11, 900, "MED"),
                   "B3": Block("B3", "D1", 901, 902, "URG")})  # fmt: skip
    found = free_numbers(state)
    assert len(found["MED"]) == 24 and found["MED"][0].startswith("D1-000001-")
    assert set(found) == {"MED", "URG"}


@pytest.mark.parametrize(
    ("packs", "said"),
    [
        (PacksConfig(language="tlh"), "'tlh' is none of"),
        (PacksConfig(services=("kitchen",)), "'kitchen'"),
        (PacksConfig(blanks={"poetry": 1}), "'poetry'"),
        (PacksConfig(mar_hours=0), "1 to 72"),
        (PacksConfig(at=("half six",)), "packs"),
        (PacksConfig(every_min=-1.0), "negative"),
    ],
)
def test_a_desk_json_that_no_pack_can_be_made_of_is_refused(packs: PacksConfig, said: str, tmp_path: Path) -> None:
    save_config(tmp_path, Config(packs=packs))
    with pytest.raises(SettingsError, match=said):
        load_config(tmp_path)


def test_a_manifest_names_nobody(house: House) -> None:
    house.hear()
    kept: Manifest = house.shelf.manifest(house.maker.ward(house.basis(), "MED", HAND).pack)
    assert "LAMBERT" not in repr(kept).upper()
