"""What becomes of a cut: one test for each rule of `outcomes.py`."""

from __future__ import annotations

import pytest
from contain_house import SERVERS, WS1, House, client

from garde.contain.memory import Cut
from garde.contain.outcomes import standing
from garde.journal import hub_kinds as h


@pytest.fixture
def block(house: House) -> Cut:
    """An automatic block at three servers, asked and not answered."""
    house.verdict("files-1", client(WS1, "carla"))
    return house.cut("block")


def applied(house: House, cut: Cut, machine: str) -> h.OrderApplied:
    (order,) = [each for each in house.orders(cut, "block") if each.machine == machine][-1:]
    return h.OrderApplied(order.command, cut.id, "done")


def command(house: House, cut: Cut, machine: str, verb: str = "block") -> str:
    return [each for each in house.orders(cut, verb) if each.machine == machine][-1].command


def tried(house: House, cut: Cut, machine: str, proven: bool) -> h.CutTried:
    return h.CutTried(command(house, cut, machine), cut.id, proven, (h.Check("x", True, proven),))


def test_asked_applied_and_proven_are_three_facts(house: House, block: Cut) -> None:
    assert standing(block) == ("asked", 3, 0, 0, ())
    for machine in SERVERS:
        house.agent(machine, applied(house, block, machine))
    assert standing(block) == ("applied", 3, 3, 0, ())
    for machine in SERVERS[:2]:
        house.agent(machine, tried(house, block, machine, True))
    assert standing(block) == ("applied", 3, 3, 2, ())
    house.agent(SERVERS[2], tried(house, block, SERVERS[2], True))
    assert standing(block) == ("proven", 3, 3, 3, ())


def test_1_only_the_agent_that_was_asked_or_the_hub_says_what_became_of_it(house: House, block: Cut) -> None:
    house.agent("files-2", applied(house, block, "files-1"), tried(house, block, "files-1", True))
    house.agent("gw-1", h.CutUndone(block.id, "", "code"))
    house.agent("files-1", h.OrderApplied("no such command", block.id, "done"))
    assert standing(block).applied == 0
    house.hub(h.CommandFailed(command(house, block, "files-1"), "it did not fetch it"))
    assert standing(block).lacking == ("files-1",)


def test_2_proven_only_where_every_machine_has_proven_it(house: House, block: Cut) -> None:
    house.obey("files-1", "files-2")
    assert standing(block) == ("asked", 3, 2, 2, ())
    house.obey("files-3")
    assert standing(block).state == "proven"


def test_3_a_failed_proof_is_never_done(house: House, block: Cut) -> None:
    house.obey("files-1", "files-2")
    house.agent("files-3", applied(house, block, "files-3"), tried(house, block, "files-3", False))
    assert standing(block) == ("not_proven", 3, 3, 2, ("files-3",))
    house.agent("files-3", tried(house, block, "files-3", True))  # tried once more
    assert standing(block).state == "proven"


def test_3_a_machine_that_lacks_it_while_others_hold_makes_it_not_proven(house: House, block: Cut) -> None:
    house.obey("files-1", "files-2")
    house.agent("files-3", h.OrderRefused(command(house, block, "files-3"), block.id, "NEVER-CUT", "it is the hub"))
    assert standing(block) == ("not_proven", 3, 2, 2, ("files-3",))


def test_4_where_nothing_holds_it_has_failed(house: House, block: Cut) -> None:
    for machine in SERVERS:
        assert standing(block).state == "asked"
        house.hub(h.CommandFailed(command(house, block, machine), "expired"))
    assert standing(block) == ("failed", 3, 0, 0, SERVERS)


def test_5_a_kick_that_finds_no_samba_takes_nothing_from_the_block(house: House, block: Cut) -> None:
    for order in house.orders(block, "kick"):
        house.agent(order.machine, h.OrderRefused(order.command, block.id, "UNAVAILABLE", "no smbd"))
    house.obey()
    assert standing(block).state == "proven"


def test_5_where_there_is_no_samba_and_no_harm_an_account_has_nothing_to_be_shut_at(house: House, block: Cut) -> None:
    cut = house.cut("account")
    house.decide(cut.id)
    house.agent("files-3", h.OrderRefused(command(house, cut, "files-3", "account"), cut.id, "UNAVAILABLE", "no smbd"))
    house.obey()
    assert standing(cut) == ("proven", 2, 2, 2, ())


def test_5_but_where_there_was_harm_it_is_lacking(house: House, block: Cut) -> None:
    cut = house.cut("account")
    house.decide(cut.id)
    house.agent("files-1", h.OrderRefused(command(house, cut, "files-1", "account"), cut.id, "UNAVAILABLE", "no tool"))
    house.obey()
    assert standing(cut) == ("not_proven", 3, 2, 2, ("files-1",))


def test_6_a_late_word_counts(house: House, block: Cut) -> None:
    house.obey("files-1", "files-2")
    house.hub(h.CommandFailed(command(house, block, "files-3"), "expired"))
    assert standing(block).state == "not_proven"
    house.agent("files-3", applied(house, block, "files-3"), tried(house, block, "files-3", True))
    assert standing(block).state == "proven"
    house.hub(h.CommandFailed(command(house, block, "files-3"), "expired"))
    assert standing(block).state == "proven"


def test_6_the_failure_of_an_older_command_is_nothing(house: House, block: Cut) -> None:
    old = command(house, block, "files-3")
    house.hub(h.CommandFailed(old, "expired"), h.AgentSilent("files-3", house.now))
    house.hub(h.AgentAlive("files-3", "enforce", "enforce", 60.0))
    assert command(house, block, "files-3") != old
    house.hub(h.CommandFailed(old, "expired"))
    assert standing(block).lacking == ()


def test_7_undone_when_every_machine_says_so(house: House, block: Cut) -> None:
    house.obey()
    house.decide(block.id, "undo")
    assert standing(block) == ("undoing", 3, 3, 3, ())
    house.obey("files-1")
    assert standing(block) == ("undoing", 3, 2, 2, ())
    house.obey()
    assert standing(block) == ("undone", 3, 0, 0, ())
    assert house.changes(block)[-1] == "undone"


def test_7_one_that_cannot_be_undone_somewhere_is_lacking_there(house: House, block: Cut) -> None:
    house.obey()
    house.decide(block.id, "undo")
    house.obey("files-1", "files-2")
    house.hub(h.CommandFailed(command(house, block, "files-3", "undo"), "expired"))
    assert standing(block) == ("undoing", 3, 1, 1, ("files-3",))
    house.decide(block.id, "undo")
    house.obey()
    assert standing(block).state == "undone"


def test_7_by_hand_at_every_machine_counts_as_well(house: House, block: Cut) -> None:
    house.obey()
    for machine in SERVERS:
        house.agent(machine, h.CutUndone(block.id, "", "code"))
    assert house.changes(block)[-1] == "undone" and block.undone
    assert [each.machine for each in house.of(h.MachineFreed)] == ["ws-1"]


def test_7_what_was_refused_needs_no_undo(house: House, block: Cut) -> None:
    for machine in SERVERS:
        house.agent(machine, h.OrderRefused(command(house, block, machine), block.id, "FAILED", "nft"))
    house.decide(block.id, "undo")
    assert [each.machine for each in house.orders(block, "undo")] == list(SERVERS)  # for the kicks beside it
    house.obey()
    assert standing(block).state == "undone"


def test_7_what_is_applied_after_the_undo_was_asked_is_undone_as_well(house: House, block: Cut) -> None:
    house.agent("files-3", h.OrderRefused(command(house, block, "files-3"), block.id, "FAILED", "nft"))
    kick = command(house, block, "files-3", "kick")
    house.agent("files-3", h.OrderRefused(kick, block.id, "UNAVAILABLE", "no smbd"))
    house.obey("files-1", "files-2")
    house.decide(block.id, "undo")
    assert {each.machine for each in house.orders(block, "undo")} == {"files-1", "files-2"}
    house.obey()
    assert standing(block).state == "undone"
    house.agent("files-3", applied(house, block, "files-3"))
    assert house.orders(block, "undo")[-1].machine == "files-3"


def test_8_freed_by_hand_at_one_machine_is_lacking_there_and_not_asked_again(house: House, block: Cut) -> None:
    house.obey()
    house.agent("files-2", h.CutUndone(block.id, "", "code"))
    assert standing(block) == ("not_proven", 3, 2, 2, ("files-2",))
    before = len(house.orders(block))
    house.hub(h.AgentSilent("files-2", house.now), h.AgentAlive("files-2", "enforce", "enforce", 30.0))
    assert len(house.orders(block)) == before


def test_8_rolled_back_because_the_hub_was_lost_is_lacking(house: House, block: Cut) -> None:
    house.obey()
    house.agent("files-2", h.CutUndone(block.id, command(house, block, "files-2"), "apply window"))
    assert standing(block) == ("not_proven", 3, 2, 2, ("files-2",))


def test_9_a_cut_in_force_loses_no_address_and_no_machine(house: House, block: Cut) -> None:
    addresses, where = list(block.addresses), list(block.where)
    proposed = next(each for each in house.of(h.CutProposed) if each.cut == block.id)
    house.hub(h.CutProposed(**{
        **{name: getattr(proposed, name) for name in proposed.__dataclass_fields__}, "addresses": (), "where": (),
    }))  # fmt: skip
    assert (block.addresses, block.where) == (addresses, where)


def test_outcomes_of_what_is_not_known_change_nothing(house: House) -> None:
    house.agent(
        "files-1", h.OrderApplied("x", "y", ""), h.OrderRefused("x", "y", "", ""), h.CutTried("x", "y", True, ()),
        h.CutUndone("y", "", "code"), h.CutUndone("y", "x", "hub"),
    )  # fmt: skip
    house.hub(h.CommandDone("x"), h.CommandFailed("x", ""), h.CutChanged("y", "undone", 0, 0, 0))
    house.hub(h.CutDecided("y", "approve", "okafor", "operator"), h.OrderAsked(cut="y", machine="files-1", verb="undo"))
    assert not house.state.cuts and not house.of(h.CutChanged)[1:]
