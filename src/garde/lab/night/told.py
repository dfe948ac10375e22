"""What Garde itself says of the night: a fold over the hub's entries.

Comes in: entries, in order. Goes out: `Told`: whom it took for the spreader, which server it took for the first,
whether the second burst was joined to the first, which machines' blocks it calls proven, when the plan was triggered
and who has understood which diversion, how each server came back (`Way`), and the account (`Account`). It is what the
score sets beside the witness's truth, and it is never mixed with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal import hub_kinds as k
from garde.journal import oncall_kinds as o
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.journal.paper_kinds import ReenterSaid
from garde.journal.payload import Payload
from garde.lab.night.told_account import Account


@dataclass(slots=True)
class Way:
    """The way back as it is told. Each comes with the wall seconds of its entry, in order."""

    stores: dict[str, tuple[r.StoreNote, ...]] = field(default_factory=dict)  # machine -> what lies on it
    points: dict[tuple[str, str], r.PointJudged] = field(default_factory=dict)  # store, point
    judged: set[str] = field(default_factory=set)  # stores that were looked through
    restored: list[tuple[float, str, r.PointRestored]] = field(default_factory=list)  # with the machine
    baselines: set[str] = field(default_factory=set)
    planned: r.RestartPlanned | None = None
    steps: list[tuple[float, r.StepMoved]] = field(default_factory=list)
    recuts: list[tuple[float, r.MachineRecut]] = field(default_factory=list)
    signed: list[tuple[float, r.GateSigned]] = field(default_factory=list)
    errands: set[str] = field(default_factory=set)  # asked, and without an outcome
    credentials: dict[str, r.CredentialListed] = field(default_factory=dict)
    again: dict[str, float] = field(default_factory=dict)  # service or server -> what came later must be entered again
    held_until: float = 0.0  # the plan
    watch_until: float = 0.0

    def add(self, entry: Entry) -> None:
        """Fold one entry."""
        who = entry.who.removeprefix("agent/")
        match entry.payload:
            case r.StoresKnown(stores):
                self.stores[who] = stores
            case r.PointJudged() as point:
                self.points[point.store, point.point] = point
            case r.PointsJudged() as all_of_them:
                self.judged.add(all_of_them.store)
            case r.PointRestored() as restored:
                self.restored.append((entry.at, who, restored))
            case r.BaselineTaken():
                self.baselines.add(who)
            case _:
                self._add_people(entry)
        self._settle(entry.payload)

    def _add_people(self, entry: Entry) -> None:
        match entry.payload:
            case r.RestartPlanned() as planned:
                self.planned = planned
            case r.StepMoved() as step:
                self.steps.append((entry.at, step))
            case r.MachineRecut() as recut:
                self.recuts.append((entry.at, recut))
            case r.GateSigned() as signed:
                self.signed.append((entry.at, signed))
            case r.CredentialListed() as listed:
                self.credentials[listed.credential] = listed
            case r.ErrandAsked() as asked:
                self.errands.add(asked.command)
            case r.WatchReinforced(until):
                self.watch_until = until
            case p.PlanHeld() as held:
                self.held_until = held.until
            case ReenterSaid() as said:
                self.again[said.subject] = said.after

    def _settle(self, payload: Payload) -> None:
        """An errand is over with whatever names it last."""
        if not isinstance(payload, (r.ErrandAsked, r.PointJudged)):
            self.errands.discard(getattr(payload, "command", ""))

    def stage(self, machine: str) -> str:
        """How far a machine has come; "" where it is not on its way."""
        return next((step.stage for _, step in reversed(self.steps) if step.machine == machine), "")

    def placed(self, machine: str) -> r.PointRestored | None:
        """The last point that was put in place on a machine."""
        mine = [each for _, who, each in self.restored if who == machine and each.where == "place"]
        return mine[-1] if mine else None


@dataclass(slots=True)
class Told:
    """Folded so far."""

    incidents: list[str] = field(default_factory=list)
    spreads: list[k.SpreadFound] = field(default_factory=list)
    recurrences: set[str] = field(default_factory=set)  # incidents that something came back to
    blocks: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)  # cut -> target, addresses
    states: dict[str, str] = field(default_factory=dict)  # cut -> its last state
    targets: dict[str, str] = field(default_factory=dict)  # cut -> the machine that it is against
    alive: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)  # cuts to which a person said yes
    pages_open: set[str] = field(default_factory=set)  # pages on their way to a channel
    diverted: dict[str, str] = field(default_factory=dict)  # way in -> the change in force, where it takes nobody
    understood: set[tuple[str, str]] = field(default_factory=set)  # change, recipient
    tasks_done: set[str] = field(default_factory=set)
    first_at: dict[str, float] = field(default_factory=dict)  # kind -> wall seconds of its first entry
    way: Way = field(default_factory=Way)
    account: Account = field(default_factory=Account)

    def add(self, entry: Entry) -> None:
        """Fold one entry."""
        self.first_at.setdefault(entry.kind, entry.at)
        self.way.add(entry)
        self.account.add(entry)
        match entry.payload:
            case k.IncidentOpened() as opened:
                self.incidents.append(opened.incident)
            case k.SpreadFound() as spread:
                self.spreads.append(spread)
            case k.HarmJoined(recurrence=True) as joined:
                self.recurrences.add(joined.incident)
            case k.IncidentJoined() as whole:
                self._join(whole)
            case k.CutProposed() as cut:
                self.targets[cut.cut] = cut.target
                if cut.action == "block":
                    self.blocks[cut.cut] = (cut.target, cut.addresses)
            case k.CutChanged() as change:
                self.states[change.cut] = change.state
            case k.AgentAlive() as agent:
                self.alive.add(agent.machine)
            case k.AgentSilent() as agent:
                self.alive.discard(agent.machine)
            case _:
                self._add_people(entry.payload)

    def _add_people(self, payload: Payload) -> None:
        """What people were told, and what they decided."""
        match payload:
            case k.CutDecided(cut, "approve"):
                self.approved.add(cut)
            case o.PageAsked() as page:
                self.pages_open.add(page.command)
            case k.CommandDone(command) | k.CommandFailed(command):
                self.pages_open.discard(command)
            case p.DiversionChanged() as change:
                self.diverted.pop(change.path, None)
                if change.state == "diverted":
                    self.diverted[change.path] = change.change
            case p.DiversionAcknowledged() as known:
                self.understood.add((known.change, known.recipient))
            case p.TaskDone(task=task, done=True):
                self.tasks_done.add(task)

    def _join(self, joined: k.IncidentJoined) -> None:
        self.incidents = [each for each in self.incidents if each != joined.incident]
        if joined.recurrence or joined.incident in self.recurrences:
            self.recurrences.add(joined.into)

    @property
    def spreader(self) -> str | None:
        """Estate id of whom it takes for the spreader now; None where it can't tell."""
        return (self.spreads[-1].spreader or None) if self.spreads else None

    @property
    def first_server(self) -> str | None:
        return (self.spreads[-1].first_server or None) if self.spreads else None

    @property
    def joined(self) -> bool:
        """Whether what came back was joined to the first incident, and no second one opened."""
        return len(self.incidents) == 1 and self.incidents[0] in self.recurrences

    def is_proven(self, machine: str, address: str) -> bool:
        """Whether it calls a block of this machine proven."""
        mine = [cut for cut, (target, addresses) in self.blocks.items() if target == machine or address in addresses]
        return any(self.states.get(cut) == "proven" for cut in mine)

    @property
    def approved_holds(self) -> bool:
        """Whether a cut that a person approved has been made."""
        return any(self.states.get(cut) in ("applied", "proven") for cut in self.approved)

    def has_understood(self, path: str, recipient: str) -> bool:
        """Whether a way in is diverted, and this recipient knows of it."""
        return (self.diverted.get(path, ""), recipient) in self.understood
