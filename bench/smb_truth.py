"""The truth about one attack over SMB, from the attacker's side: its log, and the files' own stamps and hashes.

Comes in: the documents as they were made, the attacker's log. Goes out: which files were touched, lost, and when the
attack stood still. Nothing of it comes from the agent.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Logged:
    """What the attackers wrote down: number → seconds (CLOCK_MONOTONIC) of the first line of that kind."""

    started: dict[int, float]
    confirmed: dict[int, float]
    finished: dict[int, float]
    failed: dict[int, float]

    @property
    def last(self) -> float:
        """When the attack last moved; 0 when it never did."""
        groups = (self.started, self.confirmed, self.finished, self.failed)
        return max((at for group in groups for at in group.values()), default=0.0)


def parse_log(data: bytes) -> Logged:
    """Read the attackers' logs; a line cut short by a kill is left out."""
    found: dict[str, dict[int, float]] = {"s": {}, "w": {}, "f": {}, "x": {}}
    for line in data.split(b"\n")[:-1]:
        words = line.decode("ascii", errors="replace").split()
        if len(words) == 3 and words[0] in found and words[1].isdigit():
            found[words[0]].setdefault(int(words[1]), float(words[2]))
    return Logged(found["s"], found["w"], found["f"], found["x"])


@dataclass(frozen=True, slots=True)
class Before:
    """One document before the attack."""

    path: Path
    sha256: str
    inode: int
    changed_ns: int  # ctime: nothing that writes to the file can leave it as it was


def look(paths: Sequence[Path]) -> list[Before]:
    """Note hash, inode and ctime of every document."""
    found = []
    for path in paths:
        status = path.stat()
        found.append(Before(path, _sha256(path), status.st_ino, status.st_ctime_ns))
    return found


def touched(before: Sequence[Before], logged: Logged) -> set[int]:
    """Return the numbers of the files that the attack reached.

    A file counts when the server confirmed a destructive request, and also when one was under way (or failed) and the
    file is no longer the very inode, unchanged, that it was.
    """
    unsure = set(logged.started) - set(logged.confirmed)
    return set(logged.confirmed) | {number for number in unsure if not _is_same_inode(before[number])}


def held_since(logged: Logged, files: int) -> float | None:
    """Return since when an attack that has come to rest could not go on; None where it got through every file.

    That is the first request refused after the last one that worked, or, where none was even refused, the last move.
    A single failure in the middle (a file that was just put back) is no hold.
    """
    if len(logged.finished) == files:
        return None
    worked = max((*logged.confirmed.values(), *logged.finished.values()), default=0.0)
    refused = [at for at in logged.failed.values() if at > worked]
    if not refused and len(logged.finished) + len(logged.failed) == files:
        return None
    return min(refused, default=worked or logged.last)


def lost(before: Sequence[Before], numbers: Sequence[int] | None = None) -> list[int]:
    """Return the numbers of the files whose path does not hold the original bytes."""
    asked = range(len(before)) if numbers is None else numbers
    return [number for number in asked if _sha256(before[number].path) != before[number].sha256]


def _is_same_inode(document: Before) -> bool:
    try:
        status = os.lstat(document.path)
    except OSError:
        return False
    return (status.st_ino, status.st_ctime_ns) == (document.inode, document.changed_ns)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return ""
