"""The inside of a Word 97-2003 document: text pieces and formatted pages, so that damage between OLE sectors shows.

Comes in: the WordDocument stream and its table stream. Goes out: what is wrong, or "". Text is tested for randomness
only where the piece table says that there is text, since pictures may stand elsewhere in the same stream; the pages
of character and paragraph runs must hold rising offsets. Encrypted documents are left alone. Source: [MS-DOC] 2.5,
2.8.25, 2.9.33.
"""

from __future__ import annotations

import struct
from itertools import pairwise

from garde.content.randomness import LEAST, randomness

_WORD97 = 0x00C1
_ENCRYPTED, _TABLE1 = 0x0100, 0x0200
_PAGE = 512
_PIECES = 4096
_WINDOW = 4096
_MOST_RUNS = {"characters": 0x65, "paragraphs": 0x1D}


def table_stream_name(document: bytes) -> str:
    """Return which table stream belongs to the document; "" where there is nothing to look into."""
    if len(document) < 0x1AA or document[:2] != b"\xec\xa5":
        return ""
    version, flags = struct.unpack_from("<H", document, 2)[0], struct.unpack_from("<H", document, 10)[0]
    if version < _WORD97 or flags & _ENCRYPTED:
        return ""
    return "1Table" if flags & _TABLE1 else "0Table"


def find_word_fault(document: bytes, table: bytes, *, cut: bool = False) -> str:
    """Check pages of runs, then text pieces. A document that is `cut` short is judged as far as it goes."""
    for place, what in ((0xFA, "characters"), (0x102, "paragraphs")):
        if fault := _pages_fault(document, _cut(table, document, place), what, cut=cut):
            return fault
    return _text_fault(document, _cut(table, document, 0x1A2))


def _cut(table: bytes, document: bytes, place: int) -> bytes:
    start, length = struct.unpack_from("<II", document, place)
    return table[start : start + length]


def _pages_fault(document: bytes, places: bytes, what: str, *, cut: bool) -> str:
    """A plex of n+1 offsets and n page numbers; each page holds up to a fixed number of runs."""
    count = (len(places) - 4) // 8
    if count <= 0:
        return ""
    for number in struct.unpack_from(f"<{count}I", places, 4 * (count + 1)):
        page = document[(number & 0x3FFFFF) * _PAGE :][:_PAGE]
        if len(page) < _PAGE:
            if cut:
                continue
            return f"a Word page of {what} lies beyond the end"
        runs = page[-1]
        if not 1 <= runs <= _MOST_RUNS[what]:
            return f"a Word page of {what} does not hold together"
        offsets = struct.unpack_from(f"<{runs + 1}I", page)
        if any(after <= before for before, after in pairwise(offsets)):
            return f"a Word page of {what} does not hold together"
    return ""


def _text_fault(document: bytes, clx: bytes) -> str:
    for start, length in _pieces(clx):
        for at in range(start, min(start + length, len(document)), _WINDOW):
            window = document[at : min(at + _WINDOW, start + length)]
            if len(window) >= LEAST and randomness(window).is_random:
                return "the text of the Word document is uniformly random"
    return ""


def _pieces(clx: bytes) -> list[tuple[int, int]]:
    """Return (offset, bytes) of each text piece."""
    at = 0
    while clx[at : at + 1] == b"\x01" and at + 3 <= len(clx):  # property modifiers come first
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if clx[at : at + 1] != b"\x02" or at + 5 > len(clx):
        return []
    plex = clx[at + 5 : at + 5 + struct.unpack_from("<I", clx, at + 1)[0]]
    count = min((len(plex) - 4) // 12, _PIECES)
    if count <= 0:
        return []
    ends = struct.unpack_from(f"<{count + 1}I", plex)
    total = (len(plex) - 4) // 12
    found: list[tuple[int, int]] = []
    for index in range(count):
        (raw,) = struct.unpack_from("<I", plex, 4 * (total + 1) + 8 * index + 2)
        narrow = bool(raw & 0x40000000)
        start, characters = raw & 0x3FFFFFFF, max(0, ends[index + 1] - ends[index])
        found.append((start // 2, characters) if narrow else (start, characters * 2))
    return found
