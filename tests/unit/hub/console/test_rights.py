"""The whole table role × action: what a role may not do is not offered by any page and refused by API and pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from console_house import PASSWORD, ConsoleHouse, Night

from garde.contain import authority
from garde.hub.deps import DECIDERS, Caller
from garde.hub.rights import MAY, ROLES, Right, holders, may

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
]  # fmt: skip
PAGES = [
    ("/", LOOK), ("/wall", LOOK), ("/map", LOOK), ("/me", LOOK), ("/machines/files-1", LOOK),
    ("/incidents", READ), ("/incidents/I", READ), ("/incidents/I/files", READ), ("/cuts/C", READ), ("/journal", READ),
    ("/accounts", KEEP), ("/start", KEEP),
]  # fmt: skip
FORMS = [
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
        url, before = f"/api/v1{_at(path, places)}", house.loop.seq
        status = browser.get(url).status if method == "GET" else browser.send(method, url).status
        assert (status == 403) == (not may(role, right)), (method, path, status)
        assert status != 401
        if not may(role, right):
            assert house.loop.seq == before, path


@pytest.mark.parametrize("role", ROLES)
def test_pages_show_and_take_what_the_table_allows_and_nothing_else(
    house: ConsoleHouse, night: Night, role: str
) -> None:
    night.strike("files-1")
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
            action, before = _at(path, places), house.loop.seq
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
    for path in ("/", "/wall", "/map", "/machines/files-1", "/machines/ws-supplier-1"):
        text = browser.get(path).text
        assert "cmoreau" not in text and ".docx" not in text, path


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
