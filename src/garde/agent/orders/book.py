"""What orders came, and what became of each: so that none is carried out twice, and none is forgotten half way.

Comes in: accepted orders and their outcomes. Goes out: the number of the last one, those without an outcome, outcomes
to be told again. It lies on the disk; where the disk refuses it goes on in memory (`Spill`): a full disk must not keep
a cut from being made. It judges nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from garde.agent.link.spill import Spill
from garde.model.order import Order, Verb

FILE = "orders.db"
ERRANDS_FILE = "errands.db"  # the errands' process keeps a book of its own: one process writes one file
KEPT = 2_000  # orders

_SCHEMA = (
    """create table if not exists orders (command text primary key, seq integer not null, cut text not null,
        verb text not null, body blob not null, stage text not null) without rowid""",
    "create table if not exists outcomes (command text not null, kind text not null, payload blob not null)",
    "create index if not exists outcomes_command on outcomes (command)",
    "create table if not exists meta (name text primary key, value integer not null) without rowid",
)


class Stage(StrEnum):
    """How far an order has come."""

    ACCEPTED = "accepted"  # checked and safe here; nothing was done yet, or it is not known
    WINDOW = "window"  # applied; the hub was not heard since
    APPLIED = "applied"  # in force; to be proven
    BEGUN = "begun"  # an errand that is under way: gone on with after a restart, whatever the time
    ENDED = "ended"  # an errand whose outcome is safe here, and perhaps not told yet
    DONE = "done"  # proven or not, refused, or undone: its outcome was told


class Book:
    """Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._spill = Spill(path, _SCHEMA)

    @property
    def last_seq(self) -> int:
        """The highest number of an order that is safe here."""
        return self._spill.read(_last_seq)

    @property
    def in_memory(self) -> str:
        """Why it lies in memory only; "" where it lies on the disk."""
        return self._spill.why if self._spill.in_memory else ""

    def accept(self, seq: int, order: Order) -> Stage | None:
        """Keep an order and its number. Returns its stage where it was here before, None where it is new."""

        def act(db: sqlite3.Connection) -> Stage | None:
            _set_last_seq(db, seq)
            found = db.execute("select stage from orders where command = ?", (order.command,)).fetchone()
            if found is not None:
                return Stage(found[0])
            row = (order.command, seq, order.cut, order.verb.value, msgspec.json.encode(order), Stage.ACCEPTED.value)
            db.execute("insert into orders values (?, ?, ?, ?, ?, ?)", row)
            _prune(db)
            return None

        return self._spill.write(act)

    def pass_over(self, seq: int) -> None:
        """Note the number of an order that was refused before it could be read."""
        self._spill.write(lambda db: _set_last_seq(db, seq))

    def stage_of(self, command: str) -> Stage | None:
        """Return how far an order has come; None where it was never here."""
        sql = "select stage from orders where command = ?"
        found = self._spill.read(lambda db: db.execute(sql, (command,)).fetchone())
        return Stage(found[0]) if found else None

    def stage(self, command: str, stage: Stage) -> None:
        """Note how far an order has come."""
        self._spill.write(
            lambda db: db.execute("update orders set stage = ? where command = ?", (stage.value, command)) and None
        )

    def told(self, command: str, kind: str, payload: bytes) -> None:
        """Keep an outcome as it was told, to be told again where the hub asks again."""
        self._spill.write(
            lambda db: db.execute("insert into outcomes values (?, ?, ?)", (command, kind, payload)) and None
        )

    def begin(self, command: str) -> None:
        """Note that an errand is under way (again): what was told of it before counts no more."""

        def act(db: sqlite3.Connection) -> None:
            db.execute("delete from outcomes where command = ?", (command,))
            db.execute("update orders set stage = ? where command = ?", (Stage.BEGUN.value, command))

        self._spill.write(act)

    def ended(self, command: str, outcome: Sequence[tuple[str, bytes]]) -> None:
        """Keep the last words on an errand (kind and payload) in one step, before any of them is told."""

        def act(db: sqlite3.Connection) -> None:
            rows = [(command, kind, payload) for kind, payload in outcome]
            db.executemany("insert into outcomes values (?, ?, ?)", rows)
            db.execute("update orders set stage = ? where command = ?", (Stage.ENDED.value, command))

        self._spill.write(act)

    def outcomes(self, command: str) -> list[tuple[str, bytes]]:
        """Return what was told of an order: kind and payload."""
        sql = "select kind, payload from outcomes where command = ? order by rowid"
        return self._spill.read(lambda db: [(kind, bytes(raw)) for kind, raw in db.execute(sql, (command,))])

    def unfinished(self) -> list[tuple[Order, Stage]]:
        """Return the orders without an outcome, in the order in which they came."""
        sql = "select body, stage from orders where stage != ? order by seq"
        rows = self._spill.read(lambda db: db.execute(sql, (Stage.DONE.value,)).fetchall())
        return [(msgspec.json.decode(body, type=Order), Stage(stage)) for body, stage in rows]

    def order_of(self, cut: str, verb: Verb) -> Order | None:
        """Return the last order that made (a part of) a cut; None where it was not kept."""
        sql = "select body from orders where cut = ? and verb = ? order by seq desc limit 1"
        found = self._spill.read(lambda db: db.execute(sql, (cut, verb.value)).fetchone())
        return msgspec.json.decode(found[0], type=Order) if found else None

    def close(self) -> None:
        self._spill.close()


def _last_seq(db: sqlite3.Connection) -> int:
    found = db.execute("select value from meta where name = 'last_seq'").fetchone()
    return int(found[0]) if found else 0


def _set_last_seq(db: sqlite3.Connection, seq: int) -> None:
    db.execute("insert or replace into meta values ('last_seq', ?)", (max(seq, _last_seq(db)),))


def _prune(db: sqlite3.Connection) -> None:
    """Forget the oldest orders that are done. An order lives for minutes: what is so old can't come again."""
    count = db.execute("select count(*) from orders").fetchone()[0]
    if count <= KEPT:
        return
    old = "select command from orders where stage = ? order by seq limit ?"
    gone = [row[0] for row in db.execute(old, (Stage.DONE.value, count - KEPT)).fetchall()]
    db.executemany("delete from outcomes where command = ?", [(command,) for command in gone])
    db.executemany("delete from orders where command = ?", [(command,) for command in gone])
