"""What `oncall` remembers of the journal: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `State` and its parts: text, numbers, lists and dictionaries only. Nothing here decides or
reads an entry; `state.py` folds, `policy.py` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from garde.journal.oncall_kinds import CallRules, ChannelNote

OPEN: Final = "open"  # people are called
KNOWN: Final = "known"  # whoever had to know knows
UNANSWERED: Final = "unanswered"  # given up in time; codes still count, and people are called again, less often
OVER: Final = "over"  # what it was about has passed

# What a call is about. Whatever another capability asks for is OTHER.
INCIDENT, CUT, UNPROVEN, SILENT, CHANNEL, FAULT, TEST, OTHER = (
    "incident", "cut", "unproven", "silent", "channel", "fault", "test", "other",
)  # fmt: skip


@dataclass(slots=True)
class Paged:
    """One person who was called about one thing."""

    at: float  # wall seconds, of the last page
    times: int = 0
    generation: int = 1  # of what was asked then
    open: list[str] = field(default_factory=list)  # commands without an outcome
    taken: int = 0  # pages of this turn that a channel took
    tried: list[str] = field(default_factory=list)  # channels that failed in this turn


@dataclass(slots=True)
class Call:
    """One notice, and who was called about it."""

    notice: str
    kind: str
    about: str
    seq: int
    needed_at: float  # wall seconds
    people: list[str]
    roles: list[str]
    texts: dict[str, str]
    all_must: bool
    within_s: float
    urgent: bool
    count: int = 1  # how many must acknowledge, where not all
    subject: str = ""  # cut, channel or place that it is about
    generation: int = 1  # of what is asked: a code of an older page decides nothing
    first: int = 1  # generation with which this call began: a code of an earlier call does not count at all
    state: str = OPEN
    begun: bool = False  # the first page was asked for
    step_due: float = 0.0  # the one wake for the next step that counts; 0: none
    late_due: float = 0.0  # the one wake for giving up that counts; 0: none
    paged: dict[str, Paged] = field(default_factory=dict)  # by person
    acked: dict[str, float] = field(default_factory=dict)  # person -> wall seconds
    decided: dict[str, str] = field(default_factory=dict)  # person -> yes | no, by code

    @property
    def wanted(self) -> bool:
        """Whether somebody is still waited for."""
        return self.state in (OPEN, UNANSWERED)


@dataclass(slots=True)
class Page:
    """One page that was asked for, and what became of it: for the record that people look at."""

    command: str
    at: float
    channel: str
    person: str
    notices: list[str]
    purpose: str
    outcome: str = ""  # "" under way | taken | failed
    detail: str = ""


@dataclass(slots=True)
class Channel:
    """One channel with its last sign of life."""

    note: ChannelNote
    alive: bool | None = None  # None: never heard of
    since: float = 0.0
    reason: str = ""


@dataclass(slots=True)
class Override:
    """Somebody stands in."""

    role: str
    people: list[str]
    since: float
    until: float
    by: str


@dataclass(slots=True)
class Incident:
    """An incident, as far as a page says something of it."""

    id: str
    server: str
    first_harm: float
    severity: int = 1
    servers: int = 1
    spreader: str = ""
    answered: str = ""  # login
    closed: bool = False


@dataclass(slots=True)
class Cut:
    """A cut, as far as a page says something of it."""

    id: str
    incident: str
    action: str
    target: str
    price: list[str]
    needs: str
    why: str
    refused: str
    users: list[str] = field(default_factory=list)
    state: str = "proposed"
    by: str = ""
    lacking: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Test:
    """A test call under way."""

    at: float
    took: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class News:
    """What one entry changed: read by `decide` for that entry, and by nobody later."""

    seq: int = 0
    calls: list[str] = field(default_factory=list)  # calls that this entry touches
    person: str = ""  # to whom a page failed
    stale: bool = False  # a wake that something later replaced
    was: str = ""  # what was so before: see state.py


@dataclass(slots=True)
class State:
    """See the module."""

    configured: bool = False
    sha256: str = ""  # of the last `calling_set`
    rules: CallRules = field(default_factory=CallRules)
    channels: dict[str, Channel] = field(default_factory=dict)  # in the order of the file
    calls: dict[str, Call] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    cuts: dict[str, Cut] = field(default_factory=dict)
    machines: dict[str, list[str]] = field(default_factory=dict)  # cut machine -> cuts
    silent: dict[str, float] = field(default_factory=dict)  # machines whose agent is silent -> last seen
    pages: dict[str, Page] = field(default_factory=dict)  # by command, the last ones
    sent: dict[str, list[float]] = field(default_factory=dict)  # person -> wall seconds of pages in the last hour
    overrides: dict[str, Override] = field(default_factory=dict)
    tests: dict[str, Test] = field(default_factory=dict)
    test_due: float = 0.0  # the one wake for the weekly test that counts
    faults: dict[str, float] = field(default_factory=dict)  # where -> when people were last told
    news: News = field(default_factory=News)

    def open_about(self, about: str) -> list[Call]:
        """Return the calls about an incident that still want somebody."""
        return [each for each in self.calls.values() if about and each.about == about and each.wanted]
