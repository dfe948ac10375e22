"""What follows from an entry: one test for each rule of `policy.py`."""

from __future__ import annotations

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

from garde.contain.memory import HOUR, State
from garde.contain.outcomes import standing
from garde.estate.nouns import Rule
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import notice_kinds as n

HERE = Path(__file__).resolve().parents[3]


def kinds(entries: list[k.Payload] | list[object]) -> list[str]:
    return [each.kind for each in entries]  # type: ignore[attr-defined]


# --- 13: sound evidence -----------------------------------------------------------------------------------------------


def clear(house: House, server: str, verdict: str) -> list[object]:
    return list(
        house.agent(server, k.HoldReleased("h", verdict, "agent", "read again, the files are sound", cleared=True))
    )


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


def test_three_workstations_at_once_and_none_is_forgotten(house: House) -> None:
    house.verdict("files-1", client(WS1), client(WS2), client(WS3))
    assert {each.target for each in house.state.cuts.values() if each.action == "block" and each.by} == {
        "ws-1",
        "ws-2",
        "ws-3",
    }


# --- 20: nobody could be reached --------------------------------------------------------------------------------------


def called_for(house: House) -> str:
    two_servers_hit_by_a_clinical_client(house)
    incident = house.incident().id
    house.hub(n.NoticeNeeded("call", incident, (), ("on_call_it",), (), False, 300.0))
    return incident


def test_20_nobody_reached_applies_the_rules_whose_time_has_passed(house: House) -> None:
    called_for(house)
    house.after(300).verdict("files-1", client(BLOOD))
    written = house.hub(n.NoticeUnanswered("call", ("okafor",), "nobody"), n.NoticeUnanswered("call", (), "nobody"))
    orders = [(each.machine, each.verb) for each in house.of(h.OrderAsked, written)]
    assert set(orders) == {("files-1", "isolate"), ("files-2", "isolate"), ("gw-1", "outside")}
    assert len(orders) == 3  # said twice in one batch, done once


@pytest.mark.parametrize("how", ["too early", "answered", "about something else", "an agent's word"])
def test_20_and_never_else(house: House, how: str) -> None:
    incident = called_for(house)
    if how == "answered":
        house.hub(h.IncidentAnswered(incident, "okafor"))
    house.after(100 if how == "too early" else 300).verdict("files-1", client(BLOOD))
    notice = n.NoticeUnanswered("other" if how == "about something else" else "call", (), "nobody")
    written = house.agent("files-1", notice) if how == "an agent's word" else house.hub(notice)
    assert not house.of(h.OrderAsked, written)
