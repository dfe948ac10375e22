"""The index of known files: one SQLite file (WAL) with one writer and any number of readers.

Comes in: paths, stat figures, versions. Goes out: rows and `Known`. Nothing per file stays in memory. It opens no
guarded file and no object; who calls it keeps store and index in step (object first, then its row; row gone, then its
object).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files as resources
from pathlib import Path
from typing import Any, Final, NamedTuple

from garde.content import Structure
from garde.errors import StateDamaged
from garde.vault import trail
from garde.vault.heard_of import HeardOf
from garde.vault.names import below
from garde.vault.records import HAS_OBJECT, How, Known
from garde.vault.store import object_path

_SCHEMA: Final = 1
_ROW: Final = "SELECT id, path, fid, store, ino, size, mtime_ns, ctime_ns, newest, gone FROM files "
_FIND: Final = (
    "SELECT f.path, v.kind, v.size, v.mtime_ns, v.mode, v.uid, v.gid, f.fid, v.captured_at, v.id, v.sha256,"
    " v.structure, v.how, v.store, f.gone FROM files f JOIN versions v ON v.id = f.newest WHERE "
)
_VERSION: Final = (
    "SELECT id, file, store, how, captured_at, size, mtime_ns, mode, uid, gid, xattrs, kind, structure, sha256,"
    " allocated, fingerprint FROM versions "
)
_PUT_VERSION: Final = "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"


class FileRow(NamedTuple):
    """One known name and the live file as last looked at."""

    id: int
    path: bytes
    fid: bytes | None
    store: int
    ino: int
    size: int
    mtime_ns: int
    ctime_ns: int
    newest: int | None
    gone: float | None


class Version(NamedTuple):
    """One healthy version."""

    id: int
    file: int
    store: int
    how: int
    captured_at: float
    size: int
    mtime_ns: int
    mode: int
    uid: int
    gid: int
    xattrs: bytes | None
    kind: str
    structure: str
    sha256: bytes | None
    allocated: int
    fingerprint: bytes | None


class Index:
    """`index.db` in the state directory."""

    def __init__(self, path: Path, *, read_only: bool, heard_of: HeardOf | None = None) -> None:
        """Open. What a writer puts into `heard_of`, a reader beside it with the same need not ask for.

        A reader that is given none has an empty one, which answers "perhaps" to everything.
        """
        self._path = path
        self._read_only = read_only
        self._db: sqlite3.Connection | None = None
        self._stores: dict[int, bytes] = {}
        self._heard_of = HeardOf() if heard_of is None else heard_of
        if not read_only:
            self._db = self._open_writer()
            names = self._db.execute("SELECT path FROM files UNION ALL SELECT old FROM moves")
            self._heard_of.fill(path for (path,) in names)

    # --- opening -----------------------------------------------------------------------------------------------

    def _open_writer(self) -> sqlite3.Connection:
        try:
            db = self._connect(f"{self._path.absolute().as_uri()}?mode=rwc")
            db.execute("PRAGMA journal_mode = WAL")
            # NORMAL: a commit survives kill -9; the last ones may be lost with the power, and check() finds that out.
            db.execute("PRAGMA synchronous = NORMAL")
            version = self._schema_of(db)
            if version == 0:
                db.executescript("BEGIN;" + resources("garde.vault").joinpath("schema.sql").read_text() + "COMMIT;")
            elif version != _SCHEMA:
                raise StateDamaged(f"{self._path}: index version {version}, expected {_SCHEMA}", "move the file away")
        except sqlite3.DatabaseError as error:
            raise StateDamaged(
                f"{self._path}: {error}", "move the file away; a new first pass makes a new one"
            ) from error
        return db

    @staticmethod
    def _connect(uri: str) -> sqlite3.Connection:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10.0, check_same_thread=False)
        db.execute("PRAGMA cache_size = -8000")  # 8 MB: the agent's whole memory is bounded
        return db

    @staticmethod
    def _schema_of(db: sqlite3.Connection) -> int:
        return int(db.execute("PRAGMA user_version").fetchone()[0])

    def _reader(self) -> sqlite3.Connection | None:
        """Connect once the writer has made the file; until then nothing is known."""
        if not self._path.exists():
            return None
        try:
            db = self._connect(f"{self._path.absolute().as_uri()}?mode=ro")
            if self._schema_of(db) == 0:
                return None
        except sqlite3.OperationalError:
            return None
        self._db = db
        return db

    @property
    def db(self) -> sqlite3.Connection:
        if self._db is None:
            raise StateDamaged(f"{self._path}: not made yet", "start the agent first")
        return self._db

    def is_ready(self) -> bool:
        """False for a reader whose writer has not made the file yet."""
        return self._db is not None or self._reader() is not None

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    # --- transactions ------------------------------------------------------------------------------------------

    @contextmanager
    def batch(self) -> Iterator[None]:
        """One transaction; inside another batch it joins that one."""
        if self.is_open():
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            if not self.is_open():  # SQLite rolls back by itself when the disk is full
                raise sqlite3.OperationalError("the index was rolled back")
            self.db.execute("COMMIT")
        except BaseException:
            if self.is_open():
                self.db.execute("ROLLBACK")
            raise

    def is_open(self) -> bool:
        """True inside a transaction."""
        return self.db.in_transaction

    # --- finding -----------------------------------------------------------------------------------------------

    def find(self, path: bytes, fid: bytes = b"") -> Known | None:
        """By path, else by the file's key (a rename not heard of yet), else by the name it had just before."""
        named = self._heard_of.may_hold(path)
        db = (self._db or self._reader()) if named or fid else None
        if db is None:
            return None
        row = db.execute(_FIND + "f.path = ?", (path,)).fetchone() if named else None
        if row is None and fid:
            row = db.execute(_FIND + "f.fid = ? ORDER BY f.gone IS NOT NULL, f.id DESC LIMIT 1", (fid,)).fetchone()
        if row is None and named:
            moved = db.execute("SELECT new FROM moves WHERE old = ? AND NOT is_dir ORDER BY id DESC LIMIT 1", (path,))
            target = moved.fetchone()
            row = db.execute(_FIND + "f.path = ?", target).fetchone() if target else None
        return self._known(row) if row is not None else None

    def _known(self, row: Any) -> Known:
        version, how, store = row[9], How(row[12]), row[13]
        at = object_path(self.store_path(store), version) if how in HAS_OBJECT else None
        path, kind, size, mtime_ns, mode, uid, gid, fid, captured_at = row[:9]
        return Known(
            path, kind, size, mtime_ns, mode, uid, gid, fid or b"", captured_at, version, at, row[10],
            Structure(row[11]), how, store, row[14],
        )  # fmt: skip

    def store_path(self, number: int) -> bytes:
        if number not in self._stores:
            self._stores = dict(self.db.execute("SELECT id, path FROM stores"))
        return self._stores[number]

    def row(self, path: bytes) -> FileRow | None:
        if not self._heard_of.may_hold(path):
            return None
        return self._one(self.db.execute(_ROW + "WHERE path = ?", (path,)))

    def row_by_fid(self, fid: bytes) -> FileRow | None:
        return self._one(self.db.execute(_ROW + "WHERE fid = ? AND gone IS NULL ORDER BY id DESC LIMIT 1", (fid,)))

    def rows_by_ino(self, store: int, ino: int) -> list[FileRow]:
        found = self.db.execute(_ROW + "WHERE ino = ? AND store = ? AND gone IS NULL LIMIT 8", (ino, store))
        return [FileRow(*row) for row in found]

    @staticmethod
    def _one(cursor: sqlite3.Cursor) -> FileRow | None:
        row = cursor.fetchone()
        return None if row is None else FileRow(*row)

    def rows_under(self, tree: bytes, after: bytes, *, gone: bool = False, count: int = 500) -> list[FileRow]:
        """Known files below `tree`, by path, after the path `after`; with `gone` also those seen deleted."""
        low, high = below(tree)
        found = self.db.execute(
            _ROW + "WHERE path > ? AND path < ? AND (? OR gone IS NULL) ORDER BY path LIMIT ?",
            (max(low, after), high, gone, count),
        )
        return [FileRow(*row) for row in found]

    def version(self, number: int) -> Version | None:
        row = self.db.execute(_VERSION + "WHERE id = ?", (number,)).fetchone()
        return None if row is None else Version(*row)

    def versions_of(self, file: int) -> list[Version]:
        """Healthy versions, newest first."""
        return [
            Version(*row) for row in self.db.execute(_VERSION + "WHERE file = ? AND NOT bad ORDER BY id DESC", (file,))
        ]

    def is_younger(self, path: bytes, version: Version) -> bool:
        """True for a name first kept after `version`, or never."""
        row = self.db.execute(
            "SELECT MIN(v.id) FROM files f JOIN versions v ON v.file = f.id WHERE f.path = ?", (path,)
        ).fetchone()
        return row[0] is None or bool(row[0] > version.id)

    # --- writing -----------------------------------------------------------------------------------------------

    def next_version(self) -> int:
        return int(self.db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM versions").fetchone()[0])

    def put_file(self, path: bytes, fid: bytes, store: int, seen: os.stat_result, why: str | None = None) -> int:
        """Insert or refresh the row of a live file; return its number."""
        self._heard_of.add(path)
        found = self.db.execute(
            "INSERT INTO files (path, fid, store, ino, size, mtime_ns, ctime_ns, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET fid = COALESCE(excluded.fid, CASE WHEN ino = excluded.ino THEN fid END),"
            " store = excluded.store, ino = excluded.ino, size = excluded.size, mtime_ns = excluded.mtime_ns,"
            " ctime_ns = excluded.ctime_ns, why = excluded.why, gone = NULL RETURNING id",
            (path, fid or None, store, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, why),
        )
        return int(found.fetchone()[0])

    def put_skipped(self, path: bytes, store: int, why: str) -> None:
        """A file that could not be kept still counts in the coverage; the next pass looks at it again (inode 0)."""
        self._heard_of.add(path)
        self.db.execute(
            "INSERT INTO files (path, store, ino, size, mtime_ns, ctime_ns, why) VALUES (?, ?, 0, 0, 0, 0, ?)"
            " ON CONFLICT (path) DO UPDATE SET why = excluded.why",
            (path, store, why),
        )

    def put_version(self, version: Version) -> None:
        self.db.execute(_PUT_VERSION, version)
        self.db.execute("UPDATE files SET newest = ? WHERE id = ?", (version.id, version.file))

    def put_version_metadata(self, number: int, seen: os.stat_result, xattrs: bytes | None) -> None:
        """Owner, mode, times and attributes changed under the same content."""
        self.db.execute(
            "UPDATE versions SET mode = ?, uid = ?, gid = ?, mtime_ns = ?, xattrs = ? WHERE id = ?",
            (seen.st_mode & 0o7777, seen.st_uid, seen.st_gid, seen.st_mtime_ns, xattrs, number),
        )

    def put_copy(self, number: int, allocated: int) -> None:
        """A fingerprint-only version has its copy now."""
        self.db.execute("UPDATE versions SET how = ?, allocated = ? WHERE id = ?", (How.COPY, allocated, number))

    def drop_versions(self, numbers: Sequence[int]) -> None:
        """Remove rows; the caller removes the objects after the commit."""
        owners = {self.db.execute("SELECT file FROM versions WHERE id = ?", (number,)).fetchone() for number in numbers}
        self.db.executemany("DELETE FROM versions WHERE id = ?", [(number,) for number in numbers])
        for owner in owners - {None}:
            self.settle_newest(owner[0])

    def settle_newest(self, file: int) -> None:
        """Point the file at its newest healthy version again."""
        self.db.execute(
            "UPDATE files SET newest = (SELECT MAX(id) FROM versions WHERE file = files.id AND NOT bad) WHERE id = ?",
            (file,),
        )

    def distrust(self, file: int, since: float) -> int:
        """Mark versions taken since then as damaged; return how many."""
        marked = self.db.execute(
            "UPDATE versions SET bad = 1 WHERE file = ? AND captured_at >= ? AND NOT bad", (file, since)
        )
        self.settle_newest(file)
        return marked.rowcount

    def put_dir(self, path: bytes, seen: os.stat_result, xattrs: bytes | None) -> None:
        self.db.execute(
            "INSERT OR REPLACE INTO dirs VALUES (?, ?, ?, ?, ?)",
            (path, seen.st_mode & 0o7777, seen.st_uid, seen.st_gid, xattrs),
        )

    def find_dir(self, path: bytes) -> tuple[int, int, int, bytes | None] | None:
        """Mode, uid, gid and extended attributes of a directory, as they were when it was seen last."""
        row: tuple[int, int, int, bytes | None] | None
        row = self.db.execute("SELECT mode, uid, gid, xattrs FROM dirs WHERE path = ?", (path,)).fetchone()
        return row

    # --- names -------------------------------------------------------------------------------------------------

    def forget(self, path: bytes, at: float, *, is_dir: bool = False) -> None:
        """The name is gone; its versions stay until retention."""
        if is_dir:
            self.db.execute(
                "UPDATE files SET gone = ? WHERE path > ? AND path < ? AND gone IS NULL", (at, *below(path))
            )
        self.db.execute("UPDATE files SET gone = ? WHERE path = ? AND gone IS NULL", (at, path))

    def rename_file(self, old: bytes, new: bytes, at: float) -> None:
        """The history follows the file, except onto a known name: that name keeps its own (an atomic save)."""
        self._heard_of.add(new)
        moved = self.db.execute("UPDATE OR IGNORE files SET path = ? WHERE path = ?", (new, old)).rowcount
        if moved:
            self._note_move(old, new, at, is_dir=False)
        else:
            self.forget(old, at)

    def rename_dir(self, old: bytes, new: bytes, at: float) -> None:
        """All names below follow. A name already known at the new place keeps its own history."""
        low, high = below(old)
        # `||` makes text; CAST takes the bytes as they are, valid UTF-8 or not.
        change = "SET path = CAST(? || substr(path, ?) AS BLOB) WHERE path > ? AND path < ?"
        moved = self.db.execute(f"UPDATE OR IGNORE files {change}", (new, len(old) + 1, low, high)).rowcount
        for (path,) in self.db.execute("SELECT path FROM files WHERE path > ? AND path < ?", below(new)):
            self._heard_of.add(path)
        self.db.execute(f"UPDATE OR REPLACE dirs {change}", (new, len(old) + 1, low, high))
        self.db.execute("UPDATE OR REPLACE dirs SET path = ? WHERE path = ?", (new, old))
        self.forget(old, at, is_dir=True)
        if moved:
            self._note_move(old, new, at, is_dir=True)

    def _note_move(self, old: bytes, new: bytes, at: float, *, is_dir: bool) -> None:
        self.db.execute("INSERT INTO moves (old, new, is_dir, at) VALUES (?, ?, ?, ?)", (old, new, is_dir, at))

    def name_before(self, path: bytes, since: float) -> bytes:
        """The name that the file now at `path` had at time `since`."""
        return trail.back(self.db, path, since)

    def name_after(self, path: bytes) -> bytes:
        """Where the file that was last called `path` lies now, as far as renames were heard of; else `path`."""
        ends = (end for end in trail.onward(self.db, path) if (row := self.row(end)) is not None and row.newest)
        return next(ends, path)

    # --- notes of our own --------------------------------------------------------------------------------------

    def meta(self, key: str, default: Any) -> Any:
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else row[0]

    def identity(self) -> bytes:
        """A name of this state directory's own, for its part of a store."""
        made = self.meta("identity", None)
        if made is None:
            made = os.urandom(6).hex()
            with self.batch():
                self.set_meta("identity", made)
        return str(made).encode()

    def set_meta(self, key: str, value: Any) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def put_evidence(
        self, store: int, name: bytes, *, path: bytes | None, at: float, moved: bool, seen: os.stat_result
    ) -> None:
        self.db.execute(
            "INSERT INTO evidence (store, name, path, at, moved, ino, size, mtime_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (store, name, path, at, moved, seen.st_ino, seen.st_size, seen.st_mtime_ns),
        )

    def has_evidence(self, path: bytes, seen: os.stat_result) -> bytes | None:
        """Name of a clone already kept of this very state of the file."""
        row = self.db.execute(
            "SELECT name FROM evidence WHERE path = ? AND ino = ? AND size = ? AND mtime_ns = ? LIMIT 1",
            (path, seen.st_ino, seen.st_size, seen.st_mtime_ns),
        ).fetchone()
        return None if row is None else bytes(row[0])
