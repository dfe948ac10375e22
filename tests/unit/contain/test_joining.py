"""An incident that turns out to be part of an earlier one: one test a rule of `joining.py`."""

from __future__ import annotations

import pytest
from contain_house import START, WS1, WS2, WS3, House, client

from garde.contain.memory import HOUR
from garde.hub.board import Board
from garde.hub.board import project as fold_board
from garde.journal import hub_kinds as h
from garde.journal import kinds as k


@pytest.fixture
def house() -> House:
    """Hours ago ws-1 did harm with carla's account; now ws-2 does, and nobody knows yet with whose."""
    made = House()
    made.verdict("files-1", client(WS1), ending=b".a", id="v1")
    made.agent("files-1", k.ActorHeld("h1", "v1", "smb", client(WS1, "carla"), (1,), 4))
    made.after(3 * HOUR).verdict("files-2", client(WS2), ending=b".b", id="v2")
    assert len(made.state.incidents) == 2
    return made


def held(house: House, *users: str) -> None:
    house.agent("files-2", k.ActorHeld("h2", "v2", "smb", client(WS2, *users), (2,), 5))


def ids(house: House) -> tuple[str, str]:
    first, second = house.state.incidents
    return first, second


def test_1_an_account_learnt_with_the_hold_joins_it_to_the_earlier_one(house: House) -> None:
    held(house, "CLINIC\\Carla")
    first, second = ids(house)
    joined = house.one(h.IncidentJoined)
    assert (joined.incident, joined.into, joined.why) == (second, first, "same account")
    assert [each.id for each in house.state.incidents.values() if not each.closed] == [first]


def test_1_an_account_that_another_servers_report_brings_joins_it_as_well(house: House) -> None:
    house.verdict("files-3", client(WS2, "carla"), ending=b".b", id="v3")
    first, second = ids(house)
    assert [each.incident for each in house.of(h.HarmJoined)] == [first, second, second]
    joined = house.one(h.IncidentJoined)
    assert (joined.incident, joined.into, joined.why, joined.recurrence) == (second, first, "same account", True)
    assert house.state == house.replayed()


def test_1_a_report_that_brings_nothing_new_leaves_it_alone(house: House) -> None:
    house.verdict("files-3", client(WS2, "dirk"), ending=b".b", id="v3")
    assert house.of(h.IncidentJoined) == []


def test_1_another_account_leaves_it_alone(house: House) -> None:
    held(house, "dirk")
    assert house.of(h.IncidentJoined) == []


def test_1_what_is_learnt_later_is_two_incidents(house: House) -> None:
    house.after(HOUR)
    held(house, "carla")
    assert house.of(h.IncidentJoined) == []


def test_2_harm_and_cuts_go_on_there_under_their_ids(house: House) -> None:
    first, second = ids(house)
    cuts = {each.id for each in house.state.cuts.values() if each.incident == second and each.by}
    assert cuts
    held(house, "carla")
    old = house.state.incidents[first]
    assert set(old.traces) == {"ws-1|files-1", "ws-2|files-2"}
    assert old.traces["ws-2|files-2"].files == 5
    assert {each.incident for each in house.state.cuts.values()} == {first}
    assert cuts <= set(house.state.cuts)
    picture = house.of(h.SpreadFound)[-1]
    assert picture.incident == first and [each.source for each in picture.hops] == ["ws-1", "ws-2"]
    assert house.state == house.replayed()


def test_2_what_comes_after_it_belongs_to_the_earlier_one(house: House) -> None:
    held(house, "carla")
    first, _ = ids(house)
    house.after(60).verdict("files-3", client(WS2), ending=b".b")
    assert house.of(h.HarmJoined)[-1].incident == first
    house.after(60).verdict("files-3", client(WS3, "carla"), ending=b".c")
    assert house.of(h.HarmJoined)[-1].incident == first


def test_2_the_board_shows_one_incident_with_all_of_it(house: House) -> None:
    held(house, "carla")
    first, second = ids(house)
    board = Board()
    for entry in house.log:
        board = fold_board(board, entry)
    assert (board.incidents[second].state, board.incidents[second].into) == ("joined", first)
    assert (board.incidents[first].reports, board.incidents[first].recurrences) == (2, 1)
    assert {each.incident for each in board.cuts.values()} == {first}


def test_3_it_is_a_recurrence_that_nobody_has_answered(house: House) -> None:
    first, _ = ids(house)
    house.hub(h.IncidentAnswered(first, "okafor"))
    held(house, "carla")
    assert house.one(h.IncidentJoined).recurrence
    assert (house.state.incidents[first].answered, house.state.incidents[first].burst) == (False, 1)


def test_4_an_incident_in_somebodys_hand_stays_one_of_its_own(house: House) -> None:
    house.hub(h.IncidentAnswered(ids(house)[1], "okafor"))
    held(house, "carla")
    assert house.of(h.IncidentJoined) == []


def test_a_closed_incident_takes_nothing_back(house: House) -> None:
    house.hub(h.IncidentClosed(ids(house)[0], "okafor"))
    held(house, "carla")
    assert house.of(h.IncidentJoined) == []
    assert house.log[0].at == START
