"""PostgreSQL under pgbench with its cluster in the guarded tree, and SQLite with VACUUM.

The PostgreSQL server runs as an unprivileged user on a socket in the scenario's folder and is ended with it.
"""

from __future__ import annotations

from bench.honest.base import NOBODY, Scenario, Work, nothing


def _pgbench(work: Work) -> None:
    cluster = work.root / "cluster"
    cluster.mkdir()
    work.shell(f'chown {NOBODY} "$1" "$2" && chmod 700 "$1"', cluster, work.root)
    work.run("initdb", "--auth=trust", "--username=bench", "-D", cluster, user=NOBODY)
    options = f"-c listen_addresses= -c unix_socket_directories={cluster} -c shared_buffers=32MB"
    work.run("pg_ctl", "-D", cluster, "-w", "-l", cluster / "log", "-o", options, "start", user=NOBODY)
    link = ("-h", str(cluster), "-U", "bench")
    try:
        work.run("pgbench", *link, "-i", "-q", "-s", str(work.size(8, 1)), "postgres", user=NOBODY)
        work.run("pgbench", *link, "-c4", "-j2", "-n", "-T", str(work.size(15, 4)), "postgres", user=NOBODY)
        work.run("psql", *link, "-d", "postgres", "-c", "VACUUM FULL", "-c", "REINDEX DATABASE postgres", user=NOBODY)
        work.run("pg_dump", *link, "-Fc", "-f", work.root / "night.dump", "postgres", user=NOBODY)
    finally:
        work.run("pg_ctl", "-D", cluster, "-w", "-m", "fast", "stop", user=NOBODY, fine=(0, 1))


FILL = """\
PRAGMA journal_mode={mode};
CREATE TABLE IF NOT EXISTS stay(id INTEGER PRIMARY KEY, ward TEXT, note TEXT, blob BLOB);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
INSERT INTO stay(ward, note, blob) SELECT 'W' || (i % 9), hex(randomblob(40)) || ' stable', randomblob(60) FROM n;
UPDATE stay SET note = note || ' seen' WHERE id % 3 = 0;
DELETE FROM stay WHERE id % 4 = 0;
VACUUM;
"""


def _sqlite(work: Work) -> None:
    for number in range(work.size(8, 3)):
        for mode in ("DELETE", "WAL"):
            script = FILL.format(mode=mode, rows=work.size(8000, 1500))
            work.run("sqlite3", work.root / f"ward-{number}.db", stdin=script.encode())


SCENARIOS = (
    Scenario("PostgreSQL pgbench", "initdb, pgbench, VACUUM FULL, pg_dump", ("initdb", "pgbench"), nothing, _pgbench),
    Scenario("SQLite VACUUM", "insert, update, delete, VACUUM", ("sqlite3",), nothing, _sqlite),
)
