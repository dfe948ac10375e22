"""The link as the core sees it: a pid, a tee, and what was last said of the hub.

Comes in: an enrolled state directory. Goes out: `Link`, joined to the core's loop by `program.py`. It never blocks the
core: what the link says is read when the selector has it, and a link that has died is only said.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from garde.agent.link import pipe, process
from garde.agent.watchman import has_ended
from garde.clock import Clock
from garde.settings import Settings

Say = Callable[[dict[str, Any]], None]


@dataclass(slots=True)
class Link:
    """Forked, and not joined to anything yet: `tee_into` gives the place where the journal's `put` stood."""

    pid: int
    end: socket.socket
    clock: Clock
    tee: pipe.Tee | None = None
    _said: tuple[Any, Any] = (None, None)

    @classmethod
    def start(
        cls, state: Path, settings: Settings, clock: Clock, asked: str, errands: socket.socket | None = None
    ) -> Link:
        """Fork it; `errands` is its end of the socket to whoever does errands, closed here.

        To be called while this process has one thread.
        """
        ours, theirs = pipe.pair()
        return cls(process.start(state, theirs, settings, clock, asked, errands=errands), ours, clock)

    def tee_into(self, put: pipe.Put) -> pipe.Put:
        """Return what takes payloads: to the link, and on to `put`."""
        self.tee = pipe.Tee(self.end, put, self.clock)
        return self.tee.put

    def fileno(self) -> int:
        return self.end.fileno()

    def hear(self) -> list[dict[str, Any]]:
        """Return what the link said since the last call, of the hub only where it is there or gone now."""
        heard = self.tee.hear() if self.tee else []
        return [said for said in heard if said.get("kind") != "hub" or self._is_news(said)]

    def _is_news(self, said: dict[str, Any]) -> bool:
        now = (said.get("reachable"), said.get("pid"))
        before, self._said = self._said, now
        return now != before

    @property
    def gone(self) -> bool:
        """Whether the link has ended: the agent works on, alone."""
        return self.tee is not None and self.tee.gone

    def facts(self) -> dict[str, Any] | None:
        """What was last said of the hub: for `ready` and for `garde status`."""
        if self.tee is None:
            return None
        said = dict(self.tee.words.get("hub", {"reachable": None}))
        said.pop("kind", None)
        if self.tee.gone:
            said.update(reachable=False, why="the link has ended: restart the agent")
        return {**said, "lost": self.tee.lost}

    def end_by(self, deadline: float) -> None:
        """Let it say its last words until `deadline` (real monotonic seconds), then end it."""
        if self.tee is not None:
            self.tee.close()
        else:
            self.end.close()
        if has_ended(self.pid, deadline):
            return
        os.kill(self.pid, signal.SIGTERM)  # the watchman passes it on, and waits for the worker
        if has_ended(self.pid, time.monotonic() + 0.3):
            return
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
