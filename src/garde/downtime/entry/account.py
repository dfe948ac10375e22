"""The account of sheets: what was printed came back, or is named.

Comes in: entries (pack_made, sheets_printed, sheet_returned, scan_taken). Goes out: `Account`: counts by pack and by
ward, and the sheets that are open, missing, or that nobody said were printed. The rules:

1. printed = entered + scanned + void + missing + open, whatever came in which order, and however often.
2. Two copies of a page are two sheets: PACK.PAGE and PACK.PAGE.2; a later printing of the page goes on counting.
3. A sheet's newest word counts, once: scanned and then entered is entered.
4. What came back though nobody said that it was printed is shown as a stray, and is not among the printed.
5. A printing that failed may have left sheets: they are unsure. One that comes back counts as printed from then on.
6. A printing that is told twice (same run, same pack) is one; of two that differ the newer word counts.
7. A word is never lost: what was said before the printing was told counts once it is.

No patient is named here: which page is whose lies sealed in `PackMade.people`, and is opened by who may.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from garde.downtime.codes import SheetCode
from garde.journal import Entry
from garde.journal.paper_kinds import PackMade, ScanTaken, SheetReturned, SheetsPrinted

OPEN: Final = "open"
UNSURE: Final = "unsure"  # a printer failed: nobody knows whether it exists
STRAY: Final = "stray"  # it is here, but nobody said that it was printed
MOST_COPIES: Final = 99  # of one page in one printing: what a sheet's name can count
HOW: Final = ("entered", "scanned", "void", "missing")


@dataclass(frozen=True, slots=True)
class Printing:
    """One time that pages came out of a printer."""

    run: str
    pack: str
    place: str  # the ward
    pages: tuple[int, ...]
    copies: int
    printer: str
    by: str
    at: float  # wall seconds
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody said became of a sheet."""

    how: str
    by: str
    at: float
    scan: str = ""  # FILE/PAGE


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of paper."""

    code: SheetCode
    title: str  # of the page; never a name
    place: str
    standing: str  # entered | scanned | void | missing | open | unsure | stray
    printing: Printing | None = None
    word: Word | None = None
    scans: tuple[str, ...] = ()  # every picture that there is of it

    @property
    def counted(self) -> bool:
        """Whether it is among the printed."""
        return self.standing not in (UNSURE, STRAY)


@dataclass(frozen=True, slots=True)
class Count:
    """How many sheets stand how."""

    entered: int = 0
    scanned: int = 0
    void: int = 0
    missing: int = 0
    open: int = 0
    unsure: int = 0  # not among the printed
    stray: int = 0  # not among the printed

    @property
    def printed(self) -> int:
        return self.entered + self.scanned + self.void + self.missing + self.open

    @property
    def returned(self) -> int:
        return self.entered + self.scanned + self.void

    @property
    def whole(self) -> bool:
        """Whether every sheet is accounted for: nothing open, nothing that nobody can explain."""
        return not (self.open or self.unsure or self.stray)


@dataclass(frozen=True, slots=True)
class Account:
    """All sheets."""

    total: Count
    packs: dict[str, Count]
    places: dict[str, Count]
    sheets: tuple[Sheet, ...]

    def standing(self, *wanted: str) -> tuple[Sheet, ...]:
        """Return the sheets that stand so: the named list of what is missing, open, stray."""
        return tuple(sheet for sheet in self.sheets if sheet.standing in wanted)


@dataclass(slots=True)
class Sheets:
    """The fold's state."""

    packs: dict[str, PackMade] = field(default_factory=dict)
    printings: dict[tuple[str, str], Printing] = field(default_factory=dict)  # by run and pack
    words: dict[str, Word] = field(default_factory=dict)  # by sheet
    scans: dict[str, list[str]] = field(default_factory=dict)  # sheet -> pictures
    files: dict[str, ScanTaken] = field(default_factory=dict)  # what was scanned, by its digest


def project(state: Sheets, entry: Entry) -> None:
    """Take in one entry; others are passed over."""
    match entry.payload:
        case PackMade() as made:
            if not made.fault:
                state.packs[made.pack] = made
        case SheetsPrinted() as told:
            pages, copies = tuple(dict.fromkeys(told.pages)), min(max(told.copies, 0), MOST_COPIES)
            state.printings[told.run, told.pack] = Printing(
                told.run, told.pack, told.place, pages, copies, told.printer, told.by, told.at or entry.at, told.fault
            )
        case SheetReturned() as told if told.how in HOW:
            state.words[_key(told.sheet)] = Word(told.how, told.by, entry.at, told.scan)
            _pictured(state, told.sheet, told.scan)
        case ScanTaken() as taken:
            state.files.setdefault(taken.scan, taken)
            for sheet in taken.matched:  # each has a word of its own as well; a picture is one even without it
                state.words.setdefault(_key(sheet), Word("scanned", taken.by, entry.at, taken.scan))


def _pictured(state: Sheets, sheet: str, scan: str) -> None:
    if scan and scan not in state.scans.setdefault(_key(sheet), []):
        state.scans[_key(sheet)].append(scan)


def _key(sheet: str) -> str:
    """A sheet's name as it is printed; what is none stays as it is, and is a stray."""
    try:
        return str(SheetCode.of(sheet))
    except ValueError:
        return sheet


# --- reading ----------------------------------------------------------------------------------------------------------


def account(state: Sheets, *, pack: str = "", place: str = "") -> Account:
    """Return the account: of everything, of one pack, of one ward."""
    sheets = [each for each in all_sheets(state) if pack in ("", each.code.pack) and place in ("", each.place)]
    packs, places = defaultdict[str, list[Sheet]](list), defaultdict[str, list[Sheet]](list)
    for sheet in sheets:
        packs[sheet.code.pack].append(sheet)
        places[sheet.place].append(sheet)
    by_pack, by_place = ({name: _count(found) for name, found in sorted(each.items())} for each in (packs, places))
    return Account(_count(sheets), by_pack, by_place, tuple(sheets))


def all_sheets(state: Sheets) -> Iterator[Sheet]:
    """Yield every sheet, in the order of packs, pages and copies; strays last."""
    told = set()
    for (pack, page), (sure, unsure) in sorted(_pages(state).items(), key=lambda each: each[0]):
        for copy, printing in enumerate((*sure, *unsure), 1):
            code = SheetCode(pack, page, copy)
            told.add(str(code))
            yield _sheet(state, code, printing, UNSURE if copy > len(sure) else OPEN)
    for name in sorted(set(state.words) - told):
        yield _sheet(state, _stray(name), None, STRAY)


def by_code(state: Sheets) -> dict[SheetCode, Sheet]:
    """Return every sheet that anybody ever spoke of, by its name."""
    return {each.code: each for each in all_sheets(state)}


def page_title(state: Sheets, code: SheetCode) -> str:
    """Return what the page is; "page N" where the pack is not known."""
    made = state.packs.get(code.pack)
    known = made is not None and 0 < code.page <= len(made.titles)
    return made.titles[code.page - 1] if made is not None and known else f"page {code.page}"


_Copies = tuple[list[Printing], list[Printing]]


def _pages(state: Sheets) -> dict[tuple[str, int], _Copies]:
    """Each page's copies in the order in which they were first told: those that are sure, those that are not."""
    found: dict[tuple[str, int], _Copies] = {}
    for printing in state.printings.values():
        for page in printing.pages:
            sure, unsure = found.setdefault((printing.pack, page), ([], []))
            (unsure if printing.fault else sure).extend([printing] * printing.copies)
    return found


def _sheet(state: Sheets, code: SheetCode, printing: Printing | None, otherwise: str) -> Sheet:
    word, made = state.words.get(_named(code)), state.packs.get(code.pack)
    standing = otherwise if otherwise == STRAY or word is None else word.how
    place = printing.place if printing else made.place if made else ""
    scans = tuple(state.scans.get(_named(code), ()))
    return Sheet(code, page_title(state, code), place, standing, printing, word, scans)


def _named(code: SheetCode) -> str:
    return str(code) if code.page else code.pack  # page 0: what was named is no sheet at all


def _stray(name: str) -> SheetCode:
    try:
        return SheetCode.of(name)
    except ValueError:
        return SheetCode(name, 0)


def _count(sheets: Iterable[Sheet]) -> Count:
    return Count(**Counter(sheet.standing for sheet in sheets))
