"""The way back, as care sees it: what keeps the plan from being lifted, and what must be entered again."""

from __future__ import annotations

import pytest
from emergency_house import PLAN, START, House, plan_with

from garde.emergency import standdown
from garde.emergency.board import make_board
from garde.emergency.nouns import Criterion
from garde.emergency.sheets import board_sheet
from garde.emergency.standdown import Judged
from garde.emergency.words import EMERGENCY_LOCALE, Voice
from garde.journal import hub_kinds as h
from garde.journal import paper_kinds as paper
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as r
from garde.journal.speech import long_time, say_in

BACK = plan_with(
    stand_down=(
        Criterion("restart", {"en": "Nobody on the way"}, "restart", 3600),
        Criterion("watch", {"en": "Watched"}, "watch"),
        Criterion("paper", {"en": "Paper"}, "paper", most=10),
    )
)


@pytest.fixture
def house() -> House:
    made = House(plan=BACK)
    made.trigger()
    return made


def step(house: House, machine: str, stage: str) -> None:
    house.hub(r.StepMoved(machine, 1, 1, "waiting", stage, "x", "rule"))


def heard(house: House, fact: str, subject: str, state: str) -> None:
    house.hub(paper.FactHeard(fact, subject, state, START, "aa"))


def judged(house: House, name: str, after: float = 0.0) -> Judged:
    found = standdown.judge(house.state, house.look, house.now + after)
    return next(each for each in found if each.criterion.id == name)


# --- standing down ----------------------------------------------------------------------------------------------------


def test_a_server_on_its_way_back_or_cut_again_keeps_the_plan(house: House) -> None:
    assert judged(house, "restart").met
    for stage in ("isolated", "verified", "observing", "listed", "recut"):
        step(house, "rec", stage)
        assert judged(house, "restart", 1e6).open == ("rec",) and not judged(house, "restart", 1e6).met
    step(house, "rec", "open")
    assert judged(house, "restart").met


def test_none_may_have_been_cut_again_for_so_long(house: House) -> None:
    house.hub(r.MachineRecut("rec", 1, "rec", "a verdict"))
    assert judged(house, "restart", 1e6).open == ("rec",)
    step(house, "rec", "waiting")
    assert not judged(house, "restart", 3599).met
    assert judged(house, "restart", 3600).met and judged(house, "restart", 3600).since == house.now


def test_the_reinforced_watch_has_an_end_that_has_not_come(house: House) -> None:
    assert not judged(house, "watch").met
    house.say("person/anna", r.WatchReinforced(house.now + 100, "anna", "operator"))
    assert judged(house, "watch") == Judged(BACK.stand_down[1], True, by="anna", until=house.now + 100)
    assert not judged(house, "watch", 100).met
    house.say("person/anna", r.WatchReinforced(0.0, "anna", "operator"))
    assert not judged(house, "watch").met


def test_what_wards_have_on_paper_is_what_the_desk_says(house: House) -> None:
    heard(house, "downtime", "w1", "began")
    heard(house, "downtime", "w2", "began")
    heard(house, "switched", "w2", "90")
    assert judged(house, "paper").open == ("w1",)
    heard(house, "switched", "w1", "89")
    assert judged(house, "paper").open == ("w1",)
    heard(house, "switched", "w1", "90")
    assert judged(house, "paper").met
    heard(house, "downtime", "*", "began")
    assert judged(house, "paper").open == ("*",)
    heard(house, "downtime", "*", "ended")
    assert judged(house, "paper").met


def test_where_no_desk_was_heard_paper_is_said_by_hand(house: House) -> None:
    house.say("person/anna", p.CriterionSaid("p-1", "paper", True, "anna", "operator"))
    assert judged(house, "paper") == Judged(BACK.stand_down[2], True, house.now, by="anna", by_hand=True)
    heard(house, "downtime", "w1", "began")
    assert not judged(house, "paper").met and not judged(house, "paper").by_hand


def test_an_agent_cannot_say_where_a_server_stands(house: House) -> None:
    house.agent("rec", r.StepMoved("rec", 1, 1, "waiting", "isolated", "x", "rule"))
    house.agent("rec", r.WatchReinforced(house.now + 100, "anna", "operator"))
    assert judged(house, "restart").met and not judged(house, "watch").met


# --- services ---------------------------------------------------------------------------------------------------------


def test_a_server_that_is_offered_again_has_passed_its_gate(house: House) -> None:
    house.incident()
    house.hub(h.HarmJoined("i1", "rec", "v1", "", (), "same hour"))
    assert house.services()["record"] == "degraded"
    step(house, "rec", "observing")
    assert house.services()["record"] == "degraded"
    step(house, "rec", "listed")
    assert house.services()["record"] == "works"


@pytest.mark.parametrize(("language", "words"), [("en", "Data after {} must be"), ("fr", "saisies après {} sont")])
def test_the_board_says_which_data_must_be_entered_again(house: House, language: str, words: str) -> None:
    voice = Voice(say_in(language, EMERGENCY_LOCALE), house.look, PLAN)
    house.hub(paper.ReenterSaid("rec", START - 60, "rule"), paper.ReenterSaid("record", START - 3600, "anna"))
    board = make_board(house.state, voice, house.now)
    rows = {each.id: each for each in board.rows}
    assert words.format(long_time(START - 3600)) in rows["record"].enter  # nothing after the earlier one is missed
    assert [each.id for each in board.rows if each.enter] == ["record"]
    assert rows["record"].enter in board_sheet(board).data["rows"][0]["text"]
    house.hub(paper.ReenterSaid("record", 0.0, "anna"))
    assert long_time(START - 60) in make_board(house.state, voice, house.now).rows[0].enter
    house.hub(paper.ReenterSaid("rec", 0.0, "anna"))
    assert not any(each.enter for each in make_board(house.state, voice, house.now).rows)


def test_a_replay_knows_the_same(house: House) -> None:
    step(house, "rec", "isolated")
    house.hub(r.MachineRecut("rec", 1, "rec", "x"), r.WatchReinforced(house.now + 9, "anna", "operator"))
    heard(house, "switched", "w1", "7")
    assert house.replayed() == house.state
