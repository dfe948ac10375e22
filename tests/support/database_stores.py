"""A real PostgreSQL with base backups and an archive of WAL, for the conformance suite and the adapter's own tests.

Comes in: a directory. Goes out: `Made` (point_stores.py) for a store of sort postgres; `Server`, which asks and changes
the cluster that stands in place. It runs on a socket alone, as the user postgres.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support import loops
from tests.support.point_stores import Made, run

from garde.clock import SystemClock
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.pg.tools import find_place
from garde.recovery.points.table import open_store

USER = "postgres"
_SETTINGS = """\
listen_addresses = ''
archive_mode = on
shared_buffers = 16MB
max_wal_size = 32MB
dynamic_shared_memory_type = mmap
fsync = off
"""
CHECK = "SELECT count(*) > 0 FROM ward"


@dataclass(frozen=True, slots=True)
class Server:
    """The cluster that stands in place."""

    loop: loops.Loop
    sockets: Path

    @property
    def base(self) -> Path:
        return self.loop.mount

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def wal(self) -> Path:
        return self.base / "wal"

    @property
    def bases(self) -> Path:
        return self.base / "bases"

    def words(self, name: str, *arguments: str | Path) -> list[str]:
        owner = pwd.getpwnam(USER)
        who = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--"]
        return [*who, f"{find_place()}/{name}", *map(str, arguments)]

    def control(self, *arguments: str) -> list[str]:
        return ["/usr/bin/" + self.words("x")[0], *self.words("pg_ctl", "-D", self.data, "-w", *arguments)[1:]]

    def start(self) -> None:
        run(*self.start_words())

    def start_words(self) -> list[str]:
        """With what is this server's own: its data may have been copied from another's."""
        archive = f"test ! -f {self.wal}/%f && cp %p {self.wal}/%f"
        own = f"-c unix_socket_directories={self.sockets} -c 'archive_command={archive}'"
        return ["/usr/bin/unshare", "--ipc", "--", *self.control("-o", own, "-l", str(self.base / "log"), "start")]

    def stop_words(self) -> list[str]:
        return self.control("-m", "fast", "stop")

    def ask(self, sql: str) -> str:
        return run(*self.words("psql", "-X", "-q", "-A", "-t", "-h", self.sockets, "-d", "postgres", "-c", sql)).strip()

    def back_up(self, name: str) -> None:
        run(
            *self.words(
                "pg_basebackup", "-h", self.sockets, "-D", self.bases / name, "-c", "fast", "-X", "none", "--no-sync"
            )
        )

    def archived(self) -> None:
        """Let everything that was committed until now reach the archive, with something committed after it."""
        self.ask("INSERT INTO tick DEFAULT VALUES")
        last = self.ask("SELECT pg_walfile_name(pg_switch_wal())")
        until = time.monotonic() + 20
        while not (self.wal / last).exists() and time.monotonic() < until:
            time.sleep(0.02)
        assert (self.wal / last).exists(), (self.base / "log").read_text()


def serve() -> Server:
    """Make a cluster with some rows in it, and start it. PostgreSQL's user must reach it: pytest's place is closed."""
    server = _server(loops.make("xfs"))
    owner = pwd.getpwnam(USER)
    for folder in (server.data, server.wal, server.bases):
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    (server.base / "log").touch()
    os.chown(server.base / "log", owner.pw_uid, owner.pw_gid)
    run(*server.words("initdb", "--no-sync", "--locale=C", "--auth=peer", "--wal-segsize=1", "-D", server.data))
    with (server.data / "postgresql.conf").open("a") as file:
        file.write(_SETTINGS)
    server.start()
    server.ask(
        "CREATE TABLE ward (id serial PRIMARY KEY, text text); CREATE TABLE tick (at timestamptz DEFAULT now());"
    )
    server.ask("INSERT INTO ward (text) SELECT 'letter ' || n FROM generate_series(1, 500) AS n")
    return server


def _server(loop: loops.Loop) -> Server:
    server = Server(loop, Path(tempfile.mkdtemp(prefix="garde-test-pg-", dir="/run")))
    os.chown(server.sockets, pwd.getpwnam(USER).pw_uid, -1)
    return server


def copy(stopped: Server) -> Server:
    """Another server that begins as this one ended, with its backups."""
    server = _server(loops.copy(stopped.loop, "loop,nouuid"))
    server.start()
    return server


def end(server: Server) -> None:
    """Stop it, and take everything away that pytest would not."""
    subprocess.run(server.control("-m", "immediate", "stop"), check=False, capture_output=True)
    server.loop.end()
    shutil.rmtree(server.sockets, ignore_errors=True)


def settings_of(server: Server, **changed: object) -> StoreSettings:
    found: dict[str, object] = {
        "id": "record",
        "sort": "postgres",
        "covers": "record",
        "repository": str(server.bases),
        "paths": (str(server.data),),
        "stop": tuple(server.stop_words()),
        "start": tuple(server.start_words()),
        "checks": (CHECK,),
        "options": {"wal": str(server.wal)},
    }
    return StoreSettings(**{**found, **changed})  # type: ignore[arg-type]


def postgres(base: Path) -> Made:
    server = serve()
    server.back_up("first")
    time.sleep(1.1)  # a manifest counts whole seconds
    server.ask("UPDATE ward SET text = 'another' WHERE id = 3")
    server.back_up("second")
    server.archived()
    settings = settings_of(server)
    owner = pwd.getpwnam(USER)
    as_owner: Callable[..., object] = lambda *words: run(  # noqa: E731
        "setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--", *words
    )
    return Made(
        store=open_store(settings, base / "state", SystemClock()),
        settings=settings,
        state=base / "state",
        live=server.data,
        truths=({}, {}),
        names=("first", "second"),
        undo=lambda: end(server),
        new_backup=lambda: server.back_up(f"new-{time.monotonic_ns()}"),
        shorten=lambda: as_owner("rm", "-r", server.bases / "first"),
        extra={"server": server},
    )
