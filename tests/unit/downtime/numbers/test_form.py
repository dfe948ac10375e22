"""How a number is written: read back, read aloud, told from a patient's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.codes import CLEAR
from garde.downtime.numbers.form import LAST, Number, clear_numbers, compare, is_prefix, read_number

numbers = st.builds(Number, st.sampled_from(["D1", "D", "ZQ9", "NVA7"]), st.integers(0, LAST)).filter(
    lambda number: number.is_clear
)


@given(numbers, st.sampled_from(["{}", " {} ", "{}\n"]))
def test_a_number_is_read_back_however_it_is_typed(number: Number, way: str) -> None:
    for text in (str(number), str(number).lower(), str(number).replace("-", ""), str(number).replace("-", " ")):
        assert read_number(way.format(text)) == number


@given(numbers, st.data())
def test_one_wrong_sign_is_found(number: Number, data: st.DataObject) -> None:
    text = str(number).replace("-", "")
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([sign for sign in CLEAR if sign != text[at]]))
    with pytest.raises(ValueError, match=r"check character|written like"):
        read_number(text[:at] + other + text[at + 1 :])


@given(st.text(max_size=14))
def test_what_is_typed_is_a_number_or_a_reason(text: str) -> None:
    try:
        found = read_number(text)
    except ValueError:
        return
    assert read_number(str(found)) == found


def test_no_sign_of_a_number_that_is_given_is_taken_for_another() -> None:
    found = [str(number) for _, number in zip(range(500), clear_numbers("D1", 1), strict=False)]
    assert not {sign for each in found for sign in each} & set("ILOU")
    assert len({int(each[3:9]) for each in found}) == 500 and int(found[-1][3:9]) < 600


def test_who_types_o_for_zero_and_i_for_one_is_understood() -> None:
    number = next(clear_numbers("D1", 100))
    assert read_number(str(number).replace("0", "O").replace("1", "l")) == number


def test_it_is_read_aloud() -> None:
    number = next(each for each in clear_numbers("D1", 427) if str(each)[-1].isalpha())
    assert number.spoken.startswith(f"Delta 1 – 000 {number.serial:03d} – ")
    assert "Kilo" in Number("K", 7).spoken


@pytest.mark.parametrize(
    ("prefix", "good"), [("D1", True), ("D", True), ("1D", False), ("DI", False), ("D-1", False), ("", False),
                         ("ABCDE", False), ("d1", False), ("Ü", False)],
)  # fmt: skip
def test_prefixes(prefix: str, good: bool) -> None:
    assert is_prefix(prefix) is good


def test_a_prefix_that_could_be_a_patient_number_is_refused() -> None:
    assert not compare("D1", ["100001", "4711^OTHER", "Patient/ab-9"]).refuses
    assert compare("D1", ["D1-77"]).begins == 1 and compare("D1", ["d1 77^OTHER"]).refuses
    # Another prefix, made alike: tomorrow's patient number could be ours.
    assert compare("D1", ["B2000427X"]).shaped == 1 and compare("D1", ["b2-000427-9"]).refuses
    assert not compare("D1", ["B20004271X", "B2000427"]).refuses
    assert compare("D1", ["1234567", "12345678", "123456", "123456789"]).digits == 2
    assert compare("D1", []).compared == 0 and compare("D1", ["", "^X", "--"]).compared == 0
