"""Reading all of a cluster that was brought back: every heap and index, every table, what the settings ask.

Comes in: a cluster that runs. Goes out: `Asked`: how much was read, and what is wrong with it. It changes nothing but
for the extension that pg_amcheck needs, which goes again with its schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.points.base import Fault, StoreFault
from garde.recovery.points.pg.cluster import Asking

_SCHEMA: Final = "garde_amcheck"  # holds what pg_amcheck needs, while it is needed
_DATABASES: Final = "SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'template1' ORDER BY 1"
# One command that counts every table of people's; the server writes their names itself.
_COUNT: Final = """\
SELECT coalesce(string_agg(format('SELECT count(*) FROM %I.%I', n.nspname, c.relname), ' UNION ALL '), 'SELECT NULL')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname !~ '^(pg_|information_schema$)'"""
_BYTES: Final = "SELECT sum(pg_database_size(oid)) FROM pg_database"
_INSTALLED: Final = "SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'"


@dataclass(frozen=True, slots=True)
class Asked:
    """What reading it came to."""

    databases: int
    tables: int
    rows: int
    bytes: int
    checks: int  # questions of the settings that were answered as wanted
    wrong: tuple[Skipped, ...]


def look_through(asking: Asking, checks: Sequence[str], database: str, role: str) -> Asked:
    """Read everything; StoreFault where it cannot even be asked."""
    databases = [line for line in _answer(asking, _DATABASES).splitlines() if line]
    wrong: list[Skipped] = []
    tables = rows = 0
    for name in databases:
        wrong += _check_pages(asking, name)
        counted, said = _count(asking, name)
        tables, rows = tables + len(counted), rows + sum(counted)
        wrong += said
    failed = [
        it for number, question in enumerate(checks, 1) for it in _check(asking, number, question, database, role)
    ]
    size = int(_answer(asking, _BYTES) or 0)
    return Asked(len(databases), tables, rows, size, len(checks) - len(failed), (*wrong, *failed))


def _answer(asking: Asking, question: str, database: str = "postgres") -> str:
    said = asking.ask(question, database)
    if said.code:
        raise StoreFault(Fault.FAILED, f"the cluster does not answer: {said.complaint}")
    return said.out.decode(errors="surrogateescape").strip("\n")


def _count(asking: Asking, database: str) -> tuple[list[int], list[Skipped]]:
    """Rows of each table: counting reads every page and every row's header."""
    command = _answer(asking, _COUNT, database)
    said = asking.ask(command, database)
    if said.code:
        return [], [Skipped(f"tables of {plain(database)}", said.complaint)]
    return [int(line) for line in said.out.split() if line], []


def _check_pages(asking: Asking, database: str) -> list[Skipped]:
    """pg_amcheck over a database; each of its first lines is a finding."""
    with _with_amcheck(asking, database) as missing:
        if missing:
            return [Skipped(f"pages of {plain(database)}", missing)]
        said = asking.run("pg_amcheck", ["-U", "postgres", "-d", database, "--heapallindexed"])
    if said.code == 0:
        return []
    lines = [line.strip() for line in (said.out or said.error).splitlines() if line.strip()]
    return [Skipped(f"pages of {plain(database)}", plain(line, 300)) for line in lines[:10]] or [
        Skipped(f"pages of {plain(database)}", said.complaint)
    ]


@contextmanager
def _with_amcheck(asking: Asking, database: str) -> Iterator[str]:
    """While inside, the extension is there; "" or why it cannot be."""
    if _answer(asking, _INSTALLED, database) != "0":
        yield ""
        return
    made = asking.change(f"CREATE SCHEMA {_SCHEMA}; CREATE EXTENSION amcheck SCHEMA {_SCHEMA};", database)
    try:
        yield made.complaint if made.code else ""
    finally:
        asking.change(f"DROP EXTENSION IF EXISTS amcheck; DROP SCHEMA IF EXISTS {_SCHEMA};", database)


def _check(asking: Asking, number: int, question: str, database: str, role: str) -> list[Skipped]:
    """One question of the settings: it must answer with one row that is true."""
    said = asking.ask(question, database, role)
    if said.code:
        return [Skipped(f"question {number}", said.complaint)]
    if said.out.strip() != b"t":
        return [
            Skipped(f"question {number}", f"it answered {plain(said.out.strip() or b'nothing', 100)}, and not true")
        ]
    return []
