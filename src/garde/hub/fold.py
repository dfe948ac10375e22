"""What the loop runs: folds over the journal, and capabilities, which are folds that also decide.

Comes in: nothing. Goes out: `Fold` and `Capability`, as data. A fold's state is a dataclass (or any type) that
msgspec can write as JSON and read back, so that it can be kept in a snapshot; it is made empty by calling its type.
`project` may change the state it is given and returns it. Both functions are pure: no clock, socket, file or chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from garde.estate.look import Lookup
from garde.journal.entry import Entry
from garde.journal.payload import Payload

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold(Generic[S]):
    """One state over the entries."""

    name: str
    shape: type[S]
    project: Callable[[S, Entry], S]
    version: int = 1  # of the state's shape and meaning: a snapshot of another version is not used
    kinds: frozenset[str] = frozenset()  # the kinds that it reads; empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability(Fold[S]):
    """A fold that answers entries: with facts, and with commands."""

    decide: Callable[[S, Entry, Lookup], Iterable[Payload]]
