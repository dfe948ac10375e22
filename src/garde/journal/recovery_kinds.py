"""The entry kinds of the way back: retention, restore points, baselines, gates, waves. Part of the one catalogue.

Comes in: nothing. Goes out: payload classes, joined into `garde.journal.kinds.KINDS`. Those of the first section are
reports of agents; the second holds what the hub's rules say; the third what people say. Machines are named by their
estate ids; the values of `colour`, `status`, `item`, `answer` and `stage` are those of `garde.model.restart`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from garde.journal.hub_kinds import Check
from garde.journal.payload import Command, Payload
from garde.journal.text import Text

# --- reports of agents ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoreNote:
    """One store of restore points that lies on the agent's machine."""

    store: str  # its id in the agent's settings
    sort: str  # vault | restic | borg | btrfs | zfs | lvm | postgres | hook
    covers: str  # the machine whose data are in it
    freezes: bool  # whether its retention can be frozen from here


@dataclass(frozen=True, slots=True)
class StoresKnown(Payload):
    """The stores of restore points that an agent's settings name: said when it starts, and when they change."""

    stores: tuple[StoreNote, ...]


@dataclass(frozen=True, slots=True)
class RetentionFrozen(Payload):
    """Nobody can shorten this store's retention any more; or it could not be proven, or not be done."""

    command: str  # "" where the agent did it by itself
    store: str
    proven: bool
    checks: tuple[Check, ...]
    seconds: float  # from the cause until it was proven
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RetentionThawed(Payload):
    """Retention goes on again."""

    command: str
    store: str
    by: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PointJudged(Payload):
    """One restore point, listed and judged as far as that went."""

    command: str
    store: str
    point: str
    covers: str  # the machine whose data these are
    taken_at: float
    colour: str
    when: str  # before | after | unknown: against the first hostile write
    files: int
    bytes: int
    looked_at: int  # files that were read to judge it
    readable: int  # of those
    changed: int  # files changed against the point before it; -1: not known
    indicators: int  # files in it that match an indicator or a rule
    catalogue: str  # whole | damaged | not_checked
    test_restore: str  # done | failed | not_done
    enter_after: float  # data after this time must be entered again
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PointsJudged(Payload):
    """The end of looking through a store."""

    command: str
    store: str
    points: int
    seconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PointRestored(Payload):
    """A point was brought to a scratch place and verified, or put in place; what it replaced is kept as evidence."""

    command: str
    store: str
    point: str
    where: str  # scratch | place
    files: int
    bytes: int
    failed: int
    verified: bool
    restored_to: float  # the time whose state this is, as far as it is known
    seconds: float
    verify_seconds: float
    place: Text = field(default_factory=Text)
    evidence: Text = field(default_factory=Text)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BaselineTaken(Payload):
    """What a sound machine looks like was written down; the hub believes this digest and no other."""

    command: str
    sha256: str
    items: int


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What a machine check says of one item of the gate."""

    item: str
    answer: str
    found: tuple[Text, ...] = ()  # what speaks against it: one line each, hostile text
    more: int = 0  # further ones that are not named


@dataclass(frozen=True, slots=True)
class MachineSwept(Payload):
    """An agent's answers about its own machine. Its word alone opens nothing."""

    command: str
    baseline: str  # SHA-256 of the baseline that it compared with; "": there was none
    answers: tuple[ItemAnswer, ...]


@dataclass(frozen=True, slots=True)
class MachineLooked(Payload):
    """What another machine saw of this one."""

    command: str
    machine: str  # the one looked at
    answering: tuple[int, ...]  # TCP ports that answered
    tried: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WatchRaised(Payload):
    """The agent watches with raised sensitivity until then; 0: as usual again."""

    command: str
    until: float


# --- what the hub's rules say -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandAsked(Command):
    """Something that one agent is to do on the way back, or for the account. It travels signed, as an order does."""

    machine: str  # the agent that does it
    verb: str  # garde.model.order.ERRANDS
    about: str  # the machine that it is about; of `garde.model.order.ACCOUNT` the incident
    store: str = ""
    point: str = ""
    where: str = ""
    since: float = 0.0
    until: float = 0.0
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    baseline: str = ""
    by: str = ""
    reason: str = ""
    expires: float = 0.0
    digest: str = ""  # of a watch list


PRECAUTION: Final = "precaution-"  # what the id of an isolation begins with that is no way back


@dataclass(frozen=True, slots=True)
class IsolationWanted(Payload):
    """Whoever leads a machine back wants it isolated but for these flows. Cutting is containment's business."""

    isolation: str  # id: a cut of its own
    machine: str
    allow: tuple[str, ...]  # as in an order
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class IsolationOver(Payload):
    """It is wanted no more."""

    isolation: str
    machine: str
    by: str


@dataclass(frozen=True, slots=True)
class ServerRated(Payload):
    """How a server stands. By itself it only gets graver; a person may say otherwise, with a reason."""

    machine: str
    status: str
    by: str  # "rule", or a login
    why: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class StepMoved(Payload):
    """A server has come to another stage on its way back."""

    machine: str
    wave: int  # from 1; 0: in none
    round: int  # how often it began; answers and signatures count for one round
    before: str
    stage: str
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class MachineRecut(Payload):
    """Something was seen during a return: this machine is cut again."""

    machine: str
    wave: int
    source: str  # the machine where it was seen
    why: str


@dataclass(frozen=True, slots=True)
class CredentialListed(Payload):
    """A credential that must be changed before a machine may come back."""

    credential: str
    machine: str
    sort: str  # local_admin | service | key | supplier | directory
    times: int = 1  # how often it must be changed: the directory's own key twice


# --- what people say --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FirstHarmSaid(Payload):
    """When the first hostile write was, as a person knows it; it takes the place of what the incident says."""

    incident: str
    at: float
    by: str


@dataclass(frozen=True, slots=True)
class JudgingWanted(Payload):
    """Somebody wants restore points listed and judged."""

    machine: str  # whose data
    store: str  # "": every store that covers it
    by: str


@dataclass(frozen=True, slots=True)
class PointChosen(Payload):
    """A person chose the point that a machine's data come from, to a scratch place or in place."""

    machine: str
    store: str
    point: str
    where: str
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class ThawWanted(Payload):
    """A person lets retention go on."""

    machine: str
    store: str  # "": all of its stores
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class BaselineWanted(Payload):
    """A person says that a machine is sound now: what it looks like is to be written down."""

    machine: str
    by: str


@dataclass(frozen=True, slots=True)
class GateAnswered(Payload):
    """One item of the gate answered by a person: yes, no, or excepted until a date."""

    machine: str
    round: int
    item: str
    answer: str
    by: str
    role: str
    until: float = 0.0  # an exception's end; 0: no exception
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class GateSigned(Payload):
    """One of the two signatures."""

    machine: str
    round: int
    side: str  # it | service
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class RestartPlanned(Payload):
    """Which machines return together, in which order, as people decided it."""

    waves: tuple[tuple[str, ...], ...]
    observe_s: float  # alone and watched
    listed_s: float  # with listed flows, before it is opened fully
    by: str
    role: str
    warnings: tuple[str, ...] = ()  # what the graph said against it when it was decided


@dataclass(frozen=True, slots=True)
class StepWanted(Payload):
    """A person wants a server to go on: begin, open, back (cut again), again (anew, after it was cut again)."""

    machine: str
    want: str
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class CredentialChanged(Payload):
    """A person changed a credential, once."""

    credential: str
    by: str


@dataclass(frozen=True, slots=True)
class WatchReinforced(Payload):
    """The watch goes on reinforced until then, whatever else has ended; 0: it is over."""

    until: float
    by: str
    role: str


RECOVERY_KINDS: dict[str, type[Payload]] = {
    "stores_known": StoresKnown,
    "retention_frozen": RetentionFrozen,
    "retention_thawed": RetentionThawed,
    "point_judged": PointJudged,
    "points_judged": PointsJudged,
    "point_restored": PointRestored,
    "baseline_taken": BaselineTaken,
    "machine_swept": MachineSwept,
    "machine_looked": MachineLooked,
    "watch_raised": WatchRaised,
    "errand_asked": ErrandAsked,
    "isolation_wanted": IsolationWanted,
    "isolation_over": IsolationOver,
    "server_rated": ServerRated,
    "step_moved": StepMoved,
    "machine_recut": MachineRecut,
    "credential_listed": CredentialListed,
    "first_harm_said": FirstHarmSaid,
    "judging_wanted": JudgingWanted,
    "point_chosen": PointChosen,
    "thaw_wanted": ThawWanted,
    "baseline_wanted": BaselineWanted,
    "gate_answered": GateAnswered,
    "gate_signed": GateSigned,
    "restart_planned": RestartPlanned,
    "step_wanted": StepWanted,
    "credential_changed": CredentialChanged,
    "watch_reinforced": WatchReinforced,
}
RECOVERY_REPORTS = frozenset({
    "stores_known", "retention_frozen", "retention_thawed", "point_judged", "points_judged", "point_restored",
    "baseline_taken", "machine_swept", "machine_looked", "watch_raised",
})  # fmt: skip
# Those that end an errand; `point_judged` comes before `points_judged`.
RECOVERY_OUTCOMES = RECOVERY_REPORTS - {"stores_known", "point_judged"}
