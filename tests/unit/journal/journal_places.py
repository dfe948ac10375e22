"""Where journals lie in tests: a file, or a database of a real PostgreSQL that the tests start as a plain user.

Comes in: pytest's requests. Goes out: the fixtures `place` and `journal`, each test once with either store: name
them with `pytest_plugins = ["journal_places"]`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from garde.clock import VirtualClock
from garde.journal import SqliteStore
from garde.journal.chain import ChainStore

BINARIES = (Path("/usr/lib/postgresql/15/bin"), Path("/usr/lib/postgresql/16/bin"), Path("/usr/lib/postgresql/17/bin"))


@dataclass(slots=True)
class Place:
    """Where a journal lies, and a way past it."""

    open: Callable[..., ChainStore]
    sql: Callable[[str], int]  # returns how many rows were touched
    end_connections: Callable[[], None]
    bytes: Callable[[str], str]  # how the database writes bytes in SQL


# --- PostgreSQL, started as a user that is not root -------------------------------------------------------------------


class Server:
    """A PostgreSQL of the test's own, on a socket in a directory of its own."""

    def __init__(self, binaries: Path, base: Path, user: str) -> None:
        self.binaries, self.base, self.user = binaries, base, user
        self.options = f"-c listen_addresses='' -c unix_socket_directories={base} -c fsync=off -c max_connections=40"
        self._run("initdb", "-A", "trust", "-U", "garde", "-N", "-D", str(base / "data"), "-E", "UTF8", "--locale=C")
        self.start()

    def _run(self, program: str, *words: str) -> None:
        who = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}
        subprocess.run(
            [str(self.binaries / program), *words], check=True, cwd=self.base, stdout=subprocess.DEVNULL, **who
        )  # type: ignore[call-overload]

    def start(self) -> None:
        log = str(self.base / "log")
        self._run("pg_ctl", "-D", str(self.base / "data"), "-w", "-s", "-l", log, "-o", self.options, "start")

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self.base / "data"), "-w", "-s", "-m", how, "stop")

    def url(self, database: str) -> str:
        return f"postgresql://garde@/{database}?unix_sock={self.base}/.s.PGSQL.5432"

    def sql(self, database: str, statement: str) -> int:
        import pg8000.native

        with pg8000.native.Connection("garde", database=database, unix_sock=f"{self.base}/.s.PGSQL.5432") as connection:
            connection.run(statement)
            return int(connection.row_count)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("pg8000")
    binaries = next((folder for folder in BINARIES if (folder / "initdb").exists()), None)
    if binaries is None:
        pytest.skip("needs PostgreSQL's initdb and pg_ctl")
    base = Path(tempfile.mkdtemp(prefix="garde-pg-"))  # pytest's own is closed to other users
    user = "nobody" if os.geteuid() == 0 else ""  # PostgreSQL refuses to run as root
    if user:
        shutil.chown(base, user)
    running: Server | None = None
    try:
        running = Server(binaries, base, user)
        yield running
    finally:
        if running is not None:
            running.stop()
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path, clock: VirtualClock) -> Iterator[Place]:
    opened: list[ChainStore] = []
    if request.param == "sqlite":
        path = tmp_path / "journal.db"

        def open_sqlite(who: str = "hub", read_only: bool = False) -> ChainStore:
            opened.append(SqliteStore(path, who=who, clock=clock, read_only=read_only))
            return opened[-1]

        yield Place(open_sqlite, lambda statement: _sqlite(path, statement), lambda: None, _sqlite_bytes)
    else:
        server: Server = request.getfixturevalue("server")
        from garde.journal.sqlalchemy_store import PostgresStore

        name = "postgres"
        for statement in ("drop schema public cascade", "create schema public"):  # far quicker than a new database
            server.sql(name, statement)

        def open_postgres(who: str = "hub", read_only: bool = False) -> ChainStore:
            opened.append(PostgresStore(server.url(name), who=who, clock=clock, read_only=read_only))
            return opened[-1]

        def end() -> None:
            others = f"datname = '{name}' and pid <> pg_backend_pid()"
            server.sql(name, f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")

        yield Place(open_postgres, lambda statement: server.sql(name, statement), end, _postgres_bytes)
    for store in opened:
        store.close()


def _sqlite(path: Path, statement: str) -> int:
    db = sqlite3.connect(path)
    try:
        touched = db.execute(statement).rowcount
        db.commit()
    finally:
        db.close()
    return touched


@pytest.fixture
def journal(place: Place) -> ChainStore:
    return place.open()


def _sqlite_bytes(text: str) -> str:
    return f"x'{text.encode().hex()}'"


def _postgres_bytes(text: str) -> str:
    return f"'\\x{text.encode().hex()}'"
