"""What the hub's journal comes to, for commands that show it beside a running hub or without one.

Comes in: the hub's state directory, a fold. Goes out: its state, and the hospital in force. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from garde.clock import Clock
from garde.estate.canonical import from_json
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.hub.config import load_config, open_hub_journal
from garde.journal.entry import Entry
from garde.journal.hub_kinds import EstateLoaded

S = TypeVar("S")


def folded(
    place: Path, clock: Clock, start: S, kinds: frozenset[str], project: Callable[[S, Entry], S]
) -> tuple[S, Lookup]:
    """Fold the journal's entries of these kinds; an estate whose words were erased leaves the one before in force."""
    found, raw = start, None
    with open_hub_journal(place, load_config(place).database, clock, read_only=True) as journal:
        for entry in journal.entries(kinds=kinds | {"estate_loaded"}):
            found = project(found, entry)
            if isinstance(entry.payload, EstateLoaded):
                raw = entry.payload.content.value or raw
    return found, Lookup(from_json(raw) if raw else Estate(name=""))
