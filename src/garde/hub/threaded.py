"""A performer that works in threads of its own: what all of them have in common.

Comes in: commands, from the loop. Goes out: what `_carry_out` of the class below yields, each piece said at once; where
it raises, `command_failed` with the reason. What was not begun when the hub ends stays open, and is begun at the next
start: a class below is idempotent on `command.command`, as `garde.hub.performer` asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from garde.hub.performer import NEVER, Say
from garde.journal.entry import Entry
from garde.journal.hub_kinds import CommandFailed
from garde.journal.payload import Command, Payload


class Threaded:
    """See `garde.hub.performer.Performer`; a class below names its `kinds`."""

    def __init__(self, name: str, at_once: int = 1) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._say: Say = lambda payloads: None

    def open(self, say: Say) -> None:
        """Called once, before anything is begun."""
        self._say = say

    def begin(self, command: Command, entry: Entry) -> None:
        """Leave it to a thread."""
        self._threads.submit(self._perform, command)

    def settled(self, command: str) -> None:
        """Nothing is kept of it here."""

    def tick(self) -> None:
        """No clock is looked at."""

    def next_due(self) -> float:
        """Nothing waits for a time."""
        return NEVER

    def close(self) -> None:
        """End what is under way; the rest stays open."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    # --- in a thread ---

    def _perform(self, command: Command) -> None:
        try:
            for payloads in self._carry_out(command):
                self._say(payloads)
        except Exception as error:  # nobody looks at what a thread of a pool raises
            self._say([CommandFailed(command.command, f"{type(error).__name__}: {error}")])

    def _carry_out(self, command: Command) -> Iterable[Sequence[Payload]]:
        raise NotImplementedError
