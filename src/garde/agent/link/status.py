"""How the link stands, for people: is the hub there, what waits, what was last wrong with it.

Comes in: successes and failures of the threads. Goes out: a dictionary for the core (`garde status` shows it) whenever
something changed that a person would want to know. It decides nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from garde.clock import Clock

Tell = Callable[[dict[str, Any]], None]


class Status:
    """Safe to use from several threads."""

    def __init__(self, hub: str, machine: str, tell: Tell, clock: Clock) -> None:
        self._tell, self._clock = tell, clock
        self._lock = threading.Lock()
        self._words: dict[str, Any] = {
            "kind": "hub",
            "hub": hub,
            "machine": machine,
            "reachable": None,
            "waiting": 0,
            "in_memory": "",
            "why": "",
            "pid": os.getpid(),
        }
        self._lost_at = 0.0  # monotonic: the first failure since it was heard
        self.on_return: Callable[[float], None] = lambda lost_at: None  # the hub is heard again

    def begin(self) -> None:
        """Say it for the first time."""
        self._say(lambda words: None, always=True)

    def heard(self) -> None:
        """The hub gave a sign that was its own."""
        back = self._words["reachable"] is False
        self._say(lambda words: words.update(reachable=True, why=""))
        if back:
            self.on_return(self._lost_at)

    def failed(self, why: str) -> None:
        """The hub did not answer, or said no."""
        if self._words["reachable"] is not False:
            self._lost_at = self._clock.monotonic()
        self._say(lambda words: words.update(reachable=False, why=why))

    def waiting(self, count: int, in_memory: str) -> None:
        """So many entries are not at the hub yet."""
        self._say(lambda words: words.update(waiting=count, in_memory=in_memory))

    @property
    def reachable(self) -> bool | None:
        """None before the first try."""
        found: bool | None = self._words["reachable"]
        return found

    def _say(self, change: Callable[[dict[str, Any]], None], *, always: bool = False) -> None:
        with self._lock:
            before = dict(self._words)
            change(self._words)
            changed = always or self._words != before
            words = dict(self._words)
        if changed:
            self._tell(words)
