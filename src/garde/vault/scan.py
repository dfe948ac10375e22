"""The first pass, and every later one: look at all files under the trees, keep what is new or changed.

Comes in: trees. Goes out: steps of a few files each, so that the one writer can serve other work in between. Memory is
bounded: one directory is read as a stream, and only names of directories wait. Files that a row already describes cost
one stat. Without shared blocks everything gets its fingerprint first, then copies follow, newest-modified first.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from garde.clock import Clock
from garde.model.finding import Skipped
from garde.vault.capture import Capture, is_as_seen, open_readable
from garde.vault.index import Index, Version
from garde.vault.kernel import open_strict
from garde.vault.metadata import read_xattrs
from garde.vault.names import is_own, join
from garde.vault.places import Places
from garde.vault.records import Captured, Damaged, How, ScanProgress

STEP: Final = 128  # files between two yields, and in one transaction: some 10 ms of work
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(slots=True)
class _Count:
    files: int = 0
    captured: int = 0
    skipped: int = 0
    copied: int = 0
    damaged: list[Damaged] = field(default_factory=list)

    def add(self, outcome: Captured | Damaged | Skipped) -> None:
        if isinstance(outcome, Captured):
            self.captured += outcome.fresh
        elif isinstance(outcome, Damaged):
            self.damaged.append(outcome)
        else:
            self.skipped += 1

    def step(self, *, done: bool = False) -> ScanProgress:
        damaged, self.damaged = tuple(self.damaged), []
        return ScanProgress(self.files, self.captured, damaged, self.skipped, self.copied, done)


class Scan:
    """One pass; `steps` is the only entry."""

    def __init__(
        self,
        index: Index,
        places: Places,
        capture: Capture,
        *,
        clock: Clock,
        ignore: Callable[[bytes], bool],
        fid_of: Callable[[bytes], bytes] | None,
    ) -> None:
        self._index = index
        self._places = places
        self._capture = capture
        self._clock = clock
        self._ignore = ignore
        self._fid_of = fid_of
        self._count = _Count()

    def steps(self, trees: Sequence[bytes]) -> Iterator[ScanProgress]:
        """Walk, then mark what has vanished, then copy what can only be copied."""
        self._count = _Count()
        for tree in trees:
            yield from self._in_steps(self._look(tree))
        for tree in trees:
            yield from self._in_steps(self._mark_gone(tree))
        yield from self._in_steps(self._copy_waiting())
        yield self._count.step(done=True)

    def _in_steps(self, work: Iterator[None]) -> Iterator[ScanProgress]:
        """Run `STEP` items of work inside one transaction, then yield outside it."""
        more = True
        while more:
            try:
                with self._index.batch():
                    more = sum(1 for _ in zip(range(STEP), work, strict=False)) == STEP
            except sqlite3.OperationalError:  # the index's own disk is full: this step is undone, the pass ends
                self._capture.after_rollback()
                self._count.skipped += 1
                return
            self._capture.after_commit()
            yield self._count.step()

    # --- walking -----------------------------------------------------------------------------------------------

    def _walk(self, tree: bytes) -> Iterator[tuple[bytes, str, int]]:
        """Yield (directory, name, descriptor of the directory) of every regular file, links never followed."""
        waiting = [tree]
        while waiting:
            directory = waiting.pop()
            try:
                fd = open_strict(directory, _DIRECTORY | os.O_NOATIME)
            except OSError:
                fd = self._open_plain(directory)
            if fd < 0:
                continue
            try:
                self._note_dir(directory, fd)
                with os.scandir(fd) as entries:
                    for entry in entries:
                        if entry.is_file(follow_symlinks=False):
                            yield directory, entry.name, fd
                        elif entry.is_dir(follow_symlinks=False):
                            self._enter(join(directory, os.fsencode(entry.name)), waiting)
            except OSError:  # the directory vanished, or the disk fails: what was read counts
                self._count.skipped += 1
            finally:
                os.close(fd)

    def _open_plain(self, directory: bytes) -> int:
        """O_NOATIME is refused for directories of other users when we are not root."""
        try:
            return open_strict(directory, _DIRECTORY)
        except OSError:
            self._count.skipped += 1
            return -1

    def _enter(self, directory: bytes, waiting: list[bytes]) -> None:
        if not is_own(directory) and not self._ignore(directory):
            waiting.append(directory)

    def _note_dir(self, directory: bytes, fd: int) -> None:
        self._index.put_dir(directory, os.fstat(fd), read_xattrs(fd))

    def _look(self, tree: bytes) -> Iterator[None]:
        for directory, name, fd in self._walk(tree):
            self._look_at(directory, name, fd)
            yield

    def _look_at(self, directory: bytes, name: str, fd: int) -> None:
        path = join(directory, os.fsencode(name))
        if is_own(path) or self._ignore(path):
            return
        self._count.files += 1
        if self._is_known(path, name, fd):
            return
        try:
            source = open_readable(os.fsencode(name), fd)
        except OSError as error:
            self._index.put_skipped(path, 0, error.strerror or str(error))
            self._count.skipped += 1
            return
        try:
            fid = self._fid_of(path) if self._fid_of else b""
            self._count.add(self._capture.capture_open(path, fid, source, first_pass=True))
        finally:
            os.close(source)

    def _is_known(self, path: bytes, name: str, fd: int) -> bool:
        row = self._index.row(path)
        if row is None or row.newest is None:
            return False
        try:
            seen = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except OSError:
            return False
        return is_as_seen(row, seen) and stat.S_ISREG(seen.st_mode)

    # --- after the walk ------------------------------------------------------------------------------------------

    def _mark_gone(self, tree: bytes) -> Iterator[None]:
        """Files deleted while nobody watched: they stay known, and restorable, until retention."""
        after = b""
        while rows := self._index.rows_under(tree, after):
            for row in rows:
                if not os.path.lexists(row.path):
                    self._index.forget(row.path, self._clock.now())
                yield
            after = rows[-1].path

    def _copy_waiting(self) -> Iterator[None]:
        """Newest-modified first: what people work on now is what a backup has not got yet."""
        last = (1 << 62, 1 << 62)
        while waiting := self._next_waiting(last):
            for version, path in waiting:
                last = (version.mtime_ns, version.id)
                copied = self._capture.copy_waiting(version, path)
                if copied is None:  # no room left
                    return
                self._count.copied += copied
                yield

    def _next_waiting(self, last: tuple[int, int]) -> list[tuple[Version, bytes]]:
        found = self._index.db.execute(
            "SELECT v.id, f.path FROM versions v JOIN files f ON f.newest = v.id WHERE v.how = ? AND f.gone IS NULL"
            " AND (v.mtime_ns, v.id) < (?, ?) ORDER BY v.mtime_ns DESC, v.id DESC LIMIT 1000",
            (How.NONE, *last),
        ).fetchall()
        versions = ((self._index.version(number), path) for number, path in found)
        return [(version, path) for version, path in versions if version is not None]
