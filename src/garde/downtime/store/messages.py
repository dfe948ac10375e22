"""The store of messages: SQLite with a write-ahead log, where every commit waits for the disk.

Comes in: what was heard, in batches. Goes out: numbers, once it is safe; later the same bytes in order, and what became
of each. One process writes (`take_lock`), others may read. What could not be read is never deleted before its time, and
`reread` gives it again to a newer reader.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from garde.downtime.store.seal import Seal
from garde.errors import NotFound, StateBusy, StateDamaged
from garde.private import make_private

FILE = "messages.db"
_PAGE = 500  # rows read at a time: a replay holds no more in memory
_SCHEMA = """
create table if not exists messages (
    seq integer primary key,
    received real not null,
    form text not null,
    digest text not null,
    size integer not null,
    sealed blob not null,
    answer text not null,
    reason text not null default '',
    reader integer not null default 0
) strict;
create index if not exists messages_by_age on messages (received);
create index if not exists messages_not_read on messages (reason) where reason <> '';
create table if not exists facts (name text primary key, value text not null) strict;
"""


class Form(Enum):
    """What kind of thing the bytes are."""

    HL7 = "hl7"
    BROKEN = "broken"  # a frame that was cut off
    NOISE = "noise"  # bytes outside of frames
    FHIR = "fhir"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Heard:
    """Something to be stored."""

    data: bytes
    received: float
    form: Form = Form.HL7
    answer: str = ""  # what the sender is told: AA, AE; "" for what is not answered


@dataclass(frozen=True, slots=True)
class Stored:
    """Something that is stored."""

    seq: int
    received: float
    form: Form
    digest: str
    data: bytes


class MessageStore:
    """The file."""

    def __init__(self, state: Path, seal: Seal, *, read_only: bool = False) -> None:
        self._path, self._seal = state / FILE, seal
        self._lock = threading.Lock()  # one connection, several threads: a transaction is one thread's
        if read_only and not self._path.exists():
            raise NotFound(f"there are no messages in {state}", "set it up: garde downtime init")
        try:
            self._db = self._open(read_only)
        except sqlite3.Error as error:
            raise StateDamaged(f"{self._path}: {error}", "restore it from a copy") from error

    def _open(self, read_only: bool) -> sqlite3.Connection:
        if read_only:
            # Not `mode=ro`: a reader of a write-ahead log must be able to make its shared memory file.
            db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            db.execute("pragma query_only = on")
        else:
            make_private(self._path)
            db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            db.execute("pragma journal_mode = wal")
            db.executescript(_SCHEMA)
        db.execute("pragma synchronous = full")  # an acknowledged message is on the disk, not in a cache
        db.execute("pragma busy_timeout = 5000")
        return db

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> MessageStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing ---

    def append(self, heard: list[Heard]) -> list[Stored]:
        """Store them in one transaction; when this returns they are on the disk. OSError where there is no room."""
        try:
            with self._writing():
                last = self._next()
                found = [
                    Stored(seq, each.received, each.form, self._seal.digest(each.data), each.data)
                    for seq, each in enumerate(heard, last)
                ]
                self._db.executemany(
                    "insert into messages (seq, received, form, digest, size, sealed, answer) values (?,?,?,?,?,?,?)",
                    [
                        (
                            s.seq,
                            s.received,
                            s.form.value,
                            s.digest,
                            len(s.data),
                            self._seal.close(s.data, s.seq),
                            h.answer,
                        )
                        for s, h in zip(found, heard, strict=True)
                    ],
                )
        except (sqlite3.OperationalError, sqlite3.DataError) as error:
            raise OSError(str(error)) from error
        return found

    def _next(self) -> int:
        """Numbers are never used twice, also after the newest messages were purged."""
        (last,) = self._db.execute("select coalesce(max(seq), 0) from messages").fetchone()
        return max(int(last), int(self.fact("purged_up_to") or 0)) + 1

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise

    def mark(self, read: Iterable[tuple[int, str]], reader: int) -> None:
        """Keep what became of messages: "" understood, else the reason; by which version of the reader."""
        with self._writing():
            self._db.executemany(
                "update messages set reason = ?, reader = ? where seq = ?",
                [(reason, reader, seq) for seq, reason in read],
            )

    def reread(self, reader: int) -> int:
        """Forget why messages were not understood by an older reader: they are read again. Returns how many."""
        with self._writing():
            done = self._db.execute("update messages set reason = '' where reason <> '' and reader < ?", (reader,))
        return done.rowcount

    def purge(self, seqs: Iterable[int]) -> int:
        """Delete these messages; returns how many went."""
        with self._writing():
            (last,) = self._db.execute("select coalesce(max(seq), 0) from messages").fetchone()
            done = self._db.executemany("delete from messages where seq = ?", [(each,) for each in seqs]).rowcount
            self._db.execute("insert or replace into facts values ('purged_up_to', ?)", (str(last),))
        return max(done, 0)

    def set_fact(self, name: str, value: str) -> None:
        """Keep one small thing; never a patient's data."""
        with self._writing():
            self._db.execute("insert or replace into facts values (?, ?)", (name, value))

    # --- reading ---

    def fact(self, name: str) -> str:
        """Return it; "" where there is none."""
        row = self._db.execute("select value from facts where name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def last(self) -> int:
        """Return the newest number; 0 where there is none."""
        return int(self._db.execute("select coalesce(max(seq), 0) from messages").fetchone()[0])

    def read(self, after: int = 0, *, up_to: int | None = None) -> Iterator[Stored]:
        """Yield everything in order of arrival."""
        columns = "select seq, received, form, digest, sealed from messages where seq > ? and seq <= ?"
        end = up_to if up_to is not None else 1 << 62
        while rows := self._db.execute(f"{columns} order by seq limit {_PAGE}", (after, end)).fetchall():
            for seq, received, form, digest, sealed in rows:
                yield Stored(seq, received, Form(form), digest, self._seal.open(sealed, seq))
            after = rows[-1][0]

    def one(self, seq: int) -> Stored:
        """Return one message; NotFound."""
        found = next(self.read(seq - 1, up_to=seq), None)
        if found is None:
            raise NotFound(f"there is no message {seq}", "its time may have passed")
        return found

    def reasons(self) -> Counter[str]:
        """Count what was not understood, by reason."""
        rows = self._db.execute("select reason, count(*) from messages where reason <> '' group by reason")
        return Counter(dict(rows.fetchall()))

    def older(self, before: float) -> list[int]:
        """Return the numbers of messages received before that."""
        return [row[0] for row in self._db.execute("select seq from messages where received < ?", (before,))]

    def count(self) -> int:
        return int(self._db.execute("select count(*) from messages").fetchone()[0])


def take_lock(state: Path) -> int:
    """Hold the state directory for this process; the kernel lets go when it dies, however it dies."""
    handle = os.open(state / "desk.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise StateBusy(f"{state} is held by another desk", "stop it, or name another --state") from error
    return handle
