"""What the page shows: the journal folded, and whether the agent lives.

Comes in: a state directory (its journal is read only) and two questions: does the agent live, and how do its errands
stand. Goes out: `Board`, brought up to date at each request. Bounded: the summary keeps the newest holds, the timeline
the newest `SHOWN` entries.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from garde.errors import GardeError
from garde.journal import Entry, SqliteStore, open_journal
from garde.journal import kinds as k
from garde.journal.summary import Summary, project

SHOWN = 60  # entries of the timeline
# One file at a time would drown the rest: the verdict and the end of a restore count them.
_TOO_FINE = (k.FindingMade, k.FileRestored, k.CoverageChanged, k.Foreign)


@dataclass(frozen=True, slots=True)
class Look:
    """One look at how things stand."""

    summary: Summary
    alive: bool
    timeline: tuple[Entry, ...]  # newest first
    trouble: str = ""  # why the journal cannot be read
    errands: dict[str, Any] = field(default_factory=dict)  # the agent's own words: errands, retention

    @property
    def mark(self) -> str:
        """Changes whenever there is something new to show."""
        errands = zlib.crc32(json.dumps(self.errands, sort_keys=True).encode()) if self.errands else 0
        return f"{self.summary.seq}-{int(self.alive)}-{len(self.trouble)}-{errands}"


class Board:
    """Reads what is new and folds it in. Safe to share between threads."""

    def __init__(self, state: Path, alive: Callable[[], bool], errands: Callable[[], dict[str, Any]] = dict) -> None:
        self._state, self._alive, self._errands = state, alive, errands
        self._lock = threading.Lock()
        self._journal: SqliteStore | None = None
        self._summary = Summary()
        self._timeline: deque[Entry] = deque(maxlen=SHOWN)

    def look(self) -> Look:
        """Return how things stand now. The summary is shared: read it, do not keep it."""
        errands = self._errands()
        with self._lock:
            trouble = ""
            try:
                self._catch_up()
            except GardeError as error:
                trouble = "" if error.code == "NOT-FOUND" else str(error)  # not there yet: the agent is starting
            return Look(self._summary, self._alive(), tuple(reversed(self._timeline)), trouble, errands)

    def close(self) -> None:
        """Let the journal go."""
        with self._lock:
            if self._journal is not None:
                self._journal.close()
                self._journal = None

    def _catch_up(self) -> None:
        if self._journal is None:
            self._journal = open_journal(self._state, read_only=True)
        for entry in self._journal.entries(after=self._summary.seq):
            project(self._summary, entry)
            if not isinstance(entry.payload, _TOO_FINE):
                self._timeline.append(entry)
