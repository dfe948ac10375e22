"""Which entries make the account: a fold of numbers, so that its page reads them from the journal, and nothing else.

Comes in: entries. Goes out: `Accounted`, made of numbers only: words that are erased in the journal are gone from the
page as well. Of each kind the first is kept, and the newest that fit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from garde.hub.fold import Fold
from garde.journal import forensic_kinds as f
from garde.journal.entry import Entry
from garde.journal.kinds import NAMES

MOST: Final = 400  # entries of one kind
_KEPT: Final = (
    f.EvidenceTaken, f.EvidenceGathered, f.EgressSeen, f.EgressLooked, f.FamilyNamed, f.OriginFound, f.EgressConcluded,
    f.EvidenceMoved, f.EvidenceReferred, f.BundleMade,
)  # fmt: skip


@dataclass(slots=True)
class Accounted:
    """See the module."""

    seqs: dict[str, list[int]] = field(default_factory=dict)  # by kind

    def all(self) -> Iterable[int]:
        """Return every number that is kept."""
        return (seq for seqs in self.seqs.values() for seq in seqs)


def project(state: Accounted, entry: Entry) -> Accounted:
    """Fold one entry."""
    seqs = state.seqs.setdefault(entry.kind, [])
    seqs.append(entry.seq)
    if len(seqs) > MOST:
        del seqs[1]
    return state


ACCOUNTED: Final = Fold(
    name="console_accounted", shape=Accounted, project=project, version=2,
    kinds=frozenset(NAMES[each] for each in _KEPT),
)  # fmt: skip
