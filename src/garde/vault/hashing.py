"""SHA-256 of pre-images, taken in idle time, a slice at a time.

Comes in: seconds to spend. Goes out: how many versions were finished; hashes and deep structure go into the index. A
large file is continued in the next slice. It hashes the pre-images, never the live files. Small ones that are kept
after the first pass were hashed then (capture.py), for they are in memory.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from garde.clock import Clock
from garde.content import Structure, check_structure
from garde.vault.index import Index, Version
from garde.vault.places import Places
from garde.vault.store import OpenFile

if TYPE_CHECKING:
    from hashlib import _Hash

_CHUNK: Final = 1 << 20
TOO_LARGE: Final = 64 << 30  # bytes, holes counted: 1 TB of zeros would take a quarter of an hour
_WAITING: Final = "SELECT id FROM versions WHERE sha256 IS NULL AND how IN (1, 2) AND id > ? ORDER BY id LIMIT 64"


@dataclass(slots=True)
class _Work:
    version: Version
    file: OpenFile
    digest: _Hash = field(default_factory=hashlib.sha256)
    offset: int = 0


class Hashing:
    """Keeps one half-hashed file between slices."""

    def __init__(self, index: Index, places: Places, clock: Clock) -> None:
        self._index = index
        self._places = places
        self._clock = clock
        self._work: _Work | None = None
        self.wanted: frozenset[bytes] = frozenset()  # digests on the watch list
        self.matches: list[tuple[bytes, bytes]] = []  # path and digest of files that have one of them
        self._after = 0  # tried up to here in this round: one that cannot be read must not stop the rest

    def some(self, seconds: float) -> int:
        """Hash for about `seconds`; return the number of versions finished or begun: 0 when nothing is left to do."""
        until, done = self._clock.monotonic() + seconds, 0
        with self._index.batch():
            while self._clock.monotonic() < until:
                self._work = self._work or self._next()
                if self._work is None:
                    break
                done += self._go_on(self._work, until)
        return done + (self._work is not None)

    def _next(self) -> _Work | None:
        while waiting := self._index.db.execute(_WAITING, (self._after,)).fetchall():
            for (number,) in waiting:
                self._after = number
                version = self._index.version(number)
                file = self._open(version) if version else None
                if version is not None and file is not None:
                    return _Work(version, file)
        self._after = 0
        return None

    def _open(self, version: Version) -> OpenFile | None:
        store = self._places.by_number(version.store)
        try:
            return None if store is None else OpenFile(store.open(version.id))
        except OSError:
            return None

    def _go_on(self, work: _Work, until: float) -> int:
        if work.file.size > TOO_LARGE:
            return self._finish(work, b"")
        while data := os.pread(work.file.fd, _CHUNK, work.offset):
            work.digest.update(data)
            work.offset += len(data)
            if self._clock.monotonic() >= until and work.offset < work.file.size:
                return 0
        return self._finish(work, work.digest.digest())

    def _finish(self, work: _Work, digest: bytes) -> int:
        structure = Structure(work.version.structure)
        if structure is Structure.UNCHECKED:
            structure, _ = check_structure(work.file, work.version.kind)
        self._index.db.execute(
            "UPDATE versions SET sha256 = ?, structure = ? WHERE id = ?", (digest, structure.value, work.version.id)
        )
        if digest in self.wanted:
            row = self._index.db.execute("SELECT path FROM files WHERE id = ?", (work.version.file,)).fetchone()
            if row is not None:
                self.matches.append((row[0], digest))
        work.file.close()
        self._work = None
        return 1

    def hashed(self, path: bytes, digest: bytes) -> None:
        """Note a file that was hashed as it was kept, where its digest is wanted."""
        if digest in self.wanted:
            self.matches.append((path, digest))
