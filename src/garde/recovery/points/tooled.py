"""What stores that are read by a program of their own have in common: sampling, the scratch place, putting in place.

Comes in: a catalogue of files and a way to bring some of them, from the class that builds on this one. Goes out: the
steps of `base.Store` that are the same for all of them. It starts no program itself.
"""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from garde.journal.text import plain
from garde.recovery.place import Placing, scratch_for
from garde.recovery.points.base import (
    Fault,
    Placed,
    Point,
    Progress,
    Room,
    Sample,
    StoreFault,
    Verified,
    Wanted,
)
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.run import Done
from garde.recovery.points.sampling import Listed, choose, is_below
from garde.recovery.points.tar_verify import TarVerify

_WORDS: Final = 500  # names in one call of a tool


class Tooled(ABC):
    """One store behind a tool."""

    def __init__(self, settings: StoreSettings, room: Room) -> None:
        self.settings = settings
        self._room = room
        self._kept: tuple[str, list[Listed]] = ("", [])

    @abstractmethod
    def _catalogue(self, point: Point) -> Iterator[Listed]:
        """Every regular file of the point, in the catalogue's order; raises StoreFault."""

    @abstractmethod
    def _bring(self, point: Point, place: Path, paths: Sequence[bytes]) -> Mapping[bytes, str]:
        """Bring these below `place`; why for those that failed, as far as the tool says. Raises StoreFault."""

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
                yield _sample(os.fsencode(place), each, failed.get(each.path, ""))
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def scratch(self, point: Point) -> Path:
        target = os.fsencode(self.settings.pairs()[0][1])
        return Path(os.fsdecode(scratch_for(target, f"{self.settings.id}/{point.id}")))

    def place(self, point: Point, scratch: Path, progress: Progress | None = None) -> Placed:
        pairs = [(os.fsencode(source), os.fsencode(target)) for source, target in self.settings.pairs()]
        return Placing(self._room.state, self._room.clock).whole(os.fsencode(scratch), pairs, progress)

    @abstractmethod
    def _accept(self, done: Done) -> None:
        """Raises StoreFault unless the tool ended well."""

    def _compare(
        self, stream: IO[bytes], end: Callable[[], Done], scratch: Path, progress: Progress | None
    ) -> Verified:
        """Compare with the tool's own tar stream; where that ends early, the tool's words say more than ours."""
        try:
            found = TarVerify(os.fsencode(scratch), self._tops, progress).run(stream)
        except StoreFault:
            self._accept(end())
            raise
        except FileNotFoundError as error:
            raise StoreFault(Fault.ABSENT, f"nothing lies in {plain(str(scratch))}") from error
        self._accept(end())
        return found

    def _list(self, point: Point) -> list[Listed]:
        """The point's files that count for us; the last one asked for is kept."""
        if self._kept[0] != point.id:
            tops = self._tops
            self._kept = (point.id, [each for each in self._catalogue(point) if is_below(each.path, tops)])
        return self._kept[1]

    @property
    def _tops(self) -> tuple[bytes, ...]:
        return tuple(map(os.fsencode, self.settings.paths))

    def _includes(self, point: Point) -> tuple[bytes, ...]:
        """What to restrict a restore to; nothing where the point holds no more than that."""
        return () if point.paths and all(is_below(path, self._tops) for path in point.paths) else self._tops


def _sample(place: bytes, chosen: Listed, why: str) -> Sample:
    at = place + chosen.path
    try:
        size = os.lstat(at).st_size
    except OSError as error:
        return Sample(chosen.path, chosen.size, b"", why or error.strerror or "it did not come")
    if why or size != chosen.size:
        return Sample(chosen.path, chosen.size, b"", why or f"{size:,} bytes came instead of {chosen.size:,}")
    return Sample(chosen.path, chosen.size, at)
