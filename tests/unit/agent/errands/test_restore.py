"""The errand restore: tests for each rule of `garde.agent.errands.restore`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.errand_house import NOW, House, MemoryStore

from garde.agent.errands.base import ErrandRefused, Job
from garde.agent.errands.restore import restore
from garde.journal.recovery_kinds import PointRestored
from garde.model.order import Order, Verb


class Table:
    """One store, and what is put in place of it."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house, self.store = House(tmp_path), MemoryStore("r1")
        self.changed: list[bytes] = []
        self.progress: list[tuple[int, int]] = []
        monkeypatch.setattr("garde.agent.errands.restore.find_store", lambda state, name, clock: self.store)

    def bring(self, where: str, point: str = "p1", *, again: bool = False) -> PointRestored:
        order = Order("c1", "", Verb.RESTORE, store="r1", point=point, where=where)
        job = Job(order, lambda done, total: self.progress.append((done, total)), again)
        (said,) = restore(job, self.house.state, self.house.clock, self.changed.append)
        assert isinstance(said, PointRestored)
        return said


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    return Table(tmp_path, monkeypatch)


def test_to_a_scratch_place_it_is_brought_and_compared_and_nothing_else(table: Table) -> None:
    said = table.bring("scratch")
    assert table.store.acts == ["restore p1", "verify p1"] and table.changed == []
    assert (said.where, said.files, said.failed, said.verified) == ("scratch", 10, 0, True)
    assert (said.restored_to, said.seconds, said.verify_seconds) == (NOW - 3600, 1.5, 0.5)
    assert said.place.value == b"/scratch/p1" and not said.evidence
    assert table.progress == [(50, 300)]


def test_in_place_it_is_put_only_after_it_was_compared_and_the_core_hears_of_it(table: Table) -> None:
    said = table.bring("place")
    assert table.store.acts == ["restore p1", "verify p1", "place p1"]
    assert (said.where, said.place.value, said.evidence.value) == ("place", b"/srv/share", b"/srv/.kept")
    assert table.changed == [b"/srv/share"]


def test_what_does_not_compare_is_not_put_in_place(table: Table) -> None:
    table.store.wrong = 1
    said = table.bring("place")
    assert table.store.acts == ["restore p1", "verify p1"] and table.changed == []
    assert (said.where, said.failed, said.verified) == ("place", 1, False)
    assert said.detail.startswith("not put in place") and said.place.value == b"/scratch/p1"


def test_begun_again_it_asks_the_store_again(table: Table) -> None:
    table.bring("place", again=True)
    assert table.store.acts == ["restore p1", "verify p1", "place p1"]


@pytest.mark.parametrize(("where", "point", "code"), [("", "p1", "MALFORMED"), ("place", "p9", "UNKNOWN-POINT")])
def test_what_is_not_known_is_refused_and_nothing_is_done(table: Table, where: str, point: str, code: str) -> None:
    with pytest.raises(ErrandRefused, match=code):
        table.bring(where, point)
    assert table.store.acts == []


def test_a_store_that_is_locked_is_a_refusal(table: Table) -> None:
    table.store.broken = True
    with pytest.raises(ErrandRefused, match="LOCKED"):
        table.bring("place")
