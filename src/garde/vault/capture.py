"""Keep a healthy version of one file: clone first, judge the clone, then promote it or keep it as evidence.

Comes in: a path (and the sensor's key of the file), or an open file from the first pass. Goes out: `Captured`,
`Damaged` or `Skipped`. What is judged is what is kept: the file may change again at any moment, its clone does not. A
version judged damaged never becomes the newest healthy one. It decides nothing about who did it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Final

from garde.clock import Clock
from garde.content import (
    Before,
    Bytes,
    Comparison,
    FileBytes,
    MemoryBytes,
    Structure,
    check_structure,
    compare,
    fingerprint,
    sniff,
    whole,
)
from garde.model.finding import Skipped
from garde.settings import VaultSettings
from garde.vault.copies import Copies, TooLargeError
from garde.vault.freeze import RetentionFreeze
from garde.vault.index import FileRow, Index, Version
from garde.vault.kernel import CANNOT_CLONE, open_strict
from garde.vault.metadata import read_xattrs
from garde.vault.names import is_own
from garde.vault.places import Places
from garde.vault.records import HAS_OBJECT, Captured, Compared, Damaged, How
from garde.vault.retention import surplus
from garde.vault.store import OpenFile, Store

DISK_FULL: Final = "disk full: the vault stops keeping versions until there is room"
# O_NONBLOCK: opening a FIFO must not wait for a writer. O_NOCTTY: nor may a terminal become ours.
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY

CaptureOutcome = Captured | Damaged | Skipped


@dataclass(frozen=True, slots=True)
class _Subject:
    """The live file, open, and its stat from before anything was read."""

    path: bytes
    fid: bytes
    source: int
    seen: os.stat_result
    store: Store


@dataclass(frozen=True, slots=True)
class _Taken:
    """Content kept, not yet promised in the index."""

    number: int
    how: How
    file: OpenFile  # what is judged: the object, or the live file where nothing could be kept
    content: Bytes  # the same; read once and in memory where it is small
    allocated: int = 0


class Capture:
    """The writer's hand: one process, one thread."""

    def __init__(
        self,
        index: Index,
        places: Places,
        copies: Copies,
        settings: VaultSettings,
        *,
        clock: Clock,
        ignore: Callable[[bytes], bool],
        before: Callable[[Version], AbstractContextManager[Before]],
        freeze: RetentionFreeze,
        hashed: Callable[[bytes, bytes], None],
    ) -> None:
        """`hashed` is told path and SHA-256 of what is hashed as it is kept."""
        self._freeze = freeze
        self._hashed = hashed
        self._index = index
        self._places = places
        self._copies = copies
        self._settings = settings
        self._clock = clock
        self._ignore = ignore
        self._before = before
        self._next = index.next_version()
        self._fresh: list[tuple[Store, int]] = []  # objects made in the open transaction
        self._unnamed: list[Version] = []  # dropped in the open transaction: their objects go after the commit

    # --- entries -----------------------------------------------------------------------------------------------

    def capture(
        self, path: bytes, fid: bytes = b"", *, accept: bool = False, compared: Compared | None = None
    ) -> CaptureOutcome:
        """Look at the file at `path` and keep it if it is healthy. `accept`: keep it whatever it looks like.

        `compared` spares the comparison where the file is still what somebody else found sound.
        """
        if is_own(path) or self._ignore(path):
            return Skipped(os.fsdecode(path), "part of the vault, or excluded")
        try:
            source = open_readable(path)
        except OSError as error:
            return Skipped(os.fsdecode(path), error.strerror or str(error))
        try:
            return self.capture_open(path, fid, source, accept=accept, compared=compared)
        finally:
            os.close(source)

    def capture_open(
        self,
        path: bytes,
        fid: bytes,
        source: int,
        *,
        accept: bool = False,
        first_pass: bool = False,
        compared: Compared | None = None,
    ) -> CaptureOutcome:
        """The same with the file already open. `first_pass`: copies wait, and so do deep structure checks."""
        outer = self._index.is_open()
        try:
            with self._index.batch():
                outcome = self._capture(path, fid, source, compared, accept=accept, first_pass=first_pass)
        except sqlite3.OperationalError as error:  # the index's own disk is full
            self.after_rollback()
            return Skipped(os.fsdecode(path), f"the index cannot be written: {error}")
        if not outer:
            self.after_commit()
        return outcome

    def after_commit(self) -> None:
        """Remove the objects that the transaction just committed no longer names."""
        unnamed, self._unnamed = self._unnamed, []
        self._fresh.clear()
        for version in unnamed:
            store = self._places.by_number(version.store)
            if store is not None:
                store.drop(version.id)

    def after_rollback(self) -> None:
        """Remove the objects that the transaction just undone would have named."""
        fresh, self._fresh = self._fresh, []
        self._unnamed.clear()
        self._copies.recount()
        for store, number in fresh:
            store.drop(number)

    # --- steps -------------------------------------------------------------------------------------------------

    def _capture(
        self, path: bytes, fid: bytes, source: int, compared: Compared | None, *, accept: bool, first_pass: bool
    ) -> CaptureOutcome:
        seen = os.fstat(source)
        if not stat.S_ISREG(seen.st_mode):
            return Skipped(os.fsdecode(path), "not a regular file")
        store = self._places.of(path, seen.st_dev)
        if isinstance(store, Skipped):
            return self._skip(path, 0, store.reason)
        file = _Subject(path, fid, source, seen, store)
        row = self._row_of(file)
        newest = self._index.version(row.newest) if row is not None and row.newest else None
        if row is not None and newest is not None and is_as_seen(row, seen) and (first_pass or newest.how != How.NONE):
            return Captured(path, newest.id, False, How(newest.how))
        taken = self._take(file, first_pass=first_pass)
        if isinstance(taken, Skipped):
            return taken
        before = newest or self._predecessor(path)
        comparison = None if before is None else self._compare(before, taken, compared)
        return self._decide(file, taken, before, comparison, accept=accept, deep=not first_pass)

    def _row_of(self, file: _Subject) -> FileRow | None:
        """The row by name; else the row of the same file under a name it no longer has (a rename not heard of)."""
        row = self._index.row(file.path)
        if row is not None:
            return row
        moved = next((item for item in self._namesakes(file) if not _still_there(item.path, file.seen)), None)
        if moved is None:
            return None
        self._index.rename_file(moved.path, file.path, self._clock.now())
        return self._index.row(file.path)

    def _namesakes(self, file: _Subject) -> list[FileRow]:
        found = self._index.row_by_fid(file.fid) if file.fid else None
        if found is not None:
            return [found]
        seen = file.seen
        # Inode numbers are used again at once (ext4): only size and mtime together make it the same file.
        rows = self._index.rows_by_ino(file.store.number, seen.st_ino)
        return [row for row in rows if (row.size, row.mtime_ns) == (seen.st_size, seen.st_mtime_ns)]

    def _predecessor(self, path: bytes) -> Version | None:
        """A name used again after its file was moved away is judged against that file (how editors save)."""
        known = self._index.find(path)
        return None if known is None else self._index.version(known.version)

    def _take(self, file: _Subject, *, first_pass: bool) -> _Taken | Skipped:
        number, self._next = self._next, self._next + 1
        if file.seen.st_size == 0:
            return _live(number, How.EMPTY, file)
        if self._copies.is_low(file.store):
            return self._skip(file.path, file.store.number, DISK_FULL)
        self._fresh.append((file.store, number))
        try:
            if file.store.reflink:
                clone = OpenFile(file.store.clone(number, file.source))
                return _Taken(number, How.CLONE, clone, clone if first_pass else whole(clone))
        except OSError as error:
            if error.errno not in CANNOT_CLONE:
                return self._refuse(file, error)
        live = _live(number, How.NONE, file)
        return live if first_pass else self._take_copy(file, live)

    def _take_copy(self, file: _Subject, live: _Taken) -> _Taken | Skipped:
        """A full copy where budget and size allow, else the live file itself: it can be judged, not kept."""
        if not self._copies.has_budget(file.store, file.seen.st_blocks * 512):
            return live
        try:
            copied = self._copies.make(file.store, live.number, file.source, file.seen)
        except TooLargeError:
            return live
        except OSError as error:
            return self._refuse(file, error)
        if copied is None:
            return Skipped(os.fsdecode(file.path), "changed while it was copied")
        return _Taken(live.number, How.COPY, copied.file, whole(copied.file), copied.allocated)

    def _refuse(self, file: _Subject, error: OSError) -> Skipped:
        full = self._copies.was_refused(file.store, error)
        return self._skip(file.path, file.store.number, DISK_FULL if full else error.strerror or str(error))

    def _skip(self, path: bytes, store: int, why: str) -> Skipped:
        self._index.put_skipped(path, store, why)
        return Skipped(os.fsdecode(path), why)

    # --- deciding ----------------------------------------------------------------------------------------------

    def _decide(
        self,
        file: _Subject,
        taken: _Taken,
        newest: Version | None,
        comparison: Comparison | None,
        *,
        accept: bool,
        deep: bool,
    ) -> CaptureOutcome:
        if newest is None or comparison is None:
            return self._promote(file, taken, None, deep=deep)
        if comparison.damaged and not accept:
            return self._keep_as_evidence(file, taken, comparison)
        if _says_equal(comparison, newest, taken) and self._index.row(file.path) is not None:
            return self._refresh(file, taken, newest)
        return self._promote(file, taken, comparison, deep=deep)

    def _compare(self, newest: Version, taken: _Taken, compared: Compared | None) -> Comparison | None:
        """None when nothing is left to compare with: the pre-image is lost, and there was no fingerprint."""
        if compared is not None and compared.is_of(newest.id, taken.content):
            return compared.comparison
        with self._before(newest) as before:
            known = before.data is not None or before.fingerprint is not None
            return compare(before, taken.content) if known else None

    def _promote(self, file: _Subject, taken: _Taken, comparison: Comparison | None, *, deep: bool) -> Captured:
        number = self._index.put_file(file.path, file.fid, file.store.number, file.seen)
        version = self._describe(number, file, taken, comparison, deep=deep)
        self._index.put_version(version)
        if comparison is not None:
            self._prune(number)
        return Captured(file.path, version.id, True, taken.how)

    def _describe(
        self, number: int, file: _Subject, taken: _Taken, comparison: Comparison | None, *, deep: bool
    ) -> Version:
        data = taken.content
        # The head of the live file is often in memory, that of its clone never (60 µs): where nothing is judged,
        # it will do.
        kind = comparison.kind_after if comparison else sniff(data if deep else FileBytes(file.source))
        structure = comparison.structure_after if comparison else Structure.UNCHECKED
        if deep and structure is Structure.UNCHECKED:
            structure, _ = check_structure(data, kind)
        digest = _digest(taken)
        if digest is not None:
            self._hashed(file.path, digest)
        seen = file.seen
        return Version(
            id=taken.number,
            file=number,
            store=file.store.number,
            how=taken.how,
            captured_at=self._clock.now(),
            size=data.size,
            mtime_ns=seen.st_mtime_ns,
            mode=stat.S_IMODE(seen.st_mode),
            uid=seen.st_uid,
            gid=seen.st_gid,
            xattrs=read_xattrs(file.source),
            kind=kind,
            structure=structure.value,
            sha256=digest,
            allocated=taken.allocated,
            fingerprint=None if taken.how in {How.CLONE, How.EMPTY} else fingerprint(data),
        )

    def _prune(self, number: int) -> None:
        """Count rule at once (a log saved every second must not wait for the hour); days are left to retention."""
        versions = self._index.versions_of(number)
        drop = set(surplus(versions, self._clock.now(), replace(self._settings, keep_days=10**6)))
        # A fingerprint alone is of no use once a newer version has one.
        drop |= {item.id for item in versions[1:] if item.how == How.NONE}
        if drop and (frozen := self._freeze.since()):
            drop -= {item.id for item in versions if item.captured_at <= frozen}
        self._index.drop_versions(sorted(drop))
        for item in versions:
            if item.id in drop:
                self._copies.dropped(item.store, item.allocated)
                self._unnamed.append(item)

    def _refresh(self, file: _Subject, taken: _Taken, newest: Version) -> Captured:
        """Same content: only owner, mode, times or attributes changed. A new version would push out the history."""
        self._discard(file, taken)
        self._index.put_file(file.path, file.fid, file.store.number, file.seen)
        self._index.put_version_metadata(newest.id, file.seen, read_xattrs(file.source))
        return Captured(file.path, newest.id, False, How(newest.how))

    def _discard(self, file: _Subject, taken: _Taken) -> None:
        if taken.how in HAS_OBJECT:
            file.store.drop(taken.number)
        if taken.how is How.COPY:
            self._copies.dropped(file.store.number, taken.allocated)

    def _keep_as_evidence(self, file: _Subject, taken: _Taken, comparison: Comparison) -> Damaged:
        """Keep a clone of the damaged state, once. A full copy is not kept: the damaged file itself is still there."""
        known = self._index.find(file.path)
        assert known is not None
        name = self._index.has_evidence(file.path, file.seen)
        if name is None and taken.how is How.CLONE:
            name = file.store.object_to_evidence(taken.number, f"clone-{taken.number:x}")
            self._index.put_evidence(
                file.store.number, name, path=file.path, at=self._clock.now(), moved=False, seen=file.seen
            )
        else:
            self._discard(file, taken)
        return Damaged(file.path, comparison, file.store.evidence_path(name) if name else None, known)

    # --- copies that waited for the first pass -------------------------------------------------------------------

    def copy_waiting(self, version: Version, path: bytes) -> bool | None:
        """Give a fingerprint-only version its copy, if the file is still the one fingerprinted; None: no room left."""
        store = self._places.by_number(version.store)
        row = self._index.row(path)
        if store is None or row is None or row.newest != version.id:
            return False
        try:
            source = open_readable(path)
        except OSError:
            return False
        try:
            seen = os.fstat(source)
            if is_as_seen(row, seen):
                return self._copy_open(version, _Subject(path, b"", source, seen, store))
            outcome = self.capture_open(path, b"", source)
            return isinstance(outcome, Captured) and outcome.how is How.COPY
        finally:
            os.close(source)

    def _copy_open(self, version: Version, file: _Subject) -> bool | None:
        size = file.seen.st_blocks * 512
        if size > self._copies.limit:
            return False
        if self._copies.is_low(file.store) or not self._copies.has_budget(file.store, size):
            return None
        self._fresh.append((file.store, version.id))
        try:
            copied = self._copies.make(file.store, version.id, file.source, file.seen)
        except TooLargeError:
            return False
        except OSError as error:
            return None if self._copies.was_refused(file.store, error) else False
        if copied is not None:
            self._index.put_copy(version.id, copied.allocated)
        return copied is not None


def _live(number: int, how: How, file: _Subject) -> _Taken:
    """Nothing is kept: what is judged is the live file, which may change meanwhile."""
    opened = OpenFile(os.dup(file.source))
    return _Taken(number, how, opened, opened)


def _digest(taken: _Taken) -> bytes | None:
    """SHA-256 of an object that is in memory anyway; None: it is hashed in idle time, or is no object."""
    content = taken.content
    if taken.how not in HAS_OBJECT or not isinstance(content, MemoryBytes) or content.size != taken.file.size:
        return None
    return hashlib.sha256(content.content).digest()


def open_readable(path: bytes, directory: int | None = None) -> int:
    """Open for reading: no links followed, no wait on a FIFO, access time untouched where that is ours to ask."""
    try:
        return _open(path, _READ | os.O_NOATIME, directory)
    except PermissionError:
        return _open(path, _READ, directory)


def _open(path: bytes, flags: int, directory: int | None) -> int:
    if directory is None:
        return open_strict(path, flags)
    return os.open(path, flags | os.O_NOFOLLOW, dir_fd=directory)  # one name in an open directory: nothing to follow


def is_as_seen(row: FileRow, seen: os.stat_result) -> bool:
    """True when nothing changed since the last look. ctime is part of it: whoever sets mtime back cannot set ctime."""
    last = (row.ino, row.size, row.mtime_ns, row.ctime_ns)
    return row.gone is None and last == (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


def _still_there(path: bytes, seen: os.stat_result) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (seen.st_dev, seen.st_ino)


def _says_equal(comparison: Comparison, newest: Version, taken: _Taken) -> bool:
    """No byte differs, and all were looked at. A version with content replaces one with a fingerprint only."""
    same = comparison.changed == 0 and not comparison.sampled and newest.size == taken.file.size
    return same and not (newest.how == How.NONE and taken.how is not How.NONE)
