"""OLE2 compound files (doc, xls, ppt, msg, msi): header, FAT, directory, stream chains, and the records of the big
streams.

Comes in: bytes. Goes out: `Checked`. Excel's BIFF records and PowerPoint's record tree are walked, since one random
length throws the walk off; Word's text is not understood beyond its first block, and messages' properties are left
alone. Source: [MS-CFB] 2.1 to 2.6, [MS-XLS] 2.1.4, [MS-PPT] 2.3.1, [MS-DOC] 2.5.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, broken, unchecked, whole
from garde.content.structure.word import find_word_fault, table_stream_name

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END, _FREE = 0xFFFFFFFE, 0xFFFFFFFF
_SPECIAL = 0xFFFFFFFA  # from here on: not a sector number
_FAT_SECTORS = 2048
_DIRECTORY_SECTORS = 512
_STREAM_LIMIT = 1 << 20
_CHAIN = 4096  # sectors of a stream that are followed
_OFFICE = frozenset(("worddocument", "workbook", "book", "powerpoint document", "encryptedpackage"))
_BOF, _EOF = 0x0809, 0x000A


@dataclass(slots=True)
class _Compound:
    data: Bytes
    sector: int
    count: int  # sectors in the file
    cutoff: int
    fat: NDArray[np.uint32]

    def chain(self, start: int, limit: int) -> list[int] | None:
        """Return the sectors of a chain, or None where it leaves the file or circles."""
        found: list[int] = []
        while start < _SPECIAL:
            if start >= len(self.fat) or len(found) > self.count:
                return None
            found.append(start)
            if len(found) >= limit:
                break
            start = int(self.fat[start])
        return found if start in (_END, _FREE) or len(found) >= limit else None

    def content(self, sectors: list[int]) -> bytes:
        """Join sectors; neighbours are read at once."""
        pieces: list[bytes] = []
        at = 0
        while at < len(sectors):
            run = 1
            while at + run < len(sectors) and sectors[at + run] == sectors[at] + run:
                run += 1
            pieces.append(self.data.read((sectors[at] + 1) * self.sector, run * self.sector))
            at += run
        return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


def check_ole(data: Bytes, budget: Budget, near: Near) -> Checked:
    """From the outside in: header, FAT, directory, chains, records."""
    head = data.read(0, 512)
    if (
        len(head) < 512
        or not head.startswith(_MAGIC)
        or head[28:30] != b"\xfe\xff"
        or head[30:32] not in (b"\t\0", b"\x0c\0")
    ):
        return broken("OLE header does not hold together")
    compound = _open(data, head)
    if isinstance(compound, str):
        return broken(compound)
    budget.take(len(compound.fat) * 4)
    entries = _entries(compound, struct.unpack_from("<I", head, 48)[0])
    if isinstance(entries, str):
        return broken(entries)
    for entry in entries:
        if budget.take(min(entry.size // compound.sector, _CHAIN) * 8) and (fault := _chain_fault(compound, entry)):
            return broken(fault)
    return _check_streams(compound, entries, budget)


def holds_office(data: Bytes) -> bool:
    """True where a Word, Excel or PowerPoint stream is listed, or an encrypted one of them: those save as a whole."""
    head = data.read(0, 512)
    if len(head) < 512 or not head.startswith(_MAGIC) or isinstance(compound := _open(data, head), str):
        return False
    entries = _entries(compound, struct.unpack_from("<I", head, 48)[0])
    return not isinstance(entries, str) and any(entry.name.casefold() in _OFFICE for entry in entries)


def _open(data: Bytes, head: bytes) -> _Compound | str:
    sector = 512 if head[30] == 9 else 4096
    count = max(0, -(-(data.size - sector) // sector))
    (wanted,) = struct.unpack_from("<I", head, 44)
    cutoff, difat, extra = struct.unpack_from("<I8xII", head, 56)
    places = [place for place in struct.unpack_from("<109I", head, 76) if place < _SPECIAL]
    for _ in range(min(extra, _FAT_SECTORS // 109)):
        if difat >= count:
            break
        row = struct.unpack(f"<{sector // 4}I", data.read((difat + 1) * sector, sector).ljust(sector, b"\xff"))
        places += [place for place in row[:-1] if place < _SPECIAL]
        difat = row[-1]
    if (wanted > len(places) and extra == 0) or any(place >= count for place in places):
        return "OLE allocation table is not where the header says"
    raw = b"".join(data.read((place + 1) * sector, sector).ljust(sector, b"\xff") for place in places[:_FAT_SECTORS])
    fat = np.frombuffer(raw, "<u4")
    used = fat[: min(len(fat), count)]
    if len(used) and bool(((used >= count) & (used < _SPECIAL)).any()):
        return "OLE allocation table points past the end"
    return _Compound(data, sector, count, cutoff, fat)


def _entries(compound: _Compound, start: int) -> list[_Entry] | str:
    sectors = compound.chain(start, _DIRECTORY_SECTORS)
    if not sectors:
        return "OLE directory chain does not hold together"
    raw = compound.content(sectors)
    found: list[_Entry] = []
    total = len(raw) // 128
    for at in range(0, total * 128, 128):
        name, length, kind, _, left, right, child, first, size = struct.unpack_from("<64sHBBIII36xII", raw, at)
        if kind == 0:
            continue
        siblings = all(index < total or index == _FREE for index in (left, right, child))
        if kind not in (1, 2, 3, 4, 5) or length > 64 or length & 1 or not siblings:
            return "OLE directory does not hold together"
        found.append(
            _Entry(name[: max(0, length - 2)].decode("utf-16-le", "replace"), kind, left, right, child, first, size)
        )
    return found if found and found[0].kind == 5 else "OLE directory has no root"


def _chain_fault(compound: _Compound, entry: _Entry) -> str:
    if entry.kind != 2 or entry.size < compound.cutoff:
        return ""
    needed = -(-entry.size // compound.sector)
    sectors = compound.chain(entry.start, min(needed, _CHAIN))
    if sectors is None or len(sectors) < min(needed, _CHAIN):
        return "an OLE stream's chain does not hold together"
    return ""


def _check_streams(compound: _Compound, entries: list[_Entry], budget: Budget) -> Checked:
    walked = 0
    for entry in entries:
        walker = _WALKERS.get(entry.name)
        if walker is None or budget.left <= 0 or not (raw := _stream(compound, entry)):
            continue
        budget.take(len(raw) // 4)
        if fault := walker(raw, len(raw) < entry.size):
            return broken(fault)
        walked += 1
        if entry.name == "WordDocument" and (
            fault := _word_fault(compound, entries, raw, budget, cut=len(raw) < entry.size)
        ):
            return broken(fault)
    if not entries:
        return unchecked("an OLE file without streams")
    return whole(f"OLE tables hold, {walked} streams walked")


def _stream(compound: _Compound, entry: _Entry) -> bytes:
    """Return up to 1 MiB of a stream; those small enough for the mini stream are left alone."""
    if entry.kind != 2 or entry.size < compound.cutoff:
        return b""
    size = min(entry.size, _STREAM_LIMIT)
    return compound.content(compound.chain(entry.start, -(-size // compound.sector)) or [])[:size]


def _word_fault(compound: _Compound, entries: list[_Entry], document: bytes, budget: Budget, *, cut: bool) -> str:
    name = table_stream_name(document)
    table = next((entry for entry in entries if entry.name == name), None) if name else None
    if table is None:
        return ""
    budget.take(len(document))
    return find_word_fault(document, _stream(compound, table), cut=cut)


def _workbook_fault(raw: bytes, cut: bool) -> str:
    """BIFF: (id, length) records between BOF and EOF; sheets follow one another and may hold charts."""
    at = depth = 0
    while at + 4 <= len(raw):
        kind, length = struct.unpack_from("<HH", raw, at)
        if depth == 0 and at and not raw[at:].strip(b"\0"):
            return ""  # padding after the last EOF
        if (depth == 0 and kind != _BOF) or length > 8224 or (at + 4 + length > len(raw) and not cut):
            return "Excel records do not hold together"
        depth += (kind == _BOF) - (kind == _EOF)
        at += 4 + length
    return "" if cut or depth == 0 else "Excel records end too early"


def _slides_fault(raw: bytes, cut: bool) -> str:
    """PowerPoint: records of (version and instance, type, length); containers hold records and nothing else."""
    ends, at = [len(raw)], 0
    while at + 8 <= len(raw):
        while len(ends) > 1 and at >= ends[-1]:
            ends.pop()
        version, kind, length = struct.unpack_from("<HHI", raw, at)
        end = at + 8 + length
        if (kind < 0x03E8 and kind) or (end > ends[-1] and not cut):
            return "PowerPoint records do not hold together"
        if version & 0xF == 0xF:
            ends.append(end)
            at += 8
        else:
            at = end
    return ""


def _document_fault(raw: bytes, cut: bool) -> str:
    return "" if raw[:2] in (b"\xec\xa5", b"\xdc\xa5", b"\x99\xa6") else "Word document stream has lost its header"


_WALKERS = {
    "Workbook": _workbook_fault,
    "Book": _workbook_fault,
    "PowerPoint Document": _slides_fault,
    "WordDocument": _document_fault,
}
