"""Raised sensitivity: for some hours after a server came back, the watch asks for less before it holds.

Comes in: until when. Goes out: the watch's bound, lowered and put back; one small file of the state directory. It holds
nobody and asks nobody. Rules, one test each:

1. It begins at once, and ends by itself at its time (this machine's wall clock), or where it is ended before.
2. It survives a restart of the agent; one whose time came meanwhile is over, and that is said.
3. A new time takes the place of the one before; 0 ends it.
4. A file that can't be read raises nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from garde.clock import Clock
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import WatchRaised
from garde.private import keep_note

FILE = "raised.json"


class _Note(msgspec.Struct):
    until: float = 0.0  # wall seconds


@dataclass(slots=True)
class Raised:
    """One agent's. `until` 0: as usual."""

    state: Path
    clock: Clock
    lower: Callable[[bool], None]  # the watch's bound
    note: Callable[[Payload], None]  # the journal's
    until: float = 0.0

    def load(self) -> None:
        """Take up what an agent before this one left."""
        self.until = _read(self.state)
        if self.until:
            self.lower(True)
            self.look()

    def begin(self, until: float) -> None:
        """Raise it until then; 0, or a time that has passed: as usual again."""
        self.until = until if until > self.clock.now() else 0.0
        save(self.state, self.until)
        self.lower(bool(self.until))

    def look(self) -> None:
        """End it where its time has come; cheap, to be called often."""
        if self.until and self.clock.now() >= self.until:
            self.begin(0.0)
            self.note(WatchRaised("", 0.0))


def save(state: Path, until: float) -> None:
    """Write it down; where the disk refuses it is known until the agent ends."""
    keep_note(state / FILE, msgspec.json.encode(_Note(until)))


def _read(state: Path) -> float:
    try:
        return max(0.0, msgspec.json.decode((state / FILE).read_bytes(), type=_Note).until)
    except (OSError, msgspec.DecodeError):
        return 0.0
