"""gzip and bzip2: decoded from the start, within bounds, against their own checksums.

Comes in: bytes. Goes out: `Checked`. A stream can only be decoded in order, so what lies beyond the budget is not seen.
bzip2 decodes in blocks of up to 900 kB at 30 MB/s: beyond a size only its two ends are looked at.
Source: RFC 1952; bzip2 has no specification but its source.
"""

from __future__ import annotations

import bz2
import zlib

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, broken, whole

_STEP = 1 << 17
_BZIP2_DECODED = 1 << 17  # compressed bytes that are decoded; about 30 ms for the worst of them
_BZIP2_COST = 8
_BZIP2_END = 0x177245385090  # square root of pi: closes the stream, at any bit


def check_gzip(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Inflate member after member; zeros behind the last one are padding."""
    at, members = 0, 0
    while at < data.size:
        head = data.read(at, 3)
        if members and (not head.strip(b"\0") or head != b"\x1f\x8b\x08"):
            return whole("gzip decodes", covered=True)  # readers ignore what follows
        length = _inflate(data, at, budget)
        if isinstance(length, str):
            return broken(length)
        if length == 0 or budget.left <= 0:
            return whole("the first part of the gzip decodes", covered=not near, complete=False)
        at, members = at + length, members + 1
    return whole("gzip decodes", covered=True)


def _inflate(data: Bytes, start: int, budget: Budget) -> int | str:
    """Return the member's length, 0 when the budget ends first, or what is wrong."""
    inflater, at, pending = zlib.decompressobj(31), start, b""
    while not inflater.eof:
        if not pending:
            pending = data.read(at, _STEP)
            at += len(pending)
        try:
            plain = inflater.decompress(pending, _STEP)
        except zlib.error:
            return "gzip does not decode"
        if not pending and not plain:
            return "gzip ends too early"
        pending = inflater.unconsumed_tail
        if not budget.take(len(plain) + _STEP // 64) and not inflater.eof:
            return 0
    return at - len(inflater.unused_data) - start


def check_bzip2(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Decode small ones; of the rest check that the closing mark is there."""
    if data.size > _BZIP2_DECODED or data.size * _BZIP2_COST > budget.left * 4:
        return _bzip2_ends(data, near)
    raw, members = data.read(0, _BZIP2_DECODED), 0
    while raw.startswith(b"BZh"):
        inflater = bz2.BZ2Decompressor()
        try:
            while not inflater.eof:
                plain = inflater.decompress(raw if inflater.needs_input else b"", _STEP)
                if not plain and inflater.needs_input and not inflater.eof:
                    return broken("bzip2 ends too early")
                raw = b""
                if not budget.take(len(plain) // 16 + 64):
                    return whole("the first part of the bzip2 decodes", complete=False)
        except (OSError, ValueError, EOFError):
            return broken("bzip2 does not decode")
        raw, members = inflater.unused_data, members + 1
    return whole("bzip2 decodes", covered=True) if members else broken("bzip2 header is missing")


def _bzip2_ends(data: Bytes, near: Near) -> Checked:
    tail = int.from_bytes(data.read(max(0, data.size - 12), 12), "big")
    if not any((tail >> shift) & ((1 << 48) - 1) == _BZIP2_END for shift in range(32, 48)):
        return broken("bzip2 end mark is missing")
    return whole("bzip2 begins and ends as it should", covered=not near, complete=False)
