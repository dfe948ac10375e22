"""Codes that a scanner reads, as SVG for a template's `picture`.

Comes in: text. Goes out: SVG of black bars or squares on white. QR for what a telephone reads (any text), Code 128 for
what a hand scanner reads from a label or a wristband (printable ASCII; set C where it is digits, two in a symbol, else
set B). It checks what can be encoded; it does not know what the text means.
"""

from __future__ import annotations

import io
from typing import Final

import segno

QUIET: Final = 10  # modules of white on both sides that Code 128 asks for
_START_B, _START_C, _TO_C, _STOP = 104, 105, 99, 106
# Widths of bar, space, bar, ... of each of the 107 symbols, as ISO/IEC 15417 lists them.
_TABLE: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
_WIDTHS: Final = tuple(_TABLE.split())


def qr_svg(text: str, mask: int | None = None) -> str:
    """Return a QR code; ValueError where it is too long for one.

    `mask` (0 to 7) takes that pattern instead of looking for the best of all: five times as fast, for codes by the
    hundred. Every reader reads every mask.
    """
    try:
        code = segno.make_qr(text, error="m", mask=mask)
    except segno.DataOverflowError as error:
        raise ValueError(f"{len(text)} characters are too many for a QR code") from error
    out = io.BytesIO()
    code.save(out, kind="svg", border=2, xmldecl=False, svgclass=None, lineclass=None, omitsize=True)
    return out.getvalue().decode()


def code128(text: str) -> tuple[int, ...]:
    """Return the symbols of Code 128 with start, check symbol and stop; ValueError for what it cannot hold."""
    if not text or not all(" " <= sign <= "~" for sign in text):
        raise ValueError("Code 128 holds printable ASCII, one character at least")
    values = _in_pairs(text) if text.isdigit() and len(text) > 3 else [_START_B, *(ord(sign) - 32 for sign in text)]
    check = sum(max(place, 1) * value for place, value in enumerate(values)) % 103
    return (*values, check, _STOP)


def _in_pairs(digits: str) -> list[int]:
    """Digits in set C; an odd first one in set B."""
    begin, rest = ([_START_B, int(digits[0]) + 16, _TO_C], digits[1:]) if len(digits) % 2 else ([_START_C], digits)
    return [*begin, *(int(rest[at : at + 2]) for at in range(0, len(rest), 2))]


def code128_modules(text: str) -> int:
    """Return how many modules wide `code128_svg` is, quiet zones and all."""
    return 11 * len(code128(text)) + 2 + 2 * QUIET  # the stop has 13


def code128_svg(text: str, height: int = 40) -> str:
    """Return a Code 128; a module is one unit wide."""
    at, bars = QUIET, []
    for symbol in code128(text):
        for place, width in enumerate(map(int, _WIDTHS[symbol])):
            if place % 2 == 0:
                bars.append(f"M{at} 0h{width}v{height}h-{width}z")
            at += width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {at + QUIET} {height}" shape-rendering="crispEdges">'
        f'<path d="{"".join(bars)}"/></svg>'
    )
