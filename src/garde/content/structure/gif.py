"""GIF: header, colour tables, and the chain of blocks and sub-blocks up to the trailer.

Comes in: bytes. Goes out: `Checked`. LZW data is not decoded. A walk thrown off by a damaged length byte often finds
back by chance, but leaves sub-blocks of odd lengths behind: encoders fill all but the last of an image. Source:
GIF89a specification, chapters 15 to 27.
"""

from __future__ import annotations

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, broken, whole

_LIMIT = 32 << 20


def check_gif(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Walk the blocks; each step is one length byte, so this is cheap."""
    raw = data.read(0, min(data.size, _LIMIT, budget.left * 8))
    budget.take(len(raw) // 8)
    complete = len(raw) == data.size
    if raw[:6] not in (b"GIF87a", b"GIF89a") or len(raw) < 13:
        return broken("GIF header is missing")
    at = 13 + _table(raw[10])
    while at < len(raw):
        kind = raw[at]
        if kind == 0x3B:
            return whole("GIF blocks hold", covered=not near)
        following = _block_end(raw, at, kind)
        if following < 0:
            return broken("GIF blocks do not hold together")
        at = following
    if complete:
        return broken("GIF ends before its trailer")
    return whole("the first part of the GIF holds", covered=not near, complete=False)


def _table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _block_end(raw: bytes, at: int, kind: int) -> int:
    """Return where the next block starts, len(raw) or more where this one is cut, -1 where it is none."""
    if kind == 0x21:
        if at + 2 < len(raw) and raw[at + 1] not in (0x01, 0xF9, 0xFE, 0xFF):
            return -1
        return _sub_blocks(raw, at + 2)
    if kind != 0x2C:
        return -1
    if at + 10 >= len(raw):
        return len(raw)
    start = at + 10 + _table(raw[at + 9])
    if start < len(raw) and not 1 <= raw[start] <= 11:  # LZW minimum code size
        return -1
    following = _sub_blocks(raw, start + 1)
    return -1 if _is_ragged(raw, start + 1, following) else following


def _is_ragged(raw: bytes, at: int, end: int) -> bool:
    """True for image data whose sub-blocks are full at the beginning, or mostly, but not all."""
    lengths = []
    while at < end - 1 and at < len(raw):
        lengths.append(raw[at])
        at += 1 + raw[at]
    inner = lengths[:-1]
    if len(inner) < 8:
        return False
    longest = max(inner)
    full = inner.count(longest)
    begins_full = longest >= 200 and all(length == longest for length in inner[:4])
    return full < len(inner) and (begins_full or full > len(inner) // 2)


def _sub_blocks(raw: bytes, at: int) -> int:
    while at < len(raw):
        length = raw[at]
        at += 1 + length
        if length == 0:
            return at
    return len(raw)
