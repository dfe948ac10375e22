"""What the attackers do in depth, and the witness of it: from before the first burst until the morning is over.

Comes in: the hospital, the night's seed, the stores of restore points. Goes out: `Depth`: the record as it was, the
process left behind, the archive and the rows destroyed, when no backup could be deleted any more. Nothing of Garde is
asked.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB, RECORD, SHARES
from garde.lab.night import frozen, harm, rows
from garde.lab.night.beside import Beside
from garde.lab.night.draw import draw_deep
from garde.lab.night.relapse import FILES, Sleeper
from garde.lab.witness import Witness

ASK_S: Final = 0.02  # between two tries to delete a snapshot


@dataclass(frozen=True, slots=True)
class Backup:
    """One store as its own account sees it."""

    name: str
    uid: int
    aside: Path  # a folder of that account's on the same disk
    root: Path  # whose files are its snapshots

    @property
    def word(self) -> str:
        return f"{self.name}={self.uid}={self.aside}={self.root}"


class Depth:
    """For the length of a `with`."""

    def __init__(self, hospital: Hospital, seed: int, backups: list[Backup]) -> None:
        self.hospital, self.deep, self._backups = hospital, draw_deep(seed), backups
        self.log = hospital.plan.home / "committed.log"  # what the record confirmed to colleagues
        self._archives = {
            server: Witness(hospital.plan.archive(server), made) for server, made in hospital.archives.items()
        }
        self._stack = ExitStack()
        self.struck_at = 0.0  # wall seconds of this machine
        self.deleted = 0  # snapshots that the attackers could delete in the end

    def __enter__(self) -> Depth:
        hospital, server = self.hospital, self.deep.sleeper
        self.notes = rows.count_notes(hospital)
        self.before = rows.content(hospital, self.notes)
        files = [os.fsdecode(each.path) for each in hospital.documents[server]][-FILES:]
        with ExitStack() as stack:
            share = hospital.share_of(server)
            self.sleeper = stack.enter_context(Sleeper(hospital, server, share, files))
            words = [str(ASK_S), *(each.word for each in self._backups)]
            self._asking = stack.enter_context(Beside(hospital, HUB, "garde.lab.night.frozen", *words))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def strike(self, machine: str) -> None:
        """Destroy what no agent guards; the SQL comes from `machine`."""
        self.struck_at = harm.destroy(self.hospital, self.deep, machine)

    def refused_at(self) -> float | None:
        """Let the attackers really try to delete every snapshot; CLOCK_MONOTONIC of when none could be any more."""
        told = msgspec.json.decode(self._asking.end()[-1], type=list[frozen.Line])
        self.deleted = sum(each.deleted for each in told)
        since = [each.refused_since for each in told]
        return max(since) if since and all(since) and not self.deleted else None

    def lost(self) -> list[str]:
        """Files of the archives that do not hold their original bytes."""
        return [
            f"{server}: {os.fsdecode(witness.documents[number].path)}"
            for server, witness in self._archives.items()
            for number in witness.lost(afresh=True)
        ]


def servers() -> tuple[str, ...]:
    """The servers that come back."""
    return (*SHARES, RECORD)
