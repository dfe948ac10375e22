"""btrfs: snapshots of one subvolume, in a folder of the same file system.

Comes in: settings: `repository` (the folder of the snapshots, or of folders with one each, as snapper lays them out),
`paths`, the option `source`. Goes out: a `Store`. A snapshot is a tree that is there already: nothing is unpacked, and
what is brought shares its blocks.

Frozen means, each undone by a thaw: every snapshot is read-only; the folder and what lies in it can lose nothing (marks
as `tree_freeze` has them: new snapshots still come in); and the folder is root's alone. Without the last, whoever owns
a snapshot's top can make it writable again, with no right but that (tried: `btrfs property set ro false`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from garde.journal.hub_kinds import Check
from garde.journal.text import plain
from garde.private import written_beside
from garde.recovery.points import subvolumes
from garde.recovery.points.base import (
    Catalogue,
    Checked,
    Fault,
    Freezing,
    Point,
    Proof,
    StoreFault,
    Thawed,
)
from garde.recovery.points.flags import APPEND, IMMUTABLE, Thing
from garde.recovery.points.notes import read_note
from garde.recovery.points.shown import Shown
from garde.recovery.points.subvolumes import Subvolume
from garde.recovery.points.tree_freeze import TreeFreeze
from garde.recovery.points.tries import can_open_as, try_as

_DEPTH: Final = 2  # snapper: <folder>/<number>/snapshot
_NOBODY: Final = (65534, 65534)
_PRIVATE: Final = 0o700


class _Before(msgspec.Struct, frozen=True):
    """What a freeze changes beside the marks, on disk before it does."""

    uid: int
    gid: int
    mode: int
    writable: list[str]  # ids of snapshots that could be written to


_BEFORE: Final = msgspec.json.Decoder(_Before)


class Btrfs(Shown[Subvolume]):
    """One folder of snapshots."""

    def _point(self, found: Subvolume) -> Point:
        # The kernel itself wrote when it was made: there is no other word about it.
        return Point(self._id(found), found.made_at, paths=self._tops, written_at=found.made_at)

    def check(self, point: Point) -> Checked:
        """Its data carry checksums, compared as they are read. Asked here: whether they can have changed."""
        found = self._find(point)
        before = self._read()
        if not found.read_only or (before is not None and point.id in before.writable):
            return Checked(Catalogue.NOT_CHECKED, "it could be written to after it was taken")
        return Checked(Catalogue.WHOLE, "read-only; its data carry checksums")

    # --- freezing ----------------------------------------------------------------------------------------------------

    def freeze(self) -> Freezing:
        snapshots = self._snapshots()
        before = self._read() or self._begin(snapshots)
        marks = self._marks()
        try:
            for each in snapshots:
                if not each.read_only:
                    subvolumes.set_read_only(each.path, wanted=True)
            if not marks.is_frozen():  # the marks would refuse it afterwards
                os.chown(self._folder, 0, 0)
                self._folder.chmod(_PRIVATE)
        except OSError as error:
            raise _fault(error, self._folder) from error
        done = marks.freeze()
        detail = "root's jobs can still take new snapshots; none can be removed or written to until it is thawed"
        if before.writable:
            detail += f"; {len(before.writable)} could be written to until now"
        return Freezing(done.marked + len(snapshots), done.fresh, detail)

    def prove_frozen(self) -> Proof:
        proof = self._marks().prove()
        if not proof.checks:
            return proof
        snapshots = self._snapshots()
        writable = sum(not each.read_only for each in snapshots)
        names = [os.fsencode(self._id(each)) for each in snapshots]
        checks = [*proof.checks, Check("a snapshot can be written to", False, writable > 0)]
        owners = {each.owner if each.owner[0] else _NOBODY for each in snapshots}
        for owner in sorted(owners):
            # Who cannot even come to it cannot make it writable: the call takes an open directory.
            reached = can_open_as(owner, [bytes(each.path) for each in snapshots])
            checks.append(Check("who owns a snapshot's files could come to it", False, reached))
        moved = try_as((0, 0), bytes(self._folder), [], names)
        checks.append(Check("root, without taking the marks away, could remove a snapshot", False, moved.moved > 0))
        return Proof(tuple(checks), f"{proof.detail}; {len(snapshots)} snapshots")

    def thaw(self) -> Thawed:
        before, marks = self._read(), self._marks()
        count = marks.thaw().marked
        if before is None:
            return Thawed(count, "it was not frozen")
        try:
            os.chown(self._folder, before.uid, before.gid)
            self._folder.chmod(before.mode)
            for each in self._snapshots():
                if self._id(each) in before.writable:
                    subvolumes.set_read_only(each.path, wanted=False)
        except OSError as error:
            raise _fault(error, self._folder) from error
        self._file.unlink(missing_ok=True)
        return Thawed(count)

    def is_frozen(self) -> bool:
        return self._file.exists() or self._marks().is_frozen()

    def _marks(self) -> TreeFreeze:
        record = self._room.state / "freeze.json"
        return TreeFreeze(bytes(self._folder), frozen_marks, record, self._room.clock)

    @property
    def _file(self) -> Path:
        return self._room.state / "before.json"

    def _begin(self, snapshots: list[Subvolume]) -> _Before:
        writable = [self._id(each) for each in snapshots if not each.read_only]
        found = _Before(*subvolumes.mode_of(self._folder), writable)
        with written_beside(self._file, 0o600) as file:
            file.write(msgspec.json.encode(found))
        return found

    def _read(self) -> _Before | None:
        return read_note(self._file, _BEFORE.decode, "freeze")

    # --- where it lies -----------------------------------------------------------------------------------------------

    @property
    def _folder(self) -> Path:
        return Path(self.settings.repository)

    def _id(self, found: Subvolume) -> str:
        return str(found.path.relative_to(self._folder))

    def _snapshots(self) -> list[Subvolume]:
        if not subvolumes.is_btrfs(self._folder):
            there = self._folder.is_dir()
            why = "is not on btrfs" if there else "is not there"
            raise StoreFault(Fault.CANNOT if there else Fault.ABSENT, f"{plain(str(self._folder))} {why}")
        try:
            return list(subvolumes.below(self._folder, _DEPTH))
        except OSError as error:
            raise _fault(error, self._folder) from error

    @contextmanager
    def _tree(self, point: Point) -> Iterator[Path]:
        yield self._find(point).path


def frozen_marks(thing: Thing) -> int:
    """New snapshots are made in the folder itself; what lies beside older ones stays as it is."""
    return APPEND if thing.path == b"" else IMMUTABLE


def _fault(error: OSError, folder: Path) -> StoreFault:
    return StoreFault(Fault.FAILED, f"{plain(str(folder))}: {error.strerror or error}")
