"""Files that were written to and still have to be judged.

Comes in: writes and closes with their time. Goes out: the files whose turn has come. It looks at no file.

A closed file is due at once. A file that stays open is due `open_delay` after its first write (ransomware that keeps
its handles open never closes), and again after `dirty_seconds` without a close.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from garde.model.actor import Actor
from garde.watch.suspicion import PartyKey

OPEN_DELAY = 0.001  # seconds; FAN_MODIFY comes with the first write(2), small files are whole by then


@dataclass(slots=True)
class Dirty:
    """One file waiting for judgement. Times are monotonic seconds."""

    path: bytes
    origin: bytes  # the name under which the vault may know it (before a rename)
    fid: bytes
    actor: Actor
    party: PartyKey
    first: float
    last: float
    closed: bool
    replaced: bool = False  # it came by a rename over something
    looked: bool = False  # already judged once while open


@dataclass(slots=True)
class DirtyTable:
    """All waiting files, by path."""

    dirty_seconds: float
    open_delay: float = OPEN_DELAY
    _table: dict[bytes, Dirty] = field(default_factory=dict)
    _due: list[tuple[float, int, bytes]] = field(default_factory=list)
    _count: int = 0

    def wrote(self, path: bytes, fid: bytes, actor: Actor, party: PartyKey, at: float, *, closed: bool) -> None:
        """Note a write (or a close after writing)."""
        found = self._table.get(path)
        if found is None or (fid and found.fid and fid != found.fid):  # … or another file took the name
            found = self._table[path] = Dirty(path, path, fid, actor, party, at, at, closed)
            self._wake(path, at if closed else at + self.open_delay)
            return
        found.last, found.actor, found.party = at, actor, party
        found.fid = fid or found.fid
        if closed and not found.closed:
            found.closed = True
            self._wake(path, at)
        elif found.looked and not found.closed:
            found.looked = False
            self._wake(path, at + self.dirty_seconds)

    def moved(self, old: bytes, new: bytes, fid: bytes, actor: Actor, party: PartyKey, *, at: float) -> None:
        """Note that `old` is called `new` now: judged at once, against what either name was."""
        before = self._table.pop(old, None)
        origin = before.origin if before else old
        self._table[new] = Dirty(new, origin, fid, actor, party, before.first if before else at, at, True, True)
        self._wake(new, at)

    def drop(self, path: bytes) -> Dirty | None:
        """Forget a file (deleted, or judged)."""
        return self._table.pop(path, None)

    def peek(self, path: bytes) -> Dirty | None:
        """Return the waiting item, left in place."""
        return self._table.get(path)

    def again(self, item: Dirty, after: float | None = None) -> None:
        """Keep a file for its second look, `after` seconds from its last write; as a rule when it was open for long."""
        item.looked = True
        if item.path not in self._table:
            self._table[item.path] = item
        self._wake(item.path, item.last + (self.dirty_seconds if after is None else after))

    def next_due(self) -> float | None:
        """Return when the next file is due."""
        return self._due[0][0] if self._due else None

    def pop_due(self, now: float) -> Dirty | None:
        """Return one file whose time has come, taken out of the table; None when there is none."""
        while self._due and self._due[0][0] <= now:
            _, _, path = heapq.heappop(self._due)
            item = self._table.get(path)
            if item is None:
                continue
            del self._table[path]
            return item
        return None

    def __len__(self) -> int:
        return len(self._table)

    def _wake(self, path: bytes, when: float) -> None:
        self._count += 1
        heapq.heappush(self._due, (when, self._count, path))
