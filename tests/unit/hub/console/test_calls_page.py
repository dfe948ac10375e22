"""The page of calls over a whole hub: what it shows, what its forms do, who may."""

from __future__ import annotations

import re

import pytest
from console_house import ConsoleHouse, Night

from garde.journal import notice_kinds as n
from garde.journal import oncall_kinds as o
from garde.oncall.codes import Slot, code_of, secret_of, shown

MODEM = o.ChannelNote("modem", "modem", "person", "phone")
MAIL = o.ChannelNote("mail", "mail", "person", "mail", outside=True)


@pytest.fixture
def called(house: ConsoleHouse) -> ConsoleHouse:
    house.loop.append([o.CallingSet("x", (MODEM, MAIL), o.CallRules())])
    house.loop.append([o.ChannelSilent("mail", "no route")])
    texts = (("en", "Read this <b>"), ("fr", "Lisez ceci"))
    house.loop.append([n.NoticeNeeded("n-1", "", ("okafor",), (), texts, False, 600.0)])
    house.clock.advance(2.0)  # type: ignore[attr-defined]
    house.loop.tick()
    return house


def test_everything_about_calling_is_on_one_page(called: ConsoleHouse) -> None:
    page = called.browser(called.account()).get("/calls")
    assert page.status == 200
    for words in ("Read this &lt;b&gt;", "Ngozi Okafor", "does not work: no route", "Survives the cut of the outside",
                  "Falls with the cut of the outside", "On-call IT"):  # fmt: skip
        assert words in page.text, words
    french = called.browser("llemaire", "fr").get("/calls")
    assert "Lisez ceci" in french.text and "De garde" in french.text


def test_a_code_that_was_read_out(called: ConsoleHouse) -> None:
    browser = called.browser(called.account())
    csrf = browser.get("/calls").csrf
    secret = secret_of(called.hub.secrets.release)
    code = shown(code_of(secret, Slot("n-1", "okafor", 1)))
    answer = browser.post("/calls/code", {"csrf": csrf, "code": code, "meaning": "ack"})
    assert answer.status == 303 and answer.location == "/calls?said=code"
    assert "Ngozi Okafor knows" in browser.get("/calls?said=code").text
    assert browser.post("/calls/code", {"csrf": csrf, "code": code, "meaning": "ack"}).status == 409
    assert browser.post("/calls/code", {"csrf": csrf, "code": "12", "meaning": "ack"}).status == 400


def test_somebody_stands_in_and_is_taken_back(called: ConsoleHouse) -> None:
    browser = called.browser(called.account())
    csrf = browser.get("/calls").csrf
    form = {"csrf": csrf, "role": "on_call_it", "person": "moreau", "hours": "12", "note": "ill"}
    assert browser.post("/calls/duty", form).location == "/calls?said=duty"
    page = browser.get("/calls").text
    assert "Stands in as On-call IT: Claire Moreau" in page
    (path,) = re.findall(r'action="(/calls/duty/[^"]+/back)"', page)
    assert browser.post(path, {"csrf": csrf}).location == "/calls?said=back"
    assert browser.post(path, {"csrf": csrf}).status == 404
    assert browser.post("/calls/duty", {**form, "hours": "x"}).status == 400
    assert browser.post("/calls/duty", {**form, "person": "nobody"}).status == 404


def test_who_only_looks_is_offered_nothing_and_refused(called: ConsoleHouse) -> None:
    browser = called.browser(called.account("viewer-1", "viewer"))
    page = browser.get("/calls")
    assert "They know" in page.text and "They say yes" not in page.text and "/calls/duty" not in page.text
    for path, form in (
        ("/calls/duty", {"role": "on_call_it"}), ("/calls/test", {}), ("/calls/code", {"code": "1", "meaning": "yes"}),
    ):  # fmt: skip
        assert browser.post(path, {"csrf": page.csrf, **form}).status == 403


def test_a_test_call_and_a_hub_without_channels(house: ConsoleHouse, night: Night) -> None:
    browser = house.browser(house.account())
    page = browser.get("/calls")
    assert "Nobody can be called" in page.text
    assert browser.post("/calls/test", {"csrf": page.csrf}).status == 400
    house.loop.append([o.CallingSet("x", (MODEM,), o.CallRules())])
    assert browser.post("/calls/test", {"csrf": page.csrf}).location == "/calls?said=test"
