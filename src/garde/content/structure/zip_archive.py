"""ZIP and all that is built on it (Office, OpenDocument, EPUB, JAR): central directory, local headers, member CRCs.

Comes in: bytes. Goes out: `Checked`. Members that lie in changed ranges are inflated first; encrypted ones and rare
compression methods are only framed. Members' names are not used for anything. Source: APPNOTE.TXT 6.3.10, 4.3.

A document that is saved again mostly brings the members that it had: pictures, fonts, styles. What was inflated once is
known by a digest of its packed bytes, and costs a sixth of the time then; its price in the budget stays the same.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from garde.content.access import Bytes, MemoryBytes, identify
from garde.content.structure.base import Budget, Checked, Near, broken, unchecked, whole

_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_CENTRAL = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
_TAIL = 65557  # the end record and its longest comment
_DIRECTORY_LIMIT = 1 << 20  # some 15,000 members; the rest of a larger archive is not looked at
_STEP = 1 << 17
_KNOWN_MOST: Final = 4096  # members remembered, about 1 MB
_KNOWN_PACKED: Final = 1 << 20  # bytes of a member that is remembered, at most
_known: dict[tuple[bytes, int, int], int] = {}  # digest of the packed bytes, CRC, size -> units that it cost


class _Member(NamedTuple):
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    start: int


def check_zip(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Walk the central directory and inflate members against their CRC, changed ones first."""
    found = _directory(data)
    if isinstance(found, str):
        return broken(found)
    directory, shift = found
    members = list(_members(directory, shift))
    if not members:
        return whole("an empty ZIP", covered=True) if not directory else broken("ZIP directory does not hold together")
    if near:
        members.sort(key=lambda member: not near.touches(member.start, member.start + 30 + member.packed + 64))
    return _check_members(data, members, budget)


def _check_members(data: Bytes, members: list[_Member], budget: Budget) -> Checked:
    skipped = 0
    for done, member in enumerate(members):
        start = _content(data, member)
        if start < 0:
            return broken("a ZIP member is not where the directory says")
        if member.flags & 1 or member.method not in (0, 8):
            skipped += 1
            continue
        if not budget.take(64):
            return whole(f"{done} of {len(members)} ZIP members checked", covered=done > 0, complete=False)
        if fault := _member_fault(data, start, member, budget):
            return broken(fault)
    if skipped == len(members):
        return unchecked("no ZIP member can be decoded here")
    return whole(f"{len(members)} ZIP members hold", covered=skipped == 0, complete=budget.left > 0)


def _directory(data: Bytes) -> tuple[bytes, int] | str:
    """Return (central directory, bytes before the archive), or what is wrong."""
    tail_start = max(0, data.size - _TAIL)
    tail = data.read(tail_start, _TAIL)
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        return "ZIP end record is missing"
    size, offset = struct.unpack_from("<II", tail, at + 12)
    end = tail_start + at
    if offset == 0xFFFFFFFF or size == 0xFFFFFFFF:
        at64 = tail.rfind(_END64, 0, at)
        if at64 < 0 or at64 + 56 > len(tail):
            return "ZIP64 end record is missing"
        size, offset = struct.unpack_from("<QQ", tail, at64 + 40)
        end = tail_start + at64
    directory = data.read(end - size, min(size, _DIRECTORY_LIMIT)) if size <= end else b""
    if size and not directory.startswith(_CENTRAL):
        return "ZIP directory is not where the end record says"
    return directory, end - size - offset


def _members(directory: bytes, shift: int) -> Iterator[_Member]:
    at = 0
    while at + 46 <= len(directory) and directory.startswith(_CENTRAL, at):
        flags, method, crc, packed, size, name, extra, note, start = struct.unpack_from(
            "<HH4xIIIHHH8xI", directory, at + 8
        )
        if 0xFFFFFFFF in (packed, size, start):
            field = directory[at + 46 + name : at + 46 + name + extra]
            packed, size, start = _zip64(field, packed, size, start)
        yield _Member(flags, method, crc, packed, size, start + shift)
        at += 46 + name + extra + note


def _zip64(extra: bytes, packed: int, size: int, start: int) -> tuple[int, int, int]:
    """Take the 64-bit values, which stand in the extra field in the order size, packed, start, where marked."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            values = iter(struct.unpack_from(f"<{min(length, len(extra) - at - 4) // 8}Q", extra, at + 4))
            size = next(values, size) if size == 0xFFFFFFFF else size
            packed = next(values, packed) if packed == 0xFFFFFFFF else packed
            start = next(values, start) if start == 0xFFFFFFFF else start
        at += 4 + length
    return packed, size, start


def _content(data: Bytes, member: _Member) -> int:
    """Return where the member's content begins; -1 where no local header stands, or it runs past the end."""
    header = data.read(member.start, 30)
    if len(header) < 30 or not header.startswith(_LOCAL):
        return -1
    name, extra = struct.unpack_from("<HH", header, 26)
    start: int = member.start + 30 + name + extra
    return start if start + member.packed <= data.size else -1


def _member_fault(data: Bytes, start: int, member: _Member, budget: Budget) -> str:
    if member.method == 0:
        return _stored_fault(data, start, member, budget)
    if member.packed > _KNOWN_PACKED:
        return _deflated_fault(data, start, member, budget)
    packed = data.read(start, member.packed)
    key = identify(packed), member.crc, member.size
    if (units := _known.get(key)) is not None:
        budget.take(units)
        return ""
    before = budget.left
    fault = _deflated_fault(MemoryBytes(packed), 0, member, budget)  # the bytes of the digest, whatever the file does
    if not fault and budget.left > 0:  # all of it was inflated
        if len(_known) >= _KNOWN_MOST:
            del _known[next(iter(_known))]
        _known[key] = before - budget.left
    return fault


def _deflated_fault(data: Bytes, start: int, member: _Member, budget: Budget) -> str:
    inflater, crc, produced = zlib.decompressobj(-15), 0, 0
    at, end = start, start + member.packed
    pending = b""
    while not inflater.eof:
        if not pending and at < end:
            pending = data.read(at, min(_STEP, end - at))
            at += len(pending)
        try:
            plain = inflater.decompress(pending, _STEP)
        except zlib.error:
            return "a ZIP member cannot be inflated"
        if not plain and not inflater.unconsumed_tail and at >= end and not inflater.eof:
            return "a ZIP member ends too early"
        if not pending and not plain and at < end:
            return "a ZIP member cannot be read"
        pending = inflater.unconsumed_tail
        crc, produced = zlib.crc32(plain, crc), produced + len(plain)
        if not budget.take(len(plain) + _STEP // 64):
            return ""
    return "" if crc == member.crc and produced & 0xFFFFFFFF == member.size & 0xFFFFFFFF else "ZIP member CRC fails"


def _stored_fault(data: Bytes, start: int, member: _Member, budget: Budget) -> str:
    crc = 0
    for at in range(start, start + member.packed, _STEP):
        piece = data.read(at, min(_STEP, start + member.packed - at))
        crc = zlib.crc32(piece, crc)
        if not budget.take(len(piece) // 8 + 64):
            return ""
    return "" if crc == member.crc else "ZIP member CRC fails"
