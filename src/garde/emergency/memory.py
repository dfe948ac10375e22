"""What `emergency` remembers of the journal: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `State` and its parts. What people typed is kept as it may be shown. Nothing here decides
or reads an entry; `state.py` folds, `policy.py` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from garde.emergency.nouns import Plan

WORKS, DEGRADED, PAPER, CLOSED = "works", "degraded", "paper", "closed"
OPEN, LIMITED, DIVERTED = "open", "limited", "diverted"
RUNNING, ENDED = "running", "ended"
FLAGS: Final = ("emergency_open", "plan_lifted", "it_normal", "legal_closed")
EMERGENCY: Final = "emergency"  # the way in whose opening ends the first flag
BY_PLAN: Final = "plan"
SOMEBODY: Final = "somebody"  # a person who is not to be named (`nameless.py`)


@dataclass(slots=True)
class Incident:
    """One incident, as far as care is concerned."""

    id: str
    opened: float  # wall seconds, hub time
    severity: int = 1
    closed: bool = False


@dataclass(slots=True)
class Cut:
    """One cut, as it was published."""

    id: str
    action: str
    target: str
    where: list[str]
    price: list[str]
    state: str = "proposed"
    by: str = ""
    changed: float = 0.0


@dataclass(slots=True)
class Override:
    """What a person says of a service."""

    state: str
    by: str
    role: str
    why: str
    until: float
    at: float


@dataclass(slots=True)
class Service:
    """How a service stands, as it was published."""

    state: str = WORKS
    since: float = 0.0
    because: list[str] = field(default_factory=list)
    by: str = ""


@dataclass(slots=True)
class Picture:
    """What services hang on, at one moment."""

    down: list[str] = field(default_factory=list)  # machines that are cut off
    less: list[str] = field(default_factory=list)  # machines that go on with less
    said: dict[str, str] = field(default_factory=dict)  # service -> state by a person's word


@dataclass(slots=True)
class Task:
    """One task of the plan in force, or one given by hand."""

    id: str
    owner: str
    given: float
    due: float  # 0: no clock
    by: str
    title: str = ""  # of one given by hand
    taken: str = ""  # login
    state: str = "open"  # open | done | struck
    ended: float = 0.0
    ended_by: str = ""
    note: str = ""
    overdue: bool = False

    @property
    def open(self) -> bool:
        """Whether it is still to be done."""
        return self.state == "open"


@dataclass(slots=True)
class CallMade:
    """One call list that was called."""

    notice: str
    call: str
    at: float
    people: list[str] = field(default_factory=list)  # who know
    missing: list[str] = field(default_factory=list)  # who could not be reached
    complete: bool = False


@dataclass(slots=True)
class Met:
    """What a person said of a criterion."""

    met: bool
    by: str
    at: float
    note: str


@dataclass(slots=True)
class Activation:
    """One time that the plan is in force."""

    id: str
    plan: str
    phase: str
    since: float
    by: str
    role: str
    incident: str = ""
    trigger: str = ""
    phase_since: float = 0.0
    begun: list[str] = field(default_factory=list)  # phases that have begun
    upto: int = -1  # rank of the gravest phase that has begun
    tasks: dict[str, Task] = field(default_factory=dict)
    calls: dict[str, CallMade] = field(default_factory=dict)  # by call list
    criteria: dict[str, Met] = field(default_factory=dict)
    vacant: list[str] = field(default_factory=list)  # roles nobody holds
    held_until: float = 0.0
    next_report: float = 0.0


@dataclass(slots=True)
class Proposal:
    """A phase that a trigger asks for, undecided."""

    id: str
    phase: str
    trigger: str
    incident: str
    services: list[str]
    reason: str
    at: float


@dataclass(slots=True)
class Heard:
    """Somebody outside: told, and understood."""

    told: float = 0.0
    told_by: str = ""
    how: str = ""
    understood: float = 0.0
    name: str = ""  # who spoke there


@dataclass(slots=True)
class Diversion:
    """How one way in stands."""

    path: str
    change: str
    state: str
    since: float
    by: str
    role: str
    reason: str
    review: float
    tell: list[str] = field(default_factory=list)
    heard: dict[str, Heard] = field(default_factory=dict)
    review_due: bool = False

    def missing(self) -> list[str]:
        """Return who was not told."""
        return [each for each in self.tell if not self.heard.get(each, Heard()).told]

    def silent(self) -> list[str]:
        """Return who has not said that it is understood."""
        return [each for each in self.tell if not self.heard.get(each, Heard()).understood]


@dataclass(slots=True)
class Flag:
    """One of the four ends."""

    state: str
    since: float
    by: str


@dataclass(slots=True)
class Decision:
    """What a person decided: for the situation report."""

    at: float
    by: str
    role: str
    act: str  # kind of the entry
    about: str
    to: str
    note: str = ""


@dataclass(slots=True)
class Report:
    """A report that was made."""

    number: int
    seq: int  # of its entry
    at: float
    pages: int
    sha256: str
    fault: str


@dataclass(slots=True)
class News:
    """What one entry changed: read by `decide` for that entry, and by nobody later."""

    seq: int = 0
    before: Picture | None = None  # of what services hang on, where that may have changed
    estate: bool = False  # compare with what was published: another estate counts
    raised: bool = False  # an incident's severity
    severity: int = 0  # before
    ranks: list[int] = field(default_factory=list)  # the gravest phase begun: before and after
    entered: str = ""  # a phase that begins for the first time
    began: bool = False
    ended: str = ""  # the activation that was lifted
    path: str = ""  # of a diversion that counts
    task: str = ""  # that is overdue
    settled: list[str] = field(default_factory=list)  # notices of proposals that nobody need decide any more


@dataclass(slots=True)
class State:
    """See the module."""

    plan: Plan | None = None
    digest: str = ""  # of the plan
    incidents: dict[str, Incident] = field(default_factory=dict)
    cuts: dict[str, Cut] = field(default_factory=dict)
    cut_off: dict[str, list[str]] = field(default_factory=dict)  # machine -> cuts that hold it
    harmed: dict[str, list[str]] = field(default_factory=dict)  # server -> verdicts whose files are not put back
    mended: dict[str, None] = field(default_factory=dict)  # "server|verdict": put back before the harm was counted
    holds: dict[str, str] = field(default_factory=dict)  # hold -> verdict
    silent: list[str] = field(default_factory=list)  # machines whose agents give no sign of life
    overrides: dict[str, Override] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)  # those of which something was said
    last_harm: float = 0.0
    activation: Activation | None = None
    activations: int = 0
    proposals: dict[str, Proposal] = field(default_factory=dict)
    diversions: dict[str, Diversion] = field(default_factory=dict)
    flags: dict[str, Flag] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)  # the last ones
    numbered: int = 0  # reports asked for so far
    returning: dict[str, str] = field(default_factory=dict)  # server on its way back -> its stage
    last_recut: float = 0.0  # when a server was last cut again
    watch_until: float = 0.0  # the reinforced watch; 0: none was asked for, or it is over
    watch_by: str = ""
    reenter: dict[str, float] = field(default_factory=dict)  # service or machine -> data after this: once more
    on_paper: dict[str, str] = field(default_factory=dict)  # ward, or *: began | ended, as the downtime desk says
    switched: dict[str, int] = field(default_factory=dict)  # ward -> per cent of its patients back in the record
    news: News = field(default_factory=News)

    def picture(self) -> Picture:
        """Return what services hang on now."""
        harm = any(not each.closed for each in self.incidents.values())
        less = dict.fromkeys(name for cut in self.cuts.values() if is_read_only(cut) for name in cut.where)
        less |= dict.fromkeys(self.harmed)
        less |= dict.fromkeys(self.silent) if harm else {}
        return Picture(list(self.cut_off), list(less), {name: each.state for name, each in self.overrides.items()})

    def service(self, name: str) -> Service:
        """Return how a service was last said to stand."""
        return self.services.get(name, Service())


def is_read_only(cut: Cut) -> bool:
    """Whether this cut makes shares read-only, and is in force."""
    return cut.action == "read_only" and cut.state in ("applied", "proven", "not_proven")
