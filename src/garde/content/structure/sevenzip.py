"""7z: start header CRC and end header CRC, and the chunk chain where the first stream is LZMA2.

Comes in: bytes. Goes out: `Checked`. Streams are not decoded. Source: 7zFormat.txt of the LZMA SDK.
"""

from __future__ import annotations

import zlib

from garde.content.access import Bytes, Part
from garde.content.cipher import sevenzip_header, unpacked_header
from garde.content.structure.base import Budget, Checked, Near, broken, whole
from garde.content.structure.xz import walk_lzma2

_LZMA2 = b"\x21\x21\x01"  # a coder with properties, id of one byte: LZMA2, one property byte
_PACKED = 32  # the first packed stream starts right behind the start header


def check_sevenzip(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Both headers must match their CRCs; then the first stream is walked where it is LZMA2."""
    head = data.read(0, 32)
    if len(head) < 32 or zlib.crc32(head[12:32]) != int.from_bytes(head[8:12], "little"):
        return broken("7z start header CRC fails")
    offset, size = int.from_bytes(head[12:20], "little"), int.from_bytes(head[20:28], "little")
    if size == 0:
        return whole("an empty 7z", covered=True)
    header = sevenzip_header(data)
    if (len(header) < size <= 1 << 20) or 32 + offset + size > data.size:
        return broken("7z end header is missing")
    if header and zlib.crc32(header) != int.from_bytes(head[28:32], "little"):
        return broken("7z end header CRC fails")
    is_lzma2 = _LZMA2 in header or _LZMA2 in unpacked_header(data, header)
    if is_lzma2 and (fault := walk_lzma2(Part(data, 0, _PACKED + offset), _PACKED)):
        return broken(fault)
    return whole("7z headers hold", covered=not near)
