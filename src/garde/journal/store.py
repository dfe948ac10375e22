"""What a journal store promises, whoever implements it.

Comes in: payloads. Goes out: the `Journal` Protocol, and `open_journal`, which opens the default store of a state
directory. One process appends at a time in the normal case; the store must stay whole where two do (a restore by hand
beside an agent). Reading never blocks appending.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from garde.clock import Clock
from garde.journal.entry import Entry, Fault, Head
from garde.journal.kinds import Payload

if TYPE_CHECKING:
    from garde.journal.sqlite import SqliteStore

FILE_NAME = "journal.db"


class Journal(Protocol):
    """Append and read. Implementations raise `StateDamaged` where the store cannot be read, and OSError where it
    cannot be written (full disk): the caller goes on guarding and tries again."""

    def append(self, payload: Payload, at: float | None = None) -> Entry:
        """Write one entry; on return it survives the process being killed."""
        ...

    def append_all(self, payloads: Iterable[tuple[Payload, float | None]]) -> list[Entry]:
        """Write several entries, all or none."""
        ...

    def entries(self, after: int = 0, kinds: Collection[str] = ()) -> Iterator[Entry]:
        """Yield entries in order, those after `after`; of `kinds` only, where some are named. Call it again with the
        last seq to follow the tail."""
        ...

    def head(self) -> Head:
        """Return the end of the chain; seq 0 where it is empty."""
        ...

    def erase(self, refs: Iterable[str], reason: str) -> int:
        """Erase the words behind these references; an entry says how many and why. The chain still verifies."""
        ...

    def verify(self, expected: Head | None = None) -> Iterator[Fault]:
        """Yield every fault of the chain; with `expected` also whether that head is still part of it."""
        ...

    def close(self) -> None:
        """End; may be called twice."""
        ...


def journal_file(state: Path) -> Path:
    """Return where the journal of a state directory lies."""
    return state / FILE_NAME


def open_journal(
    state: Path, *, who: str = "agent", clock: Clock | None = None, read_only: bool = False
) -> SqliteStore:
    """Open (or make) the journal of a state directory."""
    from garde.journal.sqlite import SqliteStore

    return SqliteStore(journal_file(state), who=who, clock=clock, read_only=read_only)
