"""Every state of the hub at one point of the journal: the folds', the estate in force, and how far they have read.

Comes in: entries in order, or a snapshot of before. Goes out: the states; and what the capabilities answer to an entry.
It writes nothing. A fold that raises skips that entry, live and in a replay alike (it is deterministic), and says so by
`on_error`: a fault in one capability must never keep a report out of the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from garde import __version__
from garde.estate.canonical import from_json
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.hub.fold import Capability, Fold
from garde.journal.entry import Entry, Head
from garde.journal.hub_kinds import EstateLoaded
from garde.journal.payload import Payload
from garde.journal.store import Journal

Complain = Callable[[str, Entry, Exception], None]  # fold, entry, what it raised


class _Kept(msgspec.Struct):
    """A snapshot as it is stored. The estate is not in it: it is read again from its own entry."""

    reader: str  # which folds, of which version, made it
    estate: int  # seq of the `estate_loaded` in force; 0: none yet
    states: dict[str, msgspec.Raw]


class States:
    """Call `project` with every entry in order. Not safe to share between threads: the loop locks."""

    def __init__(self, folds: Sequence[Fold[Any]], on_error: Complain = lambda fold, entry, error: None) -> None:
        names = [fold.name for fold in folds]
        if len(set(names)) != len(names):
            raise ValueError(f"two folds have one name: {sorted(names)}")
        self.folds = tuple(folds)
        self.on_error = on_error
        self._by_kind: dict[str, tuple[Fold[Any], ...]] = {}
        self.clear()

    def clear(self) -> None:
        """Begin again, before the first entry."""
        self.at = Head(0, "")
        self.estate = Lookup(Estate(name=""))
        self.estate_seq = 0
        self._states: dict[str, Any] = {fold.name: fold.shape() for fold in self.folds}

    def __getitem__(self, name: str) -> Any:
        return self._states[name]

    # --- going forward ---

    def project(self, entry: Entry) -> None:
        """Fold one entry into every state."""
        self.at = Head(entry.seq, entry.hash)
        if isinstance(entry.payload, EstateLoaded):
            self._take_estate(entry, entry.payload)
        for fold in self._readers(entry.kind):
            try:
                self._states[fold.name] = fold.project(self._states[fold.name], entry)
            except Exception as error:
                self.on_error(fold.name, entry, error)

    def decide(self, entry: Entry) -> Iterator[Payload]:
        """Yield what the capabilities answer to an entry that has just been folded, in their order."""
        for fold in self._readers(entry.kind):
            if isinstance(fold, Capability):
                try:
                    answer = list(fold.decide(self._states[fold.name], entry, self.estate))
                except Exception as error:
                    self.on_error(fold.name, entry, error)
                    continue
                yield from answer

    def read(self, journal: Journal) -> int:
        """Fold everything in the journal that comes after; returns how many entries."""
        count = 0
        for entry in journal.entries(after=self.at.seq):
            self.project(entry)
            count += 1
        return count

    def _readers(self, kind: str) -> tuple[Fold[Any], ...]:
        found = self._by_kind.get(kind)
        if found is None:
            found = tuple(fold for fold in self.folds if not fold.kinds or kind in fold.kinds)
            self._by_kind[kind] = found
        return found

    def _take_estate(self, entry: Entry, loaded: EstateLoaded) -> None:
        if loaded.content.value is None:
            return  # erased: the one before stays in force until another is loaded
        try:
            self.estate = Lookup(from_json(loaded.content.value))
        except ValueError as error:
            self.on_error("estate", entry, error)
            return
        self.estate_seq = entry.seq

    # --- snapshots ---

    @property
    def reader(self) -> str:
        """Which folds, of which version, make these states."""
        return f"{__version__} " + " ".join(f"{fold.name}={fold.version}" for fold in self.folds)

    def encode(self) -> bytes:
        """Return a snapshot."""
        states = {name: msgspec.Raw(msgspec.json.encode(state)) for name, state in self._states.items()}
        return msgspec.json.encode(_Kept(self.reader, self.estate_seq, states))

    def restore(self, at: Head, raw: bytes, journal: Journal) -> bool:
        """Go on from a snapshot; False (and nothing changed) where it is not one of ours, or not whole."""
        try:
            kept = msgspec.json.decode(raw, type=_Kept)
            if kept.reader != self.reader:
                return False
            states = {fold.name: msgspec.json.decode(kept.states[fold.name], type=fold.shape) for fold in self.folds}
            estate = _estate_at(journal, kept.estate)
        except (msgspec.MsgspecError, KeyError, ValueError, StopIteration, TypeError):
            return False
        self._states, self.estate, self.estate_seq, self.at = states, estate, kept.estate, at
        return True


def _estate_at(journal: Journal, seq: int) -> Lookup:
    if not seq:
        return Lookup(Estate(name=""))
    entry = next(journal.entries(after=seq - 1, kinds=("estate_loaded",)))
    if entry.seq != seq or not isinstance(entry.payload, EstateLoaded) or entry.payload.content.value is None:
        raise ValueError(f"entry {seq} holds no estate")
    return Lookup(from_json(entry.payload.content.value))
