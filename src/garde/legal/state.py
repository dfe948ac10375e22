"""From entries to what `legal` knows: the fold.

Comes in: entries of the hub's journal. Goes out: `State` (`memory.py`). Pure: no clock, socket or chance; it may change
the state that it is given. An entry that an agent wrote counts as that agent's word and never as the hub's or a
person's. `duty_fold.py` folds clocks and drafts, `fact_fold.py` what drafts are filled from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.journal.entry import AGENT, Entry
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.legal import duty_fold as duty
from garde.legal import fact_fold as fact
from garde.legal.memory import News, State

__all__ = ["KINDS", "VERSION", "State", "project"]

VERSION: Final = 2  # of the state's shape and meaning

_Handler = Callable[[State, Entry, Any], None]
_AGENTS: Final[dict[type[Payload], _Handler]] = fact.AGENTS
_HUBS: Final[dict[type[Payload], _Handler]] = {**duty.HUBS, **fact.HUBS}
KINDS: Final = frozenset(NAMES[kind] for kind in {*_AGENTS, *_HUBS})


def project(state: State, entry: Entry) -> State:
    """Fold one entry; returns the same state."""
    state.news = News(entry.seq)
    by_agent = entry.who.startswith(AGENT)
    state.now = max(state.now, entry.at) if by_agent else entry.at
    handler = (_AGENTS if by_agent else _HUBS).get(type(entry.payload))
    if handler is not None:
        handler(state, entry, entry.payload)
    return state
