"""Scanned pages to sheets: one test per rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheet_words import back, entries, folded, pack, printed

from garde.downtime.codes import SheetCode
from garde.downtime.entry.account import Sheets, account, project
from garde.downtime.entry.scans import Matched, assign, find_picture, match, take_scan, unplaced
from garde.errors import NotFound, Refused, UsageError
from garde.journal import Payload, Text

FILE = "ab12cd34"


def qr(page: int, copy: int = 1, name: str = "K7Q2MX", digest: str = "9f3a01bc") -> str:
    return SheetCode(name, page, copy).qr(digest)


def state(*more: Payload, digest: str = "9f3a01bcdd") -> Sheets:
    from dataclasses import replace

    return folded(replace(pack(), digest=digest), printed(1, 2, 3, 4), printed(4, run="r2"), *more)


def sheets(found: Matched) -> list[str]:
    return [f"{page}:{code}" for page, code in found.sheets]


def take(known: Sheets, *pages: list[str], file: str = FILE) -> list[Payload]:
    told = [(number, texts, "") for number, texts in enumerate(pages, 1)]
    written = list(take_scan(known, file, len(pages), match(known, told), "nina"))
    for entry in entries(*written):
        project(known, entry)
    return list(written)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (qr(1)[:-1] + "?", "damaged"), (qr(1).replace(".1", ".2"), "damaged"), (qr(1, name="ZZZZZZ"), "no pack ZZZZZZ"),
        (qr(9), "no page 9"), (qr(1, digest="00000000"), "another content"), ("D1-000017-X", "no code of ours"),
        ("GARDE:9:soup", "damaged"),
    ],
)  # fmt: skip
def test_a_code_that_is_not_wholly_ours_is_none(text: str, why: str) -> None:
    found = match(state(), [(1, [text], "")])
    assert found.sheets == () and why in found.unmatched[0][1]


def test_a_pack_without_a_digest_is_known_by_its_name() -> None:
    assert sheets(match(state(digest=""), [(1, [qr(1)], "")])) == ["1:K7Q2MX.1"]


def test_the_same_file_twice_is_one_scan() -> None:
    known = state()
    assert len(take(known, [qr(1)], [])) == 2
    assert take(known, [qr(1)], []) == []
    assert unplaced(known) == [f"{FILE}/2"]


def test_the_same_sheet_twice_in_a_file_is_its_copy_where_one_was_printed() -> None:
    known = state()
    take(known, [qr(4)], [qr(4)], [qr(4)], [qr(3)], [qr(3)])
    assert {str(each.code): each.standing for each in account(known).sheets} == {
        "K7Q2MX.1": "open", "K7Q2MX.2": "open", "K7Q2MX.3": "scanned", "K7Q2MX.4": "scanned", "K7Q2MX.4.2": "scanned",
    }  # fmt: skip
    assert known.scans["K7Q2MX.3"] == [f"{FILE}/4", f"{FILE}/5"]
    assert sheets(match(known, [(1, [qr(4, 2)], ""), (2, [qr(4)], "")])) == ["1:K7Q2MX.4.2", "2:K7Q2MX.4"]


def test_a_lost_copy_is_not_found_by_scanning_its_twin() -> None:
    known = state()
    take(known, [qr(4)])
    take(known, [qr(4)], file="ffff0000")
    assert [str(each.code) for each in account(known).standing("open")][-1] == "K7Q2MX.4.2"


def test_what_was_entered_stays_entered_and_what_was_lost_is_found() -> None:
    known = state(back("K7Q2MX.1"), back("K7Q2MX.2", "missing"), back("K7Q2MX.3", "void"))
    take(known, [qr(1)], [qr(2)], [qr(3)])
    assert [each.standing for each in account(known).sheets][:3] == ["entered", "scanned", "scanned"]
    assert known.scans["K7Q2MX.1"] == [f"{FILE}/1"]


def test_a_page_without_a_code_is_placed_by_hand() -> None:
    known = state()
    take(known, [qr(1)], ["x"])
    with pytest.raises(UsageError):
        list(assign(known, f"{FILE}/2", "soup", "nina", Text()))
    for entry in entries(*assign(known, "ab/2", "k7q2mx.2", "nina", Text())):
        project(known, entry)
    assert unplaced(known) == [] and account(known).total.scanned == 2
    with pytest.raises(Refused):
        list(assign(known, "ab/2", "K7Q2MX.2", "nina", Text()))
    assert find_picture(known, "ab12/1") == f"{FILE}/1"
    for wrong, error in (
        ("zz/1", NotFound),
        ("/1", NotFound),
        ("ab/0", UsageError),
        ("ab/3", UsageError),
        ("ab", UsageError),
    ):
        with pytest.raises(error):
            find_picture(known, wrong)


def test_several_sheets_in_one_picture_are_all_scanned() -> None:
    known = state()
    take(known, [qr(1), "label", qr(2), qr(1)])
    assert account(known).total.scanned == 2


def test_a_fault_is_the_reason() -> None:
    assert match(state(), [(1, [], "too large")]).unmatched == ((1, "too large"),)


PAGES = st.lists(
    st.lists(st.builds(qr, st.integers(1, 5), st.integers(1, 3)) | st.text(max_size=9), max_size=3), max_size=6
)


@given(st.lists(PAGES, max_size=4))
def test_scanning_never_invents_a_sheet(files: list[list[list[str]]]) -> None:
    known = state()
    before = account(known).total.printed
    for number, pages in enumerate(files):
        take(known, *pages, file=f"{number:08x}")
    found = account(known).total
    assert found.printed == before == found.scanned + found.open
    pictures = sum(len(each) for each in files)
    placed = {picture for each in known.scans.values() for picture in each}
    assert len(placed) + len(unplaced(known)) == pictures
