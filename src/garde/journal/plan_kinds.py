"""The entry kinds of the emergency plan, the diversion, the service board and the reports. Part of the one catalogue.

Comes in: nothing. Goes out: payload classes, joined into `garde.journal.kinds.KINDS`. Facts are published by
`emergency`; decisions carry who said them, in which role, and are written by the hub's API and console after they have
checked that this person may. Services are named by their estate ids; phases, roles, tasks, paths and recipients by the
ids of the plan in force. What somebody typed is `Text`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal.payload import Command, Payload
from garde.journal.text import Text

# --- the plan ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanLoaded(Payload):
    """The emergency plan as it was written from here on: an edited file never changes a replay."""

    plan: str  # its id
    sha256: str  # of the content, in hex
    content: Text  # the plan as canonical JSON (garde.emergency.canonical)
    source: str
    by: str = ""  # login; "" where the hub was set up with it


@dataclass(frozen=True, slots=True)
class PlanProposed(Payload):
    """A trigger of the plan fits: somebody is to decide."""

    proposal: str  # id
    phase: str
    trigger: str
    incident: str  # "" where it is no incident
    services: tuple[str, ...]  # that made it fit
    reason: str  # severity | service | task


@dataclass(frozen=True, slots=True)
class PlanRejected(Payload):
    """A person said no to a proposal; the same cause does not propose it again."""

    proposal: str
    by: str
    role: str
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class PlanTriggered(Payload):
    """The plan is in force."""

    activation: str  # id of this time that it is in force
    plan: str
    phase: str
    by: str  # login, or "plan" where the plan says that a trigger needs nobody
    role: str
    trigger: str = ""  # "" by hand
    incident: str = ""
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class PlanPhaseChanged(Payload):
    """The plan in force went to another phase."""

    activation: str
    phase: str
    before: str
    by: str
    role: str
    trigger: str = ""
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class RoleVacant(Payload):
    """Nobody of the estate holds a role of the plan: an alarm."""

    activation: str
    role: str


@dataclass(frozen=True, slots=True)
class PlanHeld(Payload):
    """The plan is kept until a set time, on purpose."""

    activation: str
    until: float  # wall seconds, hub time
    by: str
    role: str
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class PlanHoldEnded(Payload):
    """The time is over until which the plan was to be kept: it stays in force until somebody lifts it."""

    activation: str
    until: float


@dataclass(frozen=True, slots=True)
class CriterionSaid(Payload):
    """A person says that a condition for standing down is met, or that it is not any more."""

    activation: str
    criterion: str
    met: bool
    by: str
    role: str
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class PlanStoodDown(Payload):
    """The plan was lifted."""

    activation: str
    unmet: tuple[str, ...]  # criteria that were not met: the exception that this person accepts
    by: str
    role: str
    note: Text = field(default_factory=Text)


# --- tasks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaskGiven(Payload):
    """A task has an owner and a clock."""

    activation: str
    task: str  # of the plan, or made by hand
    owner: str  # role of the plan
    due: float  # wall seconds; 0: no clock
    by: str  # "plan", or the login of whoever gave it
    title: Text = field(default_factory=Text)  # of a task that is not in the plan


@dataclass(frozen=True, slots=True)
class TaskTaken(Payload):
    """Somebody is doing it. Its clock goes on."""

    activation: str
    task: str
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class TaskDone(Payload):
    """A task is over."""

    activation: str
    task: str
    done: bool  # false: it is not needed, or cannot be done
    by: str  # login, or "plan" where a call that everybody answered was the task
    role: str
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class TaskOverdue(Payload):
    """A task's time has come and it is not done."""

    activation: str
    task: str
    due: float


# --- diversion --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DiversionChanged(Payload):
    """A person decided who may still come: the emergency department, the ambulances, a specialised path."""

    change: str  # id
    path: str
    state: str  # open | limited | diverted
    before: str
    by: str
    role: str
    review: float  # wall seconds: when it is looked at again; 0: never
    tell: tuple[str, ...]  # recipients who have to know
    reason: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class DiversionTold(Payload):
    """A recipient was told, by a person, usually on the telephone."""

    change: str
    path: str
    recipient: str
    by: str
    how: str  # phone | radio | mail | message | visit


@dataclass(frozen=True, slots=True)
class DiversionAcknowledged(Payload):
    """A recipient said that it is understood."""

    change: str
    path: str
    recipient: str
    by: str
    name: Text = field(default_factory=Text)  # who spoke at the other end


@dataclass(frozen=True, slots=True)
class DiversionWaits(Payload):
    """A diversion asks for somebody: its review is due, or there are those who do not know yet."""

    change: str
    path: str
    what: str  # review | told
    missing: tuple[str, ...] = ()  # recipients


# --- services ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ServiceState(Payload):
    """A service works, works with less, is on paper or closed: one entry for each change."""

    service: str
    state: str  # works | degraded | paper | closed
    before: str
    because: tuple[str, ...] = ()  # machines or services that stop or thin it, nearest first
    by: str = ""  # login of the person whose word it is; "" where it follows from machines and cuts


@dataclass(frozen=True, slots=True)
class ServiceOverridden(Payload):
    """A person says how a service stands, or takes that back."""

    service: str
    state: str  # works | degraded | paper | closed; "": taken back
    by: str
    role: str
    until: float  # wall seconds: after it what follows from the machines counts again
    why: Text = field(default_factory=Text)


# --- the four ends, and the reports -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FlagChanged(Payload):
    """One of the four ends of a crisis, which end on four different dates."""

    flag: str  # emergency_open | plan_lifted | it_normal | legal_closed
    state: str  # running | ended
    by: str  # login, or "plan" where it follows
    role: str = ""
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class ReportWanted(Payload):
    """A person wants a situation report now."""

    by: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAsked(Command):
    """A situation report is to be made."""

    number: int
    by: str  # login, or "plan" where its time has come


@dataclass(frozen=True, slots=True)
class ReportMade(Payload):
    """A situation report. The page is drawn from `content` whenever it is wanted."""

    command: str
    number: int
    sha256: str  # of the PDF as it was made; "" where none could be made
    pages: int
    size: int  # entries that its signed checkpoint covers; 0: there was none yet
    content: Text = field(default_factory=Text)  # the report as JSON (garde.emergency.report)
    fault: str = ""  # why there is no PDF


PLAN_KINDS: dict[str, type[Payload]] = {
    "plan_loaded": PlanLoaded,
    "plan_proposed": PlanProposed,
    "plan_rejected": PlanRejected,
    "plan_triggered": PlanTriggered,
    "plan_phase_changed": PlanPhaseChanged,
    "role_vacant": RoleVacant,
    "plan_held": PlanHeld,
    "plan_hold_ended": PlanHoldEnded,
    "criterion_said": CriterionSaid,
    "plan_stood_down": PlanStoodDown,
    "task_given": TaskGiven,
    "task_taken": TaskTaken,
    "task_done": TaskDone,
    "task_overdue": TaskOverdue,
    "diversion_changed": DiversionChanged,
    "diversion_told": DiversionTold,
    "diversion_acknowledged": DiversionAcknowledged,
    "diversion_waits": DiversionWaits,
    "service_state": ServiceState,
    "service_overridden": ServiceOverridden,
    "flag_changed": FlagChanged,
    "report_wanted": ReportWanted,
    "report_asked": ReportAsked,
    "report_made": ReportMade,
}
