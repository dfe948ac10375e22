"""The link's processes: a watchman that starts the worker, and starts it again when it dies (`garde.agent.watchman`).

Comes in: a state directory, the core's pipe, the pipe of whoever does errands. Goes out: the watchman's pid. The worker
imports what it needs itself, so that neither the core's memory nor its start pays for TLS.

When the core goes, however it goes, the pipe ends, and both go too. A worker that is killed loses nothing: what it had
not told lies in its outbox or in the journal.
"""

from __future__ import annotations

import socket
from pathlib import Path

from garde.agent import watchman
from garde.clock import Clock
from garde.settings import Settings


def start(
    state: Path,
    end: socket.socket,
    settings: Settings,
    clock: Clock,
    asked: str,
    *,
    errands: socket.socket | None = None,
) -> int:
    """Fork the watchman on these ends, which are closed here; returns its pid, and never in the child."""
    ends = [each for each in (end, errands) if each is not None]

    def work() -> int:
        from garde.agent.link import worker

        return worker.run(state, end, settings, clock, asked, errands=errands)

    pid = watchman.start([each.fileno() for each in ends], work)
    for each in ends:
        each.close()
    return pid
