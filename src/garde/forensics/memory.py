"""What `forensics` remembers of the journal: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `State` and its parts. Words that can be erased (a note's text, names of files) stay in the
journal: what is here names them by the seq of their entry. Machines are named by their estate ids. Nothing here decides
or reads an entry; `state.py` folds, `policy.py` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

BY_RULE: Final = "rule"
BEFORE_S: Final = 24 * 3600.0  # of flows looked through before the first harm: data leave in the hours before it
# Bounds of what is remembered: the journal has all of it. A note lies in thousands of folders, and is told once.
MOST_NOTES, MOST_ENDINGS, MOST_ITEMS, MOST_EGRESS, MOST_LOOKS, MOST_PATHS = 200, 500, 10_000, 2_000, 1_000, 5_000
MOST_VERDICTS, MOST_PLACES, MOST_SHOWN = 500, 5_000, 16


@dataclass(slots=True)
class Note:
    """A ransom note that was read and kept. Its name and text stand in the entry."""

    incident: str  # "" where it came before any
    machine: str
    sha256: str
    copies: int
    seq: int


@dataclass(slots=True)
class Ending:
    """What was put behind the names of damaged files. It is escaped, and holds no name of a file."""

    incident: str
    ending: str
    files: int
    machines: list[str]
    seq: int  # of the first such finding


@dataclass(slots=True)
class Item:
    """One item of evidence, and where it is."""

    incident: str
    machine: str  # whose agent took it; "" where a person referred to it
    item: str
    sort: str
    size: int
    sha256: str
    taken_at: float
    clock_offset_s: float
    offset_known: bool
    pair: str
    seq: int
    moves: list[Move] = field(default_factory=list)

    @property
    def at_hub(self) -> bool:
        """Whether the hub has its bytes, unchanged."""
        return any(each.to == "hub" and each.same for each in self.moves)


@dataclass(slots=True)
class Move:
    """One change of custody."""

    to: str  # hub | bundle | person
    by: str
    same: bool
    seq: int
    at: float


@dataclass(slots=True)
class Source:
    """A source of flow records."""

    machine: str
    source: str
    state: str  # sees | blind | ended


@dataclass(slots=True)
class BlindTime:
    """A time in which a source did not see."""

    since: float
    until: float
    why: str


@dataclass(slots=True)
class Look:
    """What a source said of a whole time."""

    incident: str
    machine: str
    source: str
    covers: list[str]
    since: float
    until: float
    blind: list[BlindTime]
    command: str
    seq: int


@dataclass(slots=True)
class Egress:
    """Something that left."""

    incident: str
    address: str
    to: str
    bytes: int
    why: list[str]
    seq: int


@dataclass(slots=True)
class Path:
    """A connection by which somebody may have come, or by which he is led."""

    incident: str
    inside: str
    outside: str
    port: int
    inbound: bool
    first: float
    last: float
    bytes_in: int
    bytes_out: int
    seq: int
    user: str = ""  # as it may be shown


@dataclass(slots=True)
class Place:
    """Where an address is registered."""

    country: str = ""
    network: str = ""
    may_be: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Suspect:
    """Who may be the spreader, as containment says."""

    machine: str
    address: str
    confidence: float
    users: list[str] = field(default_factory=list)  # as they may be shown


@dataclass(slots=True)
class Hand:
    """Who wrote harm, first when."""

    source: str  # estate id, or address
    first: float


@dataclass(slots=True)
class Spread:
    """The newest picture of who spreads."""

    spreader: str
    first_at: float
    hands: list[Hand]
    suspects: list[Suspect]
    seq: int


@dataclass(slots=True)
class OriginHop:
    """One step of the way from outside, nearest first."""

    address: str
    role: str
    country: str
    network: str
    confidence: str
    may_be: list[str]


@dataclass(slots=True)
class Origin:
    """The newest answer to where it came from."""

    hops: list[OriginHop]
    foothold: list[str]
    seq: int


@dataclass(slots=True)
class Conclusion:
    """The newest finding on whether data left."""

    as_of: float
    finding: str
    bytes: int
    sources: list[str]
    covered: list[str]
    blind: list[str]
    blind_s: float


@dataclass(slots=True)
class Bundle:
    """A bundle that was made."""

    command: str
    manifest: str
    items: int
    bytes: int
    head: int
    stamp: str
    seq: int
    at: float


@dataclass(slots=True)
class Case:
    """One incident, as far as the account needs it."""

    id: str
    opened: int  # seq
    first_harm: float  # 0: not known
    closed: bool = False
    confirmed: int = 0  # seq of the first hold that was confirmed with damage
    machines: dict[str, int] = field(default_factory=dict)  # that saw harm -> seq of the first
    spread: Spread | None = None
    again: list[str] = field(default_factory=list)  # machines that gather once more when what is under way has ended
    asked: dict[str, list[str]] = field(default_factory=dict)  # machine -> addresses whose flows it was asked for
    naming: dict[str, list[int]] = field(default_factory=dict)  # open `identify_asked` -> its entries
    due: int = 0  # seq of the entry for which it is to be named, until that is asked
    identified: list[int] = field(default_factory=list)  # the entries that the family was last to be named from
    shown: dict[str, int] = field(default_factory=dict)  # "what|machine" -> seq of the first verdict, mass delete
    family: str | None = None  # the newest answer to what it was, "" where that is not known; None: no answer yet
    origin: Origin | None = None
    egress: Conclusion | None = None
    bundles: list[Bundle] = field(default_factory=list)

    @property
    def suspects(self) -> list[str]:
        """The addresses of those who may be spreaders, likeliest first."""
        return [each.address for each in self.spread.suspects if each.address] if self.spread else []


@dataclass(slots=True)
class Errand:
    """An errand of ours that has no outcome yet."""

    machine: str
    verb: str
    incident: str
    until: float


@dataclass(slots=True)
class News:
    """What one entry changed: read by `decide` for that entry, and by nobody later."""

    seq: int = 0
    opened: str = ""  # an incident
    harmed: list[list[str]] = field(default_factory=list)  # incident, machine: more harm, or files put back
    spread: str = ""  # an incident of which the picture changed
    source: str = ""  # machine whose flow source said something
    ended: list[list[str]] = field(default_factory=list)  # incident, verb, machine, done | failed
    known: list[str] = field(default_factory=list)  # incidents of which more is known: note, ending, evidence, path…
    placed: str = ""  # an incident of which addresses were looked up
    woke: str = ""  # the key of a wake of ours
    naming: dict[str, list[int]] = field(default_factory=dict)  # incidents to be named, by which entries


@dataclass(slots=True)
class State:
    """See the module."""

    now: float = 0.0  # hub seconds, as its own entries say: an agent's late word does not turn it back
    machines: dict[str, list[str]] = field(default_factory=dict)  # of the estate -> addresses
    cases: dict[str, Case] = field(default_factory=dict)  # by incident
    joined: dict[str, str] = field(default_factory=dict)  # incident -> the one that it turned out to be part of
    notes: list[Note] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)  # evidence, by id
    sources: dict[str, Source] = field(default_factory=dict)  # "machine/source"
    egress: list[Egress] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    errands: dict[str, Errand] = field(default_factory=dict)  # by command
    verdicts: dict[str, int] = field(default_factory=dict)  # "machine|verdict" -> seq, of those in no incident yet
    places: dict[str, Place] = field(default_factory=dict)  # by address; one that no file knows is there, empty
    placing: dict[str, list[str]] = field(default_factory=dict)  # open `places_asked` -> incident, addresses
    left_out: dict[str, int] = field(default_factory=dict)  # what was over a bound -> how often
    news: News = field(default_factory=News)

    def case(self, incident: str) -> Case | None:
        """Return the case of an incident, or of the one that it became part of."""
        while incident in self.joined:
            incident = self.joined[incident]
        return self.cases.get(incident)

    def case_of(self, machine: str) -> Case | None:
        """Return the newest open case in which this machine saw harm; without one the newest open case."""
        is_open = [each for each in self.cases.values() if not each.closed]
        own = [each for each in is_open if machine in each.machines]
        return max(own or is_open, key=lambda each: each.opened, default=None)
