"""DICOM: the file meta group, then a walk over every element; pixel data by its own syntax.

Comes in: bytes. Goes out: `Checked`. Native pixels have no check of their own, but images never turn uniformly random:
4 KiB windows of them are tested. Encapsulated frames are followed item by item, and JPEG in them is scanned. Values of
other elements are not judged, and nothing of them is kept. Source: DICOM PS3.5 chapters 7 and A, PS3.10 chapter 7.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from garde.content.access import BLOCK, Bytes, Cursor, MemoryBytes, spread
from garde.content.randomness import randomness
from garde.content.structure.base import Budget, Checked, Near, broken, unchecked, whole
from garde.content.structure.jpeg import scan_jpeg

_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_SHORT = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXELS = 0x7FE00010
_TRAILING = 0xFFFCFFFC
_DEPTH = 16
_ELEMENTS = 8000  # elements and fragments followed: some 12 ms
_WINDOWS = 16
_CHANGED = BLOCK // 2  # an overwritten block that is not aligned still fills one of these
_JPEG_SYNTAXES = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 57, 70))
_FRAGMENT_LIMIT = 4 << 20


class _Fault(Exception):
    """The walk cannot go on; the message is the clause for people."""


@dataclass(slots=True)
class _Walk:
    cursor: Cursor
    size: int
    explicit: bool
    big: bool
    pixels: tuple[int, int] | None = None  # native: start, length
    frames: list[tuple[int, int]] | None = None  # encapsulated: start, length of each fragment
    count: int = 0


def check_dicom(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Read the meta group, walk the data set, judge the pixels."""
    if data.read(128, 4) != b"DICM":
        return broken("DICOM prefix is missing")
    try:
        syntax, start = _meta(data)
        body: Bytes = data
        if syntax == "1.2.840.10008.1.2.1.99":
            body, start = _deflated(data, start, budget), 0
        walk = _Walk(Cursor(body, start), body.size, syntax != "1.2.840.10008.1.2", syntax == "1.2.840.10008.1.2.2")
        _dataset(walk, body.size, 0, at_top=True)
    except _Fault as fault:
        return broken(str(fault))
    budget.take(min(data.size, 65536) // 8)
    return _pixels(body, walk, syntax, budget, near if body is data else Near())


def _meta(data: Bytes) -> tuple[str, int]:
    """Return (transfer syntax, where the data set starts)."""
    cursor, syntax = Cursor(data, 132), ""
    while cursor.peek(2) == b"\x02\x00":
        walk = _Walk(cursor, data.size, explicit=True, big=False)
        tag, _, length = _header(walk)
        if length > 1 << 20:
            raise _Fault("DICOM file meta group does not hold together")
        value = cursor.take(length)
        if tag == 0x00020010:
            syntax = value.rstrip(b"\0 ").decode("ascii", "replace")
    if not syntax.startswith("1.2"):
        raise _Fault("DICOM transfer syntax is missing")
    return syntax, cursor.at


def _deflated(data: Bytes, start: int, budget: Budget) -> Bytes:
    inflater = zlib.decompressobj(-15)
    try:
        plain = inflater.decompress(data.read(start, budget.left), budget.left)
    except zlib.error:
        raise _Fault("DICOM data set does not inflate") from None
    budget.take(len(plain))
    return MemoryBytes(plain)


def _header(walk: _Walk) -> tuple[int, bytes, int]:
    """Read one element header: (tag, VR or b"", length)."""
    cursor, order = walk.cursor, ">" if walk.big else "<"
    raw = cursor.take(8)
    if len(raw) < 8:
        raise _Fault("DICOM ends inside an element")
    walk.count += 1
    group, element = struct.unpack_from(order + "HH", raw)
    tag = group << 16 | element
    if group == 0xFFFE or not walk.explicit:
        return tag, b"", struct.unpack_from(order + "I", raw, 4)[0]
    kind = raw[4:6]
    if kind in _SHORT:
        return tag, kind, struct.unpack_from(order + "H", raw, 6)[0]
    if kind not in _LONG:
        raise _Fault("DICOM elements do not hold together")
    wide = cursor.take(4)
    if len(wide) < 4:
        raise _Fault("DICOM ends inside an element")
    return tag, kind, struct.unpack(order + "I", wide)[0]


def _dataset(walk: _Walk, end: int, depth: int, *, at_top: bool = False) -> None:
    """Walk elements up to `end`, or to the end of an item of undefined length."""
    if depth > _DEPTH:
        raise _Fault("DICOM sequences nest too deep")
    last, cursor = -1, walk.cursor
    while cursor.at < end and walk.count < _ELEMENTS:
        if at_top and _only_padding(cursor):
            return
        element = _header(walk)
        tag = element[0]
        if tag == _ITEM_END:
            return
        if tag <= last and tag >> 16 != 0xFFFE:
            raise _Fault("DICOM elements are out of order")
        last = tag
        _value(walk, element, end, depth)


def _only_padding(cursor: Cursor) -> bool:
    """Some writers fill the file up with zeros; a tag 0000,0000 never stands in a data set."""
    return cursor.left < 8 or cursor.peek(8) == b"\0" * 8


def _value(walk: _Walk, element: tuple[int, bytes, int], end: int, depth: int) -> None:
    tag, kind, length = element
    if length == _UNDEFINED:
        if tag == _PIXELS:
            walk.frames = _fragments(walk)
        elif kind in (b"SQ", b"UN", b""):
            _sequence(walk, kind == b"UN", depth)
        else:
            raise _Fault("DICOM elements do not hold together")
        return
    if length > end - walk.cursor.at:
        raise _Fault("a DICOM element runs past the end")
    if tag == _PIXELS and depth == 0:
        walk.pixels = (walk.cursor.at, length)
    walk.cursor.at += length


def _sequence(walk: _Walk, implicit: bool, depth: int) -> None:
    explicit, walk.explicit = walk.explicit, walk.explicit and not implicit
    while walk.count < _ELEMENTS:
        tag, _, length = _header(walk)
        if tag == _SEQUENCE_END:
            break
        if tag != _ITEM:
            raise _Fault("DICOM sequence items do not hold together")
        if length == _UNDEFINED:
            _dataset(walk, walk.size, depth + 1)
        elif length > walk.size - walk.cursor.at:
            raise _Fault("a DICOM sequence item runs past the end")
        else:
            walk.cursor.at += length
    walk.explicit = explicit


def _fragments(walk: _Walk) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while walk.count < _ELEMENTS:
        tag, _, length = _header(walk)
        if tag == _SEQUENCE_END:
            return found[1:]  # the first item is the offset table
        if tag != _ITEM or length > walk.size - walk.cursor.at:
            raise _Fault("DICOM pixel fragments do not hold together")
        found.append((walk.cursor.at, length))
        walk.cursor.at += length
    return found[1:]


def _pixels(data: Bytes, walk: _Walk, syntax: str, budget: Budget, near: Near) -> Checked:
    if walk.frames is not None:
        return _encapsulated(data, walk.frames, syntax, budget, near)
    if walk.pixels is None or walk.pixels[1] == 0:
        return whole("DICOM elements hold") if walk.count else unchecked("DICOM holds no elements")
    start, length = walk.pixels
    end = start + length
    changed = [
        at
        for low, high in near.ranges[:_WINDOWS]
        for at in range(max(start, low), min(end, high, max(start, low) + 4 * _CHANGED), _CHANGED)
    ]
    wanted = [*((at, _CHANGED) for at in changed), *((at, BLOCK) for at in spread(end, _WINDOWS, first=start))]
    for at, size in wanted:
        window = data.read(at, min(size, end - at))
        budget.take(len(window))
        if len(window) >= BLOCK // 4 and randomness(window).is_random:
            return broken("DICOM pixels are uniformly random")
    return whole("DICOM elements hold, pixels are not random")


def _encapsulated(data: Bytes, frames: list[tuple[int, int]], syntax: str, budget: Budget, near: Near) -> Checked:
    scanned = 0
    order = sorted(frames, key=lambda frame: not near.touches(frame[0], frame[0] + frame[1])) if near else frames
    for start, length in order:
        if budget.left <= 0:
            return whole(f"{scanned} DICOM frames hold", covered=scanned > 0, complete=False)
        raw = data.read(start, min(length, _FRAGMENT_LIMIT))
        budget.take(len(raw) // 8)
        fault = _frame_fault(raw, syntax, alone=len(frames) == 1 or raw.startswith(b"\xff\xd8"), cut=len(raw) < length)
        if fault:
            return broken(fault)
        scanned += 1
    return whole(f"{scanned} DICOM frames hold", covered=True)


def _frame_fault(raw: bytes, syntax: str, *, alone: bool, cut: bool) -> str:
    if not alone:
        return ""
    if syntax in _JPEG_SYNTAXES:
        return "a DICOM frame is no whole JPEG" if scan_jpeg(raw.rstrip(b"\0"), complete=not cut).broken else ""
    if syntax.startswith("1.2.840.10008.1.2.4.9"):  # JPEG 2000: no FF90..FFFF in packet data but its own delimiters
        return "" if raw.startswith(b"\xff\x4f\xff\x51") else "a DICOM frame is no JPEG 2000"
    if syntax.startswith("1.2.840.10008.1.2.4.8"):
        return "" if raw.startswith(b"\xff\xd8") else "a DICOM frame is no JPEG-LS"
    return ""
