"""Looking for a watch list in what is known already: the index of files, the agent's journal.

Comes in: a list, the index, the journal. Goes out: the endings that are in daily use here and so say nothing, and
`Seen`: each indicator once, where it was seen first. It changes nothing and decides nothing. Rules, one test each:

1. An ending that many sound files here bear is in use, and nobody is suspected for it.
2. Files that nobody can read any more, and files whose kind is not known, do not make an ending a usual one.
3. An indicator is told once, with its oldest sighting; at most `MOST` of them.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from garde.content import is_recognised
from garde.journal import forensic_kinds as f
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.model.watchlist import NAMES, Indicator, Sort, WatchList, address

MOST: Final = 500  # sightings of one list: whoever has more has read enough
IN_USE: Final = 20  # sound files with an ending
_FILES: Final = (
    "SELECT f.path, v.kind, v.captured_at, v.sha256 FROM files f JOIN versions v ON v.id = f.newest"
    " WHERE f.gone IS NULL"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One sighting."""

    sort: Sort
    value: bytes
    where: bytes
    at: float  # wall seconds


Told = dict[tuple[Sort, bytes], Seen]


def in_index(db: sqlite3.Connection, whole: WatchList, told: Told) -> list[Indicator]:
    """Look through the known files: sightings go into `told`; returns the endings that are in use (rule 1)."""
    endings: Counter[bytes] = Counter()
    for path, kind, at, sha256 in db.execute(_FILES):
        name = path.rpartition(b"/")[2].lower()
        for hit in names_in(whole, name):
            note(told, Seen(*hit, path, at))
            if hit[0] is Sort.ENDING and is_recognised(kind):
                endings[hit[1]] += 1
        if sha256 and (digest := sha256.hex().encode()) in whole.tables[Sort.SHA256]:
            note(told, Seen(Sort.SHA256, digest, path, at))
    return [Indicator(Sort.ENDING, ending) for ending, count in endings.items() if count >= IN_USE]


def in_journal(entries: Iterable[Entry], whole: WatchList, told: Told) -> None:
    """Look through what was written down."""
    for entry in entries:
        reader = _READERS.get(type(entry.payload))
        for seen in reader(whole, entry.payload, entry.at) if reader is not None else ():
            note(told, seen)


def note(told: Told, seen: Seen) -> None:
    """Keep a sighting where it is the oldest of its indicator (rule 3)."""
    before = told.get((seen.sort, seen.value))
    if (before is None and len(told) < MOST) or (before is not None and seen.at < before.at):
        told[seen.sort, seen.value] = seen


def names_in(whole: WatchList, name: bytes) -> Iterator[tuple[Sort, bytes]]:
    """Yield what of a file's name (in small letters) is on the list."""
    for sort in NAMES:
        if name in whole.tables[sort]:
            yield sort, name
    endings = whole.tables[Sort.ENDING]
    at = name.find(b".", 1) if endings else -1
    while at > 0:
        if name[at:] in endings:
            yield Sort.ENDING, name[at:]
        at = name.find(b".", at + 1)


# --- entries ----------------------------------------------------------------------------------------------------------


def _paths(whole: WatchList, at: float, *paths: Text) -> Iterator[Seen]:
    for path in paths:
        value = path.value or b""
        for hit in names_in(whole, value.rpartition(b"/")[2].lower()):
            yield Seen(*hit, value, at)


def _address(whole: WatchList, text: str, at: float, where: bytes) -> Iterator[Seen]:
    try:
        value = address(text).encode()
    except ValueError:
        return
    if value in whole.tables[Sort.ADDRESS]:
        yield Seen(Sort.ADDRESS, value, where, at)


def _user(whole: WatchList, user: Text, at: float, where: bytes) -> Iterator[Seen]:
    value = (user.value or b"").lower().rpartition(b"\\")[2]
    if value and value in whole.tables[Sort.USER]:
        yield Seen(Sort.USER, value, where, at)


def _digest(whole: WatchList, sha256: str, at: float, where: Text) -> Iterator[Seen]:
    value = sha256.lower().encode()
    if value in whole.tables[Sort.SHA256]:
        yield Seen(Sort.SHA256, value, where.value or b"", at)


def _actor(whole: WatchList, who: k.ActorNote, at: float) -> Iterator[Seen]:
    yield from _address(whole, who.address, at, b"client")
    for user in (who.user, *who.users):
        yield from _user(whole, user, at, b"account")
    yield from _paths(whole, at, who.exe)


def _finding(whole: WatchList, said: k.FindingMade, at: float) -> Iterator[Seen]:
    yield from _paths(whole, at, said.file.path_after)
    yield from _actor(whole, said.actor, at)


def _verdict(whole: WatchList, said: k.VerdictReached, at: float) -> Iterator[Seen]:
    yield from _paths(whole, at, *(each.path_after for each in said.files))
    for who in said.actors:
        yield from _actor(whole, who, at)


def _path_seen(whole: WatchList, said: f.PathSeen, at: float) -> Iterator[Seen]:
    yield from _address(whole, said.outside, said.first or at, said.inside.encode())
    yield from _user(whole, said.user, said.first or at, said.outside.encode())


def _egress(whole: WatchList, said: f.EgressSeen, at: float) -> Iterator[Seen]:
    yield from _address(whole, said.to, said.since or at, said.address.encode())


def _note(whole: WatchList, said: f.NoteTaken, at: float) -> Iterator[Seen]:
    yield from _paths(whole, at, said.name)
    yield from _digest(whole, said.sha256, at, said.name)


def _evidence(whole: WatchList, said: f.EvidenceTaken, at: float) -> Iterator[Seen]:
    yield from _paths(whole, at, said.name)
    yield from _digest(whole, said.sha256, at, said.place)


_READERS: Final[dict[type[Payload], Callable[[WatchList, Any, float], Iterator[Seen]]]] = {
    k.FindingMade: _finding,
    k.VerdictReached: _verdict,
    k.ActorHeld: lambda whole, said, at: _actor(whole, said.actor, at),
    k.MassDeleteSeen: lambda whole, said, at: _actor(whole, said.actor, at),
    f.PathSeen: _path_seen,
    f.EgressSeen: _egress,
    f.NoteTaken: _note,
    f.EvidenceTaken: _evidence,
}
