"""PDF: header, cross-references (pdf_xref), and the streams: where they end, and what they decode to (Flate, DCT).

Comes in: bytes. Goes out: `Checked`. Streams in changed ranges are decoded first. Streams of encrypted documents and
of other filters (JPX, JBIG2, CCITT) are only framed. A PDF over 4 MiB is read around its changes. Source: ISO
32000-1, 7.3.8.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from garde.content.access import Bytes
from garde.content.structure.base import Budget, Checked, Near, Spans, broken, whole
from garde.content.structure.jpeg import scan_jpeg
from garde.content.structure.pdf_xref import find_fault

_WHOLE_LIMIT = 4 << 20
_AROUND = 1 << 17
_STEP = 1 << 17
_DICTIONARY = 2048  # bytes before "stream" in which its dictionary is looked for
_FILTER = re.compile(rb"/Filter\s*\[?\s*/([A-Za-z0-9]+)")
_LENGTH = re.compile(rb"/Length\s+(\d{1,10})(?!\s+\d+\s+R|\d)")


class _Stream(NamedTuple):
    filter: bytes
    start: int
    end: int
    framed: bool  # "endstream" stands where the dictionary's length says, or no length was given


def check_pdf(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Check the ends, the cross-references, then the streams."""
    shift = data.read(0, 1024).find(b"%PDF-")
    if shift < 0:
        return broken("PDF header is missing")
    if fault := find_fault(data, shift, near):
        return broken(fault)
    budget.take(4096)
    encrypted = b"/Encrypt" in data.read(max(0, data.size - 65536), 65536) or b"/Encrypt" in data.read(0, 4096)
    if encrypted and data.size > _WHOLE_LIMIT:
        return whole("PDF cross-references hold, its streams are encrypted", covered=not near, complete=False)
    return _check_streams(data, budget, near, encrypted=encrypted)


def _check_streams(data: Bytes, budget: Budget, near: Near, *, encrypted: bool) -> Checked:
    large = data.size > _WHOLE_LIMIT
    spans, done, left_out = Spans(), 0, large
    for low, high in _stretches(data, near) if large else [(0, data.size)]:
        raw = data.read(low, high - low)
        streams = list(_streams(raw))
        if near:
            streams.sort(key=lambda stream: not near.touches(low + stream.start, low + stream.end))
        for stream in streams:
            if not stream.framed and high == data.size:
                return broken("a PDF stream does not end where it should")
            if budget.left <= 0:
                left_out = True
                break
            fault = "" if encrypted else _fault(raw, stream, budget, cut=stream.end > len(raw))
            if fault:
                return broken(fault)
            done += 1
            if fault is not None and not (encrypted and near):
                spans.add(low + stream.start, low + stream.end)
    return whole(f"{done} PDF streams hold", covered=spans.cover(near, data.size), complete=not left_out)


def _stretches(data: Bytes, near: Near) -> list[tuple[int, int]]:
    """Return merged stretches around the changes, or some of the file where everything changed."""
    middle = data.size // 2
    merged: list[tuple[int, int]] = []
    for start, end in (near.ranges or ((0, _AROUND), (middle, middle + _AROUND)))[:8]:
        low, high = max(0, start - _AROUND), min(data.size, min(end, start + _AROUND) + _AROUND)
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return merged


def _streams(raw: bytes) -> Iterator[_Stream]:
    """Find streams; what stands inside one (an attached PDF) is not taken for another."""
    at = 0
    while (at := raw.find(b"stream", at)) >= 0:
        if not raw[max(0, at - 6) : at].rstrip().endswith(b">>"):
            at += 6
            continue
        start = at + 6 + (2 if raw[at + 6 : at + 8] == b"\r\n" else 1)
        begin = raw.rfind(b"obj", max(0, at - _DICTIONARY), at)
        words = raw[max(begin, at - _DICTIONARY, 0) : at]
        named, length = _FILTER.search(words), _LENGTH.search(words)
        end = start + int(length[1]) if length else raw.find(b"endstream", start)
        framed = end >= 0 and (length is None or b"endstream" in raw[end : end + 16])
        end = len(raw) + (1 if not framed else 0) if end < 0 else end
        yield _Stream(named[1] if named else b"", start, end, framed)
        at = end if framed else start


def _fault(raw: bytes, stream: _Stream, budget: Budget, *, cut: bool) -> str | None:
    """Return "" where the content holds, what is wrong, or None where it can't be looked into."""
    if cut or stream.end <= stream.start:
        return None
    if stream.filter in (b"FlateDecode", b"Fl"):
        return _flate_fault(raw[stream.start : stream.end], budget)
    if stream.filter in (b"DCTDecode", b"DCT"):
        budget.take((stream.end - stream.start) // 8)
        return "a PDF image does not hold together" if scan_jpeg(raw[stream.start : stream.end]).broken else ""
    return None


def _flate_fault(pending: bytes, budget: Budget) -> str:
    inflater = zlib.decompressobj()
    while not inflater.eof:
        try:
            plain = inflater.decompress(pending, _STEP)
        except zlib.error:
            return "a PDF stream cannot be inflated"
        pending = inflater.unconsumed_tail
        if not budget.take(len(plain) + 512):
            return ""
        if not plain and not pending and not inflater.eof:
            return "a PDF stream ends too early"
    return ""
