"""What undoes a cut survives: whole or not at all, on a full disk, and a spoiled file is known for one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions.records import Record, Stage, is_cut_id, merged, of_orders
from garde.model.order import Order, Verb


def record(cut: str = "c1", **what: tuple[str, ...]) -> Record:
    return Record(Order("o", cut, Verb.BLOCK, **what), Stage.APPLIED, "boot", 1.5)  # type: ignore[arg-type]


def test_saved_records_are_private_and_found_again_by_another(tmp_path: Path) -> None:
    records = of_orders(tmp_path, Verb.BLOCK, spare=tmp_path / "spare")
    assert records.save(record("a", addresses=("10.0.0.1",))) == ()
    assert records.save(record("b.1")) == ()
    again = of_orders(tmp_path, Verb.BLOCK, spare=tmp_path / "spare")
    assert again.ids() == ("a", "b.1")
    assert again.load("a") == record("a", addresses=("10.0.0.1",))
    assert [it.cut for it in again.others("a")] == ["b.1"]
    [path] = (tmp_path / "cuts").glob("a.*")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    again.remove("a")
    again.remove("a")
    assert again.ids() == ("b.1",)


def test_verbs_of_one_cut_do_not_meet(tmp_path: Path) -> None:
    block, kick = (of_orders(tmp_path, verb, spare=tmp_path / "spare") for verb in (Verb.BLOCK, Verb.KICK))
    block.save(record("x"))
    block.save(record("x.block"))
    assert kick.ids() == ()
    assert block.ids() == ("x", "x.block")


@pytest.mark.parametrize("garbage", [b"", b"\x00", b"{", b'{"order": 1}', b"null", b"\xff\xfe", b"[" * 10_000])
def test_a_spoiled_record_is_known_for_one(tmp_path: Path, garbage: bytes) -> None:
    records = of_orders(tmp_path, Verb.BLOCK, spare=tmp_path / "spare")
    records.save(record())
    (tmp_path / "cuts" / "c1.block.json").write_bytes(garbage)
    assert records.ids() == ("c1",)
    found = records.load("c1")
    assert found is not None
    assert found.stage is Stage.DAMAGED
    assert found.cut == "c1"


def test_a_record_under_another_cuts_name_is_not_believed(tmp_path: Path) -> None:
    records = of_orders(tmp_path, Verb.BLOCK, spare=tmp_path / "spare")
    records.save(record("a"))
    (tmp_path / "cuts" / "a.block.json").rename(tmp_path / "cuts" / "b.block.json")
    found = records.load("b")
    assert found is not None
    assert found.stage is Stage.DAMAGED


def test_where_the_state_takes_no_file_the_record_lies_in_memory(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("no directory can be made below a file, as none can on a full disk")
    records = of_orders(state, Verb.BLOCK, spare=tmp_path / "spare")
    with records.locked():
        [skipped] = records.save(record())
    assert "in memory only" in skipped.reason
    assert of_orders(state, Verb.BLOCK, spare=tmp_path / "spare").load("c1") == record()
    assert records.ids() == ("c1",)
    state.unlink()
    assert records.save(replace(record(), at=2.0)) == ()  # room again
    assert records.load("c1") == replace(record(), at=2.0)
    records.remove("c1")
    assert records.ids() == ()


def test_where_nothing_takes_a_file_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    (tmp_path / "spare").write_text("")
    records = of_orders(tmp_path / "state", Verb.BLOCK, spare=tmp_path / "spare")
    [skipped] = records.save(record())
    assert "lies nowhere" in skipped.reason


@given(st.text(max_size=70))
def test_only_plain_names_are_cut_ids(text: str) -> None:
    if is_cut_id(text):
        assert 0 < len(text) <= 64
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        assert not text.startswith(".")


@pytest.mark.parametrize("hostile", ["", ".", "..", "../x", "a/b", "a\0", "a\n", "x" * 65, "é"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, hostile: str) -> None:
    records = of_orders(tmp_path, Verb.BLOCK, spare=tmp_path / "spare")
    with pytest.raises(ValueError, match="not a cut id"):
        records.load(hostile)
    with pytest.raises(ValueError, match="not a cut id"):
        records.save(record(hostile))


def test_a_second_order_under_one_cut_adds_to_it() -> None:
    first = record(addresses=("10.0.0.1",), allow=("10.0.0.9",))
    second = Order("o2", "c1", Verb.BLOCK, addresses=("10.0.0.2", "10.0.0.1"), by="nurse")
    both = merged(first, second)
    assert both.addresses == ("10.0.0.1", "10.0.0.2")
    assert both.allow == ("10.0.0.9",)
    assert (both.command, both.by) == ("o2", "nurse")
