"""What follows from an entry for the question what it was.

Comes in: the state as `forensics.state.project` has left it with the entry, the entry, the estate in force. Goes out:
`identify_asked`. Pure: no clock, no socket, no chance; it changes nothing. The rules, one test each:

1. The family is asked for once harm is confirmed and there is something to go by: a note, an ending, a verdict.
2. It is asked for again when more is there than it was last named from, and never twice at once: what came meanwhile is
   taken when the answer is in. The newest answer counts.
3. Notes and endings of most copies and files come first; what shows how it was done comes with them. An attacker who
   writes a thousand different notes has `MOST` entries looked at.
4. In an incident that a person has closed nothing more is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.look import Lookup
from garde.forensics.memory import Case, State
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import IdentifyAsked
from garde.journal.payload import Payload

MOST: Final = 24  # of each sort: notes, endings, samples
LATE: Final = 1_000  # entries after which it is asked anew, where nobody was asked: never in a sound hub
_EGRESS: Final = 4  # entries that show how data left


def note_due(state: State) -> None:
    """Note for `answer` what is to be named: in the fold, so that the entries of one report ask for it once."""
    for case in _touched(state):
        waits = case.naming or (case.due and state.news.seq < case.due + LATE)
        if case.confirmed and not case.closed and not waits:
            found = entries_of(state, case)
            if found and set(found) - set(case.identified):
                state.news.naming[case.id] = list(found)
                case.due = state.news.seq


def answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Return what follows."""
    for incident, entries in state.news.naming.items():
        yield IdentifyAsked(incident=incident, entries=tuple(entries))


def _touched(state: State) -> list[Case]:
    """Who spreads is nothing to name a family by; and what one report brings about is answered once."""
    news = state.news
    harmed = [incident for incident, _ in news.harmed]
    names = dict.fromkeys([*(each for each in news.known if each != news.spread), *harmed])
    return [found for name in names if (found := state.cases.get(name)) is not None]


def entries_of(state: State, case: Case) -> tuple[int, ...]:
    """Return the entries to name it from. Rule 3."""
    here = (case.id, "")
    notes = sorted((each for each in state.notes if each.incident in here), key=lambda each: (-each.copies, each.seq))
    endings = sorted(
        (each for each in state.endings if each.incident in here), key=lambda each: (-each.files, each.seq)
    )
    samples = [each for each in state.items.values() if each.sort == "sample" and each.incident == case.id]
    ways = {tuple(each.why): each.seq for each in reversed(state.egress) if each.incident == case.id}
    found = [
        *(each.seq for each in notes[:MOST]),
        *(each.seq for each in endings[:MOST]),
        *(each.seq for each in samples[:MOST]),
        *case.shown.values(),
        *sorted(ways.values())[:_EGRESS],
    ]
    return tuple(sorted(set(found)))
