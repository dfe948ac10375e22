"""The pages of the way back: what is shown, what a press does, what is refused and to whom nothing is offered."""

from __future__ import annotations

import re
from copy import deepcopy

import pytest
from console_house import Browser, ConsoleHouse, Night
from way_house import CARE, DIRECTOR, IT, STORES, H, People, WayBack

from garde.hub.deps import DECIDERS
from garde.hub.restart_paper import machines_shown, waves_shown
from garde.journal import kinds as k
from garde.journal import recovery_kinds as r
from garde.model.restart import Item, Stage
from garde.paper import Document, typeset
from garde.recovery import may

PAGES = ("/restart", "/points", "/credentials", "/restart/files-1", "/restart/db-1")


@pytest.fixture
def way(house: ConsoleHouse) -> WayBack:
    night = Night(house)
    night.enrol()
    return WayBack(night)


@pytest.fixture
def people(way: WayBack) -> People:
    """Harm on one file server; baselines, stores and points are known."""
    made = People(way)
    made.take_baselines()
    way.know_stores()
    way.night.strike("files-1", files=24)
    way.house.loop.append([k.HoldConfirmed("hv1", "v1", 24)], who="agent/files-1")
    way.settle()
    return made


def browser_of(house: ConsoleHouse, who: tuple[str, str] = IT, language: str = "en") -> Browser:
    if who[0] not in {each.login for each in house.accounts.all()}:
        house.account(*who)
    return house.browser(who[0], language)


def kinds(house: ConsoleHouse, login: str) -> list[str]:
    return [entry.kind for entry in house.journal_entries() if entry.who == f"person/{login}"]


def last(house: ConsoleHouse, kind: str) -> object:
    return [entry.payload for entry in house.journal_entries() if entry.kind == kind][-1]


# --- the order --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
def test_before_anybody_decided_the_proposal_is_shown_and_nothing_is_said_to_run(
    house: ConsoleHouse, people: People, language: str
) -> None:
    browser = browser_of(house, language=language)
    page = browser.get("/restart").text
    assert {"en": "No way back has begun", "fr": "Aucune remise en service n’a commencé"}[language] in page
    assert "wave.files-1" in page and 'class="lanes"' not in page
    assert not re.search(r"\{\w+\}", page)
    assert "/restart" not in re.sub(r"<nav.*?</nav>", "", browser.get("/").text, flags=re.S)  # no line that one runs


def test_the_machines_that_are_shown_are_those_of_the_waves_in_their_order(house: ConsoleHouse, people: People) -> None:
    def check(*last: str) -> None:
        state, look = house.loop.look("recovery", deepcopy), house.loop.estate
        rows = [row for wave in waves_shown(state, look, house.clock.now()) for row in wave.rows]
        shown = machines_shown(state, look)
        assert shown == [row.machine for row in rows] and tuple(shown[len(shown) - len(last) :]) == last

    check()
    people.begin("files-2", "files-1")  # nobody has decided anything
    check()
    people.waves = (("record-1",), ("db-1", "files-3"))
    people.plan()
    check("files-2", "files-1")


def test_an_order_that_the_file_warns_of_is_decided_only_by_who_has_read_the_warning(
    house: ConsoleHouse, people: People
) -> None:
    browser = browser_of(house)
    wanted = {"wave.record-1": "1", "wave.db-1": "2", "wave.files-1": "2", "observe": "4", "listed": "0.5"}
    answer = browser.press("/restart", "/restart", act="plan", **wanted)
    assert answer.status == 200 and "restart_planned" not in kinds(house, IT[0])
    assert "Medical record" in answer.text and "would start without" in answer.text
    seen = answer.field("seen")
    again = browser.press("/restart", "/restart", act="plan", accept="yes", seen="0" * 16, **wanted)
    assert again.status == 200 and "restart_planned" not in kinds(house, IT[0])  # other warnings than those read
    done = browser.press("/restart", "/restart", act="plan", accept="yes", seen=seen, **wanted)
    assert done.location == "/restart?said=plan"
    planned = last(house, "restart_planned")
    assert isinstance(planned, r.RestartPlanned)
    assert planned.waves == (("record-1",), ("db-1", "files-1")) and planned.warnings
    assert (planned.observe_s, planned.listed_s) == (4 * H, 0.5 * H)


def test_looking_at_an_order_decides_nothing(house: ConsoleHouse, people: People) -> None:
    browser = browser_of(house)
    before = kinds(house, IT[0])
    answer = browser.press(
        "/restart", "/restart", act="look", observe="2,5", listed="1", **{"wave.files-2": "7", "wave.db-1": "3"}
    )
    assert answer.status == 200 and kinds(house, IT[0]) == before
    assert 'value="2.5"' in answer.text
    chosen = re.search(r'name="wave\.files-2".*?value="(\d+)" selected', answer.text, re.S)
    assert chosen and chosen[1] == "2"  # waves without a gap


@pytest.mark.parametrize("wrong", [
    {"observe": "x"}, {"observe": "-1"}, {"observe": "nan"}, {"listed": "9999"}, {"wave.files-1": "x"},
    {"wave.files-1": "-1"}, {"wave.files-1": "²"}, {"wave.nowhere": "1"},
])  # fmt: skip
def test_nonsense_in_the_form_writes_nothing(house: ConsoleHouse, people: People, wrong: dict[str, str]) -> None:
    browser = browser_of(house)
    fields = {"wave.files-1": "1", "observe": "1", "listed": "1", "accept": "yes", **wrong}
    assert browser.press("/restart", "/restart", act="plan", **fields).status in (200, 400, 404)
    assert "restart_planned" not in kinds(house, IT[0])


def test_the_reinforced_watch_is_kept_and_ended(house: ConsoleHouse, people: People) -> None:
    browser = browser_of(house, DIRECTOR)
    assert browser.press("/restart", "/restart", act="watch", days="30").status == 303
    said = last(house, "watch_reinforced")
    assert isinstance(said, r.WatchReinforced)
    assert said.until == pytest.approx(house.clock.now() + 30 * 24 * H, abs=5)
    assert browser.press("/restart", "/restart", act="watch", days="0").status == 400
    assert browser.press("/restart", "/restart", act="watch-over").status == 303


# --- a server's way ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_server_is_pressed_all_the_way(house: ConsoleHouse, people: People, language: str) -> None:
    people.plan()
    people.judge("files-1")
    operator, clinician = browser_of(house, IT, language), browser_of(house, CARE, language)

    def press(browser: Browser, **fields: str) -> None:
        answer = browser.press("/restart/files-1", "/restart/files-1", round=browser_round(browser), **fields)
        assert answer.status == 303, answer.text
        people.way.settle()

    def browser_round(browser: Browser) -> str:
        found = re.search(r'name="round" value="(\d+)"', browser.get("/restart/files-1").text)
        assert found is not None
        return found[1]

    press(operator, act="step", want="begin")
    assert people.stage_of("files-1") == Stage.ISOLATED
    for act in ("scratch", "place"):
        chosen = operator.press("/points", "/points", act=act, machine="files-1", store="nightly",
                                point="b7720e61f4c9a385")  # fmt: skip
        assert chosen.location == f"/points?said={act}"
        people.way.settle()
    assert re.search("must be entered again|sont à ressaisir", operator.get("/restart/files-1").text)
    for listed in ("local_admin/files-1", "service/files-1"):
        assert operator.press("/credentials", "/credentials", act="changed", credential=listed).status == 303
    for item in (Item.ENTRY, Item.REBUILT):
        press(operator, act="answer", item=item, answer="yes")
    press(clinician, act="answer", item=Item.CLINICIAN, answer="yes")
    press(
        browser_of(house, DIRECTOR), act="answer", item=Item.EVIDENCE, answer="except", until="23:30", note="police <x>"
    )
    page = operator.get("/restart/files-1").text
    assert people.stage_of("files-1") == Stage.OBSERVING, page
    assert "police &lt;x&gt;" in page and "<x>" not in page and not re.search(r"\{\w+\}", page)
    people.pass_time(4 * H)
    press(browser_of(house, IT, language), act="sign", side="it")
    press(browser_of(house, CARE, language), act="sign", side="service")
    assert people.stage_of("files-1") == Stage.LISTED
    press(browser_of(house, DIRECTOR), act="step", want="open")
    assert people.stage_of("files-1") == Stage.OPEN


def test_what_was_meant_for_one_round_never_counts_in_another(house: ConsoleHouse, people: People) -> None:
    people.plan()
    people.begin("files-1")
    browser = browser_of(house)
    old = browser.get("/restart/files-1")
    people.house.loop.append([r.StepWanted("files-1", "back", *IT)], who="person/llemaire")
    people.house.loop.append([r.StepWanted("files-1", "again", *IT)], who="person/llemaire")
    people.way.settle()
    assert people.round_of("files-1") == 2
    for fields in ({"act": "answer", "item": "entry", "answer": "yes"}, {"act": "sign", "side": "it"},
                   {"act": "step", "want": "back"}):  # fmt: skip
        answer = browser.post("/restart/files-1", {"csrf": old.csrf, "round": "1", **fields})
        assert answer.status == 409 and "another round has begun" in answer.text
    assert "gate_answered" not in kinds(house, IT[0])


def test_one_person_signs_one_side_only(house: ConsoleHouse, people: People) -> None:
    people.plan()
    people.begin("db-1")
    people.answer_all("db-1")
    people.pass_time(4 * H)
    browser = browser_of(house, ("shaddad", "operator"))  # by his role for IT, by the estate for care
    assert browser.press("/restart/db-1", "/restart/db-1", act="sign", side="it", round="1").status == 303
    page = browser.get("/restart/db-1").text
    assert "somebody else signs here" in page and 'value="service"' not in page
    assert browser.press("/restart/db-1", "/restart/db-1", act="sign", side="service", round="1").status == 409
    assert people.stage_of("db-1") == Stage.OBSERVING


def test_a_relapse_is_loud_everywhere(house: ConsoleHouse, people: People) -> None:
    people.plan()
    people.begin("files-1", "files-2")
    people.way.night.strike("files-1", machine="ws-accounts-1", files=2)
    people.way.settle()
    browser = browser_of(house)
    for path in ("/restart", "/restart/files-1", "/restart/files-2"):
        page = browser.get(path).text
        assert 'class="loud" role="alert"' in page and "Nothing of" in page, path
    for path in ("/", "/wall"):
        assert "Cut again: Files of the wards, Files of the administration" in browser.get(path).text, path
    assert "CUT AGAIN" in browser.get("/machines/files-2").text
    assert 'value="again"' in browser.get("/restart/files-2").text
    assert 'value="open"' not in browser.get("/restart/files-2").text


def test_what_was_found_is_shown_as_text(house: ConsoleHouse, people: People) -> None:
    people.way.found["files-1"] = ("/etc/cron.d/<script>alert(1)</script>", "\x1b[2J/usr/sbin/sshd")
    people.plan()
    people.begin("files-1")
    page = browser_of(house).get("/restart/files-1").text
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page and "\x1b" not in page


# --- points -----------------------------------------------------------------------------------------------------------


def test_a_store_that_is_not_proven_frozen_is_said_first(house: ConsoleHouse, way: WayBack) -> None:
    browser = browser_of(house)
    assert "No restore point is known" in browser.get("/points").text
    way.know_stores()
    assert "frozen when harm is seen" in browser.get("/points").text
    way.unfrozen = frozenset({"nightly"})
    way.night.strike("files-1")
    way.house.loop.append([k.HoldConfirmed("hv1", "v1", 4)], who="agent/files-1")
    assert "being frozen" in browser.get("/points").text
    way.do("freeze")
    page = browser.get("/points").text
    assert (
        "Retention is NOT proven to be frozen" in page and "What lies there can be deleted at any time: nightly" in page
    )
    assert "frozen, proven" in page and "its owner could still remove a file" in page


def test_each_point_is_told_by_colour_and_by_word(house: ConsoleHouse, people: People) -> None:
    browser = browser_of(house)
    assert browser.press("/points", "/points", act="judge", machine="files-1").location == "/points?said=judge"
    people.way.do("judge")
    page = browser.get("/points").text
    for word in ("● green", "▲ amber", "■ red", "taken AFTER the first hostile write"):
        assert word in page
    assert page.count("must be entered again") == 3  # of the three that may be used
    card = re.search(r'<section class="card[^"]*" id="of-files-1".*?</section>', page, re.S)
    assert card and card[0].count('class="mark ') == 4 and "first hostile write" in card[0]
    red = re.search(r'<article class="point bad".*?</article>', page, re.S)
    assert red and "<button" not in red[0]


def test_a_point_that_must_not_be_used_is_not_taken_by_a_form_of_ones_own(house: ConsoleHouse, people: People) -> None:
    people.plan()
    people.judge("files-1")
    people.begin("files-1")
    browser = browser_of(house)
    for point, where in (("e90c11d2a7b84f36", "scratch"), ("b7720e61f4c9a385", "place"), ("nothing", "scratch")):
        answer = browser.press("/points", "/points", act=where, machine="files-1", store="nightly", point=point)
        assert answer.status == 409, point
    assert "point_chosen" not in kinds(house, IT[0])


def test_somebody_says_when_the_first_hostile_write_was(house: ConsoleHouse, people: People) -> None:
    people.judge("files-1")
    browser = browser_of(house)
    incident = house.loop.look("board", lambda board: next(iter(board.incidents)))
    fields = {"act": "harm", "incident": incident}
    assert browser.press("/points", "/points", at="2024-11-16 22:00", **fields).location == "/points?said=harm"
    assert "Judged against a later first hostile write" in browser.get("/points").text
    assert browser.press("/points", "/points", at="2031-01-01 00:00", **fields).status == 400
    assert browser.press("/points", "/points", at="soon", **fields).status == 400


def test_retention_goes_on_by_a_leader_only(house: ConsoleHouse, people: People) -> None:
    operator, leader = browser_of(house), browser_of(house, DIRECTOR)
    page = operator.get("/points").text
    assert 'value="thaw"' not in page and "Who can: IT director" in page
    assert operator.press("/points", "/points", act="thaw", store="backup-1|nightly").status == 403
    assert leader.press("/points", "/points", act="thaw", store="backup-1|nightly").status == 303
    people.way.do("thaw")
    assert "goes on again" in leader.get("/points").text


# --- who may ----------------------------------------------------------------------------------------------------------


def under_way(people: People) -> None:
    people.plan()
    people.judge("files-1")
    people.begin("files-1", "db-1")
    people.answer("files-1", Item.ENTRY, note="by Sami Haddad")


@pytest.mark.parametrize("role", ["viewer", "dpo", "admin", "ward"])
def test_who_may_not_is_offered_nothing_and_told_who_can(house: ConsoleHouse, people: People, role: str) -> None:
    under_way(people)
    browser = browser_of(house, ("carla", role))
    for path in PAGES:
        answer = browser.get(path)
        if role == "ward" and path != "/restart":
            assert answer.status == 403
            continue
        assert answer.status == 200
        main = answer.text.partition("<main")[2]
        assert "<form" not in main, path
        assert "Who can:" in main or path == "/restart/db-1" or "Signs here" in main, path
    before = house.rest()
    for path, fields in (
        ("/restart", {"act": "plan", "wave.files-1": "1", "observe": "1", "listed": "1", "accept": "yes"}),
        ("/restart", {"act": "watch", "days": "1"}),
        ("/restart/files-1", {"act": "step", "want": "back", "round": "1"}),
        ("/restart/files-1", {"act": "answer", "item": "entry", "answer": "yes", "round": "1"}),
        ("/restart/files-1", {"act": "sign", "side": "it", "round": "1"}),
        ("/restart/files-1", {"act": "rate", "status": "rebuilt", "note": "x"}),
        ("/restart/files-1", {"act": "baseline"}), ("/points", {"act": "judge", "machine": "files-1"}),
        ("/points", {"act": "scratch", "machine": "files-1", "store": "nightly", "point": "b7720e61f4c9a385"}),
        ("/credentials", {"act": "changed", "credential": "local_admin/files-1"}),
    ):  # fmt: skip
        assert browser.post(path, {"csrf": browser.get("/me").csrf, **fields}).status == 403, (path, fields)
    assert house.loop.seq == before


def test_a_ward_sees_how_it_stands_and_no_name_of_a_person(house: ConsoleHouse, people: People) -> None:
    under_way(people)
    people.house.loop.append([r.StepWanted("files-1", "back", *IT)], who="person/llemaire")
    people.way.settle()
    ward = browser_of(house, ("carla", "ward"))
    for path in ("/restart", "/", "/wall", "/machines/files-1"):
        page = ward.get(path).text
        assert not [name for name in ("Lemaire", "llemaire", "Haddad", "shaddad") if name in page], path
    assert "somebody cut it again" in ward.get("/restart").text
    assert "Lemaire cut it again" in browser_of(house, CARE).get("/restart").text
    assert ward.get("/restart/order.pdf").status == 200 and ward.get("/restart/records.pdf").status == 403


def test_deciders_of_the_console_are_among_those_who_lead_back() -> None:
    assert set(DECIDERS) <= {*may.ACTS["plan"]}


def test_without_the_token_of_the_page_nothing_is_done(house: ConsoleHouse, people: People) -> None:
    under_way(people)
    browser, before = browser_of(house), house.rest()
    for path in ("/restart", "/restart/files-1", "/points", "/credentials"):
        assert browser.post(path, {"act": "step", "want": "back", "round": "1"}).status == 403
        foreign = {"csrf": browser.get(path).csrf, "act": "watch-over"}
        assert browser.post(path, foreign, origin="https://evil.example").status == 403
        assert browser.post(path, {"csrf": browser.get(path).csrf, "act": "no such act"}).status == 400
    assert house.loop.seq == before
    for path in ("/restart/nothing", "/restart/%3Cscript%3E"):
        assert browser.get(path).status == 404
        assert browser.post(path, {"csrf": browser.get("/restart").csrf, "act": "baseline"}).status == 404


# --- size and paper ---------------------------------------------------------------------------------------------------


def test_a_page_of_many_points_stays_small(house: ConsoleHouse, people: People) -> None:
    people.say(IT, r.JudgingWanted("files-1", "nightly", IT[0]))
    (asked,) = people.way.errands()
    for number in range(400):
        point = r.PointJudged(
            asked.command, "nightly", f"p{number:04d}", "files-1", 1.7e9 + number * 900, "green", "before", 9, 9, 9, 9,
            0, 0, "whole", "done", 1.7e9, ("readable",) * 3,
        )  # fmt: skip
        house.loop.append([point], who="agent/backup-1")
    page = browser_of(house).get("/points").text
    assert len(page.encode()) < 300_000 and "340 further ones are not listed here" in page


@pytest.mark.parametrize("language", ["en", "fr"])
def test_order_and_records_on_paper(
    house: ConsoleHouse, people: People, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way(people)
    made: list[Document] = []

    def keep(wanted: Document) -> object:
        made.append(wanted)
        return typeset(wanted)

    monkeypatch.setattr("garde.hub.console.pages.plan.typeset", keep)
    browser = browser_of(house, IT, language)
    for path in ("/restart/order.pdf", "/restart/records.pdf", "/restart/records.pdf?machine=files-1"):
        answer = browser.get(path)
        assert answer.status == 200 and answer.headers["content-type"] == "application/pdf"
    order, records, one = made
    assert [len(wave["rows"]) for wave in order.data["waves"]] == [2, 3, 2]
    assert {each.language for each in made} == {language}
    assert len(records.data["records"]) == 7 and [each["id"] for each in one.data["records"]] == ["files-1"]
    printed = typeset(records)
    assert printed.pages == 7 and [page for page, _ in printed.marks] == [1, 2, 3, 4, 5, 6, 7]
    assert {each.store for each in STORES} and typeset(order).pages == 1
