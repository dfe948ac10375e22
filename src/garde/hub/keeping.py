"""What the hub sees to from time to time: checkpoints, and the hospital's file.

Comes in: the clock's ticks; a person who asks to read the file again, or who brings lists. Goes out: signed
checkpoints in the journal (agents note the newest one from the answer to their heartbeat, so that a journal cut off
at the hub shows elsewhere); the file with the lists merged into it; `estate_loaded`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from garde.clock import Clock
from garde.errors import GardeError, NotPermitted
from garde.estate.canonical import to_json
from garde.estate.nouns import Estate
from garde.estate.places import Problem
from garde.estate.read import load, read, read_bytes
from garde.estate.tables import merge
from garde.estate.write import replace_file, to_yaml
from garde.hub.api_shapes import EstateState
from garde.hub.loop import Loop
from garde.journal.hub_kinds import EstateLoaded
from garde.journal.text import Text
from garde.trust.keys import SigningKey

CHECKPOINT_ENTRIES = 1_000
CHECKPOINT_S = 60.0  # after the last one, where anything was written since


class Checkpoints:
    """Signs the journal as it stands, every thousand entries and every minute in which something was written."""

    def __init__(self, loop: Loop, key: SigningKey, clock: Clock) -> None:
        self._loop, self._key, self._clock = loop, key, clock
        kept = loop.journal.checkpoints()
        loop.checkpoint = kept[-1] if kept else None
        self._made = clock.monotonic()

    def tick(self, *, now: bool = False) -> None:
        """Make one where it is time (or `now`)."""
        last = self._loop.checkpoint
        behind = self._loop.seq - (last.size if last else 0)
        waited = self._clock.monotonic() - self._made
        if behind == 0 or not (now or behind >= CHECKPOINT_ENTRIES or waited >= CHECKPOINT_S):
            return
        self._made = self._clock.monotonic()
        try:
            self._loop.checkpoint = self._loop.journal.checkpoint(self._key.sign)
        except (OSError, GardeError):
            pass  # a full disk: the appends say so, and the next tick tries again


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of lists, or of a whole file."""

    problems: tuple[Problem, ...]  # errors where it was refused or is not in force, else warnings
    added: Mapping[str, list[str]]  # table -> ids
    changed: Mapping[str, list[str]]
    unused: Mapping[str, list[str]]  # file -> columns that mean nothing here
    written: bool  # something of it is new: in the file, or in force
    in_force: bool
    standing: bool = False  # the faults are those of the file that stands there: no list was looked at


class EstateKeeper:
    """Reads hospital.yaml, and writes what it holds into the journal where that is something new."""

    def __init__(self, loop: Loop, path: Path) -> None:
        self._loop, self.path = loop, path
        self._lock = threading.Lock()

    def state(self, changed: bool = False) -> EstateState:
        """Return the estate in force."""
        estate = self._loop.estate.estate
        return EstateState(estate.name, digest_of(estate), len(estate.machines), len(estate.services), changed)

    def reload(self, who: str) -> EstateState:
        """Read the file again. SettingsError with file and line where it cannot be used: nothing has changed then."""
        with self._lock:
            return self._put_in_force(load(self.path).estate, who)

    def take(self, lists: Mapping[str, tuple[str, bytes]], who: str, *, name: str = "") -> Taken:
        """Merge lists (table -> file name and content) into the file and put it in force.

        Where a list is wrong nothing is written; where the estate cannot be used yet the file is written, and the one
        before stays in force. Where the file as it stands cannot be read, its faults are said instead. SettingsError
        where there is none, NotPermitted where it cannot be written; OSError where the journal cannot be: the file
        holds the lists then, and brought again they count.
        """
        with self._lock:
            before = read(self.path)
            if before.estate is None or not before.whole:
                return Taken(before.errors, {}, {}, {}, written=False, in_force=False, standing=True)
            named = replace(before.estate, name=name) if name else before.estate
            merged = merge(named, before.lines, lists)
            if merged.refused:
                return Taken(merged.refused, {}, {}, merged.unused, written=False, in_force=False)
            new = merged.estate != before.estate
            if new:
                self._replace(to_yaml(merged.estate))
            lacking = tuple(each for each in merged.problems if not each.warning)
            if not lacking:
                new = self._put_in_force(merged.estate, who).changed or new
            return Taken(
                lacking or merged.problems, merged.added, merged.changed, merged.unused, written=new,
                in_force=not lacking,
            )  # fmt: skip

    def take_file(self, raw: bytes, file_name: str, who: str) -> Taken:
        """Put a whole hospital.yaml in the place of the file, and in force; where it has a fault nothing is written.

        Raises as `take` does.
        """
        with self._lock:
            found = read_bytes(raw, file_name)
            if found.errors or found.estate is None:
                return Taken(found.errors, {}, {}, {}, written=False, in_force=False)
            self._replace(raw.decode("utf-8-sig"))
            self._put_in_force(found.estate, who)
            tables = ("machines", "services", "wards", "people")
            added = {table: [each.id for each in getattr(found.estate, table)] for table in tables}
            return Taken(found.warnings, added, {}, {}, written=True, in_force=True)

    def _replace(self, text: str) -> None:
        try:
            replace_file(self.path, text)
        except OSError as error:
            raise NotPermitted(
                f"the hospital's file cannot be written: {error.strerror}", "nothing was changed"
            ) from error

    def _put_in_force(self, estate: Estate, who: str) -> EstateState:
        if digest_of(estate) == digest_of(self._loop.estate.estate):
            return self.state()
        self._loop.append([estate_loaded(estate, self.path)], who=who)
        return self.state(changed=True)


def digest_of(estate: Estate) -> str:
    """Return the SHA-256, in hex, of the canonical form."""
    return hashlib.sha256(to_json(estate)).hexdigest()


def estate_loaded(estate: Estate, path: Path) -> EstateLoaded:
    """Return the entry that an estate is."""
    raw = to_json(estate)
    source = str(path).encode("utf-8", "replace").decode()
    digest = hashlib.sha256(raw).hexdigest()
    return EstateLoaded(digest, Text(raw), source, len(estate.machines), len(estate.services))
