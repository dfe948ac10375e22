"""Which known files are damaged now: for putting back what was done while nobody watched.

Comes in: the index, trees. Goes out: `RestoreItem`s. A file is harmed when it is judged damaged against its newest
healthy version, or when it is missing while an unreadable newcomer with its stem stands in its directory. A file merely
deleted is somebody's decision, and comes only when asked for. It changes nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from garde.content import Before, compare, judge_new
from garde.vault.capture import is_as_seen, open_readable
from garde.vault.index import FileRow, Index, Version
from garde.vault.names import is_own, join, name_of, parent_of
from garde.vault.records import RestoreItem
from garde.vault.store import OpenFile


class Harm:
    """One pass over the known files of some trees; files unchanged since the last look cost one stat."""

    def __init__(self, index: Index, before: Callable[[Version], AbstractContextManager[Before]]) -> None:
        self._index = index
        self._before = before
        self._directory = b""
        self._newcomers: list[bytes] = []

    def items(self, trees: Sequence[bytes], *, missing: bool) -> Iterator[RestoreItem]:
        """Yield what to put back; `missing`: deleted files as well."""
        for tree in trees:
            after = b""
            while rows := self._index.rows_under(tree, after, gone=True):
                for row in rows:
                    item = self._judge(row, missing)
                    if item is not None:
                        yield item
                after = rows[-1].path

    def _judge(self, row: FileRow, missing: bool) -> RestoreItem | None:
        version = self._index.version(row.newest) if row.newest else None
        if version is None:
            return None
        name = self._index.name_before(row.path, version.captured_at)
        try:
            file = _open(row.path)
        except FileNotFoundError:
            newcomer = self._newcomer_for(row.path, version)
            return RestoreItem(name, damaged_at=newcomer) if newcomer or missing else None
        except OSError:
            return None
        if file is None or is_as_seen(row, os.fstat(file.fd)) or not self._is_damaged(version, file):
            return None
        return RestoreItem(name, damaged_at=row.path)

    def _is_damaged(self, version: Version, file: OpenFile) -> bool:
        with self._before(version) as before:
            return compare(before, file).damaged

    def _newcomer_for(self, path: bytes, version: Version) -> bytes | None:
        """An unreadable file that took the place of `path`: `report.docx.xyz` or `report.xyz` for `report.docx`."""
        directory, name = parent_of(path), name_of(path)
        if directory != self._directory:
            self._directory, self._newcomers = directory, _names(directory)
        stem = name.rsplit(b".", 1)[0]
        for other in self._newcomers:
            candidate = join(directory, other)
            if not other.startswith((name, stem + b".")) or other == name:
                continue
            if self._index.is_younger(candidate, version) and _is_unreadable(candidate):
                return candidate
        return None


def _open(path: bytes) -> OpenFile | None:
    file = OpenFile(open_readable(path))
    return file if stat.S_ISREG(os.fstat(file.fd).st_mode) else None


def _is_unreadable(path: bytes) -> bool:
    try:
        file = _open(path)
    except OSError:
        return False
    return file is not None and judge_new(file).unreadable


def _names(directory: bytes) -> list[bytes]:
    try:
        with os.scandir(directory) as entries:
            return [entry.name for entry in entries if not is_own(join(directory, entry.name))]
    except OSError:
        return []
