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
_CONTENT = """\
CREATE ROLE record LOGIN PASSWORD '{password}';
CREATE DATABASE record OWNER record;
\\connect record
SET ROLE record;
CREATE TABLE patient (id integer PRIMARY KEY, number text UNIQUE NOT NULL, family text NOT NULL, ward text NOT NULL);
CREATE TABLE note (id bigserial PRIMARY KEY, patient integer NOT NULL REFERENCES patient,
    at timestamptz NOT NULL DEFAULT now(), text text NOT NULL);
INSERT INTO patient SELECT n, 'SYN' || lpad(n::text, 7, '0'), 'TEST-' || upper(substr(md5(n::text), 1, 7)),
    (ARRAY['emergency', 'icu', 'ward-3', 'ward-4'])[1 + n % 4] FROM generate_series(1, 400) AS n;
INSERT INTO note (patient, text) SELECT 1 + n % 400, 'synthetic note ' || n FROM generate_series(1, 2000) AS n;
"""


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version's; None where it is not installed."""
    found = [Path(path).parent for name in ("initdb",) if (path := shutil.which(name))]
    versions = sorted(Path(_PLACES).glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True)
    return next(iter([path.parent for path in versions] + found), None)


def start(programs: Programs, plan: Plan) -> subprocess.Popen[bytes]:
    """Make the cluster on the machine's own disk and start it; `fill` waits for it."""
    place = _programs()
    data = _data(plan)
    data.mkdir(mode=0o700)
    owner = pwd.getpwnam(_user())
    os.chown(data, owner.pw_uid, owner.pw_gid)
    quick = [
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
        "--auth=scram-sha-256",
        "--auth-local=peer",
        "--username=postgres",
    ]
    programs.check("initdb", RECORD, _as_user([str(place / "initdb"), "-D", str(data), *quick]))
    with (data / "postgresql.conf").open("a") as file:
        addresses = f"{plan.address(RECORD)},{plan.address6(RECORD)}"
        file.write(_SETTINGS.format(addresses=addresses, home=data, port=PORT))
    networks = {"network4": f"{plan.address(RECORD)}/24", "network6": f"{plan.address6(RECORD)}/64"}
    (data / "pg_hba.conf").write_text(_ACCESS.format(name=NAME, **networks))
    (data / "pg_ident.conf").write_text(f"lab {_user()} postgres\n")
    # In an IPC namespace of its own: killed, it would leave its shared memory on this machine.
    words = ["unshare", "--ipc", "--", *_as_user([str(place / "postgres"), "-D", str(data)])]
    return programs.daemon("postgres", RECORD, words)


def fill(programs: Programs, plan: Plan, process: subprocess.Popen[bytes], password: str) -> None:
    """Wait until it answers, and put the synthetic record in."""
    pid_file = _data(plan) / "postmaster.pid"

    def ready() -> bool:
        try:
            return pid_file.read_text().splitlines()[7].strip() == "ready"  # the line that pg_ctl reads
        except (OSError, IndexError):
            return False

    programs.wait("PostgreSQL", ready, START_S, process)
    words = [
        str(_programs() / "psql"),
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        str(_data(plan)),
        "-U",
        "postgres",
        "-d",
        "postgres",
    ]
    programs.check("psql", RECORD, _as_user(words), input=_CONTENT.format(password=password).encode())


def ask(programs: Programs, plan: Plan, sql: str) -> list[list[str]]:
    """Ask the database on its own machine, as its superuser; returns rows of words. Raises Incomplete."""
    words = [
        str(_programs() / "psql"), "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1",
        "-h", str(_data(plan)), "-U", "postgres", "-d", NAME,
    ]  # fmt: skip
    told = programs.check("psql", RECORD, _as_user(words), input=sql.encode(), timeout=60)
    return [line.split("\x1f") for line in told.splitlines()]


def _data(plan: Plan) -> Path:
    return plan.disk(RECORD) / "postgresql"


def _programs() -> Path:
    place = find_programs()
    if place is None:
        raise Incomplete("PostgreSQL is not installed", "apt-get install postgresql")
    return place


def _user() -> str:
    """PostgreSQL refuses to run as root."""
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


def _as_user(words: Sequence[str]) -> list[str]:
    owner = pwd.getpwnam(_user())
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--", *words]
