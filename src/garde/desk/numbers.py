"""Acts on downtime numbers, by a command or a page, on the desk's own journal.

Comes in: what a person said, who they are. Goes out: what was written, or a refusal. Each act is decided under the
journal's write lock, so it may be done beside the running desk, and twice at once. It asks no census: who knows a
record's person hands it in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from garde.clock import Clock
from garde.desk.config import Config
from garde.downtime.book import Book, Fold
from garde.downtime.nouns import Person
from garde.downtime.numbers import matching, policy
from garde.downtime.numbers.form import Clash, Number
from garde.downtime.numbers.likeness import likeness
from garde.downtime.numbers.newcomer import Newcomer, checked
from garde.downtime.numbers.state import State, numbers_fold
from garde.journal import Payload, Text
from garde.journal.paper_kinds import (
    NumberDescribed,
    NumberIssued,
    NumberLinked,
    NumberMatched,
    NumbersReserved,
    NumberVoided,
)

P = TypeVar("P", bound=Payload)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who does it: by name, and as the machine knows them."""

    by: str
    who: str = ""


class Numbers:
    """The desk's downtime numbers."""

    def __init__(self, config: Config, book: Book, clock: Clock, fold: Fold[State] | None = None) -> None:
        self._config, self._book, self._clock = config, book, clock
        self._fold = fold or numbers_fold(book)

    @property
    def state(self) -> State:
        """The numbers as they are now."""
        return self._book.follow(self._fold)

    def _write(self, decide: Callable[[State], P], who: Signed) -> P:
        return self._book.write(self._fold, decide, who=who.who)

    def reserve(self, place: str, count: int, clash: Clash, who: Signed, first: int = 0) -> NumbersReserved:
        """Give a place a block; refuses a prefix that could be a patient's number."""
        policy.check_prefix(clash)
        return self._write(
            lambda state: policy.reserve(
                state, prefix=clash.prefix, place=place, count=count, by=who.by, first=first
            ),
            who,
        )  # fmt: skip

    def issue(
        self, place: str, person: Newcomer, who: Signed, *, number: Number | None = None, at: float | None = None,
        elsewhere: bool = False,
    ) -> NumberIssued:  # fmt: skip
        """Give a number to somebody: the place's next, or the one on their label."""
        now = self._clock.now()
        sealed = self._book.seal(self._checked(person))
        return self._write(
            lambda state: policy.issue(
                state, place=place, number=number, person=sealed, at=now if at is None else at, by=who.by, now=now,
                elsewhere=elsewhere,
            ),
            who,
        )  # fmt: skip

    def _checked(self, person: Newcomer) -> Newcomer:
        return checked(person, datetime.fromtimestamp(self._clock.now(), self._config.manner.place).date())

    def change(
        self, number: Number, who: Signed, changes: dict[str, Any], *, place: str = "", at: float | None = None
    ) -> NumberDescribed:
        """Write down what else is known of somebody; what is not named stays as it was."""
        now = self._clock.now()

        def decide(state: State) -> NumberDescribed:
            held = policy.find_given(state, str(number))
            person = self._checked(replace(held.person or Newcomer(), **changes))
            moment = max(now, held.at) if at is None else at
            return policy.describe(
                state, number=str(number), place=place or held.place, person=self._book.seal(person), at=moment,
                by=who.by, now=now,
            )  # fmt: skip

        return self._write(decide, who)

    def void(self, number: Number, who: Signed, reason: str) -> NumberVoided:
        """Make a number useless for ever."""
        return self._write(lambda state: policy.void(state, number=number, by=who.by, reason=Text(reason)), who)

    def match(
        self, number: Number, record: str, person: Person | None, who: Signed, typed: tuple[str, ...] = ()
    ) -> NumberMatched:
        """Say whose a number is; `person` is the record's, None where the census does not have it."""

        def decide(state: State) -> NumberMatched:
            held = state.held.get(str(number))
            compared = likeness(held.person, person) if held and held.person and person else None
            prefixes = frozenset(each.prefix for each in state.blocks.values())
            return matching.match(
                state, number=str(number), sealed=self._book.seal(record), record=record, prefixes=prefixes,
                compared=compared, typed=typed, by=who.by,
            )  # fmt: skip

        return self._write(decide, who)

    def confirm(self, name: str, who: Signed, note: str = "") -> NumberLinked:
        """Link a number; by a second person."""
        return self._write(
            lambda state: matching.confirm(state, match=matching.find_match(state, name), by=who.by, note=Text(note)),
            who,
        )

    def refuse(self, name: str, who: Signed, note: str = "") -> NumberLinked:
        """End a match, or take a link back."""
        return self._write(
            lambda state: matching.refuse(state, match=matching.find_match(state, name), by=who.by, note=Text(note)),
            who,
        )
