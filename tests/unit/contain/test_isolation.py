"""Isolations of machines on their way back: one test for each rule of `isolation.py`."""

from __future__ import annotations

import msgspec
import pytest
from contain_house import START, WS1, House, client, estate_with, process
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from garde.contain.isolation import cut_of
from garde.contain.memory import Cut, State
from garde.contain.outcomes import standing
from garde.contain.planner import NO_GATEWAY_AGENT
from garde.estate.nouns import Never, Rule
from garde.journal import hub_kinds as h
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry

FLOWS = ("10.0.1.2:5432/tcp", "10.0.2.0/24")


def want(
    house: House, isolation: str = "r1", machine: str = "files-1", allow: tuple[str, ...] = (), by: str = "rule"
) -> list[Entry]:
    return house.hub(r.IsolationWanted(isolation, machine, allow, by, "it begins its way back"))


def over(house: House, isolation: str = "r1", machine: str = "files-1", by: str = "rule") -> list[Entry]:
    return house.hub(r.IsolationOver(isolation, machine, by))


def state_of(house: House, isolation: str = "r1") -> str:
    return standing(house.state.cuts[cut_of(isolation)]).state


def orders(house: House) -> list[tuple[str, str, str]]:
    return [(each.cut, each.machine, each.verb) for each in house.open_orders()]


# --- rule 1 -----------------------------------------------------------------------------------------------------------


def test_it_is_asked_applied_and_proven_as_any_cut(house: House) -> None:
    said = want(house, by="carla")
    assert [each.kind for each in said] == ["isolation_wanted", "cut_proposed", "cut_changed", "order_asked"]
    told = house.one(h.CutProposed)
    assert (told.cut, told.incident, told.action, told.target, told.where) == (
        "r1", "", "isolate", "files-1", ("files-1",),
    )  # fmt: skip
    assert (told.needs, told.why, told.refused) == ("return", "it begins its way back", "")
    order = house.one(h.OrderAsked)
    assert (order.verb, order.allow, order.by, order.reason) == ("isolate", (), "carla", "it begins its way back")
    house.obey()
    assert house.changes(house.state.cuts["r1"]) == ["asked", "applied", "proven"]
    assert house.of(h.MachineCut) == [h.MachineCut("files-1", "r1", "isolate")]


def test_no_attack_touches_it(house: House) -> None:
    """An attack by that very machine is planned, proven sound and closed beside it."""
    want(house)
    house.obey()
    house.verdict("files-1", process(), id="v1")
    house.verdict("files-2", client("10.0.1.1", "root"), id="v2")
    assert {each.incident for each in house.state.cuts.values() if not each.isolation} == {house.incident().id}
    assert house.has("isolate", "files-1") and len(house.state.cuts) > 2
    house.hub(h.IncidentClosed(house.incident().id, "carla"))
    for number in range(60):
        house.now += 7200
        house.verdict("files-3", client(f"10.0.7.{number}"), id=f"w{number}")
        house.hub(h.IncidentClosed(list(house.state.incidents)[-1], "carla"))
    assert state_of(house) == "proven"
    assert not [each for each in house.of(h.OrderAsked) if each.cut == "r1" and each.verb == "undo"]


def test_it_is_no_proposal_of_an_incident_and_none_is_withdrawn_for_it(house: House) -> None:
    want(house)
    house.verdict("files-2", client(WS1, "carla"))
    assert [each.refused for each in house.of(h.CutProposed) if each.cut == "r1"] == [""]


def test_what_it_isolates_is_contained_and_what_listed_flows_reach_is_not(house: House) -> None:
    from garde.contain.policy import still_spreads

    for allow, spreads in (((), False), (FLOWS, True)):
        fresh = House()
        fresh.verdict("files-2", client("10.0.1.1", "root"), id="v1")
        want(fresh, allow=allow)
        fresh.obey(verbs=("isolate",))
        found = fresh.incident()
        for cut in list(fresh.state.cuts.values()):
            if not cut.isolation:
                del fresh.state.cuts[cut.id]
        assert still_spreads(fresh.state, found, fresh.now, 300) is spreads


# --- rule 2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("hub-1", "hub-1 is the hub"),
        ("labgw-1", "labgw-1 is on the never-cut list: Results go through it."),
        ("ws-1", NO_GATEWAY_AGENT),
        ("nobody", NO_GATEWAY_AGENT),
    ],
)
def test_what_cannot_or_must_not_be_isolated_is_shown_with_the_reason(house: House, machine: str, words: str) -> None:
    said = want(house, machine=machine)
    assert [each.kind for each in said] == ["isolation_wanted", "cut_proposed"]
    assert house.one(h.CutProposed).refused == words
    house.decide("r1", "approve", "dupont", "it_director")
    over(house, machine=machine)
    assert house.of(h.OrderAsked) == []


def test_what_the_authority_never_allows_is_not_made(house: House) -> None:
    house.load(estate_with(authority=(Rule("no", ("isolate",), "never", words={"en": "Never."}),)))
    want(house)
    assert house.one(h.CutProposed).refused == "the written authority never allows it: Never."
    assert house.of(h.OrderAsked) == []


def test_a_machine_that_came_onto_the_never_cut_list_keeps_what_isolates_it(house: House) -> None:
    """The wider one cannot be made: the narrower stays until a person or the end of both undoes it."""
    want(house)
    house.obey()
    house.load(estate_with(never_cut=(Never("files-1", "New."),)))
    want(house, "r2", allow=FLOWS)
    over(house)
    assert state_of(house) == "proven"
    over(house, "r2")
    house.obey()
    assert state_of(house) == "undone"


# --- rule 3 -----------------------------------------------------------------------------------------------------------


def test_said_twice_it_is_one_and_never_changes(house: House) -> None:
    want(house)
    assert [each.kind for each in want(house, allow=FLOWS)] == ["isolation_wanted"]
    assert house.one(h.OrderAsked).allow == ()


def test_its_cut_bears_its_name_where_a_cut_may_be_called_so() -> None:
    assert cut_of("files-1.3") == "files-1.3"
    for name in ("", "../x", "a b", "x" * 65, "é"):
        assert cut_of(name).startswith("r-") and len(cut_of(name)) == 18


# --- rule 4 -----------------------------------------------------------------------------------------------------------


def test_the_wider_one_is_proven_before_the_narrower_is_undone(house: House) -> None:
    want(house)
    house.obey()
    want(house, "r2", allow=FLOWS)
    over(house)
    assert orders(house) == [("r2", "files-1", "isolate")]
    house.obey(proven=False)
    assert state_of(house) == "proven"  # nothing is let go against a proof that failed
    house.decide("r2", "approve")
    house.obey()
    assert orders(house) == [("r1", "files-1", "undo")]
    house.obey()
    assert (state_of(house), state_of(house, "r2")) == ("undone", "proven")
    assert house.of(h.MachineFreed) == [h.MachineFreed("files-1", "r1")]


def test_it_does_not_matter_which_of_the_two_is_said_first_when_the_proof_comes_late(house: House) -> None:
    want(house)
    house.obey()
    want(house, "r2", allow=FLOWS)
    house.obey()
    over(house)
    assert orders(house) == [("r1", "files-1", "undo")]


def test_the_narrower_one_is_in_force_before_the_wider_is_undone(house: House) -> None:
    want(house, "r2", allow=FLOWS)
    house.obey()
    want(house, "r3")
    over(house, "r2")
    assert orders(house) == [("r3", "files-1", "isolate")]
    house.obey()
    assert orders(house) == [("r2", "files-1", "undo")]


def test_with_none_wanted_any_more_all_are_undone_at_once(house: House) -> None:
    want(house)
    want(house, "r2", allow=FLOWS)
    over(house, "r2")
    assert orders(house) == [("r1", "files-1", "isolate"), ("r2", "files-1", "isolate")]
    over(house, by="carla")
    assert [each for each in orders(house) if each[2] == "undo"] == [
        ("r1", "files-1", "undo"),
        ("r2", "files-1", "undo"),
    ]
    assert [each.by for each in house.of(h.CutChanged) if each.state == "undoing"] == ["carla", "rule"]
    over(house)
    assert len([each for each in house.of(h.OrderAsked) if each.verb == "undo"]) == 2


def test_another_machines_isolation_is_not_waited_for(house: House) -> None:
    want(house)
    want(house, "r2", "files-2")
    house.obey("files-1")
    over(house)
    assert ("r1", "files-1", "undo") in orders(house)


# --- rule 5 -----------------------------------------------------------------------------------------------------------


def test_a_person_may_undo_it_and_it_does_not_come_back(house: House) -> None:
    want(house)
    house.obey()
    house.decide("r1", "undo", "eve", "viewer")
    assert orders(house) == []
    house.decide("r1", "undo")
    house.obey()
    assert state_of(house) == "undone"
    assert house.of(h.MachineFreed) == [h.MachineFreed("files-1", "r1")]
    want(house)
    over(house)
    assert orders(house) == []


def test_a_printed_code_frees_the_machine(house: House) -> None:
    want(house)
    house.obey()
    house.agent("files-1", h.CutUndone("r1", "", "code"))
    assert state_of(house) == "undone" and house.of(h.MachineFreed)


def test_agents_want_no_isolation_and_end_none(house: House) -> None:
    house.agent("files-2", r.IsolationWanted("r9", "files-1", (), "rule", "x"))
    assert house.state.cuts == {}
    want(house)
    house.agent("files-1", r.IsolationOver("r1", "files-1", "rule"))
    assert [each[2] for each in orders(house)] == ["isolate"]


# --- rule 6 -----------------------------------------------------------------------------------------------------------


def test_it_says_what_it_costs_in_care_and_one_with_listed_flows_takes_nobody_away(house: House) -> None:
    want(house)
    want(house, "r2", "files-2", FLOWS)
    house.obey()
    assert [each.price for each in house.of(h.CutProposed)] == [("record",), ()]
    assert [each.machine for each in house.of(h.MachineCut)] == ["files-1"]
    assert house.orders(house.state.cuts["r2"])[0].allow == FLOWS


# --- rule 7 -----------------------------------------------------------------------------------------------------------


def test_an_agent_that_was_away_is_asked_again_when_it_lives(house: House) -> None:
    house.hub(h.AgentSilent("files-1", START))
    want(house)
    (order,) = house.open_orders()
    house.hub(h.CommandFailed(order.command, "files-1 did not fetch the order before it expired"))
    assert state_of(house) == "failed"
    house.hub(h.AgentAlive("files-1", "enforce", "enforce"))
    assert orders(house) == [("r1", "files-1", "isolate")]
    house.obey()
    assert state_of(house) == "proven"


# --- restart and replay -----------------------------------------------------------------------------------------------


def test_a_replay_and_a_snapshot_know_the_same(house: House) -> None:
    want(house)
    house.obey()
    want(house, "r2", allow=FLOWS)
    over(house)
    assert house.replayed() == house.state
    kept = msgspec.json.decode(msgspec.json.encode(house.state), type=State)
    assert kept == house.state
    house.state = kept
    house.obey()
    assert orders(house) == [("r1", "files-1", "undo")]


def test_isolations_that_are_over_are_forgotten_in_the_end(house: House) -> None:
    for number in range(230):
        want(house, f"r{number}")
        over(house, f"r{number}")
        house.obey()
    done: list[Cut] = [each for each in house.state.cuts.values() if each.isolation and each.undone]
    assert len(done) <= 201 and len(house.state.commands) <= 2 * 202


# --- in whatever order ------------------------------------------------------------------------------------------------


class Back(RuleBasedStateMachine):
    """One machine led back by an agent that is slow, fails and goes away: never open while it is wanted shut."""

    @initialize()
    def begin(self) -> None:
        self.house = House()
        self.number, self.wanted = 0, ""
        self.in_force: set[str] = set()  # at the agent
        self.done: set[str] = set()  # commands
        self.since: set[str] = set()  # isolations wanted since it was last open
        self.shut = False  # one of them held

    def _next(self) -> r.IsolationWanted:
        self.number += 1
        return r.IsolationWanted(f"r{self.number}", "files-1", FLOWS if self.number % 2 else (), "rule", "x")

    @rule(together=st.booleans())
    def goes_on(self, together: bool) -> None:
        """Another stage: the new isolation, then the end of the one before."""
        old, new = self.wanted, self._next()
        after = [r.IsolationOver(old, "files-1", "rule")] if old else []
        if together:
            self.house.hub(new, *after)
        else:
            self.house.hub(new)
            self.house.hub(*after)
        self.wanted = new.isolation
        self.since.add(self.wanted)

    @rule()
    def opens(self) -> None:
        if self.wanted:
            self.house.hub(r.IsolationOver(self.wanted, "files-1", "rule"))
            self.wanted, self.since, self.shut = "", set(), False

    @precondition(lambda self: self.house.open_orders())
    @rule(proven=st.booleans())
    def agent_acts(self, proven: bool) -> None:
        """Orders are numbered: an agent carries them out in their order."""
        order = self.house.open_orders()[0]
        if order.verb == "undo":
            self.in_force.discard(order.cut)
            self.house.agent("files-1", h.CutUndone(order.cut, order.command, "hub"))
            return
        self.in_force.add(order.cut)
        self.shut = self.shut or order.cut in self.since
        self.house.agent("files-1", h.OrderApplied(order.command, order.cut, "done"))
        self.house.agent("files-1", h.CutTried(order.command, order.cut, proven, (h.Check("x", True, proven),)))

    @precondition(lambda self: self.house.open_orders())
    @rule()
    def nobody_fetches(self) -> None:
        self.house.hub(h.CommandFailed(self.house.open_orders()[0].command, "it expired"))

    @rule()
    def comes_back(self) -> None:
        self.house.hub(h.AgentSilent("files-1", START), h.AgentAlive("files-1", "enforce", "enforce"))

    @invariant()
    def is_never_open_between_two(self) -> None:
        if hasattr(self, "house") and self.wanted and self.shut:
            assert self.in_force

    @invariant()
    def a_replay_knows_the_same(self) -> None:
        if hasattr(self, "house"):
            assert self.house.replayed() == self.house.state

    def teardown(self) -> None:
        if not hasattr(self, "house"):
            return
        for _ in range(6):
            self.comes_back()
            for cut in list(self.house.state.cuts):
                self.house.decide(cut, "approve", "dupont", "it_director")  # once more where it lacks
            while self.house.open_orders():
                self.agent_acts(True)
        assert self.in_force == ({self.wanted} if self.wanted else set())


TestBack = Back.TestCase
TestBack.settings = settings(max_examples=60, stateful_step_count=25)
