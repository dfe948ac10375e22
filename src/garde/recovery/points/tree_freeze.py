"""Freeze a repository that is a folder: its files are marked immutable, its folders so that nothing is moved away.

Comes in: the folder, a rule that says which mark each thing gets, a file to write down what stood before. Goes out:
`Freezing`, `Proof`, `Thawed`. Whoever owns the folder, an attacker with the backup's own account included, can then
neither remove, overwrite nor rename what is marked; root can, after taking the marks away by hand
(`chattr -R -i -a FOLDER`), or by `garde point thaw`.

* What was marked before is written down before anything is marked, and stays marked after a thaw.
* A freeze that was cut short goes on where it is called again; one that stands marks only what is new.
* The proof is taken on every marked thing, by a child with the owner's rights: renaming it, opening it for writing. A
  try that succeeds is undone at once, and nothing was lost by it.
* A thing older than the freeze that bears no mark is no proof.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from garde.clock import Clock
from garde.journal.hub_kinds import Check
from garde.journal.text import plain
from garde.private import written_beside
from garde.recovery.points.base import Fault, Freezing, Proof, StoreFault, Thawed
from garde.recovery.points.flags import CANNOT_MARK, IMMUTABLE, Thing, marks_of, put_marks, walk
from garde.recovery.points.notes import read_note
from garde.recovery.points.tries import Tried, try_as

Rule = Callable[[Thing], int]  # marks that a thing gets; 0: none, it must stay free
_NOBODY: Final = 65534
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a freeze, on disk."""

    version: int
    root: str  # hex
    at: float  # wall seconds when it was begun
    whole: bool  # every thing was marked at least once
    before: dict[str, int]  # hex of a path → marks that it had


_RECORD: Final = msgspec.json.Decoder(Record)


class TreeFreeze:
    """One folder's freeze."""

    def __init__(self, root: bytes, rule: Rule, record: Path, clock: Clock) -> None:
        self._root = root
        self._rule = rule
        self._file = record
        self._clock = clock

    def is_frozen(self) -> bool:
        """Whether a freeze was begun and not undone."""
        return self._file.exists()

    def freeze(self, detail: str = "") -> Freezing:
        """Mark; raises StoreFault, and then what was marked stays so."""
        record = self._read() or self._begin()
        marked = fresh = 0
        try:
            for thing in walk(self._root):
                marks = self._rule(thing) | record.before.get(thing.path.hex(), 0)
                if marks:
                    fresh += put_marks(thing.fd, marks)
                    marked += 1
        except OSError as error:
            raise self._fault(error) from error
        if not record.whole:
            self._write(replace(record, whole=True))
        return Freezing(marked, fresh, detail)

    def thaw(self) -> Thawed:
        """Take away what `freeze` put there. Twice is fine."""
        record = self._read()
        if record is None:
            return Thawed(0, "it was not frozen")
        count = 0
        try:
            # Folders first would be needed to change what lies in them; the marks themselves can be taken in any order.
            for thing in walk(self._root):
                if self._rule(thing):
                    count += put_marks(thing.fd, record.before.get(thing.path.hex(), 0))
        except OSError as error:
            raise self._fault(error) from error
        self._file.unlink(missing_ok=True)
        return Thawed(count)

    def prove(self) -> Proof:
        """Try to get round it."""
        record = self._read()
        if record is None:
            return Proof((), "it is not frozen")
        try:
            files, folders, bare, owners = self._look(record)
        except OSError as error:
            raise self._fault(error) from error
        checks = [Check("everything older than the freeze is marked", True, bare == 0)]
        for owner, group in sorted(owners.items()):
            who = "its owner" if owner else "root, without taking the marks away,"
            checks += _checks(who, try_as((owner, group), self._root, files, folders))
        if set(owners) == {0}:  # whoever is not root has no business there either
            checks += _checks("a stranger", try_as((_NOBODY, _NOBODY), self._root, files, folders))
        return Proof(tuple(checks), f"{len(files)} files and {len(folders)} folders tried")

    def _look(self, record: Record) -> tuple[list[bytes], list[bytes], int, dict[int, int]]:
        files: list[bytes] = []
        folders: list[bytes] = []
        owners: dict[int, int] = {}
        bare = 0
        for thing in walk(self._root):
            wanted = self._rule(thing)
            if not wanted:
                continue
            if marks_of(thing.fd) & wanted != wanted:
                bare += thing.seen.st_ctime <= record.at or thing.path == b""
                continue
            owners[thing.seen.st_uid] = thing.seen.st_gid
            (folders if thing.is_dir else files).append(thing.path)
        return files, folders, bare, owners

    # --- the record --------------------------------------------------------------------------------------------------

    def _begin(self) -> Record:
        try:
            before = {thing.path.hex(): marks for thing in walk(self._root) if (marks := marks_of(thing.fd))}
        except OSError as error:
            raise self._fault(error) from error
        record = Record(_VERSION, self._root.hex(), self._clock.now(), whole=False, before=before)
        self._write(record)
        return record

    def _read(self) -> Record | None:
        found = read_note(self._file, _RECORD.decode, "freeze")
        if found is not None and found.root != self._root.hex():
            raise StoreFault(
                Fault.REFUSED, f"it is {plain(bytes.fromhex(found.root))} that was frozen: thaw that first"
            )
        return found

    def _write(self, record: Record) -> None:
        try:
            with written_beside(self._file, 0o600) as stream:
                stream.write(msgspec.json.encode(record))
        except OSError as error:
            raise StoreFault(
                Fault.NO_SPACE if error.errno == errno.ENOSPC else Fault.FAILED,
                f"the note of the freeze cannot be written: {error.strerror}",
            ) from error

    def _fault(self, error: OSError) -> StoreFault:
        where = plain(os.fsencode(error.filename) if error.filename else self._root)
        if error.errno in CANNOT_MARK:
            return StoreFault(Fault.CANNOT, f"the file system of {plain(self._root)} keeps no immutable mark")
        if error.errno in {errno.EPERM, errno.EACCES}:
            return StoreFault(Fault.CANNOT, f"{where}: only root may mark it")
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            return StoreFault(Fault.ABSENT, f"{where}: {error.strerror}")
        return StoreFault(Fault.FAILED, f"{where}: {error.strerror}")


def immutable_everywhere(_: Thing) -> int:
    """The strict rule: nothing changes, nothing is added."""
    return IMMUTABLE


def _checks(who: str, tried: Tried) -> list[Check]:
    return [
        Check(f"{who} could remove or rename a file", False, tried.renamed > 0),
        Check(f"{who} could write into a file", False, tried.opened > 0),
        Check(f"{who} could move a folder away", False, tried.moved > 0),
        *([Check("the tries could be made", True, False)] if tried.why else []),
    ]
