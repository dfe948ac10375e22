"""The journal in PostgreSQL: for hospitals that have one already.

Comes in: `postgresql://user:password@host:port/name`. Goes out: a `ChainStore` on it, by SQLAlchemy Core and pg8000. An
append locks the one row that holds the head, so that writers on several machines make one chain. It needs a database
of its own and the right to make tables in it the first time.

A hub opens it `sole`: it writes through the one connection that holds an advisory lock of the server's, so that of two
hubs on one journal only one ever writes or carries anything out. The lock ends with its connection, however that ends;
where the connection is lost, the next append takes the lock again or, where another hub has it by then, fails.

Where the connection is lost while a transaction is being committed, nobody knows whether it was: whoever appends again
should do so under a cursor and look at it first.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from garde.clock import Clock
from garde.errors import NotFound, StateBusy, UsageError
from garde.journal.backend import FEW_KINDS, PAGE, Stored, StoredCheckpoint, StoredSnapshot, StoredText
from garde.journal.chain import ChainStore, damaged
from garde.journal.keys import new_meta

DRIVER = "postgresql+pg8000"
_WAIT_S = 5  # for a lock, for a connection, and for its packets
_CONNECTING = {"timeout": _WAIT_S, "application_name": "garde"}
_CONNECTIONS = 8  # at most: one writes, the others read
_ROWS = 500  # in one insert: PostgreSQL takes 65,535 values
_MAKING = 0x67617264  # number of the advisory lock under which the tables are made ("gard")
_SOLE = 0x67617265  # and of the one that a hub holds
_KEEP_ALIVE_S = 5  # a hub whose machine went dark is missed by the server after four times as long

_all = sa.MetaData()
_meta = sa.Table(
    "meta", _all, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.LargeBinary, nullable=False)
)
_entries = sa.Table(
    "entries",
    _all,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("at", "who", "kind", "payload", "previous", "hash")),
    sa.Index("entries_kind", "kind", "seq"),
)
_texts = sa.Table(
    "texts",
    _all,
    sa.Column("ref", sa.Text, primary_key=True),
    *(sa.Column(name, sa.LargeBinary) for name in ("lookup", "salt", "value")),
    sa.Index("texts_lookup", "lookup", postgresql_where=sa.text("lookup is not null")),
)
_cursors = sa.Table(
    "cursors", _all, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.BigInteger, nullable=False)
)
_checkpoints = sa.Table(
    "checkpoints",
    _all,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("root", "at", "signature")),
    sa.Column("nodes", sa.LargeBinary, nullable=False),
)
_snapshots = sa.Table(
    "snapshots",
    _all,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("digest", "data")),
)


class PostgresStore(ChainStore):
    """See `garde.journal.store.Journal`."""

    def __init__(
        self,
        url: str,
        *,
        who: str = "agent",
        clock: Clock | None = None,
        read_only: bool = False,
        sole: bool = False,
    ) -> None:
        super().__init__(PostgresBackend(url, read_only, sole), who, clock)


class PostgresView:
    """Reading; see `garde.journal.backend.View`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def rows(self, statement: sa.Select[Any]) -> list[Any]:
        """Return all rows of a select."""
        raise NotImplementedError

    def meta(self, name: str) -> bytes:
        rows = self.rows(sa.select(_meta.c.value).where(_meta.c.name == name))
        if not rows:
            raise damaged(self.name, f"{name} is missing")
        return bytes(rows[0][0])

    def page(self, after: int, kinds: Collection[str] = (), limit: int = PAGE) -> Sequence[Stored]:
        wanted = sa.select(_entries).where(_entries.c.seq > after).order_by(_entries.c.seq).limit(limit)
        if len(kinds) > FEW_KINDS:
            wanted = wanted.where(_entries.c.kind.in_(kinds))
        elif kinds:  # the first of each kind from its index: an `in` would sort all there are
            first = sa.select(_entries.c.seq).where(_entries.c.seq > after).order_by(_entries.c.seq).limit(limit)
            each = [first.where(_entries.c.kind == kind).subquery() for kind in kinds]
            wanted = wanted.where(_entries.c.seq.in_(sa.union_all(*(sa.select(one.c.seq) for one in each))))
        return [Stored._make(row) for row in self.rows(wanted)]

    def at(self, seq: int) -> Stored | None:
        rows = self.rows(sa.select(_entries).where(_entries.c.seq == seq))
        return Stored._make(rows[0]) if rows else None

    def words(self, refs: Collection[str]) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        for some in _portions(list(refs)):
            wanted = sa.select(_texts.c.ref, _texts.c.value).where(_texts.c.ref.in_(some))
            found.update((ref, value) for ref, value in self.rows(wanted))
        return found

    def texts(self) -> Iterator[StoredText]:
        after = ""
        while True:
            wanted = sa.select(_texts.c.ref, _texts.c.salt, _texts.c.value).where(_texts.c.ref > after)
            rows = self.rows(wanted.where(_texts.c.value.is_not(None)).order_by(_texts.c.ref).limit(PAGE))
            yield from map(StoredText._make, rows)
            if len(rows) < PAGE:
                return
            after = rows[-1].ref

    def hashes(self, after: int, last: int) -> Iterator[str]:
        while True:
            wanted = sa.select(_entries.c.seq, _entries.c.hash).where(_entries.c.seq > after, _entries.c.seq <= last)
            rows = self.rows(wanted.order_by(_entries.c.seq).limit(PAGE))
            yield from (digest for _, digest in rows)
            if len(rows) < PAGE:
                return
            after = rows[-1].seq

    def cursor(self, name: str) -> int:
        rows = self.rows(sa.select(_cursors.c.value).where(_cursors.c.name == name))
        return int(rows[0][0]) if rows else 0

    def checkpoints(self, newest: int = 0) -> list[StoredCheckpoint]:
        wanted = sa.select(_checkpoints).order_by(_checkpoints.c.size.desc()).limit(newest or None)
        return [StoredCheckpoint._make(row) for row in self.rows(wanted)][::-1]

    def snapshot(self, name: str) -> StoredSnapshot | None:
        columns = [column for column in _snapshots.c if column.name != "name"]
        rows = self.rows(sa.select(*columns).where(_snapshots.c.name == name))
        return StoredSnapshot._make(rows[0]) if rows else None


class PostgresBackend(PostgresView):
    """See `garde.journal.backend.Backend`."""

    def __init__(self, url: str, read_only: bool, sole: bool = False) -> None:
        self._engine = _engine(url)
        self._own = sa.create_engine(self._engine.url, poolclass=NullPool, connect_args=_CONNECTING) if sole else None
        self._writer: sa.Connection | None = None  # that which holds the lock
        super().__init__(self._engine.url.render_as_string(hide_password=True))
        try:
            with self._errors():
                _prepare(self._engine, self.name, read_only)
                if self._own is not None:
                    self._take(self._own)
        except TypeError as error:  # what the URL says after its question mark goes to the driver
            self.close()
            raise UsageError(f"{self.name}: {error}", "see the options of pg8000.connect") from error
        except BaseException:
            self.close()
            raise

    def rows(self, statement: sa.Select[Any]) -> list[Any]:
        with self._errors(), self._engine.connect() as connection:
            return list(connection.execute(statement))

    @contextmanager
    def writing(self) -> Iterator[PostgresTables]:
        with self._errors(), self._begun() as connection:
            connection.execute(sa.text(f"set local lock_timeout = '{_WAIT_S}s'"))
            tables = PostgresTables(connection, self.name)
            yield tables
            tables.send()

    @contextmanager
    def _begun(self) -> Iterator[sa.Connection]:
        if self._own is None:
            with self._engine.begin() as connection:
                yield connection
            return
        try:
            mine = self._taken(self._own)
        except StateBusy as error:
            raise OSError(str(error)) from error  # may pass
        with mine.begin():
            yield mine

    def _taken(self, own: sa.Engine) -> sa.Connection:
        """Return the connection that holds the lock, alive."""
        if self._writer is not None and self._writer.invalidated:
            self._let_go()  # lost in the middle of an append: used again, it would be dialled anew, without the lock
        if self._writer is not None:
            try:
                self._writer.execute(sa.select(1))
                self._writer.rollback()
            except SQLAlchemyError:
                self._let_go()
        return self._writer or self._take(own)

    def _take(self, own: sa.Engine) -> sa.Connection:
        """Take the lock on a connection that nobody else ever has; raises StateBusy where another hub holds it."""
        connection = own.connect()
        try:
            name = f"garde hub {os.uname().nodename} {os.getpid()}"
            connection.execute(sa.select(sa.func.set_config("application_name", name[:63], False)))
            for each, value in (("idle", _KEEP_ALIVE_S), ("interval", _KEEP_ALIVE_S), ("count", 3)):
                connection.execute(sa.select(sa.func.set_config(f"tcp_keepalives_{each}", str(value), False)))
            if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_SOLE))):
                raise StateBusy(
                    f"the journal in {self.name} is held by another hub ({_holder(connection)})",
                    "one hub at a time: stop that one; whatever starts this one again takes over when it is gone",
                )
            connection.commit()
        except BaseException:
            connection.close()
            raise
        self._writer = connection
        return connection

    def _let_go(self) -> None:
        connection, self._writer = self._writer, None
        if connection is not None:
            connection.close()

    @contextmanager
    def view(self) -> Iterator[PostgresView]:
        with self._errors(), self._engine.connect() as connection:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            yield _Moment(self.name, connection.execution_options(**options))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.ProgrammingError as error:  # no such table or column, no right to it
            raise damaged(self.name, _reason(error)) from error
        except SQLAlchemyError as error:  # no connection, a lock that is not given back, no room: may pass
            raise OSError(f"{self.name}: {_reason(error)}") from error

    def forget(self) -> None:
        """The server's own log and dead rows hold erased words until it vacuums: that is for who runs the server."""

    def close(self) -> None:
        self._let_go()
        self._engine.dispose()


class _Moment(PostgresView):
    """Reading inside one transaction."""

    def __init__(self, name: str, connection: sa.Connection) -> None:
        super().__init__(name)
        self._connection = connection

    def rows(self, statement: sa.Select[Any]) -> list[Any]:
        return list(self._connection.execute(statement))


class PostgresTables:
    """See `garde.journal.backend.Tables`. Entries and words are sent together at the end: each way costs 0.3 ms."""

    def __init__(self, connection: sa.Connection, name: str) -> None:
        self._connection, self._name = connection, name
        self._new_entries: list[Stored] = []
        self._new_texts: list[dict[str, Any]] = []
        self._head = self._locked_head()  # first of all: whoever writes anything holds it

    def _locked_head(self) -> bytes:
        wanted = sa.select(_meta.c.value).where(_meta.c.name == "head").with_for_update()
        row = self._connection.execute(wanted).first()
        if row is None:
            raise damaged(self._name, "head is missing")
        return bytes(row[0])

    def head(self) -> bytes:
        return self._head

    def set_head(self, value: bytes) -> None:
        self._head = value
        self._connection.execute(sa.update(_meta).where(_meta.c.name == "head").values(value=value))

    def add_entry(self, stored: Stored) -> None:
        self._new_entries.append(stored)

    def find_refs(self, lookups: Sequence[bytes]) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        for some in _portions(lookups):
            wanted = sa.select(_texts.c.lookup, _texts.c.ref).where(_texts.c.lookup.in_(some))
            found.update((bytes(lookup), ref) for lookup, ref in self._connection.execute(wanted))
        return found

    def add_texts(self, rows: Iterable[tuple[str, bytes, bytes, bytes]]) -> None:
        names = ("ref", "lookup", "salt", "value")
        self._new_texts += (dict(zip(names, row, strict=True)) for row in rows)

    def send(self) -> None:
        """Send what waits."""
        for texts in _portions(self._new_texts):
            self._connection.execute(sa.insert(_texts).values(texts))
        for entries in _portions(self._new_entries):
            self._connection.execute(sa.insert(_entries).values([stored._asdict() for stored in entries]))

    def erase_texts(self, refs: Iterable[str]) -> int:
        count = 0
        for some in _portions(list(refs)):
            kept = _texts.c.ref.in_(some) & _texts.c.value.is_not(None)
            erased = sa.update(_texts).where(kept).values(lookup=None, salt=None, value=None)
            count += self._connection.execute(erased).rowcount
        self._connection.execute(sa.delete(_snapshots))
        return count

    def set_cursor(self, name: str, value: int) -> None:
        self._keep(_cursors, "name", {"name": name, "value": value})

    def add_checkpoint(self, stored: StoredCheckpoint) -> None:
        self._connection.execute(insert(_checkpoints).values(stored._asdict()).on_conflict_do_nothing())

    def set_snapshot(self, name: str, stored: StoredSnapshot) -> None:
        self._keep(_snapshots, "name", {"name": name, **stored._asdict()})

    def _keep(self, table: sa.Table, key: str, values: dict[str, Any]) -> None:
        others = {name: value for name, value in values.items() if name != key}
        self._connection.execute(insert(table).values(values).on_conflict_do_update(index_elements=[key], set_=others))


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except ArgumentError as error:
        raise UsageError("the database is not named as postgresql://user@host/name", str(error)) from error
    if parsed.get_backend_name() != "postgresql":
        raise UsageError(f"{parsed.get_backend_name()} cannot hold a journal", "name a postgresql:// database")
    if not parsed.database:
        raise UsageError("no database is named", "postgresql://user@host/name")
    return sa.create_engine(
        parsed.set(drivername=DRIVER, username=parsed.username or getpass.getuser()),
        poolclass=QueuePool,
        pool_size=2,
        max_overflow=_CONNECTIONS - 2,
        pool_timeout=_WAIT_S,
        pool_pre_ping=True,
        connect_args=_CONNECTING,
    )


def _prepare(engine: sa.Engine, name: str, read_only: bool) -> None:
    """Make the tables where they are not there; two hubs may do so at once."""
    if read_only:
        if not sa.inspect(engine).has_table(_meta.name):
            raise NotFound(f"no journal in {name}", "a hub that is started on it makes one")
        return
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING)))
        _all.create_all(connection)
        if connection.execute(sa.select(_meta.c.name).limit(1)).first() is None:
            rows = [{"name": key, "value": value} for key, value in new_meta().items()]
            connection.execute(sa.insert(_meta).values(rows))


def _holder(connection: sa.Connection) -> str:
    """Return who holds the lock, as the server knows them."""
    held = "l.locktype = 'advisory' and l.objid = :number and l.granted and a.datname = current_database()"
    wanted = f"select a.application_name from pg_locks l join pg_stat_activity a on a.pid = l.pid where {held}"  # noqa: S608
    found: str | None = connection.scalar(sa.text(wanted), {"number": _SOLE})
    return found or "gone by now"


def _reason(error: SQLAlchemyError) -> str:
    """Return the server's own words, in one line; never the statement, which holds what was to be written."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, BaseException) and original.args and isinstance(original.args[0], dict):
        return str(original.args[0].get("M", original.args[0]))
    return " ".join(str(original).split())


def _portions(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[at : at + _ROWS] for at in range(0, len(values), _ROWS))
