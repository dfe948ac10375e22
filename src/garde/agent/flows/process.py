"""The flows' processes: a watchman, and a worker that waits until there is a `flows.toml`.

Comes in: a state directory. Goes out: `Flows`: a pid, and the end of a pipe by which the worker sees that the core has
gone. Where no file is, it costs two sleeping forks and one `stat` every five seconds; what it needs is imported with
the file.
"""

from __future__ import annotations

import os
import select
from dataclasses import dataclass

from garde.agent import watchman
from garde.agent.errands.place import Place

LOOK_EVERY = 5.0  # seconds between two looks for the file
FILE = "flows.toml"  # as garde.forensics.egress.config has it, which only the worker imports


@dataclass(slots=True)
class Flows:
    """Forked while the agent has one thread."""

    pid: int
    end: int

    @classmethod
    def start(cls, place: Place) -> Flows:
        theirs, ours = os.pipe()
        os.set_inheritable(ours, False)

        def work() -> int:
            while not (place.state / FILE).exists():
                if select.select([theirs], [], [], LOOK_EVERY)[0]:
                    return 0
            from garde.agent.flows import worker

            return worker.run(place, theirs)

        pid = watchman.start([theirs], work)
        os.close(theirs)
        return cls(pid, ours)

    def fileno(self) -> int:
        return self.end

    def end_by(self, deadline: float) -> None:
        """Let it write what it has until `deadline` (real monotonic seconds), then end it."""
        os.close(self.end)
        watchman.end_by(self.pid, deadline)
