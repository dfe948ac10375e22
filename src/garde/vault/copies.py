"""Full copies, where blocks cannot be shared: a budget, a size limit, and a check that the file stood still meanwhile.

Comes in: an open file and its store. Goes out: a copy, or why there is none. A copy already kept is never given up for
a new file: an attacker who writes much must not push out what others need.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from garde.settings import VaultSettings
from garde.vault.index import Index
from garde.vault.records import How
from garde.vault.store import OpenFile, Store, TooLargeError, is_full

_ROOM_CHECK: Final = 64  # captures between two looks at the free space


@dataclass(frozen=True, slots=True)
class Copied:
    """A finished copy and the bytes that it takes on the disk."""

    file: OpenFile
    allocated: int


class Copies:
    """Keeps the sums in memory, a number for each store."""

    def __init__(self, index: Index, settings: VaultSettings) -> None:
        self._index = index
        self._settings = settings
        self._used: dict[int, int] = {}
        self._until_check: dict[int, int] = {}
        self._low: dict[int, bool] = {}

    @property
    def limit(self) -> int:
        """Bytes that one copy may take."""
        return self._settings.copy_max_mb << 20

    def has_budget(self, store: Store, size: int) -> bool:
        """True when a copy of `size` bytes fits."""
        if size > self.limit:
            return False
        if store.number not in self._used:
            self._used[store.number] = copied_bytes(self._index, store.number)
        return self._used[store.number] + size <= budget_of(store, self._settings)

    def make(self, store: Store, number: int, source: int, seen: os.stat_result) -> Copied | None:
        """Copy `source` into object `number`; None: it changed meanwhile; raises OSError, TooLargeError."""
        file = OpenFile(store.copy(number, source, self.limit))
        if not _stood_still(source, seen):
            file.close()
            store.drop(number)
            return None
        allocated = os.fstat(file.fd).st_blocks * 512
        self._used[store.number] = self._used.get(store.number, 0) + allocated
        return Copied(file, allocated)

    def dropped(self, store: int, allocated: int) -> None:
        """A copy is gone."""
        if store in self._used:
            self._used[store] -= allocated

    def recount(self) -> None:
        """Take the sums from the index again."""
        self._used.clear()

    def is_low(self, store: Store) -> bool:
        """True when the disk is nearly full; looked up now and then."""
        left = self._until_check.get(store.number, 0)
        if left <= 0:
            self._low[store.number] = store.is_low()
        self._until_check[store.number] = _ROOM_CHECK if left <= 0 else left - 1
        return self._low[store.number]

    def was_refused(self, store: Store, error: OSError) -> bool:
        """True when it was for want of room; then no more is tried for a while."""
        if is_full(error):
            self._low[store.number], self._until_check[store.number] = True, _ROOM_CHECK
            return True
        return False


def budget_of(store: Store, settings: VaultSettings) -> int:
    """Bytes that full copies may take in this store."""
    return int(store.free()[1] * settings.budget_percent / 100)


def copied_bytes(index: Index, store: int) -> int:
    """Bytes that full copies take now."""
    query = "SELECT COALESCE(SUM(allocated), 0) FROM versions WHERE store = ? AND how = ?"
    return int(index.db.execute(query, (store, How.COPY)).fetchone()[0])


def _stood_still(source: int, seen: os.stat_result) -> bool:
    now = os.fstat(source)
    return (now.st_size, now.st_mtime_ns, now.st_ctime_ns) == (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


__all__ = ["Copied", "Copies", "TooLargeError", "budget_of", "copied_bytes"]
