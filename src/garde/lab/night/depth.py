"""What the attackers do in depth, and the witness of it: from before the first burst until the morning is over.

Comes in: the hospital, the night's seed. Goes out: `Depth`: the record as it was, the process left behind, the archive
and the rows destroyed, when no backup could be deleted any more, what is lost. Nothing of Garde is asked.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from garde.lab.hospital import stores
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB, SHARES
from garde.lab.night import frozen, harm, rows
from garde.lab.night.beside import Beside
from garde.lab.night.colleague import Committed
from garde.lab.night.draw import draw_deep
from garde.lab.night.logs import read_lines
from garde.lab.night.relapse import FILES, Sleeper
from garde.lab.night.spread import DESK
from garde.lab.witness import Witness

ASK_S: Final = 0.02  # between two tries to delete a snapshot


class Depth:
    """For the length of a `with`."""

    def __init__(self, hospital: Hospital, seed: int) -> None:
        self.hospital, self.deep = hospital, draw_deep(seed)
        self.log = hospital.plan.home / "committed.log"  # what the record confirmed to colleagues
        self._files = [Witness(hospital.plan.archive(server), made) for server, made in hospital.archives.items()]
        self._files.append(Witness(stores.letters(hospital.plan), hospital.letters))
        self._stack = ExitStack()
        self._desks: dict[Path, str] = {}  # what colleagues saved, as they went home
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
            words = [str(ASK_S), *map(_word, stores.held(hospital.plan))]
            self._asking = stack.enter_context(Beside(hospital, HUB, "garde.lab.night.frozen", *words))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def strike(self, machine: str) -> None:
        """Destroy what no agent guards; the SQL comes from `machine`."""
        self.struck_at = harm.destroy(self.hospital, self.deep, machine)

    def note_desks(self) -> None:
        """Colleagues have gone home: what they saved is to be there in the end."""
        desks = [self.hospital.share_of(server) / DESK for server in SHARES]
        self._desks = {path: _sha256(path) for desk in desks if desk.is_dir() for path in sorted(desk.iterdir())}

    def refused_at(self) -> float | None:
        """Let the attackers really try to delete every snapshot; CLOCK_MONOTONIC of when none could be any more."""
        told = msgspec.json.decode(self._asking.end()[-1], type=list[frozen.Line])
        self.deleted = sum(each.deleted for each in told)
        since = [each.refused_since for each in told]
        return max(since) if since and all(since) and not self.deleted else None

    def lost(self) -> list[str]:
        """Files beside the shares, and of the record, that do not hold their original bytes."""
        return [
            f"{witness.directory.name}: {os.fsdecode(witness.documents[number].path)}"
            for witness in self._files
            for number in witness.lost(afresh=True)
        ] + [str(path) for path, content in self._desks.items() if _sha256(path) != content]

    def record(self, to: float) -> rows.Rows:
        """The medical record, said to be that of `to` (wall seconds)."""
        return rows.look(self.hospital, self.before, self.notes, read_lines(self.log, Committed), to)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _word(each: stores.Held) -> str:
    return f"{each.store}={each.uid}={each.aside}={each.root}"
