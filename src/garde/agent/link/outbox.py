"""What has to be told to the hub: kept until the hub says that it has it.

Comes in: entries (time, kind, payload as JSON), by the pipe or from the journal; the hub's word up to where it has
them. Goes out: batches to send, oldest first. It talks to nobody. Rules:

1. An entry that came twice (by the pipe, and read again from the journal) is kept once.
2. It holds `ROOM` entries at most. What does not fit is not lost: it stays in the journal and is taken from there when
   there is room again. So the first entries of an incident always leave first, and none of them is ever purged.
3. A batch is leased, not taken: until the hub has it, it is leased again.
4. What the hub counts is `base` + our own number. `base` comes from the hub when an outbox is new, so that a lost
   outbox never sends under numbers that the hub has seen already.
5. Where the disk refuses it goes on in memory, under numbers far above (`JUMP`): what was numbered in memory and what
   still lies on the disk are never taken for each other. It goes back when all has been delivered.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from garde.agent.link.spill import Spill
from garde.clock import iso

FILE = "outbox.db"
ROOM = 20_000  # entries, some 20 MB
BATCH = 500  # entries in one report …
BATCH_BYTES = 400_000  # … and bytes of payload: an envelope holds 1 MiB
JUMP = 1_000_000_000
_SWEPT_FROM = 100  # entries that are done with

_SCHEMA = (
    """create table if not exists entries (id integer primary key autoincrement, digest blob not null unique,
        at real not null, kind text not null, payload blob, sent integer not null default 0,
        passed integer not null default 0)""",
    "create index if not exists entries_waiting on entries (id) where sent = 0",
    "create table if not exists meta (name text primary key, value integer not null) without rowid",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry on its way."""

    at: float  # wall seconds
    kind: str
    payload: bytes  # JSON (garde.journal.wire)

    @property
    def digest(self) -> bytes:
        """The same for the same entry, whichever way it came: the journal keeps microseconds."""
        head = f"{iso(self.at)} {self.kind} ".encode()
        return hashlib.blake2b(head + self.payload, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Leased:
    """One entry to send, under the number that the hub counts by."""

    seq: int
    item: Item


class Outbox:
    """Safe to use from several threads: one puts, one sends."""

    def __init__(self, path: Path, *, room: int = ROOM) -> None:
        self._spill = Spill(path, _SCHEMA)
        self._room = room
        self._lock = threading.RLock()
        self._waiting = self._spill.read(_count_waiting)
        self._settled = False  # the hub has said, since this process began, up to where it has ours
        self._jump = self._spill.in_memory

    # --- in -------------------------------------------------------------------------------------------------------

    def put(self, items: Sequence[Item], *, always: bool = False) -> int:
        """Keep the entries, each once; returns how many were taken, from the first on.

        `always` knows no room: for what is worth most, and for what stands in no journal.
        """
        with self._lock:
            taken = items if always else items[: self.free]
            if taken:
                self._waiting += self._write(lambda db: sum(_insert(db, item, passed=0) for item in taken))
            return len(taken)

    def take_over(self, items: Sequence[Item], cursor: int) -> None:
        """Keep what the journal holds up to `cursor`, each entry once, and note that it was read up to there."""

        def act(db: sqlite3.Connection) -> int:
            new = sum(_insert(db, item, passed=1) for item in items)
            _set(db, "cursor", cursor)
            return new

        with self._lock:
            self._waiting += self._write(act)
            self._sweep()

    @property
    def cursor(self) -> int | None:
        """Up to which entry the journal was taken over; None in a new outbox."""
        return self._spill.read(lambda db: _get(db, "cursor"))

    @property
    def free(self) -> int:
        """For how many entries there is room."""
        return max(0, self._room - self._waiting)

    # --- out ------------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many entries the hub does not have yet."""
        return self._waiting

    @property
    def in_memory(self) -> str:
        """Why it lies in memory only; "" where it lies on the disk."""
        return self._spill.why if self._spill.in_memory else ""

    @property
    def settled(self) -> bool:
        """Whether numbers are settled with the hub: `lease` may be called."""
        return self._settled and not self._jump

    def settle(self, upto: int) -> None:
        """Take the hub's word before anything is sent, and number what waits above it."""
        with self._lock:
            jump = JUMP if self._jump else 0

            def act(db: sqlite3.Connection) -> int:
                base = _get(db, "base")
                done = 0
                if base is not None and upto <= base + _last_number(db):
                    done = _mark_sent(db, upto - base)  # delivered, and the answer was lost on its way
                else:  # a new outbox, or numbers that this one never gave
                    base = upto + 1 - _first_waiting(db)
                _set(db, "base", base + jump)
                return done

            self._jump = False
            self._settled = True
            self._waiting -= self._write(act)  # may turn `_jump` on again: then it is asked once more

    def lease(self, most: int = BATCH, most_bytes: int = BATCH_BYTES) -> list[Leased]:
        """Return the oldest entries that the hub does not have; the same again until `delivered`."""

        def ask(db: sqlite3.Connection) -> list[Leased]:
            base = _get(db, "base") or 0
            sql = "select id, at, kind, payload from entries where sent = 0 order by id limit ?"
            found: list[Leased] = []
            size = 0
            for number, at, kind, payload in db.execute(sql, (most,)):
                size += len(payload)
                if found and size > most_bytes:
                    break
                found.append(Leased(base + number, Item(at, kind, bytes(payload))))
            return found

        return self._spill.read(ask)

    def delivered(self, leased: Sequence[Leased], upto: int) -> None:
        """Take the hub's word up to where it has them, after a batch was sent.

        Where that is above all that was ever numbered, the numbers had been used before (a disk that was put back):
        nothing of the batch was taken, and everything is numbered anew.
        """
        with self._lock:
            if leased and upto > leased[-1].seq:
                self._settled = False  # the next settling numbers it above
                return
            self._waiting -= self._write(lambda db: _mark_sent(db, upto - (_get(db, "base") or 0)))

    def to_disk(self) -> bool:
        """Go back to the disk, where all has been delivered and the disk takes it; True where it lies there."""
        with self._lock:
            if not self._spill.in_memory:
                return True
            if self._waiting or not self.settled:
                return False
            known = self._spill.read(
                lambda db: db.execute("select digest, at, kind from entries where passed = 0 order by id").fetchall()
            )
            following = self._spill.read(lambda db: (_get(db, "base") or 0) + _last_number(db))
            cursor = self.cursor

            def fill(db: sqlite3.Connection) -> None:
                db.execute("delete from entries")
                db.executemany("insert into entries (digest, at, kind, sent) values (?, ?, ?, 1)", known)
                _set(db, "base", following - _last_number(db))
                if cursor is not None:
                    _set(db, "cursor", cursor)

            return self._spill.to_disk(fill)

    def close(self) -> None:
        self._spill.close()

    # --- inside ---------------------------------------------------------------------------------------------------

    def _write(self, act: Callable[[sqlite3.Connection], int]) -> int:
        before = self._spill.in_memory
        result = self._spill.write(act)
        if self._spill.in_memory and not before:
            self._jump = True
        return result

    def _sweep(self) -> None:
        """Forget what is delivered and can come no more: it was passed in the journal, or is too old to stand there."""
        gone = "sent = 1 and (passed = 1 or id < ?)"

        def count(db: sqlite3.Connection) -> int:
            row = db.execute(f"select count(*) from entries where {gone}", (_last_number(db) - ROOM,))  # noqa: S608
            return int(row.fetchone()[0])

        if self._spill.read(count) >= _SWEPT_FROM:
            self._write(lambda db: db.execute(f"delete from entries where {gone}", (_last_number(db) - ROOM,)).rowcount)  # noqa: S608


def _insert(db: sqlite3.Connection, item: Item, *, passed: int) -> int:
    """Insert an entry where it is not there yet; returns 1 where it is new."""
    digest = item.digest
    found = db.execute("select id, passed from entries where digest = ?", (digest,)).fetchone()
    if found is not None:
        if passed and not found[1]:
            db.execute("update entries set passed = 1 where id = ?", (found[0],))
        return 0
    row = (digest, item.at, item.kind, item.payload, passed)
    db.execute("insert into entries (digest, at, kind, payload, passed) values (?, ?, ?, ?, ?)", row)
    return 1


def _mark_sent(db: sqlite3.Connection, number: int) -> int:
    """Note that everything up to this number of ours is at the hub; returns how many entries that are."""
    return db.execute("update entries set sent = 1, payload = null where sent = 0 and id <= ?", (number,)).rowcount


def _count_waiting(db: sqlite3.Connection) -> int:
    return int(db.execute("select count(*) from entries where sent = 0").fetchone()[0])


def _first_waiting(db: sqlite3.Connection) -> int:
    """The number of the oldest entry that waits, or the next one that will be given."""
    found = db.execute("select min(id) from entries where sent = 0").fetchone()[0]
    return int(found) if found is not None else _last_number(db) + 1


def _last_number(db: sqlite3.Connection) -> int:
    """The highest number ever given, also to what has been forgotten since."""
    found = db.execute("select seq from sqlite_sequence where name = 'entries'").fetchone()
    return int(found[0]) if found else 0


def _get(db: sqlite3.Connection, name: str) -> int | None:
    found = db.execute("select value from meta where name = ?", (name,)).fetchone()
    return None if found is None else int(found[0])


def _set(db: sqlite3.Connection, name: str, value: int) -> None:
    db.execute("insert or replace into meta values (?, ?)", (name, value))
