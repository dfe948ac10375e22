"""Acts on the paper registers, by a command or a page, on the desk's own journal.

Comes in: what a person said, who they are. Goes out: what was written, or a refusal. Each act is decided under the
journal's write lock, so it may be done beside the running desk, and twice at once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from garde.clock import Clock
from garde.desk.config import Config
from garde.desk.numbers import Signed
from garde.downtime.book import Book
from garde.downtime.register import critical, policy
from garde.downtime.register.look import Board, board
from garde.downtime.register.nouns import Asked, Found
from garde.downtime.register.state import State, register_fold
from garde.journal import Payload
from garde.journal.paper_kinds import RequestClosed, RequestTaken, ResultCalled, ResultNoted

P = TypeVar("P", bound=Payload)


class Registers:
    """Laboratory and radiology on paper."""

    def __init__(self, config: Config, book: Book, clock: Clock) -> None:
        self._book, self._clock = book, clock
        self._fold = register_fold(book)
        self._table = critical.tests(Path(config.critical)) if config.critical else critical.tests()

    @property
    def state(self) -> State:
        """The registers as they are now."""
        return self._book.follow(self._fold)

    def board(self, service: str = "") -> Board:
        return board(self.state, self._clock.now(), service)

    def _write(self, decide: Callable[[State], P], who: Signed) -> P:
        return self._book.write(self._fold, decide, who=who.who)

    def _hand(self, who: Signed, at: float | None) -> policy.Hand:
        now = self._clock.now()
        return policy.Hand(who.by, now if at is None else at, now, self._book.seal)

    def take(
        self, number: str, who: Signed, *, service: str, place: str, subject: str, asked: Asked, at: float | None = None
    ) -> RequestTaken:
        """A request has come."""
        hand = self._hand(who, at)
        return self._write(
            lambda state: policy.take(state, hand, number, service=service, place=place, subject=subject, asked=asked),
            who,
        )

    def note(
        self,
        number: str,
        found: Found,
        who: Signed,
        *,
        critical: bool | None = None,
        replaces: str = "",
        at: float | None = None,
    ) -> ResultNoted:
        """A result stands in the register."""
        hand = self._hand(who, at)
        return self._write(
            lambda state: policy.note(
                state, hand, number, found, table=self._table, critical=critical, replaces=replaces
            ),
            who,
        )  # fmt: skip

    def call(self, result: str, to: str, who: Signed, *, read_back: bool, at: float | None = None) -> ResultCalled:
        """A result was read to somebody."""
        hand = self._hand(who, at)
        return self._write(lambda state: policy.call(state, hand, result, to, read_back=read_back), who)

    def close(self, number: str, how: str, note: str, who: Signed, *, at: float | None = None) -> RequestClosed:
        """A request needs no more work."""
        hand = self._hand(who, at)
        return self._write(lambda state: policy.close(state, hand, number, how=how, note=note), who)
