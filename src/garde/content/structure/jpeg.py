"""JPEG: the chain of marker segments, and the entropy-coded data between them, without decoding.

Comes in: bytes. Goes out: `Checked`. Inside entropy-coded data a byte FF is followed by 00 or a restart marker and by
nothing else, so 256 random bytes betray themselves on average once. Source: ITU-T T.81, B.1.1 and B.2.
"""

from __future__ import annotations

import re

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, Spans, broken, whole

_ODD_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SEGMENTS = frozenset((*range(0xC0, 0xD0), *range(0xDA, 0xE0), *range(0xE0, 0xF0), 0xFE, 0xF7, 0xF8)) - {0xC8}
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_NOWHERE = Near()
_LIMIT = 32 << 20  # bytes read at once; a larger JPEG is looked at up to here


def check_jpeg(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Walk from SOI to EOI."""
    reach = min(data.size, _LIMIT, budget.left * 8)
    budget.take(reach // 8)
    return scan_jpeg(data.read(0, reach), complete=reach == data.size, near=near)


def scan_jpeg(raw: bytes, *, complete: bool = True, near: Near = _NOWHERE) -> Checked:
    """Judge JPEG bytes in memory; with complete=False they are only the beginning."""
    if not raw.startswith(b"\xff\xd8"):
        return broken("JPEG start marker is missing")
    at, frames, scans = 2, 0, Spans()
    while True:
        at = _next_marker(raw, at)
        if at < 0 or at + 2 > len(raw):
            break
        marker = raw[at + 1]
        if marker == 0xD9:
            if not frames or not scans:
                return broken("JPEG holds no image data")
            return whole("JPEG segments hold", covered=scans.cover(near, at + 2))
        if fault := _segment_fault(raw, at, marker):
            if complete or (at + 4 < len(raw) and "past the end" not in fault):
                return broken(fault)
            break
        frames += marker in _FRAMES
        at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
        if marker == 0xDA:
            found = _ODD_MARKER.search(raw, at)
            end = found.start() if found else len(raw)
            scans.add(at, end)
            at = end
    if complete:
        return broken("JPEG ends before its end marker" if at >= 0 else "JPEG segments do not hold together")
    return whole("the first part of the JPEG holds", covered=True, complete=False)


def _next_marker(raw: bytes, at: int) -> int:
    """Return where the marker at `at` starts, passing fill bytes; -1 where there is none."""
    if at >= len(raw):
        return len(raw)
    if raw[at] != 0xFF:
        return -1
    while at + 1 < len(raw) and raw[at + 1] == 0xFF:
        at += 1
    return at


def _segment_fault(raw: bytes, at: int, marker: int) -> str:
    if marker not in _SEGMENTS:
        return "JPEG image data holds bytes that no encoder writes"
    length = int.from_bytes(raw[at + 2 : at + 4], "big")
    if length < 2 or at + 2 + length > len(raw):
        return "a JPEG segment runs past the end"
    body = raw[at + 4 : at + 2 + length]
    if marker == 0xC4 and not _tables_hold(body):
        return "a JPEG Huffman table does not hold together"
    if marker in _FRAMES and (len(body) < 6 or len(body) != 6 + 3 * body[5]):
        return "a JPEG frame header does not hold together"
    if marker == 0xDA and (not body or len(body) != 4 + 2 * body[0]):
        return "a JPEG scan header does not hold together"
    return ""


def _tables_hold(body: bytes) -> bool:
    at = 0
    while at + 17 <= len(body):
        at += 17 + sum(body[at + 1 : at + 17])
    return at == len(body)
