"""Index and store agree again, after kill -9 or a lost disk.

Comes in: both. Goes out: what differs (`check`), and notes on what was put right (`repair`). It throws nothing away
that could be somebody's only healthy copy: an object without a row is set aside, a file left in staging goes to
evidence. Bounded memory: one object directory (4096 names) at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from garde.clock import Clock
from garde.vault.index import Index, Version
from garde.vault.places import Places
from garde.vault.records import Agreement, How
from garde.vault.staging import same_content
from garde.vault.store import OpenFile, Store

_BITS: Final = 12


class Repair:
    """`check` looks, `repair` acts; both walk the same differences."""

    def __init__(self, index: Index, places: Places, clock: Clock) -> None:
        self._index = index
        self._places = places
        self._clock = clock

    def check(self) -> Agreement:
        """Count the differences."""
        counts = dict.fromkeys(("orphans", "missing", "wrong_size", "staged", "unlisted_evidence"), 0)
        for store in self._places.all():
            for what, _ in self._objects(store):
                counts[what] += 1
            counts["staged"] += sum(1 for _ in store.listed(store.staging))
            counts["unlisted_evidence"] += sum(1 for _ in self._unlisted(store))
        return Agreement(**counts)

    def repair(self) -> list[str]:
        """Put right what differs; return a note for each kind of difference found."""
        found = self.check()
        if found.whole:
            return []
        for store in self._places.all():
            self._clear_staging(store)
            self._settle_objects(store)
            with self._index.batch():
                for name in list(self._unlisted(store)):
                    seen = os.stat(name, dir_fd=store.evidence, follow_symlinks=False)
                    self._index.put_evidence(store.number, name, path=None, at=self._clock.now(), moved=True, seen=seen)
        return _notes(found)

    # --- objects -----------------------------------------------------------------------------------------------

    def _objects(self, store: Store) -> Iterator[tuple[str, int]]:
        """(what differs, object number) for one store."""
        buckets = set(store.buckets())
        for bucket in sorted(buckets):
            yield from self._compare(store, bucket)
        rows = self._index.db.execute(
            "SELECT DISTINCT id >> ? FROM versions WHERE store = ? AND how IN (1, 2)", (_BITS, store.number)
        )
        for bucket in sorted({int(row[0]) for row in rows} - buckets):
            yield from (("missing", number) for number in sorted(self._wanted(store, bucket)))

    def _wanted(self, store: Store, bucket: int) -> dict[int, int]:
        rows = self._index.db.execute(
            "SELECT id, size FROM versions WHERE store = ? AND how IN (1, 2) AND id >= ? AND id < ?",
            (store.number, bucket << _BITS, (bucket + 1) << _BITS),
        )
        return dict(rows.fetchall())

    def _compare(self, store: Store, bucket: int) -> Iterator[tuple[str, int]]:
        have = store.bucket(bucket)
        wanted = self._wanted(store, bucket)
        yield from (("orphans", number) for number in sorted(have.keys() - wanted.keys()))
        yield from (("missing", number) for number in sorted(wanted.keys() - have.keys()))
        both = sorted(have.keys() & wanted.keys())
        yield from (("wrong_size", number) for number in both if have[number] != wanted[number])

    def _settle_objects(self, store: Store) -> None:
        differences = list(self._objects(store))
        lost = [number for what, number in differences if what in {"missing", "wrong_size"}]
        with self._index.batch():
            for number in lost:
                self._lose(number)
        for what, number in differences:
            if what != "missing":
                store.object_to_orphans(number)

    def _lose(self, number: int) -> None:
        """The content is lost; the fingerprint, where there is one, still serves for judging."""
        version = self._index.version(number)
        if version is None:
            return
        if version.fingerprint is not None:
            self._index.db.execute("UPDATE versions SET how = ?, sha256 = NULL WHERE id = ?", (How.NONE, number))
        else:
            self._index.drop_versions([number])
            self._index.db.execute("UPDATE files SET ino = 0, why = 'pre-image lost' WHERE id = ?", (version.file,))

    # --- staging and evidence ------------------------------------------------------------------------------------

    def _clear_staging(self, store: Store) -> None:
        """Names in staging are `<version>-<n>`: our own finished copy, or the damaged file swapped out for it."""
        for name in list(store.listed(store.staging)):
            version = self._version_of(name)
            if version is not None and _is_our_copy(store, name, version):
                os.unlink(name, dir_fd=store.staging)
                continue
            seen = os.stat(name, dir_fd=store.staging, follow_symlinks=False)
            kept = store.to_evidence(store.staging, name, f"{seen.st_ino:x}-{seen.st_mtime_ns:x}")
            with self._index.batch():
                path = self._path_of(version)
                self._index.put_evidence(store.number, kept, path=path, at=self._clock.now(), moved=True, seen=seen)

    def _version_of(self, name: bytes) -> Version | None:
        try:
            return self._index.version(int(name.partition(b"-")[0], 16))
        except ValueError:
            return None

    def _path_of(self, version: Version | None) -> bytes | None:
        row = version and self._index.db.execute("SELECT path FROM files WHERE id = ?", (version.file,)).fetchone()
        return row[0] if row else None

    def _unlisted(self, store: Store) -> Iterator[bytes]:
        for name in store.listed(store.evidence):
            row = self._index.db.execute("SELECT 1 FROM evidence WHERE store = ? AND name = ?", (store.number, name))
            if row.fetchone() is None:
                yield name


def _is_our_copy(store: Store, name: bytes, version: Version) -> bool:
    """True when it holds just the pre-image's bytes. Empty or half filled it might be somebody's damaged file."""
    try:
        staged = OpenFile(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=store.staging))
        if version.how == How.EMPTY:
            return staged.size == 0
        kept = OpenFile(store.open(version.id))
    except OSError:
        return False
    return staged.size == kept.size and same_content(staged.fd, kept.fd, kept.size)


def _notes(found: Agreement) -> list[str]:
    words = (
        (found.orphans, "objects without a row, set aside in orphans"),
        (found.missing, "pre-images missing from the store"),
        (found.wrong_size, "pre-images of the wrong size, set aside in orphans"),
        (found.staged, "files left in staging by an interrupted restore"),
        (found.unlisted_evidence, "files in evidence that no row named"),
    )
    return [f"{number} {text}" for number, text in words if number]
