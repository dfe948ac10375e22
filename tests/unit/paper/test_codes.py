"""Codes: Code 128 by its own sums, QR by its limits."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.paper.codes import _WIDTHS, QUIET, code128, code128_modules, code128_svg, qr_svg


def test_every_symbol_is_eleven_modules_wide_and_the_stop_thirteen() -> None:
    assert len(_WIDTHS) == 107 and len(set(_WIDTHS)) == 107
    assert {sum(map(int, each)) for each in _WIDTHS[:-1]} == {11} and sum(map(int, _WIDTHS[-1])) == 13


def test_the_check_symbol_is_the_standards() -> None:
    assert code128("PJJ123C") == (104, 48, 42, 42, 17, 18, 19, 35, 55, 106)  # the example everybody computes


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("123456", (105, 12, 34, 56, 44, 106)),  # (105 + 12 + 2 * 34 + 3 * 56) % 103
        ("12345", (104, 17, 99, 23, 45, 53, 106)),  # (104 + 17 + 2 * 99 + 3 * 23 + 4 * 45) % 103
        ("123", (104, 17, 18, 19, 8, 106)),  # three digits are no shorter in pairs
    ],
)
def test_digits_go_two_in_a_symbol(text: str, symbols: tuple[int, ...]) -> None:
    assert code128(text) == symbols


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_bars_begin_and_end_in_the_quiet_zone(text: str) -> None:
    svg = code128_svg(text)
    width = 11 * (len(code128(text)) - 1) + 13 + 2 * QUIET
    assert width == code128_modules(text)
    assert f'viewBox="0 0 {width} 40"' in svg
    bars = [(int(at), int(wide)) for at, wide in re.findall(r"M(\d+) 0h(\d+)", svg)]
    assert bars[0][0] == QUIET and sum(bars[-1]) == width - QUIET
    assert all(at + wide < after for (at, wide), (after, _) in pairwise(bars))


@pytest.mark.parametrize("text", ["", "é", "a\n", "\x7f"])
def test_what_code_128_cannot_hold(text: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        code128(text)


def test_a_qr_code_has_its_limits() -> None:
    assert qr_svg("x", mask=3) != qr_svg("x", mask=4)
    assert qr_svg("x" * 400).startswith("<svg")
    with pytest.raises(ValueError, match="too many"):
        qr_svg("x" * 5000)
