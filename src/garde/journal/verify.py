"""Does the chain still hold?

Comes in: an open journal database. Goes out: `Fault`s: an entry edited, removed, moved or added, the end cut off, or
words of the side table changed or taken out without an erasure. Words erased on purpose are no fault. Someone who
rewrites every entry *and* the head stored beside them is found only against a head noted elsewhere (`expected`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

import msgspec

from garde.journal.entry import Fault, Head, Row, hash_of, origin
from garde.journal.text import PREFIX


def faults(
    db: sqlite3.Connection, identity: bytes, ref_of: Callable[[bytes, bytes], str], expected: Head | None
) -> Iterator[Fault]:
    """Yield every fault, first the chain's, then the side table's."""
    known = {str(ref) for (ref,) in db.execute("select ref from texts")}
    last = Head(0, origin(identity))
    found = expected is None or expected == last
    for seq, at, who, kind, payload, previous, digest in db.execute("select * from entries order by seq"):
        if seq != last.seq + 1:
            yield Fault(seq, f"entries {last.seq + 1} to {seq - 1} are missing")
        elif previous != last.hash:
            yield Fault(seq, "it does not follow the entry before: one was moved, removed or replaced")
        if hash_of(Row(seq, at, who, kind, str(payload), previous)) != digest:
            yield Fault(seq, "it was changed after it was written")
        yield from (Fault(seq, f"the words behind {ref} were removed") for ref in _refs(payload) if ref not in known)
        last = Head(seq, digest)
        found = found or expected == last
    yield from _end_faults(db, last)
    if not found and expected is not None:
        yield Fault(expected.seq, "the head noted elsewhere is not part of this chain")
    yield from _text_faults(db, ref_of)


def _end_faults(db: sqlite3.Connection, last: Head) -> Iterator[Fault]:
    row = db.execute("select value from meta where name = 'head'").fetchone()
    stored = bytes(row[0]).decode() if row else ""
    if stored != f"{last.seq}:{last.hash}":
        yield Fault(last.seq + 1, "entries at the end were cut off, or added past the journal")


def _text_faults(db: sqlite3.Connection, ref_of: Callable[[bytes, bytes], str]) -> Iterator[Fault]:
    for ref, salt, value in db.execute("select ref, salt, value from texts where value is not null"):
        if salt is None or ref_of(bytes(value), bytes(salt)) != ref:
            yield Fault(0, f"the words behind {ref} were changed")


def _refs(payload: str) -> list[str]:
    """Return every reference in a stored payload: strings that are marked so and have a reference's length."""
    refs: list[str] = []
    try:
        waiting = [msgspec.json.decode(payload)]
    except msgspec.DecodeError:
        return refs  # the hash has said so already
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and value.startswith(PREFIX) and len(value) == len(PREFIX) + 32:
            refs.append(value.removeprefix(PREFIX))
    return refs
