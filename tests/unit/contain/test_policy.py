"""What follows from an entry: one test for each rule of `policy.py`."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from contain_house import (
    BLOOD,
    LABGW,
    RULES,
    SERVERS,
    START,
    STRANGER,
    WS1,
    WS2,
    WS3,
    House,
    client,
    estate_with,
    process,
)

from garde.contain import policy
from garde.contain.memory import HOUR, State
from garde.contain.outcomes import standing
from garde.estate.look import Lookup
from garde.estate.nouns import Rule
from garde.estate.read import load
from garde.journal import hub_kinds as h
from garde.journal import kinds as k

HERE = Path(__file__).resolve().parents[3]


def kinds(entries: list[k.Payload] | list[object]) -> list[str]:
    return [each.kind for each in entries]  # type: ignore[attr-defined]


# --- 1 to 4: the incident ---------------------------------------------------------------------------------------------


def test_1_a_report_is_part_of_an_incident_in_its_own_transaction(house: House) -> None:
    written = house.verdict("files-1", client(WS1))
    assert kinds(written)[:4] == ["verdict_reached", "incident_opened", "harm_joined", "spread_found"]


def test_2_the_picture_is_drawn_once_for_a_batch(house: House) -> None:
    more = tuple(
        k.VerdictReached(f"w{n}", "session", k.Text("x"), 20.0, 18.0, (), (client(f"10.0.2.{n}", "svc"),))
        for n in (1, 2, 3)
    )
    written = house.verdict("files-1", client(WS1, "svc"), more=more)
    assert kinds(written).count("spread_found") == 1 and kinds(written).count("incident_raised") == 1
    proposed = [each.cut for each in house.of(h.CutProposed, written)]
    assert len(proposed) == len(set(proposed))
    assert {each.target for each in house.of(h.CutProposed, written) if each.action == "block"} == {
        "ws-1",
        "ws-2",
        "ws-3",
    }


def test_3_nothing_is_said_twice(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"), id="v1")
    count = len(house.log)
    house.agent("files-1", k.ActorHeld("h1", "v1", "smb", client(WS1, "carla"), (1,), 4))
    house.agent("files-1", k.HoldConfirmed("h1", "v1", 4, "session ended, client blocked"))
    house.agent("files-1", k.ModeChanged("enforce", "enforce", "x"))
    assert len(house.log) == count + 3
    house.agent("files-1", k.HoldConfirmed("h1", "v1", 7, "session ended, client blocked"))
    assert kinds(house.log[count + 4 :]) == ["spread_found"]
    assert house.of(h.SpreadFound)[-1].files == 7


def test_4_severity_only_rises(house: House) -> None:
    house.verdict("files-1", client(WS1), id="v1")
    house.verdict("files-2", client(WS2), id="v2")
    assert house.incident().severity == 3
    house.agent("files-2", k.HoldReleased("h", "v2", "agent", "sound", cleared=True))
    house.verdict("files-1", client(WS1))
    house.hub(h.IncidentRaised(house.incident().id, 2, "by mistake"))
    assert house.incident().severity == 3
    assert [each.severity for each in house.of(h.IncidentRaised)][:1] == [3]


# --- 5 to 9: proposals and the authority ------------------------------------------------------------------------------


def test_5_one_report_of_one_server_and_every_server_is_asked_to_refuse_that_client(house: House) -> None:
    written = house.verdict("files-1", client(WS1))
    orders = [each for each in house.of(h.OrderAsked, written) if each.verb == "block"]
    assert [each.machine for each in orders] == list(SERVERS)
    assert all(each.addresses == (WS1, "fd00::1") and each.by == "authority: At once." for each in orders)
    changed = house.one(h.CutChanged, written)
    assert (changed.state, changed.asked, changed.by) == ("asked", 3, "authority: At once.")


def test_5_everything_else_waits_for_people(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"))
    asked = {each.cut for each in house.of(h.OrderAsked)} | {each.cut for each in house.of(h.PortAsked)}
    assert asked == {house.cut("block").id}
    assert {each.action for each in house.state.cuts.values()} == {
        "block", "account", "port", "read_only", "isolate", "outside",
    }  # fmt: skip


def test_5_where_a_clinical_service_stops_one_person_decides(house: House) -> None:
    house.verdict("files-1", client(BLOOD))
    block = house.cut("block")
    assert (block.needs, block.price, block.by) == ("one", ["blood"], "")
    assert not house.of(h.OrderAsked)


def test_5_with_the_severity_more_is_automatic(house: House) -> None:
    house.verdict("files-1", client(WS1))
    assert house.cut("port").needs == "one"
    house.verdict("files-2", client(WS1))
    assert house.cut("port").needs == "automatic"
    assert house.one(h.PortAsked) == h.PortAsked(
        command=house.one(h.PortAsked).command, cause=house.one(h.PortAsked).cause, cut=house.cut("port").id,
        machine="ws-1", switch="sw-1", port="w1", up=False, by="authority: Isolated.",
    )  # fmt: skip


def test_6_a_block_ends_sessions_as_well(house: House) -> None:
    written = house.verdict("files-1", client(WS1))
    verbs = [each.verb for each in house.of(h.OrderAsked, written)]
    assert verbs == ["block"] * 3 + ["kick"] * 3  # every refusal before the first of what only helps


def test_6_unless_the_authority_asks_more_for_it(house: House) -> None:
    house.load(estate_with(authority=(Rule("b", ("block",), "automatic"), Rule("k", ("kick",), "two"))))
    house.verdict("files-1", client(WS1))
    assert {each.verb for each in house.of(h.OrderAsked)} == {"block"}


@pytest.mark.parametrize("address", [LABGW, "10.0.0.10", "10.0.0.1"])
def test_7_what_is_never_cut_is_never_ordered(house: House, address: str) -> None:
    house.verdict("files-1", client(address))
    house.verdict("files-2", client(address))
    for cut in list(house.state.cuts.values()):
        if cut.action in ("block", "port"):
            assert cut.refused
            house.decide(cut.id)
            house.decide(cut.id, by="dupont", role="it_director")
    assert not [each for each in house.of(h.OrderAsked) if each.verb in ("block", "kick")]
    assert not house.of(h.PortAsked)


def test_7_what_the_authority_never_allows_is_never_ordered(house: House) -> None:
    house.load(estate_with(authority=(Rule("no", ("port",), "never", words={"en": "Never by us."}), *RULES)))
    house.verdict("files-1", client(WS1))
    port = house.cut("port")
    assert port.refused == "the written authority never allows it: Never by us."
    house.decide(port.id)
    assert not house.of(h.PortAsked)


def test_7_what_was_asked_of_a_refused_cut_before_counts_for_nothing_later(house: House) -> None:
    house.load(estate_with(authority=(Rule("no", ("port",), "never"), *RULES)))
    house.verdict("files-1", client(WS1))
    house.decide(house.cut("port").id)
    house.load(estate_with())
    assert house.cut("port").refused == "" and not house.of(h.PortAsked)
    house.decide(house.cut("port").id)
    assert len(house.of(h.PortAsked)) == 1


def test_8_what_only_watching_agents_saw_is_left_to_a_person(house: House) -> None:
    house.hub(h.AgentAlive("files-1", "observe", "observe"))
    house.verdict("files-1", client(WS1))
    assert (house.cut("block").needs, house.of(h.OrderAsked)) == ("one", [])
    assert house.cut("block").why == f"At once. — {policy.ONLY_WATCHED}"
    house.verdict("files-2", client(WS1))  # one that enforces saw it as well
    assert len(house.orders(house.cut("block"), "block")) == 3


def test_8_a_server_that_was_only_hit_is_not_isolated_by_itself(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.verdict("files-2", client(WS1))
    found = house.cut("isolate", "files-2")  # no clinical service stops with it
    assert (found.price, found.needs, found.by) == ([], "one", "")
    house.verdict("files-3", client("10.0.1.2"))
    assert house.cut("isolate", "files-2").by  # now it spreads


def test_9_a_cut_in_force_grows_with_the_estate(house: House) -> None:
    small = House(enrolled=("files-1", "files-2"))
    small.verdict("files-1", client(WS1))
    block = small.cut("block")
    assert block.where == ["files-1", "files-2"]
    written = small.hub(h.AgentEnrolled("files-3", "aa", "bb", "x"))
    assert [(each.machine, each.verb) for each in small.of(h.OrderAsked, written)] == [
        ("files-3", "block"), ("files-3", "kick"),
    ]  # fmt: skip
    assert small.of(h.CutChanged, written)[0].asked == 3


def test_9_a_further_address_of_the_target_is_refused_everywhere(house: House) -> None:
    house.verdict("files-1", client(WS1))
    moved = [
        type(each)(**{**{n: getattr(each, n) for n in each.__dataclass_fields__}, "addresses": (WS1, "10.0.2.77")})
        if each.id == "ws-1"
        else each
        for each in house.estate.machines
    ]
    written = house.load(estate_with(machines=tuple(moved)))
    orders = house.of(h.OrderAsked, written)
    assert {each.machine for each in orders} == set(SERVERS)
    assert all(each.addresses == (WS1, "fd00::1", "10.0.2.77") for each in orders)


def test_9_read_only_follows_to_the_next_server_that_is_hit(house: House) -> None:
    house.verdict("files-1", client(WS1))
    cut = house.cut("read_only")
    house.decide(cut.id)
    house.verdict("files-3", client(WS1))
    assert [each.machine for each in house.orders(cut)] == ["files-1", "files-3"]


# --- 10 to 12: people -------------------------------------------------------------------------------------------------


def test_10_one_person_says_yes(house: House) -> None:
    house.verdict("files-1", client(BLOOD))
    block = house.cut("block")
    house.decide(block.id, role="viewer")
    assert not block.by
    written = house.decide(block.id)
    assert block.by == "okafor" and len(house.of(h.OrderAsked, written)) == 6
    assert house.decide(block.id, by="dupont") == house.log[-1:]  # asked already, nothing lacking


def test_10_two_are_two_different_persons(house: House) -> None:
    house.verdict("files-1", client(WS1))
    outside = house.cut("outside")
    for by, role in (
        ("dupont", "it_director"),
        ("dupont", "it_director"),
        ("okafor", "operator"),
        ("local", "operator"),
    ):
        house.decide(outside.id, by=by, role=role)
        assert not outside.by
    written = house.decide(outside.id, by="maes")
    (order,) = house.of(h.OrderAsked, written)
    assert (order.machine, order.verb, order.by) == ("gw-1", "outside", "dupont, maes")
    assert order.allow == ("if:wan0", "203.0.113.11")


def test_10_two_say_yes_at_once(house: House) -> None:
    house.verdict("files-1", client(BLOOD))
    block = house.cut("block").id
    both = (h.CutDecided(block, "approve", "okafor", "operator"), h.CutDecided(block, "approve", "dupont", "operator"))
    written = house.say("person/okafor", *both)
    assert len(house.of(h.OrderAsked, written)) == 6
    assert [each.state for each in house.of(h.CutChanged, written)] == ["asked"]


def test_10_yes_again_asks_again_where_it_is_lacking(house: House) -> None:
    house.verdict("files-1", client(WS1))
    block = house.cut("block")
    house.obey("files-1", "files-2")
    order = next(each for each in house.orders(block, "block") if each.machine == "files-3")
    house.agent("files-3", h.OrderRefused(order.command, block.id, "FAILED", "nft is hung"))
    written = house.decide(block.id)
    assert [(each.machine, each.verb) for each in house.of(h.OrderAsked, written)] == [
        ("files-3", "block"), ("files-3", "kick"),
    ]  # fmt: skip
    house.obey()
    assert standing(block).state == "proven"


def test_11_a_no_keeps_it_from_being_done_automatically(house: House) -> None:
    house.verdict("files-1", client(WS1))
    port = house.cut("port")
    house.decide(port.id, "reject")
    house.verdict("files-2", client(WS1))
    assert port.needs == "automatic" and not house.of(h.PortAsked)
    house.decide(port.id)
    assert len(house.of(h.PortAsked)) == 1


def test_11_the_no_of_somebody_who_has_no_say_is_nothing(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.decide(house.cut("port").id, "reject", by="x", role="viewer")
    house.verdict("files-2", client(WS1))
    assert len(house.of(h.PortAsked)) == 1


def test_12_one_person_undoes_and_it_is_over(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.obey()
    block = house.cut("block")
    house.decide(block.id, "undo", by="x", role="viewer")
    assert not block.undoing
    written = house.decide(block.id, "undo")
    assert {each.machine for each in house.of(h.OrderAsked, written)} == set(SERVERS)
    assert house.one(h.CutChanged, written).state == "undoing"
    again = house.decide(block.id, "undo")
    assert not house.of(h.OrderAsked, again)
    house.obey()
    assert house.changes(block)[-1] == "undone"
    assert house.decide(block.id) == house.log[-1:]  # a yes after the end is nothing
    assert not house.of(h.OrderAsked, house.decide(block.id, "undo"))


def test_12_two_undo_at_once(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.obey()
    block = house.cut("block").id
    both = (h.CutDecided(block, "undo", "okafor", "operator"), h.CutDecided(block, "undo", "dupont", "operator"))
    written = house.say("person/okafor", *both)
    assert len(house.of(h.OrderAsked, written)) == 3


def test_12_one_of_two_is_enough_to_undo_and_must_be_one_who_may(house: House) -> None:
    house.verdict("files-1", client(WS1))
    outside = house.cut("outside")
    house.decide(outside.id, by="dupont", role="it_director")
    house.decide(outside.id, by="maes")
    house.obey()
    house.decide(outside.id, "undo")
    assert not outside.undoing
    house.decide(outside.id, "undo", by="maes")
    assert outside.undoing


def test_12_what_was_undone_is_proposed_anew_and_needs_a_person(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.obey()
    first = house.cut("block")
    house.decide(first.id, "undo")
    house.obey()
    second = house.cut("block")
    assert second.id != first.id and second.generation == 2
    assert (second.needs, second.by) == ("one", "")
    house.verdict("files-2", client(WS1))  # it goes on
    assert second.by.startswith("authority: ") and len(house.orders(second, "block")) == 3


def test_12_a_port_is_opened_again_where_it_was_shut(house: House) -> None:
    house.verdict("files-1", client(WS1))
    port = house.cut("port")
    house.decide(port.id)
    house.hub(h.CommandDone(house.one(h.PortAsked).command))
    house.load(estate_with(machines=tuple(each for each in house.estate.machines if each.id != "ws-1")))
    house.decide(port.id, "undo")
    up = house.of(h.PortAsked)[-1]
    assert (up.machine, up.switch, up.port, up.up) == ("ws-1", "sw-1", "w1", True)
    house.hub(h.CommandDone(up.command))
    assert house.changes(port) == ["asked", "applied", "undoing", "undone"]


# --- 13: sound evidence -----------------------------------------------------------------------------------------------


def clear(house: House, server: str, verdict: str) -> list[object]:
    return list(
        house.agent(server, k.HoldReleased("h", verdict, "agent", "read again, the files are sound", cleared=True))
    )


def test_13_an_automatic_cut_without_evidence_is_undone_by_itself(house: House) -> None:
    house.verdict("files-1", client(WS1), id="v1")
    house.verdict("files-2", client(WS1), id="v2")
    house.obey()
    block = house.cut("block")
    clear(house, "files-1", "v1")
    assert not block.undoing  # the other server's evidence stands
    written = clear(house, "files-2", "v2")
    assert block.undoing
    assert {each.machine for each in house.of(h.OrderAsked, written) if each.cut == block.id} == set(SERVERS)
    assert next(each for each in house.of(h.CutChanged, written) if each.cut == block.id).by == policy.EVIDENCE
    house.obey()
    assert standing(block).state == "undone"
    assert house.one(h.MachineFreed).machine == "ws-1"


def test_13_what_was_only_proposed_is_withdrawn_and_can_come_back(house: House) -> None:
    house.verdict("files-1", client(BLOOD), id="v1")
    clear(house, "files-1", "v1")
    assert {each.refused for each in house.state.cuts.values()} == {policy.WITHDRAWN}
    house.verdict("files-1", client(BLOOD), id="v2")
    assert house.cut("block").refused == ""


def test_13_what_a_person_has_approved_is_left_to_people(house: House) -> None:
    house.verdict("files-1", client(BLOOD), id="v1")
    house.decide(house.cut("block").id)
    house.obey()
    clear(house, "files-1", "v1")
    assert not house.cut("block").undoing


def test_13_a_client_cleared_leaves_the_others_cut(house: House) -> None:
    house.verdict("files-1", client(WS1), id="v1")
    house.verdict("files-1", client(WS2), id="v2")
    house.obey()
    clear(house, "files-1", "v1")
    assert house.cut("block", "ws-1").undoing and not house.cut("block", "ws-2").undoing


# --- 14 and 15: nobody answers ----------------------------------------------------------------------------------------


def two_servers_hit_by_a_clinical_client(house: House) -> None:
    house.verdict("files-1", client(BLOOD))
    house.verdict("files-2", client(BLOOD))


def test_14_nobody_answers_and_it_still_spreads(house: House) -> None:
    two_servers_hit_by_a_clinical_client(house)
    assert house.one(h.WakeAsked).due == START + 300
    house.after(200).verdict("files-1", client(BLOOD))
    assert len(house.of(h.WakeAsked)) == 1
    written = house.wake()
    orders = {(each.machine, each.verb) for each in house.of(h.OrderAsked, written)}
    assert orders == {("files-1", "isolate"), ("files-2", "isolate"), ("gw-1", "outside")}
    assert [each.machine for each in house.of(h.PortAsked, written)] == ["ws-blood"]  # it carries no agent
    assert {each.by for each in house.of(h.CutChanged, written)} == {"authority: Unanswered."}
    assert not house.cut("block").by  # the rule does not name it


def test_14_no_rule_no_wake(house: House) -> None:
    house.verdict("files-1", client(BLOOD))
    assert not house.of(h.WakeAsked)  # severity 1: the rule begins at 2


@pytest.mark.parametrize("how", ["answered", "decided", "closed"])
def test_14_whoever_answers_ends_it(house: House, how: str) -> None:
    two_servers_hit_by_a_clinical_client(house)
    incident = house.incident().id
    if how == "answered":
        house.hub(h.IncidentAnswered(incident, "okafor"))
    elif how == "closed":
        house.hub(h.IncidentClosed(incident, "okafor"))
    else:
        house.decide(house.cut("outside").id, "reject")
    house.after(200).verdict("files-1", client(BLOOD))
    assert not house.of(h.OrderAsked, house.wake())


def test_14_an_answer_counts_until_harm_comes_back(house: House) -> None:
    two_servers_hit_by_a_clinical_client(house)
    house.hub(h.IncidentAnswered(house.incident().id, "okafor"))
    house.wake()
    house.after(600).verdict("files-1", client(BLOOD))
    assert len(house.of(h.WakeAsked)) == 1
    house.after(3 * HOUR).verdict("files-1", client(BLOOD))
    assert len(house.of(h.WakeAsked)) == 2
    assert house.of(h.OrderAsked, house.wake())


def test_14_what_is_contained_is_left_alone_and_watched_anew(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.verdict("files-2", client(WS1))
    house.obey()
    assert not house.of(h.OrderAsked, house.wake())
    house.after(60).verdict("files-2", client(WS1))  # harm since the cut
    assert house.of(h.WakeAsked)[-1].due == house.now + 300
    assert ("gw-1", "outside") in {(each.machine, each.verb) for each in house.of(h.OrderAsked, house.wake())}


def test_14_time_is_the_hubs_also_for_a_late_report(house: House) -> None:
    house.after(7200)
    house.verdict("files-1", client(BLOOD), at=START)
    house.verdict("files-2", client(BLOOD), at=START + 10)
    assert house.one(h.WakeAsked).due == START + 7200 + 300


def test_15_a_hand_that_its_server_holds_is_contained(house: House) -> None:
    house.load(estate_with(authority=(Rule("u", ("isolate",), "unanswered", after_s=300),)))
    house.verdict("files-1", process(), id="v1")
    house.agent("files-1", k.ActorHeld("h1", "v1", "process", process(), (9,), 4))
    assert not house.of(h.OrderAsked, house.wake())
    house.after(400).verdict("files-1", process(), id="v2")  # another one, and not held
    assert [each.verb for each in house.of(h.OrderAsked, house.wake())] == ["isolate"]


def test_15_a_cut_that_is_not_proven_contains_nothing(house: House) -> None:
    house.load(estate_with(authority=(RULES[0], Rule("u", ("isolate",), "unanswered", after_s=300))))
    house.verdict("files-1", client(WS1))
    house.obey(proven=False)
    assert house.of(h.OrderAsked, house.wake())


def test_15_harm_of_before_that_time_is_over(house: House) -> None:
    house.load(estate_with(authority=(Rule("u", ("isolate",), "unanswered", after_s=300),)))
    house.verdict("files-1", client(WS1), at=START - 30)
    assert not house.of(h.OrderAsked, house.wake())


# --- 16 to 19 ---------------------------------------------------------------------------------------------------------


def test_16_an_agent_that_comes_back_is_asked_for_what_it_missed(house: House) -> None:
    house.verdict("files-1", client(WS1))
    block = house.cut("block")
    house.obey("files-1", "files-2")
    for order in house.open_orders():
        house.hub(h.CommandFailed(order.command, "files-3 did not fetch the order before it expired"))
    assert standing(block).state == "not_proven"
    written = house.hub(h.AgentAlive("files-3", "enforce", "enforce", 900.0))
    assert {each.machine for each in house.of(h.OrderAsked, written)} == {"files-3"}
    house.obey()
    assert standing(block).state == "proven"
    assert not house.of(h.OrderAsked, house.hub(h.AgentAlive("files-3", "enforce", "enforce", 30.0)))


def test_16_also_for_an_undo(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.obey()
    block = house.cut("block")
    house.decide(block.id, "undo")
    house.obey("files-1", "files-2")
    house.hub(h.CommandFailed(house.open_orders()[0].command, "expired"))
    written = house.hub(h.AgentAlive("files-3", "enforce", "enforce", 900.0))
    assert [(each.machine, each.verb) for each in house.of(h.OrderAsked, written)] == [("files-3", "undo")]
    house.obey()
    assert standing(block).state == "undone"


def test_17_every_change_of_the_three_facts_is_said_once(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.obey(verbs=("block",))
    block = house.cut("block")
    facts = [(each.state, each.applied, each.proven) for each in house.of(h.CutChanged)]
    assert facts == [
        ("asked", 0, 0), ("asked", 1, 0), ("asked", 1, 1), ("asked", 2, 1), ("asked", 2, 2), ("applied", 3, 2), ("proven", 3, 3),  # noqa: E501
    ]  # fmt: skip
    count = len(house.log)
    house.obey(verbs=("kick",))
    assert not house.of(h.CutChanged, house.log[count:])
    assert house.one(h.MachineCut) == h.MachineCut("ws-1", block.id, "block")
    house.decide(block.id, "undo")
    house.obey()
    assert house.one(h.MachineFreed) == h.MachineFreed("ws-1", block.id)


def test_17_all_that_hang_on_a_port_are_cut_off(house: House) -> None:
    house.verdict("files-1", client("10.0.2.21"))
    port = house.cut("port")
    house.decide(port.id)
    house.hub(h.CommandDone(house.one(h.PortAsked).command))
    assert [each.machine for each in house.of(h.MachineCut) if each.how == "port"] == ["pc-a", "pc-b"]
    house.decide(port.id, "undo")
    house.hub(h.CommandDone(house.of(h.PortAsked)[-1].command))
    assert [each.machine for each in house.of(h.MachineFreed)] == ["pc-a", "pc-b"]


def test_17_a_cut_rolled_back_everywhere_is_said_to_be_gone_and_may_come_again(house: House) -> None:
    house.verdict("files-1", client("10.0.1.2"))
    isolate = house.cut("isolate", "files-2")
    house.decide(isolate.id)
    order = house.orders(isolate)[0]
    house.agent("files-2", h.OrderApplied(order.command, isolate.id, "done"))
    house.agent("files-2", h.CutUndone(isolate.id, order.command, "apply window"))
    assert standing(isolate).state == "failed"
    assert [each.cut for each in house.of(h.MachineFreed)] == [isolate.id]
    house.decide(isolate.id)
    house.obey()
    assert [each.cut for each in house.of(h.MachineCut) if each.how == "isolate"] == [isolate.id] * 2


def test_18_a_root_attacker_who_kills_the_agent_first(house: House) -> None:
    """Silence, then harm from that server's addresses elsewhere: refused by its neighbours, and shut at its port."""
    house.hub(h.AgentSilent("files-2", START - 3))
    house.verdict("files-1", client("10.0.1.2", "root"))
    assert house.incident().severity == 3
    block, port = house.cut("block", "files-2"), house.cut("port", "files-2")
    assert [each.machine for each in house.orders(block, "block")] == ["files-1", "files-3"]  # not clinical: at once
    assert house.one(h.PortAsked).machine == "files-2" and port.by
    assert house.cut("isolate", "files-2").refused


def test_18_where_a_clinical_service_hangs_on_it_a_person_decides(house: House) -> None:
    house.verdict("files-2", client("10.0.1.1"))
    house.hub(h.AgentSilent("files-1", house.now))
    assert house.incident().severity == 3
    assert {house.cut("block").needs, house.cut("port", "files-1").needs} == {"one"}


def test_18_recurrence_from_another_address_with_the_same_account(house: House) -> None:
    """The story: two bursts hours apart."""
    house.verdict("files-1", client(WS1, "carla"))
    house.obey()
    house.after(3 * HOUR).verdict("files-2", client(STRANGER, "carla"))
    joined = house.of(h.HarmJoined)[-1]
    assert joined.recurrence and joined.why in ("same account", "same tool")
    assert len(house.state.incidents) == 1
    assert len(house.orders(house.cut("block", STRANGER), "block")) == 3
    assert house.cut("account").rank == 1  # two machines, one account: that is the narrowest now


def test_18_many_spreaders_with_one_account(house: House) -> None:
    for number in range(1, 13):
        house.verdict("files-1", client(f"10.5.0.{number}", "CLINIC\\gpo"))
    account = house.cut("account")
    assert (account.rank, account.needs, account.where) == (1, "one", list(SERVERS))
    assert len({each.target for each in house.state.cuts.values() if each.action == "block" and each.by}) == 12
    house.decide(account.id)
    assert [each.value for each in house.orders(account)[0].users] == [b"CLINIC\\gpo"]


def test_19_in_a_closed_incident_only_an_undo_is_left(house: House) -> None:
    house.verdict("files-1", client(BLOOD))
    house.verdict("files-1", client(WS1))
    house.obey()
    house.hub(h.IncidentClosed(house.incident().id, "okafor"))
    assert not house.of(h.OrderAsked, house.decide(house.cut("block", "ws-blood").id))
    assert not house.of(h.CutProposed, house.hub(h.AgentSilent("files-1", house.now)))
    assert house.of(h.OrderAsked, house.decide(house.cut("block", "ws-1").id, "undo"))


# --- the fold ---------------------------------------------------------------------------------------------------------


def test_a_replay_gives_the_same_state_and_a_snapshot_holds_it(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"), client(LABGW, "x"))
    house.obey()
    house.after(3 * HOUR).verdict("files-2", process())
    house.decide(house.cut("account").id)
    assert house.replayed() == house.state
    assert msgspec.json.decode(msgspec.json.encode(house.state), type=State) == house.state


def test_closed_incidents_are_forgotten_but_not_one_whose_cut_is_in_force(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garde.contain.state.CLOSED", 2)
    house.verdict("files-1", client(WS1), ending=b".a")
    house.obey()
    first = house.incident().id
    house.hub(h.IncidentClosed(first, "okafor"))
    for number in range(5):
        house.after(5 * HOUR).verdict("files-1", client(BLOOD), ending=b".%d" % number)
        house.hub(h.IncidentClosed(list(house.state.incidents)[-1], "okafor"))
    assert len(house.state.incidents) == 3 and first in house.state.incidents
    assert {each.incident for each in house.state.cuts.values()} <= set(house.state.incidents)


def test_a_report_is_decided_within_two_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the example of 46 machines. The best of several: a loaded machine is no fault of ours."""
    estate = load(HERE / "src/garde/estate/sample/hospital.yaml").estate
    assert estate is not None
    look = Lookup(estate)
    best = 1.0
    for _ in range(5):
        house = House(estate, tuple(each.id for each in look.agents))
        begun, write = time.perf_counter(), house._write
        spent = [0.0]

        def timed(*what: object, write: object = write, spent: list[float] = spent) -> object:
            since = time.perf_counter()
            made = write(*what)  # type: ignore[operator]
            spent[0] += time.perf_counter() - since
            return made

        monkeypatch.setattr(house, "_write", timed)
        house.verdict("files-1", client("10.20.20.32", "x"))
        best = min(best, time.perf_counter() - begun - spent[0])
    assert best < 0.002


def test_three_workstations_at_once_and_none_is_forgotten(house: House) -> None:
    house.verdict("files-1", client(WS1), client(WS2), client(WS3))
    assert {each.target for each in house.state.cuts.values() if each.action == "block" and each.by} == {
        "ws-1",
        "ws-2",
        "ws-3",
    }
