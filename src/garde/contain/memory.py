"""What `contain` remembers of the journal: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `State` and its parts: text, numbers, lists and dictionaries only. Names of accounts are
kept in the reversible form of `names.py`. Nothing here decides or reads an entry; `state.py` folds, `policy.py`
decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from garde.contain.waiting import Report, Waiting

HOUR: Final = 3600.0  # seconds: what comes after so long a quiet came back
LOCAL: Final = "process"  # a process of the server itself
SMB: Final = "smb"
PROPOSED: Final = "proposed"
OVER: Final = "undone"


@dataclass(slots=True)
class Agent:
    """One agent, as far as containing needs it."""

    enrolled: bool = False
    silent: bool = False
    silent_at: float = 0.0  # wall seconds of its last sign of life
    observing: bool = False  # told to watch only: what it sees starts nothing by itself


@dataclass(slots=True)
class Judged:
    """One verdict within a trace."""

    files: int
    touched: int = 0
    hold: str = ""  # id of the hold that its agent made
    cleared: bool = False  # read again, the files were sound


@dataclass(slots=True)
class Trace:
    """All harm that one source did on one server."""

    source: str
    server: str
    kind: str
    addresses: list[str]
    users: list[str]
    first: float
    last: float
    burst: int  # 0: from the beginning; 1: after the first hour of quiet; ...
    seq: int  # of the report that came last
    verdicts: dict[str, Judged] = field(default_factory=dict)
    found: int = 0  # single findings since
    observed: bool = False
    login: bool = False
    before: int = 0  # files of verdicts no longer kept one by one

    @property
    def cleared(self) -> bool:
        """Whether everything that was held against it proved sound."""
        return bool(self.verdicts) and not self.before and all(each.cleared for each in self.verdicts.values())

    @property
    def files(self) -> int:
        """Damaged files, as far as they are known."""
        judged = sum(max(each.files, each.touched) for each in self.verdicts.values() if not each.cleared)
        return max(judged + self.before, self.found)

    @property
    def party(self) -> str:
        """Who did it: the source, or the server itself for a process of its own."""
        return self.source or self.server


@dataclass(slots=True)
class Incident:
    """One incident: traces by "source|server"."""

    id: str
    opened: float  # wall seconds, hub time
    first_harm: float
    server: str
    severity: int = 1
    last_harm: float = 0.0
    burst: int = 0
    answered: bool = False
    closed: bool = False
    marks: list[str] = field(default_factory=list)
    traces: dict[str, Trace] = field(default_factory=dict)
    wakes: list[str] = field(default_factory=list)  # keys of the wakes asked for and not come
    spread: str = ""  # what the last `spread_found` said, in short

    @property
    def live(self) -> list[Trace]:
        """The traces that count."""
        return [each for each in self.traces.values() if not each.cleared]


@dataclass(slots=True)
class Part:
    """One thing that a cut asked of one machine."""

    machine: str
    verb: str
    command: str
    state: str = "asked"  # asked | applied | proven | not_proven | refused | absent | failed | freed (by hand)
    undo: str = ""  # "" | asked | done | failed
    undo_command: str = ""
    late: bool = False  # failed because nobody fetched it: asked again when the agent lives


@dataclass(slots=True)
class Said:
    """What a person said of a cut."""

    seq: int
    decision: str  # approve | reject | undo
    by: str
    role: str


@dataclass(slots=True)
class Cut:
    """One cut with its proposal, who authorised it, and how it stands at each machine."""

    id: str
    incident: str
    action: str
    target: str
    addresses: list[str]
    users: list[str]
    where: list[str]
    rank: int
    price: list[str]
    degraded: list[str]
    works: list[str]
    undo: str
    needs: str
    why: str
    refused: str
    seq: int
    generation: int = 1
    by: str = ""  # who authorised it; "" as long as it is only proposed
    said: list[Said] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)  # by "machine|verb"
    undoing: bool = False
    undone: int = 0  # seq of the entry with which it ended
    applied_at: float = 0.0  # wall seconds: when it first held somewhere
    shut: list[str] = field(default_factory=list)  # [machine, switch, port], for a cut of one
    announced: list[str] = field(default_factory=list)  # machines of which `machine_cut` was said
    isolation: str = ""  # id of the isolation that it is; "" for an answer to an attack
    allow: list[str] = field(default_factory=list)  # flows that an isolation leaves open
    over: str = ""  # who said that an isolation is wanted no more
    let_go: bool = False  # its undo follows from an entry that was folded already

    @property
    def key(self) -> str:
        """What it is, whatever its generation."""
        return f"{self.action} {self.target}"

    @property
    def rejected(self) -> bool:
        """Whether it is only proposed, and the last word of a person was no."""
        return not self.by and bool(self.said) and self.said[-1].decision == "reject"


@dataclass(slots=True)
class Faint:
    """Signs too weak for a verdict, by "source|server": their machine may turn out to be silenced."""

    source: str
    server: str
    address: str
    users: list[str]
    first: float
    last: float
    files: int
    lost: str = ""  # id of a mass delete


@dataclass(slots=True)
class Asked:
    """People are called about an incident."""

    incident: str
    at: float  # wall seconds: since when
    unanswered: float = 0.0  # wall seconds: when it was given up


@dataclass(slots=True)
class News:
    """What one entry changed: read by `decide` for that entry, and by nobody later."""

    seq: int = 0  # of the entry
    reports: list[Report] = field(default_factory=list)  # to be joined
    look: list[str] = field(default_factory=list)  # incidents whose picture may be another one
    cut: str = ""  # whose three facts changed
    ask: list[str] = field(default_factory=list)  # machines that a proposal newly asks
    came: bool = False  # the cut holds somewhere now, and held nowhere
    gone: bool = False  # the cut holds nowhere any more
    cleared: list[str] = field(default_factory=list)  # "incident|party": nothing is held against it any more
    back: str = ""  # an agent that lives again
    let_go: list[str] = field(default_factory=list)  # isolations that are to be undone now
    joins: list[str] = field(default_factory=list)  # "incident|into|why": part of an earlier one, as is known now
    unreached: str = ""  # incident about which nobody could be reached


@dataclass(slots=True)
class State:
    """See the module."""

    addresses: dict[str, str] = field(default_factory=dict)  # address -> machine, by the estate in force
    agents: dict[str, Agent] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    cuts: dict[str, Cut] = field(default_factory=dict)
    commands: dict[str, list[str]] = field(default_factory=dict)  # command -> [cut, part]
    waiting: Waiting = field(default_factory=Waiting)
    faint: dict[str, Faint] = field(default_factory=dict)
    notices: dict[str, Asked] = field(default_factory=dict)  # by notice; those of open incidents
    written: int = 0  # seq of the last entry that was not an agent's
    news: News = field(default_factory=News)

    def agent(self, machine: str) -> Agent:
        """Return what is known of an agent, from now on remembered."""
        return self.agents.setdefault(machine, Agent())

    def forget_notices(self, incident: str) -> None:
        """Nobody is called for it any more, or from now on anew."""
        self.notices = {name: each for name, each in self.notices.items() if each.incident != incident}

    def latest(self, incident: str, key: str) -> Cut | None:
        """Return the youngest cut of an incident that is this action on this target."""
        found = [each for each in self.cuts.values() if each.incident == incident and each.key == key]
        return max(found, key=lambda each: each.generation, default=None)

    @property
    def silent(self) -> set[str]:
        """The machines whose agents give no sign of life."""
        return {name for name, each in self.agents.items() if each.silent}
