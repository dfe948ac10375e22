"""Garde's own pre-images: every moment since the first of them is a restore point.

Comes in: the agent's state directory (its index, read only: the keeper writes it) and the stores on the guarded file
systems. Goes out: what `base.Store` says. One point reaches from the oldest version to the newest; the full hours in
between, and any other moment (`moment.py`), are points of their own: of each file the newest healthy version from
before it. A file that is known by fingerprint only is in none of them, so what stands is replaced file by file and
never as a whole. Frozen retention is a mark that the keeper obeys (`garde.vault.freeze`).
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from garde.errors import GardeError
from garde.journal.hub_kinds import Check
from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.place import Placing
from garde.recovery.points.base import (
    MOST_PATHS,
    NAMED,
    Brought,
    Catalogue,
    Changes,
    Checked,
    Fault,
    Freezing,
    Placed,
    Point,
    Progress,
    Proof,
    Room,
    Sample,
    StoreFault,
    Thawed,
    Verified,
    Wanted,
)
from garde.recovery.points.common import Common
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.moment import at_moment
from garde.recovery.points.sampling import Listed, choose
from garde.recovery.points.scratch import held, make_scratch
from garde.recovery.points.tries import try_as
from garde.vault.freeze import RetentionFreeze
from garde.vault.index import Index, Version
from garde.vault.kernel import DISK_FULL
from garde.vault.metadata import has_metadata, put_directory_metadata, put_metadata
from garde.vault.names import below, is_own, is_plain, join, name_of, parent_of
from garde.vault.places import Places
from garde.vault.records import How
from garde.vault.staging import fill, same_content, sha256_of
from garde.vault.store import Store as Objects

ID: Final = "pre-images"
_HOUR: Final = 3600.0
_HOURS: Final = 24  # that are points of their own; before them, one for each day
_DAYS: Final = 30
_TELL_EVERY: Final = 256
_TRIED: Final = 1000  # pre-images that a stranger tries to take
_NOBODY: Final = (65534, 65534)
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW

# Of each file the newest healthy version from before a moment that has content, where the name stood then. Beside MAX()
# SQLite takes the other columns from the very row that has it.
_AT: Final = """
SELECT f.path, MAX(v.id), v.file, v.store, v.how, v.captured_at, v.size, v.mtime_ns, v.mode, v.uid, v.gid, v.xattrs,
       v.kind, v.structure, v.sha256, v.allocated, v.fingerprint FROM files f JOIN versions v ON v.file = f.id
WHERE v.captured_at <= :at AND NOT v.bad AND v.how <> 0 AND (f.gone IS NULL OR f.gone > :at)
  AND f.path > :low AND f.path < :high
GROUP BY f.id ORDER BY f.path
"""
_REACH: Final = "SELECT MIN(captured_at), MAX(captured_at), COUNT(*) FROM versions WHERE NOT bad AND how <> 0"
_BARE: Final = "SELECT COUNT(*) FROM files f JOIN versions v ON v.id = f.newest WHERE v.how = 0 AND f.gone IS NULL"


class Kept(NamedTuple):
    """One file at the moment of a point."""

    path: bytes
    version: Version


@dataclass(frozen=True, slots=True)
class _Open:
    """The index and the stores, open for reading."""

    index: Index
    places: Places

    def object(self, version: Version) -> int:
        """The open pre-image; raises OSError."""
        store = self.places.by_number(version.store)
        if store is None:
            raise FileNotFoundError(2, "its store cannot be opened")
        return store.open(version.id)

    def stores(self) -> list[Objects]:
        return self.places.all()


class VaultStore(Common):
    """The pre-images of this machine's agent."""

    def __init__(self, settings: StoreSettings, room: Room) -> None:
        super().__init__(settings, room)
        self._freeze = RetentionFreeze(room.agent)
        self._kept: tuple[str, list[Kept]] = ("", [])

    def points(self) -> tuple[Point, ...]:
        with self._opened() as vault:
            first, last, count = vault.index.db.execute(_REACH).fetchone()
        if not count:
            return ()
        # A moment within the last second would be named by digits that the index has and the name has not.
        whole = Point(id=ID, taken_at=first, paths=self._tops, until=last + 1.0)
        return (whole, *(at_moment(whole, at) for at in _moments(first, last)))

    # --- freezing ------------------------------------------------------------------------------------------------

    def freeze(self) -> Freezing:
        with self._opened() as vault:
            count = int(vault.index.db.execute(_REACH).fetchone()[2])
        fresh = not self._freeze.since()
        try:
            self._freeze.set(self._room.clock.now())
        except OSError as error:
            fault = Fault.NO_SPACE if error.errno in DISK_FULL else Fault.FAILED
            raise StoreFault(fault, f"the mark cannot be set: {error.strerror}") from error
        return Freezing(count, count if fresh else 0, "new versions are still kept")

    def is_frozen(self) -> bool:
        return self._freeze.since() > 0

    def thaw(self) -> Thawed:
        was = self.is_frozen()
        self._freeze.lift()
        return Thawed(int(was), "" if was else "it was not frozen")

    def prove_frozen(self) -> Proof:
        if not self.is_frozen():
            return Proof((), "it is not frozen")
        mark = os.fsencode(self._freeze.path)
        tried = try_as(_NOBODY, parent_of(mark), [name_of(mark)], [])
        checks = [
            Check("the mark that the keeper obeys stands", True, self.is_frozen()),
            Check("a stranger could take the mark away", False, bool(tried.renamed or tried.opened or tried.why)),
        ]
        with self._opened() as vault:
            for store in vault.stores():
                names = [b"objects/%x/%x" % (number >> 12, number) for number in islice(_numbers(store), _TRIED)]
                tried = try_as(_NOBODY, store.path, names, [b"objects"])
                harm = bool(tried.renamed or tried.opened or tried.moved or tried.why)
                checks.append(Check("a stranger could take a pre-image away", False, harm))
        return Proof(tuple(checks), "the keeper drops no version from before the freeze")

    # --- judging -------------------------------------------------------------------------------------------------

    def check(self, point: Point) -> Checked:
        """The index holds together, and every pre-image of the point lies there at its size."""
        with self._opened() as vault:
            if vault.index.db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                return Checked(Catalogue.DAMAGED, "the vault's index does not hold together")
            missing = sum(not _is_whole(vault, kept.version) for kept in self._list(point, vault))
        if missing:
            return Checked(Catalogue.DAMAGED, f"{missing:,} pre-images are missing or have another size")
        return Checked(Catalogue.WHOLE, self._bare())

    def _bare(self) -> str:
        with self._opened() as vault:
            count = vault.index.db.execute(_BARE).fetchone()[0]
        return f"{count:,} files are known by fingerprint only and are in no point" if count else ""

    def count(self, point: Point) -> tuple[int, int]:
        files = self._list(point)
        return len(files), sum(each.version.size for each in files)

    def changes(self, point: Point, before: Point) -> Changes | Skipped:
        old = {each.path: each.version for each in self._list(before)}
        new = {each.path: each.version for each in self._list(point)}
        changed = [path for path in new.keys() & old.keys() if new[path].id != old[path].id]
        added = sorted(new.keys() - old.keys())
        paths = (*sorted(changed), *added)
        size = sum(new[path].size for path in paths)
        return Changes(len(changed), len(added), len(old.keys() - new.keys()), size, paths[:MOST_PATHS])

    def sample(self, point: Point, wanted: Wanted) -> Iterator[Sample]:
        files = {each.path: each.version for each in self._list(point)}
        with self._opened() as vault:
            for each in choose([Listed(path, version.size) for path, version in files.items()], wanted):
                version = files[each.path]
                store = vault.places.by_number(version.store)
                why = _wrong(vault, version)
                at = store.object_path(version.id) if store is not None and not why else b""
                yield Sample(each.path, each.size, at, why)

    # --- bringing back -------------------------------------------------------------------------------------------

    def restore(self, point: Point, scratch: Path, progress: Progress | None = None) -> Brought:
        begun = time.monotonic()
        with self._opened() as vault:
            files = self._list(point, vault)
            copied = sum(each.version.size for each in files if not _is_shared(vault, each.version))
            make_scratch(scratch, copied)
            with held(scratch):
                bring = _Bring(vault, os.fsencode(scratch), sum(each.version.size for each in files), progress)
                for kept in files:
                    bring.one(kept)
                bring.close()
        return Brought(
            files=len(files) - bring.failed,
            bytes=bring.bytes,
            failed=bring.failed,
            seconds=time.monotonic() - begun,
            restored_to=point.taken_at,
            skipped=tuple(bring.skipped),
            detail=self._bare(),
        )

    def verify(self, point: Point, scratch: Path, progress: Progress | None = None) -> Verified:
        begun = time.monotonic()
        top = os.fsencode(scratch)
        wrong: list[Skipped] = []
        count = size = 0
        with self._opened() as vault:
            files = self._list(point, vault)
            total = sum(each.version.size for each in files)
            for count, kept in enumerate(files, 1):
                if why := _difference(vault, top + kept.path, kept.version):
                    wrong.append(Skipped(plain(kept.path), why))
                size += kept.version.size
                if progress is not None and count % _TELL_EVERY == 0:
                    progress(size, total)
        wrong += _extra(top, {each.path for each in files})
        return Verified(count, size, len(wrong), time.monotonic() - begun, tuple(wrong[:NAMED]))

    def place(self, point: Point, scratch: Path, progress: Progress | None = None) -> Placed:
        return Placing(self._room.state, self._room.clock).each(os.fsencode(scratch), self._pairs, progress)

    # --- the index -----------------------------------------------------------------------------------------------

    def _list(self, point: Point, vault: _Open | None = None) -> list[Kept]:
        if self._kept[0] != point.id:
            if vault is None:
                with self._opened() as opened:
                    return self._list(point, opened)
            self._kept = (point.id, list(self._files(point, vault)))
        return self._kept[1]

    def _files(self, point: Point, vault: _Open) -> Iterator[Kept]:
        if point.id.partition("@")[0] != ID:
            raise StoreFault(Fault.ABSENT, f"no moment {plain(point.id)}")
        moved = vault.index.db.execute("SELECT 1 FROM moves WHERE at > ? LIMIT 1", (point.taken_at,)).fetchone()
        for top in self._tops:
            low, high = below(top)
            rows = vault.index.db.execute(_AT, {"at": point.taken_at, "low": low, "high": high}).fetchall()
            for path, *columns in rows:
                name = vault.index.name_before(path, point.taken_at) if moved else path
                if is_plain(name) and not is_own(name):
                    yield Kept(name, Version(*columns))

    @contextmanager
    def _opened(self) -> Iterator[_Open]:
        if not (self._room.agent / "index.db").exists():
            raise StoreFault(Fault.ABSENT, "no agent has kept pre-images on this machine")
        index = Index(self._room.agent / "index.db", read_only=True)
        try:
            if not index.is_ready():
                raise StoreFault(Fault.ABSENT, "the vault's index is not made yet")
            places = Places(index, self._room.agent, self._tops, read_only=True)
            try:
                places.open_all()
                yield _Open(index, places)
            finally:
                places.close()
        except (sqlite3.DatabaseError, GardeError) as error:
            raise StoreFault(Fault.DAMAGED, f"the vault's index cannot be read: {plain(str(error), 200)}") from error
        finally:
            index.close()


class _Bring:
    """Makes the files of a point below the scratch place, sharing their blocks where the file system can."""

    def __init__(self, vault: _Open, scratch: bytes, total: int, progress: Progress | None) -> None:
        self._vault = vault
        self._scratch = scratch
        self._total = total
        self._progress = progress
        self._folder: tuple[bytes, int] = (b"", -1)
        self._count = self.bytes = self.failed = 0
        self.skipped: list[Skipped] = []

    def one(self, kept: Kept) -> None:
        """Bring one file; raises StoreFault where there is no room."""
        try:
            self._make(kept)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise StoreFault(Fault.NO_SPACE, f"no space left at {plain(self._scratch)}") from error
            self.failed += 1
            if len(self.skipped) < NAMED:
                self.skipped.append(Skipped(plain(kept.path), error.strerror or str(error)))
        self._count += 1
        if self._progress is not None and self._count % _TELL_EVERY == 0:
            self._progress(self.bytes, self._total)

    def close(self) -> None:
        if self._folder[1] >= 0:
            os.close(self._folder[1])
            self._folder = (b"", -1)

    def _make(self, kept: Kept) -> None:
        version = kept.version
        source = -1 if version.how == How.EMPTY else self._vault.object(version)
        try:
            target = os.open(name_of(kept.path), _NEW, 0o600, dir_fd=self._directory(parent_of(kept.path)))
            try:
                if source >= 0:
                    fill(target, source)
                put_metadata(target, version)
            finally:
                os.close(target)
        finally:
            if source >= 0:
                os.close(source)
        self.bytes += version.size

    def _directory(self, folder: bytes) -> int:
        if self._folder[0] != folder:
            self.close()
            self._folder = (folder, self._open(folder))
        return self._folder[1]

    def _open(self, folder: bytes) -> int:
        """Open the folder below the scratch place, made as the index knows it."""
        made, fd = b"", os.open(self._scratch, _DIRECTORY)
        for part in filter(None, folder.split(b"/")):
            made += b"/" + part
            try:
                os.mkdir(part, 0o700, dir_fd=fd)
                fresh = True
            except FileExistsError:
                fresh = False
            deeper = os.open(part, _DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = deeper
            if fresh:
                self._dress(fd, made)
        return fd

    def _dress(self, fd: int, folder: bytes) -> None:
        row = self._vault.index.find_dir(folder)
        if row is None:  # as it stands now, where it does
            try:
                seen = os.lstat(folder)
            except OSError:
                return
            row = (seen.st_mode, seen.st_uid, seen.st_gid, None)
        put_directory_metadata(fd, *row)


def _moments(first: float, last: float) -> list[float]:
    """The full hours of the last day, and the midnights (UTC) before them, oldest first."""
    hour = last // _HOUR * _HOUR
    hours = [hour - number * _HOUR for number in range(_HOURS)]
    day = hours[-1] // (24 * _HOUR) * 24 * _HOUR
    days = [day - number * 24 * _HOUR for number in range(_DAYS)]
    return sorted({at for at in (*hours, *days) if at > first})


def _numbers(store: Objects) -> Iterator[int]:
    for bucket in store.buckets():
        yield from store.bucket(bucket)


def _is_whole(vault: _Open, version: Version) -> bool:
    if version.how == How.EMPTY:
        return True
    try:
        fd = vault.object(version)
    except OSError:
        return False
    try:
        return os.fstat(fd).st_size == version.size
    finally:
        os.close(fd)


def _wrong(vault: _Open, version: Version) -> str:
    """Why a pre-image is not what it was when it was taken; "": it is, as far as that can be told."""
    if not _is_whole(vault, version):
        return "its pre-image is missing or has another size"
    if not version.sha256:
        return ""
    fd = vault.object(version)
    try:
        return "" if sha256_of(fd) == version.sha256 else "its pre-image differs from its SHA-256"
    except OSError as error:
        return error.strerror or "its pre-image cannot be read"
    finally:
        os.close(fd)


def _is_shared(vault: _Open, version: Version) -> bool:
    store = vault.places.by_number(version.store)
    return version.how == How.EMPTY or (store is not None and store.reflink)


def _difference(vault: _Open, path: bytes, version: Version) -> str:
    """How the brought file differs; "": it does not. The SHA-256 taken in quiet hours is the better witness."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return error.strerror or "it cannot be opened"
    try:
        if os.fstat(fd).st_size != version.size:
            return f"{os.fstat(fd).st_size:,} bytes instead of {version.size:,}"
        if version.how != How.EMPTY and not _same(vault, fd, version):
            return "other content"
        return "" if has_metadata(fd, version) else "other owner, mode, time or attributes"
    except OSError as error:
        return error.strerror or "it cannot be read"
    finally:
        os.close(fd)


def _same(vault: _Open, fd: int, version: Version) -> bool:
    if version.sha256:
        return sha256_of(fd) == version.sha256
    source = vault.object(version)
    try:
        return same_content(fd, source, version.size)
    finally:
        os.close(source)


def _extra(top: bytes, known: set[bytes]) -> list[Skipped]:
    return [
        Skipped(plain(path), "not in the point")
        for directory, _, names in os.walk(top)
        for name in names
        if (path := join(directory, name)[len(top) :]) not in known
    ]
