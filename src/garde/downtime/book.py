"""The downtime half's own journal, with whatever tells of a patient sealed.

Comes in: payloads of `garde.journal.paper_kinds`, values to seal. Goes out: entries, folds that follow them, opened
values. The chain, the checkpoints and the checks are those of `garde.journal`; this adds the seal, and the one way in
which several processes (the running desk, a command beside it) decide on the same state: `change` holds the journal's
write lock, reads what others wrote meanwhile, and only then decides.

A fold follows the rules of the house: `project(state, entry)` is pure but for the seal, which it is handed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from garde.clock import Clock
from garde.downtime.store.seal import Seal
from garde.errors import StateDamaged
from garde.journal import Entry, Payload, Text, open_journal
from garde.journal.paper_kinds import Looked

T = TypeVar("T")
S = TypeVar("S")
P = TypeVar("P", bound=Payload)
_MARK = b"sealed:"


@dataclass(slots=True)
class Fold(Generic[S]):
    """A state and how far it has read."""

    state: S
    project: Callable[[S, Entry], None]
    seen: int = 0


class Book:
    """One desk's journal. Durable: what was answered to a person is on the disk."""

    def __init__(self, state: Path, seal: Seal, clock: Clock, *, who: str = "desk", read_only: bool = False) -> None:
        self._seal = seal
        self.journal = open_journal(state, who=who, clock=clock, read_only=read_only, durable=not read_only)

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.journal.close()

    # --- writing ---

    def add(self, *payloads: Payload, who: str = "") -> list[Entry]:
        """Write entries that depend on nothing, all or none."""
        return self.journal.append_all([(payload, None) for payload in payloads], who=who)

    def looked(self, by: str, what: str) -> None:
        """Write down that somebody looks at what is known of patients; before they are shown anything."""
        self.add(Looked(by, what))

    def change(self, fold: Fold[S], decide: Callable[[S], Iterable[Payload]], *, who: str = "") -> list[Entry]:
        """Write what follows from the state as it is now; nobody else writes between reading and writing.

        `decide` raises a GardeError where it may not be: nothing is written then. The fold has read its own entries
        when this returns.
        """
        payloads = ((payload, None) for payload in self._decided(fold, decide))
        entries = self.journal.append_all(payloads, who=who)
        self.follow(fold)
        return entries

    def write(self, fold: Fold[S], decide: Callable[[S], P], *, who: str = "") -> P:
        """The same for one payload, which comes back as it was written."""
        written: Any = self.change(fold, lambda state: [decide(state)], who=who)[0].payload
        found: P = written
        return found

    def _decided(self, fold: Fold[S], decide: Callable[[S], Iterable[Payload]]) -> Iterable[Payload]:
        # Runs inside the transaction: a generator is read where its first payload is wanted.
        self.follow(fold)
        yield from decide(fold.state)

    # --- reading ---

    def follow(self, fold: Fold[S]) -> S:
        """Let a fold read what is new; returns its state."""
        for entry in self.journal.entries(fold.seen):
            fold.project(fold.state, entry)
            fold.seen = entry.seq
        return fold.state

    # --- the seal ---

    def seal(self, value: Any) -> Text:
        """Seal a value: text, a number, a dataclass, whatever JSON has."""
        return Text(_MARK + base64.b64encode(self._seal.wrap(msgspec.json.encode(value))))

    def open(self, text: Text, kind: type[T]) -> T:
        """Return what was sealed, as this type; StateDamaged where it is none, or was erased."""
        if text.value is None or not text.value.startswith(_MARK):
            raise StateDamaged("a sealed part of the desk's journal is not there", "it was erased, or never sealed")
        try:
            raw = base64.b64decode(text.value.removeprefix(_MARK), validate=True)
            return msgspec.json.decode(self._seal.unwrap(raw), type=kind)
        except ValueError as error:  # msgspec's errors are ValueErrors
            raise StateDamaged(
                f"a sealed part of the desk's journal cannot be read: {error}", "restore a copy"
            ) from error

    def digest(self, data: bytes) -> str:
        """Return what two copies of the same bytes have in common, and nobody without the key can make."""
        return self._seal.digest(data)
