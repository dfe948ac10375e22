"""The flows that an agent keeps: one SQLite file in its state directory.

Comes in: batches of sources, with the memo of each. Goes out: sums, times of blindness, what each source was. One
process writes; others read through connections of their own. What was read and where a source stood are written in one
transaction, every few seconds: whoever is killed loses what he had not written, and says so (`down`).

Fine rows (five minutes) are kept for `keep_days` and at most `rows` of them; sums by the day for 90 days. What was
thrown away is no silence: `kept_since` says from when a look can see.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from garde.forensics.egress import blindness
from garde.forensics.egress.nouns import Batch, Inside
from garde.forensics.egress.tally import BUCKET_S, DAY_S, Tally
from garde.journal.forensic_kinds import Blind

FILE: Final = "flows.sqlite"
KEEP_DAYS: Final = 90  # sums by the day
MOST_PENDING: Final = 200_000  # rows in memory while the disk takes nothing: some 100 MB
_NAMES: Final = 200_000
_SCHEMA: Final = """
create table if not exists sources (id text primary key, sort text not null, began real not null, alive real not null,
    last real not null, records integer not null, missing integer not null, state text not null, since real not null,
    detail text not null, kept_since real not null, memo blob not null) without rowid;
create table if not exists flows (source text, bucket integer, inside text, outside text, port integer,
    protocol integer, inbound integer, within integer, name text, sent integer, back integer, sessions integer,
    first real, last real, longest real,
    primary key (source, bucket, inside, outside, port, protocol, inbound, within, name)) without rowid;
create table if not exists days (source text, inside text, day integer, outside text, inbound integer, dns integer,
    name text, sent integer, back integer, sessions integer, first real, last real, longest real,
    primary key (source, inside, day, outside, inbound, dns, name)) without rowid;
create table if not exists lookups (source text, day integer, client text, resolver text, domain text, bytes integer,
    queries integer, first real, last real, primary key (source, day, client, resolver, domain)) without rowid;
create table if not exists names (address text primary key, name text, at real) without rowid;
create table if not exists blind (source text, since real, until real, why text, records integer);
create index if not exists blind_source on blind (source, until);
"""
_SUMS: Final = """ on conflict do update set sent = sent + excluded.sent, back = back + excluded.back,
    sessions = sessions + excluded.sessions, first = min(first, excluded.first), last = max(last, excluded.last),
    longest = max(longest, excluded.longest)"""
_FLOWS: Final = "insert into flows values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" + _SUMS  # noqa: S608 - both are constants
_DAYS: Final = "insert into days values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" + _SUMS  # noqa: S608 - the same
_LOOKUPS: Final = """insert into lookups values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set
    bytes = bytes + excluded.bytes, queries = queries + excluded.queries, first = min(first, excluded.first),
    last = max(last, excluded.last)"""


@dataclass(slots=True)
class Seen:
    """What is known of one source."""

    id: str
    sort: str
    began: float  # from when it saw; 0: never
    alive: float  # until when it is known to have seen
    last: float  # when its last record came; 0: none
    records: int
    missing: int
    state: str  # sees | blind | ended
    since: float  # of that state
    detail: str
    kept_since: float  # what was before was thrown away
    memo: bytes


class FlowStore:
    """One connection."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        where = f"file:{path}?mode=ro" if read_only else f"file:{path}"
        self.base = sqlite3.connect(where.replace("#", "%23"), uri=True, timeout=5.0, check_same_thread=False)
        self.base.isolation_level = None
        if not read_only:
            self.base.executescript(f"pragma journal_mode=wal; pragma synchronous=normal; {_SCHEMA}")

    def close(self) -> None:
        self.base.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it, or nothing."""
        self.base.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.base.execute("rollback")
            raise
        self.base.execute("commit")

    # --- sources ------------------------------------------------------------------------------------------------------

    def sources(self) -> dict[str, Seen]:
        """Return every source that was ever read here."""
        rows = self.base.execute(
            "select id, sort, began, alive, last, records, missing, state, since, detail, kept_since, memo from sources"
        )
        return {row[0]: Seen(*row) for row in rows}

    def keep(self, seen: Seen) -> None:
        self.base.execute(
            "insert or replace into sources values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (seen.id, seen.sort, seen.began, seen.alive, seen.last, seen.records, seen.missing, seen.state, seen.since,
             seen.detail, seen.kept_since, seen.memo),
        )  # fmt: skip

    # --- writing ------------------------------------------------------------------------------------------------------

    def write(self, tally: Tally) -> None:
        """Write what was added up; the caller has begun the transaction."""
        run = self.base.executemany
        run(_FLOWS, ((*key, *_numbers(row)) for key, row in tally.flows.items()))
        run(_DAYS, ((*key, *_numbers(row)) for key, row in tally.days.items()))
        run(
            _LOOKUPS,
            ((*key, each.bytes, each.queries, each.first, each.last) for key, each in tally.lookups.items()),
        )
        run("insert or replace into names values (?, ?, ?)", ((key, *each) for key, each in tally.names.items()))

    def note_blind(self, source: str, blind: Iterable[Blind]) -> None:
        """Add times of blindness; what follows on the last one of its reason makes that one longer."""
        for each in blindness.joined(blind):
            row = self.base.execute(
                "select rowid, until from blind where source = ? and why = ? order by until desc limit 1",
                (source, each.why),
            ).fetchone()
            if row is not None and row[1] + 60 >= each.since:
                self.base.execute(
                    "update blind set since = min(since, ?), until = max(until, ?), records = records + ?"
                    " where rowid = ?",
                    (each.since, each.until, each.records, row[0]),
                )
            else:
                values = (source, each.since, each.until, each.why, each.records)
                self.base.execute("insert into blind values (?, ?, ?, ?, ?)", values)

    def prune(self, now: float, keep_days: int, rows: int) -> None:
        """Throw away what is older than is kept, and the oldest day where there is too much."""
        oldest = int(now - keep_days * DAY_S)
        with self.transaction():
            self._forget_before(oldest)
            (count,) = self.base.execute("select count(*) from flows").fetchone()
            if count > rows:
                (first,) = self.base.execute("select min(bucket) from flows").fetchone()
                day_after = (first * BUCKET_S // DAY_S + 1) * DAY_S
                oldest = max(oldest, min(day_after, int(now) - 3600))
                self._forget_before(oldest)
            past = int(now) // DAY_S - KEEP_DAYS
            self.base.execute("delete from days where day < ?", (past,))
            self.base.execute("delete from lookups where day < ?", (past,))
            self.base.execute("delete from blind where until < ?", (now - KEEP_DAYS * DAY_S,))
            self.base.execute(
                "delete from names where address in (select address from names order by at desc limit -1 offset ?)",
                (_NAMES,),
            )

    def _forget_before(self, oldest: int) -> None:
        bucket = oldest // BUCKET_S
        gone = self.base.execute("delete from flows where bucket < ?", (bucket,)).rowcount
        if gone:
            self.base.execute("update sources set kept_since = max(kept_since, ?)", (bucket * BUCKET_S,))

    # --- reading ------------------------------------------------------------------------------------------------------

    def ask(self, sql: str, values: Iterable[Any] = ()) -> list[Any]:
        """Read; the statement is ours."""
        return self.base.execute(sql, tuple(values)).fetchall()

    def blind(self, source: str, since: float, until: float) -> list[Blind]:
        """Return the times in which a source said that it did not see."""
        rows = self.ask(
            "select since, until, why, records from blind where source = ? and until >= ? and since <= ?",
            (source, since, until),
        )
        return blindness.cut((Blind(*row) for row in rows), since, until)

    def name_of(self, address: str) -> str:
        """What an address was called when somebody asked for it last; "" where nobody did."""
        found = self.ask("select name from names where address = ?", (address,))
        return str(found[0][0]) if found else ""


def _numbers(row: list[float]) -> tuple[Any, ...]:
    return int(row[0]), int(row[1]), int(row[2]), row[3], row[4], row[5]


class Book:
    """What the writing process uses: a store, what is not written yet, and how each source stands."""

    def __init__(self, store: FlowStore, inside: Inside) -> None:
        self.store = store
        self.tally = Tally(inside)
        self.seen = store.sources()
        self._blind: dict[str, list[Blind]] = {}
        self._since = 0.0  # of what is not written yet

    def begin(self, source: str, sort: str, now: float, *, remembers: bool) -> Seen:
        """A source begins to see: what it did not see since the last time is said."""
        seen = self.seen.get(source)
        if seen is None or seen.sort != sort:
            seen = self.seen[source] = Seen(source, sort, now, now, 0.0, 0, 0, "", now, "", 0.0, b"")
        elif not remembers and seen.alive < now:
            self._blind.setdefault(source, []).append(Blind(seen.alive, now, "down"))
        return seen

    def take(self, source: str, batch: Batch, now: float, *, remembers: bool) -> None:
        """Add a batch; what can't be kept in memory is blindness."""
        seen = self.seen[source]
        self._since = self._since or now
        if len(self.tally) > MOST_PENDING:
            self.tally.clear()
            for each in self.seen:
                self._blind.setdefault(each, []).append(Blind(self._since, now, "overflow"))
            self._since = now
        self.tally.take(source, batch)
        self._blind.setdefault(source, []).extend(batch.blind)
        seen.records += batch.records
        seen.missing += sum(each.records for each in batch.blind)
        if batch.records:
            seen.last = now
        if remembers and batch.flows:  # a log has seen before anybody read it
            seen.began = min(seen.began, *(flow.since for flow in batch.flows))

    def prune(self, now: float, keep_days: int, rows: int) -> None:
        """Throw away what is too old or too much; raises sqlite3.Error."""
        self.store.prune(now, keep_days, rows)
        for source, found in self.store.sources().items():
            if source in self.seen:
                self.seen[source].kept_since = found.kept_since

    def write(self, now: float, memos: dict[str, bytes]) -> None:
        """Write everything, and that these sources are alive; raises sqlite3.Error, and then nothing is forgotten."""
        for source, memo in memos.items():
            self.seen[source].alive, self.seen[source].memo = now, memo
        with self.store.transaction():
            self.store.write(self.tally)
            for source, blind in self._blind.items():
                self.store.note_blind(source, blind)
            for seen in self.seen.values():
                self.store.keep(seen)
        self.tally.clear()
        self._blind.clear()
        self._since = 0.0
