"""An errands' process without the process: real book, real journal, stores in memory, a clock that is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from garde.agent.errands.wire import Said
from garde.agent.link.outbox import Item
from garde.agent.orders.reports import Reports
from garde.clock import VirtualClock
from garde.journal import wire
from garde.journal.hub_kinds import Check
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import StoreNote
from garde.journal.store import open_journal
from garde.recovery.points.base import (
    Brought,
    Changes,
    Checked,
    Fault,
    Freezing,
    Placed,
    Point,
    Progress,
    Proof,
    Sample,
    StoreFault,
    Thawed,
    Verified,
    Wanted,
)
from garde.recovery.points.config import StoreSettings

NOW = 1_900_000_000.0


@dataclass
class MemoryStore:
    """A store that is a few numbers; what goes wrong with it is said beforehand."""

    name: str
    freezes: bool = True
    leaks: bool = False  # its retention can be shortened, frozen or not
    broken: bool = False
    wrong: int = 0  # files that do not compare
    frozen: bool = False
    acts: list[str] = field(default_factory=list)
    when: Callable[[str], None] = lambda act: None

    @property
    def settings(self) -> StoreSettings:
        return StoreSettings(self.name, "restic", "files-1")

    def note(self) -> StoreNote:
        return StoreNote(self.name, "restic", "files-1", self.freezes)

    def points(self) -> tuple[Point, ...]:
        return (Point("p1", NOW - 3600), Point("p2", NOW - 60))

    def freeze(self) -> Freezing:
        self._act("freeze")
        self.frozen = True
        return Freezing(3, 3)

    def prove_frozen(self) -> Proof:
        return Proof((Check("forget is refused", True, not self.leaks),))

    def thaw(self) -> Thawed:
        self._act("thaw")
        self.frozen = False
        return Thawed(3, "3 let go")

    def is_frozen(self) -> bool:
        return self.frozen

    def check(self, point: Point) -> Checked:
        raise NotImplementedError

    def changes(self, point: Point, before: Point) -> Changes:
        raise NotImplementedError

    def sample(self, point: Point, wanted: Wanted) -> Iterator[Sample]:
        raise NotImplementedError

    def scratch(self, point: Point) -> Path:
        return Path("/scratch") / point.id

    def restore(self, point: Point, scratch: Path, progress: Progress | None = None) -> Brought:
        self._act(f"restore {point.id}")
        if progress:
            progress(50, 100)
        return Brought(10, 1000, 0, 1.5, point.taken_at)

    def verify(self, point: Point, scratch: Path, progress: Progress | None = None) -> Verified:
        self._act(f"verify {point.id}")
        return Verified(10, 1000, self.wrong, 0.5)

    def place(self, point: Point, scratch: Path, progress: Progress | None = None) -> Placed:
        self._act(f"place {point.id}")
        return Placed(10, 0, 0.1, b"/srv/share", b"/srv/.kept")

    def _act(self, what: str) -> None:
        self.acts.append(what)
        self.when(what)
        if self.broken:
            raise StoreFault(Fault.LOCKED, "somebody's lock stands in the way")


@dataclass
class House:
    """What errands are given, and what was told and said of them."""

    state: Path
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    told: list[Item] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def put(self, items: Any, *, always: bool = False) -> int:
        self.told += items
        return len(items)

    def reports(self) -> Reports:
        return Reports(self, lambda: None, self.state, self.clock, lambda words: None, words=lambda payload: {})

    def kinds(self) -> list[str]:
        return [item.kind for item in self.told]

    def payloads(self) -> list[Payload]:
        return [wire.decode(item.kind, item.payload) for item in self.told]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [msgspec.json.decode(item.payload) for item in self.told if item.kind == kind]

    def journal(self) -> list[str]:
        journal = open_journal(self.state, read_only=True)
        try:
            return [entry.kind for entry in journal.entries()]
        finally:
            journal.close()
