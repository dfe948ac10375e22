"""What would stop it, and at what price: one test for each rule of `planner.py`."""

from __future__ import annotations

import dataclasses

import pytest
from contain_house import (
    BLOOD,
    ESTATE,
    LABGW,
    MACHINES,
    SERVERS,
    STRANGER,
    WS1,
    WS2,
    House,
    client,
    estate_with,
    process,
)

from garde.contain import planner, spread
from garde.contain.planner import Crew, Proposal
from garde.estate.look import Lookup
from garde.estate.nouns import Gateway, Never
from garde.journal import hub_kinds as h
from garde.journal import kinds as k

EVERYBODY = Crew()


def plan(house: House, crew: Crew = EVERYBODY) -> dict[str, Proposal]:
    return {each.key: each for each in planner.plan(spread.picture(house.incident()), house.look, crew)}


def test_1_a_client_is_refused_at_every_server(house: House) -> None:
    house.verdict("files-1", client(WS1))
    block = plan(house)["block ws-1"]
    assert (block.where, block.addresses, block.rank) == (SERVERS, (WS1, "fd00::1"), 1)


def test_1_an_unknown_address_as_well(house: House) -> None:
    house.verdict("files-1", client(STRANGER))
    block = plan(house)[f"block {STRANGER}"]
    assert (block.where, block.addresses, block.refused) == (SERVERS, (STRANGER,), "")


def test_1_a_server_that_spreads_is_refused_at_every_other_one(house: House) -> None:
    house.verdict("files-2", client("10.0.1.1"))
    assert plan(house)["block files-1"].where == ("files-2", "files-3")


def test_1_only_servers_whose_agents_are_enrolled_can_be_asked(house: House) -> None:
    house.verdict("files-1", client(WS1))
    crew = Crew(frozenset({"files-1", "files-3"}), frozenset({"files-3"}))
    assert plan(house, crew)["block ws-1"].where == ("files-1", "files-3")
    assert plan(house, Crew(frozenset({"gw-1"})))["block ws-1"].refused == planner.NO_AGENT


def test_2_who_may_not_be_refused_has_its_users_sessions_ended(house: House) -> None:
    house.verdict("files-1", client(LABGW, "analyser", "guest"))
    found = plan(house)
    assert "Results go through it" in found["block labgw-1"].refused
    kick = found["kick labgw-1"]
    assert (kick.users, kick.addresses, kick.where, kick.refused) == (("analyser",), (), SERVERS, "")
    house.verdict("files-1", client(WS1, "carla"))
    assert "kick ws-1" not in plan(house)


def test_3_accounts_of_spreaders_are_to_be_shut(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla", "guest"), id="v1")
    found = plan(house)
    assert not any(key.startswith("account") for key in found)  # two users on one connection: which of them?
    house.verdict("files-2", client(WS2, "dirk"))
    account = plan(house)["account dirk"]
    assert (account.users, account.where, account.impact.price) == (("dirk",), SERVERS, ())
    assert account.rank > plan(house)["block ws-2"].rank


def test_3_a_shared_account_is_narrower_than_refusing_each_spreader(house: House) -> None:
    for number in range(1, 4):
        house.verdict("files-1", client(f"10.0.2.{number}", "CLINIC\\svc"))
    found = plan(house)
    assert found["account CLINIC\\\\svc"].rank == 1
    assert {found[f"block ws-{number}"].rank for number in range(1, 4)} == {2}
    assert found["read_only shares"].rank == 3


def test_3_every_spelling_of_an_account_is_shut(house: House) -> None:
    house.verdict("files-1", client(WS1, "CLINIC\\svc"))
    house.verdict("files-1", client(WS2, "svc"))
    assert set(plan(house)["account CLINIC\\\\svc"].users) == {"CLINIC\\svc", "svc"}
    assert "account svc" not in plan(house)


def test_4_a_spreaders_switch_port_is_to_be_shut(house: House) -> None:
    house.verdict("files-1", client(WS1))
    port = plan(house)["port ws-1"]
    assert (port.where, port.refused, port.by_port) == (("sw-1",), "", True)


def test_4_a_switch_that_cannot_be_asked_is_shown_with_the_place_to_unplug(house: House) -> None:
    house.verdict("files-1", client("10.0.2.4"))
    assert plan(house)["port ws-4"].refused.endswith("unplug it by hand, at sw-2, w4")


def test_4_an_unknown_address_has_no_port(house: House) -> None:
    house.verdict("files-1", client(STRANGER))
    assert not any(each.action == "port" for each in plan(house).values())


def test_5_a_spreader_with_an_agent_is_to_be_isolated(house: House) -> None:
    house.verdict("files-2", client("10.0.1.1"))
    found = plan(house)
    assert found["isolate files-1"].rank < found["port files-1"].rank < found["isolate files-2"].rank
    assert found["isolate files-1"].where == ("files-1",)


def test_5_a_server_that_harms_itself_is_first_to_be_isolated(house: House) -> None:
    house.verdict("files-1", process())
    found = plan(house)
    assert found["isolate files-1"].rank == 1
    assert "read_only shares" not in found and not any(each.action == "block" for each in found.values())


def test_5_one_whose_agent_is_silent_is_cut_by_its_neighbours_and_its_port(house: House) -> None:
    house.verdict("files-2", client("10.0.1.1"))
    found = plan(house, Crew(silent=frozenset({"files-1"})))
    assert found["isolate files-1"].refused == planner.IS_SILENT
    assert found["port files-1"].by_port and not found["port files-1"].refused
    assert found["block files-1"].where == ("files-2", "files-3")


def test_6_wider_cuts(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"))
    house.verdict("files-3", client(WS1, "carla"))
    found = plan(house)
    order = ["block ws-1", "account carla", "port ws-1", "read_only shares", "isolate files-1", "outside gw-1"]
    assert sorted(order, key=lambda key: found[key].rank) == order
    assert found["read_only shares"].where == ("files-1", "files-3")
    assert found["isolate files-3"].rank == found["isolate files-1"].rank


def test_7_what_nobody_can_attribute_begins_with_read_only(house: House) -> None:
    house.verdict("files-1", k.ActorNote("kernel"))
    found = plan(house)
    assert (found["read_only shares"].rank, found["isolate files-1"].rank) == (1, 2)


@pytest.mark.parametrize(
    ("address", "key", "price", "degraded"),
    [
        (BLOOD, "block ws-blood", ("blood",), ()),
        (BLOOD, "port ws-blood", ("blood",), ()),
        (WS1, "block ws-1", (), ()),
        (WS1, "isolate files-1", ("record",), ("pharmacy",)),
        (WS1, "read_only shares", (), ("record",)),
        (WS1, "outside gw-1", (), ("pharmacy",)),
        ("10.0.2.21", "block pc-a", (), ()),
        ("10.0.2.21", "port pc-a", ("beds",), ()),  # another machine hangs on the same port
    ],
)
def test_8_the_price_in_care(
    house: House, address: str, key: str, price: tuple[str, ...], degraded: tuple[str, ...]
) -> None:
    house.verdict("files-1", client(address))
    impact = plan(house)[key].impact
    assert (impact.price, impact.degraded) == (price, degraded)
    assert "blood" in impact.works or "blood" in price


def test_8_what_is_not_clinical_stops_without_a_price(house: House) -> None:
    house.verdict("files-1", client(WS1))
    assert plan(house)["outside gw-1"].impact.stopped == ("internet",)


@pytest.mark.parametrize(
    ("address", "action", "reason"),
    [
        ("10.0.0.10", "block", "hub"),
        ("10.0.0.1", "block", "gateway"),
        ("10.0.1.254", "block", "gateway"),
        (LABGW, "block", "never-cut"),
        (LABGW, "port", "never-cut"),
        ("10.0.0.10", "port", "hub"),
        ("224.0.0.1", "block", "no single other machine"),
    ],
)
def test_9_never(house: House, address: str, action: str, reason: str) -> None:
    house.verdict("files-1", client(address))
    found = [each for each in plan(house).values() if each.action == action]
    assert len(found) == 1 and reason in found[0].refused


def test_9_a_port_behind_which_the_hub_hangs_is_never_shut(house: House) -> None:
    moved = [dataclasses.replace(each, port="w1") if each.id == "hub-1" else each for each in MACHINES]
    house.load(estate_with(machines=tuple(moved)))
    house.verdict("files-1", client(WS1))
    assert "hub-1 hangs on the same port" in plan(house)["port ws-1"].refused


def test_9_one_address_on_the_list_is_enough(house: House) -> None:
    house.load(estate_with(never_cut=(Never("fd00::1", "pagers"),)))
    house.verdict("files-1", client(WS1))
    assert "pagers" in plan(house)["block ws-1"].refused


def test_9_a_gateway_without_an_agent_or_an_outside_is_shown_and_not_offered(house: House) -> None:
    house.verdict("files-1", client(WS1))
    assert plan(house, Crew(frozenset(SERVERS)))["outside gw-1"].refused == planner.NO_GATEWAY_AGENT
    house.load(estate_with(gateways=(Gateway("gw-1", ()),)))
    assert plan(house)["outside gw-1"].refused == planner.NO_OUTSIDE


def test_10_ranks_have_no_gaps(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"), process())
    house.verdict("files-2", client(LABGW, "x"))
    ranks = {each.rank for each in plan(house).values()}
    assert ranks == set(range(1, len(ranks) + 1))


def test_a_dry_run_of_one_machine(house: House) -> None:
    found = {each.key: each for each in planner.plan_machine(BLOOD, house.look, EVERYBODY)}
    assert list(found) == ["block ws-blood", "port ws-blood", "outside gw-1"]
    assert found["block ws-blood"].impact.price == ("blood",)
    assert planner.plan_machine("ws-blood", house.look, EVERYBODY) == tuple(found.values())
    assert planner.plan_machine("no such thing", house.look, EVERYBODY) == ()


def test_without_a_hospital_nothing_is_offered(house: House) -> None:
    house.verdict("files-1", client(WS1))
    empty = Lookup(dataclasses.replace(ESTATE, machines=(), services=(), gateways=(), never_cut=()))
    found = planner.plan(spread.picture(house.incident()), empty, EVERYBODY)
    assert [(each.action, each.refused) for each in found] == [("block", planner.NO_AGENT)]


def test_what_the_estate_answers_is_kept_for_one_estate_only(house: House) -> None:
    house.verdict("files-1", client(BLOOD))
    assert plan(house)["block ws-blood"].impact.price == ("blood",)
    house.load(estate_with(services=()))
    assert plan(house)["block ws-blood"].impact.price == ()


def test_spread_and_plan_go_together_in_the_journal(house: House) -> None:
    house.verdict("files-1", client(WS1))
    proposed = {f"{each.action} {each.target}": each for each in house.of(h.CutProposed)}
    assert {key: each.rank for key, each in proposed.items()} == {key: it.rank for key, it in plan(house).items()}
    assert all(each.undo for each in proposed.values())
