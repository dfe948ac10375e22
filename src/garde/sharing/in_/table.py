"""Tables (CSV): with a first line that names `sort` (or `type`) and `value` (or `indicator`), or one value a line.

Comes in: text bytes of a neighbour. Goes out: what was found. Where a line does not say what it is, a digest, an
address and an ending (`*.locked`, `.locked`) are known by their form; a bare name is not.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from garde.model.watchlist import Sort, address
from garde.sharing.in_.found import NOT_WATCHED, TOO_MANY, UNREADABLE, Found

MOST_ROWS: Final = 1_000_000
LONGEST_CELL: Final = 4096  # characters
_SORT, _VALUE = ("sort", "type", "indicator_type"), ("value", "indicator", "ioc")
_NAMES: Final = {
    **{each.value: each for each in Sort},
    "sha-256": Sort.SHA256, "hash": Sort.SHA256, "ip": Sort.ADDRESS, "ipv4": Sort.ADDRESS, "ipv6": Sort.ADDRESS,
    "ip-src": Sort.ADDRESS, "ip-dst": Sort.ADDRESS, "filename": Sort.FILE_NAME, "extension": Sort.ENDING,
    "file_extension": Sort.ENDING, "ransom_note": Sort.NOTE_NAME, "account": Sort.USER,
}  # fmt: skip
_DIGEST: Final = 64  # hexadecimal digits


def read(raw: bytes, found: Found) -> None:
    """Read a table. Raises UnicodeDecodeError, csv.Error where it is none."""
    text = raw.decode("utf-8-sig")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    first = next(rows, [])
    columns = _columns(first)
    if columns is None:
        _untold(first, found)
    for number, row in enumerate(_readable(rows, found)):
        if number >= MOST_ROWS:
            found.refuse(TOO_MANY)
        elif columns is None:
            _untold(row, found)
        elif any(cell.strip() for cell in row):
            _told(row, columns, found)


def _readable(rows: Iterator[list[str]], found: Found) -> Iterator[list[str]]:
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            found.refuse(UNREADABLE)


def _columns(head: Sequence[str]) -> tuple[int, int, int] | None:
    """Return where sort, value and TLP stand (-1: nowhere); None where this is no heading."""
    names = [cell.strip().lower() for cell in head]
    sort = next((names.index(each) for each in _SORT if each in names), -1)
    value = next((names.index(each) for each in _VALUE if each in names), -1)
    if value < 0:
        return None
    return sort, value, names.index("tlp") if "tlp" in names else -1


def _told(row: Sequence[str], columns: tuple[int, int, int], found: Found) -> None:
    sort, value, tlp = columns
    if max(sort, value) >= len(row):
        found.refuse(UNREADABLE)
        return
    if 0 <= tlp < len(row):
        found.mark(row[tlp])
    if sort < 0:
        _untold([row[value]], found)
        return
    known = _NAMES.get(row[sort].strip().lower())
    if known is None:
        found.refuse(NOT_WATCHED)
        return
    text = _plainly(row[value])
    if known is Sort.ENDING:
        text = "." + text.removeprefix("*").removeprefix(".")
    found.add(known, text)


def _untold(row: Sequence[str], found: Found) -> None:
    """Take what is known by its form."""
    text = _plainly(row[0]) if row else ""
    if not text or text.startswith("#"):
        return
    if len(text) == _DIGEST and all(sign in "0123456789abcdefABCDEF" for sign in text):
        found.add(Sort.SHA256, text)
    elif text.startswith(("*.", ".")):
        found.add(Sort.ENDING, text.removeprefix("*"))
    elif _is_address(text):
        found.add(Sort.ADDRESS, text)
    else:
        found.refuse(NOT_WATCHED)


def _plainly(cell: str) -> str:
    """Take off the apostrophe that keeps a spreadsheet from reading a formula."""
    text = cell.strip()
    return text[1:] if text[:2] in ("'=", "'+", "'-", "'@") else text


def _is_address(text: str) -> bool:
    try:
        address(text)
    except ValueError:
        return False
    return True
