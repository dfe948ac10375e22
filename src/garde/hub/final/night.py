"""The whole night as the journal has it, for the final report: a fold.

Comes in: entries, in order. Goes out: `Night`. It keeps what a report says and the number of the entry that said it; it
re-derives nothing: incidents and cuts are the board's, files and servers the console's story, and services, phases,
findings and clocks are what their owners published. A list that an attacker could make long is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from garde.estate.canonical import from_json
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.hub.board import BOARD, Board
from garde.hub.console.views.story import STORIES, Stories
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import legal_kinds as g
from garde.journal import oncall_kinds as o
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as r
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry, Head, machine_of
from garde.journal.notice_kinds import NoticeAcknowledged, NoticeUnanswered
from garde.journal.paper_kinds import FactHeard, ReenterSaid
from garde.journal.payload import Payload

P = TypeVar("P", bound=Payload)
MOST: Final = 2_000  # entries of one kind that are kept; one report never shows as many


@dataclass(frozen=True, slots=True)
class Noted(Generic[P]):
    """A payload, with when it was written down, by whom, and its number."""

    seq: int
    at: float
    who: str
    said: P


@dataclass(slots=True)
class Night:
    """See the module."""

    board: Board = field(default_factory=Board)
    stories: Stories = field(default_factory=Stories)
    kept: dict[str, list[Noted[Payload]]] = field(default_factory=dict)  # by kind
    silent: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # machine -> from, until (0: still)
    estate: Lookup = field(default_factory=lambda: Lookup(Estate(name="")))
    last: float = 0.0  # wall seconds of the last entry that was read
    size: int = 0  # seq of the last entry
    head: str = ""

    def all(self, kind: type[P]) -> list[Noted[P]]:
        """Return what is kept of a kind, in order."""
        return self.kept.get(k.NAMES[kind], [])  # type: ignore[return-value]

    def newest(self, kind: type[P]) -> Noted[P] | None:
        """Return the last of a kind."""
        return next(reversed(self.all(kind)), None)

    def end_at(self, head: Head) -> None:
        """Say up to which entry the journal was read: kinds that no report needs are not handed over."""
        self.size, self.head = max(self.size, head.seq), head.hash if head.seq >= self.size else self.head


# Payloads that the chapters read, kept as they are: the newest where there are more than fit, but for the first.
_KEPT: Final[tuple[type[Payload], ...]] = (
    h.IncidentOpened,
    h.IncidentAnswered,
    h.IncidentClosed,
    h.HarmJoined,
    h.CutDecided,
    h.CutChanged,
    h.SpreadFound,
    k.RestoreFinished,
    k.ActorHeld,
    k.HoldRefused,
    k.SensorOverflow,
    k.TreesUnseen,
    k.TextsErased,
    NoticeAcknowledged,
    NoticeUnanswered,
    o.PageAsked,
    FactHeard,
    ReenterSaid,
    p.PlanLoaded,
    p.PlanTriggered,
    p.PlanPhaseChanged,
    p.PlanHeld,
    p.PlanStoodDown,
    p.DiversionChanged,
    p.DiversionTold,
    p.DiversionAcknowledged,
    p.ServiceState,
    r.RetentionFrozen,
    r.PointJudged,
    r.PointRestored,
    r.RestartPlanned,
    r.StepMoved,
    r.MachineRecut,
    f.FamilyNamed,
    f.OriginFound,
    f.EgressConcluded,
    f.EgressLooked,
    f.EgressSeen,
    f.EvidenceTaken,
    f.EvidenceGathered,
    f.EvidenceMoved,
    f.EvidenceReferred,
    f.BundleMade,
    g.AwareSaid,
    g.ObligationSaid,
    g.ClockStarted,
    g.ClockWarned,
    g.ClockClosed,
    g.DraftMade,
    g.SubmissionSaid,
    g.AmendmentNeeded,
    g.RansomDecided,
    s.WarningDrawn,
    s.WarningApproved,
    s.NeighbourTold,
)
_OWN: Final = frozenset(k.NAMES[each] for each in _KEPT)
KINDS: Final = _OWN | BOARD.kinds | STORIES.kinds | {"estate_loaded", "agent_silent", "agent_alive"}


def read(entries: Iterable[Entry], night: Night | None = None) -> Night:
    """Fold them all."""
    found = night or Night()
    for entry in entries:
        project(found, entry)
    return found


def project(night: Night, entry: Entry) -> Night:
    """Fold one entry. Those of other kinds only move the end of what was read."""
    night.last, night.size, night.head = max(night.last, entry.at), entry.seq, entry.hash
    if entry.kind in BOARD.kinds:
        night.board = BOARD.project(night.board, entry)
    if entry.kind in STORIES.kinds:
        night.stories = STORIES.project(night.stories, entry)
    if entry.kind in _OWN:
        _keep(night, entry)
    match entry.payload:
        case h.AgentSilent(machine, last_seen):
            night.silent.setdefault(machine, []).append((last_seen, 0.0))
        case h.AgentAlive(machine) if night.silent.get(machine, [(0.0, 1.0)])[-1][1] == 0.0:
            night.silent[machine][-1] = (night.silent[machine][-1][0], entry.at)
        case h.EstateLoaded() as loaded if loaded.content.value is not None:
            night.estate = Lookup(from_json(loaded.content.value))
    return night


def _keep(night: Night, entry: Entry) -> None:
    listed = night.kept.setdefault(entry.kind, [])
    listed.append(Noted(entry.seq, entry.at, machine_of(entry) or entry.who, entry.payload))
    if len(listed) > MOST:
        del listed[1]  # the first one stays: it is what a night begins with
