"""Sheets come back: named one by one, or in ranges; and the end of a pack, which names what is missing.

Comes in: the account's state, what a person says. Goes out: payloads, or a GardeError with what to do. The rules:

1. A sheet that came back (entered, scanned) is neither void nor missing any more.
2. A sheet that was missing and is found counts as found.
3. Many at once (`K7Q2MX.12-40`) may only be said void, and only of blank forms: whoever voids a page with a patient's
   name on it names that page, and says why.
4. A sheet on which something stands that was keyed is not void.
5. `close` says missing for everything of a pack that is open, by a named person.
6. A sheet that nobody printed can be returned: it is shown as a stray.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from garde.downtime.codes import CLEAR, PACK_LENGTH, SheetCode
from garde.downtime.entry.account import HOW, OPEN, UNSURE, Sheet, Sheets, all_sheets, by_code, page_title
from garde.errors import NotFound, Refused, UsageError
from garde.journal import Text
from garde.journal.paper_kinds import SheetReturned

BLANK: Final = "blank"  # how the title of an empty form for one patient begins
FORMS: Final = (BLANK, "register", "downtime numbers")  # nobody's name was printed on these
LISTS: Final = ("list", "census")  # names were, of several people; there is room to write, for newcomers too
BACK: Final = ("entered", "scanned")
_RANGE = re.compile(rf"([{CLEAR}]{{{PACK_LENGTH}}})\.([1-9][0-9]{{0,3}})-([1-9][0-9]{{0,3}})")


def is_blank(state: Sheets, code: SheetCode) -> bool:
    """Say whether the page is a form without a name on it."""
    made = state.packs.get(code.pack)
    return made is not None and (made.about == "blanks" or page_title(state, code).startswith(FORMS))


def is_form(state: Sheets, code: SheetCode) -> bool:
    """Say whether the page is there to be written on, and is nobody's own."""
    return is_blank(state, code) or page_title(state, code).startswith(LISTS)


def is_of_one(state: Sheets, code: SheetCode) -> bool:
    """Say whether all that is written on this form is of one patient."""
    return page_title(state, code).startswith(BLANK)


def named_sheets(state: Sheets, words: Iterable[str]) -> list[SheetCode]:
    """Return the sheets that people name; a range is every sheet of its pages that is open. UsageError, NotFound."""
    found: dict[SheetCode, None] = {}
    for word in words:
        wide = _RANGE.fullmatch(word.strip().upper())
        found |= dict.fromkeys(_within(state, wide[1], int(wide[2]), int(wide[3])) if wide else [_one(word)])
    if not found:
        raise UsageError("no sheet was named", "name it as it stands below its QR code: K7Q2MX.12")
    return list(found)


def _one(word: str) -> SheetCode:
    try:
        return SheetCode.of(word)
    except ValueError as error:
        raise UsageError(str(error), "name it as it stands below its QR code, or a range: K7Q2MX.12-40") from error


def _within(state: Sheets, pack: str, first: int, last: int) -> list[SheetCode]:
    sheets = (each for each in all_sheets(state) if each.code.pack == pack and first <= each.code.page <= last)
    found = [each.code for each in sheets if each.standing in (OPEN, UNSURE)]
    if not found:
        raise NotFound(f"no sheet of {pack} between {first} and {last} is open", f"see garde sheet account {pack}")
    return found


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody says of sheets."""

    how: str  # entered | scanned | void | missing
    by: str
    note: Text


def sheets_back(
    state: Sheets, words: Collection[str], saying: Saying, used: Collection[str] = ()
) -> Iterator[SheetReturned]:
    """Say what became of these sheets; `used`: sheets on which something stands that was keyed."""
    if saying.how not in HOW:
        raise UsageError(f"{saying.how!r} is nothing that becomes of a sheet", f"say {', '.join(HOW)}")
    known, alone = by_code(state), {word.strip().upper() for word in words}
    for code in named_sheets(state, words):
        if saying.how in ("void", "missing"):
            _check_gone(known.get(code), code, saying)
        if saying.how == "void":
            _check_void(state, code, saying, used, alone)
        yield SheetReturned(str(code), saying.how, saying.by, "", saying.note)


def _check_gone(sheet: Sheet | None, code: SheetCode, saying: Saying) -> None:
    if sheet is not None and sheet.standing in BACK:
        raise Refused(f"{code} came back ({sheet.standing}): it is not {saying.how}", "look at the sheet again")


def _check_void(state: Sheets, code: SheetCode, saying: Saying, used: Collection[str], alone: Collection[str]) -> None:
    if str(code) in used:
        raise Refused(f"something that stands on {code} was keyed: it is not void", "replace what was keyed first")
    if is_blank(state, code):
        return
    if str(code) not in alone:
        raise Refused(f"{code} is no blank form: no range voids it", f"name it alone: garde sheet void {code}")
    if not saying.note:
        raise Refused(f"{code} is no blank form: why is it void?", "say it with --note WORDS")


def close_pack(state: Sheets, pack: str, by: str, note: Text) -> Iterator[SheetReturned]:
    """End a pack: what is open is missing from now on. NotFound for a pack of which nothing was printed."""
    sheets = [each for each in all_sheets(state) if each.code.pack == pack]
    if not sheets:
        raise NotFound(f"nothing of {pack} was printed", "see garde sheet account")
    for sheet in sheets:
        if sheet.standing in (OPEN, UNSURE):
            yield SheetReturned(str(sheet.code), "missing", by, "", note)
