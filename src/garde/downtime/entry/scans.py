"""Scanned pages to sheets: by their codes, by hand where there is none.

Comes in: the account's state, the pages of one file with their codes. Goes out: payloads, and the pages that nobody can
place, with the reason. The rules:

1. A code is ours only with its right check character, of a pack that is known, of a page that it has, of its content.
2. The same file twice is the same scan: nothing is written.
3. The same sheet twice in one file is its next copy, where one was printed; else a second picture of the same sheet. In
   another file it is the same sheet: a copy that was lost is never found by scanning its twin once more.
4. A sheet that was entered stays entered: it has a picture now. One that was void, missing or open is scanned.
5. A page without a code of ours is listed until a person says which sheet it is.
6. Several sheets in one picture are all of them scanned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from garde.downtime.codes import SheetCode, read_qr
from garde.downtime.entry.account import Sheets, all_sheets
from garde.errors import NotFound, Refused, UsageError
from garde.journal import Text
from garde.journal.paper_kinds import ScanTaken, SheetReturned

PREFIX: Final = "GARDE:"


@dataclass(frozen=True, slots=True)
class Matched:
    """What one file is."""

    sheets: tuple[tuple[int, SheetCode], ...]  # page of the file, sheet
    unmatched: tuple[tuple[int, str], ...]  # page of the file, why


def match(state: Sheets, pages: list[tuple[int, list[str], str]]) -> Matched:
    """Match the pages of one file: (page, its codes, the fault that it was read with)."""
    printed = _copies(state)
    sheets: list[tuple[int, SheetCode]] = []
    unmatched: list[tuple[int, str]] = []
    for page, texts, fault in pages:
        codes, reason = _ours(state, texts)
        for code in codes:
            sheets.append((page, _next_copy(code, [each for _, each in sheets], printed)))
        if not codes:
            unmatched.append((page, fault or reason))
    return Matched(tuple(sheets), tuple(unmatched))


def _copies(state: Sheets) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for sheet in all_sheets(state):
        if sheet.printing is not None:
            key = (sheet.code.pack, sheet.code.page)
            found[key] = max(found.get(key, 1), sheet.code.copy)
    return found


def _ours(state: Sheets, texts: list[str]) -> tuple[list[SheetCode], str]:
    found: dict[SheetCode, None] = {}
    reason = "no code of ours can be read"
    for text in texts:
        if not text.startswith(PREFIX):
            continue
        read = read_qr(text)
        fault = "the code is damaged" if read is None else _fault(state, *read)
        if read is not None and not fault:
            found[read[0]] = None
        reason = fault or reason
    return list(found), reason


def _fault(state: Sheets, code: SheetCode, digest: str) -> str:
    made = state.packs.get(code.pack)
    if made is None:
        return f"no pack {code.pack} was made here"
    if not 0 < code.page <= made.pages:
        return f"{code.pack} has no page {code.page}"
    if made.digest and made.digest[: len(digest)] != digest:
        return f"the code is of another content than {code.pack}"
    return ""


def _next_copy(code: SheetCode, before: list[SheetCode], printed: dict[tuple[str, int], int]) -> SheetCode:
    """Rule 3. A code that names a later copy by itself is that copy."""
    seen = {each.copy for each in before if (each.pack, each.page) == (code.pack, code.page)}
    last = printed.get((code.pack, code.page), 1)
    free = (copy for copy in range(code.copy, last + 1) if copy not in seen)
    return SheetCode(code.pack, code.page, next(free, code.copy))


# --- deciding ---------------------------------------------------------------------------------------------------------


def take_scan(state: Sheets, scan: str, pages: int, found: Matched, by: str) -> Iterator[ScanTaken | SheetReturned]:
    """Write one file down; nothing for a file that was taken before."""
    if scan in state.files:
        return
    sheets = tuple(dict.fromkeys(str(code) for _, code in found.sheets))
    yield ScanTaken(scan, pages, sheets, tuple(page for page, _ in found.unmatched), by)
    for page, code in found.sheets:
        yield _scanned(state, str(code), f"{scan}/{page}", by, Text())


def _scanned(state: Sheets, sheet: str, picture: str, by: str, note: Text) -> SheetReturned:
    word = state.words.get(sheet)
    how = "entered" if word is not None and word.how == "entered" else "scanned"
    return SheetReturned(sheet, how, by, picture, note)


def unplaced(state: Sheets) -> list[str]:
    """Return the pages (`FILE/PAGE`) that nobody has placed yet."""
    placed = {picture for pictures in state.scans.values() for picture in pictures}
    found = (f"{scan}/{page}" for scan, taken in state.files.items() for page in taken.unmatched)
    return [each for each in found if each not in placed]


def assign(state: Sheets, picture: str, sheet: str, by: str, note: Text) -> Iterator[SheetReturned]:
    """Say by hand which sheet a page is. `picture`: `FILE/PAGE`; the beginning of FILE will do where it is clear."""
    whole = find_picture(state, picture)
    try:
        code = SheetCode.of(sheet)
    except ValueError as error:
        raise UsageError(str(error), "name it as below its QR code: K7Q2MX.12") from error
    if whole in state.scans.get(str(code), ()):
        raise Refused(f"{picture} is {code} already")
    yield _scanned(state, str(code), whole, by, note)


def find_picture(state: Sheets, words: str) -> str:
    """Return the page that is named, as `FILE/PAGE`; NotFound, UsageError."""
    name, _, page = words.strip().partition("/")
    files = [scan for scan in state.files if name and scan.startswith(name)]
    if len(files) != 1:
        raise NotFound(f"{len(files)} scanned files begin so", "see garde sheet scan, without a file")
    if not page.isascii() or not page.isdigit() or not 0 < int(page) <= state.files[files[0]].pages:
        raise UsageError("which page of the file?", "name it as FILE/PAGE: 4f2a/3")
    return f"{files[0]}/{int(page)}"
