"""What kind of file is this? A signature table, then a closer look where a signature is short or shared.

Comes in: bytes. Goes out: a kind: "pdf", "zip.docx", "text.hl7", "cipher.openpgp", "empty", "blank", "unknown". The
part before the dot is the family: two kinds of one family are never a lost type. It reads the first 4 KiB, a few
more only for 7z and for files that start with one repeated byte. It does not say whether the file is whole.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from garde.content.access import Bytes, spread
from garde.content.cipher import cms_kind, openpgp_kind, sevenzip_kind, zip_kind
from garde.content.text import declared_charset, decodes, looks_like_text, wide_charset

HEAD: Final = 4096  # bytes read to tell the kind
_TEXT_HEAD: Final = 1024  # of which text is judged; the rest is the structure check's
_BLANK_LOOKS: Final = 32
_NAMELESS = frozenset(("unknown", "empty", "blank"))
_TEXT_FAMILIES = frozenset(("text", "eml", "mbox"))


class Signature(NamedTuple):
    """One row of the table; `parts` are (offset, bytes) that must all be there."""

    kind: str
    parts: tuple[tuple[int, bytes], ...]


def family(kind: str) -> str:
    """Return the part before the dot; all plain text, mail included, is one family."""
    head = kind.partition(".")[0]
    return "text" if head in _TEXT_FAMILIES else head


def is_recognised(kind: str) -> bool:
    """True for a kind that a reader could open: not unknown, empty, blank or a cipher container."""
    return kind not in _NAMELESS and not kind.startswith("cipher.")


def is_text(kind: str) -> bool:
    """True for plain text of any kind."""
    return kind.partition(".")[0] in _TEXT_FAMILIES


def sniff(data: Bytes) -> str:
    """Return the kind of a file by its content alone."""
    return sniff_head(data.read(0, HEAD), data)


def sniff_head(head: bytes, data: Bytes) -> str:
    """The same, for a caller who has the first 4 KiB at hand."""
    if not head:
        return "empty" if data.size == 0 else "unknown"
    by_first, elsewhere = _tables()
    for row in by_first.get(head[0], ()):
        if _fits(head, row) and (kind := _refined(row.kind, head, data)):
            return kind
    for row in elsewhere:
        if _fits(head, row) and (kind := _refined(row.kind, head, data)):
            return kind
    if kind := openpgp_kind(head):
        return kind
    return _without_signature(head, data)


def _without_signature(head: bytes, data: Bytes) -> str:
    if head.count(head[0]) == len(head):
        return "blank" if is_blank(data, head[0]) else "unknown"
    start = head[:_TEXT_HEAD]
    if b"%PDF-" in start:  # readers take up to 1 KiB of other bytes before the header
        return "pdf"
    if looks_like_text(start):
        return text_kind(start)
    charset = declared_charset(start)
    return text_kind(start) if charset and decodes(start, charset) else "unknown"


def is_blank(data: Bytes, filler: int) -> bool:
    """True when all looks into the file find the same byte. One byte alone is not blank."""
    if data.size < 2:
        return False
    looks = [data.read(at, HEAD) for at in [*spread(data.size, _BLANK_LOOKS), max(0, data.size - HEAD)]]
    return all(look.count(filler) == len(look) for look in looks)


def text_kind(head: bytes) -> str:
    """Refine plain text by how it begins."""
    if charset := wide_charset(head):
        head = head[: len(head) // 2 * 2].decode(charset, "ignore").encode("utf-8", "ignore")
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\v\xef\xbb\xbf \t\r\n")[:24].lower()
    for starts, kind in _text_table():
        if begin.startswith(starts):
            return kind
    first = begin[:1]
    if first in (b"{", b"["):
        return "text.json"
    if first == b"<":
        return "text.html" if b"<body" in head.lower() or b"<head" in head.lower() else "text.xml"
    return "text.csv" if _is_table(head) else "text"


def _is_table(head: bytes) -> bool:
    lines = head.splitlines()[:6]
    full = lines[:-1] if len(lines) > 2 else lines  # the last may be cut
    return len(full) > 1 and any(
        full[0].count(mark) > 0 and all(line.count(mark) == full[0].count(mark) for line in full)
        for mark in (b",", b";", b"\t")
    )


def _fits(head: bytes, row: Signature) -> bool:
    for at, magic in row.parts:  # noqa: SIM110 -- the hot path: a generator would cost as much as the rest
        if not head.startswith(magic, at):
            return False
    return True


def _refined(kind: str, head: bytes, data: Bytes) -> str:
    """Return the kind after a closer look; "" where a short signature turns out to be chance."""
    look = _CONFIRM.get(kind)
    return kind if look is None else look(head, data)


_OFFICE = ((b"word/", "zip.docx"), (b"xl/", "zip.xlsx"), (b"ppt/", "zip.pptx"), (b"visio/", "zip.vsdx"))
_MIMETYPES = (
    (b"opendocument.text", "zip.odt"),
    (b"opendocument.spreadsheet", "zip.ods"),
    (b"opendocument.presentation", "zip.odp"),
    (b"opendocument.", "zip.odf"),
    (b"epub+zip", "zip.epub"),
)


def _zip(head: bytes, data: Bytes) -> str:
    if cipher := zip_kind(head):
        return cipher
    if head[30:38] == b"mimetype":
        return next((kind for words, kind in _MIMETYPES if words in head[38:128]), "zip")
    if b"[Content_Types].xml" in head[:256] or b"_rels/.rels" in head[:256] or b"docProps/" in head[:256]:
        found = [(head.find(folder), kind) for folder, kind in _OFFICE if folder in head]
        return min(found)[1] if found else "zip.ooxml"
    return "zip.jar" if b"META-INF/" in head[:64] else "zip"


def _jpeg(head: bytes, data: Bytes) -> str:
    return "jpeg" if head[3:4] and (0xC0 <= head[3] <= 0xFE) else ""


def _mp3(head: bytes, data: Bytes) -> str:
    if head.startswith(b"ID3"):
        return "mp3" if len(head) > 10 and head[3] <= 4 and max(head[6:10]) < 128 else ""
    if len(head) < 4 or head[1] & 0xE0 != 0xE0:
        return ""
    length = mpeg_frame(head[:4])
    return "mp3" if length and mpeg_frame(head[length : length + 4]) else ""


_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_BIT_RATES = {
    (3, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def mpeg_frame(header: bytes) -> int:
    """Return the length of the MPEG audio frame with this 4-byte header; 0 where it is none (ISO 11172-3, 2.4.1)."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer, padding = header[1] >> 3 & 3, header[1] >> 1 & 3, header[2] >> 1 & 1
    rate, speed = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 0 or rate in (0, 15) or speed == 3:
        return 0
    bits = _BIT_RATES[(3, layer) if version == 3 else (2, max(2, layer))][rate - 1] * 1000
    hertz = _RATES[version][speed]
    if layer == 3:
        return (12 * bits // hertz + padding) * 4
    return (72 if version != 3 and layer == 1 else 144) * bits // hertz + padding


def _bmp(head: bytes, data: Bytes) -> str:
    if len(head) < 30:
        return ""
    start, info = int.from_bytes(head[10:14], "little"), int.from_bytes(head[14:18], "little")
    return "bmp" if head[6:10] == b"\0\0\0\0" and info in (12, 40, 52, 56, 64, 108, 124) and start < 2048 else ""


def _exe(head: bytes, data: Bytes) -> str:
    at = int.from_bytes(head[60:64], "little")
    return "exe" if data.read(at, 2) in (b"PE", b"NE", b"LE", b"LX") else ""


def _dbase(head: bytes, data: Bytes) -> str:
    if len(head) < 64 or not (1 <= head[2] <= 12 and 1 <= head[3] <= 31) or head[12:14] != b"\0\0":
        return ""
    rows, start, width = (int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    return "dbase" if start % 32 <= 1 and abs(start + rows * width - data.size) <= 2 else ""


def _der(head: bytes, data: Bytes) -> str:
    if cipher := cms_kind(head):
        return cipher
    inner = head[4:5] if head[1] == 0x82 else head[2:3]
    length = int.from_bytes(head[2:4], "big") + 4
    if inner not in (b"\x06", b"\x30", b"\x02"):
        return ""
    return "der" if head[1] == 0x80 or length <= data.size <= length + 8 else ""


def _gzip(head: bytes, data: Bytes) -> str:
    return "gzip" if len(head) > 10 and head[3] < 32 and head[8] in (0, 2, 4) else ""


def _lzma_alone(head: bytes, data: Bytes) -> str:
    size = head[5:13]
    return "lzma" if len(head) > 13 and (size == b"\xff" * 8 or size[5:] == b"\0\0\0") and head[13] == 0 else ""


def _compress(head: bytes, data: Bytes) -> str:
    return "compress" if len(head) > 3 and head[2] & 0x60 == 0 and 9 <= head[2] & 0x1F <= 16 else ""


def _mp4(head: bytes, data: Bytes) -> str:
    brand = head[8:12]
    if head[4:8] != b"ftyp":
        return "mp4" if 8 <= int.from_bytes(head[:4], "big") <= data.size else ""
    return "heic" if brand in (b"heic", b"heix", b"mif1", b"avif", b"heim") else "mp4"


def _ac3(head: bytes, data: Bytes) -> str:
    return "ac3" if len(head) > 6 and head[4] >> 6 != 3 and (head[4] & 0x3F) < 38 and head[5] >> 3 in (6, 8, 16) else ""


def _swf(head: bytes, data: Bytes) -> str:
    return "swf" if len(head) > 8 and 1 <= head[3] <= 50 else ""


def _biff(head: bytes, data: Bytes) -> str:
    return "biff" if head[2:4] in (b"\x08\0", b"\x10\0", b"\x06\0") and head[4:6] in (b"\0\5", b"\0\6", b"\0\0") else ""


def _jxl(head: bytes, data: Bytes) -> str:
    return "jxl" if head[0] == 0 or (data.size > 16 and not looks_like_text(head[:64]) and head[2] & 1) else ""


def _sevenzip(head: bytes, data: Bytes) -> str:
    return sevenzip_kind(data) or "7z"


_CONFIRM: dict[str, Callable[[bytes, Bytes], str]] = {
    "zip": _zip,
    "jpeg": _jpeg,
    "mp3": _mp3,
    "bmp": _bmp,
    "exe": _exe,
    "dbase": _dbase,
    "der": _der,
    "gzip": _gzip,
    "lzma": _lzma_alone,
    "compress": _compress,
    "mp4": _mp4,
    "ac3": _ac3,
    "swf": _swf,
    "biff": _biff,
    "jxl": _jxl,
    "7z": _sevenzip,
}


@cache
def _raw_tables() -> dict[str, list[dict[str, str | int]]]:
    return tomllib.loads(resources.files("garde.content").joinpath("signatures.toml").read_text(encoding="utf-8"))


@cache
def _tables() -> tuple[dict[int, tuple[Signature, ...]], tuple[Signature, ...]]:
    """Return the rows by first byte, and those that begin elsewhere or with any byte."""
    by_first: dict[int, list[Signature]] = {}
    elsewhere: list[Signature] = []
    for raw in _raw_tables()["row"]:
        row = Signature(str(raw["kind"]), parts_of(str(raw["hex"]), int(raw.get("at", 0))))
        if row.parts[0][0] == 0:
            by_first.setdefault(row.parts[0][1][0], []).append(row)
        else:
            elsewhere.append(row)
    return {first: tuple(rows) for first, rows in by_first.items()}, tuple(elsewhere)


@cache
def _text_table() -> tuple[tuple[bytes, str], ...]:
    return tuple((str(row["starts"]).encode(), str(row["kind"])) for row in _raw_tables()["text"])


def parts_of(pattern: str, at: int) -> tuple[tuple[int, bytes], ...]:
    """Split a hex pattern with ? wildcards into runs of fixed bytes."""
    parts: list[tuple[int, bytes]] = []
    for index in range(0, len(pattern), 2):
        pair = pattern[index : index + 2]
        if "?" in pair:
            continue
        offset = at + index // 2
        if parts and parts[-1][0] + len(parts[-1][1]) == offset:
            parts[-1] = (parts[-1][0], parts[-1][1] + bytes.fromhex(pair))
        else:
            parts.append((offset, bytes.fromhex(pair)))
    return tuple(parts)
