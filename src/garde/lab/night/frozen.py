"""The attackers' side of the backups: whether the account that they belong to can still delete a snapshot.

Comes in: `frozen EVERY NAME=UID=ASIDE=ROOT …` as root: stores, the account each belongs to, a folder of that
account's on the same disk, the folder whose files are its snapshots. Goes out: a line `ready`, a line `refused NAME AT`
when none of a store's files can be deleted any more (`deletable NAME AT` when one can again), and when standard input
ends one JSON list with a `Line` for each store. AT is CLOCK_MONOTONIC of the first question that was refused.

It asks the kernel without harm: to rename a file over a folder is refused in any case, with EISDIR where the file
itself could have been taken from its place, with EPERM where nobody may. At the end it really tries: every file of a
store that was refused all along is unlinked, and must still be there.
"""

from __future__ import annotations

import errno
import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

# What the kernel says of a file that may be taken away, when it is asked to put it where a folder is.
_COULD = frozenset({errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST})
SELDOM_S = 0.5  # between two questions where all are refused
MOST = 40  # files of a store that are asked for each time: the newest


class Line(msgspec.Struct, frozen=True):
    """What became of one store. `refused_since` 0: it is not refused."""

    store: str
    asked: int
    files: int
    refused_since: float
    tried: int  # files that were really to be deleted, in the end
    deleted: int


@dataclass(slots=True)
class Store:
    """One store, as whoever holds its account sees it."""

    name: str
    uid: int
    aside: Path
    root: Path
    files: list[Path] = field(default_factory=list)
    asked: int = 0
    refused_since: float = 0.0

    @property
    def wall(self) -> Path:
        """A folder that a file cannot take the place of; whether the account may try is not in question."""
        return self.aside / "wall"

    def find(self) -> None:
        """List the snapshots that are there now, the newest first; make what they are to be put over."""
        with _as(self.uid):
            self.wall.mkdir(exist_ok=True)
        found = [path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]
        self.files = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[:MOST]

    def ask(self) -> str:
        """Ask once; returns what is to be said where it has turned, else ""."""
        at, was = time.monotonic(), bool(self.refused_since)
        with _as(self.uid):
            could = any(_could_delete(path, self.wall) for path in self.files)
        self.asked += 1
        if could == was:
            self.refused_since = 0.0 if could else at
            return f"{'deletable' if could else 'refused'} {self.name} {at:.6f}"
        return ""

    def end(self) -> Line:
        """Really try, where it is refused."""
        tried = list(self.files) if self.refused_since else []
        with _as(self.uid):
            for path in tried:
                with suppress(OSError):
                    path.unlink()
        gone = sum(not path.exists() for path in tried)
        return Line(self.name, self.asked, len(self.files), self.refused_since, len(tried), gone)


def _could_delete(path: Path, wall: Path) -> bool:
    try:
        path.rename(wall)
    except OSError as error:
        return error.errno in _COULD
    return True  # it is gone: the wall was no folder


@contextmanager
def _as(uid: int) -> Iterator[None]:
    """While inside, this process is that account, with none of root's powers."""
    if os.geteuid() == uid:
        yield
        return
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def store_of(word: str) -> Store:
    """Read NAME=UID=ASIDE=ROOT."""
    name, uid, aside, root = word.split("=", 3)
    return Store(name, int(uid), Path(aside), Path(root))


def main(words: list[str]) -> None:
    """Ask until standard input ends, really try, report."""
    every, stores = float(words[0]), [store_of(word) for word in words[1:]]
    if os.geteuid() == 0:
        os.setgroups([])
    for each in stores:
        each.find()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], SELDOM_S if all(it.refused_since for it in stores) else every)[0]:
        for said in filter(None, [each.ask() for each in stores]):
            print(said, flush=True)
    print(msgspec.json.encode([each.end() for each in stores]).decode(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
