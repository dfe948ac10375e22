"""What Garde says in its account: the family, the way it came, whether data left, warnings, drafts.

Comes in: the hub's entries, in order. Goes out: `Account`, the newest word on each. Nothing of it comes from the
attackers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal import forensic_kinds as f
from garde.journal import legal_kinds as a
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry
from garde.journal.kinds import VerdictReached

CONTROLLER = "controller"  # the role of a hop, as the origin says it


@dataclass(slots=True)
class Account:
    """Folded so far."""

    # By incident, in the order in which they came: the second burst is one of its own until it is joined to the first.
    families: dict[str, f.FamilyNamed] = field(default_factory=dict)
    origins: dict[str, f.OriginFound] = field(default_factory=dict)
    conclusions: dict[str, f.EgressConcluded] = field(default_factory=dict)
    drawn: list[s.WarningDrawn] = field(default_factory=list)
    watching: set[tuple[str, str]] = field(default_factory=set)  # agent, SHA-256 of the list that it watches for
    wanted: str = ""  # SHA-256 of the newest watch list
    drafts: dict[str, a.DraftMade] = field(default_factory=dict)  # the newest version of each
    submitted: set[str] = field(default_factory=set)
    judged_by: int = 0  # files that the first verdict rested on

    def add(self, entry: Entry) -> None:
        """Fold one entry."""
        match entry.payload:
            case f.FamilyNamed() as named:
                self.families[named.incident] = named
            case f.OriginFound() as found:
                self.origins[found.incident] = found
            case f.EgressConcluded() as concluded:
                self.conclusions[concluded.incident] = concluded
            case VerdictReached() as verdict:
                self.judged_by = self.judged_by or len(verdict.files)
            case _:
                self._add_told(entry)

    def _add_told(self, entry: Entry) -> None:
        match entry.payload:
            case s.WarningDrawn() as drawn:
                self.drawn.append(drawn)
            case s.WatchListMade() as made:
                self.wanted = made.sha256
            case s.WatchListTaken() as taken:
                self.watching.add((entry.who, taken.sha256))
            case a.DraftMade() as made:
                self.drafts[made.draft] = made
            case a.SubmissionSaid() as said:
                self.submitted.add(said.draft)

    @property
    def incident(self) -> str:
        """The one that the newest warning is of; "" where none was drawn."""
        return self.drawn[-1].incident if self.drawn else ""

    @property
    def family(self) -> f.FamilyNamed | None:
        """Of the first incident."""
        return next(iter(self.families.values()), None)

    @property
    def egress(self) -> f.EgressConcluded | None:
        """Of the first incident."""
        return next(iter(self.conclusions.values()), None)

    @property
    def controller(self) -> str | None:
        """The address from which the first spreading machine was led, as far as it was seen."""
        return next((hop.address for hop in self._hops() if hop.role == CONTROLLER), None)

    @property
    def country(self) -> str:
        """Of the network in which that address lies."""
        return next((hop.country for hop in self._hops() if hop.role == CONTROLLER), "")

    def _hops(self) -> tuple[f.OriginHop, ...]:
        first = next(iter(self.origins.values()), None)
        return first.hops if first is not None else ()

    @property
    def is_watched(self) -> bool:
        """Whether some agent watches for the newest list."""
        return bool(self.wanted) and any(sha256 == self.wanted for _, sha256 in self.watching)
