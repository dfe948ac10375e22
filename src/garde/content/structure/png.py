"""PNG: signature, chunk lengths and chunk CRCs up to IEND.

Comes in: bytes. Goes out: `Checked`. Pixels are not decoded: the CRC of IDAT covers them. Source: RFC 2083, chapter 3.
"""

from __future__ import annotations

import zlib

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, broken, whole

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_STEP = 1 << 18


def check_png(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Walk the chunks; large ones that no change touches are passed over when the budget is gone."""
    if data.read(0, 8) != _SIGNATURE:
        return broken("PNG signature is missing")
    at, complete = 8, True
    while at + 12 <= data.size:
        head = data.read(at, 8)
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if not name.isalpha() or at + 12 + length > data.size:
            return broken("PNG chunks do not hold together")
        if budget.left <= 0:
            complete = False
        elif not _crc_holds(data, at, length, budget):
            return broken("PNG chunk CRC fails")
        at += 12 + length
        if name == b"IEND":
            return whole("PNG chunks hold", covered=True, complete=complete)
    return broken("PNG ends before its IEND chunk")


def _crc_holds(data: Bytes, at: int, length: int, budget: Budget) -> bool:
    crc = 0
    for start in range(at + 4, at + 8 + length, _STEP):
        piece = data.read(start, min(_STEP, at + 8 + length - start))
        crc = zlib.crc32(piece, crc)
        budget.take(len(piece) // 8 + 8)
    return crc == int.from_bytes(data.read(at + 8 + length, 4), "big")
