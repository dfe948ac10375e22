"""TAXII 2.1, read only: the rules of `hub/taxii.py`, one test each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from share_house import ShareHouse
from test_api import TOKEN

from garde.clock import VirtualClock
from garde.hub import warning_files
from garde.journal import forensic_kinds as f
from garde.journal import sharing_kinds as s
from garde.sharing.out.forms import STIX
from garde.sharing.out.rules import SETTLE_S


@pytest.fixture
def house(tmp_path: Path, clock: VirtualClock) -> Iterator[ShareHouse]:
    with ShareHouse(tmp_path, clock) as made:
        assert isinstance(made, ShareHouse)
        made.attack()
        made.approve()
        yield made


def _collection(house: ShareHouse, token: str) -> str:
    status, found = house.taxii("/warnings/collections/", token)
    assert status == 200
    return f"/warnings/collections/{found['collections'][0]['id']}"


def _objects(house: ShareHouse, token: str, query: str = "") -> list[dict[str, Any]]:
    status, found = house.taxii(f"{_collection(house, token)}/objects/{query}", token)
    assert status == 200
    return list(found.get("objects", []))


def test_without_a_neighbours_token_nothing_is_said(house: ShareHouse) -> None:
    """Rule 1."""
    house.token()
    for path in ("", "/", "/warnings/", "/warnings/collections/", "/nothing"):
        assert house.taxii(path) == (401, {"title": "a neighbour's token is needed", "http_status": "401"})
    assert house.taxii("/", "wrong")[0] == 401
    assert house.taxii("/", TOKEN, kind="Bearer")[0] == 401  # the operator's


def test_the_token_opens_nothing_else_and_only_under_its_own_name(house: ShareHouse) -> None:
    """Rule 1."""
    token = house.token("nord")
    assert house.taxii("/", token)[0] == 200
    assert house.taxii("/", token, kind="Bearer")[0] == 200
    assert house.taxii("/", token, kind="Token")[0] == 200
    assert house.taxii("/", token, name="sud")[0] == 401
    house.cookies["token of nord"] = token
    assert house.ask("GET", "/sharing", by="token of nord")[0] == 401
    newer = house.token("nord")
    assert house.taxii("/", token)[0] == 401
    assert house.post("/keys", {"neighbour": "nord", "drop": True})[0] == 201
    assert house.taxii("/", newer)[0] == 401


def test_who_guesses_is_slowed_down(house: ShareHouse) -> None:
    """Rule 2."""
    token = house.token()
    from garde.hub.taxii import Taxii

    made = Taxii(house.deps)
    headers = [(b"authorization", b"Bearer wrong")]
    scope = {"method": "GET", "path": "/taxii2/", "headers": headers, "client": ("10.9.9.9", 1)}
    assert [made._answer(scope)[0] for _ in range(12)] == [401] * 10 + [429] * 2
    right = {**scope, "headers": [(b"authorization", f"Bearer {token}".encode())]}
    assert made._answer(right)[0] == 429
    assert made._answer({**right, "client": ("10.9.9.10", 1)})[0] == 200


def test_only_what_was_approved_is_there(house: ShareHouse, clock: VirtualClock) -> None:
    """Rule 3."""
    token = house.token()
    first = {each["id"] for each in _objects(house, token)}
    house.say(
        f.FamilyNamed("", house.versions[0].incident, "Nightfall", 0.9, (), ("T1486",), "unknown", "", "2026-11-01")
    )
    clock.advance(SETTLE_S + 1)
    house.loop.tick()
    house.settle()
    assert len(house.versions) == 2 and house.versions[1].drawn
    assert {each["id"] for each in _objects(house, token)} == first  # drawn, and not approved
    house.approve()
    found = _objects(house, token)
    assert {each["type"] for each in found} >= {"malware", "attack-pattern", "relationship"}
    (report,) = [each for each in found if each["type"] == "report"]
    assert "garde:version-2" in report["labels"]


def test_red_is_not_there(house: ShareHouse) -> None:
    """Rule 3."""
    token = house.token()
    house.post("/draw", {"incident": house.versions[0].incident, "tlp": "red"})
    house.approve()
    assert all("--e828b379" not in each["id"] for each in _objects(house, token))


def test_what_was_changed_on_the_disk_is_not_handed_on(house: ShareHouse) -> None:
    """Rule 3."""
    token = house.token()
    path = warning_files.folder_of(house.state, house.warning, 1) / STIX
    path.write_bytes(path.read_bytes().replace(b".nightfall", b".docx#####"))
    assert _objects(house, token) == []
    assert any("not what was drawn" in each for each in house.complaints)


def test_nothing_can_be_written(house: ShareHouse) -> None:
    """Rule 4."""
    token = house.token()
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert house.taxii(f"{_collection(house, token)}/objects/", token, method=method)[0] == 403


def test_a_neighbour_that_fetched_it_was_told_once(house: ShareHouse) -> None:
    """Rule 5."""
    token = house.token()
    house.taxii("/warnings/collections/", token)
    assert house.payloads(s.NeighbourTold) == []
    _objects(house, token)
    _objects(house, token)
    (told,) = house.payloads(s.NeighbourTold)
    assert (told.neighbour, told.channel, told.confirmed, told.version) == ("nord", "taxii", False, 1)
    assert house.taxii(f"{_collection(house, token)}/manifest/", token)[0] == 200
    assert len(house.payloads(s.NeighbourTold)) == 1


def test_the_collection_has_the_same_name_at_every_hub(house: ShareHouse) -> None:
    token = house.token()
    status, found = house.taxii("/warnings/collections/warnings/", token)
    assert (status, found["alias"]) == (200, "warnings")
    assert house.taxii("/warnings/collections/warnings/objects/", token)[1]["objects"] == _objects(house, token)
    assert house.taxii("/warnings/collections/warning/objects/", token)[0] == 404


def test_questions_that_cannot_be_read(house: ShareHouse) -> None:
    token = house.token()
    place = f"{_collection(house, token)}/objects/"
    for query in ("?limit=0", "?limit=x", "?added_after=today", "?next=!!", "?match[version]=yesterday"):
        assert house.taxii(place + query, token)[0] == 400, query
    assert house.taxii(place + "?" + "&".join(f"a{n}=1" for n in range(30)), token)[0] == 400
    assert house.taxii("/", token, accept="text/html")[0] == 406
    assert house.taxii("/", token, accept="application/taxii+json;version=2.0")[0] == 406
    assert house.taxii("/", token, accept="application/taxii+json; version=2.1")[0] == 200
    for path in ("/other/", "/warnings/collections/x/", f"{_collection(house, token)}/objects/indicator--x/"):
        assert house.taxii(path, token)[0] == 404
