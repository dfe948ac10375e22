"""The one catalogue of entry kinds: each a frozen dataclass, each documented in docs/journal.md (a test compares).

Comes in: nothing. Goes out: the payload classes and `KINDS`, from the kind's name to its class. Paths and user text
are `Text` fields: the chain holds only their keyed reference. A field added later needs a default, so that old entries
can still be read; a field never changes its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal.forensic_kinds import FORENSIC_KINDS, FORENSIC_REPORTS
from garde.journal.hub_kinds import HUB_KINDS
from garde.journal.legal_kinds import LEGAL_KINDS
from garde.journal.notice_kinds import NOTICE_KINDS
from garde.journal.oncall_kinds import ONCALL_KINDS
from garde.journal.paper_kinds import PAPER_KINDS
from garde.journal.payload import Payload as Payload  # noqa: PLC0414 - kinds.Payload is public
from garde.journal.plan_kinds import PLAN_KINDS
from garde.journal.recovery_kinds import RECOVERY_KINDS, RECOVERY_REPORTS
from garde.journal.sharing_kinds import SHARING_KINDS, SHARING_REPORTS
from garde.journal.text import Text

# --- parts that several kinds share -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProcessNote:
    """One process of an actor's chain."""

    pid: int
    name: Text


@dataclass(frozen=True, slots=True)
class ActorNote:
    """The party behind the damage, as it was known at that moment."""

    kind: str  # process | smb | kernel | unknown
    pid: int = 0
    name: Text = field(default_factory=Text)  # the command's short name
    exe: Text = field(default_factory=Text)
    user: Text = field(default_factory=Text)
    address: str = ""  # smb: the client
    users: tuple[Text, ...] = ()  # smb: every user on the connection
    shares: tuple[Text, ...] = ()
    chain: tuple[ProcessNote, ...] = ()  # parents, nearest first


@dataclass(frozen=True, slots=True)
class FileDamage:
    """One file's damage with its proofs."""

    path: Text
    path_after: Text  # where the damaged content lies now
    at: float  # wall seconds
    proofs: tuple[str, ...]  # values of garde.model.finding.Proof
    kind_before: str = ""
    kind_after: str = ""
    changed: int = 0  # bytes
    provisional: bool = False  # judged while the file was still open for writing
    detail: Text = field(default_factory=Text)  # one clause with the numbers


@dataclass(frozen=True, slots=True)
class SkippedNote:
    """What could not be done, with its reason."""

    what: Text
    reason: str


# --- the guard itself -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentStarted(Payload):
    """The agent began to watch."""

    version: str
    asked: str  # observe | enforce
    mode: str  # the mode in force: observe | enforce | watching only
    sensor: str
    pid: int
    restore: bool
    trees: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class AgentStopped(Payload):
    """The agent ended in good order."""

    reason: str


@dataclass(frozen=True, slots=True)
class ModeChanged(Payload):
    """The mode in force is another one, or is not the one asked for."""

    asked: str
    mode: str
    reason: str


@dataclass(frozen=True, slots=True)
class CoverageChanged(Payload):
    """How many known files can be judged, and how many can be put back."""

    files: int
    judgeable: int
    restorable: int  # from the vault itself
    reason: str = ""
    by_backup: int = 0  # the rest, where the settings name a backup
    backup: str = ""  # its name


@dataclass(frozen=True, slots=True)
class TreesUnseen(Payload):
    """Trees that were asked for and cannot be watched."""

    trees: tuple[SkippedNote, ...]


@dataclass(frozen=True, slots=True)
class SensorOverflow(Payload):
    """The kernel dropped events; the trees are looked at again."""

    sensor: str
    rescan: bool


@dataclass(frozen=True, slots=True)
class Lagging(Payload):
    """Judging runs late (or no longer does: seconds 0)."""

    seconds: float
    waiting: int  # files not yet judged


@dataclass(frozen=True, slots=True)
class VaultFull(Payload):
    """No more pre-images are kept in this store; the watch goes on."""

    store: Text
    reason: str


@dataclass(frozen=True, slots=True)
class ErrorSeen(Payload):
    """Something failed that staff should know of."""

    where: str
    message: Text
    todo: str = ""


# --- harm -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FindingMade(Payload):
    """One file is damaged. `verdict` is the id of the verdict it belongs to, or "" where none has been reached."""

    file: FileDamage
    actor: ActorNote
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class MassDeleteSeen(Payload):
    """One hand deleted or emptied many documents."""

    id: str
    what: str  # deleted | emptied
    files: int
    actor: ActorNote
    undo: bool  # Garde puts them back


@dataclass(frozen=True, slots=True)
class VerdictReached(Payload):
    """An actor is judged to be destroying files."""

    verdict: str
    level: str  # family | tree | session | user | share | host
    key: Text
    score: float
    bound: float
    files: tuple[FileDamage, ...]
    actors: tuple[ActorNote, ...]


# --- what was done ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActorHeld(Payload):
    """An actor was stopped; reversible."""

    hold: str
    verdict: str
    action: str  # process | smb
    actor: ActorNote
    pids: tuple[int, ...]
    touched: int  # files it had damaged by then, as far as the agent knew
    skipped: tuple[SkippedNote, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldRefused(Payload):
    """An actor was judged but not stopped."""

    verdict: str
    actor: ActorNote
    reason: str


@dataclass(frozen=True, slots=True)
class HoldConfirmed(Payload):
    """The evidence was read again and stands: the hold stays."""

    hold: str
    verdict: str
    damaged: int  # files read again that are still damaged
    done: str = ""  # what it became: "frozen", "session ended, client blocked"


@dataclass(frozen=True, slots=True)
class HoldReleased(Payload):
    """The actor goes on."""

    hold: str
    verdict: str
    by: str  # agent | operator
    reason: str
    cleared: bool = False  # read again, the files were sound: nothing of this verdict is to be put back


@dataclass(frozen=True, slots=True)
class RestoreStarted(Payload):
    """Files are being put back."""

    verdict: str  # what it is for: the id of a verdict, a hold, a mass delete, or its own where a person asked
    files: int


@dataclass(frozen=True, slots=True)
class FileRestored(Payload):
    """One file is as it was."""

    verdict: str
    path: Text
    version_at: float  # wall seconds: when this version was kept
    sha256: str  # in hex; "" where it was not taken yet, or not handed on
    verified: bool  # the file put back has the SHA-256 taken in idle time
    evidence: Text = field(default_factory=Text)  # where the damaged content was moved


@dataclass(frozen=True, slots=True)
class RestoreFailed(Payload):
    """One file could not be put back."""

    verdict: str
    path: Text
    reason: Text


@dataclass(frozen=True, slots=True)
class RestoreFinished(Payload):
    """The end of a restore, with its counts."""

    verdict: str
    restored: int
    unchanged: int  # were as before already
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TextsErased(Payload):
    """Words were erased from the side table, on purpose."""

    count: int
    reason: str


AGENT_KINDS: dict[str, type[Payload]] = {
    "agent_started": AgentStarted,
    "agent_stopped": AgentStopped,
    "mode_changed": ModeChanged,
    "coverage_changed": CoverageChanged,
    "trees_unseen": TreesUnseen,
    "sensor_overflow": SensorOverflow,
    "lagging": Lagging,
    "vault_full": VaultFull,
    "error_seen": ErrorSeen,
    "finding_made": FindingMade,
    "mass_delete_seen": MassDeleteSeen,
    "verdict_reached": VerdictReached,
    "actor_held": ActorHeld,
    "hold_refused": HoldRefused,
    "hold_confirmed": HoldConfirmed,
    "hold_released": HoldReleased,
    "restore_started": RestoreStarted,
    "file_restored": FileRestored,
    "restore_failed": RestoreFailed,
    "restore_finished": RestoreFinished,
    "texts_erased": TextsErased,
}
KINDS: dict[str, type[Payload]] = {
    **AGENT_KINDS, **HUB_KINDS, **NOTICE_KINDS, **ONCALL_KINDS, **PLAN_KINDS, **PAPER_KINDS,
    **RECOVERY_KINDS, **FORENSIC_KINDS, **LEGAL_KINDS, **SHARING_KINDS,
}  # fmt: skip
# What a hub takes from an agent: its own kinds, and the outcomes of orders. Nothing that decides.
REPORTABLE = frozenset({
    *AGENT_KINDS, *RECOVERY_REPORTS, *FORENSIC_REPORTS, *SHARING_REPORTS,
    "order_applied", "order_refused", "cut_tried", "cut_undone",
}) - {"texts_erased"}  # fmt: skip
NAMES: dict[type[Payload], str] = {payload: name for name, payload in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Foreign(Payload):
    """A kind this version does not know (written by a newer one): kept as it is, skipped by every fold."""

    json: str
