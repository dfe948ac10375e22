"""Sheets that come back: one test per rule."""

from __future__ import annotations

import pytest
from sheet_words import back, folded, pack, printed

from garde.downtime.codes import SheetCode
from garde.downtime.entry.account import Sheets
from garde.downtime.entry.returns import Saying, close_pack, is_blank, is_form, named_sheets, sheets_back
from garde.errors import GardeError, NotFound, Refused, UsageError
from garde.journal import Text

WHY = Text("spoilt")


def state(*more: object) -> Sheets:
    return folded(pack(), printed(1, 2, 3, 4), printed(4, copies=2, run="r2"), *more)  # type: ignore[arg-type]


def said(found: Sheets, words: list[str], how: str, note: Text = WHY, used: tuple[str, ...] = ()) -> list[str]:
    return [f"{each.sheet} {each.how}" for each in sheets_back(found, words, Saying(how, "nina", note), used)]


def test_what_came_back_is_neither_void_nor_missing() -> None:
    for how in ("void", "missing"):
        with pytest.raises(Refused, match="came back"):
            said(state(back("K7Q2MX.4")), ["K7Q2MX.4"], how)


def test_what_was_missing_can_be_found() -> None:
    assert said(state(back("K7Q2MX.3", "missing")), ["K7Q2MX.3"], "entered") == ["K7Q2MX.3 entered"]


def test_a_range_voids_blank_forms_only() -> None:
    found = state(back("K7Q2MX.4.2"))
    assert said(found, ["k7q2mx.4-9"], "void") == ["K7Q2MX.4 void", "K7Q2MX.4.3 void"]
    with pytest.raises(Refused, match="no range voids it"):
        said(found, ["K7Q2MX.3-4"], "void")
    with pytest.raises(Refused, match="why is it void"):
        said(found, ["K7Q2MX.3"], "void", Text())
    assert said(found, ["K7Q2MX.3"], "void") == ["K7Q2MX.3 void"]
    assert [is_blank(found, SheetCode("K7Q2MX", page)) for page in (1, 2, 3, 4)] == [False, False, False, True]
    assert [is_form(found, SheetCode("K7Q2MX", page)) for page in (1, 2, 3, 4)] == [True, False, False, True]


def test_a_sheet_from_which_was_keyed_is_not_void() -> None:
    with pytest.raises(Refused, match="was keyed"):
        said(state(), ["K7Q2MX.4"], "void", used=("K7Q2MX.4",))


def test_the_end_of_a_pack_names_what_is_missing() -> None:
    found = state(back("K7Q2MX.1"), back("K7Q2MX.2", "void"))
    assert [each.sheet for each in close_pack(found, "K7Q2MX", "nina", WHY)] == [
        "K7Q2MX.3", "K7Q2MX.4", "K7Q2MX.4.2", "K7Q2MX.4.3",
    ]  # fmt: skip
    with pytest.raises(NotFound):
        list(close_pack(found, "ABCDEF", "nina", WHY))


def test_a_sheet_that_nobody_printed_can_be_returned() -> None:
    assert said(state(), ["ABCDEF.7"], "entered") == ["ABCDEF.7 entered"]


@pytest.mark.parametrize(
    ("words", "error"),
    [([], UsageError), (["K7Q2MX"], UsageError), (["K7Q2MX.9-5"], NotFound), (["../etc.1"], UsageError)],
)
def test_what_names_no_sheet(words: list[str], error: type[GardeError]) -> None:
    with pytest.raises(error):
        named_sheets(state(), words)


def test_only_four_things_become_of_a_sheet() -> None:
    with pytest.raises(UsageError):
        said(state(), ["K7Q2MX.1"], "eaten")
