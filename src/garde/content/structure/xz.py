"""xz: stream header and footer, index, the chain of LZMA2 chunks, and a bounded decode of the beginning.

Comes in: bytes. Goes out: `Checked`. LZMA decodes at some 50 MB/s, so only the first part is decoded; the chunk chain
(a header every 64 KiB at most) is walked further, and the footer's CRCs are always read. Source: xz file format 1.1.0.
"""

from __future__ import annotations

import lzma
import zlib

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, broken, whole

_HEADER = b"\xfd7zXZ\x00"
_MEMORY = 64 << 20
_STEP = 1 << 16
_COST = 8  # LZMA against deflate, for each byte that comes out
_CHUNKS = 4096


def check_xz(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Ends first, then chunks, then decode."""
    head = data.read(0, 12)
    if not head.startswith(_HEADER) or zlib.crc32(head[6:8]) != int.from_bytes(head[8:12], "little"):
        return broken("xz header does not hold")
    if fault := _footer_fault(data):
        return broken(fault)
    block = (data.read(12, 1) or b"\0")[0]
    if block and (fault := walk_lzma2(data, 12 + (block + 1) * 4)):
        return broken(fault)
    return _decode(data, budget, near)


def _footer_fault(data: Bytes) -> str:
    end = data.size
    while end > 12 and data.read(end - 4, 4) == b"\0\0\0\0":  # stream padding, a multiple of four
        end -= 4
        if data.size - end > 4096:
            return "xz footer is missing"
    footer = data.read(end - 12, 12)
    if footer[10:] != b"YZ" or zlib.crc32(footer[4:10]) != int.from_bytes(footer[:4], "little"):
        return "xz footer does not hold"
    size = (int.from_bytes(footer[4:8], "little") + 1) * 4
    if size > 1 << 20:
        return ""
    index = data.read(end - 12 - size, size)
    return "" if zlib.crc32(index[:-4]) == int.from_bytes(index[-4:], "little") else "xz index CRC fails"


def walk_lzma2(data: Bytes, at: int) -> str:
    """Follow LZMA2 chunk headers from `at` to the closing zero; return what is wrong, or ""."""
    for _ in range(_CHUNKS):
        head = data.read(at, 6)
        if not head:
            return "LZMA2 chunks end too early"
        control = head[0]
        if control == 0:
            return ""
        if 3 <= control < 0x80 or len(head) < 6:
            return "LZMA2 chunks do not hold together"
        if control < 0x80:
            at += 3 + int.from_bytes(head[1:3], "big") + 1
        else:
            at += (6 if control >= 0xC0 else 5) + int.from_bytes(head[3:5], "big") + 1
    return ""


def _decode(data: Bytes, budget: Budget, near: Near) -> Checked:
    decoder, at = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY), 0
    try:
        while not decoder.eof:
            piece = b""
            if decoder.needs_input:
                piece = data.read(at, _STEP)
                at += len(piece)
            plain = decoder.decompress(piece, _STEP)
            if not piece and not plain and decoder.needs_input:
                return broken("xz ends too early")
            if not budget.take(_COST * len(plain) + _STEP // 16) and not decoder.eof:
                return whole("the first part of the xz decodes", covered=not near, complete=False)
    except lzma.LZMAError as error:
        if "memory" in str(error).lower():
            return whole("xz begins and ends as it should", covered=not near, complete=False)
        return broken("xz does not decode")
    return whole("xz decodes", covered=True)
