"""A small hospital on its way back, with the hub's loop in memory.

Comes in: what agents, people and the clock say. Goes out: `House`: entries, state, short ways to say things. `cuts`
stands for containment, `obey` for agents that do what they are asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.capability_house import CapabilityHouse

from garde.estate.nouns import Estate, Machine, Never, Person, Service, Ward
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import recovery_kinds as v
from garde.journal.entry import Entry
from garde.journal.payload import Command, Payload
from garde.journal.text import Text
from garde.model.order import Verb
from garde.model.restart import Item
from garde.recovery import policy, state
from garde.recovery.gates import gate_of
from garde.recovery.judged import Gate
from garde.recovery.memory import State, Step
from garde.recovery.reasons import Reason
from garde.recovery.waves import blocked

START = 1_700_000_000.0
HOUR = 3600.0

ESTATE = Estate(
    name="Clinique",
    machines=(
        Machine("hub", "Hub", "hub", ("10.0.9.9",)),
        Machine("gw", "Gateway", "gateway", ("10.0.0.254",), agent=True),
        Machine("dns", "Names", "server", ("10.0.0.9",), owner="ina", agent=True),
        Machine("db", "Database", "server", ("10.0.0.1",), owner="ina", agent=True, needs=("dns",)),
        Machine("rec", "Record server", "server", ("10.0.0.2",), owner="ina", agent=True, needs=("db",)),
        Machine("files", "Documents", "server", ("10.0.0.3",), owner="ina", agent=True),
        Machine("scans", "Scans", "server", ("10.0.0.4",), owner="ina", agent=True),
        Machine("old", "Appliance", "server", ("10.0.0.5",), owner="ina"),
        Machine("ws", "Desk", "workstation", ("10.0.1.1",)),
        Machine("ws2", "Other desk", "workstation", ("10.0.1.2",)),
    ),
    services=(
        Service("names", {"en": "Names"}, ("dns",), clinical=False),
        Service("record", {"en": "Medical record", "fr": "Dossier"}, ("rec",), uses=("ws2",)),
        Service("documents", {"en": "Documents", "fr": "Documents"}, ("files",), clinical=False),
    ),
    wards=(Ward("w1", {"en": "Ward 1", "fr": "Unité 1"}, 20),),
    people=(
        Person("ina", "Ina I.", ("on_call_it",), logins=("ina", "ina-adm")),
        Person("tom", "Tom T.", ("it_director",), logins=("tom",)),
        Person("med", "Med M.", ("medical_director",), logins=("med",)),
        Person("una", "Una U.", ("ward_head",), logins=("una",)),
        Person("leo", "Leo L.", (), logins=("leo",)),
        Person("max", "Max M.", ("on_call_it", "ward_head"), logins=("max",)),
    ),
    never_cut=(Never("dns", "names"),),
    languages=("en", "fr"),
)
ROLES = {"ina": "operator", "ina-adm": "operator", "tom": "it_director", "med": "viewer", "una": "ward",
         "leo": "viewer", "max": "viewer", "local": "operator"}  # fmt: skip
GOOD = {Item.REBUILT: "yes", Item.WATCHED: "yes", Item.NETWORK: "yes"}
BASELINE = "ab" * 32


@dataclass
class House(CapabilityHouse):
    """The hub. `log` is the whole journal."""

    STATE, POLICY = state, policy

    estate: Estate = ESTATE
    now: float = START
    log: list[Entry] = field(default_factory=list)
    state: State = field(default_factory=State)
    done: set[str] = field(default_factory=set)  # commands that have an outcome

    def __post_init__(self) -> None:
        self.load(self.estate)
        for each in self.look.agents:
            self.hub(h.AgentEnrolled(each.id, "00", "11", each.addresses[0]))
            self.hub(h.AgentAlive(each.id, "enforce", "enforce"))
            self.agent(each.id, v.BaselineTaken("", BASELINE, 100))

    # --- what is said ---

    def plan(self, *waves: tuple[str, ...], observe_s: float = HOUR, listed_s: float = HOUR) -> list[Entry]:
        return self.person("tom", v.RestartPlanned(waves, observe_s, listed_s, "tom", "it_director"))

    def want(self, machine: str, what: str, by: str = "ina") -> list[Entry]:
        return self.person(by, v.StepWanted(machine, what, by, ROLES[by]))

    def answer(self, machine: str, item: str, answer: str = "yes", by: str = "ina", until: float = 0.0,
               note: str = "") -> list[Entry]:  # fmt: skip
        number = self.step(machine).round
        return self.person(by, v.GateAnswered(machine, number, item, answer, by, ROLES[by], until, Text(note)))

    def sign(self, machine: str, side: str, by: str) -> list[Entry]:
        return self.person(by, v.GateSigned(machine, self.step(machine).round, side, by, ROLES[by]))

    def sign_both(self, machine: str) -> list[Entry]:
        return [*self.sign(machine, "it", "ina"), *self.sign(machine, "service", "med")]

    def change(self, *credentials: str) -> None:
        for each in credentials or tuple(self.state.credentials):
            self.person("ina", v.CredentialChanged(each, "ina"))

    def after(self, seconds: float, obey: bool = True) -> list[Entry]:
        """Let so many seconds go by; every wake that is due comes at its time, and agents obey."""
        end, said = self.now + seconds, []
        while asked := min((each for each in self.wakes() if each.due <= end), key=lambda it: it.due, default=None):
            self.now = max(self.now, asked.due)
            said += self.hub(h.Woke(asked.command, asked.key, asked.due))
            self.done.add(asked.command)
            if obey:
                said += self.obey()
        self.now = end
        return said

    def wakes(self) -> list[h.WakeAsked]:
        return [each for each in self.of(h.WakeAsked) if each.command not in self.done]

    # --- containment and agents ---

    def cuts(self, to: str = "proven") -> list[Entry]:
        """Containment does what is wanted: every isolation that is wanted and not so yet."""
        said: list[Entry] = []
        while waiting := [
            each.id for step in self.state.steps.values() for each in step.isolations if each.state != to
        ]:
            said += self.hub(*(h.CutChanged(name, to, 1, 1, int(to == "proven")) for name in waiting))
        return said

    def errands(self, verb: Verb | None = None) -> list[v.ErrandAsked]:
        """Those without an outcome."""
        asked = [each for each in self.of(v.ErrandAsked) if each.command not in self.done]
        return [each for each in asked if verb is None or each.verb == verb]

    def obey(self, answers: dict[Item, str] | None = None, ports: tuple[int, ...] = ()) -> list[Entry]:
        """Containment and every agent do what they are asked, until nothing is left."""
        said = self.cuts()
        while waiting := self.errands():
            for each in waiting:
                said += self.outcome(each, answers, ports)
            said += self.cuts()
        return said

    def outcome(
        self, each: v.ErrandAsked, answers: dict[Item, str] | None = None, ports: tuple[int, ...] = ()
    ) -> list[Entry]:
        self.done.add(each.command)
        name = each.command
        made: dict[str, Payload] = {
            Verb.FREEZE: v.RetentionFrozen(name, each.store, True, (), 0.5),
            Verb.THAW: v.RetentionThawed(name, each.store, each.by),
            Verb.JUDGE: v.PointsJudged(name, each.store, 0, 1.0),
            Verb.RESTORE: v.PointRestored(
                name, each.store, each.point, each.where, 9, 99, 0, True, START - HOUR, 1.0, 1.0
            ),
            Verb.BASELINE: v.BaselineTaken(name, BASELINE, 100),
            Verb.SWEEP: swept(name, answers),
            Verb.LOOK: v.MachineLooked(name, each.about, ports, len(each.ports) * len(each.addresses)),
            Verb.RAISE: v.WatchRaised(name, each.until),
        }
        return self.agent(each.machine, made[each.verb])

    def stores(self, machine: str, *names: str, covers: str = "") -> list[Entry]:
        notes = tuple(v.StoreNote(name, "restic", covers or machine, True) for name in names)
        return self.agent(machine, v.StoresKnown(notes))

    def judge(self, machine: str, store: str, *points: tuple[str, str], by: str = "ina") -> list[Entry]:
        """Somebody wants this store judged, and its agent answers with these points and colours."""
        self.person(by, v.JudgingWanted(machine, store, by))
        said: list[Entry] = []
        for each in self.errands(Verb.JUDGE):
            self.done.add(each.command)
            made = [point(each.command, each.store, name, colour, machine) for name, colour in points]
            said += self.agent(each.machine, *made, v.PointsJudged(each.command, each.store, len(made), 1.0))
        return said

    def choose(self, machine: str, store: str, name: str, where: str, by: str = "ina") -> list[Entry]:
        return self.person(by, v.PointChosen(machine, store, name, where, by, ROLES[by]))

    # --- harm ---

    def verdict(self, server: str, address: str = "", at: float | None = None) -> list[Entry]:
        when = self.now if at is None else at
        actor = k.ActorNote("smb", address=address) if address else k.ActorNote("process", 7)
        return self.agent(server, k.VerdictReached("v1", "session", Text("x"), 9.0, 8.0, (damage(when),), (actor,)),
                          at=when)  # fmt: skip

    def finding(self, server: str, address: str = "", at: float | None = None) -> list[Entry]:
        when = self.now if at is None else at
        actor = k.ActorNote("smb", address=address) if address else k.ActorNote("process", 7)
        return self.agent(server, k.FindingMade(damage(when), actor), at=when)

    def of_finding(self, at: float) -> k.FindingMade:
        return k.FindingMade(damage(at), k.ActorNote("process", 7))

    def confirmed(self, server: str, damaged: int = 3) -> list[Entry]:
        return self.agent(server, k.HoldConfirmed("h1", "v1", damaged))

    def incident(self, name: str = "i1", at: float | None = None) -> list[Entry]:
        return self.hub(h.IncidentOpened(name, self.now if at is None else at, "files", 1))

    def silent(self, machine: str) -> list[Entry]:
        return self.hub(h.AgentSilent(machine, self.now))

    def alive(self, machine: str, mode: str = "enforce", clock_off: float = 0.0) -> list[Entry]:
        return self.hub(h.AgentAlive(machine, "enforce", mode, 20.0, clock_off))

    # --- all the way ---

    def isolate(self, *machines: str) -> None:
        for each in machines:
            self.want(each, "begin")
        self.obey()

    def fill(self, *machines: str) -> None:
        """Answer all that people have to."""
        for each in machines:
            for item in (Item.ENTRY, Item.EVIDENCE, Item.DATA, Item.REBUILT, Item.SUPPLIERS):
                self.answer(each, item)
            self.answer(each, Item.CLINICIAN, by="una")
        self.change()
        self.obey()

    def observe(self, *machines: str) -> None:
        """Bring them until they are watched."""
        self.isolate(*machines)
        self.fill(*machines)

    def listed(self, *machines: str) -> None:
        """Bring them until they are open for their listed flows."""
        self.observe(*machines)
        self.after(HOUR)
        for each in machines:
            self.sign_both(each)
        self.obey()

    def opened(self, *machines: str) -> None:
        self.listed(*machines)
        self.after(HOUR)

    # --- what stands ---

    def step(self, machine: str) -> Step:
        return self.state.step(machine)

    def stage(self, machine: str) -> str:
        return str(self.state.step(machine).stage)

    def gate(self, machine: str) -> Gate:
        return gate_of(self.state, self.look, machine, self.now)

    def why(self, machine: str, item: str) -> tuple[str, ...]:
        """The sentences that speak against an item."""
        return tuple(each.sentence for each in self.gate(machine).item(item).reasons)

    def blocked(self, machine: str) -> tuple[Reason, ...]:
        return blocked(self.state, self.look, machine, self.now)

    def moves(self, machine: str, entries: Iterable[Entry] | None = None) -> list[str]:
        return [str(each.stage) for each in self.of(v.StepMoved, entries) if each.machine == machine]

    def commands(self) -> list[Command]:
        return self.of(Command)


def swept(command: str, answers: dict[Item, str] | None = None, baseline: str = BASELINE) -> v.MachineSwept:
    given = {**GOOD, **(answers or {})}
    made = (v.ItemAnswer(str(item), answer, (Text("x"),) if answer != "yes" else ()) for item, answer in given.items())
    return v.MachineSwept(command, baseline, tuple(made))


def point(command: str, store: str, name: str, colour: str, covers: str) -> v.PointJudged:
    return v.PointJudged(
        command, store, name, covers, START - HOUR, colour, "before", 10, 1000, 10, 10, 0, 0, "whole", "not_done",
        START - HOUR,
    )  # fmt: skip


def damage(at: float) -> k.FileDamage:
    return k.FileDamage(Text("/srv/a"), Text("/srv/a.x"), at, ("type lost",))


def estate_with(**changes: Any) -> Estate:
    return replace(ESTATE, **changes)


def machine_with(name: str, **changes: Any) -> Estate:
    """The estate with one machine changed."""
    machines = tuple(replace(each, **changes) if each.id == name else each for each in ESTATE.machines)
    return estate_with(machines=machines)
