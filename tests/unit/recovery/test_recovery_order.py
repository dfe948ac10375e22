"""The order, flows, credentials, ratings, who may, and what pages are shown: one test for each rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recovery_house import ESTATE, HOUR, START, House, estate_with, machine_with

import garde.estate
from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Machine, Never, Service
from garde.estate.read import load
from garde.journal import hub_kinds as h
from garde.journal import recovery_kinds as v
from garde.model.order import Verb
from garde.model.restart import Item
from garde.recovery import credentials, flows, may, order, over, restore, waves
from garde.recovery import reasons as r
from garde.recovery.memory import State

SAMPLE = Path(garde.estate.__file__).parent / "sample" / "hospital.yaml"


def wave_of(proposed: tuple[tuple[str, ...], ...]) -> dict[str, int]:
    return {name: number for number, wave in enumerate(proposed, 1) for name in wave}


# --- the order --------------------------------------------------------------------------------------------------------


def test_the_sample_hospital_returns_in_the_order_of_the_guides() -> None:
    look = Lookup(load(SAMPLE).estate)
    place = wave_of(order.propose(look))
    assert place["backup-1"] < place["dc-1"] == place["dc-2"] < place["files-1"] == place["db-1"]
    assert place["files-1"] < place["mpi-1"] == place["engine-1"] < place["lis-1"] < place["pacs-1"]
    assert place["pacs-1"] < place["pharmacy-1"] < place["record-1"] < place["theatre-1"] < place["mail-1"]
    assert place["mail-1"] < place["web-1"]
    assert "dns-1" not in place, "it is never cut off"
    assert not {"hub-1", "fw-1", "ws-icu-1", "ct-1"} & set(place)
    assert order.warn(look, State(machines=list(look.machines)), order.propose(look)) == ()


def test_what_is_needed_comes_first_whatever_its_layer() -> None:
    look = Lookup(machine_with("dns", needs=("rec",)))
    place = wave_of(order.propose(Lookup(estate_with(machines=look.estate.machines, never_cut=()))))
    assert len({place["dns"], place["db"], place["rec"]}) == 1, "they stand in a circle"
    chain = tuple(
        Machine(f"m{n}", "Files", "server", (f"10.0.0.{n}",), agent=True, needs=(f"m{n + 1}",) if n < 4 else ())
        for n in range(1, 5)
    )
    assert order.propose(Lookup(Estate("x", machines=chain))) == (("m4",), ("m3",), ("m2",), ("m1",))


def test_the_estates_word_on_the_layer_counts_before_names(house: House) -> None:
    estate = machine_with("files", layer="web")
    place = wave_of(order.propose(Lookup(estate)))
    assert place["scans"] >= place["db"] and place["files"] > place["rec"]
    look = Lookup(ESTATE)
    assert [order.layer_of(look, look.machines[each]) for each in ("dns", "db", "rec", "files", "ws", "gw")] == [
        "network", "storage", "record", "storage", "other", "network"
    ]  # fmt: skip


def test_a_machine_that_was_hit_and_is_no_server_is_proposed_as_well() -> None:
    house = House(estate=machine_with("ws", agent=True))
    assert "ws" not in wave_of(order.propose(house.look, house.state))
    house.incident()
    house.verdict("files", "10.0.1.1")
    assert "ws" in wave_of(order.propose(house.look, house.state))


def test_a_need_that_is_not_led_back_hands_on_the_place_of_what_stands_behind_it() -> None:
    machines = (
        Machine("a", "Files", "server", ("10.0.0.1",), agent=True, needs=("sw",)),
        Machine("sw", "Switch", "switch", ("10.0.0.2",), needs=("z",)),
        Machine("z", "Web", "server", ("10.0.0.3",), agent=True),
    )
    assert order.propose(Lookup(Estate("x", machines=machines))) == (("z",), ("a",))


def said(house: House, *wave: tuple[str, ...]) -> set[tuple[str, tuple[str, ...]]]:
    return {
        (each.sentence, tuple(value for _, value in each.values)) for each in order.warn(house.look, house.state, wave)
    }


def test_the_graph_warns_of_an_order_of_people(house: House) -> None:
    assert said(house, ("rec",), ("db",)) == {(r.W_BEFORE, ("rec", "db"))}
    assert said(house, ("db",), ("rec",)) == set()
    assert said(house, ("files", "files"), ("nowhere", "old", "dns")) == {
        (r.W_TWICE, ("files",)), (r.W_UNKNOWN, ("nowhere",)), (r.W_NO_AGENT, ("old",)), (r.W_NEVER, ("dns",))
    }  # fmt: skip
    house.incident()
    house.verdict("db")
    assert said(house, ("rec",)) == {(r.W_NEED_HIT, ("rec", "db")), (r.W_LEFT_OUT, ("db",))}


def test_a_circle_is_named_once() -> None:
    house = House(estate=machine_with("db", needs=("rec",)))
    assert said(house, ("rec",), ("db",)) == {(r.W_CIRCLE, ("db, rec",))}
    assert order.circle_of(house.look, "rec") == ("db", "rec")
    assert order.circle_of(house.look, "files") == ()


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16), st.permutations(range(8)))
def test_what_is_proposed_names_each_once_and_nothing_before_its_need(
    pairs: list[tuple[int, int]], layers: list[int]
) -> None:
    kinds = ("core", "network", "identity", "storage", "index", "record", "mail", "other")
    machines = tuple(
        Machine(f"m{n}", "x", "server", (f"10.0.0.{n + 1}",), agent=True, layer=kinds[layers[n]],
                needs=tuple(dict.fromkeys(f"m{b}" for a, b in pairs if a == n != b)))
        for n in range(8)
    )  # fmt: skip
    look = Lookup(Estate("x", machines=machines))
    proposed = order.propose(look)
    place = wave_of(proposed)
    assert sorted(place) == sorted(look.machines) and sum(map(len, proposed)) == 8 and all(proposed)
    warned = order.warn(look, State(), proposed)
    assert not [each for each in warned if each.sentence == r.W_BEFORE]


def test_a_deep_chain_and_a_large_circle_take_no_stack() -> None:
    chain = tuple(Machine(f"m{n}", "x", "server", (), agent=True, needs=(f"m{(n + 1) % 3000}",)) for n in range(3000))
    look = Lookup(Estate("x", machines=chain))
    assert len(order.circle_of(look, "m7")) == 3000
    assert len(order.propose(look)) == 1


# --- flows ------------------------------------------------------------------------------------------------------------


def test_listed_flows_are_those_of_the_estate_or_whoever_needs_and_uses_it(house: House) -> None:
    assert flows.listed_flows(house.look, house.state, "db") == ("10.0.0.9", "10.0.0.2")
    assert flows.listed_flows(house.look, house.state, "nowhere") == ()
    house = House(estate=machine_with("db", flows=("10.0.0.0/30", "10.0.0.9:53/udp")))
    assert flows.listed_flows(house.look, house.state, "db") == ("10.0.0.0/30", "10.0.0.9:53/udp")


def test_what_was_hit_is_in_nobodys_flows_until_it_is_back(house: House) -> None:
    house.incident()
    house.verdict("rec")
    assert flows.listed_flows(house.look, house.state, "db") == ("10.0.0.9",)
    house = House(estate=machine_with("db", flows=("10.0.0.0/24",)))
    house.incident()
    house.verdict("rec")
    assert flows.listed_flows(house.look, house.state, "db") == ()


def test_ports_are_the_usual_ones_and_those_of_the_flows() -> None:
    look = Lookup(machine_with("db", flows=("10.0.0.9:7777/tcp", "10.0.0.9:7778/udp", "nonsense")))
    assert {445, 5432, 7777} <= set(flows.ports_to_try(look, "db")) and 7778 not in flows.ports_to_try(look, "db")


def test_who_looks_is_rather_outside_the_flows_in_force(house: House) -> None:
    assert flows.find_looker(house.look, house.state, "db") == "gw"
    assert flows.find_looker(house.look, house.state, "db", ("10.0.0.254",)) == "dns"
    assert flows.find_looker(house.look, house.state, "gw") == "dns"
    assert flows.is_expected(("10.0.0.0/24",), ("10.0.0.254",)) and not flows.is_expected(("nonsense",), ("10.0.0.1",))


# --- credentials ------------------------------------------------------------------------------------------------------


def test_what_must_be_changed_comes_from_the_estate() -> None:
    machines = (Machine("dc-1", "Domain controller", "server", ("10.0.0.1",), agent=True),
                Machine("pacs", "Images", "server", ("10.0.0.2",), agent=True, accounts=("svc-pacs", "svc-hl7"),
                        keys=("pacs.pem",), supplier="Maker"))  # fmt: skip
    look = Lookup(Estate("x", machines=machines))
    assert [(each.credential, each.times) for each in credentials.listed_for(look, "dc-1")] == [
        ("local_admin/dc-1", 1), ("directory/krbtgt", 2)
    ]  # fmt: skip
    assert [each.credential for each in credentials.listed_for(look, "pacs")] == [
        "local_admin/pacs", "service/svc-pacs", "service/svc-hl7", "key/pacs.pem", "supplier/Maker"
    ]  # fmt: skip
    assert list(credentials.listed_for(look, "nowhere")) == []


def test_the_directorys_key_is_changed_twice_with_ten_hours_between() -> None:
    house = House(estate=machine_with("files", layer="identity"))
    house.plan(("files",), ("scans",))

    def key() -> tuple[int, float]:
        (found,) = [
            each
            for each in credentials.list_of(house.state, house.look, house.now)
            if each.credential == credentials.DIRECTORY
        ]
        return found.left, found.next_at

    assert key() == (2, 0.0)
    house.change(credentials.DIRECTORY)
    assert key() == (1, START + 10 * HOUR)
    house.now += 10 * HOUR - 1
    house.change(credentials.DIRECTORY)
    assert key() == (1, START + 10 * HOUR)
    house.now += 1
    assert key() == (1, 0.0)
    house.change(credentials.DIRECTORY)
    assert key() == (0, 0.0)
    house.now -= 20 * HOUR  # a clock that goes back
    house.change(credentials.DIRECTORY)
    assert key() == (0, 0.0)


def test_machines_share_a_credential_and_an_unknown_one_changes_nothing() -> None:
    machines = tuple(
        Machine(name, "x", "server", (f"10.0.0.{n}",), agent=True, accounts=("svc-backup",))
        for n, name in enumerate(("a", "b"), 1)
    )
    house = House(estate=Estate("x", machines=machines))
    house.plan(("a",), ("b",))
    assert house.state.credentials["service/svc-backup"].machines == ["a", "b"]
    house.change("service/svc-backup", "service/none")
    assert "service/none" not in house.state.credentials
    assert house.gate("b").item(Item.CREDENTIALS).reasons[0].values == (("credential", "local_admin/b"),)


# --- ratings ----------------------------------------------------------------------------------------------------------


def ratings(house: House) -> dict[str, str]:
    return {name: each.status for name, each in house.state.ratings.items()}


def test_harm_on_a_server_and_by_a_machine(house: House) -> None:
    house.incident()
    house.finding("files", "10.0.1.1")
    assert ratings(house) == {"files": "suspect", "ws": "suspect"}
    house.verdict("files", "10.0.1.1")
    assert ratings(house) == {"files": "impacted", "ws": "impacted"}
    house.verdict("files", "10.9.9.1")  # nobody of the estate
    house.agent("stranger", v.StoresKnown(()))
    assert ratings(house) == {"files": "impacted", "ws": "impacted"}
    assert {each.why.value for each in house.of(v.ServerRated)} >= {b"it damaged files on files"}


def test_one_report_of_many_findings_rates_once(house: House) -> None:
    house.incident()
    house.agent("files", *(house.of_finding(house.now) for _ in range(5)), at=house.now)
    assert [(each.machine, each.status) for each in house.of(v.ServerRated)] == [("files", "suspect")]


def test_suspects_cuts_and_silence_make_suspect_and_nothing_makes_less(house: House) -> None:
    house.silent("scans")
    assert ratings(house) == {}, "no incident is open"
    house.incident()
    house.silent("scans")
    house.hub(h.MachineCut("ws2", "c-9", "block"), h.MachineCut("gw", "c-8", "outside"))
    suspect = h.Suspect("ws", "10.0.1.1", (), 0.4, "first")
    house.hub(h.SpreadFound("i1", "db", "files", START - 900, (), (suspect,), (), 4))
    assert ratings(house) == {"scans": "suspect", "ws2": "suspect", "ws": "suspect", "db": "impacted"}
    house.silent("db")
    assert ratings(house)["db"] == "impacted"
    assert house.state.since == START - 900


def test_a_persons_word_stands_against_harm_from_before_and_not_against_new(house: House) -> None:
    house.incident()
    house.verdict("files")
    house.now += HOUR
    house.person("ina", v.ServerRated("files", "rebuilt", "ina"))
    house.verdict("files", at=house.now - 1800)
    assert ratings(house)["files"] == "rebuilt"
    house.verdict("files", at=house.now + 60)
    assert ratings(house)["files"] == "impacted"


# --- what is seen on the way back -------------------------------------------------------------------------------------


def test_a_late_report_of_what_was_before_the_round_is_no_alarm_unless_it_is_graver(house: House) -> None:
    house.incident()
    house.verdict("files")
    house.now += HOUR
    house.plan(("files",), ("scans",))
    house.observe("files", "scans")
    house.verdict("files", at=START + 60)
    house.finding("files", at=START + 60)
    assert house.stage("files") == "observing"
    house.verdict("scans", at=START + 60)
    assert house.stage("scans") == "recut"
    assert house.state.relapse is not None and "turned out to be impacted" in house.state.relapse.why


def test_an_agent_whose_clock_is_behind_does_not_hide_new_harm(house: House) -> None:
    house.plan(("files",))
    house.observe("files")
    house.alive("files", clock_off=-3 * HOUR)
    said_at = house.now - 3 * HOUR  # by its own clock; the entry's time is put right by the hub
    entries = house.agent("files", house.of_finding(said_at), at=house.now)
    assert house.stage("files") == "recut" and house.of(v.MachineRecut, entries)


@pytest.mark.parametrize("what", ["silent", "weaker", "revoked", "enrolled", "cut lost", "sweep", "look", "hand"])
def test_whatever_is_seen_while_it_is_watched_cuts_it_again(house: House, what: str) -> None:
    house.plan(("files",))
    house.observe("files")
    if what == "silent":
        house.silent("files")
    elif what == "weaker":
        house.alive("files", "watching only")
    elif what == "revoked":
        house.hub(h.AgentRevoked("files", "tom", "lost"))
    elif what == "enrolled":
        house.hub(h.AgentEnrolled("files", "aa", "bb", "10.0.0.3"))
    elif what == "cut lost":
        name = house.of(v.IsolationWanted)[-1].isolation
        house.hub(h.CutChanged(name, "not_proven", 1, 1, 0, ("files",)))
    elif what == "hand":
        house.finding("db", "10.0.0.3")
    else:
        house.want("files", "begin")
        house.obey({Item.WATCHED: "no"} if what == "sweep" else None, (4444,) if what == "look" else ())
    assert house.stage("files") == "recut"
    assert house.one(v.MachineRecut).source == "files"


def test_an_open_server_and_a_silent_one_that_is_only_isolated(house: House) -> None:
    house.plan(("files",), ("scans",))
    house.isolate("files")
    house.silent("files")
    assert house.stage("files") == "isolated", "it may be restarting"
    house.opened("scans")
    house.silent("scans")
    assert house.stage("scans") == "recut"


# --- who may ----------------------------------------------------------------------------------------------------------


def test_the_token_is_no_named_person(house: House) -> None:
    assert may.may(house.look, may.ANSWER, "local", "operator")
    for act in may.NAMED:
        assert not may.may(house.look, act, "local", "operator", "files")
    assert not may.may(house.look, "fly", "tom", "it_director") and not may.may(house.look, may.PLAN, "", "operator")


def test_roles_count_at_the_console_and_in_the_estate(house: House) -> None:
    assert may.may(house.look, may.SIGN_IT, "ina", "viewer") and may.may(house.look, may.SIGN_IT, "nobody", "operator")
    assert not may.may(house.look, may.SIGN_IT, "leo", "viewer")
    assert may.roles_for(house.look, may.TRY)[0] == "medical_director" and may.roles_for(house.look, "fly") == ()


def test_for_a_machine_that_serves_nobody_directly_those_behind_it_count() -> None:
    services = tuple(
        Service(each.id, each.name, each.machines, uses=each.uses, heads=("leo",)) if each.id == "record" else each
        for each in ESTATE.services
    )
    look = Lookup(estate_with(services=services))
    assert may.heads_of(look, "db") == may.heads_of(look, "rec") == ("leo",)
    assert may.heads_of(look, "files") == () and may.heads_of(look, "nowhere") == ()


# --- for the pages ----------------------------------------------------------------------------------------------------


def test_waves_with_rows_and_spans(house: House) -> None:
    house.plan(("files",), ("db",), ("rec",))
    house.want("scans", "begin")
    house.observe("files")
    found = waves.waves_of(house.state, house.look, house.now)
    assert [(each.number, [row.machine for row in each.rows]) for each in found] == [
        (1, ["files"]), (2, ["db"]), (3, ["rec"]), (0, ["scans"])
    ]  # fmt: skip
    row = found[0].rows[0]
    assert (row.stage, row.proven, row.due, row.fine, row.services) == (
        "observing", True, START + HOUR, 11, ("documents",)
    )  # fmt: skip
    assert [each.stage for each in row.spans] == ["waiting", "isolated", "verified", "observing"]
    assert row.spans[-1].end == 0.0 and row.spans[0].by == "ina"
    assert [each.sentence for each in found[1].rows[0].blocked] == [r.B_NOT_BEGUN] and found[2].rows[0].needs == ("db",)


def test_points_and_stores_as_they_stand(house: House) -> None:
    house.stores("files", "restic-1")
    house.judge("files", "restic-1", ("p1", "green"), ("p2", "red"))
    one, two = restore.points_of(house.state, house.look, "files")
    assert (one.point, one.why_not_scratch, one.tried) == ("p1", None, False)
    assert one.why_not_place is not None and one.why_not_place.sentence == r.P_NOT_TRIED
    assert two.why_not_scratch is not None and two.why_not_scratch.sentence == r.P_RED
    house.choose("files", "restic-1", "p1", "scratch")
    house.obey()
    one, _ = restore.points_of(house.state, house.look, "")
    assert one.tried and one.why_not_place is not None and one.why_not_place.sentence == r.P_STAGE
    (store,) = restore.stores_of(house.state, house.look)
    assert (store.holder, store.sort, store.frozen, store.seconds) == ("files", "restic", "proven", 0.5)
    house.judge("files", "restic-1", ("p2", "red"))
    assert [each.point for each in restore.points_of(house.state, house.look, "files")] == ["p2"], "it is gone"


def test_what_speaks_against_the_end(house: House) -> None:
    def against() -> set[str]:
        return {each.sentence for each in over.over(house.state, house.look, house.now).reasons}

    assert against() == {r.O_NO_PLAN}
    house.stores("files", "restic-1")
    house.plan(("files",), ("scans",))
    house.opened("files")
    house.isolate("scans")
    house.answer("scans", Item.ENTRY, by="tom", until=house.now + 60)
    assert over.over(house.state, house.look, house.now).exceptions == (("scans", "entry", house.now + 60),)
    house.now += 120
    assert against() == {r.O_NOT_OPEN, r.O_EXCEPTION, r.O_WATCH, r.O_FROZEN}
    house.opened("scans")
    house.person("tom", v.WatchReinforced(house.now + HOUR, "tom", "it_director"))
    house.person("tom", v.ThawWanted("files", "", "tom", "it_director"))
    house.obey()
    found = over.over(house.state, house.look, house.now)
    assert found.reasons == () and (found.planned, found.open, found.watch_until) == (2, 2, house.now + HOUR)
    house.finding("scans")
    assert against() >= {r.O_RECUT} and over.over(house.state, house.look, house.now).last_seen == house.now


def test_a_never_cut_line_keeps_a_machine_out_of_what_is_proposed() -> None:
    look = Lookup(estate_with(never_cut=(Never("10.0.0.0/24", "all"),)))
    assert order.propose(look) == ()


def test_a_restore_that_was_not_asked_for_changes_nothing(house: House) -> None:
    house.stores("files", "restic-1")
    house.agent("files", v.PointRestored("x", "restic-1", "p1", "place", 9, 9, 0, True, 0.0, 1.0, 1.0))
    house.agent("files", v.PointsJudged("x", "restic-1", 0, 1.0))
    assert house.state.restored == {} and not house.errands(Verb.RESTORE)
