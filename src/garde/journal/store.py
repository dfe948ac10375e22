"""What a journal store promises, whoever implements it.

Comes in: payloads. Goes out: the `Journal` Protocol, and `open_journal`, which opens the default store of a state
directory. One process appends at a time in the normal case; the store must stay whole where two do (a restore by hand
beside an agent, two hubs on one database). Reading never blocks appending, and sees what was committed only, also from
inside `follow`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from garde.clock import Clock
from garde.journal.checkpoint import Check, Checkpoint, Sign
from garde.journal.entry import Entry, Fault, Head
from garde.journal.follow import Follow
from garde.journal.payload import Payload

if TYPE_CHECKING:
    from garde.journal.sqlite import SqliteStore

FILE_NAME = "journal.db"


class Journal(Protocol):
    """Append and read. Implementations raise `StateDamaged` where the store cannot be read, and OSError where it
    cannot be written (full disk): the caller goes on guarding and tries again."""

    def append(self, payload: Payload, at: float | None = None) -> Entry:
        """Write one entry; on return it survives the process being killed."""
        ...

    def append_all(
        self,
        payloads: Iterable[tuple[Payload, float | None]],
        *,
        who: str = "",
        follow: Follow | None = None,
        cursor: tuple[str, int] | None = None,
        first: Callable[[int], None] | None = None,
    ) -> list[Entry]:
        """Write several entries, and whatever follows from them (`garde.journal.follow`), all or none.

        `who` "" is the store's own. The cursor (name, value) is kept in the same transaction: what was read from
        elsewhere and how far is never out of step with what was written of it. `first` is called with the head's
        number before anything is written, when nobody else can write any more: the moment to read what others wrote.
        Raises ValueError or TypeError where a
        payload (or `who`, or a time) is none that could be read again, RuntimeError where what follows is none or
        comes to no end, and whatever `follow` raises; nothing is written then.
        """
        ...

    def cursor(self, name: str) -> int:
        """Return what was kept under this name; 0 where nothing was."""
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

    def checkpoint(self, sign: Sign, at: float | None = None) -> Checkpoint:
        """Sign the journal as it stands and keep the checkpoint; the newest one where nothing was added since."""
        ...

    def checkpoints(self) -> list[Checkpoint]:
        """Return the checkpoints kept, by size."""
        ...

    def consistency(self, first: int, second: int) -> tuple[str, ...]:
        """Return the proof (nodes in hex) that the tree of `second` entries begins with that of `first`.

        `garde.journal.merkle.is_consistent` checks it, with the roots of two checkpoints and no journal at hand.
        Raises ValueError where there are not so many entries.
        """
        ...

    def snapshot_save(self, name: str, seq: int, hash: str, data: bytes) -> None:
        """Keep a fold's state as it was after the entry `seq` with this hash, in the place of the one before."""
        ...

    def snapshot_load(self, name: str) -> tuple[int, str, bytes] | None:
        """Return (seq, hash, data) of what was kept; None where there is nothing, where it was changed, or where the
        chain no longer has that entry: the caller folds from the first entry then. Erasing words drops all snapshots.
        """
        ...

    def verify(
        self, expected: Head | None = None, *, noted: Iterable[Checkpoint] = (), check: Check | None = None
    ) -> Iterator[Fault]:
        """Yield every fault of the chain; with `expected` also whether that head is still part of it.

        The checkpoints kept, and those `noted` elsewhere, must be borne out by the entries, and be signed by the key
        behind `check` where it is given.
        """
        ...

    def close(self) -> None:
        """End; may be called twice."""
        ...


def journal_file(state: Path) -> Path:
    """Return where the journal of a state directory lies."""
    return state / FILE_NAME


def open_journal(
    state: Path, *, who: str = "agent", clock: Clock | None = None, read_only: bool = False, durable: bool = False
) -> SqliteStore:
    """Open (or make) the journal of a state directory; `durable` waits for the disk at each append."""
    from garde.journal.sqlite import SqliteStore

    return SqliteStore(journal_file(state), who=who, clock=clock, read_only=read_only, durable=durable)
