"""Mass deletes and truncates: many documents gone by one hand within seconds.

Comes in: what a party deleted or emptied and nothing healthy replaced. Goes out: when a loss is due for reporting.
It never leads to a hold: `git gc` unlinks 456 files in 90 ms, and so does a clean-up. It leads to a report and an undo.

Only documents count (`parties.DOCUMENTS`), and only where they are at least half of what goes: build trees, object
stores and installed packages are replaced by the thousand every day, a few pictures among them, and putting those back
would break honest work. Once documents go, everything that went with them is put back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.watch.parties import DELETES_SECONDS, Deleted, Party
from garde.watch.suspicion import PartyKey

QUIET = 0.7  # seconds without a further delete: the hand has finished, or paused
LATEST = 3.0  # a delete that goes on is reported all the same: the promise is 5 s


@dataclass(slots=True)
class Masses:
    """Parties whose deletes are being counted. Times are monotonic seconds."""

    threshold: int
    _first: dict[PartyKey, float] = field(default_factory=dict)
    _last: dict[PartyKey, float] = field(default_factory=dict)

    def count(self, party: Party, deleted: Deleted) -> None:
        """Add one unexplained delete and start the party's clock when there are enough of them."""
        party.lost(deleted)
        if party.key not in self._first:
            while party.deletes:
                oldest = next(iter(party.deletes.values()))
                if deleted.at - oldest.at <= DELETES_SECONDS:
                    break
                party.explained(oldest.path)
            if not self._is_mass(party):
                return
            self._first[party.key] = deleted.at
        self._last[party.key] = deleted.at

    def next_due(self) -> float | None:
        """Return when the next party is due."""
        times = [self._due(key) for key in self._first]
        return min(times) if times else None

    def pop_due(self, now: float) -> PartyKey | None:
        """Return one party whose deletes are to be looked at now."""
        for key in self._first:
            if self._due(key) <= now:
                del self._first[key], self._last[key]
                return key
        return None

    def take(self, party: Party) -> list[Deleted]:
        """Return the party's unexplained deletes when they still make a mass, and forget them."""
        if not self._is_mass(party):
            return []
        return party.take_deletes()

    def _due(self, key: PartyKey) -> float:
        return min(self._last[key] + QUIET, self._first[key] + LATEST)

    def _is_mass(self, party: Party) -> bool:
        return party.documents >= self.threshold and party.documents * 2 >= len(party.deletes)
