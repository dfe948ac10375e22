"""The thirteen items: which answers count and from whom; exceptions, signatures, needs. One test for each rule."""

from __future__ import annotations

import pytest
from recovery_house import ESTATE, HOUR, START, House, machine_with, swept

from garde.estate.nouns import Service
from garde.journal import hub_kinds as h
from garde.journal import recovery_kinds as v
from garde.journal.text import Text
from garde.model.order import Verb
from garde.model.restart import Item
from garde.recovery import reasons as r
from garde.recovery.items import people_for


def isolated(house: House, *machines: str) -> None:
    house.plan(machines)
    house.isolate(*machines)


def test_a_record_has_thirteen_items_in_their_order(house: House) -> None:
    isolated(house, "files")
    gate = house.gate("files")
    assert [each.item for each in gate.items] == list(Item)
    assert (gate.machine, gate.round, gate.stage, gate.status) == ("files", 1, "isolated", "not_impacted")
    assert not gate.fine() and not gate.item(Item.SIGNED).exceptable


# --- 1: known ---------------------------------------------------------------------------------------------------------


def test_known_asks_for_an_owner_or_a_persons_word() -> None:
    house = House(estate=machine_with("files", owner=""))
    isolated(house, "files")
    assert house.why("files", Item.KNOWN) == (r.G_NO_OWNER,)
    house.answer("files", Item.KNOWN)
    assert house.gate("files").item(Item.KNOWN).fine


def test_what_it_needs_must_be_verified_and_that_is_never_excepted(house: House) -> None:
    isolated(house, "db", "rec")
    house.fill("rec")
    house.answer("rec", Item.KNOWN, by="tom", until=house.now + HOUR)
    item = house.gate("rec").item(Item.KNOWN)
    assert (item.fine, item.exceptable) == (False, False) and r.G_NEED_STAGE in house.why("rec", Item.KNOWN)
    assert house.stage("rec") == "isolated"
    house.fill("db")
    assert (house.stage("db"), house.stage("rec")) == ("observing", "observing")


def test_a_need_that_is_planned_and_not_begun_is_not_verified(house: House) -> None:
    house.plan(("db",), ("rec",))
    house.isolate("rec")
    house.fill("rec")
    assert house.stage("rec") == "isolated"


@pytest.mark.parametrize("what", ["hit", "cut", "silent", "fine"])
def test_a_need_that_nobody_leads_back_must_be_sound(house: House, what: str) -> None:
    house.incident()
    if what == "hit":
        house.verdict("db")
    elif what == "cut":
        house.hub(h.MachineCut("db", "c-1", "isolate"))
        house.hub(v.ServerRated("db", "not_impacted", "tom"))
    elif what == "silent":
        house.silent("db")
        house.hub(v.ServerRated("db", "not_impacted", "tom"))
    isolated(house, "rec")
    house.fill("rec")
    wanted = {"hit": r.G_NEED_HIT, "cut": r.G_NEED_CUT, "silent": r.G_NEED_SILENT}
    assert house.why("rec", Item.KNOWN) == ((wanted[what],) if what in wanted else ())
    assert house.stage("rec") == ("observing" if what == "fine" else "isolated")


def test_a_need_that_was_rebuilt_by_word_alone_is_not_verified(house: House) -> None:
    house.person("ina", v.ServerRated("db", "rebuilt", "ina"))
    isolated(house, "rec")
    assert r.G_NEED_HIT in house.why("rec", Item.KNOWN)


def test_a_need_that_is_cut_again_keeps_what_needs_it(house: House) -> None:
    house.plan(("db",), ("rec",))
    house.observe("db", "rec")
    house.after(HOUR)
    house.want("db", "back")
    house.sign_both("rec")
    assert house.stage("rec") == "observing" and r.G_NEED_STAGE in house.why("rec", Item.KNOWN)


def circle() -> House:
    machines = {"db": ("rec",), "rec": ("db",)}
    estate = ESTATE
    for name, needs in machines.items():
        found = next(each for each in estate.machines if each.id == name)
        changed = type(found)(found.id, found.name, found.role, found.addresses, owner="ina", agent=True, needs=needs)
        estate = type(estate)(
            estate.name, machines=tuple(changed if each.id == name else each for each in estate.machines),
            services=estate.services, people=estate.people, languages=estate.languages,
        )  # fmt: skip
    return House(estate=estate)


def test_machines_in_a_circle_are_verified_together_and_named() -> None:
    house = circle()
    house.plan(("db",), ("rec",))
    house.isolate("db", "rec")
    house.fill("db")
    assert house.stage("db") == "isolated" and r.G_NEED_CIRCLE in house.why("db", Item.KNOWN)
    house.fill("rec")
    assert (house.stage("db"), house.stage("rec")) == ("observing", "observing")
    house.want("db", "back")
    house.after(HOUR)
    house.sign_both("rec")
    assert house.stage("rec") == "observing", "the other one is cut again"


# --- 2 to 5 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", [Item.ENTRY, Item.EVIDENCE])
def test_entry_and_evidence_are_answered_by_people_alone(house: House, item: Item) -> None:
    isolated(house, "files")
    assert house.why("files", item) == (r.G_NOT_ANSWERED,)
    house.answer("files", item, by="leo")
    assert house.why("files", item) == (r.G_NOT_ANSWERED,), "he may not"
    house.agent("files", v.GateAnswered("files", 1, item, "yes", "ina", "operator"))
    assert house.why("files", item) == (r.G_NOT_ANSWERED,), "an agent is no person"
    house.answer("files", item, note="seen by\x1b[2J us")
    found = house.gate("files").item(item)
    assert found.fine and found.by == ("ina",) and found.note == "seen by\\x1b[2J us"
    house.answer("files", item, "no")
    assert house.why("files", item) == (r.G_SAID_NO,)
    house.answer("files", item, "yes", by="leo")
    assert house.why("files", item) == (r.G_SAID_NO,), "his word takes nobody's place"


def test_an_answer_of_another_round_does_not_count(house: House) -> None:
    isolated(house, "files")
    house.person("ina", v.GateAnswered("files", 2, Item.ENTRY, "yes", "ina", "operator"))
    house.answer("files", Item.EVIDENCE)
    house.want("files", "back")
    house.want("files", "again")
    house.obey()
    house.person("ina", v.GateAnswered("files", 1, Item.ENTRY, "yes", "ina", "operator"))
    assert house.why("files", Item.ENTRY) == house.why("files", Item.EVIDENCE) == (r.G_NOT_ANSWERED,)


def test_rebuilt_is_compared_with_the_baseline_that_the_hub_believes(house: House) -> None:
    isolated(house, "files")
    assert house.gate("files").item(Item.REBUILT).fine
    house.want("files", "begin")
    (sweep,) = house.errands(Verb.SWEEP)
    house.done.add(sweep.command)
    house.agent("files", swept(sweep.command, baseline="cd" * 32))
    assert house.why("files", Item.REBUILT) == (r.G_OTHER_BASELINE,)
    house.incident()
    house.agent("files", v.BaselineTaken("", "cd" * 32, 9))
    assert house.why("files", Item.REBUILT) == (r.G_OTHER_BASELINE,), "taken by itself, in an incident"
    house.person("ina", v.BaselineWanted("files", "ina"))
    (asked,) = house.errands(Verb.BASELINE)
    house.agent("gw", v.BaselineTaken(asked.command, "ee" * 32, 9))
    assert house.state.baselines["files"] != "ee" * 32, "another's errand"
    house.agent("files", v.BaselineTaken(asked.command, "cd" * 32, 9))
    assert house.gate("files").item(Item.REBUILT).fine


def test_what_was_hit_is_rebuilt_by_a_persons_word_and_its_sweep(house: House) -> None:
    house.incident()
    house.verdict("files")
    isolated(house, "files")
    assert house.why("files", Item.REBUILT) == (r.G_NOT_REBUILT,)
    house.answer("files", Item.REBUILT)
    assert house.gate("files").item(Item.REBUILT).fine
    house.want("files", "begin")
    house.obey({Item.REBUILT: "no"})
    item = house.gate("files").item(Item.REBUILT)
    assert not item.fine and item.found == ("x",) and house.why("files", Item.REBUILT) == (r.G_SWEEP_NO,)


def test_a_persons_rating_says_rebuilt_as_well(house: House) -> None:
    house.incident()
    house.verdict("files")
    isolated(house, "files")
    house.person("ina", v.ServerRated("files", "rebuilt", "ina", Text("new disk")))
    assert house.gate("files").item(Item.REBUILT).fine and house.gate("files").status == "rebuilt"


# --- 6: data ----------------------------------------------------------------------------------------------------------


def test_nothing_is_to_be_brought_back_where_nothing_was_hit(house: House) -> None:
    isolated(house, "files")
    assert house.gate("files").item(Item.DATA).by == ("hub",)
    house.answer("files", Item.DATA, "no")
    assert house.why("files", Item.DATA) == (r.G_SAID_NO,)


def test_data_put_in_place_count_until_harm_comes_after_them(house: House) -> None:
    house.incident()
    house.verdict("files")
    house.stores("files", "restic-1")
    isolated(house, "files")
    assert house.why("files", Item.DATA) == (r.G_NO_POINT,)
    house.judge("files", "restic-1", ("p1", "amber"))
    for where in ("scratch", "place"):
        house.choose("files", "restic-1", "p1", where)
        house.obey()
    assert house.gate("files").item(Item.DATA).fine
    house.now += 60
    house.finding("files")
    house.want("files", "again")
    house.obey()
    assert house.why("files", Item.DATA) == (r.G_NO_POINT,)


def test_a_point_that_turns_out_red_after_it_was_put_in_place(house: House) -> None:
    house.incident()
    house.verdict("files")
    house.stores("files", "restic-1")
    isolated(house, "files")
    house.judge("files", "restic-1", ("p1", "green"))
    for where in ("scratch", "place"):
        house.choose("files", "restic-1", "p1", where)
        house.obey()
    house.judge("files", "restic-1", ("p1", "red"))
    assert house.why("files", Item.DATA) == (r.G_RED_POINT,)


def test_a_point_judged_against_a_later_first_write_is_judged_again(house: House) -> None:
    house.incident(at=START - 60)
    house.stores("files", "restic-1")
    isolated(house, "files")
    house.judge("files", "restic-1", ("p1", "green"))
    house.choose("files", "restic-1", "p1", "scratch")
    house.obey()
    house.person("ina", v.FirstHarmSaid("i1", START - 86_400, "ina"))
    house.choose("files", "restic-1", "p1", "place")
    assert not house.errands(Verb.RESTORE)
    house.judge("files", "restic-1", ("p1", "green"))
    house.choose("files", "restic-1", "p1", "place")
    assert len(house.errands(Verb.RESTORE)) == 1


# --- 7 and 8 ----------------------------------------------------------------------------------------------------------


def test_credentials_must_be_changed(house: House) -> None:
    isolated(house, "files")
    assert house.why("files", Item.CREDENTIALS) == (r.G_CREDENTIAL, r.G_CREDENTIAL)
    house.answer("files", Item.CREDENTIALS)
    assert not house.gate("files").item(Item.CREDENTIALS).fine, "nobody's word takes their place"
    house.change("local_admin/files", "service/files")
    assert house.gate("files").item(Item.CREDENTIALS).fine
    house.now += 60
    house.finding("files")
    assert not house.gate("files").item(Item.CREDENTIALS).fine, "known to whoever is in there again"


def test_suppliers_are_asked_for_where_one_reaches_it() -> None:
    house = House(estate=machine_with("files", supplier="Builder"))
    isolated(house, "files", "scans")
    assert house.gate("scans").item(Item.SUPPLIERS).fine
    assert house.why("files", Item.SUPPLIERS) == (r.G_SUPPLIER,)
    assert "supplier/Builder" in house.state.credentials
    house.answer("files", Item.SUPPLIERS)
    assert house.gate("files").item(Item.SUPPLIERS).fine


# --- 9 and 10: the machine's word, and the look from outside ----------------------------------------------------------


def test_its_own_word_alone_opens_nothing(house: House) -> None:
    """A compromised agent that reports clean, and nobody who looked from outside."""
    for name in ("gw", "dns", "db", "rec", "scans"):
        house.silent(name)
    isolated(house, "files")
    house.fill("files")
    assert [each.verb for each in house.of(v.ErrandAsked)] == [Verb.SWEEP]
    assert house.why("files", Item.NETWORK) == (r.G_NO_LOOKER,)
    assert house.stage("files") == "isolated"
    house.alive("gw")
    house.want("files", "begin")
    house.obey()
    assert house.stage("files") == "observing"


def test_a_port_that_answers_speaks_against_it_whatever_it_says_itself(house: House) -> None:
    house.plan(("files",))
    house.want("files", "begin")
    house.obey(ports=(445, 4444))
    house.fill("files")
    assert house.why("files", Item.NETWORK) == (r.G_ANSWERS,)
    assert house.stage("files") == "isolated"


def test_a_sweep_that_was_not_asked_for_or_comes_from_another_counts_for_nothing(house: House) -> None:
    house.plan(("files",))
    house.want("files", "begin")
    house.cuts()
    sweep, look = house.errands()
    house.agent("files", swept(""), swept("invented"), swept(look.command))
    house.agent("scans", swept(sweep.command))
    house.agent("files", v.MachineLooked(look.command, "files", (), 10_000))
    house.agent("gw", v.MachineLooked(look.command, "scans", (), 10_000))
    assert house.step("files").swept is None and house.step("files").looked is None


def test_an_unfinished_look_tells_nothing(house: House) -> None:
    house.plan(("files",))
    house.want("files", "begin")
    house.cuts()
    _, look = house.errands()
    house.agent("gw", v.MachineLooked(look.command, "files", (), len(look.ports) - 1))
    assert r.G_LOOK_PART in house.why("files", Item.NETWORK)


def test_late_answers_from_before_the_round_count_for_nothing(house: House) -> None:
    house.plan(("files",))
    house.want("files", "begin")
    house.cuts()
    sweep, look = house.errands()
    house.want("files", "back")
    house.want("files", "again")
    house.agent("files", swept(sweep.command))
    house.agent("gw", v.MachineLooked(look.command, "files", (), 10_000))
    assert house.step("files").swept is None and house.step("files").looked is None


def test_a_look_of_a_machine_that_turned_out_to_be_hit_counts_no_more(house: House) -> None:
    isolated(house, "files")
    assert house.gate("files").item(Item.NETWORK).fine
    house.incident()
    house.verdict("gw")
    assert house.why("files", Item.NETWORK) == (r.G_LOOK_UNSOUND,)
    house.want("files", "begin")
    (look,) = house.errands(Verb.LOOK)
    assert look.machine == "dns"


def test_who_was_hit_is_silent_or_isolated_does_not_look(house: House) -> None:
    house.incident()
    house.silent("gw")
    house.verdict("dns")
    house.plan(("files", "db"))
    house.want("db", "begin")
    house.want("files", "begin")
    house.cuts()
    assert [each.machine for each in house.errands(Verb.LOOK) if each.about == "files"] == ["rec"]


@pytest.mark.parametrize(("mode", "off", "why"), [("observe", 0.0, r.G_WEAKER), ("enforce", 300.0, r.G_CLOCK)])
def test_the_hub_itself_must_hear_its_agent_enforce_with_a_right_clock(
    house: House, mode: str, off: float, why: str
) -> None:
    isolated(house, "files")
    house.alive("files", mode, off)
    assert why in house.why("files", Item.WATCHED)


def test_an_agents_silence_makes_void_what_it_said(house: House) -> None:
    isolated(house, "files")
    house.silent("files")
    assert house.stage("files") == "isolated"
    assert set(house.why("files", Item.WATCHED)) == {r.G_NOT_SWEPT, r.G_SILENT}
    assert r.G_NOT_LOOKED in house.why("files", Item.NETWORK)


def test_a_machine_without_an_agent_is_answered_for_by_people(house: House) -> None:
    isolated(house, "old")
    house.fill("old")
    assert house.why("old", Item.WATCHED) == (r.G_NO_AGENT,)
    for item in (Item.WATCHED, Item.NETWORK):
        house.answer("old", item)
    assert house.stage("old") == "observing", "and it was looked at from outside"


# --- 11 ---------------------------------------------------------------------------------------------------------------


def test_a_clinician_tries_a_clinical_service(house: House) -> None:
    isolated(house, "rec", "files")
    assert house.gate("files").item(Item.CLINICIAN).fine
    house.answer("rec", Item.CLINICIAN, by="ina")
    assert house.why("rec", Item.CLINICIAN) == (r.G_NOT_ANSWERED,)
    house.answer("rec", Item.CLINICIAN, by="una")
    assert house.gate("rec").item(Item.CLINICIAN).fine
    assert "ward_head" in people_for(house.look, Item.CLINICIAN, "rec")


# --- exceptions -------------------------------------------------------------------------------------------------------


def test_a_named_person_who_may_excepts_until_a_date(house: House) -> None:
    isolated(house, "files")
    for who in ("ina", "leo", "local"):
        house.answer("files", Item.ENTRY, by=who, until=house.now + HOUR)
    assert not house.gate("files").item(Item.ENTRY).fine
    house.answer("files", Item.ENTRY, by="tom", until=house.now + HOUR, note="not known yet")
    item = house.gate("files").item(Item.ENTRY)
    assert (item.fine, item.answer, item.excepted_by) == (True, "unknown", "tom")
    house.now += HOUR
    item = house.gate("files").item(Item.ENTRY)
    assert (item.fine, item.expired) == (False, True)


def test_an_exception_counts_ninety_days_at_most_and_a_no_ends_it(house: House) -> None:
    isolated(house, "files")
    house.answer("files", Item.ENTRY, by="tom", until=house.now + 1e9)
    assert not house.gate("files").item(Item.ENTRY).fine
    house.answer("files", Item.ENTRY, by="tom", until=house.now + HOUR)
    assert house.gate("files").item(Item.ENTRY).fine
    house.answer("files", Item.ENTRY, "no")
    assert not house.gate("files").item(Item.ENTRY).fine


def test_the_observation_and_the_signatures_are_never_excepted(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    for item in (Item.OBSERVED, Item.SIGNED):
        house.answer("files", item, by="tom", until=house.now + HOUR)
        house.answer("files", item, by="tom")
    assert not house.gate("files").item(Item.OBSERVED).fine and not house.gate("files").item(Item.SIGNED).fine
    house.after(HOUR)
    assert house.stage("files") == "observing"


# --- signatures -------------------------------------------------------------------------------------------------------


def watched(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    house.after(HOUR)


def counted(house: House, machine: str = "files") -> list[tuple[str, str]]:
    return [(each.side, each.by) for each in house.gate(machine).signatures if each.counts]


def whys(house: House, machine: str = "files") -> list[str]:
    return [each.why.sentence for each in house.gate(machine).signatures if each.why is not None]


def test_two_signatures_of_two_persons_who_may(house: House) -> None:
    watched(house)
    house.sign("files", "it", "ina")
    assert house.stage("files") == "observing"
    house.sign("files", "service", "med")
    assert counted(house) == [("it", "ina"), ("service", "med")] and house.stage("files") == "listed"
    assert house.of(v.StepMoved)[-1].why == "watched long enough without an alarm, signed by ina and med"


@pytest.mark.parametrize(
    ("side", "by"),
    [("it", "med"), ("it", "leo"), ("service", "ina"), ("service", "leo"), ("it", "local"), ("??", "ina")],
)
def test_a_signature_from_the_wrong_role_does_not_count(house: House, side: str, by: str) -> None:
    watched(house)
    house.sign("files", side, by)
    assert counted(house) == [] and whys(house) == [r.S_ROLE]


def test_both_signatures_by_one_person_are_one() -> None:
    """A person with both roles, and with two logins."""
    people = tuple(
        type(each)(each.id, each.name, ("on_call_it", "medical_director"), logins=each.logins)
        if each.id == "ina" else each for each in ESTATE.people
    )  # fmt: skip
    house = House(estate=type(ESTATE)(ESTATE.name, machines=ESTATE.machines, services=ESTATE.services, people=people))
    watched(house)
    house.sign("files", "it", "ina")
    house.sign("files", "service", "ina-adm")
    assert counted(house) == [("it", "ina")] and whys(house) == [r.S_SAME]
    assert house.stage("files") == "observing"
    house.sign("files", "service", "med")
    assert house.stage("files") == "listed"


def test_the_people_whom_the_service_names_sign_for_it_and_nobody_else() -> None:
    services = (*ESTATE.services, Service("scanning", {"en": "Scanning"}, ("scans",), heads=("leo",)))
    house = House(estate=type(ESTATE)(ESTATE.name, machines=ESTATE.machines, services=services, people=ESTATE.people))
    house.plan(("scans",))
    house.observe("scans")
    house.after(HOUR)
    house.sign("scans", "it", "ina")
    house.sign("scans", "service", "med")
    assert house.stage("scans") == "observing"
    house.sign("scans", "service", "leo")
    assert house.stage("scans") == "listed"


def test_a_signature_before_the_watch_was_over_does_not_count(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    house.sign_both("files")
    house.after(HOUR)
    assert counted(house) == [] and whys(house) == [r.S_EARLY, r.S_EARLY]
    assert house.stage("files") == "observing"


def test_a_signature_counts_no_more_once_something_was_seen_in_any_return(house: House) -> None:
    house.plan(("files",), ("scans",))
    house.observe("files", "scans")
    house.after(HOUR)
    house.sign("files", "it", "ina")
    house.finding("scans")
    house.sign("files", "service", "med")
    assert counted(house) == [("service", "med")] and whys(house) == [r.S_RELAPSE]
    assert house.stage("files") == "observing", "of another wave, and signed without knowing"
    house.sign("files", "it", "ina")
    assert house.stage("files") == "listed"


def test_what_is_listed_waits_for_a_person_once_something_was_seen_elsewhere(house: House) -> None:
    house.plan(("files",), ("scans",))
    house.observe("scans")
    house.listed("files")
    house.finding("scans")
    house.after(3 * HOUR)
    assert house.stage("files") == "listed"
    house.sign_both("files")
    assert r.B_RELAPSE in [each.sentence for each in house.blocked("files")]
    house.want("files", "open", by="tom")
    assert house.stage("files") == "open"
