"""What the API answers, as data: every field is in the OpenAPI document.

Comes in: nothing. Goes out: dataclasses. Incidents and cuts are `garde.hub.board`'s own. Times are UTC as in every
machine output (`2026-01-31T03:00:00.123456Z`) where they are called `at`, wall seconds elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from garde.hub.present import entry_data
from garde.journal.entry import Entry


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was not done."""

    code: str
    message: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class HubState:
    """How the hub stands."""

    version: str
    at: str
    hospital: str
    entries: int  # in the journal
    open_incidents: int
    open_commands: int
    agents_alive: int
    agents_silent: int
    agents_awaited: int
    weaker: list[str]  # agents whose mode is weaker than the one asked for
    journal: str  # "" or why it cannot be written
    checkpoint: dict[str, Any] | None  # the newest signed one: note it elsewhere


@dataclass(frozen=True, slots=True)
class MachineState:
    """One machine of the estate, and its agent where it has one."""

    id: str
    name: str
    role: str
    segment: str
    addresses: list[str]
    agent: str  # none | expected | awaited | alive | silent
    asked: str = ""
    mode: str = ""
    last_seen: float = 0.0
    clock_off: float = 0.0
    coverage: dict[str, Any] = field(default_factory=dict)
    cuts: list[str] = field(default_factory=list)  # ids of the cuts in force on it
    orders: int = 0  # on their way to it


@dataclass(frozen=True, slots=True)
class EntryShown:
    """One entry of the journal."""

    seq: int
    at: str
    who: str
    kind: str
    payload: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Some entries, and where to go on."""

    entries: list[EntryShown]
    last: int  # give it as `after` for the next page
    end: int  # seq of the newest entry


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says to a cut."""

    decision: str  # approve | reject | undo
    note: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Words of a person."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What an act brought about: its own entry first, then what followed at once."""

    entries: list[EntryShown]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Written:
        """Return it as the API shows it."""
        return cls([EntryShown(**entry_data(each)) for each in entries])


@dataclass(frozen=True, slots=True)
class TokenAsked:
    """For which machine."""

    machine: str
    hours: float = 24.0


@dataclass(frozen=True, slots=True)
class TokenShown:
    """An enrolment token. It is shown once."""

    machine: str
    token: str
    expires_in_s: float


@dataclass(frozen=True, slots=True)
class CodesShown:
    """Release codes of one machine, to be printed and sealed."""

    machine: str
    codes: list[str]


@dataclass(frozen=True, slots=True)
class Revocation:
    """Why an agent is believed no more."""

    reason: str


@dataclass(frozen=True, slots=True)
class AccountAsked:
    """A new account."""

    login: str
    role: str
    password: str


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What is to change; only what is given does."""

    password: str | None = None
    role: str | None = None
    shut: bool = False


@dataclass(frozen=True, slots=True)
class EstateState:
    """The estate in force."""

    hospital: str
    sha256: str
    machines: int
    services: int
    changed: bool = False  # by this reload


# --- the emergency plan -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The name of a plan that comes with Garde, or the text of a file with the name its faults carry."""

    content: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """To which phase; none named: the one proposed, else the first."""

    phase: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class HoldUntil:
    """Until when the plan is kept, wall seconds."""

    until: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class CriterionSays:
    """Whether a condition for standing down is met."""

    met: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class StandDown:
    """Why, and whether what is not met is accepted."""

    note: str = ""
    accept: bool = False


@dataclass(frozen=True, slots=True)
class TaskAsked:
    """A task that is not in the plan."""

    title: str
    owner: str  # role of the plan
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TaskSays:
    """What becomes of a task."""

    what: str  # take | done | strike
    note: str = ""


@dataclass(frozen=True, slots=True)
class DivertTo:
    """How a way in is to stand."""

    state: str  # open | limited | diverted
    reason: str = ""
    review_s: float | None = None  # None: as the plan says; 0: never


@dataclass(frozen=True, slots=True)
class ToldOf:
    """Who was told, and how."""

    recipient: str
    how: str = "phone"


@dataclass(frozen=True, slots=True)
class Name:
    """Who has understood, and who spoke there."""

    recipient: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ServiceSays:
    """How a service stands by a person's word."""

    state: str  # works | degraded | paper | closed; "": taken back
    why: str = ""
    seconds: float = 14_400.0


@dataclass(frozen=True, slots=True)
class FlagTo:
    """One of the four ends."""

    state: str = "ended"
    note: str = ""
