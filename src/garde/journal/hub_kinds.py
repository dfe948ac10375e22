"""The entry kinds that the hub writes: the incident, the cuts, the commands and who decided. Part of the one catalogue.

Comes in: nothing. Goes out: payload classes, joined into `garde.journal.kinds.KINDS`. Three sorts:

* **facts**: published by the capability that owns them; nobody else re-derives them;
* **decisions**: what a person said, with who and in which role;
* **commands** (`Command`): something to be done in the world. A command is written in the transaction of its cause; the
  loop fills `command` (the hash of cause and index) and `cause`. Its outcome is an entry that carries the same id.

Machines, switches and gateways are named by their estate ids. Addresses are text as the kernel writes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal.payload import Command, Payload
from garde.journal.text import Text

# --- the hub itself and those who report to it ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HubStarted(Payload):
    """The hub serves."""

    version: str
    entries: int  # in the journal when it began


@dataclass(frozen=True, slots=True)
class HubStopped(Payload):
    """The hub ended in good order."""

    reason: str


@dataclass(frozen=True, slots=True)
class EstateLoaded(Payload):
    """The hospital as it was described from here on: an edited file never changes a replay."""

    sha256: str  # of the content, in hex
    content: Text  # the estate as canonical JSON (garde.estate.to_json)
    source: str
    machines: int
    services: int


@dataclass(frozen=True, slots=True)
class TokenMade(Payload):
    """A one-time enrolment token was made."""

    machine: str
    token: str  # its SHA-256, in hex: the token itself is never written
    expires: float
    by: str


@dataclass(frozen=True, slots=True)
class AgentEnrolled(Payload):
    """An agent showed its token and left its public key."""

    machine: str
    key: str  # Ed25519 public key, in hex
    token: str  # the token's SHA-256, in hex
    address: str


@dataclass(frozen=True, slots=True)
class EnrolmentRefused(Payload):
    """Somebody asked to be enrolled and was not."""

    machine: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class AgentRevoked(Payload):
    """An agent's key is no longer believed."""

    machine: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AgentAlive(Payload):
    """An agent gives signs of life (again). Heartbeats themselves are no entries."""

    machine: str
    asked: str  # mode asked for
    mode: str  # mode in force
    after: float = 0.0  # seconds of silence before
    clock_off: float = 0.0  # seconds that its clock is ahead of the hub's


@dataclass(frozen=True, slots=True)
class AgentSilent(Payload):
    """An agent gives no sign of life: an alarm."""

    machine: str
    last_seen: float  # wall seconds, hub time


@dataclass(frozen=True, slots=True)
class EnvelopeRefused(Payload):
    """Something came that was not what it claimed to be."""

    machine: str  # as it claimed; "" where it claimed nothing
    code: str  # FORGED, REPLAYED, EXPIRED, ... (garde.trust.envelope)
    reason: str
    address: str = ""
    count: int = 1  # the same, bundled: refused at once, written once a second


# --- time -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeAsked(Command):
    """A capability wants to be woken. The outcome is `woke`."""

    due: float  # wall seconds, hub time
    key: str


@dataclass(frozen=True, slots=True)
class Woke(Payload):
    """The time that a capability asked for has come."""

    command: str
    key: str
    due: float


# --- the incident: facts of `contain` ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncidentOpened(Payload):
    """Harm was reported that belongs to no open incident."""

    incident: str
    first_harm: float  # wall seconds: the first damaged file that is known
    server: str  # where
    severity: int  # 1 one actor on one server · 2 several servers · 3 several spreaders, or an agent silenced


@dataclass(frozen=True, slots=True)
class IncidentRaised(Payload):
    """An incident's severity rose; it never falls."""

    incident: str
    severity: int
    reason: str


@dataclass(frozen=True, slots=True)
class HarmJoined(Payload):
    """A report was joined to an incident (grouped, never dropped)."""

    incident: str
    server: str
    verdict: str
    address: str
    users: tuple[Text, ...]
    why: str  # same address | same account | same tool | same hour
    recurrence: bool = False  # it came back after an hour of quiet at least


@dataclass(frozen=True, slots=True)
class IncidentJoined(Payload):
    """An incident turned out to be part of an earlier one: its harm and its cuts go on there."""

    incident: str
    into: str
    why: str  # same address | same account | same tool
    recurrence: bool = False  # it came back after an hour of quiet at least


@dataclass(frozen=True, slots=True)
class Suspect:
    """One machine or account that may be the spreader."""

    machine: str  # estate id; "" where the estate does not know the address
    address: str
    users: tuple[Text, ...]
    confidence: float  # 0 to 1
    why: str


@dataclass(frozen=True, slots=True)
class Hop:
    """Who wrote harm where, first when."""

    source: str  # estate id, or address where it is unknown; "" for a process of the server itself
    server: str
    first: float  # wall seconds
    files: int
    users: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class SpreadFound(Payload):
    """Who spreads, who receives, in what order: the whole picture as it stands, published when it changed."""

    incident: str
    spreader: str  # estate id (or address) of the likeliest; "" where it cannot be told
    first_server: str
    first_at: float
    hops: tuple[Hop, ...]  # in order of time
    suspects: tuple[Suspect, ...]  # likeliest first
    accounts: tuple[Text, ...]  # that several spreaders share
    files: int  # damaged, on all servers together


# --- cuts: facts of `contain` -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CutProposed(Payload):
    """A cut that would stop it, narrowest first, with its price in care."""

    cut: str
    incident: str  # "" for the isolation of a machine on its way back
    action: str  # block | kick | account | read_only | isolate | outside | port (keys of garde.contain.actions.CUTS)
    target: str  # estate id or address of what is cut; the account for `account`
    addresses: tuple[str, ...]
    users: tuple[Text, ...]
    where: tuple[str, ...]  # machines that carry it out
    rank: int  # 1 is the narrowest
    price: tuple[str, ...]  # ids of clinical services that stop
    degraded: tuple[str, ...]  # ids of those that go on with less
    works: tuple[str, ...]  # ids of those that go on
    undo: str  # one sentence
    needs: str  # automatic | one | two | unanswered | never (the written authority) | return (a way back)
    why: str  # the rule of the authority, in words
    refused: str = ""  # why it can never be done (never-cut list, would strand the hub): shown, not offered


@dataclass(frozen=True, slots=True)
class CutChanged(Payload):
    """A cut's three separate facts: asked, applied, proven; and its end."""

    cut: str
    state: str  # asked | applied | proven | not_proven | failed | undoing | undone
    asked: int  # machines asked to carry it out
    applied: int
    proven: int
    lacking: tuple[str, ...] = ()  # machines where it does not hold, as far as is known
    by: str = ""  # who authorised it: a login, or "authority: " and the rule


@dataclass(frozen=True, slots=True)
class MachineCut(Payload):
    """A machine is cut off: for the boards and for the wards."""

    machine: str  # estate id, or address
    cut: str
    how: str  # the action


@dataclass(frozen=True, slots=True)
class MachineFreed(Payload):
    """A machine is no longer cut off by this cut."""

    machine: str
    cut: str


# --- decisions of people ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CutDecided(Payload):
    """A person said yes or no to a cut, or wants it undone."""

    cut: str
    decision: str  # approve | reject | undo
    by: str  # login
    role: str
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class IncidentAnswered(Payload):
    """A person has taken the incident in hand: the authority for unanswered incidents no longer counts."""

    incident: str
    by: str


@dataclass(frozen=True, slots=True)
class IncidentClosed(Payload):
    """A person declared the incident over."""

    incident: str
    by: str
    note: Text = field(default_factory=Text)


# --- commands to the world, and their outcomes ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAsked(Command):
    """An order to one agent. It travels signed; the agent checks it once more."""

    cut: str
    machine: str  # the agent that carries it out
    verb: str  # garde.model.order.Verb
    addresses: tuple[str, ...] = ()
    users: tuple[Text, ...] = ()
    allow: tuple[str, ...] = ()  # flows that stay open: "ADDRESS" or "ADDRESS:PORT/tcp"
    by: str = ""
    reason: str = ""
    expires: float = 0.0  # wall seconds, hub time; after it the order is void


@dataclass(frozen=True, slots=True, kw_only=True)
class PortAsked(Command):
    """A switch port to be shut or opened by the hub itself (SNMPv3 ifAdminStatus)."""

    cut: str
    machine: str  # the machine behind the port
    switch: str
    port: str
    up: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class CommandDone(Payload):
    """A command was carried out."""

    command: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CommandFailed(Payload):
    """A command could not be carried out: the reason, never a gap."""

    command: str
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried to prove a cut: what, what was wanted and what was seen."""

    what: str
    wanted: bool
    seen: bool


@dataclass(frozen=True, slots=True)
class OrderApplied(Payload):
    """An agent carried an order out (reported by the agent)."""

    command: str
    cut: str
    detail: str
    survives_reboot: bool = False


@dataclass(frozen=True, slots=True)
class OrderRefused(Payload):
    """An agent did not carry an order out (reported by the agent)."""

    command: str
    cut: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class CutTried(Payload):
    """The proof of a cut, as tried from where it was applied."""

    command: str
    cut: str
    proven: bool
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class CutUndone(Payload):
    """A cut was undone at one machine."""

    cut: str
    command: str  # "" where a release code did it, with no network
    by: str  # hub | code | apply window


# --- people at the console --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountChanged(Payload):
    """A local account was made, changed or shut."""

    login: str
    role: str
    change: str  # made | password | role | shut
    by: str


@dataclass(frozen=True, slots=True)
class SignedIn(Payload):
    """Somebody signed in."""

    login: str
    how: str  # password | break-glass
    address: str


@dataclass(frozen=True, slots=True)
class SignInRefused(Payload):
    """Somebody could not sign in."""

    login: Text  # as typed: it may be a password typed in the wrong field
    address: str
    reason: str


HUB_KINDS: dict[str, type[Payload]] = {
    "hub_started": HubStarted,
    "hub_stopped": HubStopped,
    "estate_loaded": EstateLoaded,
    "token_made": TokenMade,
    "agent_enrolled": AgentEnrolled,
    "enrolment_refused": EnrolmentRefused,
    "agent_revoked": AgentRevoked,
    "agent_alive": AgentAlive,
    "agent_silent": AgentSilent,
    "envelope_refused": EnvelopeRefused,
    "wake_asked": WakeAsked,
    "woke": Woke,
    "incident_opened": IncidentOpened,
    "incident_raised": IncidentRaised,
    "harm_joined": HarmJoined,
    "incident_joined": IncidentJoined,
    "spread_found": SpreadFound,
    "cut_proposed": CutProposed,
    "cut_changed": CutChanged,
    "machine_cut": MachineCut,
    "machine_freed": MachineFreed,
    "cut_decided": CutDecided,
    "incident_answered": IncidentAnswered,
    "incident_closed": IncidentClosed,
    "order_asked": OrderAsked,
    "port_asked": PortAsked,
    "command_done": CommandDone,
    "command_failed": CommandFailed,
    "order_applied": OrderApplied,
    "order_refused": OrderRefused,
    "cut_tried": CutTried,
    "cut_undone": CutUndone,
    "account_changed": AccountChanged,
    "signed_in": SignedIn,
    "sign_in_refused": SignInRefused,
}
