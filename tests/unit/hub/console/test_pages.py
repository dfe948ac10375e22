"""The pages over a whole hub: who gets in, what is shown, what a press does, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from console_house import HOST, PASSWORD, SPREADER, Browser, ConsoleHouse, Night
from hypothesis import given
from hypothesis import strategies as st

from garde.hub.console import totp
from garde.hub.console.accounts import BREAK_GLASS, COOKIE, LONGEST_S
from garde.journal import hub_kinds as h
from garde.journal.text import Text
from garde.trust.web import own_path

INSIDE = [
    "/",
    "/plan",
    "/services",
    "/services?wall=1",
    "/diversion",
    "/incidents",
    "/journal",
    "/journal?of=cuts",
    "/accounts",
    "/me",
    "/machines/files-1",
]


def _incident(house: ConsoleHouse) -> str:
    return next(iter(house.loop.look("board", lambda board: dict(board.incidents))))


def _cut(house: ConsoleHouse, action: str) -> str:
    cuts = house.loop.look("board", lambda board: dict(board.cuts))
    return next(name for name, cut in cuts.items() if cut.proposal["action"] == action)


def _state(house: ConsoleHouse, cut: str) -> str:
    return house.loop.look("board", lambda board: board.cuts[cut].state)


def _director(house: ConsoleHouse, login: str = "ejanssens", language: str = "en") -> Browser:
    return house.browser(house.account(login, "it_director"), language)


def _proposal(page: str, cut: str) -> str:
    """The `seen` of one cut's form."""
    form = re.search(rf'action="/cuts/{cut}">.*?</form>', page, re.DOTALL)
    assert form is not None
    found = re.search(r'name="seen" value="([^"]+)"', form[0])
    return found[1] if found else ""


# --- getting in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*INSIDE, "/incidents/x", "/cuts/x", "/incidents/x/files"])
def test_nothing_is_shown_to_a_stranger(house: ConsoleHouse, path: str) -> None:
    answer = house.browser().get(path)
    assert answer.status == 303 and answer.location.startswith("/sign-in")


def test_signing_in_leads_to_the_page_that_was_asked_for(house: ConsoleHouse) -> None:
    house.account("llemaire")
    browser = house.browser()
    asked = browser.get("/incidents?x=1")
    form = browser.get(asked.location)
    assert form.status == 200 and form.field("to") == "/incidents?x=1"
    answer = browser.post(
        "/sign-in", {"way": "password", "to": form.field("to"), "login": "llemaire", "password": PASSWORD}
    )
    assert (answer.status, answer.location) == (303, "/incidents?x=1")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert browser.get("/").status == 200
    assert house.loop.journal.head().seq and house.journal_entries()[-1].kind == "signed_in"


def test_a_wrong_password_and_too_many(house: ConsoleHouse) -> None:
    house.account("llemaire")
    browser = house.browser()
    typed = {"way": "password", "to": "/", "login": "llemaire", "password": "wrong"}
    answers = [browser.post("/sign-in", typed) for _ in range(11)]
    assert {answer.status for answer in answers} == {403} and COOKIE not in browser.cookies
    assert "do not go together" in answers[0].text and "Too many tries. Wait" in answers[-1].text
    assert "wrong" not in answers[0].text  # the password is not sent back


def test_signing_in_with_an_app(house: ConsoleHouse) -> None:
    house.account("llemaire")
    secret = totp.new_secret()
    house.accounts.set_totp("llemaire", secret)
    browser = house.browser()
    asked = browser.post("/sign-in", {"way": "password", "to": "/journal", "login": "llemaire", "password": PASSWORD})
    assert asked.status == 200 and COOKIE not in browser.cookies
    code = totp.code_at(secret, int(house.clock.now() // 30))
    form = {"way": "code", "to": asked.field("to"), "ticket": asked.field("ticket")}
    assert "not right" in browser.post("/sign-in", {**form, "code": "000000"}).text
    assert browser.post("/sign-in", {**form, "code": code}).location == "/journal"


def test_a_code_of_the_envelope_decides_and_mends_accounts(house: ConsoleHouse) -> None:
    browser = house.browser()
    code = house.made.break_glass[0]
    assert browser.post("/sign-in", {"way": "envelope", "to": "/", "code": code.lower()}).status == 303
    assert browser.get("/accounts").status == 200
    made = browser.press("/accounts", "/accounts", what="made", login="new", role="operator", password=PASSWORD)
    assert made.location == "/accounts?said=made"
    assert house.journal_entries()[-1].who == f"person/{BREAK_GLASS}"
    assert house.browser().post("/sign-in", {"way": "envelope", "to": "/", "code": code}).status == 403


def test_signing_out(house: ConsoleHouse) -> None:
    browser = _director(house)
    assert browser.press("/", "/sign-out").location == "/sign-in"
    assert browser.cookies[COOKIE] == ""
    assert browser.get("/").status == 303


def test_a_session_ends_in_the_end(house: ConsoleHouse) -> None:
    browser = _director(house)
    house.clock.advance(LONGEST_S + 1)  # type: ignore[attr-defined]
    assert browser.get("/").status == 303


def test_the_language(house: ConsoleHouse) -> None:
    stranger = house.browser()
    del stranger.cookies["garde-language"]
    assert "Se connecter" in stranger.get("/sign-in", **{"accept-language": "nl, fr-BE;q=0.8"}).text
    assert stranger.get("/language/fr?to=/sign-in").location == "/sign-in"
    assert stranger.cookies["garde-language"] == "fr"
    stranger.get("/language/xx")
    assert stranger.cookies["garde-language"] == "fr"
    own = house.browser(house.account("llemaire"))  # the estate says that he reads French
    del own.cookies["garde-language"]
    assert '<html lang="fr">' in own.get("/", **{"accept-language": "en"}).text


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x", "", "/\n"]
)
def test_it_leads_nowhere_else(house: ConsoleHouse, path: str) -> None:
    assert own_path(path) == "/"


@given(st.text(max_size=40))
def test_own_paths_stay_here(path: str) -> None:
    found = own_path(path)
    assert found.startswith("/") and not found.startswith("//") and "\\" not in found


# --- headers and forms ------------------------------------------------------------------------------------------------


def test_the_policy_runs_no_inline_script(house: ConsoleHouse) -> None:
    browser = _director(house)
    for path in [*INSIDE, "/sign-in", "/no-such", "/incidents/x"]:
        answer = browser.get(path)
        if path != "/no-such":  # the hub's, not ours
            assert "script-src 'self'" in answer.headers["content-security-policy"], path
            assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", answer.text), path


def test_assets_may_be_kept_under_the_name_of_their_content(house: ConsoleHouse) -> None:
    browser = house.browser()
    names = re.findall(r'(?:href|src)="(/console/[^"]+)"', browser.get("/sign-in").text)
    assert len(names) >= 3
    for name in names:
        answer = browser.get(name)
        assert answer.status == 200 and "immutable" in answer.headers["cache-control"]
    assert browser.get("/console/0/console.css").headers["cache-control"] == "no-store"
    assert browser.get("/console/0/..%2Faccounts.py").status == 404


FORMS = ["/sign-out", "/incidents/x/answer", "/incidents/x/close", "/cuts/x", "/accounts", "/accounts/codes",
         "/me/password", "/me/app", "/machines/files-1/token", "/machines/files-1/codes", "/machines/files-1/revoke"]  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("path", FORMS)
def test_a_form_from_elsewhere_does_nothing(house: ConsoleHouse, path: str) -> None:
    browser = _director(house)
    before = house.rest()
    csrf = browser.get("/me").csrf
    elsewhere = {"origin": "https://evil.example"}
    for fields, headers in (
        ({}, {}), ({"csrf": "x"}, {}), ({"csrf": "é"}, {}), ({"csrf": csrf}, elsewhere), ({"csrf": csrf}, {"origin": ""}),  # noqa: E501
        ({"csrf": csrf}, {"sec-fetch-site": "cross-site"}),
    ):  # fmt: skip
        answer = browser.post(path, fields, **headers)
        if path != "/sign-out" or headers:  # signing out needs no session's token
            assert answer.status == 403, (path, fields, headers)
            assert house.loop.seq == before


def test_a_sign_in_from_elsewhere_is_refused(house: ConsoleHouse) -> None:
    house.account("llemaire")
    typed = {"way": "password", "to": "/", "login": "llemaire", "password": PASSWORD}
    assert house.browser().post("/sign-in", typed, origin="https://evil.example").status == 403


def test_a_form_without_end_and_one_that_is_none(house: ConsoleHouse) -> None:
    browser = _director(house)
    csrf = browser.get("/me").csrf
    assert browser.post("/me/app", {"csrf": csrf, "code": "x" * 5_000}).status == 400
    assert browser.post("/me/app", {"csrf": csrf, "code": "x" * 70_000}).status in (400, 413)
    assert browser.get("/accounts?said=<b>").status == 200
    assert browser.get("/incidents/x/files?page=rubbish").status == 400
    assert browser.get("/journal?before=rubbish").status == 400


# --- the night --------------------------------------------------------------------------------------------------------


def test_a_quiet_night(house: ConsoleHouse, night: Night) -> None:
    page = _director(house).get("/").text
    assert "All quiet" in page and "3 machines are guarded." in page
    assert "Files of the wards" in page and "10.20.10.21" in page


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_of_a_whole_night(house: ConsoleHouse, night: Night, language: str) -> None:
    browser = _director(house, language=language)
    steps = [
        lambda: night.strike("files-1"), lambda: night.strike("files-2"), lambda: night.put_back("files-2", failed=1),
        lambda: night.obey(but="files-3"), lambda: night.strike("files-3", machine="ws-icu-1"),
        lambda: night.beat(mode="observe"), lambda: night.obey(proven=False, prove=False),
    ]  # fmt: skip
    for step in steps:
        step()
        house.clock.advance(30)  # type: ignore[attr-defined]
        board = house.loop.look("board", lambda board: (list(board.incidents), list(board.cuts)))
        paths = [*INSIDE, *(f"/incidents/{name}" for name in board[0]), *(f"/cuts/{name}" for name in board[1])]
        paths += [f"/incidents/{name}/files" for name in board[0]]
        paths += [f"/machines/{machine.id}" for machine in night.estate.machines]
        for path in paths:
            answer = browser.get(path)
            assert answer.status == 200, (path, answer.text[-400:])
            assert not re.search(r"\{\w+\}", answer.text), path
    assert house.complaints == [each for each in house.complaints if "snmp" in each]


def test_who_spreads_is_named_with_the_price_of_each_cut(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1")
    page = _director(house).get(f"/incidents/{_incident(house)}").text
    assert "Machine of the building&#39;s supplier" in page and "10.20.20.90" in page
    assert "No clinical service stops." in page and "What stops" in page
    assert "Printed procedures in the red folder of the ward." in page


def test_hostile_names_stay_text(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1", user='<script>alert(1)</script>"', share="a<img src=x onerror=alert(1)>")
    browser = _director(house)
    incident = _incident(house)
    for path in (f"/incidents/{incident}", f"/incidents/{incident}/files", "/journal", "/"):
        page = browser.get(path).text
        assert "<script>alert" not in page and "<img src=x" not in page
    assert "&lt;script&gt;" in browser.get(f"/incidents/{incident}").text


def test_a_cut_is_approved_proven_and_undone(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1")
    browser = _director(house)
    incident, cut = _incident(house), _cut(house, "account")
    page = browser.get(f"/incidents/{incident}")
    form = {"csrf": page.csrf, "decision": "approve", "note": "seen it", "back": "incident"}
    done = browser.post(f"/cuts/{cut}", {**form, "seen": _proposal(page.text, cut)})
    assert done.location == f"/incidents/{incident}?said=approve"
    assert "Your yes is written down." in browser.get(done.location).text
    assert _state(house, cut) == "asked"
    night.obey()
    assert _state(house, cut) == "proven"
    assert "proven" in browser.get(f"/cuts/{cut}").text
    undo = browser.press(f"/cuts/{cut}", f"/cuts/{cut}", decision="undo", back="cut")
    assert undo.location == f"/cuts/{cut}?said=undo"
    night.obey()
    assert _state(house, cut) == "undone"
    decided = [entry for entry in house.journal_entries() if isinstance(entry.payload, h.CutDecided)]
    assert [(entry.who, entry.payload.decision, entry.payload.note) for entry in decided] == [  # type: ignore[attr-defined]
        ("person/ejanssens", "approve", Text("seen it")),
        ("person/ejanssens", "undo", Text("")),
    ]


def test_two_people_decide_on_the_outside(house: ConsoleHouse, night: Night) -> None:
    night.enrol("fw-1")
    night.strike("files-1")
    cut = _cut(house, "outside")
    operator, first = house.browser(house.account("llemaire")), _director(house)
    second = house.browser(house.account("cmoreau", "crisis_coordinator"))
    assert "Your role cannot decide this." in operator.get(f"/cuts/{cut}").text

    def say_yes(browser: Browser) -> int:
        page = browser.get(f"/cuts/{cut}")
        seen = re.search(r'name="seen" value="([^"]+)"', page.text)
        fields = {"csrf": page.csrf, "decision": "approve", "back": "cut", "seen": seen[1] if seen else ""}
        return browser.post(f"/cuts/{cut}", fields).status

    assert say_yes(first) == 303
    page = first.get(f"/cuts/{cut}").text
    assert "You have said yes. 1 more person has to." in page and _state(house, cut) == "proposed"
    assert say_yes(second) == 303
    assert _state(house, cut) == "asked"


def test_a_proposal_that_changed_since_it_was_read(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1")
    browser = _director(house)
    incident, cut = _incident(house), _cut(house, "read_only")
    page = browser.get(f"/incidents/{incident}")
    seen = _proposal(page.text, cut)
    night.strike("files-2")  # now it is about two servers
    fields = {"csrf": page.csrf, "decision": "approve", "seen": seen, "back": "incident"}
    answer = browser.post(f"/cuts/{cut}", fields)
    assert answer.status == 409 and "has changed since the page was read" in answer.text
    assert _state(house, cut) == "proposed"


@pytest.mark.parametrize("decision", ["approve", "reject", "undo", "rubbish", ""])
def test_what_cannot_be_decided(house: ConsoleHouse, night: Night, decision: str) -> None:
    night.strike("files-1")
    viewer, director = house.browser(house.account("awillems", "viewer")), _director(house)
    cut = _cut(house, "account")
    before = house.rest()
    page = viewer.get(f"/cuts/{cut}").text
    assert 'value="approve"' not in page and "can look, not decide" in page
    assert viewer.press("/me", f"/cuts/{cut}", decision=decision).status == 403
    assert director.press("/me", "/cuts/nothing", decision=decision).status == 404
    if decision != "reject":
        assert director.press("/me", f"/cuts/{cut}", decision=decision, seen="x").status == 409
    assert house.loop.seq == before


def test_taken_in_hand_and_over(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1")
    browser, incident = _director(house), _incident(house)
    page = f"/incidents/{incident}"
    assert "I am dealing with it" in browser.get(page).text
    assert browser.press(page, f"{page}/answer").location == f"{page}?said=answer"
    shown = browser.get(page).text
    assert "in the hands of Els Janssens" in shown and "I am dealing with it" not in shown
    assert browser.press(page, f"{page}/close", note="cleaned").location == f"{page}?said=close"
    assert "Els Janssens declared it over" in browser.get(page).text
    assert browser.press("/me", f"{page}/close").status == 409
    assert "All quiet" in browser.get("/").text


def test_an_incident_that_became_part_of_another_is_left_alone(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1")
    first = _incident(house)
    now = house.clock.now()
    house.loop.append([h.IncidentOpened("late", now, "files-2", 1)])
    browser = _director(house)
    form = {"csrf": browser.get("/incidents/late").csrf}
    house.loop.append([h.IncidentJoined("late", first, "same tool")])
    before = house.rest()
    for act in ("answer", "close"):
        answer = browser.post(f"/incidents/late/{act}", form)
        assert answer.status == 409 and "part of an earlier incident" in answer.text
    assert house.loop.seq == before
    browser.post(f"/incidents/{first}/close", form)
    assert browser.post(f"/incidents/{first}/answer", form).status == 409
    assert "incident_answered" not in {each.kind for each in house.journal_entries()}


def test_what_is_written_while_a_page_is_made_is_heard_by_its_live_half(
    house: ConsoleHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, find = _director(house), house.accounts.session

    def meanwhile(cookies: dict[str, str]) -> Any:
        house.loop.append([h.AgentSilent("files-1", house.clock.now())])
        return find(cookies)

    before = house.rest()
    monkeypatch.setattr(house.accounts, "session", meanwhile)
    assert f'data-seq="{before}"' in browser.get("/").text and house.loop.seq > before


def test_a_full_disk_is_said_and_nothing_was_done(
    house: ConsoleHouse, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.strike("files-1")
    browser, incident = _director(house), _incident(house)
    form = {"csrf": browser.get(f"/incidents/{incident}").csrf}

    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(house.loop.journal, "append_all", full)
    house.hub.room.give()
    answer = browser.post(f"/incidents/{incident}/answer", form)
    assert answer.status == 503 and "Nothing was done" in answer.text
    assert "cannot write its journal" in browser.get("/").text


def test_a_file_is_shown_with_what_became_of_it(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1", files=3)
    night.put_back("files-1", failed=1)
    page = _director(house).get(f"/incidents/{_incident(house)}/files").text
    assert "3 files touched" in page
    assert page.count("<b>put back</b>") == 2 and page.count("<b>could not be put back</b>") == 1
    assert "no version is kept" in page and "it is no longer the type of file it was" in page


def test_words_erased_from_the_journal_are_gone_from_the_pages(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1", files=1)
    browser, incident = _director(house), _incident(house)
    assert "Protocole" in browser.get(f"/incidents/{incident}/files").text
    entry = next(entry for entry in house.journal_entries() if entry.kind == "verdict_reached")
    refs = [each.ref for file in entry.payload.files for each in (file.path, file.path_after)]  # type: ignore[attr-defined]
    house.loop.journal.erase(refs, "asked for")
    house.loop.append([h.IncidentAnswered(incident, "ejanssens")])  # the loop hears of what was written beside it
    page = browser.get(f"/incidents/{incident}/files").text
    assert "Protocole" not in page and "[erased]" in page


# --- the journal ------------------------------------------------------------------------------------------------------


def test_the_journal_goes_back_to_its_beginning_without_a_gap(house: ConsoleHouse, night: Night) -> None:
    for _ in range(12):
        night.strike("files-1")
        night.put_back("files-1")
    house.rest()
    browser = _director(house)
    seen: list[int] = []
    path = "/journal"
    while path:
        page = browser.get(path).text
        seen += [int(found) for found in re.findall(r'id="e(\d+)"', page)]
        older = re.search(r'href="(/journal\?of=all&amp;before=\d+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == list(range(house.loop.seq, 0, -1))


def test_a_rare_kind_is_found_far_back(house: ConsoleHouse, night: Night) -> None:
    for _ in range(30):
        night.strike("files-1")
    page = _director(house).get("/journal?of=people").text
    assert "made the account" in page


# --- keeping accounts and agents --------------------------------------------------------------------------------------


def test_accounts_are_kept_by_those_who_may(house: ConsoleHouse) -> None:
    browser, operator = _director(house), house.browser(house.account("llemaire"))
    new = {"what": "made", "login": "New.One", "role": "viewer", "password": PASSWORD, "own": PASSWORD}
    assert operator.get("/accounts").status == 403
    assert operator.press("/me", "/accounts", **new).status == 403
    assert browser.press("/accounts", "/accounts", **{**new, "own": "wrong"}).status == 400
    assert browser.press("/accounts", "/accounts", **new).location == "/accounts?said=made"
    again = browser.press("/accounts", "/accounts", **new)
    assert again.status == 400 and "there is an account new.one already" in again.text and PASSWORD not in again.text
    change = {"login": "new.one", "own": PASSWORD, "role": "operator", "password": "another long password"}
    for what in ("role", "password", "shut"):
        assert browser.press("/accounts", "/accounts", **change, what=what).location == f"/accounts?said={what}"
    mine = {**change, "login": "ejanssens"}
    assert browser.press("/accounts", "/accounts", **mine, what="shut").status == 400
    said = [entry.payload for entry in house.journal_entries() if entry.kind == "account_changed"][1:]
    assert [(each.login, each.change, each.by) for each in said] == [  # type: ignore[attr-defined]
        ("new.one", what, "ejanssens") for what in ("made", "role", "password", "shut")
    ]


def test_new_codes_of_the_envelope(house: ConsoleHouse) -> None:
    page = _director(house).press("/accounts", "/accounts/codes", own=PASSWORD).text
    codes = re.findall(r"<code>([0-9A-Z-]{19})</code>", page)
    assert len(codes) == 5 and house.accounts.spend_code(codes[0])
    assert not house.accounts.spend_code(house.made.break_glass[0])


def test_ones_own_password_and_app(house: ConsoleHouse) -> None:
    browser = _director(house)
    new = "quite another long password"
    assert browser.press("/me", "/me/password", own="wrong", password=new).status == 400
    assert browser.press("/me", "/me/password", own=PASSWORD, password="short").status == 400
    assert browser.press("/me", "/me/password", own=PASSWORD, password=new).location == "/me?said=password"
    assert browser.get("/me").status == 200  # this browser goes on
    begun = browser.press("/me", "/me/app", own=new, what="begin")
    secret = re.search(r"<code>([A-Z2-7 ]{30,})</code>", begun.text)
    assert secret is not None and "<svg" in begun.text
    wrong = browser.press("/me", "/me/app", what="confirm", code="000000")
    assert wrong.status == 400 and not house.accounts.all()[0].totp
    code = totp.code_at(secret[1].replace(" ", ""), int(house.clock.now() // 30))
    assert browser.press("/me", "/me/app", what="confirm", code=code).location == "/me?said=app"
    assert house.accounts.all()[0].totp
    assert browser.press("/me", "/me/app", own=new, what="end").location == "/me?said=no-app"


def test_a_machine_is_enrolled_its_codes_shown_and_its_agent_revoked(house: ConsoleHouse, night: Night) -> None:
    browser, operator = _director(house), house.browser(house.account("llemaire"))
    machine = "/machines/files-1"
    assert operator.press("/me", f"{machine}/token").status == 403
    page = browser.press(machine, f"{machine}/token")
    assert page.status == 200 and "garde enroll garde1." in page.text and "<svg" in page.text
    codes = browser.press(machine, f"{machine}/codes").text
    assert codes.count("<li><code>") == 10
    assert browser.press(machine, f"{machine}/revoke", reason="lost").location == f"{machine}?said=revoked"
    assert browser.press("/machines/db-1", "/machines/nothing/token").status == 404


def test_the_hub_answers_to_the_host_it_was_asked_for(house: ConsoleHouse) -> None:
    browser = _director(house)
    assert browser.post("/me/app", {"csrf": browser.get("/me").csrf, "what": "begin"}, host="other").status == 403
    assert HOST != "other" and SPREADER
