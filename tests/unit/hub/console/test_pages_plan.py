"""The pages of the plan, the services and who may come: what is shown, what a press does, what is refused."""

from __future__ import annotations

import re
import threading

import pytest
from console_house import Browser, ConsoleHouse, Night

from garde.emergency.memory import State
from garde.hub.reports import Reports
from garde.journal import hub_kinds as h
from garde.journal import plan_kinds as p
from garde.journal.text import Text
from garde.paper import Document, NotTypeset, Printed


def state(house: ConsoleHouse) -> State:
    found: State = house.loop.look("emergency", lambda each: each)
    return found


def director(house: ConsoleHouse, language: str = "en") -> Browser:
    return house.browser(house.account("ejanssens", "crisis_coordinator"), language)


def wait_for(house: ConsoleHouse, kind: str) -> None:
    """Until such an entry is there; the performer of reports has a thread of its own."""
    there = threading.Event()
    house.loop.listen(lambda entries: there.set() if any(each.kind == kind for each in entries) else None)
    if not any(each.kind == kind for each in house.journal_entries()):
        assert there.wait(60)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_whole_plan_is_pressed_through(house: ConsoleHouse, night: Night, language: str) -> None:
    browser = director(house, language)
    house.loop.append([h.MachineCut("record-1", "c1", "isolate")])
    page = browser.get("/plan").text
    assert ("Proposed: Action" if language == "en" else "Proposé\u00a0: Action") in page
    words = ("Proposed: Action", "1 on paper") if language == "en" else ("Proposé\u00a0: Action", "1 sur papier")
    assert all(each in browser.get("/").text for each in words)
    answer = browser.press("/plan", "/plan", act="trigger", phase="action", note="seen")
    assert answer.location == "/plan?said=trigger" and state(house).activation is not None
    assert browser.press("/plan", "/plan", act="task", task="crisis-team", what="take").status == 303
    assert browser.press("/plan", "/plan", act="task", task="crisis-team", what="done").status == 303
    browser.press("/plan", "/plan", act="give", title="Fetch paper <b>", owner="nursing", minutes="30")
    browser.press("/plan", "/plan", act="criterion", criterion="night", met="yes")
    browser.press("/plan", "/plan", act="hold", until="07:00")
    page = browser.get("/plan").text
    assert "Fetch paper &lt;b&gt;" in page and not re.search(r"\{\w+\}", page)
    found = state(house).activation
    assert found is not None and found.tasks["crisis-team"].state == "done" and found.held_until > house.clock.now()
    refused = browser.press("/plan", "/plan", **{"act": "stand-down", "note": "x", "accept": "yes"})
    assert refused.status == 409 and state(house).activation is not None  # it is kept until seven
    house.clock.advance(90_000)  # type: ignore[attr-defined]
    house.hub.tick()
    browser = house.browser("ejanssens", language)  # nobody stays signed in for so long
    assert browser.press("/plan", "/plan", **{"act": "stand-down", "note": ""}).status == 409
    browser.press("/plan", "/plan", **{"act": "stand-down", "note": "the director accepts it", "accept": "yes"})
    lifted = [each.payload for each in house.journal_entries() if isinstance(each.payload, p.PlanStoodDown)]
    assert state(house).activation is None and lifted[-1].unmet


def test_a_situation_report_is_made_and_is_a_page(house: ConsoleHouse) -> None:
    browser = director(house)
    browser.press("/plan", "/plan", act="report")
    wait_for(house, "report_made")
    assert '<a href="/reports/1">' in browser.get("/plan").text
    answer = browser.get("/reports/1")
    assert answer.status == 200 and answer.headers["content-type"] == "application/pdf"
    assert (house.hub.state / "reports" / "0001.pdf").read_bytes().startswith(b"%PDF-")
    made = next(each.payload for each in house.journal_entries() if isinstance(each.payload, p.ReportMade))
    assert made.pages == 1 and len(made.sha256) == 64 and not made.fault
    assert browser.get("/reports/2").status == 404 and browser.get("/reports/x").status == 404


def test_who_may_come(house: ConsoleHouse) -> None:
    browser = director(house)
    answer = browser.press("/diversion", "/diversion/emergency", act="divert", state="diverted", note="no <record>")
    assert answer.location == "/diversion?said=divert"
    page = browser.get("/diversion").text
    assert "no &lt;record&gt;" in page and "This is Clinique du Val." in page and "Ici Clinique du Val." in page
    assert "not told yet" in page and 'href="tel:112"' in page
    browser.press("/diversion", "/diversion/emergency", act="told", recipient="112", how="phone")
    browser.press("/diversion", "/diversion/emergency", act="understood", recipient="112", name="operator 12")
    heard = state(house).diversions["emergency"].heard["112"]
    assert heard.told and heard.understood and heard.name == "operator 12"
    assert browser.press("/diversion", "/diversion/emergency", act="told", recipient="pope", how="phone").status == 404
    assert browser.press("/diversion", "/diversion/nothing", act="divert", state="open").status == 404
    assert browser.press("/diversion", "/diversion/emergency", act="divert", state="shut").status == 400
    assert browser.press("/diversion", "/diversion/emergency", act="burn").status == 400


def test_the_board_and_a_persons_word(house: ConsoleHouse) -> None:
    browser = director(house)
    house.loop.append([h.MachineCut("record-1", "c1", "isolate")])
    page = browser.get("/services").text
    assert re.search(r'service bad paper" id="service-record"', page) and "Radiology" in page
    answer = browser.press("/services", "/services/radiology", state="degraded", note="only by hand", minutes="60")
    assert answer.location == "/services?said=service"
    assert state(house).services["radiology"].state == "degraded"
    assert "only by hand" in browser.get("/services").text
    assert browser.press("/services", "/services/radiology", state="works", note="", minutes="60").status == 400
    assert browser.press("/services", "/services/radiology", state="works", note="x", minutes="soon").status == 400
    wall = browser.get("/services?wall=1").text
    assert 'class="wall"' in wall and 'method="post" action="/services/' not in wall
    assert browser.get("/services/board.pdf").text.startswith("%PDF-")
    public = browser.get("/services/page.html")
    assert "attachment" in public.headers["content-disposition"] and "only by hand" not in public.text


def test_what_a_role_may_not_is_not_offered_and_is_refused(house: ConsoleHouse) -> None:
    browser = house.browser(house.account("zoe", "viewer"))
    for page, path, fields in (
        ("/plan", "/plan", {"act": "trigger", "phase": "action"}),
        ("/diversion", "/diversion/emergency", {"act": "divert", "state": "diverted"}),
        ("/services", "/services/radiology", {"state": "closed", "note": "x", "minutes": "9"}),
    ):
        assert f'action="{path}"' not in browser.get(page).text
        csrf = re.search(r'name="csrf" value="([^"]+)"', browser.get("/me").text)
        assert csrf is not None
        assert browser.post(path, {"csrf": csrf[1], **fields}).status == 403
    assert state(house).activation is None and not state(house).diversions and not state(house).overrides


def test_a_form_of_another_page_does_nothing(house: ConsoleHouse) -> None:
    browser = director(house)
    assert browser.post("/plan", {"act": "trigger", "phase": "action"}).status == 403  # no token of the session
    csrf = browser.get("/plan").csrf
    assert browser.post("/plan", {"csrf": csrf, "act": "trigger"}, origin="https://evil.test").status == 403
    assert browser.press("/plan", "/plan", act="burn").status == 400
    assert state(house).activation is None


def test_another_plan_is_not_loaded_while_one_is_in_force(house: ConsoleHouse) -> None:
    from garde.errors import NotPermitted, Refused, SettingsError
    from garde.hub.deps import Caller
    from garde.hub.plan_acts import Desk

    desk = Desk(house.hub.deps, Caller("local", "operator", "token"))
    desk.load("hics", "")
    assert state(house).plan is not None and state(house).plan.id == "hics"  # type: ignore[union-attr]
    with pytest.raises(SettingsError, match=r"mine\.yaml:1"):
        desk.load("id: x\n", "mine.yaml")
    desk.trigger("", "")
    assert state(house).activation is not None
    with pytest.raises(Refused, match="in force"):
        desk.load("belgium", "")
    with pytest.raises(NotPermitted):
        Desk(house.hub.deps, Caller("zoe", "viewer", "session")).trigger("full", "")


def _report_with(house: ConsoleHouse, fault: Exception) -> object:
    """What the performer says of a report whose page meets this fault; closing it waits for its last word."""
    said: list[object] = []
    begun = threading.Event()

    def typesetter(document: Document) -> Printed:
        begun.set()
        raise fault

    made = Reports(house.hub.state, lambda: house.loop, house.clock, typesetter)
    made.open(said.extend)
    entry = house.loop.append([p.ReportWanted("x", "operator")])[0]
    made.begin(p.ReportAsked(command="c", cause=1, number=9, by="plan"), entry)
    assert begun.wait(60)
    made.close()
    return said[0]


def test_where_no_page_can_be_made_the_report_stands(house: ConsoleHouse) -> None:
    report = _report_with(house, NotTypeset("typesetting took longer than 30 s"))
    assert isinstance(report, p.ReportMade)
    assert (report.number, report.pages, report.sha256, report.fault) == (9, 0, "", "typesetting took longer than 30 s")
    assert isinstance(report.content, Text) and b'"number":9' in (report.content.value or b"")


def test_a_report_that_cannot_be_made_at_all_says_why(house: ConsoleHouse) -> None:
    assert _report_with(house, ValueError("no such sheet")) == h.CommandFailed("c", "ValueError: no such sheet")
