"""The witness of the night: what was done to which file, by the attackers' logs and the files; who was refused.

Comes in: the shares and what they held when they were made, the attackers' logs, the prober's lines. Goes out: `Seen`
for each burst, and which documents are lost. Nothing of it comes from Garde: not its journal, not its words, not its
files.

* *touched*: a file (a document, or bait) for which the server confirmed a destructive request, or on which one was
  under way and which is no longer the very inode, unchanged, that it was.
* *refused*: the first question of the prober that was sent after the last one that was answered, on IPv4 and IPv6,
  and no answer for half a second at least.
* *lost*: a document, of all that were made, whose path does not hold its original bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from garde.lab.documents import Document
from garde.lab.night.logs import Logged
from garde.lab.night.prober import SILENT, Line
from garde.lab.witness import Witness

Stamp = tuple[int, int]  # inode, and ctime in ns: nothing that writes to a file can leave it as it was


@dataclass(frozen=True, slots=True)
class Seen:
    """The truth about one burst. Seconds count from its first hostile write; None: not reached."""

    machine: str
    servers: tuple[str, ...]  # attacked, in order
    began: float  # CLOCK_MONOTONIC of the first hostile write; 0 there was none
    touched: Mapping[str, tuple[str, ...]]  # by server: paths
    refused: Mapping[str, float | None]  # by server
    others: tuple[str, ...]  # servers that were not attacked

    @property
    def touched_count(self) -> int:
        return sum(map(len, self.touched.values()))

    @property
    def refused_everywhere_s(self) -> float | None:
        return _latest(self.refused.values())

    @property
    def untouched_refused_s(self) -> float | None:
        """When the last of the servers that were not attacked refused; None also where all were attacked."""
        return _latest([self.refused[server] for server in self.others])


class NightWitness:
    """Looks before and after; remembers what the shares held."""

    def __init__(self, shares: Mapping[str, Path], documents: Mapping[str, Sequence[Document]]) -> None:
        self._shares = shares
        self._documents = {server: Witness(shares[server], made) for server, made in documents.items()}
        self._before: dict[str, dict[str, Stamp]] = {}

    def look(self) -> None:
        """Note every file as it is now: before a burst."""
        self._before = {server: dict(_stamps(share)) for server, share in self._shares.items()}

    def lost(self, *, afresh: bool = False) -> dict[str, list[str]]:
        """The documents that do not hold their original bytes, by server."""
        return {
            server: [os.fsdecode(witness.documents[number].path) for number in witness.lost(afresh=afresh)]
            for server, witness in self._documents.items()
        }

    def judge(
        self, machine: str, logged: Mapping[str, Logged], lines: Sequence[Line], answering: Sequence[str]
    ) -> Seen:
        """Say what one burst did. `answering`: the servers that were asked, attacked or not."""
        began = min((first for each in logged.values() if (first := each.first)), default=0.0)
        return Seen(
            machine=machine,
            servers=tuple(logged),
            began=began,
            touched={server: self.touched(server, each) for server, each in logged.items()},
            refused={server: refused_after(server, lines, began) for server in answering},
            others=tuple(server for server in answering if server not in logged),
        )

    def touched(self, server: str, logged: Logged) -> tuple[str, ...]:
        """The files of one server that the attack reached."""
        unsure = {
            number
            for number in logged.started
            if number not in logged.confirmed and self._has_changed(server, logged.paths[number])
        }
        return tuple(
            logged.paths[number] for number in sorted(unsure | set(logged.confirmed)) if number in logged.paths
        )

    def _has_changed(self, server: str, path: str) -> bool:
        return _stamp(self._shares[server] / path) != self._before.get(server, {}).get(path)


def refused_after(server: str, lines: Sequence[Line], began: float) -> float | None:
    """Seconds from `began` until a server refused on every IP version; None where it answers, or nobody can tell."""
    mine = [line for line in lines if line.server == server]
    since = [line.refused_since for line in mine if line.answered and line.last_asked - line.refused_since >= SILENT]
    if not began or not mine or len(since) < len(mine) or not all(since):
        return None
    return max(0.0, max(since) - began)


def _latest(values: Iterable[float | None]) -> float | None:
    """The largest; None where one was not reached, or there is none."""
    every = list(values)
    found = [value for value in every if value is not None]
    return max(found) if found and len(found) == len(every) else None


def _stamps(share: Path) -> list[tuple[str, Stamp]]:
    found = []
    for folder, _, names in os.walk(share):
        for name in names:
            path = Path(folder, name)
            stamp = _stamp(path)
            if stamp:
                found.append((str(path.relative_to(share)), stamp))
    return found


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns
