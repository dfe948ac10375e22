"""PDF cross-references: where the document itself says that its objects are.

Comes in: bytes. Goes out: what is wrong, or "". Classic tables and cross-reference streams are followed from startxref
backwards through /Prev; each entry must point at an object. Object streams are not opened. Source: ISO 32000-1, 7.5.4
and 7.5.8.
"""

from __future__ import annotations

import re
import zlib

import numpy as np
from numpy.typing import NDArray

from garde.content.access import Bytes
from garde.content.structure.base import Near

_TAIL = 2048
_SECTIONS = 16
_LOOKS = 400  # entries looked up where nothing in particular changed
_NEAR_LOOKS = 800
_LIMIT = 1 << 20
_START = re.compile(rb"startxref\s+(\d{1,12})")
_TABLE = re.compile(rb"\s*xref\b")
_OBJECT = re.compile(rb"\s*\d+\s+\d+\s+obj\b")
_SECTION = re.compile(rb"\s*(\d+)\s+(\d+)\s*[\r\n]+\s*(?=\d{10} )")
_PREVIOUS = re.compile(rb"/Prev\s+(\d{1,12})")
_HYBRID = re.compile(rb"/XRefStm\s+(\d{1,12})")
_NUMBERS = re.compile(rb"/(W|Index)\s*\[([\d\s]+)\]")
_NUMBER = re.compile(rb"/(Size|Columns|Predictor|Length)\s+(\d+)")
_ENTRY = 20


def find_fault(data: Bytes, shift: int, near: Near) -> str:
    """Follow the cross-references; `shift` is the number of bytes before the header."""
    starts = _START.findall(data.read(max(0, data.size - _TAIL), _TAIL))
    if not starts:
        return "PDF startxref is missing"
    todo, seen = [int(starts[-1])], set[int]()
    places: list[int] = []
    while todo and len(seen) < _SECTIONS:
        start = todo.pop()
        if start in seen:
            continue
        section = data.read(start + shift, _LIMIT if not seen else _LIMIT // 4)
        if not _TABLE.match(section) and not _OBJECT.match(section) and not seen and shift:
            section, shift = data.read(start, _LIMIT), 0  # some writers count from the start of the file
        found = _read_section(section)
        if isinstance(found, str):
            return found
        seen.add(start)
        places += found[0]
        todo += found[1]
    return _places_fault(data, places, shift, near)


def _read_section(section: bytes) -> tuple[list[int], list[int]] | str:
    """Return (object offsets, further sections), or what is wrong."""
    if _TABLE.match(section):
        return _read_table(section)
    if _OBJECT.match(section):
        return _read_stream(section)
    return "PDF startxref does not point at a cross-reference"


def _read_table(section: bytes) -> tuple[list[int], list[int]] | str:
    at = section.find(b"xref") + 4
    places: list[int] = []
    while found := _SECTION.match(section, at):
        at = found.end()
        rows = section[at : at + int(found[2]) * _ENTRY]
        for row in range(0, len(rows) - 17, _ENTRY):
            if not rows[row : row + 10].isdigit():
                return "PDF cross-reference table does not hold together"
            if rows[row + 17 : row + 18] == b"n":
                places.append(int(rows[row : row + 10]))
        at += len(rows)
    trailer = section[at : at + 4096]
    if b"trailer" not in trailer[:64]:
        return "PDF trailer is missing" if at + 64 < len(section) else (places, [])
    trailer = trailer[: trailer.find(b"startxref")]
    return places, [int(number) for number in (*_PREVIOUS.findall(trailer), *_HYBRID.findall(trailer))]


def _read_stream(section: bytes) -> tuple[list[int], list[int]] | str:
    start = section.find(b"stream", 0, 8192)
    words = section[: max(0, start)]
    if start < 0 or b"/XRef" not in words:
        return "PDF startxref does not point at a cross-reference"
    previous = [int(number) for number in _PREVIOUS.findall(words)]
    if b"/FlateDecode" not in words:
        return [], previous
    content = start + 6 + (2 if section[start + 6 : start + 8] == b"\r\n" else 1)
    try:
        plain = zlib.decompressobj().decompress(section[content:], _LIMIT)
    except zlib.error:
        return "PDF cross-reference stream does not inflate"
    return _stream_places(words, plain), previous


def _stream_places(words: bytes, plain: bytes) -> list[int]:
    arrays = {name: [int(part) for part in body.split()] for name, body in _NUMBERS.findall(words)}
    single = {name: int(value) for name, value in _NUMBER.findall(words)}
    widths = arrays.get(b"W", [])
    if len(widths) != 3 or not 0 < sum(widths) <= 32 or max(widths) > 8:
        return []
    rows = _unpredicted(plain, sum(widths), single.get(b"Predictor", 1))
    if rows is None:
        return []
    kinds = rows[:, : widths[0]].astype(np.int64).sum(axis=1) if widths[0] else np.ones(len(rows), np.int64)
    offsets = np.zeros(len(rows), np.int64)
    for column in range(widths[0], widths[0] + widths[1]):
        offsets = offsets * 256 + rows[:, column]
    return [int(offset) for offset in offsets[kinds == 1] if offset > 0]


def _unpredicted(plain: bytes, width: int, predictor: int) -> NDArray[np.uint8] | None:
    """Undo the PNG predictors "none" and "up"; None for others, which nobody writes here."""
    if predictor < 10:
        return np.frombuffer(plain[: len(plain) // width * width], np.uint8).reshape(-1, width)
    full = np.frombuffer(plain[: len(plain) // (width + 1) * (width + 1)], np.uint8).reshape(-1, width + 1)
    if not np.isin(full[:, 0], (0, 2)).all():
        return None
    if (full[:, 0] == 2).all():
        return np.cumsum(full[:, 1:], axis=0, dtype=np.uint8)
    return full[:, 1:] if (full[:, 0] == 0).all() else None


def _places_fault(data: Bytes, places: list[int], shift: int, near: Near) -> str:
    chosen = places[:: max(1, len(places) // _LOOKS)]
    if near:
        chosen += [place for place in places if near.touches(place + shift, place + shift + 8)][:_NEAR_LOOKS]
    wrong = sum(_OBJECT.match(data.read(place + shift, 32)) is None for place in chosen)
    return f"{wrong} PDF objects are not where the cross-reference says" if wrong else ""
