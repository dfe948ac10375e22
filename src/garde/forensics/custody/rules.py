"""What follows from an entry for the evidence.

Comes in: the state as `forensics.state.project` has left it with the entry, the entry, the estate in force. Goes out:
payloads in the order in which they are to be written. Pure. The rules, one test each:

1. A bundle that a person wants is asked for, of an incident that there is.
"""

from __future__ import annotations

from collections.abc import Iterator

from garde.estate.look import Lookup
from garde.forensics.memory import State
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import BundleAsked, BundleWanted
from garde.journal.payload import Payload


def answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Return what follows."""
    if isinstance(entry.payload, BundleWanted):
        case = state.case(entry.payload.incident)
        if case is not None:
            yield BundleAsked(incident=case.id, by=entry.payload.by, language=entry.payload.language)
