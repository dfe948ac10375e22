"""The record server's database: a real PostgreSQL with a few synthetic patients in it.

Comes in: a plan. Goes out: a server on the machine's addresses, as an unprivileged user, with a database `record`
that the workstations of the lab ask. Nobody in it exists.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from garde.errors import Incomplete
from garde.lab.hospital.plan import RECORD, Plan
from garde.lab.hospital.programs import Programs

START_S = 30.0
PORT = 5432
NAME = "record"
_PLACES = "/usr/lib/postgresql"  # Debian puts each version's programs in a folder of its own
_SETTINGS = """\
listen_addresses = '{addresses}'
unix_socket_directories = '{home}'
port = {port}
max_connections = 30
dynamic_shared_memory_type = mmap
shared_buffers = 32MB
autovacuum_naptime = 300
jit = off
logging_collector = off
"""
_ACCESS = """\
local all all peer map=lab
host {name} {name} {network4} scram-sha-256
host {name} {name} {network6} scram-sha-256
"""
_ARCHIVING = """\
wal_level = replica
archive_mode = on
archive_command = 'test ! -f {wal}/%f && cp %p {wal}/%f'
archive_timeout = {every_s}
"""
_BACKUP_ACCESS = """\
host replication {account} {address4}/32 scram-sha-256
"""
_ROLE = "CREATE ROLE record LOGIN PASSWORD '{password}';\nCREATE DATABASE record OWNER record;\n"
_BACKUP_ROLE = "CREATE ROLE {account} LOGIN REPLICATION PASSWORD '{password}';\n"
_CONTENT = "record.sql"
SEGMENT_MB = 1  # of WAL: an archive of so small a record need not fill memory
ARCHIVE_EVERY_S = 10  # what was written is in the archive so much later at most


@dataclass(frozen=True, slots=True)
class Backup:
    """Who takes its backups, and where its WAL is archived."""

    account: str
    password: str
    wal: Path


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version's; None where it is not installed."""
    found = [Path(path).parent for name in ("initdb",) if (path := shutil.which(name))]
    versions = sorted(Path(_PLACES).glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True)
    return next(iter([path.parent for path in versions] + found), None)


def start(programs: Programs, plan: Plan, backup: Backup | None = None) -> subprocess.Popen[bytes]:
    """Make the cluster on the machine's own disk and start it, with an archive of its WAL; `fill` waits for it."""
    place = programs_place()
    data = data_of(plan)
    data.mkdir(mode=0o700)
    owner = pwd.getpwnam(user())
    _sockets(plan).mkdir(mode=0o755)
    log_of(plan).touch(mode=0o600)
    for each in (data, _sockets(plan), log_of(plan)):
        os.chown(each, owner.pw_uid, owner.pw_gid)
    quick = [
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
        "--auth=scram-sha-256",
        "--auth-local=peer",
        "--username=postgres",
        f"--wal-segsize={SEGMENT_MB}",
    ]
    programs.check("initdb", RECORD, as_user([str(place / "initdb"), "-D", str(data), *quick]))
    with (data / "postgresql.conf").open("a") as file:
        addresses = f"{plan.address(RECORD)},{plan.address6(RECORD)}"
        file.write(_SETTINGS.format(addresses=addresses, home=_sockets(plan), port=PORT))
        if backup:
            file.write(_ARCHIVING.format(wal=backup.wal, every_s=ARCHIVE_EVERY_S))
    networks = {"network4": f"{plan.address(RECORD)}/24", "network6": f"{plan.address6(RECORD)}/64"}
    access = _BACKUP_ACCESS.format(account=backup.account, address4=plan.address(RECORD)) if backup else ""
    (data / "pg_hba.conf").write_text(_ACCESS.format(name=NAME, **networks) + access)
    (data / "pg_ident.conf").write_text(f"lab {user()} postgres\n")
    # In an IPC namespace of its own: killed, it would leave its shared memory on this machine.
    words = ["unshare", "--ipc", "--", *as_user([str(place / "postgres"), "-D", str(data)])]
    return programs.daemon("postgres", RECORD, words)


def fill(
    programs: Programs, plan: Plan, process: subprocess.Popen[bytes], password: str, backup: Backup | None = None
) -> None:
    """Wait until it answers, and put the synthetic record in."""
    programs.wait("PostgreSQL", lambda: is_ready(plan), START_S, process)
    roles = _ROLE.format(password=password)
    if backup:
        roles += _BACKUP_ROLE.format(account=backup.account, password=backup.password)
    content = (resources.files(__package__) / _CONTENT).read_text(encoding="utf-8")
    text = f"{roles}\\connect {NAME}\nSET ROLE record;\nBEGIN;\n{content}COMMIT;\n"
    programs.check("psql", RECORD, _psql(plan, "postgres"), input=text.encode())


def is_ready(plan: Plan) -> bool:
    """Whether it takes connections, by the line that pg_ctl reads."""
    try:
        return (data_of(plan) / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
    except (OSError, IndexError):
        return False


def ask(programs: Programs, plan: Plan, sql: str) -> list[list[str]]:
    """Ask the database on its own machine, as its superuser; returns rows of words. Raises Incomplete."""
    words = [*_psql(plan, NAME), "-A", "-t", "-F", "\x1f"]
    told = programs.check("psql", RECORD, words, input=sql.encode(), timeout=60)
    return [line.split("\x1f") for line in told.splitlines()]


def _psql(plan: Plan, database: str) -> list[str]:
    words = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(_sockets(plan)), "-U", "postgres", "-d", database]
    return as_user([str(programs_place() / "psql"), *words])


def data_of(plan: Plan) -> Path:
    """Its data directory."""
    return plan.disk(RECORD) / "postgresql"


def _sockets(plan: Plan) -> Path:
    """Not in the data directory: a base backup would carry the socket's lock along."""
    return plan.machine_home(RECORD) / "run"


def log_of(plan: Plan) -> Path:
    """Where a cluster writes its log that was started anew: PostgreSQL's own user opens it."""
    return plan.machine_home(RECORD) / "postgresql.log"


def programs_place() -> Path:
    """Where its programs lie; raises Incomplete."""
    place = find_programs()
    if place is None:
        raise Incomplete("PostgreSQL is not installed", "apt-get install postgresql")
    return place


def user() -> str:
    """PostgreSQL refuses to run as root."""
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


def as_user(words: Sequence[str]) -> list[str]:
    owner = pwd.getpwnam(user())
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--", *words]
