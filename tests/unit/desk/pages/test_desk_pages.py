"""The desk's pages: who may, what is shown, what is written down, forms that are not ours."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from pages_house import ORIGIN, PASSWORD, Browser, PagesHouse

from garde.desk.pages import numbers as pages_numbers
from garde.desk.pages.serve import is_loopback
from garde.downtime.numbers.form import read_number
from garde.downtime.numbers.state import Standing
from garde.journal.paper_kinds import NumberLinked, NumberMatched

LAMBERT = {"ward": "URG", "family": "Lambert", "given": "Anne", "birth": "04.03.1950", "allergies": "recorded",
           "allergic_to": "penicillin", "bed": "3", "at": "03:40"}  # fmt: skip


def arrive(browser: Browser, fields: dict[str, str] = LAMBERT) -> str:
    browser.open("/arrivals?ward=URG")
    browser.send("/arrivals", fields)
    assert browser.status == 303, browser.text
    return browser.location.removeprefix("/numbers/").partition("?")[0]


def test_somebody_arrives_is_matched_and_confirmed_by_a_second_person(house: PagesHouse) -> None:
    nina, otto = house.browser("nina"), house.browser("otto")
    number = arrive(nina)
    page = nina.open(f"/numbers/{number}?said=given")
    assert "The number is given" in page and "ALLERGIES: penicillin" in page and read_number(number).spoken in page
    nina.send(f"/numbers/{number}", {"what": "matched", "record": "123456"})
    assert nina.status == 303
    mine = nina.open(f"/numbers/{number}")
    assert "You made this match" in mine and "I have compared them" not in mine
    assert "1 " in nina.open("/") or "second person: 1" in nina.text
    theirs = otto.open(f"/numbers/{number}")
    assert "nina says: this is record 123456" in theirs and "agrees" in theirs
    otto.send(f"/numbers/{number}", {"what": "confirmed", "match": otto.field("match")})
    assert otto.location.endswith("said=confirmed")
    held = house.keeper.numbers().held[number]
    assert held.standing is Standing.LINKED and held.record == "123456"
    written = list(house.book.journal.entries(kinds=("number_matched", "number_linked")))
    assert [(e.who, type(e.payload)) for e in written[-2:]] == [("nina", NumberMatched), ("otto", NumberLinked)]


def test_a_ward_shows_the_record_and_who_arrived_as_rows_of_their_own(house: PagesHouse) -> None:
    nina = house.browser("nina")
    number = arrive(nina)
    nina.open(f"/numbers/{number}")
    nina.send(f"/numbers/{number}", {"what": "changed", "ward": "MED", "bed": "9", "allergies": "same"})
    page = nina.open("/wards/MED")
    names = re.findall(r"<h2>(.*?)</h2>", page)
    assert [each.split(" · ")[1] for each in names] == ["LAMBERT Anne", "Maes Jan", "Lambert Anne"]
    assert "arrived during the downtime, 03:40" in page
    assert "no known allergy" in page and "ALLERGIES: Latex" in page and "ALLERGIES: penicillin" in page
    surgery = nina.open("/wards/SURG")
    assert "&lt;b&gt;Boldt&lt;/b&gt; Eve" in surgery and "allergies NOT RECORDED: ask the patient" in surgery
    assert nina.open("/wards/CARD") and nina.status == 404
    assert {each.what for each in house.written("looked")} >= {"census MED", "census SURG", f"downtime number {number}"}


def test_freshness_is_on_every_page_and_a_silent_feed_is_said(house: PagesHouse) -> None:
    nina = house.browser("nina")
    assert 'data-feed="waiting"' in nina.open("/") and "Nothing was heard yet" in nina.text
    house.clock.advance(7200)
    page = nina.open("/wards/MED")
    assert 'data-feed="silent"' in page and "Verify every line" in page
    found: Any = nina.client.get("/fresh").json()
    assert found == {"feed": "silent", "newest": "", "words": "no message has come"}


def test_a_label_that_was_written_first_and_words_that_are_off(house: PagesHouse) -> None:
    nina = house.browser("nina")
    given = arrive(nina, {"ward": "URG", "label": "d1 000009 4", "at": "03:10"})
    assert given == "D1-000009-4"
    for fields, status, words in (
        ({"ward": "URG", "label": "D1-000009-4"}, 409, "was given to somebody"),
        ({"ward": "URG", "label": "D1-000009-5"}, 409, "check character is wrong"),
        ({"ward": "MED", "label": "D1-000008-6"}, 409, "belongs to URG"),
        ({"ward": "MED"}, 404, "has no downtime numbers"),
        ({"ward": ""}, 400, "no place was named"),
        ({"ward": "URG", "at": "soon"}, 400, "this is no time"),
        ({"ward": "URG", "allergies": "recorded"}, 400, "allergic to what"),
        ({"ward": "URG", "allergies": "maybe"}, 400, "none of this page"),
        ({"ward": "URG", "family": "x" * 1001}, 400, "too long"),
    ):
        nina.open("/arrivals")
        nina.send("/arrivals", fields)
        assert (nina.status, words in html.unescape(nina.text)) == (status, True), (fields, nina.text)
    nina.open("/arrivals")
    nina.send("/arrivals", {"ward": "MED", "label": "D1-000008-6", "elsewhere": "yes"})
    assert nina.status == 303 and len(house.keeper.numbers().held) == 2


def test_who_may_what(house: PagesHouse) -> None:
    nina, lab, lead = (house.browser(login) for login in ("nina", "lab-1", "lea"))
    number = arrive(nina)
    assert lab.open("/arrivals") and lab.status == 403
    page = lab.open(f"/numbers/{number}")
    assert lab.status == 200 and "<form class=" not in page and "labels.pdf" not in page
    for what in pages_numbers.RIGHT_OF:
        lab.open("/")
        lab.send(f"/numbers/{number}", {"what": what, "record": "123456", "match": "X", "note": "x"})
        assert lab.status == 403, what
    nina.open(f"/numbers/{number}")
    nina.send(f"/numbers/{number}", {"what": "void", "note": "x"})
    assert nina.status == 403 and house.keeper.numbers().standing(number) is Standing.ISSUED
    lead.open(f"/numbers/{number}")
    lead.send(f"/numbers/{number}", {"what": "void", "note": "spoilt"})
    assert lead.location == "/numbers" and house.keeper.numbers().standing(number) is Standing.VOID


def test_a_link_is_taken_back_by_a_lead_only(house: PagesHouse) -> None:
    nina, otto, lead = (house.browser(login) for login in ("nina", "otto", "lea"))
    number = arrive(nina)
    nina.open(f"/numbers/{number}")
    nina.send(f"/numbers/{number}", {"what": "matched", "record": "999", "agree-document": "yes", "agree-birth": "yes"})
    assert "compare with the person" in otto.open(f"/numbers/{number}")
    match = otto.field("match")
    otto.send(f"/numbers/{number}", {"what": "confirmed", "match": match})
    otto.open(f"/numbers/{number}")
    for what in ("refused", "unlinked"):
        otto.send(f"/numbers/{number}", {"what": what, "match": match, "note": "x"})
        assert otto.status == 403
    lead.open(f"/numbers/{number}")
    lead.send(f"/numbers/{number}", {"what": "unlinked", "note": "another one"})
    assert lead.status == 303 and house.keeper.numbers().held[number].record == ""


def test_a_press_confirms_the_match_that_was_shown_and_no_other(house: PagesHouse) -> None:
    nina, otto = house.browser("nina"), house.browser("otto")
    number = arrive(nina)
    nina.open(f"/numbers/{number}")
    nina.send(f"/numbers/{number}", {"what": "matched", "record": "123456"})
    otto.open(f"/numbers/{number}")
    shown = otto.field("match")
    nina.send(f"/numbers/{number}", {"what": "refused", "match": shown})
    nina.send(f"/numbers/{number}", {"what": "matched", "record": "777", "agree-document": "yes", "agree-birth": "yes"})
    otto.send(f"/numbers/{number}", {"what": "confirmed", "match": shown})
    assert otto.status == 409 and house.keeper.numbers().held[number].record == ""
    otto.send(f"/numbers/{number}", {"what": "confirmed"})
    assert otto.status == 400


def test_nothing_is_matched_while_half_of_the_census_is_there(house: PagesHouse) -> None:
    nina = house.browser("nina")
    number = arrive(nina)
    nina.open(f"/numbers/{number}")
    house.keeper.rebuilding = True
    fields = {"what": "matched", "record": "123456", "agree-document": "yes", "agree-birth": "yes"}
    nina.send(f"/numbers/{number}", fields)
    assert nina.status == 409 and not house.keeper.numbers().held[number].waiting


def test_labels_are_a_pdf(house: PagesHouse) -> None:
    nina = house.browser("nina")
    number = arrive(nina)
    answer = nina.client.get(f"/numbers/{number}/labels.pdf")
    assert answer.content.startswith(b"%PDF") and answer.headers["content-type"] == "application/pdf"


# --- the door ---------------------------------------------------------------------------------------------------------


def test_nothing_is_shown_without_a_session(house: PagesHouse) -> None:
    stranger = house.browser()
    for path in ("/", "/wards/MED", "/numbers", "/arrivals", "/numbers/D1-000001-K", "/fresh", "/numbers/x/labels.pdf"):
        stranger.open(path)
        assert (stranger.status, stranger.location.partition("?")[0]) == (303, "/sign-in"), path
    stranger.send("/arrivals", LAMBERT)
    assert stranger.status == 303 and not house.keeper.numbers().held
    assert house.written("looked") == []


def test_signing_in_and_out(house: PagesHouse) -> None:
    someone = house.browser()
    someone.open("/sign-in?to=/wards/MED")
    someone.send("/sign-in", {"login": "nina", "password": "wrong", "to": "/"})
    assert someone.status == 403 and "do not go together" in someone.text
    someone.send("/sign-in", {"login": " NINA ", "password": PASSWORD, "to": "/wards/MED"})
    assert (someone.status, someone.location) == (303, "/wards/MED")
    assert "HttpOnly" in someone.headers["set-cookie"] and "SameSite=strict" in someone.headers["set-cookie"]
    assert "LAMBERT" in someone.open("/wards/MED")
    someone.send("/sign-out", {})
    someone.open("/wards/MED")
    assert someone.location.startswith("/sign-in")
    notes = [(each.what, each.who) for each in house.written("sign_in_noted")]
    assert ("signed in", "nina from testclient") in notes and ("sign-in refused", "nina from testclient") in notes


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "/a\nb"])
def test_nobody_is_sent_elsewhere(house: PagesHouse, to: str) -> None:
    someone = house.browser()
    someone.send("/sign-in", {"login": "nina", "password": PASSWORD, "to": to})
    assert someone.location == "/"


def test_tries_are_counted(house: PagesHouse) -> None:
    someone = house.browser()
    for _ in range(10):
        someone.send("/sign-in", {"login": "nina", "password": "wrong", "to": "/"})
    someone.send("/sign-in", {"login": "nina", "password": PASSWORD, "to": "/"})
    assert someone.status == 403 and "Too many tries" in someone.text
    house.clock.advance(200)
    someone.send("/sign-in", {"login": "nina", "password": PASSWORD, "to": "/"})
    assert someone.status == 303


def test_forms_of_others_do_nothing(house: PagesHouse) -> None:
    nina = house.browser("nina")
    nina.open("/arrivals")
    for more in ({"origin": "https://evil.example"}, {"origin": ""}, {"Sec-Fetch-Site": "cross-site"}):
        nina.send("/arrivals", LAMBERT, **more)
        assert nina.status == 403
        nina.open("/arrivals")
    nina.send("/arrivals", {**LAMBERT, "csrf": "another"})
    assert nina.status == 403 and not house.keeper.numbers().held


def test_an_account_that_is_shut_or_gets_a_new_password_is_out_at_once(house: PagesHouse) -> None:
    nina, otto = house.browser("nina"), house.browser("otto")
    house.accounts.set_shut("nina", shut=True)
    house.accounts.set_password("otto", PASSWORD + "!")
    house.accounts.set_role("lea", "lab")
    for browser in (nina, otto):
        browser.open("/")
        assert browser.location == "/sign-in"
    lead = house.browser("lea")
    assert lead.open("/arrivals") and lead.status == 403
    house.clock.advance(13 * 3600)
    lead.open("/")
    assert lead.location == "/sign-in"


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/static/x/desk.css", "/wards/MED"])
def test_every_answer_has_the_policy(house: PagesHouse, path: str) -> None:
    nina = house.browser("nina")
    nina.open(path)
    policy = nina.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy and nina.headers["x-frame-options"] == "DENY"
    assert "<script>" not in nina.text and " style=" not in nina.text and " onclick" not in nina.text


def test_a_fault_tells_nothing_of_a_patient(house: PagesHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Lambert")

    nina = house.browser("nina")
    monkeypatch.setattr(house.keeper, "numbers", fail)
    page = nina.open("/")
    assert nina.status == 500 and "Lambert" not in page and "Use paper" in page


def test_a_full_disk_is_said(house: PagesHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no room")

    nina = house.browser("nina")
    nina.open("/arrivals")
    monkeypatch.setattr(house.book.journal, "append_all", fail)
    nina.send("/arrivals", LAMBERT)
    assert nina.status == 503 and "the desk cannot write" in nina.text


def test_loopback() -> None:
    assert is_loopback("127.0.0.1") and is_loopback("::1") and is_loopback("localhost")
    assert not is_loopback("0.0.0.0") and not is_loopback("10.0.0.1") and not is_loopback("desk.example")
    assert ORIGIN.startswith("http://")
