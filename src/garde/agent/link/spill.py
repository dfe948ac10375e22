"""A small SQLite file that goes on in memory where the disk refuses: ransomware fills disks.

Comes in: a path and a schema. Goes out: `Spill.write` and `Spill.read`. A file that can't be read is moved aside, never
deleted. What it holds in memory is gone with the process, and `in_memory` says so; who owns it decides when it may go
back to the disk (`to_disk`).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from garde.private import make_private

R = TypeVar("R")
_WAIT_S = 2.0  # for another reader of the file (`garde status`)


class Spill:
    """Safe to use from several threads: one statement or transaction at a time."""

    def __init__(self, path: Path, schema: Sequence[str]) -> None:
        self._path = path
        self._schema = schema
        self._lock = threading.RLock()
        self.in_memory = False
        self.why = ""  # the disk's words, where it is in memory
        try:
            self._db = self._open_file()
        except (OSError, sqlite3.OperationalError) as error:
            self._db = self._open_memory(str(error))

    def read(self, ask: Callable[[sqlite3.Connection], R]) -> R:
        """Return what `ask` returns; it must not write."""
        with self._lock:
            return ask(self._db)

    def write(self, act: Callable[[sqlite3.Connection], R]) -> R:
        """Do `act` in one transaction. Where the disk refuses it is done once more, in memory."""
        with self._lock:
            try:
                return self._transact(act)
            except (sqlite3.OperationalError, OSError) as error:
                if self.in_memory:
                    raise
                self._to_memory(str(error))
                return self._transact(act)

    def to_disk(self, fill: Callable[[sqlite3.Connection], None]) -> bool:
        """Go back to the file: emptied, and filled anew by `fill`. False where the disk still refuses."""
        with self._lock:
            try:
                file = self._open_file()
            except (OSError, sqlite3.OperationalError):
                return False
            memory, self._db = self._db, file
            try:
                self._transact(fill)
            except (OSError, sqlite3.OperationalError):
                self._db = memory
                file.close()
                return False
            memory.close()
            self.in_memory, self.why = False, ""
            return True

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _transact(self, act: Callable[[sqlite3.Connection], R]) -> R:
        self._db.execute("begin immediate")
        try:
            result = act(self._db)
            self._db.execute("commit")
        except BaseException:
            if self._db.in_transaction:  # a full disk may have rolled it back already
                self._db.execute("rollback")
            raise
        return result

    def _to_memory(self, why: str) -> None:
        """Take along all that can still be read."""
        old, new = self._db, _connect(":memory:")
        try:
            old.backup(new)
        except sqlite3.Error:
            new = _connect(":memory:")
            self._prepare(new)
        try:
            old.close()
        except sqlite3.Error:
            pass
        self._db, self.in_memory, self.why = new, True, why

    def _open_memory(self, why: str) -> sqlite3.Connection:
        db = _connect(":memory:")
        self._prepare(db)
        self.in_memory, self.why = True, why
        return db

    def _open_file(self) -> sqlite3.Connection:
        make_private(self._path)
        try:
            return self._open_whole()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # no database, or a damaged one
            for ending in ("", "-wal", "-shm"):
                part = self._path.with_name(self._path.name + ending)
                if part.exists():
                    part.replace(part.with_name(part.name + ".damaged"))
            make_private(self._path)
            return self._open_whole()

    def _open_whole(self) -> sqlite3.Connection:
        db = _connect(str(self._path))
        try:
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
            if db.execute("pragma quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("it is damaged")
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("begin immediate")
        for statement in self._schema:
            db.execute(statement)
        db.execute("commit")


def _connect(name: str) -> sqlite3.Connection:
    return sqlite3.connect(name, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
