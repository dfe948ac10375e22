"""The errand `watch_for` and looking back: one test for each rule, with a real book of files and a real journal."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.errand_house import NOW

from garde.agent import watch_list
from garde.agent.errands import look_back, wire
from garde.agent.errands import watch_for as module
from garde.agent.errands.base import ErrandRefused, Job
from garde.agent.errands.place import Place
from garde.agent.errands.watch_for import WatchFor
from garde.clock import VirtualClock
from garde.journal import forensic_kinds as f
from garde.journal import kinds as k
from garde.journal.payload import Payload
from garde.journal.sharing_kinds import IndicatorSeen, WatchListTaken
from garde.journal.store import open_journal
from garde.journal.text import Text
from garde.model import watchlist
from garde.model.order import Order, Verb
from garde.model.watchlist import Indicator, Sort, WatchList

DIGEST = "ab" * 32
RAW = watchlist.write(["clinic-b"], [
    Indicator(Sort.ENDING, b".locked"), Indicator(Sort.ENDING, b".usual"), Indicator(Sort.NOTE_NAME, b"how_to.hta"),
    Indicator(Sort.ADDRESS, b"203.0.113.9"), Indicator(Sort.USER, b"svc-x"), Indicator(Sort.SHA256, DIGEST.encode()),
])  # fmt: skip
NAME = hashlib.sha256(RAW).hexdigest()


class Desk:
    """One agent's errand, a link and a core that obey the test."""

    def __init__(self, state: Path, guards: bool = True) -> None:
        self.state = state
        self.clock = VirtualClock(NOW)
        self.told: list[Payload] = []
        self.wants: list[str] = []
        self.loaded: list[WatchList] = []
        self.link: Callable[[wire.Want], wire.Got] = self.fetch
        self.errand = WatchFor(Place(state, self.clock, False, guards), self.want, self.core, self.told.append)

    def fetch(self, wanted: wire.Want) -> wire.Got:
        watch_list.put(watch_list.fetched(self.state, wanted.digest), RAW)
        return wire.Got(wanted.digest)

    def want(self, wanted: wire.Want) -> bool:
        self.wants.append(wanted.digest)
        self.errand.got(wire.Got("of another list"))
        self.errand.got(self.link(wanted))
        return True

    def core(self, asked: wire.WatchFor) -> bool:
        self.loaded.append(watch_list.read(watch_list.in_force(self.state)))
        self.errand.sharpened(wire.Sharpened("another", 0))
        self.errand.sharpened(wire.Sharpened(asked.command, len(self.loaded[-1])))
        return True

    def take(self, digest: str = NAME) -> WatchListTaken:
        order = Order("c1", "", Verb.WATCH_FOR, digest=digest, expires=NOW + 60)
        (said,) = self.errand.errand(Job(order))
        assert isinstance(said, WatchListTaken)
        return said

    def index(self, *files: tuple[bytes, str, bytes | None]) -> None:
        with closing(sqlite3.connect(self.state / "index.db")) as db, db:
            db.execute("CREATE TABLE files (path BLOB, gone REAL, newest INTEGER)")
            db.execute("CREATE TABLE versions (id INTEGER, kind TEXT, captured_at REAL, sha256 BLOB)")
            for number, (path, kind, sha256) in enumerate(files):
                db.execute("INSERT INTO files VALUES (?, NULL, ?)", (path, number))
                db.execute("INSERT INTO versions VALUES (?, ?, ?, ?)", (number, kind, NOW - number, sha256))

    def searched(self) -> list[IndicatorSeen]:
        threading.Thread(target=self.errand.search, daemon=True).start()
        deadline = time.monotonic() + 10
        while (self.state / watch_list.FOLDER / "search.json").exists():
            assert time.monotonic() < deadline
            time.sleep(0.002)
        return [each for each in self.told if isinstance(each, IndicatorSeen)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_list_is_fetched_checked_and_watched_for(desk: Desk) -> None:
    said = desk.take()
    assert (said.command, said.sha256, said.indicators, said.detail) == ("c1", NAME, 6, "")
    assert [len(each) for each in desk.loaded] == [6]
    desk.take()
    assert desk.wants == [NAME]  # it lies there already


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64])
def test_what_names_no_list_is_refused(desk: Desk, digest: str) -> None:
    with pytest.raises(ErrandRefused) as refused:
        desk.take(digest)
    assert refused.value.code == "MALFORMED" and not desk.wants


def test_what_was_changed_on_its_way_is_not_believed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(wanted: wire.Want) -> wire.Got:
        watch_list.put(watch_list.fetched(desk.state, wanted.digest), RAW + b"x")
        return wire.Got(wanted.digest, "what the hub sent is not the list that it named")

    desk.link = changed
    with pytest.raises(ErrandRefused) as refused:
        desk.take()
    assert refused.value.code == "UNAVAILABLE" and not desk.loaded


def test_a_hub_that_is_away_is_asked_again_until_time_is_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)
    tries: list[int] = []

    def away(wanted: wire.Want) -> wire.Got:
        tries.append(1)
        return desk.fetch(wanted) if len(tries) == 3 else wire.Got(wanted.digest, "no route", again=True)

    desk.link = away
    assert desk.take().indicators == 6
    (desk.state / watch_list.FOLDER / NAME).unlink()
    desk.link = lambda wanted: wire.Got(wanted.digest, "no route", again=True)
    desk.clock.advance(61)
    with pytest.raises(ErrandRefused) as refused:
        desk.take()
    assert refused.value.code == "EXPIRED"


def test_an_ending_in_daily_use_is_left_out_and_that_is_said(desk: Desk) -> None:
    usual = [(b"/srv/%d.USUAL" % number, "pdf", None) for number in range(look_back.IN_USE)]
    hostile = [(b"/srv/%d.locked" % number, "unknown", None) for number in range(100)]
    desk.index(*usual, *hostile)
    said = desk.take()
    assert (said.indicators, said.detail) == (5, "in daily use here and left out: .usual.")
    assert desk.loaded[0].source(Sort.ENDING, b".usual") is None
    assert desk.loaded[0].source(Sort.ENDING, b".locked") == "clinic-b"


def test_where_no_folder_is_guarded_older_records_are_searched(tmp_path: Path) -> None:
    desk = Desk(tmp_path, guards=False)
    assert "no folder is guarded here" in desk.take().detail
    assert not desk.loaded


def test_a_watch_that_cannot_read_it_refuses(desk: Desk) -> None:
    def broken(asked: wire.WatchFor) -> bool:
        desk.errand.sharpened(wire.Sharpened(asked.command, 0, "the watch list can't be read"))
        return True

    desk.errand.to_core = broken
    with pytest.raises(ErrandRefused) as refused:
        desk.take()
    assert refused.value.reason == "the watch list can't be read"


def test_older_records_are_searched_and_each_indicator_is_told_once_with_its_oldest_sighting(desk: Desk) -> None:
    dropped = (b"/srv/x", "elf", bytes.fromhex(DIGEST))
    desk.index((b"/srv/b.locked", "pdf", None), (b"/srv/a.locked", "pdf", None), dropped)
    actor = k.ActorNote("smb", address="::ffff:203.0.113.9", users=(Text("LAB\\svc-x"),))
    damage = k.FileDamage(Text(b"/srv/c"), Text(b"/srv/c.pdf"), NOW, ("type_lost",))
    with open_journal(desk.state, clock=desk.clock) as journal:
        journal.append(k.FindingMade(damage, actor), NOW - 50)
        journal.append(k.FindingMade(damage, actor), NOW - 10)
        journal.append(f.NoteTaken("", "n1", Text("HOW_TO.hta"), Text("pay"), DIGEST, 3, 1, 0.0), NOW - 70)
    desk.take()
    seen = desk.searched()
    assert [(each.sort, each.value.shown(), each.where.shown(), each.at, each.live) for each in seen] == [
        ("note_name", "how_to.hta", "HOW_TO.hta", NOW - 70, False),
        ("sha256", DIGEST, "HOW_TO.hta", NOW - 70, False),
        ("address", "203.0.113.9", "client", NOW - 50, False),
        ("user", "svc-x", "account", NOW - 50, False),
        ("ending", ".locked", "/srv/a.locked", NOW - 1, False),
    ]
    assert {each.source for each in seen} == {"clinic-b"} and {each.command for each in seen} == {"c1"}


def test_a_search_that_was_interrupted_is_done_at_the_next_start(desk: Desk) -> None:
    desk.index((b"/srv/a.locked", "pdf", None))
    with open_journal(desk.state, clock=desk.clock):
        desk.take()
    later = Desk(desk.state)
    later.errand.resume()
    assert [each.value.shown() for each in later.searched()] == [".locked"]
    last = Desk(desk.state)
    last.errand.resume()
    assert last.searched() == []


def test_sightings_have_an_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "MOST", 2)
    told: look_back.Told = {}
    for number in range(5):
        look_back.note(told, look_back.Seen(Sort.ENDING, b".%d" % number, b"", float(number)))
    assert len(told) == 2
