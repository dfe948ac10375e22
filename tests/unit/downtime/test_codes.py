"""Check characters, sheets, QR texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.codes import ALPHABET, SheetCode, check_character, is_checked, new_pack_id, read_qr

words = st.text(ALPHABET, min_size=1, max_size=20)


def test_the_check_character_is_that_of_the_standard() -> None:
    # The example of ISBT 128 / GRid, which use MOD 37,36: A1-2425G-ABC1234002-M.
    assert check_character("A1-2425G-ABC1234002") == "M"
    assert is_checked("A1-2425G-ABC1234002-M")


@given(words, st.data())
def test_a_wrong_character_is_found(text: str, data: st.DataObject) -> None:
    whole = text + check_character(text)
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from([sign for sign in ALPHABET if sign != whole[at]]))
    assert is_checked(whole)
    assert not is_checked(whole[:at] + other + whole[at + 1 :])


def test_nothing_to_check() -> None:
    assert not is_checked("") and not is_checked("7")
    with pytest.raises(ValueError, match="no letter"):
        check_character("-.-")


@given(st.integers(1, 9999), st.integers(1, 99))
def test_a_sheet_is_read_back_from_its_name_and_its_code(page: int, copy: int) -> None:
    sheet = SheetCode(new_pack_id(), page, copy)
    assert SheetCode.of(str(sheet).lower()) == sheet
    assert read_qr(sheet.qr("9f3a01bcdd")) == (sheet, "9f3a01bc")


@pytest.mark.parametrize("text", ["", "K7Q2MX", "K7Q2MX.0", "K7Q2MI.1", "K7Q2MX.1.1", "../K7Q2MX.1", "K7Q2MX.1\n.2"])
def test_what_is_no_sheet(text: str) -> None:
    with pytest.raises(ValueError, match="is no sheet"):
        SheetCode.of(text)


def test_a_damaged_or_foreign_code_is_none_of_ours() -> None:
    good = SheetCode("K7Q2MX", 3).qr("9f3a01bc")
    assert read_qr(good) is not None
    for bad in (good[:-1] + "?", good.replace(".3", ".4"), "https://example.org", good.replace("GARDE:1", "GARDE:2")):
        assert read_qr(bad) is None
