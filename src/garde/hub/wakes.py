"""Waking capabilities: time is an entry too.

Comes in: `wake_asked` commands. Goes out: `woke`, when their time has come by the hub's wall clock; at once where it
came while the hub was down. It keeps no file: what is open is in the journal.
"""

from __future__ import annotations

import heapq

from garde.clock import Clock
from garde.hub.performer import NEVER, Say
from garde.journal.entry import Entry
from garde.journal.hub_kinds import WakeAsked, Woke
from garde.journal.payload import Command


class Wakes:
    """The performer of `wake_asked`. See `garde.hub.performer.Performer`."""

    kinds = ("wake_asked",)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, str]] = []  # due, command
        self._asked: dict[str, WakeAsked] = {}
        self._say: Say = lambda payloads: None

    def open(self, say: Say) -> None:
        self._say = say

    def begin(self, command: Command, entry: Entry) -> None:
        assert isinstance(command, WakeAsked)
        if command.command not in self._asked:
            self._asked[command.command] = command
            heapq.heappush(self._heap, (command.due, command.command))

    def settled(self, command: str) -> None:
        self._asked.pop(command, None)

    def tick(self) -> None:
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now:
            _, command = heapq.heappop(self._heap)
            asked = self._asked.pop(command, None)
            if asked is not None:
                self._say([Woke(command, asked.key, asked.due)])

    def next_due(self) -> float:
        return self._heap[0][0] if self._heap else NEVER

    def close(self) -> None:
        pass
