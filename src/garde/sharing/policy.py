"""What follows from an entry: a warning to be drawn, neighbours to be told, a watch list, a precaution offered.

Comes in: the state as `state.project` has left it with the entry, the entry, the estate in force. Goes out: payloads in
the order in which they are to be written. Pure: no clock (the hub's own entries carry its time), no socket, no chance;
it changes nothing. The rules stand in `out/rules.py` and `in_/rules.py`, one test each.
"""

from __future__ import annotations

from garde.estate.look import Lookup
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.sharing.in_ import rules as coming
from garde.sharing.memory import State
from garde.sharing.out import rules as going


def decide(state: State, entry: Entry, estate: Lookup) -> list[Payload]:
    """Return what follows."""
    return [*going.answer(state, entry, estate), *coming.answer(state, entry, estate)]
