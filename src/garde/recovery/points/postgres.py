"""PostgreSQL: base backups by pg_basebackup (plain format, with their manifest), and the archive of WAL beside them.

Comes in: settings: `repository` (a folder with a folder for each base backup), `paths` (the data directory), options
`wal` (the folder that archive_command copies to), `bin`, `user` (postgres), `database`, `role` (whom `checks` are asked
as), and the words that stop and start the service. Goes out: a `Store`. Its points are the base backups; where the
archive goes on without a gap every moment up to its last commit is one as well (`moment`).

What it puts into a scratch place is a cluster, in `data` below it, and no tree of paths: the base and its WAL,
replayed to the moment by PostgreSQL itself, promoted, and stopped. `verify` starts it again on a socket of its own and
reads all of it: every heap and index by pg_amcheck, every table by counting, the questions of the settings. `place`
takes only what `verify` has found whole, keeps the service's own directory beside it, and starts the service then.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import msgspec

from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.private import written_beside
from garde.recovery.place import evidence_label
from garde.recovery.points.base import (
    MOST_PATHS,
    Brought,
    Catalogue,
    Changes,
    Checked,
    Fault,
    Freezing,
    Placed,
    Point,
    Progress,
    Proof,
    Room,
    Sample,
    StoreFault,
    Thawed,
    Verified,
    Wanted,
)
from garde.recovery.points.common import Common
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.flags import APPEND, IMMUTABLE, Thing
from garde.recovery.points.moment import base_of, is_moment
from garde.recovery.points.pg import reaching, swap, wal
from garde.recovery.points.pg.backup import MANIFEST, Base, find_bases
from garde.recovery.points.pg.cluster import Cluster
from garde.recovery.points.pg.questions import Asked, look_through
from garde.recovery.points.pg.tools import Tools, find_tools
from garde.recovery.points.scratch import held, make_scratch
from garde.recovery.points.tree_freeze import TreeFreeze
from garde.vault.kernel import DISK_FULL

_NAMED: Final = 20  # of what went wrong


class _Verified(msgspec.Struct, frozen=True):
    """What `verify` found whole, for `place`."""

    device: int
    inode: int
    point: str


class Postgres(Common):
    """One folder of base backups with its archive."""

    def __init__(self, settings: StoreSettings, room: Room) -> None:
        super().__init__(settings, room)
        options = settings.options
        self._bases = Path(settings.repository)
        self._wal = Path(options["wal"]) if options.get("wal") else None
        self._user = options.get("user", "postgres")
        self._tried: dict[str, tuple[Skipped, ...]] = {}

    # -- looked at ----------------------------------------------------------------------------------------------------

    def points(self) -> tuple[Point, ...]:
        bases, _ = self._find_bases()
        tools = self._tools()
        return tuple(self._point(tools, base) for base in bases)

    def _point(self, tools: Tools, base: Base) -> Point:
        stretch = self._stretch(base)
        until = wal.last_commit(tools, stretch) if stretch else 0.0
        data = (self._target.encode(),)
        return Point(
            id=base.name,
            taken_at=base.taken_at,
            files=len(base.files),
            size=base.bytes,
            paths=data,
            label=base.label,
            until=max(until, base.taken_at) if until else 0.0,
            written_at=(base.folder / MANIFEST).stat().st_mtime,
        )

    def check(self, point: Point) -> Checked:
        """The base against its manifest, and its WAL read from the base to the moment, each record's checksum."""
        tools, base = self._tools(), self._base(point)
        said = tools.run("pg_verifybackup", ["-q", "-n", str(base.folder)], reads_all=True)
        if said.code:
            return Checked(Catalogue.DAMAGED, f"the base backup differs from its manifest: {said.complaint}")
        reach = self._reach(point, tools, base)
        if reach.stretch is None or reach.reading is None:
            return self._check_own_wal(tools, base, point)
        if reason := reaching.gap(reach, point):
            return Checked(Catalogue.DAMAGED, reason)
        segments = reach.reading.stop // reach.stretch.size - reach.stretch.first + 1
        return Checked(
            Catalogue.WHOLE,
            f"{len(base.files)} files agree with the manifest; {segments} segments of WAL without a gap, "
            f"{reach.reading.commits} commits in them",
        )

    def _check_own_wal(self, tools: Tools, base: Base, point: Point) -> Checked:
        """There is no archive behind this base: it may carry the WAL that makes it consistent itself."""
        if is_moment(point):
            return Checked(Catalogue.DAMAGED, "the archive holds no WAL that follows this base")
        said = tools.run("pg_verifybackup", ["-q", str(base.folder)], reads_all=True)
        if said.code:
            return Checked(Catalogue.DAMAGED, f"the WAL that makes this base consistent is missing: {said.complaint}")
        return Checked(Catalogue.WHOLE, f"{len(base.files)} files agree with the manifest, with their own WAL")

    def changes(self, point: Point, before: Point) -> Changes | Skipped:
        one, other = self._base(before), self._base(point)
        if one.name == other.name:
            return Skipped("changes", "both moments come from the same base backup")
        changed = [name for name, what in other.files.items() if name in one.files and one.files[name] != what]
        added = [name for name in other.files if name not in one.files]
        size = sum(other.files[name][0] for name in added)
        paths = tuple(changed + added)[:MOST_PATHS]
        return Changes(len(changed), len(added), len(one.files.keys() - other.files.keys()), size, paths)

    def count(self, point: Point) -> tuple[int, int]:
        base = self._base(point)
        return len(base.files), base.bytes

    def sample(self, point: Point, wanted: Wanted) -> Iterator[Sample]:
        """A trial first: the point is brought beside the data, read through, and goes again. Then files of the base.

        PostgreSQL's own files have no form that `content` knows: what is wrong in the trial is a sample that did not
        come, with what was found.
        """
        base, left = self._base(point), wanted.most_bytes
        for wrong in self._try(point):
            yield Sample(wrong.what.encode(), 0, b"", wrong.reason)
        for name in _spread(base, wanted):
            size = base.files[name][0]
            if size <= left:
                left -= size
                yield _sample(base, name)

    def _try(self, point: Point) -> tuple[Skipped, ...]:
        """Bring a point to a place of its own and read it through; once for each point."""
        if point.id not in self._tried:
            place = self.scratch(point)
            place = place.with_name(f"{place.name}-trial")
            try:
                self.restore(point, place)
                self._tried[point.id] = self._read_through(point, place)[1]
            finally:
                shutil.rmtree(place, ignore_errors=True)  # a copy that was made for this alone
        return self._tried[point.id]

    # -- retention ----------------------------------------------------------------------------------------------------

    def freeze(self) -> Freezing:
        done = [tree.freeze() for tree in self._trees()]
        detail = "new base backups and new WAL can still be written; nothing can be removed until it is thawed"
        return Freezing(sum(it.marked for it in done), sum(it.fresh for it in done), detail)

    def prove_frozen(self) -> Proof:
        proofs = [tree.prove() for tree in self._trees()]
        checks = tuple(check for proof in proofs for check in proof.checks) if all(it.checks for it in proofs) else ()
        return Proof(checks, "; ".join(proof.detail for proof in proofs))

    def thaw(self) -> Thawed:
        return Thawed(sum(tree.thaw().marked for tree in self._trees()))

    def is_frozen(self) -> bool:
        return any(tree.is_frozen() for tree in self._trees())

    def _trees(self) -> list[TreeFreeze]:
        """Both folders: a base without its WAL, or WAL without its base, brings nothing back."""
        folders = [("bases", self._bases), *([("wal", self._wal)] if self._wal else [])]
        return [
            TreeFreeze(os.fsencode(folder), frozen_marks, self._room.state / f"freeze-{name}.json", self._room.clock)
            for name, folder in folders
        ]

    # -- brought back -------------------------------------------------------------------------------------------------

    def restore(self, point: Point, scratch: Path, progress: Progress | None = None) -> Brought:
        began = time.monotonic()
        tools, base = self._tools(), self._base(point)
        reach = self._reach(point, tools, base)
        if reason := reaching.gap(reach, point):
            raise StoreFault(Fault.DAMAGED, reason)
        make_scratch(scratch, base.bytes)
        with held(scratch):
            files, size, segments = self._lay_out(tools, reach, scratch, progress)
            Cluster(tools, scratch).recover(reaching.target_settings(reach, point))
        detail = f"{segments} segments of WAL replayed by PostgreSQL"
        return Brought(files, size, 0, time.monotonic() - began, reaching.restored_to(reach, point), (), detail)

    def _lay_out(
        self, tools: Tools, reach: reaching.Reach, scratch: Path, progress: Progress | None
    ) -> tuple[int, int, int]:
        """Copy the base and its WAL; files, bytes, segments."""
        cluster, base = Cluster(tools, scratch), reach.base
        try:
            cluster.make()
            files, size = cluster.lay_out(base, lambda done: progress(done, base.bytes) if progress else None)
            self._check_copy(tools, cluster)
            return files, size, cluster.add_segments(reach.stretch, base, reaching.last_segment(reach))
        except OSError as error:
            raise _fault_of(error) from error

    def _check_copy(self, tools: Tools, cluster: Cluster) -> None:
        """What is started is the copy: the base may have been changed since it was judged."""
        said = tools.run("pg_verifybackup", ["-q", "-n", str(cluster.data)])
        if said.code:
            raise StoreFault(Fault.DAMAGED, f"the base backup differs from its manifest: {said.complaint}")
        (cluster.data / MANIFEST).unlink()  # it describes the base, and no longer what stands here
        for lock in cluster.data.glob(".s.PGSQL.*.lock"):  # of a socket that lay in the data directory
            lock.unlink()

    def verify(self, point: Point, scratch: Path, progress: Progress | None = None) -> Verified:
        began = time.monotonic()
        asked, wrong = self._read_through(point, scratch)
        if progress is not None:
            progress(asked.bytes, asked.bytes)
        if not wrong and asked.tables:
            self._keep_verified(Cluster(self._tools(), scratch), point)
        seconds = time.monotonic() - began
        return Verified(asked.tables, asked.bytes, len(wrong), seconds, wrong[:_NAMED], _words(asked))

    def _read_through(self, point: Point, scratch: Path) -> tuple[Asked, tuple[Skipped, ...]]:
        """Read all of what was brought; what is wrong with it."""
        cluster = Cluster(self._tools(), scratch, self._role)
        if not cluster.data.is_dir():
            raise StoreFault(Fault.ABSENT, "nothing was brought to the scratch place")
        same = _same_system(self._base(point), cluster)
        wrong = () if same else (Skipped("system", "it is not the cluster of this base backup"),)
        with cluster.running() as asking:
            asked = look_through(asking, self.settings.checks, self._database, self._role)
        return asked, (*wrong, *asked.wrong)

    # -- put in place -------------------------------------------------------------------------------------------------

    def place(self, point: Point, scratch: Path, progress: Progress | None = None) -> Placed:
        began = time.monotonic()
        cluster, target = Cluster(self._tools(), scratch), Path(self._target)
        self._check_verified(cluster, target, point)
        service = swap.Service(target, self.settings.stop, self.settings.start)
        evidence = target.parent / f"{os.fsdecode(evidence_label(self._room.clock))}-{target.name}"
        done = swap.swap(service, cluster.data, self._room.state / "placing", evidence)
        if progress is not None:
            progress(1, 1)
        return Placed(
            files=1,
            failed=0,
            seconds=time.monotonic() - began,
            place=bytes(target),
            evidence=bytes(done.evidence) if done.evidence else b"",
            detail="the service was started on the data that were verified",
        )

    def _keep_verified(self, cluster: Cluster, point: Point) -> None:
        seen = cluster.data.stat()
        with written_beside(self._room.state / "verified", 0o600) as file:
            file.write(msgspec.json.encode(_Verified(seen.st_dev, seen.st_ino, point.id)))

    def _check_verified(self, cluster: Cluster, target: Path, point: Point) -> None:
        """It must be the very directory that was verified, in the scratch place or, after a kill, in place already."""
        try:
            known = msgspec.json.decode((self._room.state / "verified").read_bytes(), type=_Verified)
        except (OSError, msgspec.DecodeError) as error:
            raise StoreFault(Fault.REFUSED, "it was not verified: only what was found whole is put in place") from error
        there = [(seen.st_dev, seen.st_ino) for it in (cluster.data, target) if (seen := _stat(it))]
        if known.point != point.id or (known.device, known.inode) not in there:
            raise StoreFault(Fault.REFUSED, "what lies in the scratch place is not what was verified")

    # -- what it needs ------------------------------------------------------------------------------------------------

    @property
    def _target(self) -> str:
        return self.settings.pairs()[0][1]

    @property
    def _database(self) -> str:
        return self.settings.options.get("database", "postgres")

    @property
    def _role(self) -> str:
        return self.settings.options.get("role", "postgres")

    def _tools(self) -> Tools:
        return find_tools(self.settings.options.get("bin", ""), self._user)

    def _find_bases(self, only: Collection[str] = ()) -> tuple[list[Base], list[Skipped]]:
        try:
            return find_bases(self._bases, only)
        except OSError as error:
            raise StoreFault(Fault.ABSENT, f"{plain(str(self._bases))}: {error.strerror}") from error

    def _base(self, point: Point) -> Base:
        name = base_of(point.id)
        bases, skipped = self._find_bases(only=(point.id, name))
        if bases:
            return bases[0]
        why = skipped[0].reason if skipped else "there is no such base backup"
        raise StoreFault(Fault.ABSENT, f"{plain(name)}: {why}")

    def _stretch(self, base: Base) -> wal.Stretch | None:
        try:
            return wal.find_stretch(self._wal, base) if self._wal else None
        except OSError as error:
            raise StoreFault(Fault.ABSENT, f"{plain(str(self._wal))}: {error.strerror}") from error

    def _reach(self, point: Point, tools: Tools, base: Base) -> reaching.Reach:
        stretch = self._stretch(base)
        if stretch is None:
            return reaching.Reach(base, None, None)
        moment = point.taken_at if is_moment(point) else 0.0  # 0: no further than the base needs
        return reaching.Reach(base, stretch, wal.read_to(tools, stretch, base, moment))


def _spread(base: Base, wanted: Wanted) -> list[bytes]:
    """The named files first, then others from all over."""
    names = sorted(base.files)
    others = names[:: max(1, len(names) // max(1, wanted.count))]
    chosen = [name for name in wanted.first if name in base.files] + others
    return list(dict.fromkeys(chosen))[: wanted.count]


def _sample(base: Base, name: bytes) -> Sample:
    """A file of the base as it lies there; one that a manifest names outside is none."""
    at = base.folder / Path(os.fsdecode(name))
    there = at.is_file() and at.resolve().is_relative_to(base.folder.resolve())
    return Sample(name, base.files[name][0], bytes(at) if there else b"", "" if there else "it is not in the base")


def frozen_marks(thing: Thing) -> int:
    """What is there stays as it is; beside it both folders take new things.

    archive_command copies to the segment's own name: one that is not whole yet is being written, and stays free.
    """
    if thing.path == b"":
        return APPEND
    if not thing.is_dir and wal.is_unfinished(thing.path, thing.seen.st_size):
        return 0
    return IMMUTABLE


def _same_system(base: Base, cluster: Cluster) -> bool:
    """pg_control begins with the number that initdb gave the cluster."""
    one, other = (folder / "global" / "pg_control" for folder in (base.folder, cluster.data))
    try:
        return one.read_bytes()[:8] == other.read_bytes()[:8]
    except OSError:
        return False


def _words(asked: Asked) -> str:
    checks = f"; {asked.checks} questions answered as wanted" if asked.checks else ""
    return f"{asked.tables} tables with {asked.rows} rows in {asked.databases} databases{checks}"


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _fault_of(error: OSError) -> StoreFault:
    why = plain(f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror))
    return StoreFault(Fault.NO_SPACE if error.errno in DISK_FULL else Fault.FAILED, why)
