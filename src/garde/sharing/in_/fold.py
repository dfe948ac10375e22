"""From entries to what the way in knows.

Comes in: entries, and whether an agent wrote them. Goes out: `In`. Pure; it may change what it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.sharing.in_.memory import In, Taken

Handler = Callable[[In, Entry, Any], None]


def _on_taken(state: In, entry: Entry, taken: s.SharedTaken) -> None:
    state.taken[taken.sha256] = Taken(
        taken.source, taken.format, taken.sha256, taken.tlp, taken.indicators, taken.refused,
        list(taken.refused_why), taken.by, taken.channel, entry.at, entry.seq,
    )  # fmt: skip


AGENTS: Final[dict[type[Payload], Handler]] = {}
HUBS: Final[dict[type[Payload], Handler]] = {s.SharedTaken: _on_taken}
ANSWERED: Final[frozenset[str]] = frozenset()  # kinds that `rules.py` answers and the fold does not remember


def fold(state: In, entry: Entry, *, by_agent: bool) -> None:
    """Fold one entry."""
    handler = (AGENTS if by_agent else HUBS).get(type(entry.payload))
    if handler is not None:
        handler(state, entry, entry.payload)
