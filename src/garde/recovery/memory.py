"""What `recovery` remembers of the journal: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `State` and its parts. What people or agents typed is kept as it may be shown. Machines are
named by their estate ids, everything that happened by the seq of its entry: a clock may go back, the journal's numbers
do not. Nothing here decides or reads an entry; `state.py` folds, `policy.py` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from garde.model.restart import Stage, Status

BY_RULE: Final = "rule"
OBSERVE_S: Final = 4 * 3600.0  # alone and watched, where nobody planned anything
LISTED_S: Final = 3600.0  # with listed flows
ON_ITS_WAY: Final = frozenset({Stage.ISOLATED, Stage.VERIFIED, Stage.OBSERVING, Stage.LISTED, Stage.OPEN})
CHECKED: Final = frozenset({Stage.VERIFIED, Stage.OBSERVING, Stage.LISTED, Stage.OPEN})
PROVEN, REFUSED = "proven", "refused"  # states of an isolation; refused: it is never made
LOST: Final = frozenset({"not_proven", "failed", "undoing", "undone"})  # it holds no more, or never did


@dataclass(slots=True)
class Agent:
    """One enrolled agent."""

    silent: bool = False
    weaker: bool = False  # the mode in force is not the one asked for
    clock_off: float = 0.0  # seconds that its clock is ahead of the hub's


@dataclass(slots=True)
class Rating:
    """How a server stands, and who says so."""

    status: str = Status.NOT_IMPACTED
    by: str = ""  # "rule", or a login
    why: str = ""
    at: float = 0.0
    seq: int = 0


@dataclass(slots=True)
class Store:
    """One store of restore points."""

    holder: str  # the machine whose agent keeps it
    store: str
    sort: str
    covers: str
    freezes: bool
    frozen: str = ""  # "" | asked | proven | not_proven | thawing | thawed
    command: str = ""  # of the last errand about its retention
    seconds: float = 0.0
    detail: str = ""
    at: float = 0.0
    seq: int = 0

    @property
    def held(self) -> bool:
        """Whether its retention is frozen, or may be: a person lets it go on."""
        return self.frozen in ("asked", "proven", "not_proven")


@dataclass(frozen=True, slots=True)
class Point:
    """One restore point, as it was judged last: judged anew it is another one."""

    holder: str
    store: str
    point: str
    covers: str
    taken_at: float
    colour: str
    when: str
    files: int
    bytes: int
    looked_at: int
    readable: int
    changed: int
    indicators: int
    catalogue: str
    test_restore: str
    enter_after: float
    run: str  # command of the judging
    reasons: list[str] = field(default_factory=list)
    since: float = 0.0  # the first hostile write that it was judged against; 0: none was known
    at: float = 0.0


@dataclass(slots=True)
class Restored:
    """What came of bringing a point back."""

    holder: str
    store: str
    point: str
    where: str  # scratch | place
    verified: bool  # and nothing of it failed
    enter_after: float
    by: str  # who wanted it
    seq: int


@dataclass(slots=True)
class Said:
    """An answer of a person to one item."""

    answer: str
    by: str
    role: str
    until: float  # of an exception; 0: none
    note: str
    at: float


@dataclass(slots=True)
class Found:
    """What the machine itself says of one item."""

    answer: str
    found: list[str] = field(default_factory=list)
    more: int = 0


@dataclass(slots=True)
class Swept:
    """The last sweep that was asked for in this round."""

    baseline: str
    answers: dict[str, Found]
    asked: int  # seq of its errand
    at: float


@dataclass(slots=True)
class Looked:
    """The last look from outside that was asked for in this round."""

    looker: str
    answering: list[int]
    tried: int  # pairs of address and port
    wanted: int  # as many were asked for
    asked: int  # seq of its errand
    at: float


@dataclass(slots=True)
class Signature:
    """One signature as it was given; whether it counts is for `gates.py` to judge."""

    side: str
    by: str
    role: str
    at: float
    seq: int


@dataclass(slots=True)
class Moved:
    """One stage in the past, for the picture."""

    stage: str
    round: int
    at: float
    why: str
    by: str


@dataclass(slots=True)
class Isolation:
    """One isolation that was wanted for this machine and is not over."""

    id: str
    allow: list[str]
    state: str = ""  # of the cut, as containment said: "" | asked | applied | proven | not_proven | failed | undone
    seq: int = 0  # of its entry

    @property
    def lost(self) -> bool:
        """Whether it holds no more, never did, or is never made."""
        return self.state in LOST or self.state == REFUSED


@dataclass(slots=True)
class Step:
    """One server on its way back. Answers and signatures are those of the round."""

    machine: str
    wave: int = 0  # from 1; 0: in none
    round: int = 0  # 0: never begun
    stage: str = Stage.WAITING
    since: float = 0.0  # wall seconds: of the stage
    seq: int = 0  # of the stage
    began: float = 0.0  # wall seconds: of the round
    began_seq: int = 0
    isolations: list[Isolation] = field(default_factory=list)  # the last one is the one wanted
    numbered: int = 0  # isolations wanted so far
    swept: Swept | None = None
    looked: Looked | None = None
    answers: dict[str, list[Said]] = field(default_factory=dict)  # by item, oldest first
    signatures: list[Signature] = field(default_factory=list)
    raised: float = 0.0  # until when its agent watches more sensitively, as it said
    due: float = 0.0  # the end of observing, or of being open for listed flows only; 0: nothing is awaited
    observed: int = 0  # seq of the wake that ended the observation
    listed: int = 0  # seq of the wake that ended the time with listed flows
    opening: list[Signature] = field(default_factory=list)  # who wanted it opened fully before that; side ""
    seen: int = 0  # seq of what was seen in this round: nothing opens after it
    history: list[Moved] = field(default_factory=list)

    @property
    def begun(self) -> bool:
        """Whether somebody began its way back in this round, and it was not cut again since."""
        return self.round > 0 and self.stage != Stage.RECUT

    @property
    def isolation(self) -> Isolation | None:
        """The isolation that is wanted now."""
        return self.isolations[-1] if self.isolations else None

    @property
    def proven(self) -> bool:
        """Whether the isolation that is wanted now holds."""
        return self.isolation is not None and self.isolation.state == PROVEN

    @property
    def allow(self) -> list[str]:
        """The flows that it leaves open."""
        return self.isolation.allow if self.isolation is not None else []


@dataclass(slots=True)
class Errand:
    """An errand that has no outcome yet."""

    machine: str
    verb: str
    about: str
    store: str
    point: str
    where: str
    round: int
    since: float
    by: str
    seq: int
    pairs: int = 0  # look: addresses times ports


@dataclass(slots=True)
class Change:
    """A credential changed once."""

    at: float
    by: str
    seq: int


@dataclass(slots=True)
class Credential:
    """A credential that must be changed."""

    credential: str
    sort: str
    machines: list[str]
    times: int
    changes: list[Change] = field(default_factory=list)


@dataclass(slots=True)
class Incident:
    """One incident, as far as the way back needs it."""

    id: str
    first_harm: float
    said: float = 0.0  # as a person knows it
    closed: bool = False


@dataclass(slots=True)
class Planned:
    """The waves as people decided them last."""

    waves: list[list[str]]
    observe_s: float
    listed_s: float
    by: str
    role: str
    warnings: list[str]
    at: float
    seq: int


@dataclass(slots=True)
class Relapse:
    """Something was seen during a return."""

    machine: str  # where
    why: str
    at: float
    seq: int


@dataclass(slots=True)
class News:
    """What one entry changed: read by `decide` for that entry, and by nobody later."""

    seq: int = 0
    look: list[str] = field(default_factory=list)  # machines whose step may go on
    all: bool = False  # every one of them
    rated: list[list[str]] = field(default_factory=list)  # machine, status, why
    alarms: list[list[str]] = field(default_factory=list)  # machine, why
    freeze: bool = False  # retention is to be frozen wherever it is not
    back: str = ""  # an agent that is there (again)
    moved: str = ""  # machine whose step came to another stage
    proven: str = ""  # machine whose isolation is proven
    placed: str = ""  # machine whose data were put in place
    ended: str = ""  # machine whose time of watching, or with listed flows, is over
    early: str = ""  # key of a wake that came before its time
    watch: bool = False  # somebody said until when it stays reinforced
    watch_over: bool = False  # that time has come
    sweep: str = ""  # machine that is to be looked at again


@dataclass(slots=True)
class State:
    """See the module."""

    now: float = 0.0  # hub seconds, as its own entries say: an agent's late word does not turn it back
    addresses: dict[str, str] = field(default_factory=dict)  # address -> machine
    machines: list[str] = field(default_factory=list)  # of the estate
    agents: dict[str, Agent] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    alarm: int = 0  # seq of what made retention be frozen; 0: no incident is open
    ratings: dict[str, Rating] = field(default_factory=dict)
    harmed: dict[str, int] = field(default_factory=dict)  # machine -> seq of the last harm on it or by it
    cut_off: dict[str, list[str]] = field(default_factory=dict)  # machine -> cuts that hold it, ours left out
    stores: dict[str, Store] = field(default_factory=dict)  # "holder|store"
    points: dict[str, Point] = field(default_factory=dict)  # "holder|store|point"
    restored: dict[str, list[Restored]] = field(default_factory=dict)  # machine -> what was brought back, oldest first
    baselines: dict[str, str] = field(default_factory=dict)  # machine -> the digest that is believed
    errands: dict[str, Errand] = field(default_factory=dict)  # by command
    plan: Planned | None = None
    steps: dict[str, Step] = field(default_factory=dict)  # by machine
    relapse: Relapse | None = None  # the last one
    credentials: dict[str, Credential] = field(default_factory=dict)
    watch_until: float = -1.0  # -1: nobody said; the watch is reinforced from the first beginning on. 0: it is over
    reenter: dict[str, float] = field(default_factory=dict)  # subject -> data after this must be entered again
    news: News = field(default_factory=News)

    def step(self, machine: str) -> Step:
        """Return a machine's step; a new one where nothing was said of it."""
        return self.steps.get(machine) or Step(machine)

    def rating(self, machine: str) -> Rating:
        """Return how a machine stands; not impacted where nothing was said of it."""
        return self.ratings.get(machine) or Rating()

    @property
    def incident_open(self) -> bool:
        """Whether an incident is open."""
        return any(not each.closed for each in self.incidents.values())

    @property
    def since(self) -> float:
        """The first hostile write of what is open, as far as it is known; 0: none is."""
        known = [each.said or each.first_harm for each in self.incidents.values() if not each.closed]
        return min((each for each in known if each > 0), default=0.0)

    @property
    def reinforced(self) -> bool:
        """Whether the watch is reinforced: what is seen on an open server cuts it again."""
        return self.watch_until != 0 and any(each.begun for each in self.steps.values())
