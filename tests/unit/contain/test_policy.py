"""What follows from an entry: one test for each rule of `policy.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from contain_house import (
    BLOOD,
    LABGW,
    RULES,
    SERVERS,
    WS1,
    WS2,
    House,
    client,
    estate_with,
)

from garde.contain import policy
from garde.contain.outcomes import standing
from garde.estate.nouns import Rule
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
