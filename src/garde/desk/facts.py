"""What the desk tells the hub's half, and what it heard of it: facts that name nobody, by file.

Comes in: a state directory. Goes out: a signed file; entries of the desk's journal. A ward is called as the feed calls
it; one that is no plain id (letters, digits, dot, dash, underscore) is left out and counted, never changed. It needs no
hub, and no running desk.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from garde.clock import Clock
from garde.desk.back_entry import BackEntry
from garde.desk.control import user_name
from garde.downtime.book import Book, Fold
from garde.downtime.packs.shelf import WARD, Shelf
from garde.downtime.store.seal import Seal
from garde.errors import StateBusy, UsageError
from garde.journal import Entry, Payload, heard
from garde.journal.paper_kinds import DowntimeBegan, DowntimeEnded, FactsWritten, SwitchedBack
from garde.journal.store import journal_file
from garde.trust.facts import (
    DESK,
    DOWNTIME,
    EVERYWHERE,
    KEY_FILE,
    MOST_FACTS,
    PACK,
    SWITCHED,
    Fact,
    FactCard,
    is_subject,
    write_facts,
)
from garde.trust.keys import SigningKey

Decide = Callable[["Paper"], Iterable[Payload]]
STALE_S: Final = 6 * 3600.0  # a pack with older data is an alarm on the ward's PC as well


@dataclass(slots=True)
class Paper:
    """Where paper counts or counted, ward by ward, and what is known from elsewhere."""

    wards: dict[str, tuple[str, float]] = field(default_factory=dict)  # ward or *: began | ended, since
    switched: dict[str, float] = field(default_factory=dict)  # ward -> the last signature
    heard: heard.State = field(default_factory=heard.State)


def project(state: Paper, entry: Entry) -> None:
    """Take one entry in."""
    heard.project(state.heard, entry)
    match entry.payload:
        case DowntimeBegan() as began:
            for ward in began.wards or (EVERYWHERE,):
                if state.wards.get(ward, ("", 0.0))[0] != "began":
                    state.wards[ward] = ("began", began.since)
        case DowntimeEnded():
            state.wards |= {ward: ("ended", entry.at) for ward, (word, _) in state.wards.items() if word == "began"}
        case SwitchedBack() as back:
            state.switched[back.place] = entry.at


@dataclass(frozen=True, slots=True)
class Told:
    """A file for the hub's half."""

    raw: bytes
    counter: int
    facts: tuple[Fact, ...]
    left_out: int  # wards whose names no file can carry
    doubt: str = ""  # what it could not say, and why


class DeskFacts:
    """One command's work."""

    def __init__(self, state: Path, clock: Clock, by: str = "") -> None:
        self.state, self.clock, self._who = state, clock, user_name(os.getuid())
        self.by = " ".join(by.split()) or self._who
        self._seal = Seal.load(state)

    @property
    def key(self) -> SigningKey:
        return SigningKey.load_or_make(self.state / KEY_FILE)

    def known(self) -> heard.State:
        """Return what was heard; written is nothing."""
        if not journal_file(self.state).exists():
            return heard.State()
        with Book(self.state, self._seal, self.clock, read_only=True) as book:
            return book.follow(_fold()).heard

    def trust(self, card: FactCard, seen: str) -> list[Entry]:
        return self._change(lambda paper: heard.trusted(paper.heard, card, seen, self.by))

    def take(self, raw: bytes) -> list[Entry]:
        return self._change(lambda paper: heard.taken(paper.heard, raw, self.by))

    def _change(self, decide: Decide) -> list[Entry]:
        with Book(self.state, self._seal, self.clock, who=self._who) as book:
            return book.change(_fold(), decide)

    def write(self) -> Told:
        """Sign what stands now; the number is written down before anybody gets the file."""
        made: list[Told] = []
        switched, doubt = self._switched()

        def decide(paper: Paper) -> Iterator[Payload]:
            now, counter = self.clock.now(), heard.next_counter(paper.heard, self.clock.now())
            found = [*_downtime(paper, now), *_per_cent(paper, switched), *_packs(Shelf(self.state, self._seal), now)]
            facts = [each for each in found if is_subject(each.subject) or each.subject == EVERYWHERE][:MOST_FACTS]
            try:
                raw = write_facts(self.key, DESK, counter, now, facts)
            except ValueError as error:
                raise UsageError(f"no file can be made: {error}", "look at the desk's clock") from error
            made.append(Told(raw, counter, tuple(facts), len(found) - len(facts), doubt))
            yield FactsWritten(counter, len(facts), hashlib.sha256(raw).hexdigest(), self.by)

        self._change(decide)
        return made[-1]

    def _switched(self) -> tuple[dict[str, int], str]:
        """Return how many per cent of each ward's patients are back, and why that is not known."""
        with Book(self.state, self._seal, self.clock, who=self._who) as book:
            if not book.follow(_fold()).wards:
                return {}, ""  # paper never counted: the census is not read for nothing
        try:
            with BackEntry(self.state, self.clock, self.by) as work:
                return {each.place: each.per_cent for each in work.wards()}, ""
        except StateBusy as error:
            return {}, error.message


def _fold() -> Fold[Paper]:
    return Fold(Paper(), project)


def _downtime(paper: Paper, now: float) -> Iterator[Fact]:
    for ward, (word, since) in sorted(paper.wards.items()):
        yield Fact(DOWNTIME, ward, word, int(min(since, now)))


def _per_cent(paper: Paper, switched: dict[str, int]) -> Iterator[Fact]:
    for ward, per_cent in sorted(switched.items()):
        yield Fact(SWITCHED, ward, str(per_cent), int(paper.switched.get(ward, 0.0)))


def _packs(shelf: Shelf, now: float) -> Iterator[Fact]:
    newest = {each.place: each for each in reversed(shelf.manifests()) if each.about == WARD}
    for ward, pack in sorted(newest.items()):
        fresh = pack.as_of > 0 and now - pack.as_of <= STALE_S
        yield Fact(PACK, ward, "fresh" if fresh else "stale", int(min(pack.as_of, now)))
