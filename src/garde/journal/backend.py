"""What a database must do to hold a journal; everything else is in `chain.py`, once for all of them.

Comes in: nothing. Goes out: the Protocols `Backend`, `Tables` (inside one write transaction) and `View` (reading).

Who calls what: `ChainStore` opens `writing()` for each append, under a lock of its own process; the backend sees to it
that no other process writes between reading the head and the commit. Single reads go to the backend's own `View`, from
any thread, and see what was committed, never what is being written. `view()` is one moment of the whole database, for
checks that must not see an append half way.

Backends raise `StateDamaged` for what cannot be read and OSError for what may pass (full disk, no connection).

Tables: `meta` (identity, key, head), `entries` (the chain), `texts` (reference, and the words until they are erased),
`cursors` (how far was read elsewhere), `checkpoints` (signed), `snapshots` (of folds, to start sooner).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from garde.journal.entry import Row

PAGE = 1000  # entries read at a time: bounds memory, and a reader never holds a moment open while it works
FIRST_PAGE = 50  # of the first: who wants only the next entry does not wait for a thousand
FEW_KINDS = 8  # are looked up by the index of kinds, more are picked out of all entries


class Stored(NamedTuple):
    """One row of `entries`."""

    seq: int
    at: str
    who: str
    kind: str
    payload: str
    previous: str
    hash: str

    @property
    def row(self) -> Row:
        """The hashed parts."""
        return Row(*self[:6])


class StoredCheckpoint(NamedTuple):
    """One row of `checkpoints`; `nodes` is the compact range at that size."""

    size: int
    root: str
    at: str
    signature: str
    nodes: bytes


class StoredSnapshot(NamedTuple):
    """One row of `snapshots`, without its name."""

    seq: int
    hash: str
    digest: bytes
    data: bytes


class StoredText(NamedTuple):
    """One row of `texts` whose words are there."""

    ref: str
    salt: bytes | None
    words: bytes


class View(Protocol):
    """Reading."""

    def meta(self, name: str) -> bytes:
        """Return one value of `meta`; raises StateDamaged where it is missing."""
        ...

    def page(self, after: int, kinds: Collection[str] = (), limit: int = PAGE) -> Sequence[Stored]:
        """Return the first entries after `after`, in order; of `kinds` only, where some are named."""
        ...

    def at(self, seq: int) -> Stored | None:
        """Return one entry."""
        ...

    def words(self, refs: Collection[str]) -> dict[str, bytes | None]:
        """Return the words behind references: None where they were erased; those that never were are not in it."""
        ...

    def texts(self) -> Iterator[StoredText]:
        """Yield every text that has its words."""
        ...

    def hashes(self, after: int, last: int) -> Iterator[str]:
        """Yield the hashes of entries after+1 … last, in order."""
        ...

    def cursor(self, name: str) -> int:
        """Return a cursor, 0 where there is none."""
        ...

    def checkpoints(self, newest: int = 0) -> list[StoredCheckpoint]:
        """Return the checkpoints by size; with `newest` only so many, the largest."""
        ...

    def snapshot(self, name: str) -> StoredSnapshot | None:
        """Return a snapshot."""
        ...


class Tables(Protocol):
    """Writing, inside one transaction. Nothing reads entries through it, so they may be sent at the end, together."""

    def head(self) -> bytes:
        """Return the head; until the end of the transaction nobody else moves it."""
        ...

    def set_head(self, value: bytes) -> None:
        """Move the head."""
        ...

    def add_entry(self, stored: Stored) -> None:
        """Add one entry."""
        ...

    def find_refs(self, lookups: Sequence[bytes]) -> dict[bytes, str]:
        """Return the references of words that are kept already, by what they are found by."""
        ...

    def add_texts(self, rows: Iterable[tuple[str, bytes, bytes, bytes]]) -> None:
        """Keep words: reference, what they are found by, salt, words."""
        ...

    def erase_texts(self, refs: Iterable[str]) -> int:
        """Erase the words behind these references, and every snapshot (it may hold them too); return how many."""
        ...

    def set_cursor(self, name: str, value: int) -> None:
        """Keep a cursor."""
        ...

    def add_checkpoint(self, stored: StoredCheckpoint) -> None:
        """Keep a checkpoint; where one of this size is there already, that one stays."""
        ...

    def set_snapshot(self, name: str, stored: StoredSnapshot) -> None:
        """Keep a snapshot in the place of the one of this name."""
        ...


class Backend(View, Protocol):
    """One database."""

    name: str  # for messages: a path, or a URL without its password

    def writing(self) -> AbstractContextManager[Tables]:
        """Open a transaction: committed at its end, rolled back where anything is raised in it."""
        ...

    def view(self) -> AbstractContextManager[View]:
        """Open one moment of the whole database for reading."""
        ...

    def forget(self) -> None:
        """Leave nothing behind, in files beside the tables, of what was just erased."""
        ...

    def close(self) -> None:
        """End; may be called twice."""
        ...
