"""ZFS: snapshots of one dataset.

Comes in: settings: `repository` (the dataset, `tank/files`), `paths`, the option `source` (its mount point; none: the
first of `paths`). Goes out: a `Store`. A point is shown below the dataset's own `.zfs/snapshot`. Frozen means a hold of
ours on every snapshot: while it stands no `zfs destroy` succeeds, root's neither. That holds work on this pool is tried
with a snapshot made for it. Who may release them beside root is asked of `zfs allow`, and named.

Each call is a list of words; a dataset or snapshot that could be taken for an option is no name.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.journal.hub_kinds import Check
from garde.journal.text import plain
from garde.recovery.points import run as tool
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
from garde.recovery.points.shown import Shown

TAG: Final = "garde-frozen"  # of our holds; releasing it lets go of nobody else's
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,254}")
_COLUMNS: Final = "name,creation,referenced"
_FEW: Final = 200  # snapshots in one call
# Words of zfs, as its messages have them.
_FAULTS: Final = (
    (b"does not exist", Fault.ABSENT),
    (b"no such pool", Fault.ABSENT),
    (b"out of space", Fault.NO_SPACE),
    (b"permission denied", Fault.CANNOT),
    (b"/dev/zfs", Fault.TOOL),
    (b"The ZFS modules", Fault.TOOL),
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot."""

    name: str  # behind the @
    made_at: float  # wall seconds
    size: int  # bytes that it refers to


class Zfs(Shown[Snapshot]):
    """One dataset's snapshots."""

    def _point(self, found: Snapshot) -> Point:
        # The kernel itself wrote when it was made: there is no other word about it.
        return Point(found.name, found.made_at, size=found.size, paths=self._tops, written_at=found.made_at)

    def check(self, point: Point) -> Checked:
        """A snapshot cannot be written to, and its data carry checksums that are compared as they are read."""
        self._find(point)
        return Checked(Catalogue.WHOLE, "a snapshot is read-only; its data carry checksums")

    # --- freezing ----------------------------------------------------------------------------------------------------

    def freeze(self) -> Freezing:
        names, held = self._standing()
        new = [name for name in names if name not in held]
        for some in self._in_calls(new):
            self._run("hold", TAG, *some)
        return Freezing(len(names), len(new), "new snapshots can still be taken; none that is there can be destroyed")

    def prove_frozen(self) -> Proof:
        names, held = self._standing()
        if not names or not held:
            return Proof((), "it is not frozen")
        others = may_release(self._run("allow", self._dataset).out)
        checks = (
            Check("a snapshot could be destroyed: it has no hold", False, bool(set(names) - held)),
            Check("a held snapshot of this pool can be destroyed", False, self._try_a_hold()),
            Check("others than root may release holds", False, bool(others)),
        )
        return Proof(checks, "; ".join([f"{len(names)} snapshots held", *map(plain, others)]))

    def _try_a_hold(self) -> bool:
        """Take a snapshot, hold it, try to destroy it. Whatever comes of it, it was made for this, and goes again."""
        name = f"{self._dataset}@garde-try-{secrets.token_hex(6)}"
        self._run("snapshot", name)
        try:
            self._run("hold", TAG, name)
            destroyed = self._call("destroy", name).code == 0
        finally:
            self._call("release", TAG, name)
            self._call("destroy", name)
        return destroyed

    def thaw(self) -> Thawed:
        _, held = self._standing()
        for some in self._in_calls(sorted(held)):
            self._run("release", TAG, *some)
        return Thawed(len(held))

    def is_frozen(self) -> bool:
        return bool(self._standing()[1])

    def _standing(self) -> tuple[list[str], set[str]]:
        """Every snapshot's name, and those of them that bear a hold of ours."""
        names = [each.name for each in self._snapshots()]
        found: set[str] = set()
        for some in self._in_calls(names):
            found |= parse_holds(self._run("holds", "-H", *some).out)
        return names, found

    def _in_calls(self, names: Sequence[str]) -> Iterator[list[str]]:
        """Their full names, as many at a time as one call is given."""
        for at in range(0, len(names), _FEW):
            yield [f"{self._dataset}@{name}" for name in names[at : at + _FEW]]

    # --- where it lies -----------------------------------------------------------------------------------------------

    @property
    def _dataset(self) -> str:
        name = self.settings.repository
        if not _NAME.fullmatch(name):
            raise StoreFault(Fault.ABSENT, f"{plain(name)} is no dataset's name")
        return name

    def _snapshots(self) -> tuple[Snapshot, ...]:
        words = ("list", "-H", "-p", "-t", "snapshot", "-d", "1", "-s", "creation", "-o", _COLUMNS, self._dataset)
        return parse_list(self._run(*words).out)

    @contextmanager
    def _tree(self, point: Point) -> Iterator[Path]:
        name = self._find(point).name
        where = self._run("get", "-H", "-p", "-o", "value", "mountpoint", self._dataset).out.decode().strip("\n")
        if not where.startswith("/"):
            raise StoreFault(Fault.CANNOT, f"{plain(self._dataset)} is mounted nowhere ({plain(where)})")
        yield Path(where) / ".zfs" / "snapshot" / name

    # --- the tool ----------------------------------------------------------------------------------------------------

    def _run(self, *words: str) -> tool.Done:
        done = self._call(*words)
        if done.code != 0:
            raise StoreFault(done.find_fault(_FAULTS) or Fault.FAILED, f"zfs {words[0]}: {done.last_words}")
        return done

    def _call(self, *words: str) -> tool.Done:
        return tool.run([tool.find_program("zfs", self.settings.program), *words], {})


def parse_list(out: bytes) -> tuple[Snapshot, ...]:
    """`zfs list -H -p`: a line for each, tabs between; the oldest first."""
    found = []
    for line in out.decode("utf-8", "surrogateescape").splitlines():
        fields = line.split("\t")
        if len(fields) != _COLUMNS.count(",") + 1 or "@" not in fields[0] or not all(map(_is_number, fields[1:])):
            raise StoreFault(Fault.DAMAGED, f"zfs's answer is not understood: {plain(line, 200)}")
        found.append(Snapshot(fields[0].partition("@")[2], float(fields[1]), int(fields[2])))
    return tuple(sorted(found, key=lambda each: (each.made_at, each.name)))


def parse_holds(out: bytes) -> set[str]:
    """`zfs holds -H`: name, tag and time, tabs between; the snapshots that bear our tag."""
    lines = [line.split("\t") for line in out.decode("utf-8", "surrogateescape").splitlines()]
    return {fields[0].partition("@")[2] for fields in lines if len(fields) > 1 and fields[1] == TAG}


def may_release(out: bytes) -> list[str]:
    """`zfs allow DATASET`: lines that give somebody `release`, beside root who may in any case."""
    lines = [line.strip() for line in out.decode("utf-8", "surrogateescape").splitlines()]
    rights = [
        (line, set(re.split(r"[ ,]+", line))) for line in lines if line.startswith(("user ", "group ", "everyone"))
    ]
    return [line for line, words in rights if "release" in words]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
