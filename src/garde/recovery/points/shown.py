"""What stores have in common whose points the file system itself shows as trees: btrfs, ZFS, LVM.

Comes in: a way to show a point's tree, from the class that builds on this one. Goes out: the steps of `base.Store` that
are the same for all of them. The tree's top stands for the option `source` (the first of `paths` where it is not
given); each of `paths` is that or lies in it. Nothing is written into a tree that is shown.
"""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import islice
from pathlib import Path
from typing import Final, Generic, TypeVar

from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.points import trees
from garde.recovery.points.base import (
    Brought,
    Changes,
    Fault,
    Point,
    Progress,
    Sample,
    StoreFault,
    Verified,
    Wanted,
)
from garde.recovery.points.common import Common, oldest_first
from garde.recovery.points.sampling import Listed, as_sample, choose, is_below
from garde.recovery.points.scratch import held, make_scratch
from garde.vault.kernel import clone

_SHARED: Final = 0.02  # of the files' bytes: what names and block lists take where the blocks are shared
_TRIED: Final = 100  # files of a tree that are looked at for one with content
_TRY: Final = ".garde-side-clone"

_S = TypeVar("_S")  # a snapshot, as its file system's own words or calls have it


class Shown(Common, ABC, Generic[_S]):
    """One store whose points are trees."""

    @abstractmethod
    def _snapshots(self) -> Sequence[_S]:
        """All that there are now; raises StoreFault."""

    @abstractmethod
    def _point(self, found: _S) -> Point:
        """One of them as a point."""

    @abstractmethod
    def _tree(self, point: Point) -> AbstractContextManager[Path]:
        """Show a point's tree while inside; raises StoreFault where there is no such point."""

    def points(self) -> tuple[Point, ...]:
        return oldest_first(map(self._point, self._snapshots()))

    def _find(self, point: Point) -> _S:
        for each in self._snapshots():
            if self._point(each).id == point.id:
                return each
        raise StoreFault(Fault.ABSENT, f"no snapshot {plain(point.id)}")

    # --- judging -----------------------------------------------------------------------------------------------------

    def count(self, point: Point) -> tuple[int, int]:
        with self._tree(point) as tree:
            files = self._list(tree)
        return len(files), sum(each.size for each in files)

    def changes(self, point: Point, before: Point) -> Changes | Skipped:
        with self._tree(before) as one, self._tree(point) as other:
            return trees.changes(one, other, self._source)

    def sample(self, point: Point, wanted: Wanted) -> Iterator[Sample]:
        with self._tree(point) as tree:
            for each in choose(self._list(tree), wanted):
                yield as_sample(os.fsencode(tree) + each.path[len(self._source) :], each)

    def _list(self, tree: Path) -> list[Listed]:
        """Every regular file of what is put in place."""
        return [
            each for path, part in self._parts(tree) for each in trees.list_files(part, path)
        ]  # fmt: skip

    # --- bringing back -----------------------------------------------------------------------------------------------

    def restore(self, point: Point, scratch: Path, progress: Progress | None = None) -> Brought:
        began = time.monotonic()
        done: list[trees.Copied] = []
        with self._tree(point) as tree:
            size = sum(each.size for each in self._list(tree))
            shares = _shares_blocks(tree, scratch)
            make_scratch(scratch, int(size * _SHARED) if shares else size)
            with held(scratch):
                for path, part in self._parts(tree):
                    target = scratch / os.fsdecode(path.lstrip(b"/"))
                    trees.clear(target)
                    done.append(trees.copy(part, target, progress and _of(progress, size)))
        return Brought(
            files=sum(it.files for it in done),
            bytes=sum(it.bytes for it in done),
            failed=sum(it.failed for it in done),
            seconds=time.monotonic() - began,
            restored_to=point.taken_at,
            skipped=tuple(each for it in done for each in it.skipped),
            detail="its blocks are shared with the snapshot" if shares else "",
        )

    def verify(self, point: Point, scratch: Path, progress: Progress | None = None) -> Verified:
        with self._tree(point) as tree:
            found = [
                trees.verify(part, scratch / os.fsdecode(path.lstrip(b"/")), progress)
                for path, part in self._parts(tree)
            ]  # fmt: skip
        return Verified(
            files=sum(it.files for it in found),
            bytes=sum(it.bytes for it in found),
            wrong=sum(it.wrong for it in found),
            seconds=sum(it.seconds for it in found),
            skipped=tuple(each for it in found for each in it.skipped),
        )

    # --- where it lies -----------------------------------------------------------------------------------------------

    @property
    def _source(self) -> bytes:
        """What the top of a tree stands for."""
        return os.fsencode(self.settings.options.get("source", self.settings.paths[0])).rstrip(b"/")

    def _parts(self, tree: Path) -> Iterator[tuple[bytes, Path]]:
        """(path in the point, where it is shown) for everything that is put in place."""
        for path in map(os.fsencode, self.settings.paths):
            if not is_below(path, (self._source,)):
                where = plain(self._source)
                raise StoreFault(Fault.CANNOT, f"{plain(path)} does not lie in {where}, which the snapshots are of")
            yield path, tree / os.fsdecode(path[len(self._source) :].lstrip(b"/"))


def _of(progress: Progress, size: int) -> Progress:
    return lambda done, _: progress(done, size)


def _shares_blocks(tree: Path, scratch: Path) -> bool:
    """Whether a file of the tree can be had beside the scratch place without copying: really tried."""
    with trees.opened(tree) as top:
        names = [it.path for it in islice(trees.walk(top, []), _TRIED) if it.seen.st_size and trees.is_file(it)]
    if not names:
        return False
    attempt = scratch.parent / f"{_TRY}-{os.getpid()}"
    with suppress(OSError), open(os.fsencode(tree) + b"/" + names[0], "rb") as source, attempt.open("xb") as target:
        try:
            clone(target.fileno(), source.fileno())
        finally:
            attempt.unlink()
        return True
    return False
