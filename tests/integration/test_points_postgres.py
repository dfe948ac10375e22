"""PostgreSQL's restore points, with real clusters: what is brought, what is refused, what is put in place and how.

What every sort of store promises stands in test_points_conformance.py. The rules of `swap` have a test each here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support import database_stores, loops

from garde.clock import SystemClock
from garde.journal.recovery_kinds import PointJudged
from garde.recovery.judging import Judging
from garde.recovery.points.base import Catalogue, Changes, Fault, Point, StoreFault, Wanted
from garde.recovery.points.moment import at_moment, before_harm
from garde.recovery.points.pg import swap
from garde.recovery.points.pg.tools import find_place
from garde.recovery.points.postgres import Postgres
from garde.recovery.points.table import open_store

_WHY_NOT = loops.missing("xfs") or ("" if find_place() else "PostgreSQL is not installed")
pytestmark = [pytest.mark.root, pytest.mark.apart, pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)]
HARM = "DELETE FROM ward WHERE id > 100; UPDATE ward SET text = md5(text);"


class House:
    """A cluster with a base backup, some honest rows after it, and then harm; the moments are the machine's own."""

    def __init__(self, server: database_stores.Server, state: Path, since: float) -> None:
        self.server, self.state, self.since = server, state, since

    @classmethod
    def make(cls, state: Path) -> House:
        server = database_stores.serve()
        server.back_up("evening")
        server.ask("INSERT INTO ward (text) VALUES ('honest')")
        time.sleep(0.05)
        since = time.time() + 1.0  # the last moment before it is a second earlier: now
        time.sleep(0.05)
        server.ask(HARM)
        server.archived()
        return cls(server, state, since)

    def open(self, **changed: object) -> Postgres:
        found = open_store(database_stores.settings_of(self.server, **changed), self.state, SystemClock())
        assert isinstance(found, Postgres)
        return found

    @property
    def before(self) -> Point:
        found = before_harm(self.open().points(), self.since)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """What all of them begin as; its server is stopped."""
    house = House.make(tmp_path_factory.mktemp("state"))
    database_stores.run(*house.server.stop_words())
    yield house
    database_stores.end(house.server)


@pytest.fixture(scope="module")
def shared(model: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For tests that change neither the store nor what stands in place."""
    house = House(database_stores.copy(model.server), tmp_path_factory.mktemp("state"), model.since)
    yield house
    database_stores.end(house.server)


@pytest.fixture
def house(model: House, tmp_path: Path) -> Iterator[House]:
    """One of its own."""
    made = House(database_stores.copy(model.server), tmp_path, model.since)
    yield made
    database_stores.end(made.server)


def test_every_moment_of_the_archive_is_a_point_and_its_end_is_the_last_commit(shared: House) -> None:
    (point,) = shared.open().points()
    assert point.taken_at <= shared.since - 1.0 <= point.until <= time.time()
    checked = shared.open().check(shared.before)
    assert (checked.catalogue, "2 commits in them" in checked.detail) == (Catalogue.WHOLE, False)


def test_the_record_is_brought_to_the_moment_before_harm_and_read_through(shared: House) -> None:
    store, point = shared.open(), shared.before
    scratch = store.scratch(point)
    done = store.restore(point, scratch)
    assert (done.failed, done.restored_to) == (0, point.taken_at)
    found = store.verify(point, scratch)
    assert (found.whole, found.files) == (True, 2)
    assert "2 tables with 501 rows" in found.detail  # 500, the honest one; nothing ticked yet
    assert scratch.name.startswith(".garde-side-") and scratch.parent == shared.server.base


def test_the_end_of_the_archive_holds_the_harm_and_the_settings_questions_say_so(shared: House) -> None:
    (base,) = shared.open().points()
    store, point = shared.open(checks=("SELECT count(*) >= 500 FROM ward",)), at_moment(base, base.until)
    scratch = store.scratch(point)
    store.restore(point, scratch)
    found = store.verify(point, scratch)
    assert [it.what for it in found.skipped] == ["question 1"]
    with pytest.raises(StoreFault, match="verified"):
        store.place(point, scratch)


def test_judging_finds_the_moment_before_harm_and_tries_it(shared: House) -> None:
    store = shared.open(checks=("SELECT count(*) >= 500 FROM ward",))
    *judged, _ = Judging(store, since=shared.since, clock=SystemClock()).run("c1")
    told = {each.point: each for each in judged if isinstance(each, PointJudged)}
    assert list(told) == ["evening", shared.before.id]
    for each in told.values():
        assert (each.colour, each.when, each.catalogue, each.test_restore) == ("green", "before", "whole", "done")
    assert told[shared.before.id].enter_after == pytest.approx(shared.since - 1.0)
    end = at_moment(store.points()[0], store.points()[0].until)
    after, _ = Judging(store, since=shared.since, clock=SystemClock()).run("c1", only=end.id)
    assert isinstance(after, PointJudged)
    assert (after.colour, after.test_restore) == ("red", "failed")
    assert not list(shared.server.base.glob(".garde-side-*trial"))


def test_a_base_alone_is_its_own_end(shared: House) -> None:
    (base,) = shared.open().points()
    store = shared.open()
    store.restore(base, store.scratch(base))
    assert "500 rows" in store.verify(base, store.scratch(base)).detail


def test_what_is_sampled_lies_in_the_base_and_two_moments_of_one_base_are_not_compared(shared: House) -> None:
    store, point = shared.open(), shared.before
    control = next(iter(store.sample(point, Wanted(1, first=(b"global/pg_control",)))))
    assert Path(os.fsdecode(control.at)).stat().st_size == control.size == 8192
    assert not isinstance(store.changes(point, point), Changes)


SOCKETS = re.compile(r"^unix_socket_directories = '(/run/garde-pg-[^']+)'$", re.MULTILINE)


def test_nothing_is_left_running_or_changed_by_asking(shared: House) -> None:
    store, point = shared.open(checks=("CREATE TABLE planted ()",)), shared.before
    scratch = store.scratch(point)
    store.restore(point, scratch)
    found = store.verify(point, scratch)
    assert "read-only transaction" in found.skipped[0].reason
    assert not swap.running_pid(scratch / "data")
    (told,) = {found[1] for conf in scratch.rglob("conf") if (found := SOCKETS.search(conf.read_text()))}
    assert not Path(told).exists()


def test_the_backups_own_settings_are_not_obeyed_before_it_is_judged(house: House) -> None:
    """What an attacker wrote into them would run as PostgreSQL's user when the scratch cluster starts."""
    planted = house.server.base / "planted"
    auto = house.server.data / "postgresql.auto.conf"
    auto.write_text(f"archive_command = 'touch {planted}'\nrestore_command = 'touch {planted}'\n")
    house.server.back_up("poisoned")
    house.server.archived()
    store = house.open()
    point = store.points()[-1]
    scratch = store.scratch(point)
    store.restore(point, scratch)
    assert store.verify(point, scratch).whole
    assert not planted.exists()
    assert (scratch / "data" / auto.name).read_bytes() == auto.read_bytes()  # it goes on as it was


@pytest.mark.parametrize("what", ["base", "segment", "gap", "foreign"])
def test_damage_is_found_and_nothing_is_brought(house: House, what: str) -> None:
    point = house.before
    first, *others = sorted(house.server.wal.glob("0000*[0-9A-F]"))
    if what == "base":
        victim = max((house.server.bases / "evening" / "base").rglob("*"), key=lambda path: path.stat().st_size)
        _spoil(victim)
    elif what == "segment":
        for each in (first, *others):
            _spoil(each, 300_000 if each is first else 300)
    else:
        wanted = next(path for path in (first, *others) if _has_start(house, path))
        wanted.unlink() if what == "gap" else _spoil(wanted, 24)  # its system's number
    store = house.open()
    assert store.check(point).catalogue is Catalogue.DAMAGED
    with pytest.raises(StoreFault) as caught:
        store.restore(point, store.scratch(point))
    assert caught.value.fault is Fault.DAMAGED


def _spoil(path: Path, at: int = 4096) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(64))


def _has_start(house: House, path: Path) -> bool:
    label = (house.server.bases / "evening" / "backup_label").read_text()
    return path.name in label


def test_a_moment_beyond_the_archive_is_none(shared: House) -> None:
    (base,) = shared.open().points()
    late = replace(base, id="evening@2999-01-01T00:00:00.000000Z", taken_at=32_472_144_000.0)
    assert shared.open().check(late).catalogue is Catalogue.DAMAGED
    with pytest.raises(StoreFault, match="ends before the wanted moment"):
        shared.open().restore(late, shared.open().scratch(late))


def test_page_damage_in_what_was_brought_is_found(shared: House) -> None:
    store, point = shared.open(), shared.before
    scratch = store.scratch(point)
    store.restore(point, scratch)
    heaps = [path for path in (scratch / "data" / "base").rglob("*") if path.is_file()]
    ward = max(heaps, key=lambda path: (path.read_bytes().count(b"letter"), path.stat().st_size))
    with ward.open("r+b") as file:
        file.seek(8100)
        file.write(b"\xff" * 60)
    assert not store.verify(point, scratch).whole


# -- put in place (the rules of `swap`) ------------------------------------------------------------------------------


def verified(house: House, **changed: object) -> tuple[Postgres, Point, Path]:
    store, point = house.open(**changed), house.before
    scratch = store.scratch(point)
    store.restore(point, scratch)
    assert store.verify(point, scratch).whole
    return store, point, scratch


def test_it_is_stopped_exchanged_kept_and_started(house: House) -> None:
    store, point, scratch = verified(house)
    placed = store.place(point, scratch)
    assert placed.failed == 0 and Path(os.fsdecode(placed.place)) == house.server.data
    assert house.server.ask("SELECT count(*), max(text) FROM ward") == "501|letter 99"
    evidence = Path(os.fsdecode(placed.evidence))
    assert (evidence / "PG_VERSION").is_file() and evidence.parent == house.server.base
    assert evidence.name.startswith(".garde-side-evidence-")
    again = store.place(point, scratch)
    assert (again.evidence, house.server.ask("SELECT count(*) FROM ward")) == (placed.evidence, "501")
    house.server.ask("INSERT INTO ward (text) VALUES ('after')")  # and it goes on, on a timeline of its own
    house.server.archived()
    assert any(path.name.startswith("00000002") for path in house.server.wal.iterdir())


def test_a_second_restore_is_another_placing(house: House) -> None:
    store, point, scratch = verified(house)
    first = store.place(point, scratch)
    (base,) = store.points()
    store.restore(base, store.scratch(base))
    assert store.verify(base, store.scratch(base)).whole
    second = store.place(base, store.scratch(base))
    assert second.evidence not in (b"", first.evidence)
    assert house.server.ask("SELECT count(*) FROM ward") == "500"


def test_a_service_that_does_not_stop_is_not_moved(house: House) -> None:
    store, point, scratch = verified(house, stop=())
    with pytest.raises(StoreFault, match="still runs"):
        store.place(point, scratch)
    assert (scratch / "data" / "PG_VERSION").is_file()
    assert house.server.ask("SELECT count(*) FROM ward") == "100"


def test_what_was_changed_after_it_was_verified_is_not_put_in_place(house: House) -> None:
    store, point, scratch = verified(house)
    shutil.copytree(scratch / "data", scratch / "other")
    shutil.rmtree(scratch / "data")
    (scratch / "other").rename(scratch / "data")
    with pytest.raises(StoreFault, match="is not what was verified"):
        store.place(point, scratch)


@pytest.mark.parametrize("step", ["_exchange", "_rename", "start"])
def test_killed_at_any_step_the_same_call_goes_on(house: House, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, point, scratch = verified(house)
    real, calls = getattr(swap, step), []

    def killed(*arguments: object) -> object:
        calls.append(arguments)
        if step == "_rename" and len(calls) == 1:
            return real(*arguments)  # the exchange is done, the old data are not moved aside yet
        raise KeyboardInterrupt

    monkeypatch.setattr(swap, step, killed)
    with pytest.raises(KeyboardInterrupt):
        store.place(point, scratch)
    monkeypatch.setattr(swap, step, real)
    placed = house.open().place(point, scratch)
    assert house.server.ask("SELECT count(*) FROM ward") == "501"
    kept = [path for path in house.server.base.iterdir() if "evidence" in path.name]
    assert [bytes(path) for path in kept] == [placed.evidence]


# -- retention -------------------------------------------------------------------------------------------------------


def test_a_frozen_archive_takes_new_wal_and_gives_none_away(house: House) -> None:
    store = house.open()
    store.freeze()
    assert store.prove_frozen().proven
    segment = next(iter(house.server.wal.iterdir()))
    with pytest.raises(PermissionError):
        segment.unlink()
    house.server.archived()
    shorten = house.server.words(
        "pg_archivecleanup", house.server.wal, max(it.name for it in house.server.wal.iterdir())
    )
    subprocess.run(shorten, check=False, capture_output=True)
    assert segment.exists()
    store.thaw()
    segment.unlink()


def test_a_segment_that_is_being_written_stays_free(house: House) -> None:
    part = house.server.wal / ("0" * 7 + "1" + "F" * 16)
    part.write_bytes(b"x" * 1000)
    store = house.open()
    store.freeze()
    part.write_bytes(b"y" * 2000)
    assert store.prove_frozen().proven
    store.thaw()
