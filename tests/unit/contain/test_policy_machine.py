"""Whatever agents, people and the clock say, in whatever order: what must always hold.

A state machine draws a night: reports, silences, decisions of people who may and who may not, outcomes true and late, wakes,
estates that change. After every step the whole journal is looked at.
"""  # noqa: E501

from __future__ import annotations

import dataclasses

import msgspec
from contain_house import (
    BLOOD,
    ESTATE,
    LABGW,
    RULES,
    SERVERS,
    STRANGER,
    WS1,
    WS2,
    House,
    client,
    damage,
    estate_with,
    process,
)
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from garde.contain import authority
from garde.contain.memory import Said, State
from garde.contain.outcomes import main_parts, standing
from garde.estate.look import Lookup
from garde.estate.never import why_never, why_never_machine, why_never_port
from garde.estate.nouns import Rule
from garde.journal import hub_kinds as h
from garde.journal import kinds as k

ACTORS = [
    client(WS1, "carla"),
    client(WS2, "CLINIC\\carla"),
    client("fd00::1"),
    client(BLOOD, "svc"),
    client(STRANGER, "svc", "guest"),
    client(LABGW, "x"),
    client("10.0.0.10"),
    client("10.0.1.1", "root"),
    client("127.0.0.1"),
    client("not an address"),
    client(""),
    process(),
    process("/usr/bin/python3", ssh=True),
    k.ActorNote("kernel"),
]
ESTATES = [
    ESTATE,
    estate_with(authority=()),
    estate_with(authority=(Rule("never", ("port", "isolate"), "never"), *RULES)),
    estate_with(authority=(Rule("all", ("account", "read_only", "outside", "port"), "automatic"), *RULES)),
    estate_with(machines=ESTATE.machines[:-4]),
]
PEOPLE = [("okafor", "operator"), ("aokafor", "operator"), ("dupont", "it_director"), ("maes", "operator"), ("local", "operator"),  # noqa: E501
          ("eve", "viewer"), ("root", "admin")]  # fmt: skip
servers = st.sampled_from(SERVERS)
some = st.integers(0, 10_000)


class Night(RuleBasedStateMachine):
    """The hub, and everybody who speaks to it."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House()
        self.seen = 0
        self.estates = [self.house.look]  # the one in force, by entry
        self.severity: dict[str, int] = {}

    # --- what happens ---

    @rule(server=servers, actors=st.lists(st.sampled_from(ACTORS), max_size=3), late=st.booleans(), id=st.sampled_from("abc"),  # noqa: E501
          ending=st.sampled_from([b".x", b".y", b".gpg"]))  # fmt: skip
    def reports(self, server: str, actors: list[k.ActorNote], late: bool, id: str, ending: bytes) -> None:
        self.house.verdict(server, *actors, id=id, ending=ending, at=self.house.now - 4000 * late)

    @rule(server=servers, actor=st.sampled_from(ACTORS), id=st.sampled_from("abc"), what=st.sampled_from("hcrdf"))
    def goes_on(self, server: str, actor: k.ActorNote, id: str, what: str) -> None:
        found: dict[str, k.Payload] = {
            "h": k.ActorHeld(f"h{id}", id, "smb", actor, (1,), 9),
            "c": k.HoldConfirmed(f"h{id}", id, 7),
            "r": k.HoldReleased(f"h{id}", id, "agent", "sound", cleared=True),
            "d": k.MassDeleteSeen(f"m{id}", "deleted", 80, actor, True),
            "f": k.FindingMade(damage(b"/srv/x", self.house.now), actor),
        }
        self.house.agent(server, found[what])

    @rule(server=servers, alive=st.booleans(), mode=st.sampled_from(["enforce", "observe"]))
    def lives_or_dies(self, server: str, alive: bool, mode: str) -> None:
        alive_ = h.AgentAlive(server, mode, mode, 20.0)
        self.house.hub(alive_ if alive else h.AgentSilent(server, self.house.now))

    @rule(seconds=st.sampled_from([1, 100, 4000]))
    def time_goes_by(self, seconds: int) -> None:
        self.house.after(seconds)

    @precondition(lambda self: self.house.state.cuts)
    @rule(
        which=some,
        who=st.sampled_from(PEOPLE),
        decision=st.sampled_from(["approve", "reject", "undo", "??"]),
        twice=st.booleans(),
    )
    def decides(self, which: int, who: tuple[str, str], decision: str, twice: bool) -> None:
        cut = list(self.house.state.cuts)[which % len(self.house.state.cuts)]
        said = h.CutDecided(cut, decision, *who)
        self.house.say(f"person/{who[0]}", *([said, said] if twice else [said]))

    @rule(
        which=some, what=st.sampled_from(["applied", "proven", "not_proven", "refused", "absent", "failed", "undone"])
    )
    def outcome(self, which: int, what: str) -> None:
        house = self.house
        asked = [each for each in house.log if isinstance(each.payload, (h.OrderAsked, h.PortAsked))]
        if not asked:
            return
        order = asked[which % len(asked)].payload
        code = "UNAVAILABLE" if what == "absent" else "NEVER-CUT"
        found: dict[str, k.Payload] = {
            "applied": h.OrderApplied(order.command, order.cut, ""),
            "proven": h.CutTried(order.command, order.cut, True, ()),
            "not_proven": h.CutTried(order.command, order.cut, False, ()),
            "refused": h.OrderRefused(order.command, order.cut, code, ""),
            "absent": h.OrderRefused(order.command, order.cut, code, ""),
            "failed": h.CommandFailed(order.command, ""),
            "undone": h.CutUndone(order.cut, order.command, "hub"),
        }
        if isinstance(order, h.PortAsked):
            house.hub(found[what] if what != "applied" else h.CommandDone(order.command))
        elif what == "failed":
            house.hub(found[what])
        else:
            house.agent(order.machine, found[what])

    @rule()
    def all_obey(self) -> None:
        self.house.obey()

    @rule(server=servers, by=st.sampled_from(["code", "apply window"]), which=some)
    def undone_by_itself(self, server: str, by: str, which: int) -> None:
        cuts = list(self.house.state.cuts) or ["none"]
        self.house.agent(server, h.CutUndone(cuts[which % len(cuts)], "", by))

    @rule()
    def wakes(self) -> None:
        done = {each.command for each in self.house.of(h.Woke)}
        if any(each.command not in done for each in self.house.of(h.WakeAsked)):
            self.house.wake()

    @rule(which=some, what=st.sampled_from(["answered", "closed"]))
    def is_taken_in_hand(self, which: int, what: str) -> None:
        names = list(self.house.state.incidents) or ["none"]
        name = names[which % len(names)]
        self.house.hub(h.IncidentAnswered(name, "okafor") if what == "answered" else h.IncidentClosed(name, "okafor"))

    @rule(estate=st.sampled_from(ESTATES))
    def is_described_anew(self, estate: object) -> None:
        self.house.load(estate)  # type: ignore[arg-type]

    # --- what holds ---

    @invariant()
    def everything_new_is_as_it_must_be(self) -> None:
        """Entry by entry: what was in force then, who had spoken until then."""
        new, self.seen = self.house.log[self.seen :], len(self.house.log)
        for entry in new:
            payload = entry.payload
            match payload:
                case h.OrderAsked() if payload.verb != "undo":
                    self.check_order(payload.cut, payload.by, entry.seq)
                    if payload.verb in ("block", "kick"):
                        assert why_never(self.house.look, payload.addresses) == ""
                    if payload.verb == "isolate":
                        assert why_never_machine(self.house.look, payload.machine) == ""
                case h.PortAsked() if not payload.up:
                    self.check_order(payload.cut, payload.by, entry.seq)
                    assert why_never_port(self.house.look, payload.machine) == ""
                case h.IncidentOpened():
                    assert payload.incident not in self.severity
                    self.severity[payload.incident] = payload.severity
                case h.IncidentRaised():
                    assert payload.severity > self.severity[payload.incident]
                    self.severity[payload.incident] = payload.severity
                case h.HarmJoined():
                    assert payload.incident in self.severity

    def check_order(self, name: str, by: str, seq: int) -> None:
        """No order without authority."""
        cut = self.house.state.cuts[name]
        assert by and cut.by
        assert not self.house.state.incidents[cut.incident].closed or seq <= self.closed_at(cut.incident)
        if by.startswith("authority: "):
            return  # the rule is named; which one may be named is tested in test_policy.py
        people = by.split(", ")
        said = [
            Said(each.seq, each.payload.decision, each.payload.by, each.payload.role)
            for each in self.house.log
            if isinstance(each.payload, h.CutDecided) and each.payload.cut == name and each.seq < seq
        ]
        approved = {
            each.by for each in said if each.decision == "approve" and each.role in (*authority.DECIDERS, "admin")
        }
        assert set(people) <= approved

    def closed_at(self, incident: str) -> int:
        return next(each.seq for each in self.house.log if each.payload == h.IncidentClosed(incident, "okafor"))

    @invariant()
    def every_report_is_in_an_incident(self) -> None:
        assert not self.house.state.waiting
        judged = {
            (each.who, each.payload.verdict) for each in self.house.log if isinstance(each.payload, k.VerdictReached)
        }
        joined = {(f"agent/{each.server}", each.verdict) for each in self.house.of(h.HarmJoined)}
        assert judged <= joined

    @invariant()
    def nothing_is_shown_as_done_that_is_not(self) -> None:
        last = {each.cut: each for each in self.house.of(h.CutChanged)}
        for cut in self.house.state.cuts.values():
            now = standing(cut)
            if now.state == "proven":
                assert {each.state for each in main_parts(cut)} <= {"proven", "absent"}
            if now.state in ("proven", "undone", "not_proven", "failed"):
                assert last[cut.id].state == now.state, (last[cut.id], now)

    @invariant()
    def a_machine_is_said_to_be_cut_off_exactly_while_it_is(self) -> None:
        for cut in self.house.state.cuts.values():
            if cut.action in ("block", "isolate", "port", "outside"):
                assert bool(cut.announced) == (standing(cut).applied > 0), cut

    def teardown(self) -> None:
        house = self.house
        assert house.replayed() == house.state
        assert msgspec.json.decode(msgspec.json.encode(house.state), type=State) == house.state
        assert len({each.command for each in house.of(h.OrderAsked)}) == len(house.of(h.OrderAsked))


Night.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestNight = Night.TestCase


def test_the_estates_drawn_are_really_different() -> None:
    assert len({repr(dataclasses.asdict(each)) for each in ESTATES}) == len(ESTATES)
    assert all(Lookup(each).servers for each in ESTATES)
