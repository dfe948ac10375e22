"""What the way out remembers: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `Out` and its parts. Values are as they were seen: nothing has passed the guard yet.
Nothing here decides or reads an entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

SORTS: Final = (
    "address", "domain", "ending", "file_name", "mail", "note_name", "sha256", "user", "wallet",
)  # fmt: skip
TLPS: Final = ("clear", "green", "amber", "amber+strict", "red")


@dataclass(slots=True)
class Fact:
    """One thing by which the same attacker may be known elsewhere."""

    sort: str  # one of SORTS
    value: str
    seq: int  # of the first entry that says so
    at: float
    times: int = 1
    detail: str = ""  # closed words: what it was here (`facts.py`)


@dataclass(slots=True)
class Hop:
    """One step of the way by which they came."""

    address: str
    machine: str  # "" outside
    role: str
    country: str
    network: str
    confidence: str
    may_be: list[str]


@dataclass(slots=True)
class Named:
    """What it was, as it was named last."""

    family: str  # "": unknown
    confidence: float
    techniques: list[str]
    decryptor: str
    data_date: str
    seq: int


@dataclass(slots=True)
class Left:
    """Whether data left, as it was concluded last."""

    finding: str  # none_seen | seen | blind
    as_of: float
    bytes: int
    blind_s: float
    seq: int


@dataclass(slots=True)
class Case:
    """One incident, as far as it is told to others."""

    incident: str
    began: float  # the first damaged file that is known
    opened: float
    servers: list[str] = field(default_factory=list)
    files: int = 0
    confirmed: bool = False
    closed: bool = False
    into: str = ""  # it turned out to be part of this one
    version: int = 0  # of the last warning that was asked for
    tlp: str = ""  # as a person wanted it last; "": nobody said
    told_of: int = 0  # `Out.news` when it was asked for
    waiting: bool = False  # a waking is on its way


@dataclass(slots=True)
class Version:
    """One version of a warning."""

    warning: str
    incident: str
    version: int
    tlp: str
    command: str
    asked: float
    drawn: float = 0.0  # 0: not yet
    failed: str = ""  # why it could not be drawn
    sha256: str = ""
    indicators: int = 0
    removed: int = 0
    removed_why: list[str] = field(default_factory=list)
    approved: float = 0.0
    approved_by: str = ""


@dataclass(slots=True)
class Sent:
    """One sending of a version to one neighbour."""

    warning: str
    version: int
    neighbour: str
    channel: str
    command: str
    at: float
    by: str
    only: bool  # on no other channel
    state: str = "asked"  # asked | done | failed
    detail: str = ""


@dataclass(slots=True)
class Told:
    """What is known of a neighbour: how he was told last, and whether he has understood."""

    warning: str
    version: int
    neighbour: str
    channel: str
    by: str
    confirmed: bool
    name: str
    at: float


@dataclass(slots=True)
class Way:
    """One channel by which somebody elsewhere may be reached."""

    name: str
    kind: str
    by: str  # phone | mail: what it needs of whoever it reaches
    outside: bool  # leads through a gateway
    alive: bool | None = None  # None: not said yet


@dataclass(slots=True)
class Out:
    """See the module."""

    facts: dict[str, Fact] = field(default_factory=dict)  # "sort|value"
    stale: bool = False  # every incident is closed: the next harm begins anew
    news: int = 0  # grows with everything that a warning would say anew
    hops: list[Hop] = field(default_factory=list)
    named: Named | None = None
    left: Left | None = None
    verdicts: dict[str, str] = field(default_factory=dict)  # verdict -> incident
    cases: dict[str, Case] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)  # oldest first
    sent: dict[str, Sent] = field(default_factory=dict)  # by command
    told: list[Told] = field(default_factory=list)  # oldest first
    keys: dict[str, str] = field(default_factory=dict)  # neighbour -> SHA-256 of its token
    ways: dict[str, Way] = field(default_factory=dict)  # channels of calling.toml, in their order
    outside_cut: bool = False  # the gateway is closed, or being closed
    cuts: dict[str, str] = field(default_factory=dict)  # cuts of the outside -> their state

    def case(self, incident: str) -> Case | None:
        """Return an incident, or the one that it is part of."""
        found = self.cases.get(incident)
        return self.cases.get(found.into) if found is not None and found.into else found

    def find(self, warning: str, version: int = 0) -> Version | None:
        """Return a version of a warning; its newest drawn one where none is named."""
        mine = [each for each in self.versions if each.warning == warning and version in (0, each.version)]
        return next((each for each in reversed(mine) if each.drawn or version), None)

    def released(self) -> list[Version]:
        """Return the newest approved version of every warning, oldest first."""
        newest = {each.warning: each for each in self.versions if each.approved}
        return sorted(newest.values(), key=lambda each: each.approved)
