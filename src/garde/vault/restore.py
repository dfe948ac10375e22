"""Put files back: a new file, verified, then swapped with the damaged one in one step. Nothing is ever deleted.

Comes in: paths. Goes out: `Restored` or `Failed`, one per path, as the iterator is consumed. The pre-image is cloned or
copied into a new inode, so that a handle the attacker still holds writes into the evidence and not into the file. The
damaged file goes to evidence. Asking twice changes nothing the second time; after kill -9 ask again.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from garde.clock import Clock
from garde.vault.capture import Capture, open_readable
from garde.vault.index import FileRow, Index, Version
from garde.vault.kernel import EXCHANGE, NOREPLACE, open_strict, rename
from garde.vault.metadata import has_metadata, put_directory_metadata, put_metadata
from garde.vault.names import SIDE_PREFIX, is_own, is_plain, name_of, parent_of
from garde.vault.places import Places
from garde.vault.records import Captured, Failed, How, Outcome, Restored, RestoreItem
from garde.vault.staging import fill, new_file, same_content, sha256_of
from garde.vault.store import Store, is_full

Progress = Callable[[int, int], None]  # (done, total; 0: unknown)
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY
_CANNOT_EXCHANGE: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


class _RefusedError(Exception):
    """This file cannot be put back; the message is the reason."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What will be put where."""

    item: RestoreItem
    row: FileRow
    version: Version
    older: bool  # a newer healthy version exists, without content
    store: Store


@dataclass(frozen=True, slots=True)
class _Staged:
    """The new file, waiting under a name of its own in a directory that can rename onto the target."""

    directory: int
    name: bytes
    verified: bool
    notes: tuple[str, ...]


class Restore:
    """Used by the one writer."""

    def __init__(self, index: Index, places: Places, capture: Capture, clock: Clock) -> None:
        self._index = index
        self._places = places
        self._capture = capture
        self._clock = clock

    def run(
        self, items: Iterable[RestoreItem], *, dry_run: bool, progress: Progress | None
    ) -> Iterator[Restored | Failed]:
        """Put the items back one by one."""
        total = len(items) if isinstance(items, list | tuple) else 0
        for done, item in enumerate(items, 1):
            yield self.one(item, dry_run=dry_run)
            if progress is not None:
                progress(done, total)

    def one(self, item: RestoreItem, *, dry_run: bool = False) -> Restored | Failed:
        """Put one file back, trying older healthy versions where the newest cannot be read or fails its hash."""
        try:
            if is_own(item.path) or not is_plain(item.path):
                raise _RefusedError("not a path of a guarded file")
            row = self._row_of(item.path)
            kept = self._stays(item) if item.may_stay and not dry_run else None
            return kept or self._first_that_works(item, row, self._candidates(item, row), dry_run=dry_run)
        except _RefusedError as error:
            return Failed(item.path, str(error))
        except OSError as error:
            return Failed(item.path, "disk full" if is_full(error) else (error.strerror or str(error)))

    # --- choosing ----------------------------------------------------------------------------------------------

    def _row_of(self, path: bytes) -> FileRow:
        """By name, else by the name it was moved to since."""
        row = self._index.row(path)
        if row is None or row.newest is None:
            row = self._index.row(self._index.name_after(path)) or row
        if row is None:
            raise _RefusedError("not known")
        return row

    def _stays(self, item: RestoreItem) -> Restored | None:
        """Leave a file that is sound, and of which nothing from before is known: a busy colleague's own, say."""
        row = self._index.row(item.path)
        if row is None or item.damaged_at or any(self._is_before(item, it) for it in self._index.versions_of(row.id)):
            return None
        judged = self._capture.capture(item.path)  # as it is now
        version = self._index.version(judged.version) if isinstance(judged, Captured) else None
        if version is None:
            return None
        verified = bool(version.sha256)
        return Restored(item.path, Outcome.UNCHANGED, version.id, version.captured_at, verified, older=False)

    @staticmethod
    def _is_before(item: RestoreItem, version: Version) -> bool:
        return item.before_time is None or version.captured_at <= item.before_time

    def _candidates(self, item: RestoreItem, row: FileRow) -> list[Version]:
        versions = [version for version in self._index.versions_of(row.id) if self._is_before(item, version)]
        if not versions:
            raise _RefusedError("no healthy version" + (" from before the attack" if item.before_time else ""))
        kept = [version for version in versions if version.how != How.NONE]
        if not kept:
            raise _RefusedError("fingerprint only: take it from the backup")
        return kept

    def _first_that_works(
        self, item: RestoreItem, row: FileRow, versions: list[Version], *, dry_run: bool
    ) -> Restored | Failed:
        reasons: list[str] = []
        for version in versions:
            store = self._places.by_number(version.store)
            if store is None:
                reasons.append("its store cannot be opened")
                continue
            plan = _Plan(item, row, version, version.id != row.newest and item.before_time is None, store)
            try:
                return self._put_back(plan, dry_run=dry_run)
            except _BadObjectError as error:
                reasons.append(str(error))
        raise _RefusedError("; ".join(reasons))

    # --- doing -------------------------------------------------------------------------------------------------

    def _put_back(self, plan: _Plan, *, dry_run: bool) -> Restored:
        path, name = plan.item.path, name_of(plan.item.path)
        source = self._open_object(plan)
        try:
            if self._is_as_before(plan, source):
                verified = source is None or self._verify(plan, source)
                moved = () if dry_run else self._set_aside_copy(plan)
                return self._say(plan, Outcome.UNCHANGED, verified, moved, ())
            if dry_run:
                _check_target(path)
                return self._say(plan, Outcome.WOULD_RESTORE, bool(plan.version.sha256), (), ())
            parent = self._open_parent(parent_of(path))
            try:
                staged, evidence = self._stage_and_swap(plan, source, parent, name)
            finally:
                os.close(parent)
        finally:
            if source is not None:
                os.close(source)
        self._reindex(plan)
        return self._say(plan, Outcome.RESTORED, staged.verified, evidence + self._set_aside_copy(plan), staged.notes)

    def _stage_and_swap(
        self, plan: _Plan, source: int | None, parent: int, name: bytes
    ) -> tuple[_Staged, tuple[bytes, ...]]:
        try:
            staged = self._stage(plan, source, plan.store.staging, b"")
            return staged, self._swap(plan, staged, parent, name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        # The store is on another file system or mount: no rename reaches the target from there.
        staged = self._stage(plan, source, parent, SIDE_PREFIX)
        return staged, self._swap(plan, staged, parent, name)

    def _say(
        self, plan: _Plan, outcome: Outcome, verified: bool, evidence: tuple[bytes, ...], notes: tuple[str, ...]
    ) -> Restored:
        version = plan.version
        return Restored(plan.item.path, outcome, version.id, version.captured_at, verified, plan.older, evidence, notes)

    def _open_object(self, plan: _Plan) -> int | None:
        """None for a file that was empty."""
        if plan.version.how == How.EMPTY:
            return None
        try:
            source = plan.store.open(plan.version.id)
        except OSError as error:
            raise _BadObjectError(f"pre-image: {error.strerror}") from error
        if os.fstat(source).st_size != plan.version.size:
            os.close(source)
            raise _BadObjectError("pre-image has another size than when it was taken")
        return source

    def _is_as_before(self, plan: _Plan, source: int | None) -> bool:
        try:
            current = open_readable(plan.item.path)
        except OSError:
            return False
        try:
            seen = os.fstat(current)
            if not stat.S_ISREG(seen.st_mode) or seen.st_size != plan.version.size:
                return False
            return has_metadata(current, plan.version) and (
                source is None or same_content(current, source, seen.st_size)
            )
        finally:
            os.close(current)

    def _stage(self, plan: _Plan, source: int | None, directory: int, prefix: bytes) -> _Staged:
        """Make the new file in `directory`, whole, before anything at the target is touched."""
        name, fd = new_file(directory, prefix + f"{plan.version.id:x}".encode())
        try:
            if source is not None:
                fill(fd, source)
            verified = self._verify(plan, fd)
            notes = put_metadata(fd, plan.version)
            os.fsync(fd)
        except BaseException:
            os.unlink(name, dir_fd=directory)  # our own unfinished copy
            raise
        finally:
            os.close(fd)
        return _Staged(directory, name, verified, notes)

    def _verify(self, plan: _Plan, fd: int) -> bool:
        if plan.version.how == How.EMPTY:
            return True
        wanted = plan.version.sha256
        if not wanted:
            return False
        if sha256_of(fd) != wanted:
            raise _BadObjectError("pre-image differs from its SHA-256")
        return True

    def _swap(self, plan: _Plan, staged: _Staged, parent: int, name: bytes) -> tuple[bytes, ...]:
        """Put the staged file under the name; whatever stood there goes to evidence."""
        kept: list[bytes] = []
        try:
            displaced = self._take_place(plan, staged, parent, name, kept)
        except BaseException:
            os.unlink(staged.name, dir_fd=staged.directory)  # still our own copy: the swap is the last step
            raise
        if displaced:
            kept.append(self._keep_displaced(plan, staged))
        return tuple(kept)

    def _take_place(self, plan: _Plan, staged: _Staged, parent: int, name: bytes, kept: list[bytes]) -> bool:
        """True when what stood under the name now has the staged name."""
        for _ in range(16):  # each round loses a race against someone making or removing the name
            try:
                rename(staged.directory, staged.name, parent, name, NOREPLACE)
            except FileExistsError:
                pass
            else:
                return False
            if stat.S_ISDIR(_mode_of(parent, name)):
                raise _RefusedError("a directory stands in its place")
            try:
                rename(staged.directory, staged.name, parent, name, EXCHANGE)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno not in _CANNOT_EXCHANGE:
                    raise
                kept.append(self._keep(plan.store, parent, name, plan.item.path))  # the name is free for a moment
                continue
            return True
        raise _RefusedError("the name changes all the time")

    def _keep_displaced(self, plan: _Plan, staged: _Staged) -> bytes:
        """The content at the path is right already: a full disk here must not make it a failure."""
        try:
            return self._keep(plan.store, staged.directory, staged.name, plan.item.path)
        except OSError:
            return plan.store.path + b"/staging/" + staged.name  # repair() moves it on

    def _keep(self, store: Store, directory: int, name: bytes, path: bytes) -> bytes:
        """Move a damaged file into evidence; where no rename reaches it, it stays beside under a name of our own."""
        seen = os.stat(name, dir_fd=directory, follow_symlinks=False)
        label = f"{seen.st_ino:x}-{seen.st_mtime_ns:x}"
        try:
            kept = store.to_evidence(directory, name, label)
            where = store.evidence_path(kept)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            kept = name if name.startswith(SIDE_PREFIX) else _name_beside(directory, name, label)
            where = parent_of(path) + b"/" + kept
        try:
            with self._index.batch():
                self._index.put_evidence(store.number, kept, path=path, at=self._clock.now(), moved=True, seen=seen)
        except sqlite3.OperationalError:  # the index's disk is full; repair() lists the file later
            pass
        return where

    def _set_aside_copy(self, plan: _Plan) -> tuple[bytes, ...]:
        """The encrypted copy under another name goes to evidence."""
        at = plan.item.damaged_at
        if at is None or at == plan.item.path:
            return ()
        kept = self.keep_evidence(at)
        return (kept,) if kept else ()

    def keep_evidence(self, path: bytes) -> bytes | None:
        """Move one regular file into evidence; None where it is gone, no regular file, or cannot be moved."""
        if is_own(path):
            return None
        try:
            parent = open_strict(parent_of(path), _DIRECTORY)
        except OSError:
            return None
        try:
            name = name_of(path)
            seen = os.stat(name, dir_fd=parent, follow_symlinks=False)
            store = self._places.of(path, seen.st_dev)
            if not stat.S_ISREG(seen.st_mode) or not isinstance(store, Store):
                return None
            kept = self._keep(store, parent, name, path)
        except OSError:
            return None
        finally:
            os.close(parent)
        with self._index.batch():
            self._index.forget(path, self._clock.now())
        return kept

    def _reindex(self, plan: _Plan) -> None:
        """The restored file is the live one again, and versions taken later are not trusted any more."""
        try:
            with self._index.batch():
                self._note_restored(plan, os.lstat(plan.item.path))
        except (OSError, sqlite3.OperationalError):  # replaced meanwhile, or no room: the next pass puts it right
            pass

    def _note_restored(self, plan: _Plan, seen: os.stat_result) -> None:
        path, index = plan.item.path, self._index
        if index.row(path) is None and not os.path.lexists(plan.row.path):
            index.rename_file(plan.row.path, path, self._clock.now())
        row = index.row(path)
        if row is None or row.id != plan.row.id:  # its history lives on under the new name; this name starts its own
            self._capture.capture(path)
            return
        index.put_file(path, b"", plan.store.number, seen)
        index.db.execute("UPDATE versions SET bad = 1 WHERE file = ? AND id > ?", (row.id, plan.version.id))
        index.settle_newest(row.id)

    # --- directories -------------------------------------------------------------------------------------------

    def _open_parent(self, directory: bytes) -> int:
        """Open the directory, making again what was removed of it."""
        try:
            return open_strict(directory, _DIRECTORY)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _RefusedError(_in_the_way(directory, error)) from error
        above = self._open_parent(parent_of(directory))
        try:
            return self._remake(above, directory)
        finally:
            os.close(above)

    def _remake(self, above: int, directory: bytes) -> int:
        name = name_of(directory)
        try:
            os.mkdir(name, 0o700, dir_fd=above)
        except FileExistsError:
            return os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
        fd = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
        row = self._index.find_dir(directory)
        like = os.fstat(above)
        put_directory_metadata(fd, *(row or (like.st_mode & 0o7777, like.st_uid, like.st_gid, None)))
        return fd


class _BadObjectError(Exception):
    """This version cannot be used; an older one may."""


def _name_beside(directory: int, name: bytes, label: str) -> bytes:
    new = SIDE_PREFIX + label.encode()
    rename(directory, name, directory, new, NOREPLACE)
    return new


def _mode_of(directory: int, name: bytes) -> int:
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return 0


def _check_target(path: bytes) -> None:
    try:
        if stat.S_ISDIR(os.lstat(path).st_mode):
            raise _RefusedError("a directory stands in its place")
    except OSError:
        pass


def _in_the_way(directory: bytes, error: OSError) -> str:
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return f"a link or file stands where the directory {os.fsdecode(directory)!r} was"
    return error.strerror or str(error)
