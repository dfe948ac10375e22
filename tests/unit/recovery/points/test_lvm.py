"""What `lvs --reportformat json` says (lvmreport.7, lvs.8 on lv_attr), and as it must not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.clock import SystemClock
from garde.recovery.points.base import Fault, Room, StoreFault
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.lvm import Lvm, parse_report


def row(name: str, **changed: str) -> dict[str, str]:
    return {
        "lv_name": name,
        "origin": "files",
        "lv_time": "1795832000",
        "lv_size": "33554432",
        "lv_attr": "swi-a-s---",
        "data_percent": "12.50",
        "lv_path": f"/dev/vg0/{name}",
        **changed,
    }


def report(*rows: dict[str, str]) -> bytes:
    return json.dumps({"report": [{"lv": list(rows)}], "log": []}).encode()


def test_the_snapshots_of_one_volume_are_listed_oldest_first() -> None:
    found = parse_report(
        report(
            row("files", origin="", lv_attr="owi-aos---", data_percent=""),
            row("night"),
            row("evening", lv_time="1795800000", lv_attr="Vwi---tz-k", data_percent=""),
            row("other", origin="mail"),
        ),
        "files",
    )
    assert [(each.name, each.active, each.fault) for each in found] == [("evening", False, ""), ("night", True, "")]
    assert (found[0].made_at, found[0].device) == (1795800000.0, "/dev/vg0/evening")


@pytest.mark.parametrize("changed", [{"lv_attr": "swi-I-s---"}, {"lv_attr": "swi-S-s---"}, {"data_percent": "100.00"}])
def test_one_that_ran_full_cannot_be_trusted(changed: dict[str, str]) -> None:
    (found,) = parse_report(report(row("night", **changed)), "files")
    assert "ran full" in found.fault


@pytest.mark.parametrize(
    "out",
    [
        b"",
        b"{}",
        b'{"report": [{"lv": [{}]}]}',
        report(row("night", lv_time="2026-11-28 03:00")),
        report(row("night", lv_size="32.00m")),
        report(row("-oops")),
        report(row("night", lv_path="/etc/passwd")),
    ],
)
def test_another_answer_is_a_fault(out: bytes) -> None:
    with pytest.raises(StoreFault) as caught:
        parse_report(out, "files")
    assert caught.value.fault is Fault.DAMAGED


@given(st.binary() | st.recursive(st.none() | st.text(), st.lists).map(lambda it: json.dumps(it).encode()))
def test_whatever_it_says_it_is_read_or_a_fault(out: bytes) -> None:
    try:
        parse_report(out, "files")
    except StoreFault as fault:
        assert fault.fault is Fault.DAMAGED


@pytest.mark.parametrize("repository", ["files", "vg0/-y", "vg0/a/b", "/", "vg 0/files"])
def test_a_volume_that_could_be_something_else_is_none(tmp_path: Path, repository: str) -> None:
    store = _store(tmp_path, repository)
    with pytest.raises(StoreFault) as caught:
        store.points()
    assert caught.value.fault in {Fault.ABSENT}


def test_its_retention_cannot_be_frozen_and_says_so(tmp_path: Path) -> None:
    store = _store(tmp_path, "vg0/files")
    assert not store.note().freezes and not store.is_frozen() and not store.prove_frozen().proven
    with pytest.raises(StoreFault, match="hook"):
        store.freeze()
    assert store.thaw().marked == 0


def _store(place: Path, repository: str) -> Lvm:
    settings: dict[str, Any] = {"repository": repository, "paths": ("/srv",)}
    return Lvm(StoreSettings("l", "lvm", "files1", **settings), Room(place, place, place, SystemClock()))
