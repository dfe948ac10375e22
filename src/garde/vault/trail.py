"""The trail of renames: which name a file had, and where the file of a name lies now.

Comes in: the index's table `moves`, a path. Goes out: paths. A file moves by its own rename or by that of a directory
above it. It writes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator


def back(db: sqlite3.Connection, path: bytes, since: float) -> bytes:
    """The name that the file now at `path` had at wall time `since`."""
    number = 1 << 62
    while hop := _move(db, "new", path, f"at >= {float(since)!r} AND id < {number} ORDER BY id DESC"):
        number, old, new = hop
        path = old + path[len(new) :]
    return path


def onward(db: sqlite3.Connection, path: bytes) -> Iterator[bytes]:
    """Where a file called `path` may lie now, the latest rename away from that name first.

    Several, because the rename of a directory tells only what moved if it was there; the caller knows which exist.
    """
    number = 1 << 62
    while hop := _move(db, "old", path, f"id < {number} ORDER BY id DESC"):
        number, old, new = hop
        yield _follow(db, new + path[len(old) :], number)


def _follow(db: sqlite3.Connection, path: bytes, number: int) -> bytes:
    while hop := _move(db, "old", path, f"id > {number} ORDER BY id"):
        number, old, new = hop
        path = new + path[len(old) :]
    return path


def _move(db: sqlite3.Connection, side: str, path: bytes, which: str) -> tuple[int, bytes, bytes] | None:
    """One rename that carried `path`: its own, or one of a directory above it. `side` and `which` are our words."""
    parts = path.split(b"/")
    names = [b"/".join(parts[:count]) for count in range(2, len(parts))]
    marks = ",".join("?" * len(names))
    query = f"SELECT id, old, new FROM moves WHERE ({side} = ? OR is_dir AND {side} IN ({marks})) AND {which} LIMIT 1"  # noqa: S608
    row: tuple[int, bytes, bytes] | None = db.execute(query, (path, *names)).fetchone()
    return row
