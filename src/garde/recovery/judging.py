"""Look through a store's points and have each judged.

Comes in: a store, the first hostile write, somebody who matches files against indicators and rules. Goes out:
judgements one by one, the oldest point first, as entries; and the end of it. It reads a bounded sample of each point
and writes nothing but that sample, which vanishes. A point that cannot be read is a grey judgement with its reason, and
the next one follows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from garde.clock import Clock
from garde.content import FileBytes, Structure, check_structure, family, judge_new
from garde.journal.recovery_kinds import PointJudged, PointsJudged
from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.judge import Judged, Look, Seen, judge, usual_change
from garde.recovery.points.base import (
    Catalogue,
    Changes,
    Checked,
    Fault,
    Point,
    Sample,
    Store,
    StoreFault,
    Wanted,
)
from garde.recovery.points.moment import before_harm, find_point

Scan = Callable[[bytes], Sequence[str]]  # a file on disk → the rules and indicators that it matches
SAMPLE: Final = 200  # files of a point: of a point with a twentieth damaged, a sample without one has a chance of 4e-5
_SAMPLE_BYTES: Final = 1 << 30

# What a name promises, as far as the kind can be told from the first bytes alone.
_PROMISED: Final = {
    name: family_
    for family_, names in {
        "zip": "docx xlsx pptx odt ods odp zip docm xlsm",
        "pdf": "pdf",
        "jpeg": "jpg jpeg",
        "png": "png",
        "gif": "gif",
        "dicom": "dcm",
        "ole": "doc xls ppt msg",
        "gzip": "gz tgz",
        "sqlite": "sqlite sqlite3",
        "tiff": "tif tiff",
    }.items()
    for name in names.split()
}
_NOTHING: Final = frozenset({"unknown", "blank"})


class Judging:
    """One look through a store."""

    def __init__(
        self, store: Store, *, since: float, clock: Clock, scan: Scan | None = None, sample: int = SAMPLE
    ) -> None:
        self._store = store
        self._since = since
        self._clock = clock
        self._scan = scan
        self._sample = sample
        self._earlier: list[Seen] = []  # the points before, as they were seen
        self._notes: set[str] = set()

    def run(self, command: str = "", only: str = "") -> Iterator[PointJudged | PointsJudged]:
        """Judge all points, or the named one against that before it; the last thing given is the end."""
        begun = time.monotonic()
        count = 0
        try:
            for point in self._chosen(only):
                judged = self._one(point)
                if not only or point.id == only:
                    count += 1
                    yield _entry(command, self._store, self._earlier[-1], judged)
        except StoreFault as fault:
            self._notes.add(fault.detail)
        detail = "; ".join(sorted(self._notes))
        yield PointsJudged(command, self._store.settings.id, count, time.monotonic() - begun, detail)

    def _chosen(self, only: str) -> Sequence[Point]:
        points = self._store.points()
        if not only:
            # Where every moment can be had, the one to ask for is the last before the harm.
            sound = before_harm(points, self._since) if self._since else None
            known = {point.id for point in points}
            more = [sound] if sound is not None and sound.id not in known else []
            return sorted([*points, *more], key=lambda point: point.taken_at)
        named = find_point(points, only)
        if named is None:
            raise StoreFault(Fault.ABSENT, f"no point {plain(only)}")
        earlier = [point for point in points if point.taken_at < named.taken_at and _is_like(point, named)]
        return [*earlier[-1:], named]

    def _one(self, point: Point) -> Judged:
        earlier = self._earlier
        before = next((seen for seen in reversed(earlier) if _is_like(seen.point, point)), None)
        seen = self._look(point, before)
        earlier.append(seen)
        return judge(seen, since=self._since, now=self._clock.now(), before=before, usual=usual_change(earlier[:-1]))

    def _look(self, point: Point, before: Seen | None) -> Seen:
        try:
            checked = self._store.check(point)
        except StoreFault as fault:
            checked = Checked(Catalogue.NOT_CHECKED, fault.detail)
        if checked.detail:
            self._notes.add(checked.detail)
        changes: Changes | Skipped | None = None
        looks: tuple[Look, ...] = ()
        why = ""
        try:
            changes = self._store.changes(point, before.point) if before is not None else None
            first = changes.paths if isinstance(changes, Changes) else ()
            with_some = Wanted(self._sample, _spread(first, self._sample), _SAMPLE_BYTES)
            looks = tuple(self._looks(point, with_some))
            files, size = self._store.count(point)
        except StoreFault as fault:
            why, files, size = fault.detail, point.files, point.size
            self._notes.add(fault.detail)
        known = changes if isinstance(changes, Changes) else None
        return Seen(point, checked.catalogue, looks, files, size, known, why)

    def _looks(self, point: Point, wanted: Wanted) -> Iterator[Look]:
        for each in self._store.sample(point, wanted):
            hits = self._scan(each.at) if self._scan is not None and each.at else ()
            yield look_at(each, tuple(hits))


def _is_like(one: Point, other: Point) -> bool:
    """Whether two points can be compared: of the same paths, and both moments or both bases with a log behind them."""
    return one.paths == other.paths and bool(one.until) == bool(other.until)


def _spread(paths: Sequence[bytes], count: int) -> tuple[bytes, ...]:
    """At most so many, from all over."""
    return tuple(paths[:: max(1, len(paths) // count)])


def look_at(sample: Sample, hits: tuple[str, ...] = ()) -> Look:
    """Judge one file by its content alone."""
    if not sample.at:
        return Look(sample.path, came=False, readable=False, why=sample.why, hits=hits)
    try:
        fd = os.open(sample.at, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return Look(sample.path, came=False, readable=False, why=error.strerror or "", hits=hits)
    try:
        kind, why = _reading(FileBytes(fd), sample.path)
    finally:
        os.close(fd)
    return Look(sample.path, came=True, readable=not why, kind=kind, why=why, hits=hits)


def _reading(data: FileBytes, path: bytes) -> tuple[str, str]:
    """(kind, why it cannot be read; "": it can)."""
    found = judge_new(data)
    if found.unreadable:
        return found.kind, found.detail
    name = path.rpartition(b".")[2].decode("ascii", "replace").lower()
    promised = _PROMISED.get(name)
    if promised and family(found.kind) != promised and found.kind in _NOTHING:
        return found.kind, f"its name says {name}, its content nothing"
    structure, why = check_structure(data, found.kind)
    return found.kind, why if structure is Structure.BROKEN else ""


def _entry(command: str, store: Store, seen: Seen, judged: Judged) -> PointJudged:
    return PointJudged(
        command=command,
        store=store.settings.id,
        point=plain(seen.point.id),
        covers=store.settings.covers,
        taken_at=seen.point.taken_at,
        colour=judged.colour.value,
        when=judged.when,
        files=seen.files,
        bytes=seen.size,
        looked_at=judged.looked_at,
        readable=judged.readable,
        changed=judged.changed,
        indicators=judged.indicators,
        catalogue=seen.catalogue.value,
        test_restore=judged.test_restore,
        enter_after=judged.enter_after,
        reasons=tuple(reason.text() for reason in judged.reasons),
    )
