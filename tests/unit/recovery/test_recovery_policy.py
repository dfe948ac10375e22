"""What follows from an entry: one test for each rule of policy.py, and the faults."""

from __future__ import annotations

import pytest
from recovery_house import BASELINE, ESTATE, HOUR, START, House, estate_with, machine_with, swept

from garde.estate.nouns import Service
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import recovery_kinds as v
from garde.journal.notice_kinds import NoticeNeeded
from garde.journal.paper_kinds import ReenterSaid
from garde.model.order import Verb
from garde.model.restart import Item, Stage
from garde.recovery import errands
from garde.recovery import reasons as r
from garde.recovery.keys import ISOLATION

# --- 1: retention -----------------------------------------------------------------------------------------------------


def test_the_first_confirmed_verdict_freezes_every_store_once(house: House) -> None:
    house.stores("files", "restic-1", "vault")
    house.stores("db", "wal")
    house.agent("gw", v.StoresKnown((v.StoreNote("looks", "hook", "gw", freezes=False),)))
    assert not house.errands()
    house.incident(at=START - 60)
    house.confirmed("scans")
    assert [(each.machine, each.store) for each in house.errands(Verb.FREEZE)] == [
        ("files", "restic-1"), ("files", "vault"), ("db", "wal")
    ]  # fmt: skip
    assert {each.since for each in house.errands()} == {START - 60}
    house.confirmed("files")
    house.obey()
    house.confirmed("db")
    assert len(house.of(v.ErrandAsked)) == 3


def test_a_hold_without_damage_freezes_nothing(house: House) -> None:
    house.stores("files", "restic-1")
    house.confirmed("files", damaged=0)
    assert not house.errands()


def test_two_confirmed_in_one_transaction_freeze_once(house: House) -> None:
    house.stores("files", "restic-1")
    house.agent("files", k.HoldConfirmed("h1", "v1", 3), k.HoldConfirmed("h2", "v2", 3))
    assert len(house.of(v.ErrandAsked)) == 1


def test_a_store_that_comes_later_is_frozen_when_it_is_known(house: House) -> None:
    house.confirmed("files")
    house.stores("db", "wal")
    assert [(each.machine, each.store) for each in house.errands(Verb.FREEZE)] == [("db", "wal")]
    house.obey()
    house.stores("db", "wal")  # said again at its next start
    assert not house.errands()


def test_what_an_agent_froze_by_itself_is_not_asked_for(house: House) -> None:
    house.stores("files", "restic-1")
    house.agent("files", v.RetentionFrozen("", "restic-1", True, (), 0.4))
    house.confirmed("files")
    assert not house.errands()


def test_a_freeze_that_failed_is_asked_again_when_its_agent_is_back(house: House) -> None:
    house.stores("files", "restic-1")
    house.confirmed("files")
    (asked,) = house.errands(Verb.FREEZE)
    house.silent("files")
    house.done.add(asked.command)
    house.hub(h.CommandFailed(asked.command, "nobody fetched it"))
    assert house.state.stores["files|restic-1"].frozen == "not_proven"
    house.alive("files")
    (again,) = house.errands(Verb.FREEZE)
    assert again.command != asked.command
    house.obey()
    house.alive("files")
    assert not house.errands()


def test_a_person_lets_it_go_on_and_only_a_new_alarm_freezes_it_again(house: House) -> None:
    house.stores("files", "restic-1")
    house.incident()
    house.confirmed("files")
    house.obey()
    house.person("leo", v.ThawWanted("files", "", "leo", "viewer"))
    assert not house.errands(), "he may not"
    house.person("tom", v.ThawWanted("files", "", "tom", "it_director"))
    house.obey()
    assert house.state.stores["files|restic-1"].frozen == "thawed"
    house.confirmed("files")
    house.alive("files")
    house.stores("files", "restic-1")
    assert not house.errands()
    house.hub(h.IncidentClosed("i1", "tom"))
    house.confirmed("files")
    assert [each.store for each in house.errands(Verb.FREEZE)] == ["restic-1"]


@pytest.mark.parametrize(
    "said", [
        v.JudgingWanted("db", "", "ina"), v.FirstHarmSaid("i1", START - 9, "ina"),
        v.RestartPlanned((("db",),), 1.0, 1.0, "tom", "it_director"),
    ], ids=["judging", "harm", "plan"],
)  # fmt: skip
def test_a_person_who_speaks_of_harm_or_restart_freezes_as_well(house: House, said: v.RestartPlanned) -> None:
    """Where agents only watch nothing is ever held, and so never confirmed."""
    house.stores("files", "restic-1")
    house.person("ina", said)
    assert [each.store for each in house.errands(Verb.FREEZE)] == ["restic-1"]


# --- 3 and 4: points --------------------------------------------------------------------------------------------------


def test_judging_asks_every_agent_that_holds_such_a_store(house: House) -> None:
    house.stores("gw", "offsite", covers="files")
    house.stores("files", "restic-1", "vault")
    house.stores("db", "wal")
    house.incident(at=START - 60)
    house.person("ina", v.JudgingWanted("files", "", "ina"))
    assert [(each.machine, each.store, each.about) for each in house.errands(Verb.JUDGE)] == [
        ("gw", "offsite", "files"), ("files", "restic-1", "files"), ("files", "vault", "files")
    ]  # fmt: skip
    assert {each.since for each in house.errands(Verb.JUDGE)} == {START - 60}
    house.person("ina", v.JudgingWanted("files", "vault", "ina"))
    assert len(house.errands(Verb.JUDGE)) == 3, "under way already"


def test_a_persons_word_on_the_first_harm_takes_the_place_of_the_incidents(house: House) -> None:
    house.incident(at=START - 60)
    house.person("ina", v.FirstHarmSaid("i1", START - 600, "ina"))
    house.stores("files", "restic-1")
    house.person("ina", v.JudgingWanted("files", "", "ina"))
    assert [each.since for each in house.errands(Verb.JUDGE)] == [START - 600]


def restorable(house: House, colour: str = "green") -> None:
    house.stores("files", "restic-1")
    house.plan(("files",))
    house.isolate("files")
    house.judge("files", "restic-1", ("p1", colour), ("p2", "red"), ("p3", "grey"))


def test_a_point_is_tried_first_then_put_in_place_and_it_is_said_what_to_enter_again(house: House) -> None:
    restorable(house)
    house.choose("files", "restic-1", "p1", "place")
    assert not house.errands(Verb.RESTORE), "never tried"
    house.choose("files", "restic-1", "p1", "scratch")
    (asked,) = house.errands(Verb.RESTORE)
    assert (asked.machine, asked.about, asked.point, asked.where) == ("files", "files", "p1", "scratch")
    house.obey()
    assert not house.of(ReenterSaid)
    house.choose("files", "restic-1", "p1", "place")
    house.obey()
    assert house.of(ReenterSaid) == [
        ReenterSaid("files", START - HOUR, "ina"), ReenterSaid("documents", START - HOUR, "ina")
    ]  # fmt: skip
    assert house.gate("files").item(Item.DATA).by == ("agent/files",)


@pytest.mark.parametrize(("point", "by"), [("p2", "ina"), ("p3", "ina"), ("p9", "ina"), ("p1", "leo")])
def test_what_may_not_be_chosen_is_not_brought_back(house: House, point: str, by: str) -> None:
    restorable(house)
    house.choose("files", "restic-1", point, "scratch", by=by)
    assert not house.errands(Verb.RESTORE)


def test_a_point_that_did_not_come_back_whole_is_not_put_in_place(house: House) -> None:
    restorable(house)
    house.choose("files", "restic-1", "p1", "scratch")
    (asked,) = house.errands(Verb.RESTORE)
    house.done.add(asked.command)
    house.agent("files", v.PointRestored(asked.command, "restic-1", "p1", "scratch", 9, 99, 1, True, 0.0, 1.0, 1.0))
    house.choose("files", "restic-1", "p1", "place")
    assert not house.errands(Verb.RESTORE)


# --- 5: a plan --------------------------------------------------------------------------------------------------------


def test_a_plan_lists_credentials_and_rates_every_server_once(house: House) -> None:
    house.incident()
    house.verdict("files")
    house.plan(("files", "scans"), ("rec",))
    listed = {(each.machine, each.credential) for each in house.of(v.CredentialListed)}
    assert listed >= {("files", "local_admin/files"), ("files", "service/files"), ("rec", "local_admin/rec")}
    rated = {each.machine: (each.status, each.by) for each in house.of(v.ServerRated)}
    assert rated == {
        "files": ("impacted", "rule"), "scans": ("not_impacted", "rule"), "rec": ("not_impacted", "rule")
    }  # fmt: skip
    house.plan(("files", "scans"), ("rec",))
    assert len(house.of(v.CredentialListed)) == len(listed)
    assert len(house.of(v.ServerRated)) == 3


# --- 6: begin ---------------------------------------------------------------------------------------------------------


def test_whoever_may_begins_and_the_machine_is_isolated(house: House) -> None:
    house.plan(("files",))
    house.want("files", "begin", by="leo")
    assert house.stage("files") == "waiting" and not house.of(v.IsolationWanted)
    house.want("files", "begin")
    wanted = house.one(v.IsolationWanted)
    assert (wanted.machine, wanted.allow) == ("files", ()) and wanted.isolation.startswith(ISOLATION)
    assert house.stage("files") == "waiting" and house.step("files").round == 1
    house.hub(h.CutChanged(wanted.isolation, "applied", 1, 1, 0))
    assert house.stage("files") == "waiting", "it is not proven"
    house.hub(h.CutChanged(wanted.isolation, "proven", 1, 1, 1))
    assert house.stage("files") == "isolated"


def test_once_isolated_it_is_swept_and_looked_at_and_again_every_half_hour(house: House) -> None:
    house.plan(("files",))
    house.want("files", "begin")
    house.cuts()
    sweep, look = house.errands()
    assert (sweep.verb, sweep.machine, sweep.baseline) == (Verb.SWEEP, "files", BASELINE)
    assert (look.verb, look.machine, look.about, look.addresses) == (Verb.LOOK, "gw", "files", ("10.0.0.3",))
    assert 445 in look.ports and 22 in look.ports
    house.obey()
    said = house.after(2 * HOUR)
    assert len([each for each in house.of(v.ErrandAsked, said) if each.verb == Verb.SWEEP]) == 4


def test_who_begins_once_more_has_it_checked_once_more(house: House) -> None:
    house.plan(("files",))
    house.isolate("files")
    house.want("files", "begin")
    assert {each.verb for each in house.errands()} == {Verb.SWEEP, Verb.LOOK}
    house.want("files", "begin")
    assert len(house.errands()) == 2, "under way"


def test_begin_wants_an_isolation_anew_where_the_one_before_was_lost(house: House) -> None:
    house.plan(("files",))
    house.want("files", "begin")
    house.cuts("failed")
    assert [each.sentence for each in house.blocked("files")] == [r.B_ISOLATION_FAILED]
    house.want("files", "begin")
    assert len(house.of(v.IsolationWanted)) == 2
    house.cuts()
    assert house.stage("files") == "isolated"


def test_a_machine_without_a_plan_may_begin_and_hubs_and_unknown_ones_never(house: House) -> None:
    house.want("files", "begin")
    house.obey()
    assert house.stage("files") == "isolated" and house.step("files").wave == 0
    assert "local_admin/files" in house.state.credentials
    house.want("hub", "begin")
    house.want("nowhere", "begin")
    assert len(house.of(v.IsolationWanted)) == 1


# --- 7: a clinician ---------------------------------------------------------------------------------------------------


def test_the_place_where_a_clinician_tries_it_is_let_in_when_all_else_is_fine() -> None:
    services = tuple(
        Service(each.id, each.name, each.machines, uses=each.uses, tried_from=("ws2",)) if each.id == "record" else each
        for each in ESTATE.services
    )
    house = House(estate=estate_with(services=services))
    house.plan(("db",), ("rec",))
    house.observe("db")
    house.isolate("rec")
    house.answer("rec", Item.ENTRY)
    assert [each.allow for each in house.of(v.IsolationWanted) if each.machine == "rec"] == [()]
    house.answer("rec", Item.EVIDENCE)
    flows = [each.allow for each in house.of(v.IsolationWanted) if each.machine == "rec"]
    assert flows == [(), ("10.0.1.2",)]
    house.obey()
    assert house.stage("rec") == "isolated"
    assert len(house.of(v.IsolationOver)) == 1, "the one before is over once the new one is proven"
    house.answer("rec", Item.CLINICIAN, by="una")
    assert house.stage("rec") == "observing"


# --- 8 and 9: on to the next stage ------------------------------------------------------------------------------------


def test_all_the_way_one_stage_at_a_time(house: House) -> None:
    house.plan(("files",))
    house.opened("files")
    assert house.moves("files") == ["waiting", "isolated", "verified", "observing", "listed", "open"]
    befores = [each.before for each in house.of(v.StepMoved)]
    assert befores == ["waiting", "waiting", "isolated", "verified", "observing", "listed"]
    assert house.blocked("files") == ()
    house.restart()


def test_watched_means_raised_sensitivity_and_a_last_look_at_the_end(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    raised = [each for each in house.of(v.ErrandAsked) if each.verb == Verb.RAISE]
    assert [(each.machine, each.until) for each in raised] == [("files", START + errands.RAISE_S)]
    house.after(HOUR - 1)
    house.sign_both("files")
    assert house.stage("files") == "observing"
    assert r.B_UNTIL in [each.sentence for each in house.blocked("files")]
    house.after(1, obey=False)
    assert {each.verb for each in house.errands()} == {Verb.SWEEP, Verb.LOOK}
    assert r.G_SWEEP_AFTER in house.why("files", Item.OBSERVED)
    house.obey()
    assert house.gate("files").item(Item.OBSERVED).fine and house.stage("files") == "observing"
    house.sign_both("files")
    assert house.stage("files") == "listed"


def test_the_plans_times_count(house: House) -> None:
    house.plan(("files",), observe_s=600, listed_s=60)
    house.observe("files")
    house.after(600)
    house.sign_both("files")
    house.obey()
    house.after(60)
    assert house.stage("files") == "open"


@pytest.mark.parametrize("seconds", [float("inf"), -5.0, 1e18])
def test_a_plan_with_senseless_times_keeps_servers_for_a_time_that_ends(house: House, seconds: float) -> None:
    house.plan(("files",), observe_s=seconds)
    house.observe("files")
    assert START <= house.step("files").due <= START + 30 * 86_400


# --- 10: flows --------------------------------------------------------------------------------------------------------


def test_listed_flows_are_an_isolation_of_their_own_and_there_is_no_moment_without(house: House) -> None:
    house.plan(("db",), ("rec",))
    house.observe("db")
    house.after(HOUR)
    house.sign_both("db")
    first, second = [each for each in house.of(v.IsolationWanted) if each.machine == "db"]
    assert first.allow == () and second.allow == ("10.0.0.9", "10.0.0.2")
    assert house.stage("db") == "listed" and not house.of(v.IsolationOver)
    house.cuts()
    assert [each.isolation for each in house.of(v.IsolationOver)] == [first.isolation]
    house.obey()
    house.after(HOUR)
    assert house.stage("db") == "open"
    assert [each.isolation for each in house.of(v.IsolationOver)] == [first.isolation, second.isolation]


def test_listed_flows_that_are_not_proven_open_nothing_further(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    house.after(HOUR)
    house.sign_both("files")
    house.hub(h.CutChanged(house.of(v.IsolationWanted)[-1].isolation, "failed", 1, 0, 0))
    house.after(3 * HOUR, obey=False)
    assert house.stage("files") == "listed" and not house.of(v.IsolationOver)
    assert r.G_NOT_PROVEN in house.why("files", Item.NETWORK)


def test_a_person_opens_before_the_time(house: House) -> None:
    house.plan(("files",))
    house.listed("files")
    house.want("files", "open", by="leo")
    assert house.stage("files") == "listed"
    house.want("files", "open", by="tom")
    assert house.stage("files") == "open"
    assert house.of(v.StepMoved)[-1].by == "tom"


def test_a_cut_of_the_incident_keeps_it_from_being_opened(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    house.hub(h.MachineCut("files", "c-77", "isolate"))
    house.after(HOUR)
    house.sign_both("files")
    house.obey()
    assert house.stage("files") == "observing"
    assert (r.B_CUT, (("cut", "c-77"),)) in [(each.sentence, each.values) for each in house.blocked("files")]
    house.hub(h.MachineFreed("files", "c-77"))
    assert house.stage("files") == "listed"


# --- 11: cut again ----------------------------------------------------------------------------------------------------


def test_what_is_seen_cuts_the_server_and_its_wave_again_and_tells_whoever_is_on_call(house: House) -> None:
    house.plan(("files", "scans"), ("db",))
    house.opened("files")
    house.observe("scans", "db")
    said = house.finding("files")
    assert [(each.machine, each.source) for each in house.of(v.MachineRecut, said)] == [
        ("files", "files"), ("scans", "files")
    ]  # fmt: skip
    assert (house.stage("files"), house.stage("scans"), house.stage("db")) == ("recut", "recut", "observing")
    wanted = house.of(v.IsolationWanted, said)
    assert [(each.machine, each.allow) for each in wanted] == [("files", ())], "scans is isolated still"
    told = house.one(NoticeNeeded, said)
    assert told.roles == ("on_call_it", "it_director")
    assert dict(told.texts)["en"].startswith("Documents was cut again during its return: harm on files.")
    assert all(text.count("\n") == 1 for _, text in told.texts)


def test_nothing_opens_after_it_in_that_round(house: House) -> None:
    house.plan(("files", "scans"))
    house.observe("files", "scans")
    house.after(HOUR)
    house.finding("scans")
    house.sign_both("files")
    house.obey()
    house.want("files", "open", by="tom")
    house.want("files", "begin")
    house.after(5 * HOUR)
    assert house.stage("files") == "recut"
    assert not [each for each in house.of(v.IsolationWanted) if each.allow]


def test_a_signature_and_an_alarm_in_one_transaction_open_nothing(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    house.after(HOUR)
    house.sign("files", "it", "ina")
    sign = v.GateSigned("files", 1, "service", "med", "viewer")
    said = house.hub(sign, h.AgentSilent("files", house.now))
    assert house.stage("files") == "recut"
    assert not [each for each in house.of(v.IsolationWanted, said) if each.allow]


def test_cut_again_from_listed_flows_the_new_isolation_stands_before_the_old_one_goes(house: House) -> None:
    house.plan(("db",))
    house.listed("db")
    overs = len(house.of(v.IsolationOver))
    said = house.finding("db")
    assert house.one(v.IsolationWanted, said).allow == ()
    assert len(house.of(v.IsolationOver)) == overs
    house.cuts()
    assert len(house.of(v.IsolationOver)) == overs + 1


# --- 12: by a person --------------------------------------------------------------------------------------------------


def test_a_person_cuts_that_machine_alone_and_begins_anew(house: House) -> None:
    house.plan(("files", "scans"))
    house.observe("files", "scans")
    house.want("files", "back", by="una")
    assert (house.stage("files"), house.stage("scans")) == ("recut", "observing")
    assert not house.of(v.MachineRecut) and house.state.relapse is None
    isolations = len(house.of(v.IsolationWanted))
    house.want("files", "again", by="leo")
    assert house.stage("files") == "recut"
    house.want("files", "again")
    assert (house.stage("files"), house.step("files").round) == ("isolated", 2)
    assert len(house.of(v.IsolationWanted)) == isolations, "its isolation was kept"
    assert house.step("files").answers == {} and house.step("files").swept is None


# --- 13: the watch ----------------------------------------------------------------------------------------------------


def test_the_reinforced_watch_ends_at_its_time(house: House) -> None:
    house.plan(("files",))
    house.opened("files")
    until = house.now + 10 * HOUR
    said = house.person("tom", v.WatchReinforced(until, "tom", "it_director"))
    assert [(each.verb, each.until) for each in house.of(v.ErrandAsked, said)] == [(Verb.RAISE, until)]
    house.obey()
    said = house.after(11 * HOUR)
    assert house.of(v.WatchReinforced, said) == [v.WatchReinforced(0.0, "rule", "")]
    assert [each.until for each in house.of(v.ErrandAsked, said) if each.verb == Verb.RAISE] == [0.0]
    house.finding("files")
    assert house.stage("files") == "open", "containment has it from here"


def test_a_later_end_of_the_watch_makes_an_earlier_one_void(house: House) -> None:
    house.plan(("files",))
    house.opened("files")
    house.person("tom", v.WatchReinforced(house.now + HOUR, "tom", "it_director"))
    house.person("tom", v.WatchReinforced(house.now + 5 * HOUR, "tom", "it_director"))
    house.after(2 * HOUR)
    assert house.state.reinforced
    house.finding("files")
    assert house.stage("files") == "recut"


def test_until_somebody_says_for_how_long_the_watch_is_reinforced(house: House) -> None:
    house.plan(("files",))
    house.opened("files")
    house.after(90 * 24 * HOUR)
    house.finding("files")
    assert house.stage("files") == "recut"


def test_an_agent_that_was_away_is_asked_to_watch_more_sensitively(house: House) -> None:
    house.plan(("files",))
    house.isolate("files")
    house.fill("files")
    house.state.steps["files"].raised = 0.0  # its answer never came
    said = house.alive("files")
    assert [each.verb for each in house.of(v.ErrandAsked, said)] == [Verb.RAISE]


# --- 14 and 15 --------------------------------------------------------------------------------------------------------


def test_an_exception_that_ends_keeps_the_server_where_it_is(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    house.answer("files", Item.EVIDENCE, "no")
    house.answer("files", Item.EVIDENCE, "yes", by="tom", until=house.now + HOUR + 60)
    house.after(HOUR)
    house.after(120)
    house.sign_both("files")
    house.agent("scans", swept("not asked"))  # an agent's entry is of another time
    assert house.stage("files") == "observing"
    assert house.gate("files").item(Item.EVIDENCE).expired
    house.answer("files", Item.EVIDENCE)
    assert house.stage("files") == "listed"


def test_senseless_wishes_change_nothing(house: House) -> None:
    house.plan(("files",))
    log = len(house.log)
    for want in ("open", "again", "back", "", "fly"):
        house.want("files", want)
        house.want("nowhere", want)
    house.hub(v.StepMoved("files", 1, 7, "waiting", "open", "x", "y"))
    house.hub(v.StepMoved("files", 1, 0, "waiting", "open", "x", "y"))
    house.agent("files", v.StepMoved("files", 1, 1, "waiting", "waiting", "x", "y"))
    assert house.stage("files") == Stage.WAITING and house.step("files").round == 0
    assert len(house.log) == log + 13, "nothing followed"


def test_an_estate_that_lost_a_machine_on_its_way_opens_it_no_further(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    house.load(estate_with(machines=tuple(each for each in ESTATE.machines if each.id != "files")))
    house.after(2 * HOUR)
    house.sign_both("files")
    assert house.stage("files") == "observing"
    assert r.G_NOT_IN_ESTATE in house.why("files", Item.KNOWN)


def test_a_machine_that_is_never_cut_off_is_led_back_only_by_an_exception() -> None:
    house = House(estate=machine_with("dns", needs=()))
    house.plan(("dns",))
    house.want("dns", "begin")
    name = house.one(v.IsolationWanted).isolation
    house.hub(h.CutProposed(name, "", "isolate", "dns", (), (), ("dns",), 1, (), (), (), "x", "return", "x", "never"))
    assert [each.sentence for each in house.blocked("dns")] == [r.B_ISOLATION_FAILED]
    house.answer("dns", Item.NETWORK, by="ina", until=house.now + HOUR)
    assert house.stage("dns") == "waiting", "who signs is no leader"
    house.answer("dns", Item.NETWORK, by="tom", until=house.now + HOUR)
    assert house.stage("dns") == "isolated"
