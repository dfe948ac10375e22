"""Back-entry at the desk: what `garde sheet` does, in one place: journal, census, scanned files.

Comes in: a state directory, who says it, words. Goes out: typed results; GardeErrors with what to do. Everything is
decided by `garde.downtime.entry` under the journal's write lock; the census is asked before, never within.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from garde.clock import Clock
from garde.desk.config import load_config
from garde.desk.control import user_name
from garde.desk.records import Records
from garde.desk.scans import ScanStore
from garde.downtime.book import Book, Fold
from garde.downtime.codes import SheetCode
from garde.downtime.entry import guide as guiding
from garde.downtime.entry import scans as scanning
from garde.downtime.entry import switch as switching
from garde.downtime.entry.account import Account, account
from garde.downtime.entry.discrepancies import Discrepancy, discrepancies
from garde.downtime.entry.items import Keying, Step, Whole, observed_at
from garde.downtime.entry.returns import Saying, close_pack, sheets_back
from garde.downtime.entry.state import State, as_subject, entry_fold
from garde.downtime.store.seal import Seal
from garde.errors import GardeError, NotFound, UsageError
from garde.journal import Entry, Text
from garde.paper.scan import NotScanned


@dataclass(frozen=True, slots=True)
class Scanned:
    """What became of one file."""

    name: str
    scan: str
    pages: int
    sheets: tuple[tuple[int, str], ...]
    unmatched: tuple[tuple[int, str], ...]
    known: bool = False  # the same file was taken before


class BackEntry:
    """One command's work."""

    def __init__(self, state: Path, clock: Clock, by: str = "", fold: Fold[State] | None = None) -> None:
        """`fold`: what was read of this journal before, by whoever works more than once."""
        self.config = load_config(state)
        self.state, self.clock = state, clock
        seal, who = Seal.load(state), user_name(os.getuid())
        self.by = " ".join(by.split()) or who
        self.book = Book(state, seal, clock, who=who)
        self.fold = fold or entry_fold(self.book)
        self.scans = ScanStore(state, seal)
        self.records = Records(state, self.config, seal, self.book, clock, who=who)

    def __enter__(self) -> BackEntry:
        try:
            self._check_key()
        except GardeError:
            self.close_all()
            raise
        return self

    def _check_key(self) -> None:
        """Raise StateDamaged where the key is another: what would be sealed with it nobody could open with the rest."""
        packs = reversed(self.now().sheets.packs.values())
        newest = next((made.people for made in packs if made.people.value), None)
        if newest is not None:
            self.book.open(newest, dict[int, str])

    def __exit__(self, *_: object) -> None:
        self.close_all()

    def close_all(self) -> None:
        self.records.close()
        self.book.close()

    def now(self) -> State:
        """Return the state as it is now."""
        return self.book.follow(self.fold)

    def note(self, words: str) -> Text:
        """Seal what somebody typed: it may name a patient."""
        return self.book.seal(words) if words.strip() else Text()

    # --- sheets ---

    def account(self, *, pack: str = "", place: str = "") -> Account:
        return account(self.now().sheets, pack=pack, place=place)

    def say(self, words: Collection[str], how: str, note: str) -> list[Entry]:
        """Say what became of sheets."""
        saying = Saying(how, self.by, self.note(note))

        def decide(state: State) -> Any:
            used = {sheet for sheet, items in state.on_sheet.items() if any(state.items[i].counts for i in items)}
            return sheets_back(state.sheets, words, saying, used)

        return self.book.change(self.fold, decide)

    def close(self, packs: Collection[str], note: str) -> list[Entry]:
        """End packs: what is open is missing."""
        if not packs:
            raise UsageError("no pack was named", "name it: garde sheet close K7Q2MX")
        said = self.note(note)

        def decide(state: State) -> Any:
            for pack in packs:
                yield from close_pack(state.sheets, pack.strip().upper(), self.by, said)

        return self.book.change(self.fold, decide)

    def owner(self, code: SheetCode) -> str:
        """Return whose sheet it is; "" for nobody's. For who may see it."""
        return self.now().owner(code.pack, code.page)

    # --- scans ---

    def scan(self, path: Path, progress: Callable[[int, int], None]) -> Scanned:
        """Read one file of scanned sheets."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}", "name a PDF, JPEG, PNG or TIFF") from error
        name, pages = self.scans.digest(data), []
        if known := self.now().sheets.files.get(name):
            return Scanned(str(path), name, known.pages, (), (), known=True)
        try:
            for page in self.scans.take(data):
                pages.append((page.page, [code.text for code in page.codes], page.fault))
                progress(page.page, page.of)
        except NotScanned as error:
            raise UsageError(f"{path}: {error.reason}", "name a PDF, JPEG, PNG or TIFF") from error
        except OSError as error:
            raise GardeError(f"{path} cannot be kept: {error.strerror}", "make room on the desk's disk") from error
        return self._take(path, name, pages)

    def _take(self, path: Path, name: str, pages: list[tuple[int, list[str], str]]) -> Scanned:
        found: list[scanning.Matched] = []

        def decide(state: State) -> Any:
            found.append(scanning.match(state.sheets, pages))
            return scanning.take_scan(state.sheets, name, len(pages), found[-1], self.by)

        written = self.book.change(self.fold, decide)
        sheets = tuple((page, str(code)) for page, code in found[-1].sheets)
        # Two who scanned the same file at once: the other was first, and nothing was written here.
        return Scanned(str(path), name, len(pages), sheets, found[-1].unmatched, known=not written)

    def unplaced(self) -> list[str]:
        return scanning.unplaced(self.now().sheets)

    def assign(self, picture: str, sheet: str, note: str) -> list[Entry]:
        """Say by hand which sheet a page is."""
        said = self.note(note)
        return self.book.change(self.fold, lambda state: scanning.assign(state.sheets, picture, sheet, self.by, said))

    # --- keying ---

    def key(self, keying: Keying) -> list[Entry]:
        """Key one item."""
        return self._key(keying, known=self.records.view(as_subject(self.now(), keying.patient)) is not None)

    def _key(self, keying: Keying, *, known: bool) -> list[Entry]:
        at = observed_at(keying.observed, self.config.manner.place)
        return self.book.change(
            self.fold, lambda state: guiding.key_item(state, keying, at, self.by, self.book.seal, known=known)
        )

    def whole(self, patient: str, step: str, reason: str) -> list[Entry]:
        """Close a step of a patient; `rest` closes every step that is open."""
        subject = as_subject(self.now(), patient)
        standing = guiding.guide(self.now(), subject).steps
        wanted = [each.step for each in standing if not each.closed] if step == "rest" else [_step(step)]
        known = self.records.view(subject) is not None
        written: list[Entry] = []
        for each in wanted:
            item = Whole(step=each)
            written += self._key(Keying(patient, item, self.clock.now(), out_of_order=reason), known=known)
        return written

    def check(self, item: str, note: str, *, agrees: bool) -> list[Entry]:
        """A second person's word on an item."""
        said = self.note(note)
        return self.book.change(
            self.fold,
            lambda state: guiding.check_item(state, item.strip().upper(), self.by, said, agrees=agrees),
        )

    def guide(self, patient: str) -> guiding.Guide:
        return guiding.guide(self.now(), self.subject(patient))

    def subject(self, patient: str) -> str:
        """Return whom a person names; NotFound where there is no paper of them and the census knows nobody."""
        state, subject = self.now(), as_subject(self.now(), patient)
        if not subject:
            raise UsageError("no patient was named", "name the number that stands on the sheet")
        known = set(state.subjects())
        if state.person(subject) not in known and self.records.view(subject) is None:
            raise NotFound("nobody is known under this number", "type it as it stands on the sheet")
        return subject

    # --- what does not fit, and who is back ---

    def discrepancies(self, *, patient: str = "", place: str = "") -> list[Discrepancy]:
        """Return what does not fit: of one patient, of one ward, of everybody."""
        if patient:
            return self._unfit(self.subject(patient), None, place)
        places = self.records.places()
        return [each for subject in list(self.now().subjects()) for each in self._unfit(subject, places, place)]

    def _unfit(self, subject: str, places: dict[str, str] | None, place: str) -> list[Discrepancy]:
        state = self.now()
        if not state.items_of(subject):
            return []
        view = self.records.view(state.person(subject))
        ward = switching.place_of(state, subject, self.records.place(view) if places is None else places)
        return discrepancies(state, subject, view, ward) if place in ("", ward) else []

    def switch(self, patient: str, signed: str, reason: str) -> list[Entry]:
        """Sign that a patient is back in the record."""
        subject = self.subject(patient)
        view = self.records.view(self.now().person(subject))
        place = switching.place_of(self.now(), subject, self.records.place(view))
        signature = switching.Signature(self.by, signed, reason)

        def decide(state: State) -> Any:
            found = discrepancies(state, subject, view, place)
            return switching.switch_back(state, subject, place, found, signature, seal=self.book.seal)

        return self.book.change(self.fold, decide)

    def wards(self) -> list[switching.WardStand]:
        return switching.wards(self.now(), self.records.places())


def _step(words: str) -> Step:
    try:
        return Step(words)
    except ValueError as error:
        raise UsageError(f"{words!r} is no step", f"say {', '.join(Step)}, or rest") from error
