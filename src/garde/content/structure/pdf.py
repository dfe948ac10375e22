"""PDF: header, startxref, the cross-reference table's own offsets, and the streams that can be decoded (Flate, DCT).

Comes in: bytes. Goes out: `Checked`. Streams in changed ranges are decoded first. Streams of encrypted documents and of
other filters (JPX, JBIG2, CCITT) are not looked into, and then the payload does not count as covered.
Source: ISO 32000-1, 7.5.
"""

from __future__ import annotations

import re
import zlib

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, broken, whole
from garde.content.structure.jpeg import scan_jpeg

_TAIL = 4096
_WHOLE_LIMIT = 4 << 20  # a larger PDF is read around its changes only
_AROUND = 1 << 17
_STEP = 1 << 17
_START = re.compile(rb"startxref\s+(\d{1,12})")
_XREF = re.compile(rb"\s*(?:xref\b|\d+\s+\d+\s+obj\b)")
_SECTION = re.compile(rb"\s*(\d+)\s+(\d+)\s*[\r\n]+(?=\d{10} )")
_OBJECT = re.compile(rb"\s*\d+\s+\d+\s+obj\b")
_STREAM = re.compile(rb">>\s{0,4}stream\r?\n")
_FILTER = re.compile(rb"/Filter\s*\[?\s*/([A-Za-z0-9]+)\s*(\]|/)?")
_LENGTH = re.compile(rb"/Length\s+(\d+)(?!\s+\d+\s+R)\b")
_ENTRIES = 2000  # cross-reference entries looked up


def check_pdf(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Check the ends, the table, then the streams."""
    head = data.read(0, 1024)
    shift = head.find(b"%PDF-")
    if shift < 0:
        return broken("PDF header is missing")
    if fault := _xref_fault(data, shift):
        return broken(fault)
    budget.take(_TAIL)
    tail = data.read(max(0, data.size - 65536), 65536)
    if b"/Encrypt" in tail or b"/Encrypt" in head:
        return whole("PDF cross-references hold; its streams are encrypted")
    return _check_streams(data, budget, near)


def _xref_fault(data: Bytes, shift: int) -> str:
    tail = data.read(max(0, data.size - _TAIL), _TAIL)
    starts = _START.findall(tail)
    if not starts:
        return "PDF startxref is missing"
    offset = int(starts[-1]) + shift
    table = data.read(offset, 64 + 20 * _ENTRIES)
    if offset >= data.size or not _XREF.match(table):
        table = data.read(offset - shift, 64 + 20 * _ENTRIES)  # some writers count from the start of the file
        offset, shift = offset - shift, 0
        if not _XREF.match(table):
            return "PDF startxref does not point at a cross-reference"
    return _entries_fault(data, table.lstrip(), shift)


def _entries_fault(data: Bytes, table: bytes, shift: int) -> str:
    """Look up the entries of the newest classic table: each must point at an object."""
    if not table.startswith(b"xref"):
        return ""
    at, wrong, looked = 4, 0, 0
    while (section := _SECTION.match(table, at)) and looked < _ENTRIES:
        at = section.end()
        for _ in range(min(int(section[2]), _ENTRIES - looked)):
            entry = table[at : at + 20]
            if len(entry) < 18:
                return ""
            if not entry[:10].isdigit():
                return "PDF cross-reference table does not hold together"
            if entry[17:18] == b"n":
                looked += 1
                wrong += _OBJECT.match(data.read(int(entry[:10]) + shift, 32)) is None
            at += 20
    return f"{wrong} PDF objects are not where the cross-reference says" if wrong else ""


def _check_streams(data: Bytes, budget: Budget, near: Near) -> Checked:
    large = data.size > _WHOLE_LIMIT
    left_out = undecodable = done = 0
    for start, end in _stretches(data, near) if large else [(0, data.size)]:
        raw = data.read(start, end - start)
        streams = [(found.start(), found.end()) for found in _STREAM.finditer(raw)]
        if near and not large:
            streams.sort(key=lambda span: not near.touches(span[1], _stream_end(raw, span[1])))
        for dictionary_end, content in streams:
            if budget.left <= 0:
                left_out += 1
                break
            answer = _stream_fault(raw, dictionary_end, content, budget, cut=end < data.size)
            if answer is None:
                undecodable += 1
            elif answer:
                return broken(answer)
            done += 1
    return whole(f"{done} PDF streams hold", covered=undecodable == 0 and done > 0, complete=not left_out and not large)


def _stretches(data: Bytes, near: Near) -> list[tuple[int, int]]:
    """Return merged stretches around the changes, or the first ones of the file."""
    wanted = near.ranges or ((0, _AROUND), (data.size // 2, data.size // 2 + _AROUND))
    merged: list[tuple[int, int]] = []
    for start, end in wanted[:32]:
        low, high = max(0, start - _AROUND), min(data.size, min(end, start + _AROUND) + _AROUND)
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return merged


def _stream_end(raw: bytes, content: int) -> int:
    end = raw.find(b"endstream", content)
    return end if end >= 0 else len(raw)


def _stream_fault(raw: bytes, dictionary_end: int, content: int, budget: Budget, *, cut: bool) -> str | None:
    """Return "" where the stream holds, what is wrong, or None where it can't be looked into."""
    begin = raw.rfind(b"obj", max(0, dictionary_end - 2048), dictionary_end)
    words = raw[max(begin, dictionary_end - 2048) : dictionary_end]
    named = _FILTER.search(words)
    if named is None:
        return ""
    length = _LENGTH.search(words)
    end = content + int(length[1]) if length else _stream_end(raw, content)
    if end > len(raw):
        return "" if cut else "a PDF stream runs past the end"
    if named[1] in (b"FlateDecode", b"Fl"):
        return _flate_fault(raw, content, end, budget)
    if named[1] in (b"DCTDecode", b"DCT"):
        budget.take((end - content) // 8)
        return "a PDF image does not hold together" if scan_jpeg(raw[content:end]).broken else ""
    return None


def _flate_fault(raw: bytes, content: int, end: int, budget: Budget) -> str:
    inflater = zlib.decompressobj()
    pending = raw[content:end]
    while not inflater.eof:
        try:
            plain = inflater.decompress(pending, _STEP)
        except zlib.error:
            return "a PDF stream cannot be inflated"
        pending = inflater.unconsumed_tail
        if not budget.take(len(plain) + 512):
            return ""
        if not plain and not pending:
            return "" if inflater.eof else "a PDF stream ends too early"
    return ""
