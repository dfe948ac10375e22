"""Which characters can be printed: those that one of the fonts has a picture for.

Comes in: text. Goes out: the same text, with what no font has written out as `[U+6F22]`, so that a name is never a row
of empty boxes that look alike. The fonts' own tables are read (`cmap`, formats 4 and 12); nothing is drawn here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

FONTS: Final = Path(__file__).parent / "fonts"


def printable(text: str) -> str:
    """Return text whose every character has a picture."""
    if text.isascii():
        return text
    known = characters()
    return "".join(sign if ord(sign) in known or sign.isascii() else f"[U+{ord(sign):04X}]" for sign in text)


@lru_cache(maxsize=1)
def characters() -> frozenset[int]:
    """Return every code point that a font has."""
    return frozenset(point for path in sorted(FONTS.glob("*.ttf")) for point in _points(path.read_bytes()))


def _points(font: bytes) -> Iterator[int]:
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {font[12 + 16 * n : 16 + 16 * n]: struct.unpack_from(">L", font, 20 + 16 * n)[0] for n in range(count)}
    start = tables[b"cmap"]
    (maps,) = struct.unpack_from(">H", font, start + 2)
    for n in range(maps):
        platform, _, offset = struct.unpack_from(">HHL", font, start + 4 + 8 * n)
        if platform in (0, 3):  # Unicode, Windows
            yield from _map(font, start + offset)


def _map(font: bytes, at: int) -> Iterator[int]:
    (form,) = struct.unpack_from(">H", font, at)
    if form == 4:
        (double,) = struct.unpack_from(">H", font, at + 6)
        ends = struct.unpack_from(f">{double // 2}H", font, at + 14)
        begins = struct.unpack_from(f">{double // 2}H", font, at + 16 + double)
        for begin, end in zip(begins, ends, strict=True):
            yield from range(begin, min(end, 0xFFFE) + 1)
    elif form == 12:
        (groups,) = struct.unpack_from(">L", font, at + 12)
        for n in range(groups):
            begin, end = struct.unpack_from(">LL", font, at + 16 + 12 * n)
            yield from range(begin, end + 1)
