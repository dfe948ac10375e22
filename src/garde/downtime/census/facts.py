"""Facts in the order in which they were said, whatever the order in which they came.

Comes in: values with their sources. Goes out: `Fact`; `Thread`, all that was said of one thing; `latest`, for what the
newest word alone decides. Adding the same twice changes nothing; adding in any order ends the same.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import Generic, TypeVar

from garde.downtime.nouns import Source

T = TypeVar("T")
Mark = tuple[str, str]
Key = tuple[float, int, str, str]


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value, who said it when, and for whom it was meant (family name and birth date in that message)."""

    value: T
    source: Source
    mark: Mark = ("", "")

    @property
    def key(self) -> Key:
        return self.source.key


class Thread(Generic[T]):
    """What was said of one thing, the oldest first."""

    __slots__ = ("facts",)

    def __init__(self) -> None:
        self.facts: list[Fact[T]] = []

    def add(self, fact: Fact[T]) -> None:
        facts = self.facts
        if not facts or facts[-1].key < fact.key:
            facts.append(fact)
        elif not self._has(fact):
            insort(facts, fact, key=_key)

    def _has(self, fact: Fact[T]) -> bool:
        at = bisect_left(self.facts, fact.key, key=_key)
        while at < len(self.facts) and self.facts[at].key == fact.key:
            if self.facts[at].value == fact.value:
                return True
            at += 1
        return False

    def drop_before(self, key: Key) -> None:
        """Forget what was said before that."""
        del self.facts[: bisect_left(self.facts, key, key=_key)]


def _key(fact: Fact[T]) -> Key:
    return fact.key


def newer(known: Fact[T] | None, fact: Fact[T]) -> Fact[T]:
    """Return the one that was said later; of two copies the first."""
    return fact if known is None or known.key < fact.key else known
