"""What `legal` remembers of the journal: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `State` and its parts. What people or attackers typed is kept as it may be shown. Every
fact carries the `seq` of the entries it stands on: a draft names them field by field. Nothing here decides or reads an
entry; `state.py` folds, `policy.py` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from garde.legal.clocks import Clock, shipped

MOST_KEPT: Final = 200  # of a list of facts in one incident: what is more is counted
MOST_NOTES: Final = 20  # different ones: each is kept with its words
KNOWN, UNKNOWN, SAID, UNCONFIRMED = "known", "unknown", "said", "unconfirmed"


@dataclass(slots=True)
class Aware:
    """What a person said: since when the hospital is aware of something."""

    event: str
    since: float
    by: str
    note: str
    at: float
    seq: int


@dataclass(slots=True)
class Obligation:
    """What a person said: whether a duty applies."""

    applies: str
    by: str
    why: str
    at: float
    seq: int


@dataclass(slots=True)
class Running:
    """One clock of one incident that was started."""

    clock: str
    incident: str
    regime: str
    recipient: str
    start: float
    due: float  # 0: without delay
    seq: int  # of `clock_started`
    cause: int  # of what started it
    warned: str = ""  # "" | soon | overdue
    closed: str = ""  # "" | submitted | progress | not_applicable
    closed_at: float = 0.0
    closed_seq: int = 0
    late: bool = False

    @property
    def runs(self) -> bool:
        """Whether it is still to be done."""
        return not self.closed


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a version of a draft."""

    name: str
    value: str
    state: str  # known | unknown | said | unconfirmed
    entries: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Edit:
    """A person's own words for a field."""

    value: str
    by: str
    at: float
    seq: int


@dataclass(slots=True)
class Mark:
    """A signature, or a submission, of one version."""

    version: int
    by: str
    at: float  # of a submission: when it was handed in
    seq: int
    channel: str = ""
    reference: str = ""


@dataclass(slots=True)
class Version:
    """One version of a draft."""

    number: int
    sha256: str
    at: float
    seq: int
    fields: list[Field] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """One draft: its versions, what people wrote, who signed, whether it was handed in."""

    id: str
    incident: str
    form: str
    language: str
    versions: list[Version] = field(default_factory=list)  # oldest first
    edits: dict[str, Edit] = field(default_factory=dict)  # by field
    signatures: list[Mark] = field(default_factory=list)
    submissions: list[Mark] = field(default_factory=list)
    amends: str = ""
    amended_by: str = ""
    stale: list[str] = field(default_factory=list)  # fields of what was handed in that are not so any more

    @property
    def newest(self) -> Version:
        """The version in hand."""
        return self.versions[-1]

    @property
    def signed(self) -> list[Mark]:
        """The signatures of the version in hand."""
        return [each for each in self.signatures if each.version == self.newest.number]

    @property
    def submitted(self) -> Mark | None:
        """The submission; what is learnt later makes an amendment."""
        return self.submissions[-1] if self.submissions else None


@dataclass(slots=True)
class Ransom:
    """What was decided about the ransom."""

    paid: bool
    by: str
    why: str
    at: float
    seq: int


# --- what drafts are filled from --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Thing:
    """One fact with its time, its entries and whom or what it is about."""

    about: str  # machine, service, path, cut, item
    what: str  # its state, sort or action, in the words of its kind
    at: float
    entries: list[int]
    more: str = ""


@dataclass(slots=True)
class Spread:
    """Who spreads, as containment said last."""

    spreader: str
    first_server: str
    first_at: float
    files: int
    servers: list[str]
    addresses: list[str]
    users: list[str]
    seq: int


@dataclass(slots=True)
class Family:
    """What it was, as the account said last."""

    family: str
    confidence: float
    techniques: list[str]
    decryptor: str
    data_date: str
    seq: int


@dataclass(slots=True)
class Hop:
    """One step of the way from outside."""

    address: str
    machine: str
    role: str
    country: str
    network: str
    confidence: str
    may_be: list[str]


@dataclass(slots=True)
class Origin:
    """Where it came from, as the account said last."""

    hops: list[Hop]
    user: str
    foothold: list[str]
    seq: int


@dataclass(slots=True)
class Egress:
    """Whether data left, as the account said last."""

    finding: str  # none_seen | seen | blind
    bytes: int
    as_of: float
    since: float
    sources: list[str]
    covered: list[str]
    blind: list[str]
    seq: int


@dataclass(slots=True)
class Note:
    """A ransom note."""

    machine: str
    name: str
    text: str
    sha256: str
    copies: int
    seq: int


@dataclass(slots=True)
class Item:
    """One item of evidence."""

    item: str
    sort: str
    name: str
    place: str
    machine: str
    size: int
    sha256: str
    at: float
    offset_s: float
    offset_known: bool
    by: str
    seq: int


@dataclass(slots=True)
class Incident:
    """One incident, as far as those who must know are concerned."""

    id: str
    opened: float
    seq: int
    first_harm: float
    first_harm_seq: int
    server: str
    severity: int = 1
    closed: float = 0.0
    closed_seq: int = 0
    joined: list[str] = field(default_factory=list)  # incidents that turned out to be part of it
    aware: dict[str, list[Aware]] = field(default_factory=dict)  # by event, oldest first
    asked: bool = False  # people were asked to say since when
    ransom: list[Ransom] = field(default_factory=list)  # oldest first
    servers: dict[str, int] = field(default_factory=dict)  # with harm -> seq
    confirmed: list[int] = field(default_factory=list)  # `hold_confirmed`, the first ones
    held: int = 0  # of them in all
    spread: Spread | None = None
    family: Family | None = None
    origin: Origin | None = None
    egress: Egress | None = None
    notes: list[Note] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    items_more: int = 0
    cuts: dict[str, Thing] = field(default_factory=dict)  # by cut: those that were ordered
    services: dict[str, Thing] = field(default_factory=dict)  # by service: the worst that was said, `more` the last
    diversions: dict[str, Thing] = field(default_factory=dict)  # by path
    plan: Thing | None = None
    frozen: dict[str, Thing] = field(default_factory=dict)  # retention, by machine and store
    restored: dict[str, Thing] = field(default_factory=dict)  # by machine: brought back from a point, and verified
    files_back: int = 0  # put back by Garde
    files_lost: int = 0  # that could not be
    files_seq: int = 0
    steps: dict[str, Thing] = field(default_factory=dict)  # by machine: its stage
    reenter: dict[str, Thing] = field(default_factory=dict)  # by subject: data after `at` must be entered again
    credentials: dict[str, int] = field(default_factory=dict)  # changed -> seq
    told: dict[str, Thing] = field(default_factory=dict)  # neighbours
    bundle: Thing | None = None

    def aware_of(self, event: str) -> Aware | None:
        """Return what counts: the last word said."""
        said = self.aware.get(event)
        return said[-1] if said else None

    @property
    def decided(self) -> Ransom | None:
        """The last decision about the ransom."""
        return self.ransom[-1] if self.ransom else None


@dataclass(slots=True)
class News:
    """What one entry changed: read by `decide` for that entry, and by nobody later."""

    seq: int = 0
    opened: str = ""  # an incident
    aware: str = ""  # incident of which a start event was said
    event: str = ""
    obligation: str = ""  # clock
    of: str = ""  # incident of that word; "": every one
    wanted: bool = False  # a draft
    edited: str = ""  # draft
    submitted: str = ""  # draft
    handled: str = ""  # incident that is handled
    woke: str = ""  # key of a wake
    material: list[str] = field(default_factory=list)  # incidents of which something is known otherwise
    closed: list[str] = field(default_factory=list)  # running clocks that were closed


@dataclass(slots=True)
class State:
    """See the module."""

    now: float = 0.0  # hub seconds, as its own entries say
    estate_seq: int = 0
    rules: list[Clock] = field(default_factory=list)  # a hospital's own; empty: those that come with Garde
    rules_source: str = ""
    incidents: dict[str, Incident] = field(default_factory=dict)
    into: dict[str, str] = field(default_factory=dict)  # incident -> the one that it is part of
    running: dict[str, Running] = field(default_factory=dict)  # by `running_key`
    obligations: dict[str, list[Obligation]] = field(default_factory=dict)  # by `running_key`, oldest first
    drafts: dict[str, Draft] = field(default_factory=dict)  # by id, oldest first
    news: News = field(default_factory=News)

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """The clocks as data, in force or not."""
        return tuple(self.rules) or shipped()

    def incident(self, name: str) -> Incident | None:
        """Return an incident; one that is part of another: that one."""
        seen: set[str] = set()
        while name in self.into and name not in seen:
            seen.add(name)
            name = self.into[name]
        return self.incidents.get(name)

    def applies(self, clock: Clock, incident: str) -> str:
        """Return whether a duty applies: what was said of it, else what its data say."""
        said = self.obligation(clock, incident)
        return said.applies if said is not None else clock.applies

    def obligation(self, clock: Clock, incident: str) -> Obligation | None:
        """Return the last word on a duty: of this incident, else of every one."""
        for key in (running_key(incident, clock.id), running_key("", clock.id)):
            if self.obligations.get(key):
                return self.obligations[key][-1]
        return None

    def drafts_of(self, incident: Incident) -> list[Draft]:
        """Return the drafts of an incident, and of those that turned out to be part of it, oldest first."""
        names = {incident.id, *incident.joined}
        return [each for each in self.drafts.values() if each.incident in names]

    def latest(self, incident: str, form: str, language: str) -> Draft | None:
        """Return the newest draft of a form."""
        whole = self.incident(incident)
        same = self.drafts_of(whole) if whole is not None else []
        return next((each for each in reversed(same) if (each.form, each.language) == (form, language)), None)


def running_key(incident: str, clock: str) -> str:
    """Return the name of a clock of an incident; of what was said of one, with "" for every incident."""
    return f"{incident}|{clock}"
