"""What stores that are read by a program of their own have in common: sampling, bringing all of it, verifying it.

Comes in: a catalogue of files and a way to bring some or all of them, from the class that builds on this one. Goes out:
the steps of `base.Store` that are the same for all of them.
"""

from __future__ import annotations

import os
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.points import run as tool
from garde.recovery.points.base import (
    NAMED,
    Brought,
    Fault,
    Point,
    Progress,
    Room,
    Sample,
    StoreFault,
    Verified,
    Wanted,
)
from garde.recovery.points.common import Common
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.sampling import Listed, as_sample, choose, is_below
from garde.recovery.points.scratch import held, make_scratch
from garde.recovery.points.tar_verify import TarVerify

_WORDS: Final = 500  # names in one call of a tool

Watch = Callable[[int], None] | None  # is told the tool's pid now and then


@dataclass(frozen=True, slots=True)
class Came:
    """What a tool brought of a whole point."""

    failed: Mapping[bytes, str]  # path → why
    detail: str = ""
    lacking: int = 0  # bytes of those that failed, where the tool leaves it to us to find them


class Tooled(Common, ABC):
    """One store behind a tool."""

    def __init__(self, settings: StoreSettings, room: Room) -> None:
        super().__init__(settings, room)
        self._kept: tuple[str, list[Listed]] = ("", [])

    # --- the tool ------------------------------------------------------------------------------------------------

    @abstractmethod
    def _catalogue(self, point: Point) -> Iterator[Listed]:
        """Every regular file of the point, in the catalogue's order; raises StoreFault."""

    @abstractmethod
    def _bring(self, point: Point, place: Path, paths: Sequence[bytes]) -> Mapping[bytes, str]:
        """Bring these below `place`; why for those that failed, as far as the tool says. Raises StoreFault."""

    @abstractmethod
    def _bring_all(self, point: Point, scratch: Path, watch: Watch, lock: int) -> Came:
        """Bring all that is put in place; the tool inherits the descriptor `lock`. Raises StoreFault."""

    @abstractmethod
    def _tar(self, point: Point) -> list[str]:
        """The call that gives the point as a tar stream; raises StoreFault."""

    @abstractmethod
    def _variables(self) -> dict[str, str]:
        """What the tool's calls are given as their environment."""

    @abstractmethod
    def _accept(self, done: tool.Done) -> None:
        """Raises StoreFault unless the tool ended well."""

    # --- judging -------------------------------------------------------------------------------------------------

    def count(self, point: Point) -> tuple[int, int]:
        files = self._list(point)
        return len(files), sum(each.size for each in files)

    def sample(self, point: Point, wanted: Wanted) -> Iterator[Sample]:
        chosen = choose(self._list(point), wanted)
        place = self._room.work / "sample"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        try:
            failed: dict[bytes, str] = {}
            for at in range(0, len(chosen), _WORDS):
                failed |= self._bring(point, place, [each.path for each in chosen[at : at + _WORDS]])
            for each in chosen:
                yield as_sample(os.fsencode(place) + each.path, each, failed.get(each.path, ""))
        finally:
            shutil.rmtree(place, ignore_errors=True)

    # --- bringing back -------------------------------------------------------------------------------------------

    def restore(self, point: Point, scratch: Path, progress: Progress | None = None) -> Brought:
        begun = time.monotonic()
        files = self._list(point)
        size = sum(each.size for each in files)
        make_scratch(scratch, size)
        watch = None if progress is None else lambda pid: progress(min(tool.written_by(pid), size), size)
        with held(scratch) as lock:
            came = self._bring_all(point, scratch, watch, lock)
        return Brought(
            files=len(files) - len(came.failed),
            bytes=size - came.lacking,
            failed=len(came.failed),
            seconds=time.monotonic() - begun,
            restored_to=point.taken_at,
            skipped=tuple(Skipped(plain(path), why) for path, why in list(came.failed.items())[:NAMED]),
            detail=came.detail,
        )

    def verify(self, point: Point, scratch: Path, progress: Progress | None = None) -> Verified:
        """Compare with the tool's own tar stream; where that ends early, the tool's words say more than ours."""
        with tool.streamed(self._tar(point), self._variables()) as (stream, end):
            try:
                found = TarVerify(os.fsencode(scratch), self._tops, progress).run(stream)
            except StoreFault:
                self._accept(end())
                raise
            except FileNotFoundError as error:
                raise StoreFault(Fault.ABSENT, f"nothing lies in {plain(str(scratch))}") from error
            self._accept(end())
            return found

    # --- what it holds -------------------------------------------------------------------------------------------

    def _list(self, point: Point) -> list[Listed]:
        """The point's files that count for us; the last one asked for is kept."""
        if self._kept[0] != point.id:
            tops = self._tops
            self._kept = (point.id, [each for each in self._catalogue(point) if is_below(each.path, tops)])
        return self._kept[1]

    def _lacking(self, point: Point, place: Path) -> list[Listed]:
        """Those of them that do not lie below `place` at their size."""
        top = os.fsencode(place)
        return [each for each in self._list(point) if not as_sample(top + each.path, each).at]

    def _includes(self, point: Point) -> tuple[bytes, ...]:
        """What to restrict a restore to; nothing where the point holds no more than that."""
        return () if point.paths and all(is_below(path, self._tops) for path in point.paths) else self._tops
