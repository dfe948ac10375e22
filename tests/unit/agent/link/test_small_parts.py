"""Patience, the hub's time, what an enrolment file means, and the spill to memory."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from garde.agent.link import enrolled as enrolment
from garde.agent.link.backoff import FIRST, LONGEST, Backoff
from garde.agent.link.enrolled import Enrolled, with_hub
from garde.agent.link.hubtime import HubTime
from garde.agent.link.spill import Spill
from garde.agent.link.status import Status
from garde.clock import VirtualClock
from garde.contain.actions.nft import NeverCut
from garde.errors import NotFound, StateDamaged
from garde.settings import ContainSettings, Settings

ENROLLED = Enrolled("files-1", "00" * 32, "PEM", "hub.example", 8443, ("10.0.0.5", "fd00::5", "127.0.0.1"), 1.0)


def test_patience_grows_is_never_in_step_and_ends_with_the_first_answer() -> None:
    one, two = Backoff(random.Random(1)), Backoff(random.Random(2))
    waits = [one.next() for _ in range(20)]
    assert waits != [two.next() for _ in range(20)]
    assert waits[0] <= FIRST
    assert all(LONGEST / 2 <= wait <= LONGEST for wait in waits[10:])
    one.good()
    assert one.next() <= FIRST


def test_the_hubs_time_goes_on_with_the_monotonic_clock_whatever_becomes_of_the_other() -> None:
    clock = VirtualClock(wall=100.0)
    time = HubTime(clock)
    assert (time.now(), time.known) == (100.0, False)
    time.learn(5_000.0)
    clock.advance(10)
    clock.wall = -3.0
    assert (time.now(), time.known) == (5_010.0, True)


def test_the_hub_is_never_cut_off_whatever_the_settings_say() -> None:
    by_hand = Settings(contain=ContainSettings(never_cut=("10.9.0.0/16",), hub="10.0.0.9"))
    for settings in (Settings(), by_hand):
        never = NeverCut(with_hub(settings, ENROLLED).contain, own=frozenset)
        assert never.why("10.0.0.5")
        assert never.why("fd00::5")
    assert never.why("10.0.0.9")
    assert never.why("10.9.1.1")
    assert not never.why("10.0.0.7")


def test_flows_to_the_hub_are_addresses_and_never_the_loopback() -> None:
    assert ENROLLED.flows == ("10.0.0.5:8443/tcp", "[fd00::5]:8443/tcp")


def test_an_enrolment_is_the_same_after_the_disk_and_a_damaged_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="belongs to no hub"):
        enrolment.load(tmp_path)
    assert not enrolment.is_enrolled(tmp_path)
    enrolment.save(tmp_path, ENROLLED)
    assert enrolment.load(tmp_path) == ENROLLED
    path = enrolment.enrolment_file(tmp_path)
    for noise in (b"", b"{}", path.read_bytes().replace(b"10.0.0.5", b"hub.example")):
        path.write_bytes(noise)
        with pytest.raises(StateDamaged):
            enrolment.load(tmp_path)


def test_words_for_people_come_when_something_changed() -> None:
    said: list[tuple[object, object, object]] = []
    back: list[float] = []
    clock = VirtualClock()
    status = Status("hub:1", "files-1", lambda w: said.append((w["reachable"], w["waiting"], w["why"])), clock)
    status.on_return = back.append
    status.begin()
    for _ in range(3):
        status.heard()
        status.waiting(0, "")
    status.failed("no route")
    clock.advance(5)
    status.failed("no route")
    status.waiting(3, "")
    status.heard()
    assert said == [
        (None, 0, ""), (True, 0, ""), (False, 0, "no route"), (False, 3, "no route"), (True, 3, ""),
    ]  # fmt: skip
    assert back == [1_000.0]


def test_a_transaction_is_done_once_more_in_memory_and_what_was_there_comes_along(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "x.db", ("create table if not exists t (n integer)",))
    spill.write(lambda db: db.execute("insert into t values (1)"))
    pages = spill.read(lambda db: db.execute("pragma page_count").fetchone()[0])
    spill.read(lambda db: db.execute(f"pragma max_page_count = {pages}"))
    spill.write(lambda db: db.executemany("insert into t values (?)", [(n,) for n in range(2, 3000)]))
    assert spill.in_memory
    assert spill.read(lambda db: db.execute("select count(*), max(n) from t").fetchone()) == (2999, 2999)
    assert spill.to_disk(lambda db: db.execute("insert into t values (7)") and None)
    assert not spill.in_memory
    assert spill.read(lambda db: db.execute("select n from t").fetchall()) == [(1,), (7,)]


def test_what_is_wrong_with_the_question_is_not_taken_for_the_disk(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "x.db", ("create table if not exists t (n integer unique)",))
    with pytest.raises(ZeroDivisionError):
        spill.write(lambda db: db.execute("insert into t values (1)") and 1 / 0)
    assert spill.read(lambda db: db.execute("select count(*) from t").fetchone()) == (0,)
    spill.write(lambda db: db.execute("insert into t values (1)"))
    with pytest.raises(sqlite3.IntegrityError):
        spill.write(lambda db: db.execute("insert into t values (1)"))
    assert not spill.in_memory
