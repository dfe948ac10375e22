"""The journal in one SQLite file: WAL, one transaction an append.

Comes in: a path. Goes out: a `ChainStore` on it. With synchronous=NORMAL an entry survives the process being killed at
any moment; a power cut may lose the last ones, never the order or the middle. `durable` waits for the disk at each
append: for a hub, whose agents forget what it has acknowledged. Several processes may append. Readers have a connection
of their own: they never see an append half way and never wait for one.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from garde.clock import Clock
from garde.errors import NotFound, NotPermitted
from garde.journal.backend import FEW_KINDS, PAGE, Stored, StoredCheckpoint, StoredSnapshot, StoredText
from garde.journal.chain import ChainStore, damaged
from garde.journal.keys import new_meta
from garde.private import make_private

_SCHEMA = (
    "create table meta (name text primary key, value blob not null) without rowid",
    """create table entries (seq integer primary key, at text not null, who text not null, kind text not null,
        payload text not null, previous text not null, hash text not null)""",
    "create table texts (ref text primary key, lookup blob, salt blob, value blob) without rowid",
    "create index texts_lookup on texts (lookup) where lookup is not null",
)
# Added since the first version: made where a journal lacks them, read as empty where it may not be written.
_LATER = (
    "create table if not exists cursors (name text primary key, value integer not null) without rowid",
    "create index if not exists entries_kind on entries (kind)",
    """create table if not exists checkpoints (size integer primary key, root text not null, at text not null,
        signature text not null, nodes blob not null)""",
    """create table if not exists snapshots (name text primary key, seq integer not null, hash text not null,
        digest blob not null, data blob not null)""",
)
_WAIT_S = 5.0  # for the other writer, where there is one; an append takes well under a millisecond
_ASKED = 500  # values in one `in (…)`: SQLite before 3.32 takes 999


class SqliteStore(ChainStore):
    """See `garde.journal.store.Journal`."""

    def __init__(
        self,
        path: Path,
        *,
        who: str = "agent",
        clock: Clock | None = None,
        read_only: bool = False,
        durable: bool = False,
    ) -> None:
        self.path = path
        self._backend: SqliteBackend
        super().__init__(SqliteBackend(path, read_only, durable), who, clock)


class SqliteView:
    """Reading through one connection; see `garde.journal.backend.View`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def connection(self) -> sqlite3.Connection:
        """Return what is read through."""
        raise NotImplementedError

    def _all(self, sql: str, values: Iterable[Any] = ()) -> list[Any]:
        try:
            return self.connection().execute(sql, tuple(values)).fetchall()
        except sqlite3.DatabaseError as error:
            if "no such table: c" in str(error) or "no such table: snapshots" in str(error):
                return []  # a journal of the first version, opened for reading
            raise damaged(self.name, error) from error

    def meta(self, name: str) -> bytes:
        rows = self._all("select value from meta where name = ?", (name,))
        if not rows:
            raise damaged(self.name, f"{name} is missing")
        return bytes(rows[0][0])

    def page(self, after: int, kinds: Collection[str] = (), limit: int = PAGE) -> Sequence[Stored]:
        if 0 < len(kinds) <= FEW_KINDS:
            return self._page_by_kind(after, kinds, limit)
        wanted = f"and kind in ({_marks(kinds)})" if kinds else ""
        sql = f"select * from entries where seq > ? {wanted} order by seq limit ?"  # noqa: S608 - only question marks
        return [Stored._make(row) for row in self._all(sql, (after, *kinds, limit))]

    def _page_by_kind(self, after: int, kinds: Collection[str], limit: int) -> Sequence[Stored]:
        """Take the first of each kind from its index, then the first of those: an `in` would sort all there are."""
        each = "select * from (select seq from entries where kind = ? and seq > ? order by seq limit ?)"
        union = " union all ".join([each] * len(kinds))
        sql = f"select * from entries where seq in ({union}) order by seq limit ?"  # noqa: S608 - only question marks
        values = [value for kind in kinds for value in (kind, after, limit)]
        return [Stored._make(row) for row in self._all(sql, (*values, limit))]

    def at(self, seq: int) -> Stored | None:
        rows = self._all("select * from entries where seq = ?", (seq,))
        return Stored._make(rows[0]) if rows else None

    def words(self, refs: Collection[str]) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        for some in _portions(refs):
            found.update(self._all(f"select ref, value from texts where ref in ({_marks(some)})", some))  # noqa: S608
        return found

    def texts(self) -> Iterator[StoredText]:
        after = ""
        while True:
            sql = "select ref, salt, value from texts where ref > ? and value is not null order by ref limit ?"
            rows = self._all(sql, (after, PAGE))
            yield from map(StoredText._make, rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def hashes(self, after: int, last: int) -> Iterator[str]:
        while True:
            sql = "select seq, hash from entries where seq > ? and seq <= ? order by seq limit ?"
            rows = self._all(sql, (after, last, PAGE))
            yield from (digest for _, digest in rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def cursor(self, name: str) -> int:
        rows = self._all("select value from cursors where name = ?", (name,))
        return int(rows[0][0]) if rows else 0

    def checkpoints(self, newest: int = 0) -> list[StoredCheckpoint]:
        sql = "select * from checkpoints order by size desc limit ?"
        return [StoredCheckpoint._make(row) for row in self._all(sql, (newest or -1,))][::-1]

    def snapshot(self, name: str) -> StoredSnapshot | None:
        rows = self._all("select seq, hash, digest, data from snapshots where name = ?", (name,))
        return StoredSnapshot._make(rows[0]) if rows else None


class SqliteBackend(SqliteView):
    """See `garde.journal.backend.Backend`."""

    def __init__(self, path: Path, read_only: bool, durable: bool) -> None:
        super().__init__(str(path))
        self._path, self._opening = path, threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._closed = False
        if read_only:
            self.db = _open(path, "reading", durable)
            self._reader = self.db
        else:
            self.db = _open(path, "writing", durable)

    def connection(self) -> sqlite3.Connection:
        reader = self._reader
        if reader is None:
            with self._opening:
                reader = self._reader
                if reader is None:
                    if self._closed:
                        raise sqlite3.ProgrammingError("the journal is closed")
                    reader = self._reader = _open(self._path, "reading", False)
        return reader

    @contextmanager
    def writing(self) -> Iterator[SqliteTables]:
        try:
            self.db.execute("begin immediate")
            try:
                yield SqliteTables(self.db)
                self.db.execute("commit")
            except BaseException:
                if self.db.in_transaction:  # a full disk may have rolled it back already
                    self.db.execute("rollback")
                raise
        except sqlite3.OperationalError as error:  # full disk, a read-only mount, a writer that hangs: may pass
            raise OSError(f"{self.name}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise damaged(self.name, error) from error

    @contextmanager
    def view(self) -> Iterator[SqliteView]:
        db = _open(self._path, "reading", False)
        db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")  # what was edited by hand is still shown
        try:
            db.execute("begin")
            db.execute("select 1 from meta").fetchone()  # the moment is that of the first read
            yield _Moment(self.name, db)
        finally:
            db.close()

    def forget(self) -> None:
        """Write the file anew, for a page that was once split still holds words that moved to another then.

        `secure_delete` overwrites what is deleted, not those: one word of two hundred was left in one file of fifty.
        """
        try:
            self.db.execute("vacuum")
        except sqlite3.OperationalError as error:
            raise OSError(f"{self.name}: erased, but the file still holds some of the words: {error}") from error
        with suppress(sqlite3.OperationalError):  # a reader holds it: the next checkpoint overwrites it
            self.db.execute("pragma wal_checkpoint(truncate)")  # the words stood in the write-ahead log as well

    def close(self) -> None:
        with self._opening:
            self._closed = True
            if self._reader is not None:
                self._reader.close()
            self.db.close()


class _Moment(SqliteView):
    """Reading inside one transaction."""

    def __init__(self, name: str, db: sqlite3.Connection) -> None:
        super().__init__(name)
        self._db = db

    def connection(self) -> sqlite3.Connection:
        return self._db


class SqliteTables:
    """See `garde.journal.backend.Tables`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def head(self) -> bytes:
        row = self._db.execute("select value from meta where name = 'head'").fetchone()
        if row is None:
            raise sqlite3.DatabaseError("head is missing")
        return bytes(row[0])

    def set_head(self, value: bytes) -> None:
        self._db.execute("update meta set value = ? where name = 'head'", (value,))

    def add_entry(self, stored: Stored) -> None:
        self._db.execute("insert into entries values (?, ?, ?, ?, ?, ?, ?)", stored)

    def find_refs(self, lookups: Sequence[bytes]) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        for some in _portions(lookups):
            sql = f"select lookup, ref from texts where lookup in ({_marks(some)})"  # noqa: S608 - only question marks
            found.update(self._db.execute(sql, some))
        return found

    def add_texts(self, rows: Iterable[tuple[str, bytes, bytes, bytes]]) -> None:
        self._db.executemany("insert into texts values (?, ?, ?, ?)", rows)

    def erase_texts(self, refs: Iterable[str]) -> int:
        sql = "update texts set lookup = null, salt = null, value = null where ref = ? and value is not null"
        count = sum(self._db.execute(sql, (ref,)).rowcount for ref in refs)
        self._db.execute("delete from snapshots")
        return count

    def set_cursor(self, name: str, value: int) -> None:
        self._db.execute("insert or replace into cursors values (?, ?)", (name, value))

    def add_checkpoint(self, stored: StoredCheckpoint) -> None:
        self._db.execute("insert or ignore into checkpoints values (?, ?, ?, ?, ?)", stored)

    def set_snapshot(self, name: str, stored: StoredSnapshot) -> None:
        self._db.execute("insert or replace into snapshots values (?, ?, ?, ?, ?)", (name, *stored))


def _marks(values: Collection[Any]) -> str:
    return ",".join("?" * len(values))


def _portions(values: Collection[Any]) -> Iterator[list[Any]]:
    wanted = list(values)
    return (wanted[at : at + _ASKED] for at in range(0, len(wanted), _ASKED))


def _open(path: Path, what: str, durable: bool) -> sqlite3.Connection:
    """Open the file for "reading" or "writing"; it is made and brought up to date only for writing."""
    writing = what == "writing"
    try:
        if not writing and not path.exists():
            raise NotFound(f"no journal at {path}", "name the state directory with --state DIR")
        if writing:
            make_private(path)
    except PermissionError as error:
        raise NotPermitted(f"{path}: {error.strerror}", "run it as the user that runs the agent") from error
    mode = "mode=rw" if writing else "mode=ro&immutable=1" if _is_evidence(path) else "mode=ro"
    try:
        uri = f"{path.absolute().as_uri()}?{mode}"
        db = sqlite3.connect(uri, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        db.execute("pragma journal_mode = wal" if writing else "pragma query_only = on")
        db.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
        db.execute("pragma secure_delete = on")  # erased words are overwritten, not only unlinked
        if writing:
            _prepare(db)
    except sqlite3.OperationalError as error:
        raise NotPermitted(f"{path}: {error}", "run it as the user that runs the agent") from error
    except sqlite3.DatabaseError as error:
        raise damaged(path.as_posix(), error) from error
    return db


def _is_evidence(path: Path) -> bool:
    """Say whether this is a copy that nobody writes: no log beside it, in a directory that can't be written to."""
    return not path.with_name(f"{path.name}-wal").exists() and not os.access(path.parent, os.W_OK)


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("begin immediate")
    if db.execute("select 1 from sqlite_master where name = 'meta'").fetchone() is None:
        for statement in _SCHEMA:
            db.execute(statement)
        db.executemany("insert into meta values (?, ?)", list(new_meta().items()))
    for statement in _LATER:
        db.execute(statement)
    db.execute("commit")
