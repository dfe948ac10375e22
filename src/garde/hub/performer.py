"""What carries commands out: the contract of the hub's performers.

Comes in: commands, after the transaction that asked for them was committed. Goes out: their outcomes, as payloads for
the journal. Who calls: the loop only, in order, one call at a time. What may happen twice: `begin` of the same
command (it was open when the hub was killed, and is begun again at the next start); a performer is idempotent on
`command.command`. Who retries: the loop, where an outcome could not be written; the performer, where the world was
not ready.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from garde.journal.entry import Entry
from garde.journal.payload import Command, Payload

Say = Callable[[Sequence[Payload]], None]  # writes an outcome; never raises, and tries again where the disk refuses
NEVER = float("inf")


class Performer(Protocol):
    """Carries out one or more kinds of commands. Every call returns at once; slow work goes to a thread of its own."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of commands that it carries out."""
        ...

    def open(self, say: Say) -> None:
        """Called once, before anything is begun."""
        ...

    def begin(self, command: Command, entry: Entry) -> None:
        """Take a command on. Its outcome is said sooner or later, a failure with its reason."""
        ...

    def settled(self, command: str) -> None:
        """An outcome of this command is in the journal, whoever said it: nothing more is to be done."""
        ...

    def tick(self) -> None:
        """Do what the clock asks for."""
        ...

    def next_due(self) -> float:
        """Return the wall time at which `tick` has something to do; `NEVER` where nothing waits."""
        ...

    def close(self) -> None:
        """End; what is open stays open and is begun again at the next start."""
        ...
