"""Packs on their way: each once, a PC that is away keeps nobody waiting, why it failed is written once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.ward_house import Pair, make_pair

from garde.clock import VirtualClock
from garde.desk import push as module
from garde.desk import wards
from garde.desk.push import FIRST_S, LONGEST_S, Push
from garde.downtime.parcel.keys import Card, Keys
from garde.journal.paper_kinds import SheetsPrinted
from garde.ward.house import House


class Road:
    """Between the desk and a PC: what is posted reaches the PC's own house, unless the road is cut."""

    def __init__(self, house: House) -> None:
        self.house, self.cut, self.posts = house, "", list[tuple[str, str]]()

    def post(self, address: str, path: str, body: bytes) -> tuple[int, bytes]:
        self.posts.append((address, path))
        if self.cut or not address.startswith("http://pc"):
            raise ConnectionRefusedError(111, self.cut or "Connection refused")
        if path == "/parcel":
            self.house.take(body)
        return 200, self.house.receipt()


class Stage:
    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self.pair: Pair = make_pair(folder, self.clock, enrol=False)
        self.house = self.pair.house()
        self.pair.enrol(self.house, "http://pc:2580")
        self.road, self.said = Road(self.house), list[dict[str, Any]]()
        kept = (self.pair.shelf, self.pair.book, self.pair.keys)
        self.push = Push(
            kept, self.clock, lambda kind, **more: self.said.append({"kind": kind, **more}), self.road.post
        )

    def turn(self) -> None:
        """One look of the desk, and what follows from it."""

        async def once() -> None:
            for ward in self.push._ready_or_none():
                self.push._busy.add(ward.ward)
                await self.push._serve(ward)

        asyncio.run(once())

    def kinds(self) -> list[str]:
        return [each["kind"] for each in self.said]

    def entries(self, kind: str) -> list[Any]:
        return [each.payload for each in self.pair.book.journal.entries(kinds=(kind,))]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    found = Stage(tmp_path)
    yield found
    found.house.close()
    found.pair.book.close()


def test_a_pack_arrives_once_and_the_receipt_says_so(stage: Stage) -> None:
    manifest = stage.pair.make()
    for _ in range(3):
        stage.turn()
    assert [path for _, path in stage.road.posts] == ["/parcel"]
    assert stage.entries("pack_sent") == [wards.PackSent(manifest.pack, "3B", "", "3B-PC")]
    assert stage.kinds() == ["sent"]


def test_the_shelf_is_opened_only_for_a_pack_that_was_not_there(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.pair.make()
    stage.pair.make()
    stage.turn()
    stage.turn()
    opened: list[int] = []
    real = stage.pair.shelf.manifests
    monkeypatch.setattr(type(stage.pair.shelf), "manifests", lambda self: opened.append(1) or real())
    stage.turn()
    assert not opened
    monkeypatch.undo()
    newest = stage.pair.make()
    stage.turn()
    assert newest.pack in stage.house.state().held


def test_a_pc_that_is_away_is_tried_later_and_later_and_why_is_written_once(stage: Stage) -> None:
    stage.road.cut = "Connection refused"
    stage.pair.make()
    waits, before = [], len(stage.road.posts)
    for _ in range(8):
        stage.turn()
        assert len(stage.road.posts) == before + 1
        seconds = stage.push._lines["3B-PC"].not_before - stage.clock.monotonic()
        stage.clock.advance(seconds - 0.1)
        stage.turn()
        assert len(stage.road.posts) == before + 1, "not before its time"
        stage.clock.advance(0.1)
        waits.append(seconds)
        before += 1
    assert waits == [min(FIRST_S * 2**n, LONGEST_S) for n in range(8)]
    (failed,) = stage.entries("pack_sent")
    assert "is it on" in failed.fault and stage.kinds() == ["not_sent"]
    stage.road.cut = ""
    stage.turn()
    assert stage.kinds() == ["not_sent", "sent"] and stage.push._lines["3B-PC"].not_before == 0.0


def test_what_was_printed_there_is_asked_for_from_time_to_time(stage: Stage) -> None:
    manifest = stage.pair.make()
    stage.turn()
    stage.house.add(SheetsPrinted("RRRRRRRRR1", manifest.pack, "3B", (1,), 1, "ipp://x", "nina"))
    stage.turn()
    assert not stage.entries("sheets_printed")
    stage.clock.advance(module.ASK_S)
    stage.turn()
    assert len(stage.entries("sheets_printed")) == 1


def test_a_pc_that_answers_with_something_else_has_nothing(stage: Stage) -> None:
    stage.pair.make()
    stage.push._post = lambda *_: (200, b"hello")
    stage.turn()
    assert stage.kinds() == ["complaint"] and not stage.entries("pack_sent")
    stage.push._post = lambda *_: (409, b"OLDER: \x1b[2Ja newer one")
    stage.clock.advance(LONGEST_S)
    stage.turn()
    (failed,) = stage.entries("pack_sent")
    assert "OLDER" in failed.fault and "\x1b" not in failed.fault


def test_one_that_is_away_does_not_keep_the_others_waiting(stage: Stage) -> None:
    away = Keys.generate()
    card = Card("ward", "away", away.sign.public.hex, away.seal, ("3B",))
    stage.pair.book.change(
        stage.pair.fold, lambda state: [wards.enrolled(state, card, address="http://away", epoch=1, by="ann")]
    )
    manifest = stage.pair.make()

    async def run() -> None:
        task = asyncio.create_task(stage.push.run())
        while not {"sent", "not_sent"} <= set(stage.kinds()):
            assert not task.done()
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert manifest.pack in stage.house.state().held


def test_a_full_disk_at_the_desk_ends_nothing_and_is_said_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.pair.make()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(stage.pair.book.journal, "append_all", full)
        stage.turn()
        stage.clock.advance(LONGEST_S)
        stage.turn()
    assert stage.kinds() == ["complaint"]
    stage.clock.advance(LONGEST_S)
    stage.turn()
    assert stage.kinds() == ["complaint", "sent"]


@pytest.mark.parametrize("address", ["ftp://x", "http://", "http://x/y", "https://x", "x:1"])
def test_what_is_no_address_is_refused(stage: Stage, address: str) -> None:
    from garde.errors import UsageError

    with pytest.raises(UsageError):
        wards.enrolled(stage.pair.fold.state, stage.house.card(), address=address, epoch=1, by="ann")
