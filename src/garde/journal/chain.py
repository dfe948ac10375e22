"""The journal itself, whatever database holds it: chain, texts, followers, cursors, checkpoints, snapshots.

Comes in: payloads. Goes out: entries. It is the one implementation of `garde.journal.store.Journal`; `sqlite.py` and
`sqlalchemy_store.py` give it their database (`backend.py`). It knows no key that signs.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from garde.clock import Clock, SystemClock, iso
from garde.errors import StateDamaged
from garde.journal import checkpoint as cp
from garde.journal.backend import FIRST_PAGE, PAGE, Backend, Stored, StoredCheckpoint, StoredSnapshot, Tables, View
from garde.journal.codec import Codec, Known
from garde.journal.entry import Entry, Fault, Head, Row, hash_of, origin, seconds
from garde.journal.follow import Follow, write_all
from garde.journal.keys import SALT, Keys
from garde.journal.kinds import NAMES, TextsErased
from garde.journal.merkle import Range, consistency_proof
from garde.journal.payload import Payload
from garde.journal.text import PREFIX, Text

LAST_TIME = 253_402_300_799.0  # the last second of the year 9999: what a stored time can say
LONGEST_WHO = 200  # characters


class ChainStore:
    """See `garde.journal.store.Journal`. Safe to share between threads."""

    def __init__(self, backend: Backend, who: str, clock: Clock | None = None) -> None:
        self.who, self.clock = who, clock or SystemClock()
        self._backend, self._codec = backend, Codec()
        self._lock = threading.RLock()
        self._writing = False
        self.keys = Keys(backend.meta("identity"), backend.meta("key"))

    # --- writing ---

    def append(self, payload: Payload, at: float | None = None) -> Entry:
        return self.append_all([(payload, at)])[0]

    def append_all(
        self,
        payloads: Iterable[tuple[Payload, float | None]],
        *,
        who: str = "",
        follow: Follow | None = None,
        cursor: tuple[str, int] | None = None,
        first: Callable[[int], None] | None = None,
    ) -> list[Entry]:
        with self._transaction() as tables:
            pen = _Pen(tables, self._codec, self.keys, self.clock, self.who)
            if first is not None:
                first(pen.head.seq)
            written = write_all(payloads, who, follow, pen.write)
            pen.end()
            if cursor is not None:
                tables.set_cursor(*cursor)
        return written

    def erase(self, refs: Iterable[str], reason: str) -> int:
        with self._transaction() as tables:
            count = tables.erase_texts(ref.removeprefix(PREFIX) for ref in refs)
            if count:
                pen = _Pen(tables, self._codec, self.keys, self.clock, self.who)
                pen.write(TextsErased(count, reason), None, "")
                pen.end()
        if count:
            self._backend.forget()
        return count

    @contextmanager
    def _transaction(self) -> Iterator[Tables]:
        with self._lock:
            if self._writing:
                raise RuntimeError("an entry's followers are returned, not appended: the transaction is open already")
            self._writing = True
            try:
                with self._backend.writing() as tables:
                    yield tables
            finally:
                self._writing = False

    # --- reading ---

    def head(self) -> Head:
        return _head(self._backend.meta("head"), self._backend.name)

    def cursor(self, name: str) -> int:
        return self._backend.cursor(name)

    def text(self, ref: str) -> bytes | None:
        """Return the words behind a reference; None where they have been erased."""
        ref = ref.removeprefix(PREFIX)
        return self._backend.words([ref]).get(ref)

    def entries(self, after: int = 0, kinds: Collection[str] = ()) -> Iterator[Entry]:
        limit = FIRST_PAGE
        while page := self._backend.page(after, kinds, limit):
            yield from self._read(page)
            if len(page) < limit:
                return
            after, limit = page[-1].seq, PAGE

    def _read(self, page: Sequence[Stored]) -> list[Entry]:
        """Return the entries of a page with their words, looked up all at once."""
        texts: dict[str, Text] = {}
        try:
            payloads = self._codec.decode_page([(stored.kind, stored.payload) for stored in page], texts)
            read = [
                Entry(seq, seconds(at), who, kind, payload, previous, digest)
                for (seq, at, who, kind, _, previous, digest), payload in zip(page, payloads, strict=True)
            ]
        except (ValueError, TypeError, RecursionError) as error:  # msgspec's errors are ValueErrors
            raise damaged(self._backend.name, f"an entry after {page[0].seq - 1} cannot be read: {error}") from error
        words = self._backend.words(texts) if texts else {}
        for ref, text in texts.items():
            text.value = words.get(ref)
        return read

    # --- checkpoints ---

    @property
    def journal(self) -> str:
        """Which journal this is: what stands as `previous` in its first entry."""
        return origin(self.keys.identity)

    def checkpoint(self, sign: cp.Sign, at: float | None = None) -> cp.Checkpoint:
        with self._backend.view() as view:
            size = _head(view.meta("head"), self._backend.name).seq
            last = view.checkpoints(newest=1)
            if last and last[0].size == size:
                return self._checkpoint(last[0])
            tree = _extended(view, last[0] if last else None, size)
        made = cp.make(self.journal, size, tree.root(), self.clock.now() if at is None else at, sign)
        stored = StoredCheckpoint(size, made.root, iso(made.at), made.signature, bytes(tree))
        with self._transaction() as tables:
            tables.add_checkpoint(stored)
        return made

    def checkpoints(self) -> list[cp.Checkpoint]:
        return [self._checkpoint(stored) for stored in self._backend.checkpoints()]

    def _checkpoint(self, stored: StoredCheckpoint) -> cp.Checkpoint:
        return cp.stored(stored.size, stored.root, stored.at, stored.signature, self.journal)

    def consistency(self, first: int, second: int) -> tuple[str, ...]:
        if second > self.head().seq:
            raise ValueError(f"the journal has no {second} entries")
        proof = consistency_proof(lambda a, b: map(bytes.fromhex, self._backend.hashes(a, b)), first, second)
        return tuple(node.hex() for node in proof)

    # --- snapshots ---

    def snapshot_save(self, name: str, seq: int, hash: str, data: bytes) -> None:
        digest = self.keys.snapshot(name, Head(seq, hash), data)
        with self._transaction() as tables:
            tables.set_snapshot(name, StoredSnapshot(seq, hash, digest, data))

    def snapshot_load(self, name: str) -> tuple[int, str, bytes] | None:
        stored = self._backend.snapshot(name)
        if stored is None:
            return None
        wanted = self.keys.snapshot(name, Head(stored.seq, stored.hash), stored.data)
        if not secrets.compare_digest(wanted, stored.digest):
            return None
        entry = self._backend.at(stored.seq)
        if entry is None or entry.hash != stored.hash or hash_of(entry.row) != stored.hash:
            return None
        return stored.seq, stored.hash, stored.data

    # --- checking ---

    def verify(
        self,
        expected: Head | None = None,
        *,
        noted: Iterable[cp.Checkpoint] = (),
        check: cp.Check | None = None,
    ) -> Iterator[Fault]:
        from garde.journal.verify import StoreRecord, faults

        with self._backend.view() as view:
            yield from faults(StoreRecord(view, self.keys), expected=expected, noted=noted, check=check)

    @contextmanager
    def reading(self) -> Iterator[View]:
        """Open one moment of the journal as it is stored, for an export."""
        with self._backend.view() as view:
            yield view

    # --- the rest ---

    def close(self) -> None:
        with self._lock:
            self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Pen:
    """Writes entries one after the other inside one transaction."""

    def __init__(self, tables: Tables, codec: Codec, keys: Keys, clock: Clock, own: str) -> None:
        self._tables, self._codec, self._keys, self._clock, self._own = tables, codec, keys, clock, own
        self.head = _head(tables.head(), "the journal")
        self._known: Known = {}

    def write(self, payload: Payload, at: float | None, who: str) -> Entry:
        if len(who) > LONGEST_WHO or not (who or self._own).isprintable():
            raise ValueError(f"nobody is called {who[:LONGEST_WHO]!r}")
        kind = NAMES.get(type(payload))
        if kind is None:
            raise TypeError(f"{type(payload).__name__} is no kind of entry")
        row = Row(
            self.head.seq + 1,
            _moment(self._clock.now() if at is None else at),
            who or self._own,
            kind,
            self._codec.encode(payload, self._known, self._keep),
            self.head.hash,
        )
        digest = hash_of(row)
        self._tables.add_entry(Stored(*row, digest))
        self.head = Head(row.seq, digest)
        return Entry(row.seq, seconds(row.at), row.who, row.kind, payload, row.previous, digest)

    def end(self) -> None:
        self._tables.set_head(f"{self.head.seq}:{self.head.hash}".encode())

    def _keep(self, words: list[bytes]) -> Known:
        """Return the references of these words, keeping those that are new in the side table."""
        lookups = {self._keys.lookup(each): each for each in words}
        known = {lookups[lookup]: ref for lookup, ref in self._tables.find_refs(list(lookups)).items()}
        new = []
        for lookup, each in lookups.items():
            if each not in known:
                salt = secrets.token_bytes(SALT)
                known[each] = self._keys.ref(each, salt)
                new.append((known[each], lookup, salt, each))
        self._tables.add_texts(new)
        return known


def _moment(at: float) -> str:
    if not 0 <= at <= LAST_TIME:  # false for NaN as well
        raise ValueError(f"{at} is no time that an entry can have")
    return iso(at)


def _head(raw: bytes, name: str) -> Head:
    seq, _, digest = raw.decode("ascii", "replace").partition(":")
    try:
        return Head(int(seq), digest)
    except ValueError as error:
        raise damaged(name, "the head cannot be read") from error


def _extended(view: View, last: StoredCheckpoint | None, size: int) -> Range:
    """Return the range at `size`, grown from the last checkpoint's where that one is what it says it is."""
    tree = Range()
    if last is not None and last.size <= size:
        try:
            kept = Range.from_bytes(last.size, last.nodes)
        except ValueError:
            kept = tree
        tree = kept if kept.root().hex() == last.root else tree
    for digest in view.hashes(tree.size, size):
        tree.add(bytes.fromhex(digest))
    return tree


def damaged(name: str, error: object) -> StateDamaged:
    """Return the error of a journal that cannot be read."""
    return StateDamaged(f"{name}: {error}", "move it aside (keep it as evidence) and start again: a new one is made")
