"""What all sorts of stores have in common: what the hub is told, where a point is brought to, putting it in place.

Comes in: settings, a room. Goes out: the steps of `base.Store` that are the same for all of them, and the order of
points. It reads no store.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from garde.journal.recovery_kinds import StoreNote
from garde.recovery.place import Placing, scratch_for
from garde.recovery.points.base import Placed, Point, Progress, Room
from garde.recovery.points.config import StoreSettings


class Common:
    """One store on this machine."""

    def __init__(self, settings: StoreSettings, room: Room) -> None:
        self.settings = settings
        self._room = room

    @property
    def _freezes(self) -> bool:
        """Whether its retention can be frozen from here."""
        return True

    @property
    def _tops(self) -> tuple[bytes, ...]:
        """What of a point is put in place."""
        return tuple(map(os.fsencode, self.settings.paths))

    @property
    def _pairs(self) -> list[tuple[bytes, bytes]]:
        """The same, each with its place on this machine."""
        return [(os.fsencode(source), os.fsencode(target)) for source, target in self.settings.pairs()]

    def note(self) -> StoreNote:
        return StoreNote(self.settings.id, self.settings.sort, self.settings.covers, freezes=self._freezes)

    def scratch(self, point: Point) -> Path:
        target = os.fsencode(self.settings.pairs()[0][1])
        return Path(os.fsdecode(scratch_for(target, f"{self.settings.id}/{point.id}")))

    def place(self, point: Point, scratch: Path, progress: Progress | None = None) -> Placed:
        return Placing(self._room.state, self._room.clock).whole(os.fsencode(scratch), self._pairs, progress)


def oldest_first(points: Iterable[Point]) -> tuple[Point, ...]:
    """As `base.Store.points` gives them."""
    return tuple(sorted(points, key=lambda point: (point.taken_at, point.id)))
