"""The errands' processes: a watchman that starts the worker, and starts it again when it dies (`garde.agent.watchman`).

Comes in: a state directory, the errands' ends of the sockets to core and link. Goes out: the watchman's pid. The worker
imports what it needs itself: neither the core's memory nor its start pays for backups and rules. When the core goes,
however it goes, the worker ends, and with it every program that it has started; what was under way goes on at the next
start.
"""

from __future__ import annotations

import os
import select
import socket

from garde.agent import watchman
from garde.agent.errands import wire
from garde.agent.errands.place import Place

# A worker that has nothing to do yet leaves the processors to the core's start: it imports what it needs once somebody
# has said something (the core does when it is ready, the link where an errand waits), or after so many seconds.
FIRST_WAIT = 5.0


def start(place: Place, core: socket.socket, link: socket.socket | None) -> int:
    """Fork the watchman on these ends, which are closed here; returns its pid, and never in the child."""
    ends = [each for each in (core, link) if each is not None]

    def work() -> int:
        hello = wire.Hello(os.getpid())
        for end in ends:
            wire.send(end, hello)
        select.select(ends, [], [], FIRST_WAIT)
        from garde.agent.errands import worker

        return worker.run(place, core, link)

    pid = watchman.start([end.fileno() for end in ends], work, with_children=True)
    for end in ends:
        end.close()
    return pid
