"""What follows from an entry for the question where it came from.

Comes in: the state as `forensics.state.project` has left it with the entry, the entry, the estate in force. Goes out:
payloads in the order in which they are to be written. Pure: no clock, no socket, no chance; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from garde.estate.look import Lookup
from garde.forensics.memory import State
from garde.journal.entry import Entry
from garde.journal.payload import Payload


def answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Return what follows."""
    yield from ()
