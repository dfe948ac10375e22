"""Which versions go: the number kept, the days kept, and one at least a day old that always stays.

Comes in: versions of one file, settings, the retention clock. Goes out: rows and objects removed, all of them our own
clones and copies. It never removes the newest version of a file that exists, nor a damaged file that a restore moved
into evidence.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from garde.clock import Clock
from garde.settings import VaultSettings
from garde.vault.freeze import RetentionFreeze
from garde.vault.index import Index
from garde.vault.places import Places
from garde.vault.records import How

DAY: Final = 86_400.0
_STEP: Final = 500  # files a transaction


class Aged(Protocol):
    """What the rule needs to know of a version."""

    @property
    def id(self) -> int: ...
    @property
    def captured_at(self) -> float: ...
    @property
    def how(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Dropped:
    """What one retention pass removed."""

    versions: int
    files: int  # deleted files whose time is over
    clones: int  # clones of damaged files


def surplus(versions: Sequence[Aged], now: float, settings: VaultSettings) -> list[int]:
    """Return the numbers of versions (given newest first) that need not stay.

    The newest stays, and the newest with content (How.NONE is a fingerprint). Of the others, those beyond the count or
    the days go — but the newest one at least 24 hours old always stays: whoever rewrites a file many times in one night
    cannot push out yesterday's.
    """
    day_old = next((item.id for item in versions if item.captured_at <= now - DAY), None)
    restorable = next((item.id for item in versions if item.how != How.NONE), None)
    return [
        item.id
        for rank, item in enumerate(versions)
        if rank > 0
        and item.id not in {day_old, restorable}
        and (rank >= settings.versions or item.captured_at < now - settings.keep_days * DAY)
    ]


class Retention:
    """One pass over the index, in small transactions."""

    def __init__(
        self, index: Index, places: Places, settings: VaultSettings, clock: Clock, freeze: RetentionFreeze
    ) -> None:
        self._index = index
        self._freeze = freeze
        self._places = places
        self._settings = settings
        self._clock = clock
        self._last = clock.monotonic()
        self._started = False

    def now(self) -> float:
        """The retention clock: wall time, but it advances by the time really run, plus a day at most for each start.

        A wall clock set a year ahead would otherwise drop every older version at once.
        """
        ticks, wall = self._clock.monotonic(), self._clock.now()
        before = float(self._index.meta("retention_clock", wall))
        allowed = ticks - self._last + (0.0 if self._started else DAY)
        self._last, self._started = ticks, True
        moved = max(before, min(wall, before + allowed))
        with self._index.batch():
            self._index.set_meta("retention_clock", moved)
        return min(moved, wall)

    def run(self) -> Dropped:
        """Drop what need not stay; nothing while retention is frozen."""
        now = self.now()
        if self._freeze.since():
            return Dropped(0, 0, 0)
        limit = now - self._settings.keep_days * DAY
        files = self._drop_gone(limit)
        versions = self._drop_surplus(now)
        clones = self._drop_clones(limit)
        self._drop_bad(limit)
        with self._index.batch():
            self._index.db.execute("DELETE FROM moves WHERE at < ?", (limit,))
        self._drop_orphans(limit)
        return Dropped(versions, files, clones)

    def drop(self, numbers: Sequence[int]) -> None:
        """Remove versions: rows first, then objects; what a kill leaves in between, repair() sets aside."""
        if not numbers:
            return
        marks = ",".join("?" * len(numbers))
        found = self._index.db.execute(f"SELECT id, store FROM versions WHERE id IN ({marks})", numbers).fetchall()  # noqa: S608
        with self._index.batch():
            self._index.drop_versions(numbers)
        for number, store in found:
            held = self._places.by_number(store)
            if held is not None:
                held.drop(number)

    def _drop_surplus(self, now: float) -> int:
        total, after = 0, 0
        query = "SELECT file FROM versions WHERE file > ? GROUP BY file HAVING COUNT(*) > 1 ORDER BY file LIMIT ?"
        while files := [row[0] for row in self._index.db.execute(query, (after, _STEP))]:
            drop = [number for file in files for number in surplus(self._index.versions_of(file), now, self._settings)]
            for start in range(0, len(drop), _STEP):
                self.drop(drop[start : start + _STEP])
            total, after = total + len(drop), files[-1]
        return total

    def _drop_gone(self, limit: float) -> int:
        total = 0
        query = "SELECT id FROM files WHERE gone < ? LIMIT ?"
        while files := self._index.db.execute(query, (limit, _STEP)).fetchall():
            marks = ",".join("?" * len(files))
            ids = [row[0] for row in files]
            numbers = self._index.db.execute(f"SELECT id FROM versions WHERE file IN ({marks})", ids).fetchall()  # noqa: S608
            for start in range(0, len(numbers), _STEP):
                self.drop([row[0] for row in numbers[start : start + _STEP]])
            with self._index.batch():
                self._index.db.executemany("DELETE FROM files WHERE id = ?", files)
            total += len(files)
        return total

    def _drop_bad(self, limit: float) -> None:
        query = "SELECT id FROM versions WHERE bad AND captured_at < ? LIMIT ?"
        while found := [row[0] for row in self._index.db.execute(query, (limit, _STEP))]:
            self.drop(found)

    def _drop_clones(self, limit: float) -> int:
        query = "SELECT id, store, name FROM evidence WHERE NOT moved AND at < ? LIMIT ?"
        total = 0
        while found := self._index.db.execute(query, (limit, _STEP)).fetchall():
            with self._index.batch():
                self._index.db.executemany("DELETE FROM evidence WHERE id = ?", [row[:1] for row in found])
            for _, store, name in found:
                held = self._places.by_number(store)
                if held is not None:
                    _unlink(held.evidence, name)
            total += len(found)
        return total

    def _drop_orphans(self, limit: float) -> None:
        for store in self._places.all():
            old = [name for name in store.listed(store.orphans) if _changed_at(store.orphans, name) < limit]
            for name in old:
                _unlink(store.orphans, name)


def _changed_at(directory: int, name: bytes) -> float:
    return os.stat(name, dir_fd=directory, follow_symlinks=False).st_ctime


def _unlink(directory: int, name: bytes) -> None:
    try:
        os.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        pass
