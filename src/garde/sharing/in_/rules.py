"""What follows from an entry on the way in.

Comes in: the state with the entry folded, the entry, the estate. Goes out: payloads. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from garde.estate.look import Lookup
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.sharing.memory import State


def answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Yield what follows."""
    yield from ()
