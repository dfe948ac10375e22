"""The journal in one SQLite file: WAL, one transaction an append.

Comes in: payloads. Goes out: entries. With synchronous=NORMAL an entry survives the process being killed at any
moment; a power cut may lose the last ones, never the order or the middle. Several processes may append: the head is
read inside the transaction. It signs nothing: a checkpoint of `head()` kept elsewhere does.

Tables: `meta` (identity, key, head), `entries` (the chain), `texts` (reference, and the words until they are erased).
A reference is BLAKE2b of the words under the journal's random key and a random salt of their own; the salt goes with
the words, so that after an erasure a guessed name can no longer be tested against the chain.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from garde.clock import Clock, SystemClock, iso
from garde.errors import NotFound, NotPermitted, StateDamaged
from garde.journal.entry import Entry, Fault, Head, Row, hash_of, origin, seconds
from garde.journal.kinds import KINDS, NAMES, Foreign, Payload, TextsErased
from garde.journal.text import PREFIX, Text

_SCHEMA = """
create table meta (name text primary key, value blob not null) without rowid;
create table entries (seq integer primary key, at text not null, who text not null, kind text not null,
    payload text not null, previous text not null, hash text not null);
create table texts (ref text primary key, lookup blob, salt blob, value blob) without rowid;
create index texts_lookup on texts (lookup) where lookup is not null;
"""
_WAIT_S = 5.0  # for the other writer, where there is one; an append takes well under a millisecond
_PAGE = 1000  # entries read at a time: bounds memory, and a reader never holds a snapshot open while it works


@dataclass(slots=True)
class _Keys:
    identity: bytes
    key: bytes


class SqliteStore:
    """See `garde.journal.store.Journal`. Safe to share between threads."""

    def __init__(self, path: Path, *, who: str = "agent", clock: Clock | None = None, read_only: bool = False) -> None:
        self.path, self.who, self.clock = path, who, clock or SystemClock()
        self._lock = threading.RLock()
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {}
        self._encoder = msgspec.json.Encoder(order="deterministic", enc_hook=self._reference)
        self._db = _connect(path, read_only)
        self._keys = self._load_keys()

    # --- writing ---

    def append(self, payload: Payload, at: float | None = None) -> Entry:
        return self.append_all([(payload, at)])[0]

    def append_all(self, payloads: Iterable[tuple[Payload, float | None]]) -> list[Entry]:
        with self._lock, self._transaction():
            head = self.head()
            written: list[Entry] = []
            for payload, at in payloads:
                entry = self._insert(head, payload, at)
                head = Head(entry.seq, entry.hash)
                written.append(entry)
            self._set_meta("head", f"{head.seq}:{head.hash}".encode())
        return written

    def erase(self, refs: Iterable[str], reason: str) -> int:
        with self._lock, self._transaction():
            sql = "update texts set lookup = null, salt = null, value = null where ref = ? and value is not null"
            count = sum(self._db.execute(sql, (ref.removeprefix(PREFIX),)).rowcount for ref in refs)
            if count:
                self._append_inside(TextsErased(count, reason))
        return count

    def _append_inside(self, payload: Payload) -> None:
        entry = self._insert(self.head(), payload, None)
        self._set_meta("head", f"{entry.seq}:{entry.hash}".encode())

    def _insert(self, head: Head, payload: Payload, at: float | None) -> Entry:
        moment = iso(self.clock.now() if at is None else at)
        kind, seq = NAMES[type(payload)], head.seq + 1
        row = Row(seq, moment, self.who, kind, self._encoder.encode(payload).decode(), head.hash)
        digest = hash_of(row)
        self._db.execute("insert into entries values (?, ?, ?, ?, ?, ?, ?)", (*row, digest))
        return Entry(seq, seconds(moment), self.who, kind, payload, head.hash, digest)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")
        except sqlite3.OperationalError as error:  # full disk, a read-only mount, a writer that hangs: may pass
            raise OSError(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise _damaged(self.path, error) from error

    # --- texts ---

    def _reference(self, value: object) -> str:
        """Return the reference of a `Text`, keeping its words in the side table (called by the encoder)."""
        if not isinstance(value, Text):
            raise TypeError(f"{type(value).__name__} cannot stand in a payload")
        if value.value is None:
            return PREFIX + value.ref
        lookup = blake2b(value.value, key=self._keys.key, digest_size=16).digest()
        found = self._db.execute("select ref from texts where lookup = ?", (lookup,)).fetchone()
        if found:
            return PREFIX + str(found[0])
        salt = secrets.token_bytes(16)
        ref = self._ref(value.value, salt)
        self._db.execute("insert into texts values (?, ?, ?, ?)", (ref, lookup, salt, value.value))
        return PREFIX + ref

    def _ref(self, words: bytes, salt: bytes) -> str:
        return blake2b(words, key=self._keys.key, salt=salt, digest_size=16).hexdigest()

    def text(self, ref: str) -> bytes | None:
        """Return the words behind a reference; None where they have been erased."""
        row = self._db.execute("select value from texts where ref = ?", (ref.removeprefix(PREFIX),)).fetchone()
        return row[0] if row else None

    # --- reading ---

    def head(self) -> Head:
        raw = self._meta("head")
        seq, _, digest = raw.decode().partition(":")
        return Head(int(seq), digest)

    def entries(self, after: int = 0, kinds: Collection[str] = ()) -> Iterator[Entry]:
        while True:
            rows = self._page(after, kinds)
            for row in rows:
                yield self._entry(row)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def _page(self, after: int, kinds: Collection[str]) -> list[tuple[Any, ...]]:
        marks = ",".join("?" * len(kinds))
        wanted = f"and kind in ({marks})" if kinds else ""
        sql = f"select * from entries where seq > ? {wanted} order by seq limit {_PAGE}"  # noqa: S608 - only question marks
        try:
            return self._db.execute(sql, (after, *kinds)).fetchall()
        except sqlite3.DatabaseError as error:
            raise _damaged(self.path, error) from error

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        seq, at, who, kind, payload, previous, digest = row
        return Entry(seq, seconds(at), who, kind, self._decode(kind, payload), previous, digest)

    def _decode(self, kind: str, payload: str) -> Payload:
        if kind not in KINDS:
            return Foreign(payload)
        if kind not in self._decoders:
            self._decoders[kind] = msgspec.json.Decoder(KINDS[kind], dec_hook=self._words)
        try:
            decoded: Payload = self._decoders[kind].decode(payload)
        except msgspec.MsgspecError as error:
            raise _damaged(self.path, error) from error
        return decoded

    def _words(self, wanted: type, value: object) -> Text:
        if wanted is not Text or not isinstance(value, str) or not value.startswith(PREFIX):
            raise msgspec.ValidationError("a reference to a text was expected")
        ref = value.removeprefix(PREFIX)
        return Text(self.text(ref), ref)

    # --- checking ---

    def verify(self, expected: Head | None = None) -> Iterator[Fault]:
        from garde.journal.verify import faults

        yield from faults(self._db, self._keys.identity, self._ref, expected)

    # --- the rest ---

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _meta(self, name: str) -> bytes:
        try:
            row = self._db.execute("select value from meta where name = ?", (name,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise _damaged(self.path, error) from error
        if row is None:
            raise _damaged(self.path, f"{name} is missing")
        return bytes(row[0])

    def _set_meta(self, name: str, value: bytes) -> None:
        self._db.execute("insert or replace into meta values (?, ?)", (name, value))

    def _load_keys(self) -> _Keys:
        return _Keys(self._meta("identity"), self._meta("key"))


def _damaged(path: Path, error: object) -> StateDamaged:
    return StateDamaged(f"{path}: {error}", "move it aside (keep it as evidence) and start again: a new one is made")


def _connect(path: Path, read_only: bool) -> sqlite3.Connection:
    try:
        if read_only and not path.exists():
            raise NotFound(f"no journal at {path}", "name the state directory with --state DIR")
        if not read_only:  # made by hand: SQLite would give it the umask's rights
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except PermissionError as error:
        raise NotPermitted(f"{path}: {error.strerror}", "run it as the user that runs the agent") from error
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    try:
        db = sqlite3.connect(uri, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        db.execute("pragma query_only = on" if read_only else "pragma journal_mode = wal")
        db.execute("pragma synchronous = normal")
        if not read_only:
            _prepare(db)
    except sqlite3.OperationalError as error:
        raise NotPermitted(f"{path}: {error}", "run it as the user that runs the agent") from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path, error) from error
    return db


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("begin immediate")
    if db.execute("select 1 from sqlite_master where name = 'meta'").fetchone() is None:
        for statement in filter(str.strip, _SCHEMA.split(";")):
            db.execute(statement)
        identity = secrets.token_bytes(16)
        values = {"identity": identity, "key": secrets.token_bytes(32), "head": f"0:{origin(identity)}".encode()}
        db.executemany("insert into meta values (?, ?)", list(values.items()))
    db.execute("commit")
