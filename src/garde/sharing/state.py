"""From entries to what `sharing` knows: the fold.

Comes in: entries of the hub's journal. Goes out: `State` (`memory.py`). Pure: no clock, socket or chance; it may change
the state that it is given. An entry that an agent wrote counts as that agent's word and never as the hub's or a
person's. `out/fold.py` folds what is known and released, `in_/fold.py` what neighbours sent.
"""

from __future__ import annotations

from typing import Final

from garde.journal.entry import AGENT, Entry
from garde.journal.kinds import NAMES
from garde.sharing.in_ import fold as coming
from garde.sharing.memory import State
from garde.sharing.out import fold as going

__all__ = ["KINDS", "VERSION", "State", "project"]

VERSION: Final = 2  # of the state's shape and meaning
_READ: Final = {*going.AGENTS, *going.HUBS, *coming.AGENTS, *coming.HUBS}
KINDS: Final = frozenset(NAMES[kind] for kind in _READ) | going.ANSWERED | coming.ANSWERED


def project(state: State, entry: Entry) -> State:
    """Fold one entry; returns the same state."""
    by_agent = entry.who.startswith(AGENT)
    state.now = max(state.now, entry.at) if by_agent else entry.at
    going.fold(state.out, entry, by_agent=by_agent)
    coming.fold(state.in_, entry, by_agent=by_agent)
    return state
