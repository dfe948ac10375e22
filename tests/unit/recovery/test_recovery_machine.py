"""Random estates, whatever agents, people and the clock say in whatever order: what must always hold.

Every entry is checked against an oracle of its own, which reads the journal and nothing of the engine's state: no
server is opened before what it needs is verified, none without two signatures of two persons who may, none after it
was cut again in that round, and there is no moment without an isolation before a server is open.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from recovery_house import ESTATE, HOUR, ROLES, House, swept

from garde.estate.dependencies import start_needs
from garde.estate.nouns import Estate, Machine, Service
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import recovery_kinds as v
from garde.journal.entry import Entry
from garde.journal.follow import with_command
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.model.order import Verb
from garde.model.restart import Item
from garde.recovery import policy, state
from garde.recovery.memory import State

NAMES = ("m0", "m1", "m2", "m3", "m4")
CHECKED = {"verified", "observing", "listed", "open"}
SIGNERS = {"it": {"ina", "tom", "ina-adm", "max"}, "service": {"med", "una", "max"}}
PERSON = {"ina-adm": "ina"}
PAIRS = [
    ("ina", "med"),
    ("tom", "una"),
    ("ina", "max"),
    ("max", "max"),
    ("max", "max"),
    ("leo", "una"),
    ("ina", "leo"),
    ("med", "ina"),
]
names = st.sampled_from(NAMES)
people = st.sampled_from(sorted(ROLES))
some = st.integers(0, 10_000)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """A hospital of five servers with needs at random, in circles as well."""
    machines = [Machine("hub", "Hub", "hub", ("10.9.9.9",)), Machine("gw", "G", "gateway", ("10.9.9.1",), agent=True)]
    for number, name in enumerate(NAMES):
        needs = tuple(
            draw(st.lists(st.sampled_from([each for each in NAMES if each != name]), max_size=2, unique=True))
        )
        agent = draw(st.integers(0, 5)) > 0
        machines.append(Machine(name, name, "server", (f"10.0.0.{number + 1}",), owner="ina", agent=agent, needs=needs))
    services = [
        Service(f"s{number}", {"en": "S"}, (draw(names),), clinical=draw(st.booleans()))
        for number in range(draw(st.integers(0, 3)))
    ]
    if len(services) > 1 and draw(st.booleans()):
        services[0] = Service("s0", {"en": "S"}, services[0].machines, needs=("s1",))
    return Estate("Drawn", machines=tuple(machines), services=tuple(services), people=ESTATE.people)


@dataclass
class Oracle:
    """What the journal says, read without the engine."""

    needs: dict[str, tuple[str, ...]]
    stage: dict[str, str] = field(default_factory=dict)
    round: dict[str, int] = field(default_factory=dict)
    planned: set[str] = field(default_factory=set)
    rated: dict[str, str] = field(default_factory=dict)
    signed: dict[tuple[str, int], dict[str, set[str]]] = field(default_factory=dict)  # side -> persons
    recut: set[tuple[str, int]] = field(default_factory=set)
    isolations: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    proven: set[str] = field(default_factory=set)
    commands: set[str] = field(default_factory=set)

    def is_verified(self, machine: str) -> bool:
        if self.round.get(machine) or machine in self.planned:
            return self.stage.get(machine) in CHECKED
        return self.rated.get(machine, "not_impacted") == "not_impacted"

    def read(self, entry: Entry) -> None:
        payload = entry.payload
        if (command := getattr(payload, "command", "")) and isinstance(payload, v.ErrandAsked | h.WakeAsked):
            assert command not in self.commands
            self.commands.add(command)
        if entry.who.startswith("agent/"):
            return
        match payload:
            case v.RestartPlanned(waves):
                self.planned = {name for wave in waves for name in wave}
            case v.ServerRated(machine, status):
                self.rated[machine] = status
            case v.GateSigned(machine, number, side, by) if by in SIGNERS.get(side, set()):
                self.signed.setdefault((machine, number), {}).setdefault(side, set()).add(PERSON.get(by, by))
            case v.MachineRecut(machine):
                self.recut.add((machine, self.round.get(machine, 0)))
            case h.CutChanged(cut, to):
                self.proven = self.proven | {cut} if to == "proven" else self.proven - {cut}
            case v.IsolationWanted():
                self.isolated(payload)
            case v.IsolationOver():
                self.let_go(payload)
            case v.StepMoved():
                self.moved(payload)

    def moved(self, step: v.StepMoved) -> None:
        machine = step.machine
        if step.stage == "waiting":
            assert step.round == self.round.get(machine, 0) + 1 or self.stage.get(machine) == "waiting"
            self.round[machine] = step.round
        assert step.round == self.round[machine]
        if step.stage in ("listed", "open"):
            self.opened(step)
        if step.stage == "verified":
            circle = [each for each in self.needs[machine] if machine in self.needs_all(each)]
            assert all(self.is_verified(each) for each in self.needs[machine] if each not in circle)
        if step.stage == "recut":
            self.recut.add((machine, step.round))
        self.stage[machine] = step.stage

    def needs_all(self, machine: str) -> set[str]:
        found: set[str] = set()
        waiting = [machine]
        while waiting:
            for each in self.needs.get(waiting.pop(), ()):
                if each not in found:
                    found.add(each)
                    waiting.append(each)
        return found

    def opened(self, step: v.StepMoved) -> None:
        """The heart of it."""
        where = (step.machine, step.round)
        assert where not in self.recut, "opened after it was cut again"
        assert all(self.is_verified(each) for each in self.needs[step.machine]), "opened before what it needs"
        signed = self.signed.get(where, {})
        pairs = {(a, b) for a in signed.get("it", ()) for b in signed.get("service", ()) if a != b}
        assert pairs, "opened without two signatures"
        before = {"listed": "observing", "open": "listed"}[step.stage]
        assert self.stage[step.machine] in (before, step.stage)

    def isolated(self, wanted: v.IsolationWanted) -> None:
        assert not wanted.allow or self.stage.get(wanted.machine) == "listed", "flows opened too early"
        self.isolations.setdefault(wanted.machine, {})[wanted.isolation] = wanted.allow

    def let_go(self, over: v.IsolationOver) -> None:
        left = self.isolations[over.machine]
        assert left.pop(over.isolation, None) is not None
        if self.stage[over.machine] != "open":
            assert self.proven & set(left), "a moment without an isolation"
            assert (self.stage[over.machine] == "listed") or () in [left[each] for each in self.proven & set(left)]


class Recorded(House):
    """A house that remembers what its engine answered."""

    def __post_init__(self) -> None:
        self.answered: list[Payload] = []
        super().__post_init__()

    def _follow(self, entry: Entry) -> list[Payload]:
        found = [with_command(each, entry, number) for number, each in enumerate(super()._follow(entry))]
        self.answered += found
        return found


class Return(RuleBasedStateMachine):
    """The hub, and everybody who speaks to it."""

    @initialize(estate=estates(), plan=st.permutations(NAMES), cuts=st.lists(st.integers(1, 4), max_size=3))
    def begins(self, estate: Estate, plan: list[str], cuts: list[int]) -> None:
        self.house = Recorded(estate=estate)
        self.oracle = Oracle(start_needs(estate))
        self.seen = 0
        edges = [0, *sorted(set(cuts)), len(plan)]
        self.house.plan(*(tuple(plan[a:b]) for a, b in itertools.pairwise(edges)))

    # --- what people do ---

    @rule(machine=names, by=people, want=st.sampled_from(["begin", "begin", "again", "back", "open", "??"]))
    def wants(self, machine: str, by: str, want: str) -> None:
        self.house.want(machine, want, by=by)

    @rule(
        machine=names, by=people, item=st.sampled_from(list(Item)), answer=st.sampled_from(["yes", "no", "unknown"]),
        until=st.sampled_from([0.0, 0.0, 60.0, 2 * HOUR]),
    )  # fmt: skip
    def answers(self, machine: str, by: str, item: Item, answer: str, until: float) -> None:
        self.house.answer(machine, item, answer, by=by, until=until and self.house.now + until)

    @rule(machine=names, by=people, side=st.sampled_from(["it", "service"]), off=st.sampled_from([0, 0, -1, 1]))
    def signs(self, machine: str, by: str, side: str, off: int) -> None:
        number = self.house.step(machine).round + off
        self.house.person(by, v.GateSigned(machine, number, side, by, ROLES[by]))

    @rule(machine=names)
    def all_is_answered(self, machine: str) -> None:
        """People do all that is asked of them for one machine: or nothing would ever come far."""
        house = self.house
        house.want(machine, "again")
        house.want(machine, "begin")
        house.obey()
        house.fill(machine)
        for item in (Item.WATCHED, Item.NETWORK):
            house.answer(machine, item)

    @rule(machine=names)
    def is_signed(self, machine: str) -> None:
        self.house.sign_both(machine)

    @rule(
        machines=st.lists(names, min_size=1, max_size=5, unique=True), far=st.integers(1, 5),
        by=st.sampled_from(PAIRS), at_once=st.booleans(),
    )  # fmt: skip
    def goes_far(self, machines: list[str], far: int, by: tuple[str, str], at_once: bool) -> None:
        """A good stretch of the way, for several: what is rare one step at a time."""
        house = self.house
        for each in house.look.agents:
            house.alive(each.id)
        for each in machines:
            self.all_is_answered(each)
        for _ in range(far):
            house.after(HOUR)
            for each in machines:
                if at_once:
                    self.two_at_once(each)
                house.sign(each, "it", by[0])
                house.sign(each, "service", by[1])
            house.obey()

    @rule(plan=st.lists(st.lists(names, max_size=3), max_size=3), seconds=st.sampled_from([0.0, 60.0, HOUR]))
    def is_planned_anew(self, plan: list[list[str]], seconds: float) -> None:
        self.house.plan(*map(tuple, plan), observe_s=seconds, listed_s=seconds)

    @rule(machine=names, status=st.sampled_from(["rebuilt", "not_impacted", "impacted", "??"]))
    def is_rated(self, machine: str, status: str) -> None:
        self.house.person("ina", v.ServerRated(machine, status, "ina"))

    @rule(until=st.sampled_from([0.0, 60.0, 5 * HOUR]))
    def watch(self, until: float) -> None:
        self.house.person("tom", v.WatchReinforced(until and self.house.now + until, "tom", "it_director"))

    # --- what agents and containment do ---

    @rule()
    def all_obey(self) -> None:
        self.house.obey()

    @rule(which=some, to=st.sampled_from(["proven", "proven", "applied", "not_proven", "failed", "undone"]))
    def cut(self, which: int, to: str) -> None:
        found = [each.id for step in self.house.state.steps.values() for each in step.isolations]
        if found:
            self.house.hub(h.CutChanged(found[which % len(found)], to, 1, 1, int(to == "proven")))

    @rule(which=some, bad=st.sampled_from([None, Item.REBUILT, Item.WATCHED, Item.NETWORK]), open_=st.booleans())
    def outcome(self, which: int, bad: Item | None, open_: bool) -> None:
        if waiting := self.house.errands():
            one = waiting[which % len(waiting)]
            self.house.outcome(one, {bad: "no"} if bad else None, (4444,) if open_ else ())

    @rule(which=some, machine=names)
    def late_or_foreign(self, which: int, machine: str) -> None:
        """An answer that comes again, or from somebody else."""
        asked = self.house.of(v.ErrandAsked)
        if asked:
            command = asked[which % len(asked)].command
            self.house.agent(machine, swept(command), v.MachineLooked(command, machine, (), 9_999))
            self.house.agent(machine, v.RetentionFrozen(command, "x", True, (), 0.1))

    @rule(which=some)
    def fails(self, which: int) -> None:
        if waiting := self.house.errands():
            one = waiting[which % len(waiting)]
            self.house.done.add(one.command)
            self.house.hub(h.CommandFailed(one.command, "nobody fetched it"))

    @rule(machine=names, hand=st.sampled_from(["", "10.0.0.1", "10.0.0.3", "10.7.7.7"]), late=st.booleans(),
          verdict=st.booleans())  # fmt: skip
    def harm(self, machine: str, hand: str, late: bool, verdict: bool) -> None:
        at = self.house.now - 5 * HOUR * late
        (self.house.verdict if verdict else self.house.finding)(machine, hand, at)

    @rule(machine=names, alive=st.booleans(), mode=st.sampled_from(["enforce", "observe"]))
    def lives_or_dies(self, machine: str, alive: bool, mode: str) -> None:
        if alive:
            self.house.alive(machine, mode)
        else:
            self.house.silent(machine)

    @rule(machine=names, now=st.booleans())
    def is_cut_by_containment(self, machine: str, now: bool) -> None:
        self.house.hub(h.MachineCut(machine, "c-1", "isolate") if now else h.MachineFreed(machine, "c-1"))

    @rule(machine=names)
    def two_at_once(self, machine: str) -> None:
        """A signature, an answer and an alarm in one transaction."""
        number = self.house.step(machine).round
        self.house.hub(
            v.GateSigned(machine, number, "it", "ina", "operator"),
            v.GateAnswered(machine, number, "entry", "yes", "ina", "operator"),
            v.GateSigned(machine, number, "service", "med", "viewer"),
            h.AgentSilent(machine, self.house.now),
        )

    # --- the clock ---

    @rule(seconds=st.sampled_from([1.0, 60.0, HOUR, 5 * HOUR]), obey=st.booleans())
    def time_goes_by(self, seconds: float, obey: bool) -> None:
        self.house.after(seconds, obey)

    @rule()
    def the_clock_goes_back(self) -> None:
        self.house.now -= HOUR

    @precondition(lambda self: self.house.wakes())
    @rule(which=some)
    def wakes_early(self, which: int) -> None:
        waiting = self.house.wakes()
        one = waiting[which % len(waiting)]
        self.house.done.add(one.command)
        self.house.hub(h.Woke(one.command, one.key, one.due))

    # --- what holds ---

    @invariant()
    def everything_new_is_as_it_must_be(self) -> None:
        if not hasattr(self, "house"):
            return
        new, self.seen = self.house.log[self.seen :], len(self.house.log)
        for entry in new:
            self.oracle.read(entry)

    def teardown(self) -> None:
        if hasattr(self, "house"):
            resumed(self.house)


def resumed(house: Recorded) -> None:
    """A hub that is killed after any entry, and goes on by its snapshot or by a replay, gives the same commands."""
    answered: list[Payload] = []
    found = State()
    for entry in house.log:
        if entry.kind not in state.KINDS:
            continue
        if entry.seq % 7 == 0:
            found = msgspec.json.decode(msgspec.json.encode(found), type=State)
        found = state.project(found, entry)
        more = policy.decide(found, entry, house.look)
        answered += [with_command(each, entry, number) for number, each in enumerate(more)]
    assert answered == house.answered
    assert found == house.state == house.replayed()


Return.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestReturn = Return.TestCase


def test_the_machine_really_comes_far() -> None:
    """Or it would check nothing: a whole way back, a relapse and a second round under the oracle's eyes."""
    house = Recorded(estate=ESTATE)
    house.plan(("db",), ("rec", "files"))
    house.opened("db")
    house.opened("rec", "files")
    house.now += 60
    house.agent("files", k.HoldConfirmed("h", "v", 1), k.FindingMade(_damage(house.now), k.ActorNote("process")))
    assert {house.stage(each) for each in ("rec", "files")} == {"recut"} and house.stage("db") == "open"
    for each in ("rec", "files"):
        house.want(each, "again")
    house.obey()
    house.listed("rec", "files")
    house.after(HOUR)
    assert {house.stage(each) for each in ("rec", "files", "db")} == {"open"}
    assert [each.verb for each in house.errands()] == []
    oracle = Oracle(start_needs(ESTATE))
    for entry in house.log:
        oracle.read(entry)
    assert len(oracle.recut) == 2
    resumed(house)
    assert any(each.verb == Verb.RAISE for each in house.of(v.ErrandAsked))


def _damage(at: float) -> Any:
    return k.FileDamage(Text("/srv/a"), Text("/srv/a.x"), at, ("type lost",))
