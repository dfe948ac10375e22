"""Blocks, numbers, matches: what the desk's journal says of downtime numbers so far.

Comes in: entries, and the Book's `open` for what is sealed. Goes out: `State`. Pure but for the seal. The rules, which
`policy` and `matching` enforce and which any journal that was written by it keeps:

 1. A number belongs to one block; blocks never overlap.
 2. A number is given once. One that was given or is void is never given again.
 3. Free → issued → used → linked. It is used from the first thing that is written under it: a request, an item.
 4. Void is an end. Free and issued numbers can become void; what is used or linked, or waits for a second person,
    cannot.
 5. A match links nothing. It needs two identifiers that agree, and one match waits at a time.
 6. A link needs a waiting match and a person who did not make it.
 7. A refusal, by anybody, ends the waiting match: the number stands apart as before.
 8. A link can be taken back, with a reason: the number stands apart again. What went out is not taken back by it.
 9. What is known of a person changes by a newer word (`number_described`) only; the older ones stay in the journal.
10. A person whose sealed part cannot be opened is still there, and it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from garde.downtime.book import Book, Fold
from garde.downtime.numbers.form import Number, clear_numbers, read_number
from garde.downtime.numbers.newcomer import Newcomer
from garde.errors import StateDamaged
from garde.journal import Entry, Text
from garde.journal.paper_kinds import (
    ItemKeyed,
    NumberDescribed,
    NumberIssued,
    NumberLinked,
    NumberMatched,
    NumbersReserved,
    NumberVoided,
    RequestTaken,
)

T = TypeVar("T")
Opener = Callable[[Text, type[Any]], Any]


class Standing(Enum):
    """Where a number is in its life."""

    FREE = "free"
    ISSUED = "issued"
    USED = "used"
    VOID = "void"
    LINKED = "linked"


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers that belong to a place."""

    block: str
    prefix: str
    first: int
    last: int
    place: str

    def __contains__(self, number: Number) -> bool:
        return number.prefix == self.prefix and self.first <= number.serial <= self.last

    def numbers(self) -> Iterator[Number]:
        """Yield those that may be given, in order."""
        for number in clear_numbers(self.prefix, self.first):
            if number.serial > self.last:
                return
            yield number


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody says whose a number is."""

    match: str
    number: str
    record: str  # the hospital's own number; "" where the sealed part cannot be opened
    identifiers: tuple[str, ...]
    typed: tuple[str, ...]
    differ: tuple[str, ...]
    by: str
    at: float


@dataclass(slots=True)
class Held:
    """A number that is no longer free."""

    number: str
    standing: Standing
    place: str = ""
    at: float = 0.0  # when it was given, as the paper says
    by: str = ""
    person: Newcomer | None = None  # None: nobody, or the sealed part cannot be opened
    told_at: float = 0.0  # when the newest word on the person was
    used: bool = False
    waiting: str = ""  # a match
    record: str = ""  # linked to


@dataclass(slots=True)
class State:
    """The fold."""

    blocks: dict[str, Block] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    matches: dict[str, Match] = field(default_factory=dict)

    def block_of(self, number: Number) -> Block | None:
        return next((block for block in self.blocks.values() if number in block), None)

    def standing(self, number: str) -> Standing:
        found = self.held.get(number)
        return found.standing if found else Standing.FREE

    def free(self, block: Block) -> Iterator[Number]:
        """Yield what is left of a block, in order."""
        return (number for number in block.numbers() if str(number) not in self.held)


def numbers_fold(book: Book) -> Fold[State]:
    """Return an empty fold for `Book.follow` and `Book.change`."""
    return Fold(State(), partial(project, open=book.open))


def project(state: State, entry: Entry, *, open: Opener) -> None:
    """Take one entry in."""
    match entry.payload:
        case NumbersReserved() as e:
            state.blocks[e.block] = Block(e.block, e.prefix, e.first, e.last, e.place)
        case NumberIssued() as e:
            person = _opened(e.person, Newcomer, open)
            state.held[e.number] = Held(e.number, Standing.ISSUED, e.place, e.at, e.by, person, e.at)
        case NumberDescribed() as e if e.number in state.held:
            held = state.held[e.number]
            held.place, held.told_at, held.person = e.place, e.at, _opened(e.person, Newcomer, open)
        case NumberVoided() as e:
            held = state.held.setdefault(e.number, Held(e.number, Standing.VOID, at=entry.at, by=e.by))
            held.standing = Standing.VOID
        case NumberMatched() as e if e.number in state.held:
            record = _opened(e.record, str, open) or ""
            state.matches[e.match] = Match(
                e.match, e.number, record, e.identifiers, e.typed, e.differ, e.by, entry.at
            )  # fmt: skip
            state.held[e.number].waiting = e.match
        case NumberLinked() as e if e.match in state.matches:
            _link(state, e)
        case ItemKeyed() | RequestTaken() as e:
            _use(state, _opened(e.subject, str, open))


def _link(state: State, e: NumberLinked) -> None:
    held, match = state.held[e.number], state.matches[e.match]
    held.waiting = ""
    if e.agreed:
        held.standing, held.record = Standing.LINKED, match.record
    elif held.standing is Standing.LINKED:
        held.standing, held.record = (Standing.USED if held.used else Standing.ISSUED), ""


def _use(state: State, subject: str | None) -> None:
    held = state.held.get(subject or "") or state.held.get(_as_number(subject or ""))
    if held is None:
        return
    held.used = True
    if held.standing is Standing.ISSUED:
        held.standing = Standing.USED


def _as_number(subject: str) -> str:
    """Return a subject that was written without hyphens or in small letters as the number that it is; else ""."""
    try:
        return str(read_number(subject))
    except ValueError:
        return ""


def _opened(text: Text, kind: type[T], open: Opener) -> T | None:
    try:
        found: T = open(text, kind)
    except StateDamaged:  # erased, or of another key: the entry stands all the same
        return None
    return found
