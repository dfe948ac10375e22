"""Back-entry, folded: sheets, items, checks, who is switched back, what is to go out.

Comes in: entries of the desk's journal, and the Book's `open` for what is sealed. Goes out: `State`. Pure but for the
seal. What cannot be opened (erased, another key) is still there, and says so: an item without a patient is nobody's,
never the wrong one's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from garde.downtime.book import Book, Fold
from garde.downtime.entry import account
from garde.downtime.entry.account import Sheets
from garde.downtime.entry.items import Kept, Step
from garde.downtime.entry.outbox import Outbox
from garde.downtime.entry.outbox import project as project_out
from garde.downtime.numbers.form import read_number
from garde.downtime.numbers.state import Opener, Standing
from garde.downtime.numbers.state import State as Numbers
from garde.downtime.numbers.state import project as project_numbers
from garde.errors import StateDamaged
from garde.journal import Entry, Text
from garde.journal.paper_kinds import (
    DowntimeBegan,
    DowntimeEnded,
    ItemChecked,
    ItemKeyed,
    PackMade,
    SwitchedBack,
)


@dataclass(frozen=True, slots=True)
class Check:
    """A second person looked."""

    agrees: bool
    by: str
    at: float
    noted: bool  # whether they said why


@dataclass(slots=True)
class Item:
    """One thing that was copied from paper."""

    item: str
    subject: str  # the number that stands on the sheet; "" where it cannot be opened
    sheet: str
    step: Step
    observed: float
    by: str
    at: float  # when it was keyed
    check: bool
    kept: Kept | None  # None: the sealed part cannot be opened
    replaces: str = ""
    replaced_by: str = ""
    checks: list[Check] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether nothing has taken its place."""
        return not self.replaced_by

    @property
    def agreed(self) -> bool:
        return any(check.agrees for check in self.checks) and not self.refused

    @property
    def refused(self) -> bool:
        """Whether somebody did not agree: only another item settles that."""
        return any(not check.agrees for check in self.checks)

    @property
    def waits(self) -> bool:
        """Whether a second person has yet to look."""
        return self.check and not self.checks


@dataclass(frozen=True, slots=True)
class Switched:
    """One patient is back in the record."""

    place: str
    by: str
    signed: str
    at: float


@dataclass(slots=True)
class State:
    """The fold."""

    sheets: Sheets = field(default_factory=Sheets)
    numbers: Numbers = field(default_factory=Numbers)
    items: dict[str, Item] = field(default_factory=dict)
    on_sheet: dict[str, list[str]] = field(default_factory=dict)  # sheet -> items that stand on it
    switched: dict[str, Switched] = field(default_factory=dict)  # by subject, as it was signed
    people: dict[str, dict[int, str]] = field(default_factory=dict)  # pack -> page -> patient's number
    began: dict[str, float] = field(default_factory=dict)  # ward -> since when paper counts; "" for every ward
    ended: float = 0.0  # when the record was said to be back; 0: it is not
    out: Outbox = field(default_factory=Outbox)

    # --- who is who ---

    def person(self, subject: str) -> str:
        """Return the number in force: the record's own, where a downtime number is linked."""
        held = self.numbers.held.get(subject)
        return held.record if held is not None and held.standing is Standing.LINKED and held.record else subject

    def numbers_of(self, subject: str) -> list[str]:
        """Return every number of this person that the desk's journal knows, the one in force first."""
        root = self.person(subject)
        linked = (held.number for held in self.numbers.held.values() if held.record == root)
        return list(dict.fromkeys([root, *sorted(linked), subject]))

    def items_of(self, subject: str) -> list[Item]:
        """Return a person's items in the order in which they were keyed, those that were replaced among them."""
        own = set(self.numbers_of(subject))
        return [item for item in self.items.values() if item.subject in own]

    def pages_of(self, subject: str) -> set[tuple[str, int]]:
        """Return the (pack, page) that bear this person's name."""
        own = set(self.numbers_of(subject))
        return {(pack, page) for pack, pages in self.people.items() for page, who in pages.items() if who in own}

    def owner(self, pack: str, page: int) -> str:
        """Return whose page it is; "" for nobody's."""
        return self.people.get(pack, {}).get(page, "")

    def subjects(self) -> Iterator[str]:
        """Yield everybody of whom there is paper: the number in force, each once."""
        printed = {(printing.pack, page) for printing in self.sheets.printings.values() for page in printing.pages}
        named = [self.owner(*each) for each in sorted(printed)]
        held = (each.number for each in self.numbers.held.values() if each.standing is not Standing.VOID)
        found = (*named, *(item.subject for item in self.items.values()), *held)
        yield from dict.fromkeys(self.person(each) for each in found if each)

    def since(self, place: str) -> float:
        """Return since when paper counts on this ward; 0 where nobody said so."""
        return self.began.get(place, self.began.get("", 0.0))

    def switch(self, subject: str) -> Switched | None:
        """Return how this person was switched back; None where paper still counts."""
        return next((self.switched[each] for each in self.numbers_of(subject) if each in self.switched), None)


def as_subject(state: State, typed: str) -> str:
    """Return a number as the journal has it: a downtime number may be typed without its hyphens."""
    words = typed.strip()
    try:
        number = str(read_number(words))
    except ValueError:
        return words
    return number if number in state.numbers.held else words


def entry_fold(book: Book) -> Fold[State]:
    """Return an empty fold for `Book.follow` and `Book.change`."""
    return Fold(State(), partial(project, open=book.open))


def project(state: State, entry: Entry, *, open: Opener) -> None:
    """Take one entry in."""
    account.project(state.sheets, entry)
    project_numbers(state.numbers, entry, open=open)
    project_out(state.out, entry)
    match entry.payload:
        case PackMade() as made if made.people:
            state.people[made.pack] = opened(made.people, dict[int, str], open) or {}
        case ItemKeyed() as told:
            _key(state, told, entry, open)
        case ItemChecked() as told if told.item in state.items:
            state.items[told.item].checks.append(Check(told.agrees, told.by, entry.at, bool(told.note)))
        case SwitchedBack() as told:
            if subject := opened(told.subject, str, open):
                state.switched[subject] = Switched(told.place, told.by, told.signed, entry.at)
        case DowntimeBegan() as told:
            if state.ended:  # another downtime: where it began before does not count
                state.began, state.ended = {}, 0.0
            for ward in told.wards or ("",):
                state.began.setdefault(ward, told.since)
        case DowntimeEnded():
            state.ended = entry.at


def _key(state: State, told: ItemKeyed, entry: Entry, open: Opener) -> None:
    kept = opened(told.content, Kept, open)
    subject = opened(told.subject, str, open) or ""
    state.items[told.item] = Item(
        told.item, subject, told.sheet, Step(told.step), told.observed, told.by, entry.at, told.check, kept,
        told.replaces,
    )  # fmt: skip
    if told.sheet:
        state.on_sheet.setdefault(told.sheet, []).append(told.item)
    if told.replaces in state.items:
        state.items[told.replaces].replaced_by = told.item
    # Who wrote after they had signed takes the signature back: paper counts again for this person.
    for number in state.numbers_of(subject):
        state.switched.pop(number, None)


def opened(text: Text, kind: Any, open: Opener) -> Any:
    """Return what was sealed; None where it cannot be opened."""
    try:
        return open(text, kind)
    except StateDamaged:
        return None
