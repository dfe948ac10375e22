"""The hub's entries as they come, read beside the running hub.

Comes in: the hub's state directory. Goes out: each entry once, in order, to a callback, in a thread of its own; and
`told`, the fold over them. It reads the journal and writes nothing.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from pathlib import Path

from garde.errors import GardeError
from garde.journal.entry import Entry
from garde.journal.store import journal_file, open_journal
from garde.lab.night.told import Told

LOOK_S = 0.05


class Follower:
    """Follows one journal for the length of a `with`."""

    def __init__(self, state: Path, heard: Callable[[Entry], None]) -> None:
        self._state, self._heard = state, heard
        self._told = Told()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure = ""

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10.0)

    def told(self) -> Told:
        """What has been told up to now."""
        with self._lock:
            return copy.deepcopy(self._told)

    def wait(self, ready: Callable[[Told], bool], seconds: float) -> bool:
        """Wait until the fold says so; False when time is up."""
        until = time.monotonic() + seconds
        while not self._is(ready):
            if time.monotonic() > until or self.failure:
                return False
            time.sleep(LOOK_S)
        return True

    def _is(self, ready: Callable[[Told], bool]) -> bool:
        with self._lock:
            return ready(self._told)

    def _run(self) -> None:
        try:
            while not journal_file(self._state).exists():
                if self._over.wait(LOOK_S):
                    return
            journal = open_journal(self._state, read_only=True)
            try:
                last = 0
                while True:
                    over = self._over.is_set()  # asked before the last look: nothing written until then is missed
                    for entry in journal.entries(after=last):
                        last = entry.seq
                        with self._lock:
                            self._told.add(entry)
                        self._heard(entry)
                    if over:
                        return
                    self._over.wait(LOOK_S)
            finally:
                journal.close()
        except (OSError, GardeError) as error:
            self.failure = str(error)
