"""A ward's PC takes what is newer and from its own desk, keeps it sealed, lets old packs go, says how old they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tests.support.ward_house import PLACE, Pair, make_pair, pages_in

from garde.clock import VirtualClock
from garde.desk import wards
from garde.desk.push import take_receipt
from garde.downtime.parcel.envelope import Code, ParcelRefusedError
from garde.errors import NotSetUp, Refused
from garde.journal.paper_kinds import PackSent, SheetsPrinted
from garde.trust.files import write_secret
from garde.ward.fresh import Age, freshness
from garde.ward.house import House


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def pair(tmp_path: Path, clock: VirtualClock) -> Iterator[Pair]:
    found = make_pair(tmp_path, clock)
    yield found
    found.book.close()


def refused(house: House, raw: bytes) -> Code:
    with pytest.raises(ParcelRefusedError) as caught:
        house.take(raw)
    return caught.value.code


def test_a_pack_is_kept_sealed_and_opens_to_what_was_sent(pair: Pair) -> None:
    manifest = pair.make(6)
    with pair.house() as house:
        taken = house.take(pair.parcel(manifest))
        assert not taken.again and house.open(manifest.pack)[0] == manifest
        assert pages_in(house.open(manifest.pack)[1]) == [1, 2, 3, 4, 5, 6]
        (file,) = (pair.ward_state / "packs").iterdir()
        assert b"%PDF" not in file.read_bytes() and file.stat().st_mode & 0o077 == 0


def test_the_same_parcel_twice_is_one(pair: Pair) -> None:
    raw = pair.parcel(pair.make())
    with pair.house() as house:
        house.take(raw)
        seen = len(house.state().held)
        assert house.take(raw).again and len(house.state().held) == seen


def test_an_older_pack_never_replaces_a_newer_one_also_after_that_was_shredded(pair: Pair, clock: VirtualClock) -> None:
    older, newer = pair.parcel(pair.make()), pair.parcel(pair.make())
    with pair.house() as house:
        house.take(newer)
        assert refused(house, older) is Code.OLDER
        clock.advance(40 * 86_400)
        assert [each.reason for each in house.tidy()] == ["age"]
        assert refused(house, older) is Code.OLDER and refused(house, newer) is Code.OLDER
    with pair.house() as house:  # and after a restart
        assert refused(house, older) is Code.OLDER


def test_a_parcel_for_another_pc_or_of_another_desk_is_refused(pair: Pair, tmp_path: Path, clock: VirtualClock) -> None:
    other = make_pair(tmp_path / "other", clock)
    with pair.house() as house:
        assert refused(house, other.parcel(other.make())) is Code.UNKNOWN_SENDER
        with other.house() as second:
            pair.book.change(
                pair.fold,
                lambda state: [wards.enrolled(state, second.card(), address="", epoch=1, by="ann")],
            )
        assert refused(house, pair.parcel(pair.make())) is Code.MISADDRESSED
    other.book.close()


def test_without_a_desk_nothing_is_taken(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, enrol=False)
    other = make_pair(tmp_path / "other")
    with pair.house() as house:
        assert refused(house, other.parcel(other.make())) is Code.UNKNOWN_SENDER
        with pytest.raises(NotSetUp):
            house.receipt()
    pair.book.close()
    other.book.close()


def test_another_desk_is_taken_only_where_somebody_says_so(pair: Pair, tmp_path: Path, clock: VirtualClock) -> None:
    other = make_pair(tmp_path / "other", clock, enrol=False)
    manifest = pair.make()
    with pair.house() as house:
        house.take(pair.parcel(manifest))
        with pytest.raises(Refused, match="this is another one"):
            other.enrol(house)
        ward = other.fold.state.wards["3B-PC"]
        house.trust(wards.desk_card(ward, "CHU", other.keys), "nina", replace=True)
        assert refused(house, pair.parcel(pair.make())) is Code.UNKNOWN_SENDER
        assert house.open(manifest.pack)[0] == manifest, "what came before is still there to be printed"
        house.take(other.parcel(other.make()))
    other.book.close()


def test_a_card_for_another_pc_is_refused(pair: Pair, tmp_path: Path, clock: VirtualClock) -> None:
    other = make_pair(tmp_path / "other", clock)
    ward = pair.fold.state.wards["3B-PC"]
    with other.house() as house, pytest.raises(Refused, match="another PC"):
        house.trust(wards.desk_card(ward, "CHU", pair.keys), "nina")
    other.book.close()


def test_after_a_new_enrolment_counting_begins_anew_and_the_old_ones_count_no_more(
    pair: Pair, clock: VirtualClock
) -> None:
    manifest = pair.make()
    before = pair.parcel(manifest)
    with pair.house() as house:
        house.take(before)
        clock.advance(60)
        pair.enrol(house)
        assert house.take(pair.parcel(manifest)).again is False, "the same pack, under the new enrolment"
        old = pair.make()
        newer = pair.parcel(pair.make())
        house.take(newer)
        assert refused(house, pair.parcel(old)) is Code.OLDER


def test_packs_of_two_languages_and_uses_do_not_replace_each_other(pair: Pair) -> None:
    with pair.house() as house:
        for more in ({}, {"language": "fr"}, {"about": "blanks", "as_of": 0.0}):
            house.take(pair.parcel(pair.make(**more)))
        assert len(house.state().current()) == 3 and not list(house.tidy())


def test_old_packs_are_shredded(pair: Pair, clock: VirtualClock) -> None:
    first, second, third = (pair.make() for _ in range(3))
    with pair.house() as house:
        for each in (first, second, third):
            house.take(pair.parcel(each))
        assert [(each.pack, each.reason) for each in house.tidy()] == [(first.pack, "newer")]
        clock.advance(25 * 3600)
        assert [(each.pack, each.reason) for each in house.tidy()] == [(second.pack, "newer")]
        assert house.cupboard.names() == [third.pack]
        clock.advance(40 * 86_400)
        assert [(each.pack, each.reason) for each in house.tidy()] == [(third.pack, "age")]
        assert house.cupboard.names() == [] and house.worst().age is Age.NONE


def test_shredding_overwrites_before_it_removes(pair: Pair) -> None:
    manifest = pair.make()
    with pair.house() as house:
        raw = pair.parcel(manifest)
        house.take(raw)
        path = pair.ward_state / "packs" / f"{manifest.pack}.parcel"
        second_name = path.with_name("second-name")
        second_name.hardlink_to(path)  # the same blocks, looked at after the name is gone
        house.cupboard.shred(manifest.pack)
        house.cupboard.shred(manifest.pack)
        left = second_name.read_bytes()
        assert not path.exists() and len(left) == len(raw) and left[:200] != raw[:200] and left[-200:] != raw[-200:]


def test_the_alarm_comes_and_goes_and_is_written_once(pair: Pair, clock: VirtualClock) -> None:
    with pair.house() as house:
        assert [(each.pack, each.stale) for each in house.tell_stale()] == [("", True)]
        first = pair.make()
        house.take(pair.parcel(first))
        assert [(each.pack, each.stale) for each in house.tell_stale()] == [("", False)]
        assert house.worst().age is Age.FRESH
        clock.advance(3 * 3600)
        assert house.worst().age is Age.OLD and not house.tell_stale()
        clock.advance(4 * 3600)
        assert [(each.pack, each.stale) for each in house.tell_stale()] == [(first.pack, True)]
        assert not house.tell_stale() and house.worst().alarm
        second = pair.make()
        house.take(pair.parcel(second))
        assert [(each.pack, each.stale) for each in house.tell_stale()] == [(second.pack, False)]
        assert not house.worst().alarm and not house.tell_stale() and not house.state().stale


def test_a_place_without_a_pack_is_an_alarm_beside_a_fresh_one(tmp_path: Path, clock: VirtualClock) -> None:
    pair = make_pair(tmp_path, clock, places=(PLACE, "4C"))
    with pair.house() as house:
        house.take(pair.parcel(pair.make()))
        assert house.worst().age is Age.NONE
    pair.book.close()


@pytest.mark.parametrize(
    ("as_of", "age"),
    [
        (None, Age.NONE), (0.0, Age.UNHEARD), (1000.0, Age.FRESH), (1000.0 - 60, Age.FRESH), (1000.0 - 61, Age.OLD),
        (1000.0 - 600, Age.OLD), (1000.0 - 601, Age.STALE), (1000.0 + 300, Age.FRESH), (1000.0 + 301, Age.CLOCK),
    ],
)  # fmt: skip
def test_freshness_is_of_the_data(as_of: float | None, age: Age) -> None:
    assert freshness(as_of, 1000.0, 60, 600).age is age


# --- killed in between ------------------------------------------------------------------------------------------------


def test_a_file_without_its_entry_is_taken_at_the_next_start_and_garbage_is_shredded(pair: Pair) -> None:
    manifest = pair.make()
    packs = pair.ward_state / "packs"
    write_secret(packs / f"{manifest.pack}.parcel", pair.parcel(manifest))
    write_secret(packs / "K7Q2MX.parcel", b"garbage")
    left = packs / ".K7Q2MX.parcel.99999999.new"
    left.write_bytes(b"half")
    with pair.house() as house:
        assert house.settle() == [] and list(house.state().held) == [manifest.pack]
        assert house.cupboard.names() == [manifest.pack] and not left.exists()


def test_a_pack_whose_file_is_gone_or_was_changed_is_named_and_can_be_taken_again(pair: Pair) -> None:
    manifest = pair.make()
    raw = pair.parcel(manifest)
    path = pair.ward_state / "packs" / f"{manifest.pack}.parcel"
    with pair.house() as house:
        house.take(raw)
        path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
        assert house.settle() == [manifest.pack]
        with pytest.raises(Refused, match="cannot be used"):
            house.open(manifest.pack)
        path.unlink()
        assert house.settle() == [manifest.pack]
        assert house.take(raw).again and house.settle() == []


def test_where_the_journal_takes_no_entry_the_pack_is_not_here(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    older, newer = pair.make(), pair.make()
    with pair.house() as house:
        house.take(pair.parcel(older))
        journal = house._book.journal

        def full(payloads: Iterable[object], **_: object) -> None:
            assert list(payloads) and newer.pack in house.cupboard.names(), "the file comes first"
            raise OSError("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(journal, "append_all", full)
            with pytest.raises(OSError, match="full"):
                house.take(pair.parcel(newer))
        assert house.cupboard.names() == [older.pack] and list(house.state().held) == [older.pack]
        house.take(pair.parcel(newer))


# --- receipts ---------------------------------------------------------------------------------------------------------


def told(pair: Pair, house: House) -> list[str]:
    return [each["kind"] for each in take_receipt(pair.book, pair.fold, house.receipt(), pair.keys)]


def test_a_receipt_is_written_into_the_desks_book_once(pair: Pair, clock: VirtualClock) -> None:
    manifest = pair.make()
    with pair.house() as house:
        house.take(pair.parcel(manifest))
        house.add(SheetsPrinted("RRRRRRRRR1", manifest.pack, PLACE, (1, 2), 1, "ipp://x", "nina"))
        clock.advance(3600)
        assert told(pair, house) == ["pack_sent", "sheets_printed"]
        assert pair.fold.state.runs["RRRRRRRRR1", manifest.pack].at == clock.now() - 3600, "when it was, not when told"
        assert told(pair, house) == []
        house.add(SheetsPrinted("RRRRRRRRR2", manifest.pack, PLACE, (2,), 3, "ipp://x", "nina"))
        assert told(pair, house) == ["sheets_printed"]
    sent = [each.payload for each in pair.book.journal.entries(kinds=("pack_sent",))]
    assert sent == [PackSent(manifest.pack, PLACE, "", "3B-PC")]


def test_what_was_under_way_is_written_again_when_it_has_ended_and_an_old_receipt_undoes_nothing(pair: Pair) -> None:
    manifest = pair.make()
    with pair.house() as house:
        house.take(pair.parcel(manifest))
        run = SheetsPrinted("RRRRRRRRR1", manifest.pack, PLACE, (1, 2), 1, "ipp://x", "nina", wards.UNDER_WAY)
        house.add(run)
        old = house.receipt()
        told(pair, house)
        house.add(SheetsPrinted("RRRRRRRRR1", manifest.pack, PLACE, (1, 2), 1, "ipp://x", "nina"))
        assert told(pair, house) == ["sheets_printed"]
        assert take_receipt(pair.book, pair.fold, old, pair.keys) == []
    assert pair.fold.state.runs["RRRRRRRRR1", manifest.pack].fault == ""


def test_printings_of_packs_and_pages_that_the_desk_never_made_are_not_believed(pair: Pair) -> None:
    manifest = pair.make(4)
    with pair.house() as house:
        house.take(pair.parcel(manifest))
        house.add(
            SheetsPrinted("RRRRRRRRR1", "K7Q2MX", PLACE, (1,), 1, "ipp://x", "nina"),
            SheetsPrinted("RRRRRRRRR2", manifest.pack, PLACE, (5,), 1, "ipp://x", "nina"),
        )
        assert told(pair, house) == ["pack_sent"]


def test_a_receipt_of_a_stranger_or_a_forgotten_pc_is_refused(pair: Pair, tmp_path: Path, clock: VirtualClock) -> None:
    with pair.house() as house:
        raw = house.receipt()
        pair.book.change(pair.fold, lambda state: [wards.forgotten(state, "3B-PC", "ann")])
        with pytest.raises(ParcelRefusedError, match="UNKNOWN-SENDER"):
            take_receipt(pair.book, pair.fold, raw, pair.keys)
        with pytest.raises(ParcelRefusedError):
            take_receipt(pair.book, pair.fold, raw[:-1] + b"x", pair.keys)


def test_due_is_the_newest_of_each_kind_until_it_is_acknowledged(pair: Pair) -> None:
    pair.make()
    newest, blanks = pair.make(), pair.make(about="blanks")
    pair.make(place="ICU")
    state, ward = pair.fold.state, pair.fold.state.wards["3B-PC"]
    assert wards.due(state, ward, pair.shelf.manifests()) == [newest, blanks]
    with pair.house() as house:
        house.take(pair.parcel(newest))
        told(pair, house)
    assert wards.due(state, ward, pair.shelf.manifests()) == [blanks]
    pair.book.change(pair.fold, lambda known: [wards.enrolled(known, house.card(), address="", epoch=1, by="ann")])
    again = pair.fold.state.wards["3B-PC"]
    assert again.epoch > ward.epoch and wards.due(state, again, pair.shelf.manifests()) == [newest, blanks]
