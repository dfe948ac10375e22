"""The core's watch list: read beside the core, put in place in one step.

Comes in: word that another list is in force in the state directory. Goes out: the watcher's list, the keeper's digests,
and how many indicators it is. A list of 100,000 takes a third of a second to read; the core goes on meanwhile.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from garde.agent import watch_list
from garde.model.watchlist import WatchList

Answer = Callable[[str, int, str], None]  # command, indicators, what went wrong


@dataclass(slots=True)
class Sharpening:
    """`look` is the core's, at every turn: one look at a flag."""

    state: Path
    watch: Callable[[WatchList], None]  # the watcher's
    keep: Callable[[Path], None]  # the keeper's: it reads the digests itself
    answer: Answer = lambda command, indicators, detail: None
    _made: queue.SimpleQueue[tuple[str, WatchList | None, str]] = field(default_factory=queue.SimpleQueue)
    _wanted: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    _thread: threading.Thread | None = None
    waiting: int = 0
    indicators: int = 0  # watched for now

    def load(self) -> None:
        """Take up what an agent before this one watched for."""
        if watch_list.in_force(self.state).exists():
            self.begin("")

    def begin(self, command: str) -> None:
        """Read the list that is in force; answered when it is watched for."""
        self.waiting += 1
        self._wanted.put(command)
        if self._thread is None:
            self._thread = threading.Thread(target=self._read_all, name="watch list", daemon=True)
            self._thread.start()

    def look(self) -> None:
        """Put a list in place that was read meanwhile."""
        while self.waiting and not self._made.empty():
            command, whole, wrong = self._made.get()
            self.waiting -= 1
            if whole is not None:
                self.watch(whole)
                self.indicators = len(whole)
                self.keep(watch_list.in_force(self.state))
            self.answer(command, len(whole) if whole is not None else 0, wrong)

    # --- in the thread ---

    def _read_all(self) -> None:
        while True:
            command = self._wanted.get()
            try:
                self._made.put((command, watch_list.read(watch_list.in_force(self.state)), ""))
            except (OSError, ValueError) as error:
                self._made.put((command, None, f"the watch list can't be read: {error}"))
