"""One source in the worker: one test for each rule of `garde.agent.flows.keeping`; and the worker's settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.agent.errands.place import Place
from garde.agent.flows import worker as workers
from garde.agent.flows.keeping import AGAIN_S, Keeping
from garde.agent.flows.worker import Worker, open_store
from garde.clock import VirtualClock
from garde.forensics.egress.config import SourceSettings
from garde.forensics.egress.nouns import Inside
from garde.forensics.egress.store import Book, FlowStore
from garde.journal.forensic_kinds import FlowSourceState
from garde.journal.kinds import ErrorSeen
from garde.journal.store import open_journal

NOW = 1_900_000_000.0
LINE = (
    '{"timestamp":"2030-03-17T17:46:40.000000+0000","event_type":"flow","flow_id":1,"src_ip":"10.0.0.7","src_port":5,'
    '"dest_ip":"203.0.113.6","dest_port":443,"proto":"TCP","flow":{"bytes_toserver":900,"bytes_toclient":9,'
    '"start":"2030-03-17T17:46:30.000000+0000","end":"2030-03-17T17:46:40.000000+0000"}}\n'
)


class Desk:
    """A source of EVE records, its book, and what is told of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, VirtualClock(NOW)
        self.book = Book(FlowStore(folder / "flows.sqlite"), Inside())
        self.told: list[FlowSourceState] = []
        self.settings = SourceSettings("eve", "suricata", ("10.0.0.0/8",), file=str(folder / "log/eve.json"))
        self.keeping = self.fresh()

    def fresh(self) -> Keeping:
        return Keeping(self.settings, Inside(), self.book, self.clock, self.told.append)

    def log(self) -> None:
        (self.folder / "log").mkdir(exist_ok=True)
        with (self.folder / "log/eve.json").open("a") as file:
            file.write(LINE)

    def turn(self, seconds: float = 1.0) -> list[tuple[str, str]]:
        self.clock.advance(seconds)
        self.keeping.turn()
        self.book.write(self.clock.now(), {"eve": self.keeping.source.memo()} if self.keeping.is_open else {})
        return [(each.state, each.detail) for each in self.told]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.keeping.close()
    made.book.store.close()


def test_a_source_that_opens_sees_and_says_so_at_each_start(desk: Desk) -> None:
    desk.log()
    assert desk.turn() == [("sees", "")]
    assert desk.turn() == [("sees", "")]
    desk.keeping.close()
    desk.keeping = desk.fresh()
    assert desk.turn() == [("sees", "")] * 2
    assert desk.told[0].covers == ("10.0.0.0/8",)


def test_one_that_can_not_be_opened_is_blind_and_tried_again(desk: Desk) -> None:
    ((state, detail),) = desk.turn()
    assert state == "blind"
    assert "is no folder" in detail
    desk.log()
    assert len(desk.turn()) == 1
    assert desk.turn(AGAIN_S)[-1] == ("sees", "")
    assert desk.book.store.ask("select sum(sent) from flows") == [(900,)]


def test_one_that_falls_silent_is_blind_since_its_last_record(desk: Desk) -> None:
    desk.log()
    desk.turn()
    heard = desk.clock.now()
    desk.turn(800)
    assert len(desk.told) == 1
    desk.turn(200)
    desk.turn(50)
    assert desk.told[-1].state == "blind"
    assert desk.told[-1].since == heard
    assert len(desk.told) == 2  # once, however long it lasts
    (blind,) = desk.book.store.blind("eve", NOW, NOW + 9_000)
    assert (blind.why, blind.since, blind.until) == ("down", heard, heard + 1_050)
    desk.log()
    assert desk.turn()[-1] == ("sees", "")


def test_one_whose_log_is_gone_is_blind_and_comes_back(desk: Desk) -> None:
    desk.log()
    desk.turn()
    desk.keeping.source.close()  # as a dead socket does
    assert desk.turn()[-1] == ("blind", "it is not open")
    assert desk.turn(AGAIN_S)[-1] == ("sees", "")


def test_one_that_is_named_no_more_has_ended(desk: Desk) -> None:
    desk.log()
    desk.turn()
    desk.keeping.ended()
    assert desk.told[-1].state == "ended"


# --- the worker -------------------------------------------------------------------------------------------------------


@pytest.fixture
def post(tmp_path: Path) -> Iterator[tuple[Worker, Path, VirtualClock]]:
    clock = VirtualClock(NOW)
    gone, ours = os.pipe()
    open_journal(tmp_path, clock=clock).close()
    made = Worker(Place(tmp_path, clock, observing=False, guards=False).state, clock, gone)
    yield made, tmp_path, clock
    made._close()
    for each in (gone, ours):
        os.close(each)


def journal(state: Path) -> list[tuple[str, str]]:
    with_journal = open_journal(state, read_only=True)
    try:
        found = [entry.payload for entry in with_journal.entries()]
    finally:
        with_journal.close()
    return [
        (each.source, each.state) if isinstance(each, FlowSourceState) else ("error", each.where)
        for each in found
        if isinstance(each, FlowSourceState | ErrorSeen)
    ]


def settle(worker: Worker) -> None:
    worker._settle()
    for each in worker._keeping:
        each.turn()


def named(state: Path, *names: str) -> None:
    (state / "log").mkdir(exist_ok=True)
    words = (f'[[source]]\nid = "{name}"\nsort = "suricata"\ncovers = ["10.0.0.0/8"]\nfile = "{state}/log/eve.json"\n'
             for name in names)  # fmt: skip
    fresh = state / "flows.new"
    fresh.write_text("".join(words))
    fresh.rename(state / "flows.toml")


def test_settings_are_taken_up_when_they_change(post: tuple[Worker, Path, VirtualClock]) -> None:
    worker, state, _ = post
    named(state, "one")
    settle(worker)
    named(state, "one", "two")
    settle(worker)
    named(state, "two")
    settle(worker)
    settle(worker)
    assert journal(state) == [("one", "sees"), ("one", "sees"), ("two", "sees"), ("one", "ended"), ("two", "sees")]


def test_other_settings_tell_no_record_twice(post: tuple[Worker, Path, VirtualClock]) -> None:
    worker, state, _ = post
    named(state, "one")
    (state / "log/eve.json").write_text(LINE)
    settle(worker)
    named(state, "one", "two")
    settle(worker)
    worker._write()
    assert worker._store.ask("select sum(sessions) from flows where source = 'one'") == [(1,)]


def test_settings_that_can_not_be_read_are_said_once_and_the_sources_go_on(
    post: tuple[Worker, Path, VirtualClock],
) -> None:
    worker, state, _ = post
    named(state, "one")
    settle(worker)
    (state / "flows.toml").write_text('[[source]]\nid = "x"\nsort = "netflow"\ncovers = []\n')
    settle(worker)
    settle(worker)
    assert journal(state) == [("one", "sees"), ("error", "FLOWS")]
    assert [each.settings.id for each in worker._keeping] == ["one"]


def test_a_disk_that_takes_nothing_is_said_once(
    post: tuple[Worker, Path, VirtualClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, state, clock = post
    named(state, "one")
    settle(worker)
    worker._store.base.execute("pragma query_only = 1")
    for _ in range(3):
        clock.advance(workers.WRITE_EVERY)
        worker._write_where_due()
    assert journal(state)[1:] == [("error", "FLOWS")]
    worker._store.base.execute("pragma query_only = 0")
    worker._write()
    assert worker._store.sources()["one"].alive == clock.now()


def test_a_damaged_store_is_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "flows.sqlite").write_bytes(b"no database" * 1000)
    store = open_store(tmp_path)
    assert store.sources() == {}
    store.close()
    assert (tmp_path / "flows.sqlite.damaged").read_bytes().startswith(b"no database")


def test_the_core_imports_nothing_of_the_sources() -> None:
    import subprocess

    program = (
        "import sys, garde.agent.flows.process; print([n for n in sys.modules if 'forensics' in n or 'sqlite' in n])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
