"""What follows: one test for each rule of policy.py, and the faults."""

from __future__ import annotations

import pytest
from emergency_house import PLAN, House, plan_with
from hypothesis import given, settings
from hypothesis import strategies as st

from garde.emergency.canonical import plan_loaded
from garde.emergency.nouns import Trigger
from garde.journal import hub_kinds as h
from garde.journal import plan_kinds as p
from garde.journal.notice_kinds import NoticeOver
from garde.journal.text import Text

# --- 2: triggers ------------------------------------------------------------------------------------------------------


def test_a_trigger_proposes_its_phase_and_asks_whoever_leads(house: House) -> None:
    house.incident(2)
    (said,) = house.state.proposals
    assert house.one(p.PlanProposed) == p.PlanProposed(said, "info", "serious", "i1", (), "severity")
    (asked,) = house.notices("proposal")
    assert asked.roles == ("general_director",) and not asked.all_must
    assert dict(asked.texts)["fr"].startswith("Le plan d’urgence devrait être déclenché : Plusieurs serveurs.")
    assert all(text.count("\n") == 1 for _, text in asked.texts)


def test_a_service_that_stops_proposes_a_graver_one_and_settles_the_lesser(house: House) -> None:
    house.incident(2)
    house.cut("rec")
    (said,) = house.state.proposals
    assert house.of(p.PlanProposed)[-1] == p.PlanProposed(said, "action", "care", "i1", ("record",), "service")


def test_whoever_was_to_decide_is_called_no_more_once_it_is_decided(house: House) -> None:
    """Triggered by hand, rejected, or overtaken by a graver proposal."""
    house.incident(2)
    house.cut("rec")
    first, second = (each.notice for each in house.notices("proposal"))
    assert [each.notice for each in house.of(NoticeOver)] == [first], "the graver one overtook it"
    house.trigger()
    assert [each.notice for each in house.of(NoticeOver)] == [first, second]


def test_a_rejected_proposal_calls_nobody_any_more(house: House) -> None:
    house.cut("rec")
    house.say("person/anna", p.PlanRejected(next(iter(house.state.proposals)), "anna", "operator"))
    (asked,) = house.notices("proposal")
    assert house.one(NoticeOver) == NoticeOver(asked.notice, "decided")


def test_several_at_once_propose_the_gravest_once(house: House) -> None:
    house.cut("rec", "lis", "pacs")
    assert [each.phase for each in house.of(p.PlanProposed)] == ["action", "max"]
    house = House()
    house.load(house.estate)
    house.cut("sw")  # nothing clinical hangs on it
    assert not house.of(p.PlanProposed)


def test_a_service_that_is_no_clinical_one_proposes_nothing(house: House) -> None:
    house.cut("mail")
    assert house.services()["mail"] == "closed" and not house.of(p.PlanProposed)


def test_a_rejected_proposal_is_not_made_again_by_the_same_cause(house: House) -> None:
    house.cut("rec")
    house.say("person/anna", p.PlanRejected(next(iter(house.state.proposals)), "anna", "operator", Text("not yet")))
    house.cut("rec", cut="c2")
    assert not house.state.proposals and len(house.of(p.PlanProposed)) == 1
    house.free("rec")
    house.free("rec", cut="c2")
    house.cut("rec", cut="c3")
    assert len(house.of(p.PlanProposed)) == 2


def test_what_was_there_before_the_plan_is_proposed_when_it_is_loaded() -> None:
    house = House(plan=None)
    house.incident(2)
    house.cut("rec")
    assert not house.of(p.PlanProposed)
    house.hub(plan_loaded(PLAN, "small.yaml"))
    assert [each.phase for each in house.of(p.PlanProposed)] == ["action"]


def test_an_automatic_trigger_asks_nobody() -> None:
    now = Trigger("now", "action", {"en": "Now"}, services=("record",), needs="automatic")
    house = House(plan=plan_with(triggers=(now,)))
    house.cut("rec")
    assert (house.active().phase, house.active().by, house.active().trigger) == ("action", "plan", "now")
    assert not house.of(p.PlanProposed)


def test_two_automatic_triggers_in_one_transaction_make_one_plan_of_the_graver_phase() -> None:
    both = (
        Trigger("one", "action", {"en": "1"}, services=("any",), needs="automatic"),
        Trigger("two", "max", {"en": "2"}, services=("any",), count=2, needs="automatic"),
    )
    house = House(plan=plan_with(triggers=both))
    house.cut("rec", "lis")
    assert house.state.activations == 1 and house.active().phase == "max"
    given = [each.task for each in house.of(p.TaskGiven)]
    assert sorted(given) == sorted(set(given))


def test_a_trigger_only_leads_up(house: House) -> None:
    house.trigger("max")
    house.cut("rec", "lis")
    house.incident(3)
    assert not house.of(p.PlanProposed) and house.active().phase == "max"


def test_a_loop_of_triggers_ends() -> None:
    """A plan that `check` refuses and that stands in a journal all the same: by an older version, or by hand."""
    loop = (
        Trigger("up", "max", {"en": "Up"}, task="meet", needs="automatic"),
        Trigger("down", "info", {"en": "Down"}, task="help", needs="automatic"),
        Trigger("again", "max", {"en": "Again"}, task="suppliers", needs="automatic"),
    )
    house = House(plan=plan_with(triggers=loop))
    house.trigger("action")
    house.pass_time(10 * 86_400)
    assert house.active().phase == "max"
    assert len(house.of(p.PlanPhaseChanged)) == 1  # it went up once, and never down by itself


def test_an_incident_that_is_joined_into_another_proposes_nothing_anew(house: House) -> None:
    house.incident(1)
    house.incident(2, "i2")
    house.hub(h.IncidentJoined("i2", "i1", "same account"))
    assert {each.id: (each.severity, each.closed) for each in house.state.incidents.values()} == {
        "i1": (2, False),
        "i2": (2, True),
    }
    assert [each.incident for each in house.of(p.PlanProposed)] == ["i2"]
    assert [each.incident for each in house.state.proposals.values()] == ["i1"]
    house.hub(h.IncidentRaised("i1", 2, "two servers"))
    assert len(house.of(p.PlanProposed)) == 1


# --- 3, 4: in force ---------------------------------------------------------------------------------------------------


def test_a_phase_gives_its_tasks_and_those_that_were_passed_over(house: House) -> None:
    house.trigger("action")
    given = {each.task: each.due - house.now if each.due else 0 for each in house.of(p.TaskGiven)}
    assert given == {"suppliers": 600, "alert": 900, "meet": 1800, "log": 0}
    house.phase("max")
    assert [each.task for each in house.of(p.TaskGiven)][4:] == ["help"]


def test_a_phase_calls_its_lists_and_says_who_is_missing(house: House) -> None:
    house.trigger("action")
    cell, everybody = house.notices("call")
    assert (cell.people, cell.roles, cell.within_s, cell.all_must) == (
        (),
        ("general_director", "on_call_it"),
        1800,
        True,
    )
    assert (everybody.people, everybody.roles) == (("carl",), ())  # press: nobody
    assert house.one(p.RoleVacant) == p.RoleVacant("p-1", "press")
    assert dict(cell.texts)["fr"] == "Plan.\nVenez."


def test_the_plan_is_in_force_once_at_a_time(house: House) -> None:
    house.trigger("action")
    said = house.trigger("action") + house.trigger("info")
    assert [each.kind for each in said] == ["plan_triggered", "plan_triggered"]
    assert house.state.activations == 1 and house.active().phase == "action"


def test_going_down_and_up_again_gives_and_calls_nothing_twice(house: House) -> None:
    house.trigger("action")
    house.phase("info")
    house.phase("action")
    tasks = [each.task for each in house.of(p.TaskGiven)]
    assert len(tasks) == len(set(tasks)) == 4
    assert len(house.notices("call")) == 2


def test_a_second_time_is_a_new_one(house: House) -> None:
    house.trigger("action")
    house.say("person/anna", p.PlanStoodDown("p-1", (), "anna", "operator"))
    assert house.state.activation is None
    house.trigger("info")
    assert house.active().id == "p-2"
    assert [each.task for each in house.of(p.TaskGiven) if each.activation == "p-2"] == ["suppliers"]


def test_a_plan_with_a_role_nobody_holds_goes_on_without_it() -> None:
    house = House(estate=House().estate.__class__(name="Empty", languages=("en",)))
    house.trigger("action")
    assert {each.role for each in house.of(p.RoleVacant)} == {"lead", "it", "ed", "press"}
    assert not house.notices("call") and len(house.of(p.TaskGiven)) == 4
    house.pass_time(3600)
    assert {each.task for each in house.of(p.TaskOverdue)} == {"suppliers", "alert", "meet", "help"}


# --- 5, 6: tasks ------------------------------------------------------------------------------------------------------


def test_a_task_that_is_late_is_said_once_and_its_owner_told(house: House) -> None:
    house.trigger("info")
    house.pass_time(599)
    assert not house.of(p.TaskOverdue)
    house.say("person/bert", p.TaskTaken("p-1", "suppliers", "bert", "operator"))
    house.pass_time(1)
    assert house.one(p.TaskOverdue).task == "suppliers"
    assert house.notices("overdue")[0].roles == ("on_call_it", "general_director")
    house.pass_time(86_400)
    assert len(house.of(p.TaskOverdue)) == 1


def test_a_task_that_is_done_or_struck_off_is_never_late(house: House) -> None:
    house.trigger("action")
    house.say("person/bert", p.TaskDone("p-1", "suppliers", True, "bert", "operator"))
    house.say("person/bert", p.TaskDone("p-1", "meet", False, "bert", "operator", Text("all are here")))
    house.pass_time(1800)
    assert [each.task for each in house.of(p.TaskOverdue)] == ["alert"]
    assert {name: each.state for name, each in house.active().tasks.items()}["meet"] == "struck"


def test_done_twice_counts_once(house: House) -> None:
    house.trigger("action")
    house.say("person/bert", p.TaskDone("p-1", "meet", True, "bert", "operator"))
    house.say("person/carl", p.TaskDone("p-1", "meet", False, "carl", "operator"))
    assert (house.active().tasks["meet"].state, house.active().tasks["meet"].ended_by) == ("done", "bert")


def test_a_call_that_everybody_answered_is_its_task_done(house: House) -> None:
    house.trigger("action")
    assert not house.of(p.TaskDone, house.knows("all", "carl"))
    done = house.one(p.TaskDone, house.knows("all", "carl", complete=True))
    assert (done.task, done.by) == ("alert", "plan")
    assert not house.of(p.TaskDone, house.knows("all", "carl", complete=True))  # twice, late


def test_who_could_not_be_reached_is_shown_until_they_answer(house: House) -> None:
    house.trigger("action")
    house.unanswered("cell", "anna", "bert")
    house.knows("cell", "bert")
    assert house.active().calls["cell"].missing == ["anna"]
    house.restart()
    house.knows("cell", "anna", complete=True)
    assert house.active().calls["cell"].missing == [] and house.active().calls["cell"].complete


# --- 7: hold ----------------------------------------------------------------------------------------------------------


def test_a_hold_ends_at_its_time_and_lifts_nothing(house: House) -> None:
    house.trigger("action")
    until = house.now + 36_000
    house.say("person/anna", p.PlanHeld("p-1", until, "anna", "operator", Text("until tomorrow morning")))
    house.pass_time(35_999)
    assert not house.of(p.PlanHoldEnded)
    house.pass_time(1)
    assert house.one(p.PlanHoldEnded).until == until
    assert house.active().held_until == 0.0
    assert house.notices("hold")[0].roles == ("general_director",)


def test_where_nobody_leads_those_who_may_decide_on_it_are_asked() -> None:
    house = House(plan=plan_with(leader=""))
    house.trigger("action")
    house.say("person/anna", p.PlanHeld("p-1", house.now + 60, "anna", "operator"))
    house.divert(tell=(), review=60)
    house.pass_time(60)
    assert [each.roles for each in house.notices("hold")] == [("general_director",)], "who may lift the plan"
    assert [each.roles for each in house.notices("review")] == [("emergency_head", "general_director")]


def test_a_later_hold_makes_an_older_one_void(house: House) -> None:
    house.trigger("action")
    for seconds in (3600, 7200):
        house.say("person/anna", p.PlanHeld("p-1", house.now + seconds, "anna", "operator"))
    house.pass_time(3700)
    assert not house.of(p.PlanHoldEnded)
    house.pass_time(3600)
    assert len(house.of(p.PlanHoldEnded)) == 1


# --- 8: diversion -----------------------------------------------------------------------------------------------------


def test_a_diversion_says_who_was_not_told_in_time(house: House) -> None:
    change = house.divert()
    house.say("person/carl", p.DiversionTold(change, "emergency", "112", "carl", "phone"))
    house.pass_time(900)
    assert house.one(p.DiversionWaits) == p.DiversionWaits(change, "emergency", "told", ("neighbour-chu",))
    assert house.notices("told")
    house.say("person/carl", p.DiversionAcknowledged(change, "emergency", "neighbour-chu", "carl", Text("Dr X")))
    heard = house.state.diversions["emergency"].heard["neighbour-chu"]
    assert heard.told and heard.understood and heard.name == "Dr X"
    assert house.state.diversions["emergency"].silent() == ["112"]


def test_everybody_told_is_no_news(house: House) -> None:
    change = house.divert()
    for each in ("112", "neighbour-chu"):
        house.say("person/carl", p.DiversionTold(change, "emergency", each, "carl", "phone"))
    house.pass_time(901)
    assert not house.of(p.DiversionWaits)


def test_a_diversion_is_looked_at_again_at_its_time(house: House) -> None:
    house.divert(tell=(), review=3600)
    house.pass_time(3600)
    assert house.one(p.DiversionWaits).what == "review" and house.state.diversions["emergency"].review_due
    house.divert(to="limited", tell=(), review=0)
    house.pass_time(86_400)
    assert len(house.of(p.DiversionWaits)) == 1 and not house.state.diversions["emergency"].review_due


def test_a_newer_state_makes_the_older_void(house: House) -> None:
    first = house.divert()
    house.pass_time(60)
    house.divert(to="limited", tell=("112",))
    house.say("person/carl", p.DiversionTold(first, "emergency", "112", "carl", "phone"))
    assert house.state.diversions["emergency"].missing() == ["112"]
    house.pass_time(900)
    assert [each.change for each in house.of(p.DiversionWaits)] == ["d2"]


# --- 10, 11: flags and reports ----------------------------------------------------------------------------------------


def test_the_four_ends_are_separate(house: House) -> None:
    house.trigger("action")
    house.divert()
    assert {name: each.state for name, each in house.state.flags.items()} == dict.fromkeys(
        ("plan_lifted", "it_normal", "legal_closed", "emergency_open"), "running"
    )
    house.divert(to="open")
    assert house.state.flags["emergency_open"].state == "ended" and house.state.flags["emergency_open"].by == "carl"
    house.say("person/anna", p.PlanStoodDown("p-1", ("night",), "anna", "operator"))
    assert house.state.flags["plan_lifted"].state == "ended"
    house.say("person/bert", p.FlagChanged("it_normal", "ended", "bert", "it_director"))
    assert [name for name, each in house.state.flags.items() if each.state == "running"] == ["legal_closed"]


def test_a_path_that_is_not_the_emergency_department_begins_no_flag(house: House) -> None:
    house.divert("stroke", tell=("112",))
    assert not house.state.flags


def test_reports_are_numbered_and_come_by_the_clock_as_long_as_the_plan_is_in_force(house: House) -> None:
    house.trigger("action")
    assert house.active().next_report == house.now + 14_400
    house.say("person/anna", p.ReportWanted("anna", "operator"))
    house.pass_time(14_400)
    assert [(each.number, each.by) for each in house.of(p.ReportAsked)] == [(1, "plan"), (2, "anna"), (3, "plan")]
    house.say("person/anna", p.PlanStoodDown("p-1", (), "anna", "operator"))
    house.pass_time(86_400)
    assert len(house.of(p.ReportAsked)) == 3


# --- 12: what is over -------------------------------------------------------------------------------------------------


def test_what_belongs_to_a_time_that_is_over_has_no_effect(house: House) -> None:
    house.trigger("action")
    house.say("person/anna", p.PlanHeld("p-1", house.now + 60, "anna", "operator"))
    notice = house.active().calls["all"].notice
    house.say("person/anna", p.PlanStoodDown("p-1", (), "anna", "operator"))
    house.trigger("info")
    before = house.active().tasks.keys()
    said = house.pass_time(500)
    said += house.hub(house.of(p.TaskGiven)[0])
    said += house.say("person/x", p.TaskDone("p-1", "suppliers", True, "x", "operator"))
    from garde.journal.notice_kinds import NoticeAcknowledged

    said += house.hub(NoticeAcknowledged(notice, "carl", "sms", True))
    assert not house.of(p.TaskOverdue, said) and not house.of(p.PlanHoldEnded, said)
    assert house.active().tasks.keys() == before and house.active().tasks["suppliers"].open


def test_the_hub_is_killed_in_the_middle(house: House) -> None:
    house.incident(2)
    house.trigger("action")
    change = house.divert()
    house.override("record", "paper", 5000)
    house.restart()
    house.pass_time(901)
    assert [each.task for each in house.of(p.TaskOverdue)] == ["suppliers", "alert"]
    assert house.one(p.DiversionWaits).change == change
    house.restart()
    house.pass_time(5000)
    assert house.services()["record"] == "works"


def test_a_restart_late_says_everything_that_was_due_once(house: House) -> None:
    house.trigger("action")
    house.now += 2 * 86_400  # down for two days: every wake comes at once
    house.restart()
    house.pass_time(0)
    late = [each.task for each in house.of(p.TaskOverdue)]
    assert sorted(late) == sorted(set(late)) and {"suppliers", "alert", "meet"} <= set(late)


# --- any order --------------------------------------------------------------------------------------------------------

MOVES = st.sampled_from(
    [
        "cut rec", "cut lis", "cut pacs", "free rec", "free lis", "free pacs", "cut db rec lis", "incident", "raise",
        "trigger info", "trigger action", "phase max", "phase info", "down", "divert", "open", "override", "back",
        "late", "reject", "hold", "done", "knows", "time", "long", "restart", "report",
    ]
)  # fmt: skip


def _move(house: House, word: str) -> None:
    what, *names = word.split()
    active = house.state.activation
    match what:
        case "cut":
            house.cut(*names)
        case "free":
            house.free(*names)
        case "incident":
            house.incident(1)
        case "raise":
            house.hub(h.IncidentRaised("i1", 3, "three"))
        case "trigger":
            house.trigger(names[0])
        case "phase" if active:
            house.phase(names[0])
        case "down" if active:
            house.say("person/anna", p.PlanStoodDown(active.id, (), "anna", "operator"))
        case "divert":
            house.divert()
        case "open":
            house.divert(to="open")
        case "override":
            house.override("record", "degraded", 1000)
        case "back":
            house.say("person/dora", p.ServiceOverridden("record", "", "dora", "viewer", 0.0))
        case "late" if active:
            house.unanswered("cell", "anna")
        case "reject" if house.state.proposals:
            house.say("person/anna", p.PlanRejected(next(iter(house.state.proposals)), "anna", "operator"))
        case "hold" if active:
            house.say("person/anna", p.PlanHeld(active.id, house.now + 1000, "anna", "operator"))
        case "done" if active:
            house.say("person/anna", p.TaskDone(active.id, "meet", True, "anna", "operator"))
        case "knows" if active and "all" in active.calls:
            house.knows("all", "carl", complete=True)
        case "time":
            house.pass_time(700)
        case "long":
            house.pass_time(20_000)
        case "restart":
            house.restart()
        case "report":
            house.say("person/anna", p.ReportWanted("anna", "operator"))


@settings(max_examples=120, deadline=None)
@given(st.lists(MOVES, max_size=25))
def test_in_any_order(words: list[str]) -> None:
    house = House()
    for word in words:
        _move(house, word)
    _check(house)


def _check(house: House) -> None:
    assert house.state == house.replayed()
    # Said once: each service's entries alternate, and the last one is what follows from the machines and people.
    said: dict[str, str] = {}
    for each in house.of(p.ServiceState):
        assert each.before == said.get(each.service, "works") and each.state != each.before
        said[each.service] = each.state
    from garde.emergency.services import standings

    now = {name: each.state for name, each in standings(house.look, house.state.picture()).items()}
    assert now == {**dict.fromkeys(now, "works"), **said}
    # A task is given once for each time that the plan is in force, and late once at the most.
    for kind in (p.TaskGiven, p.TaskOverdue):
        names = [(each.activation, each.task) for each in house.of(kind)]
        assert len(names) == len(set(names))
    calls = [each.notice for each in house.notices("call")]
    assert len(calls) == len(set(calls))
    numbers = [each.number for each in house.of(p.ReportAsked)]
    assert numbers == list(range(1, len(numbers) + 1))
    proposals = [each.proposal for each in house.of(p.PlanProposed)]
    assert len(proposals) == len(set(proposals))
    assert sum(each.kind == "flag_changed" for each in house.log) < 200


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_erased_plan_leaves_the_one_before_in_force(house: House, at: int) -> None:
    house.hub(p.PlanLoaded("other", "00", Text(None, "ref"), "x"))
    assert house.state.plan == PLAN
