"""What an agent knows of its stores: tests for each rule of `garde.agent.errands.stores`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.errand_house import House, MemoryStore

from garde.agent.errands.base import ErrandRefused
from garde.agent.errands.stores import Known, faults, find_point, find_store, notes
from garde.recovery.points.base import Fault, StoreFault
from garde.recovery.points.config import FILE

HOOK = """
[[store]]
id = "{id}"
sort = "hook"
covers = "files-1"
command = ["/usr/local/bin/snapshots"]
"""


def write(state: Path, *ids: str) -> None:
    (state / FILE).unlink(missing_ok=True)
    (state / FILE).write_text("".join(HOOK.format(id=each) for each in ids))


def known(house: House) -> Known:
    return Known(house.state, house.clock, house.reports())


def names(house: House) -> list[list[str]]:
    return [[store["store"] for store in said["stores"]] for said in house.of("stores_known")]


def test_that_there_are_none_is_said_once(tmp_path: Path) -> None:
    house = House(tmp_path)
    known(house).begin()
    known(house).begin()
    assert names(house) == [[]]


def test_what_there_is_is_said_at_each_start_and_when_it_changes(tmp_path: Path) -> None:
    house = House(tmp_path)
    write(tmp_path, "r1")
    at_work = known(house)
    at_work.begin()
    at_work.look()
    write(tmp_path, "r1", "r2")
    at_work.look()
    at_work.look()
    known(house).begin()
    (tmp_path / FILE).unlink()
    at_work.look()
    assert names(house) == [["r1"], ["r1", "r2"], ["r1", "r2"], []]
    assert house.of("stores_known")[0]["stores"][0] | {"freezes": None} == {
        "store": "r1", "sort": "hook", "covers": "files-1", "freezes": None,
    }  # fmt: skip


def test_a_file_that_cannot_be_read_is_an_error_and_no_stores(tmp_path: Path) -> None:
    house = House(tmp_path)
    (tmp_path / FILE).write_text("[[store]]\nid = 3\n")
    at_work = known(house)
    at_work.begin()
    at_work.look()
    (said,) = house.of("error_seen")
    assert said["where"] == "STORES" and f"{FILE}:2" in said["message"]
    write(tmp_path, "r1")
    at_work.look()
    assert names(house) == [["r1"]]


def test_a_store_whose_sort_has_no_adapter_is_known_and_is_not_frozen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garde.recovery.points.table.STORES", {})
    write(tmp_path, "r1")
    house = House(tmp_path)
    assert [(note.store, note.freezes) for note in notes(tmp_path, house.clock)] == [("r1", False)]
    with pytest.raises(ErrandRefused, match="CANNOT"):
        find_store(tmp_path, "r1", house.clock)


def test_an_unknown_store_and_an_unknown_point_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "r1")
    with pytest.raises(ErrandRefused, match="UNKNOWN-STORE"):
        find_store(tmp_path, "r2", House(tmp_path).clock)
    store = MemoryStore("r1")
    assert find_point(store, "p2").id == "p2"
    with pytest.raises(ErrandRefused, match="UNKNOWN-POINT"):
        find_point(store, "p9\x1b[2J")


def test_what_a_store_cannot_do_is_a_refusal_with_its_own_code() -> None:
    with pytest.raises(ErrandRefused) as refused, faults("r1"):
        raise StoreFault(Fault.NO_SPACE, "3 GB are missing")
    assert (refused.value.code, refused.value.reason) == ("NO-SPACE", "r1: 3 GB are missing")
