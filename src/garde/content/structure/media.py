"""Containers of sound, film and raster images that are only framed: RIFF, MP4 and HEIC boxes, MPEG audio, Ogg, TIFF,
BMP.

Comes in: bytes. Goes out: `Checked`. Each walk must end where the file does. Payloads are not decoded, so none of
these counts as covered but MPEG audio and Ogg, whose frames are so short that the walk itself covers them. Sources:
RIFF MCI 1991; ISO 14496-12, 4.2; ISO 11172-3, 2.4; RFC 3533, 6; TIFF 6.0, section 2; BITMAPFILEHEADER.
"""

from __future__ import annotations

import struct

from garde.content.access import Bytes, Cursor
from garde.content.kinds import mpeg_frame
from garde.content.structure.base import Budget, Checked, Near, broken, unchecked, whole

_STEPS = 20000
_RESYNC = 4096


def check_riff(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Follow the chunks of WAV, AVI and WebP."""
    head = data.read(0, 12)
    end = min(data.size, 8 + int.from_bytes(head[4:8], "little"))
    at = 12
    while at + 8 <= end and budget.take(64):
        chunk = data.read(at, 8)
        if not all(32 <= code < 127 for code in chunk[:4]):
            return broken("RIFF chunks do not hold together")
        at += 8 + int.from_bytes(chunk[4:], "little")
        at += at & 1
    return whole("RIFF chunks hold") if at >= end and at <= data.size + 1 else broken("a RIFF chunk runs past the end")


def check_boxes(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Follow the top-level boxes of MP4, MOV and HEIC."""
    at = 0
    while at + 8 <= data.size and budget.take(64):
        head = data.read(at, 16)
        size, name = int.from_bytes(head[:4], "big"), head[4:8]
        if not all(32 <= code < 127 or code == 0xA9 for code in name):
            return broken("film boxes do not hold together")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        elif size == 0:
            return whole("film boxes hold")
        if size < 8 or at + size > data.size:
            return broken("a film box runs past the end")
        at += size
    return whole("film boxes hold")


def check_mpeg(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Follow MPEG audio frames, up to the tags at the end."""
    head = data.read(0, 10)
    at = 0
    if head.startswith(b"ID3"):
        at = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    at = _first_frame(data, at)
    cursor, frames = Cursor(data, at), 0
    while cursor.left >= 4 and frames < _STEPS and budget.take(8):
        header = cursor.peek(4)
        length = mpeg_frame(header)
        if not length:
            if header.startswith((b"TAG", b"APET", b"LYRI", b"ID3", b"\0\0\0")) or cursor.left < 1500:
                break
            return broken("MPEG audio frames do not hold together")
        cursor.at += length
        frames += 1
    return whole(f"{frames} MPEG audio frames hold", covered=True) if frames else unchecked("no MPEG audio frame found")


def _first_frame(data: Bytes, at: int) -> int:
    """Some writers pad behind their tag."""
    window = data.read(at, _RESYNC)
    for index in range(len(window) - 4):
        length = mpeg_frame(window[index : index + 4]) if window[index] == 0xFF else 0
        if length and mpeg_frame(data.read(at + index + length, 4)):
            return at + index
    return data.size


def check_ogg(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Follow Ogg pages: a page is 64 KiB at most."""
    at = pages = 0
    while at + 27 <= data.size and budget.take(64):
        head = data.read(at, 27 + 255)
        if not head.startswith(b"OggS\0"):
            return broken("Ogg pages do not hold together")
        at += 27 + head[26] + sum(head[27 : 27 + head[26]])
        pages += 1
    cut = at > data.size or (data.size - at < 27 and data.read(at, 27).startswith(b"Ogg"))
    return broken("Ogg ends too early") if cut else whole(f"{pages} Ogg pages hold", covered=not near)


def check_tiff(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Follow the image directories; their strips must lie inside the file."""
    head = data.read(0, 8)
    order = "<" if head.startswith(b"II") else ">"
    if len(head) < 8 or struct.unpack_from(order + "H", head, 2)[0] != 42:
        return unchecked("BigTIFF is not looked into")
    at, seen = struct.unpack_from(order + "I", head, 4)[0], 0
    while at and seen < 1000 and budget.take(256):
        count = int.from_bytes(data.read(at, 2), "little" if order == "<" else "big")
        raw = data.read(at + 2, 12 * count + 4)
        if count == 0 or len(raw) < 12 * count:
            return broken("TIFF directory is not where the header says")
        for tag, kind, _number, _value in struct.iter_unpack(order + "HHII", raw[: 12 * count]):
            if tag == 0 or not 1 <= kind <= 18:
                return broken("TIFF directory does not hold together")
        at = struct.unpack_from(order + "I", raw, 12 * count)[0] if len(raw) >= 12 * count + 4 else 0
        seen += 1
    return whole(f"{seen} TIFF directories hold")


def check_bmp(data: Bytes, budget: Budget, near: Near) -> Checked:
    """The header's sizes must fit the file."""
    head = data.read(0, 54)
    if len(head) < 54:
        return broken("BMP ends inside its header")
    start = int.from_bytes(head[10:14], "little")
    width, height = struct.unpack_from("<ii", head, 18)
    bits, method = struct.unpack_from("<HI", head, 28)
    if method:
        return unchecked("compressed BMP is not looked into")
    need = start + (abs(width) * bits + 31) // 32 * 4 * abs(height)
    return whole("BMP sizes fit") if need <= data.size else broken("BMP is shorter than its header says")
