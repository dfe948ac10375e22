"""Does the chain still hold?

Comes in: a record: a journal as it is stored, or an export of one; checkpoints noted elsewhere, and what checks their
signatures. Goes out: `Fault`s: an entry edited, removed, moved or added, the end cut off, words of the side table
changed or taken out without an erasure, a checkpoint that is not signed by the hub or that the entries do not bear out.
Words erased on purpose are no fault. Someone who rewrites every entry *and* the head stored beside them is found by a
signed checkpoint, and by a head noted elsewhere (`expected`); someone who cuts off the end and the checkpoints with it,
only by what was noted elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from garde.journal import checkpoint as cp
from garde.journal.backend import PAGE, Stored, StoredText, View
from garde.journal.codec import Codec
from garde.journal.entry import Fault, Head, hash_of, origin
from garde.journal.keys import Keys
from garde.journal.merkle import Range


class Record(Protocol):
    """What can be checked."""

    journal: str  # what stands as `previous` in the first entry

    def pages(self) -> Iterator[Collection[Stored]]:
        """Yield all entries, in order, some at a time."""
        ...

    def end(self) -> str:
        """Return the head as it stands beside the entries: `seq:hash`."""
        ...

    def removed(self, refs: Collection[str]) -> Collection[str]:
        """Return those references whose words were taken out without an erasure."""
        ...

    def checkpoints(self) -> Iterable[cp.Checkpoint]:
        """Return the checkpoints kept with it."""
        ...

    def changed_words(self) -> Iterator[str]:
        """Yield the references whose words are not what they stand for."""
        ...


class StoreRecord:
    """A journal in its database, at one moment."""

    def __init__(self, view: View, keys: Keys) -> None:
        self._view, self._keys = view, keys
        self.journal = origin(keys.identity)

    def pages(self) -> Iterator[Collection[Stored]]:
        after = -(2**62)  # a number below every one that somebody may have made up
        while page := self._view.page(after):
            yield page
            if len(page) < PAGE:
                return
            after = page[-1].seq

    def end(self) -> str:
        return self._view.meta("head").decode("ascii", "replace")

    def removed(self, refs: Collection[str]) -> Collection[str]:
        return set(refs) - self._view.words(refs).keys()

    def checkpoints(self) -> Iterable[cp.Checkpoint]:
        for stored in self._view.checkpoints():
            yield cp.stored(stored.size, stored.root, stored.at, stored.signature, self.journal)

    def changed_words(self) -> Iterator[str]:
        return changed_words(self._keys, self._view.texts())


def changed_words(keys: Keys, texts: Iterable[StoredText]) -> Iterator[str]:
    """Yield the references that are not those of their words."""
    return (ref for ref, salt, words in texts if salt is None or keys.ref(bytes(words), bytes(salt)) != ref)


def faults(
    record: Record,
    *,
    expected: Head | None = None,
    noted: Iterable[cp.Checkpoint] = (),
    check: cp.Check | None = None,
) -> Iterator[Fault]:
    """Yield every fault: first the chain's, then the checkpoints', then the side table's.

    Without `check` no signature is looked at, and checkpoints count as far as the entries bear them out.
    """
    own, noted = list(record.checkpoints()), list(noted)
    roots = _Roots(checkpoint.size for checkpoint in (*own, *noted))
    codec = Codec()
    last = Head(0, record.journal)
    found = expected is None or expected == last
    for page in record.pages():
        yield from _page_faults(record, codec, last, page)
        for stored in page:
            roots.add(stored.hash)
            found = found or expected == Head(stored.seq, stored.hash)
        last = Head(page_last(page).seq, page_last(page).hash)
    if record.end() != f"{last.seq}:{last.hash}":
        yield Fault(last.seq + 1, "entries at the end were cut off, or added past the journal")
    if not found and expected is not None:
        yield Fault(expected.seq, "the head noted elsewhere is not part of this chain")
    for checkpoint in own:
        yield from _checkpoint_faults(checkpoint, "the checkpoint", record.journal, roots, check)
    for checkpoint in noted:
        yield from _checkpoint_faults(checkpoint, "the checkpoint noted elsewhere", record.journal, roots, check)
    yield from (Fault(0, f"the words behind {ref} were changed") for ref in record.changed_words())


def page_last(page: Collection[Stored]) -> Stored:
    """Return a page's last entry."""
    *_, last = page
    return last


def _page_faults(record: Record, codec: Codec, last: Head, page: Collection[Stored]) -> Iterator[Fault]:
    wanted: dict[str, int] = {}  # reference -> the first entry that needs it
    found: list[Fault] = []
    for stored in page:
        if stored.seq != last.seq + 1:
            found.append(Fault(stored.seq, _gap(last.seq, stored.seq)))
        elif stored.previous != last.hash:
            found.append(Fault(stored.seq, "it does not follow the entry before: one was moved, removed or replaced"))
        if not _holds(stored):
            found.append(Fault(stored.seq, "it was changed after it was written"))
        try:
            for ref in codec.refs(stored.kind, stored.payload):
                wanted.setdefault(ref, stored.seq)
        except (ValueError, TypeError, RecursionError):
            found.append(Fault(stored.seq, "it cannot be read"))
        last = Head(stored.seq, stored.hash)
    found += (Fault(wanted[ref], f"the words behind {ref} were removed") for ref in record.removed(wanted))
    yield from sorted(found, key=lambda fault: fault.seq)  # stable: what was found first of an entry is said first


def _holds(stored: Stored) -> bool:
    try:
        return hash_of(stored.row) == stored.hash
    except (ValueError, TypeError):  # parts that no entry can have: bytes, or text that is not UTF-8
        return False


def _gap(before: int, seq: int) -> str:
    if seq <= before:
        return f"it stands twice, or after entry {before}"
    if seq == before + 2:
        return f"entry {before + 1} is missing"
    return f"entries {before + 1} to {seq - 1} are missing"


def _checkpoint_faults(
    checkpoint: cp.Checkpoint, name: str, journal: str, roots: _Roots, check: cp.Check | None
) -> Iterator[Fault]:
    what = f"{name} over {checkpoint.size} entries"
    if checkpoint.journal != journal:
        yield Fault(checkpoint.size, f"{what} is one of another journal")
        return
    if check is not None and not cp.is_signed(checkpoint, check):
        yield Fault(checkpoint.size, f"{what} is not signed by this key")
    if checkpoint.size > roots.size:
        missing = checkpoint.size - roots.size
        yield Fault(roots.size + 1, f"{what} was signed, {missing} of them are missing at the end")
    elif roots.at(checkpoint.size) != checkpoint.root:
        yield Fault(checkpoint.size, f"{what} was signed over other entries: some were changed since")


class _Roots:
    """The Merkle roots at the sizes that are asked for, taken in one pass."""

    def __init__(self, sizes: Iterable[int]) -> None:
        self._tree = Range()
        self._wanted = set(sizes)
        self._roots = {0: self._tree.root().hex()}

    @property
    def size(self) -> int:
        return self._tree.size

    def add(self, digest: str) -> None:
        if not self._wanted:
            self._tree.size += 1  # nothing is compared: count only
            return
        try:
            leaf = bytes.fromhex(digest)
        except (ValueError, TypeError):
            leaf = b""  # no hash at all: said above, and no root can match
        self._tree.add(leaf)
        if self._tree.size in self._wanted:
            self._roots[self._tree.size] = self._tree.root().hex()

    def at(self, size: int) -> str:
        return self._roots.get(size, "")
