"""The whole table role × action: what a role may not do is not offered by any page and refused by API and pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from console_house import PASSWORD, ConsoleHouse, Night

from garde.contain import authority
from garde.emergency.read import PLANS
from garde.hub.deps import DECIDERS, Caller
from garde.hub.plan_acts import Desk
from garde.hub.rights import MAY, ROLES, Right, holders, may
from garde.journal.hub_kinds import IncidentAnswered

LOOK, READ, DECIDE, KEEP = Right.LOOK, Right.READ, Right.DECIDE, Right.KEEP
# What the API serves: method, path, right. `I` and `C` are an incident and a cut that there are.
API = [
    ("GET", "/state", LOOK), ("GET", "/machines", LOOK), ("GET", "/estate", LOOK),
    ("GET", "/incidents", READ), ("GET", "/incidents/I", READ), ("GET", "/cuts", READ), ("GET", "/cuts/C", READ),
    ("GET", "/journal", READ), ("GET", "/journal/checkpoints", READ),
    ("POST", "/cuts/C/decision", DECIDE), ("POST", "/incidents/I/answer", DECIDE),
    ("POST", "/incidents/I/close", DECIDE),
    ("POST", "/agents/tokens", KEEP), ("GET", "/agents/files-1/codes", KEEP), ("POST", "/agents/nobody/revoke", KEEP),
    ("GET", "/accounts", KEEP), ("POST", "/accounts", KEEP), ("PATCH", "/accounts/nobody", KEEP),
    ("POST", "/accounts/break-glass", KEEP), ("POST", "/estate/reload", KEEP),
    ("GET", "/calls", READ), ("POST", "/calls/code", READ), ("POST", "/calls/test", DECIDE),
    ("POST", "/calls/duty", DECIDE), ("POST", "/calls/duty/d-1/drop", DECIDE),
    ("GET", "/plan", LOOK), ("GET", "/plan/document", LOOK), ("GET", "/diversion", LOOK), ("GET", "/services", LOOK),
    ("GET", "/services/board.pdf", LOOK), ("GET", "/services/page.html", LOOK),
    ("GET", "/reports/1", READ), ("GET", "/reports/1/pdf", READ),
]  # fmt: skip
# Decisions about the plan, in an order in which each makes sense: who may, the plan in force says.
PLAN = [
    ("load", "/plan/load", {"content": "belgium"}),
    ("trigger", "/plan/trigger", {"phase": "action"}), ("phase", "/plan/trigger", {"phase": "maximal"}),
    ("hold", "/plan/hold", {"until": 1_731_950_000.0}), ("task", "/plan/tasks/crisis-team", {"what": "done"}),
    ("task", "/plan/tasks", {"title": "Paper", "owner": "nursing", "seconds": 60}),
    ("stand_down", "/plan/criteria/night", {"met": True}),
    ("divert", "/diversion/ambulances", {"state": "diverted"}),
    ("divert", "/diversion/ambulances/told", {"recipient": "112", "how": "phone"}),
    ("divert", "/diversion/ambulances/understood", {"recipient": "112", "name": "x"}),
    ("service", "/services/radiology", {"state": "degraded", "why": "x", "seconds": 600}),
    ("flag", "/flags/it_normal", {"state": "ended"}), ("report", "/reports", {}),
]  # fmt: skip
COORDINATOR = {act for act, _, _ in PLAN}
PLANNED = {
    "crisis_coordinator": COORDINATOR,
    "operator": COORDINATOR - {"stand_down", "flag"},
    "it_director": {"trigger", "service", "flag", "task", "report", "load"},
    "dpo": {"flag"},
    "viewer": set(), "ward": set(), "admin": set(),
}  # fmt: skip
PAGES = [
    ("/", LOOK), ("/wall", LOOK), ("/map", LOOK), ("/me", LOOK), ("/machines/files-1", LOOK),
    ("/incidents", READ), ("/incidents/I", READ), ("/incidents/I/files", READ), ("/cuts/C", READ), ("/journal", READ),
    ("/plan", LOOK), ("/services", LOOK), ("/services?wall=1", LOOK), ("/services/board.pdf", LOOK),
    ("/services/page.html", LOOK), ("/diversion", LOOK), ("/calls", READ), ("/reports/1", READ),
    ("/accounts", KEEP), ("/start", KEEP), ("/account", READ), ("/account/report", READ), ("/clocks", READ),
    ("/drafts", READ), ("/sharing", READ),
]  # fmt: skip
FORMS = [
    ("/calls/code", READ), ("/calls/test", DECIDE), ("/calls/duty", DECIDE), ("/calls/duty/d-1/back", DECIDE),
    ("/cuts/C", DECIDE), ("/incidents/I/answer", DECIDE), ("/incidents/I/close", DECIDE),
    ("/machines/files-1/token", KEEP), ("/machines/files-1/codes", KEEP), ("/machines/files-1/revoke", KEEP),
    ("/accounts", KEEP), ("/accounts/codes", KEEP), ("/start/lists", KEEP), ("/start/token", KEEP),
]  # fmt: skip


def _places(house: ConsoleHouse) -> dict[str, str]:
    board = house.loop.look("board", lambda board: board)
    cut = next(name for name, cut in board.cuts.items() if cut.proposal["action"] == "account")
    return {"I": next(iter(board.incidents)), "C": cut}


def _at(path: str, places: dict[str, str]) -> str:
    return "/".join(places.get(part, part) for part in path.split("/"))


@pytest.mark.parametrize("role", ROLES)
def test_the_api_takes_what_the_table_allows_and_nothing_else(house: ConsoleHouse, night: Night, role: str) -> None:
    night.strike("files-1")
    places = _places(house)
    browser = house.browser(house.account("carla", role))
    for method, path, right in API:
        url, before = f"/api/v1{_at(path, places)}", house.rest()
        status = browser.get(url).status if method == "GET" else browser.send(method, url).status
        assert (status == 403) == (not may(role, right)), (method, path, status)
        assert status != 401
        if not may(role, right):
            assert house.loop.seq == before, path


@pytest.mark.parametrize("role", ROLES)
def test_the_api_takes_of_the_plan_what_the_plan_allows(house: ConsoleHouse, role: str) -> None:
    desk = Desk(house.hub.deps, Caller("shaddad", "crisis_coordinator", "session"))
    browser = house.browser(house.account("carla", role))
    for act, path, body in PLAN:
        if act == "phase" and "trigger" not in PLANNED[role]:
            desk.trigger("information", "")  # so that there is something to decide about
        if path.endswith("/told") and "divert" not in PLANNED[role]:
            desk.divert("ambulances", "limited", "", None)
        answer = browser.send("POST", f"/api/v1{path}", json.dumps(body).encode())
        assert (answer.status == 403) == (act not in PLANNED[role]), (path, answer.status, answer.text)
        assert answer.status in (201, 403), (path, answer.text)
    written = {entry.kind for entry in house.journal_entries() if entry.who == "person/carla"}
    assert bool(written) == bool(PLANNED[role])
    assert "plan_triggered" in written or "trigger" not in PLANNED[role]


@pytest.mark.parametrize("role", ROLES)
def test_pages_show_and_take_what_the_table_allows_and_nothing_else(
    house: ConsoleHouse, night: Night, role: str
) -> None:
    night.strike("files-1")
    Desk(house.hub.deps, Caller("shaddad", "crisis_coordinator", "session")).report()
    house.wait_for("report_made")
    places = _places(house)
    browser = house.browser(house.account("carla", role))
    csrf = browser.get("/me").csrf
    shown = {}
    for path, right in PAGES:
        answer = browser.get(_at(path, places))
        assert answer.status == (200 if may(role, right) else 403), path
        shown[path] = answer.text
    for path, right in PAGES:  # no page leads to what would be refused
        if not may(role, right):
            link = f'href="{_at(path, places)}"'
            assert [where for where, text in shown.items() if link in text] == [], path
    for path, right in FORMS:
        if not may(role, right):
            action, before = _at(path, places), house.rest()
            assert [where for where, text in shown.items() if f'action="{action}"' in text] == [], path
            assert browser.post(action, {"csrf": csrf, "decision": "approve", "what": "made"}).status == 403, path
            assert house.loop.seq == before


@pytest.mark.parametrize("role", ROLES)
def test_what_is_offered_is_there(house: ConsoleHouse, night: Night, role: str) -> None:
    night.strike("files-1")
    places = _places(house)
    browser = house.browser(house.account("carla", role))
    if may(role, READ):
        assert (f'action="/cuts/{places["C"]}"' in browser.get(f"/incidents/{places['I']}").text) == may(role, DECIDE)
    assert ('action="/machines/files-1/token"' in browser.get("/machines/files-1").text) == may(role, KEEP)


def test_a_ward_sees_no_name_of_a_file_or_of_an_account(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1", user="cmoreau")
    browser = house.browser(house.account("carla", "ward"))
    for path in ("/", "/wall", "/map", "/plan", "/services", "/diversion", "/machines/files-1"):
        text = browser.get(path).text
        assert "cmoreau" not in text and ".docx" not in text, path


NAMES = ("Haddad", "shaddad", "haddad", "Okafor", "okafor", "Dr Vermeulen", "Sami")
STANDS = ("/plan", "/plan/document", "/diversion", "/services")


def _decided_by_many(house: ConsoleHouse) -> None:
    """Somebody's name stands wherever one can: the plan, its tasks and criteria, a way in, a service, an incident."""
    desk = Desk(house.hub.deps, Caller("shaddad", "crisis_coordinator", "session"))
    text = PLANS["belgium"].read_text(encoding="utf-8")
    desk.load(text.replace("    card: coordinator\n", "    card: coordinator\n    people: [haddad]\n", 1), "mine")
    desk.trigger("maximal", "Sami said so")
    desk.task("crisis-team", "take", "")
    desk.task("crisis-team", "done", "with Dr Vermeulen")
    desk.criterion("night", True, "ask Sami")
    desk.flag("it_normal", "ended", "")
    desk.divert("emergency", "diverted", "no record", None)
    desk.told("emergency", "112", "phone")
    desk.understood("emergency", "112", "Dr Vermeulen")
    desk.service("radiology", "degraded", "by hand only", 600)
    desk.service("record", "paper", "seen here", 600)
    board = house.loop.look("board", lambda board: board)
    house.loop.append([IncidentAnswered(next(iter(board.incidents)), "shaddad")])


def test_a_ward_sees_no_name_of_a_person_by_page_or_by_api(house: ConsoleHouse, night: Night) -> None:
    night.strike("files-1")
    _decided_by_many(house)
    pages = [path for path, right in PAGES if right is LOOK and path != "/me" and not path.endswith("pdf")]
    api = [f"/api/v1{path}" for path in (*STANDS, "/state", "/machines", "/estate")]
    shown = {
        role: {path: browser.get(path).text for path in (*pages, *api)}
        for role in ("ward", "viewer")
        for browser in [house.browser(house.account(f"{role}-1", role))]
    }
    assert {path for path, text in shown["ward"].items() if any(name in text for name in NAMES)} == set()
    named = {path for path, text in shown["viewer"].items() if any(name in text for name in NAMES)}
    assert named >= {"/plan", "/diversion", "/services", "/wall", "/machines/files-1", *(api[:4])}
    ward = shown["ward"]
    assert "by somebody" in ward["/plan"] and "told" in ward["/diversion"] and "no record" in ward["/diversion"]
    assert "somebody says so until" in ward["/services"] and "by hand only" in ward["/services"]
    assert "in the hands of somebody" in ward["/wall"] and "Owner" not in ward["/machines/files-1"]


def test_every_role_of_the_table_can_be_given_and_no_other(house: ConsoleHouse) -> None:
    browser = house.browser(house.account("root-1", "admin"))
    page = browser.get("/accounts").text
    for role in ROLES:
        assert f'<option value="{role}"' in page
        house.account(f"one-{role.replace('_', '-')}", role)
    refused = browser.press(
        "/accounts", "/accounts", what="made", login="x", role="king", password=PASSWORD, own=PASSWORD
    )
    assert refused.status == 400


def test_the_authority_and_the_table_mean_the_same_people() -> None:
    assert authority.DECIDERS == DECIDERS == holders(DECIDE)


def test_an_unknown_role_may_nothing_and_the_token_everything() -> None:
    assert not any(may("king", right) for right in Right)
    assert all(Caller("local", "operator", "token").may(right) for right in Right)
    assert all(LOOK in rights for rights in MAY.values())


def test_roles_are_documented(root: Path) -> None:
    text = (root / "docs/hub.md").read_text(encoding="utf-8")
    for role, rights in MAY.items():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{role}` |")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert [cell == "yes" for cell in cells[2:]] == [right in rights for right in (LOOK, READ, DECIDE, KEEP)], role
