"""Is this text? UTF-8, UTF-16, the 8-bit charsets of western and other offices, or a charset the file itself declares.

Comes in: bytes. Goes out: whether they can be text, and which bytes cannot. Nearly every byte string is valid
Latin-1, so the test is on control characters: text has none but white space and the separators of HL7 and MARC,
while 8 % of random bytes are such. It does not look for meaning, and base64 is text to it.
"""

from __future__ import annotations

import codecs
import re

import numpy as np

from garde.content.randomness import Array

# Control characters that text does use: BS TAB LF VT FF CR, SUB (end of file in CP/M), ESC (ISO 2022), FS GS RS US.
_USED = bytes((8, 9, 10, 11, 12, 13, 26, 27, 28, 29, 30, 31))
FOREIGN = bytes(code for code in (*range(32), 127) if code not in _USED)
_FOREIGN_TABLE = np.isin(np.arange(256), np.frombuffer(FOREIGN, np.uint8))
_ODD_TABLE = _FOREIGN_TABLE | (np.arange(256) >= 128)
_ODD = 4

_WINDOW = 1024
_STRAY = 4  # foreign bytes allowed in each 1 KiB: stray control characters of real documents; 64 random bytes bring 5
_SHORT = 128  # bytes; below, control characters are too rare to tell, so most of it must be plain ASCII
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"(?:encoding|charset)\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,24})", re.IGNORECASE)


def looks_like_text(head: bytes) -> bool:
    """Judge the beginning of a file (1 KiB or so)."""
    if head.isascii():
        return len(head.translate(None, FOREIGN)) == len(head)
    if wide_charset(head):
        return valid_wide(head, wide_charset(head))
    foreign = len(head) - len(head.translate(None, FOREIGN))
    if len(head) < _SHORT:
        return foreign == 0 and (_is_utf8(head) or sum(32 <= code < 127 for code in head) * 4 >= len(head) * 3)
    return foreign * _WINDOW <= _STRAY * len(head) and (foreign == 0 or len(head) >= _WINDOW)


def find_spoilt(text: bytes, charset: str = "") -> str:
    """Return why these bytes are not text all through, or "" where they are. `charset` is a UTF-16 variant or ""."""
    if charset:
        return "" if valid_wide(text, charset) else f"not valid {charset.upper()}"
    foreign = len(text) - len(text.translate(None, FOREIGN))
    if foreign == 0:
        return ""
    worst = _worst_window(np.frombuffer(text, np.uint8))
    if worst <= _STRAY:
        return ""
    return f"{foreign:,} control characters that text does not hold"


def noisy_cells(cells: Array) -> Array:
    """Return those 16-byte cells (rows) that look like noise among text: at least four bytes foreign or beyond ASCII.

    A random cell has nine; one in a thousand has fewer than four, so the choice hardly bends their statistics.
    """
    chosen: Array = cells[_ODD_TABLE[cells].sum(axis=1) >= _ODD]
    return chosen


def wide_charset(head: bytes) -> str:
    """Return "utf-16-le" or "utf-16-be" where a mark or the zero bytes of western text say so, else ""."""
    for mark, name in _MARKS[1:]:
        if head.startswith(mark):
            return name
    if len(head) >= 16 and head.count(0) * 5 >= len(head) * 2:
        if head[1:64:2].count(0) >= 24 and 0 not in head[0:64:2]:
            return "utf-16-le"
        if head[0:64:2].count(0) >= 24 and 0 not in head[1:64:2]:
            return "utf-16-be"
    return ""


def valid_wide(text: bytes, charset: str) -> bool:
    """True when the bytes decode without foreign controls; of random pairs 1 in 32 is a lone surrogate."""
    try:
        decoded = text[: len(text) // 2 * 2].decode(charset)
    except UnicodeDecodeError as error:
        if error.end < len(text) - 4:  # a pair cut in two at the very end is no fault
            return False
        decoded = text[: error.start].decode(charset)
    return not any(chr(code) in decoded for code in FOREIGN[1:]) and decoded.count("\0") * 100 <= len(decoded)


def declared_charset(head: bytes) -> str:
    """Return the charset that XML, HTML or a mail header declares, where Python knows it and it is not ASCII-like."""
    found = _DECLARED.search(head)
    if found is None:
        return ""
    try:
        return codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return ""


def decodes(text: bytes, charset: str) -> bool:
    """True when the text is valid in a declared charset; for those that use control codes (EBCDIC, ISO 2022)."""
    try:
        decoded = codecs.decode(text, charset)
    except (UnicodeError, LookupError, TypeError, ValueError):
        return False
    return isinstance(decoded, str) and not any(chr(code) in decoded for code in FOREIGN)


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.end >= len(head) - 3 and error.reason == "unexpected end of data"
    return True


def _worst_window(array: Array) -> int:
    places = np.flatnonzero(_FOREIGN_TABLE[array])
    return int(np.bincount(places // _WINDOW).max()) if len(places) else 0
