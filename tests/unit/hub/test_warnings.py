"""Warnings at the hub: drawn, looked at, approved, sent; the rules of `hub/warnings.py` and who may do what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from share_house import ShareHouse

from garde.clock import VirtualClock
from garde.hub import warning_files
from garde.hub.warnings import NONE_WORKS
from garde.journal import hub_kinds as h
from garde.journal import sharing_kinds as s
from garde.sharing.out.forms import STIX


@pytest.fixture
def house(tmp_path: Path, clock: VirtualClock) -> Iterator[ShareHouse]:
    with ShareHouse(tmp_path, clock) as made:
        assert isinstance(made, ShareHouse)
        yield made


def test_the_first_confirmed_verdict_has_a_warning_waiting_for_a_persons_eyes(house: ShareHouse) -> None:
    house.attack()
    (drawn,) = house.payloads(s.WarningDrawn)
    assert (drawn.version, drawn.tlp, drawn.indicators) == (1, "amber", 3)
    assert drawn.removed == 1 and drawn.removed_why == ("an address of the house",)
    status, parts = house.get(f"/warnings/{house.warning}/changes")
    assert status == 200
    assert {(each["field"], each["before"], each["after"]) for each in parts if each["why"]} == {
        ("address", "10.0.0.99", "")
    }
    bundle = json.loads(warning_files.read(house.state, house.versions[0], STIX))
    assert "10.0.0.99" not in json.dumps(bundle) and "jdoe" not in json.dumps(bundle)
    assert {each["type"] for each in bundle["objects"]} == {"marking-definition", "identity", "indicator", "report"}


def test_a_killed_hub_draws_it_again(tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 1."""
    with ShareHouse(tmp_path, clock) as house:
        with monkeypatch.context() as killed:  # between the commit and the drawing
            killed.setattr(house.warnings, "begin", lambda *_: None)
            house.attack()
        assert house.payloads(s.WarningDrawn) == []
        folder = warning_files.folder_of(tmp_path, house.warning, 1)
        folder.mkdir(parents=True)
        (folder / "stix.json").write_bytes(b"half a bun")
    with ShareHouse(tmp_path, clock) as again:
        again.settle()
        assert len(again.payloads(s.WarningDrawn)) == 1
        assert warning_files.read(tmp_path, again.versions[0], STIX).startswith(b"{")


def test_what_was_changed_on_the_disk_is_handed_to_nobody(house: ShareHouse) -> None:
    """Rule 2."""
    house.attack()
    house.approve()
    folder = warning_files.folder_of(house.state, house.warning, 1)
    (folder / "short.fr.txt").write_text("Pay now: https://evil.example")
    house.post(f"/warnings/{house.warning}/send", {"neighbours": ["nord"]})
    assert house.pages == []
    (failed,) = house.payloads(h.CommandFailed)
    assert "short.fr.txt is not what was drawn" in failed.reason
    (folder / STIX).write_bytes(b"{}")
    assert house.get(f"/warnings/{house.warning}/forms/page.en.html")[0] != 200


def test_a_telephone_gets_few_words_and_mail_the_whole_page(house: ShareHouse) -> None:
    """Rule 3."""
    house.attack()
    house.approve()
    house.post(f"/warnings/{house.warning}/send")
    modem, mail = house.pages
    assert (modem.address, mail.address) == ("+3240000901", "it@sud.example")
    assert modem.purpose == "told" and modem.language == "fr"
    text = " ".join(each.text for each in modem.lines)
    assert "Clinique Example" in text and "*.nightfall" in text and "https://10.0.0.5:8443/taxii2/" in text
    assert len(text) < 600 < len(" ".join(each.text for each in mail.lines))
    asked = house.payloads(s.WarningSendAsked)
    house.say(h.CommandDone(asked[0].command, "in the outbox"))
    assert [(each.neighbour, each.channel) for each in house.payloads(s.NeighbourTold)] == [("nord", "modem")]


def test_with_the_outside_cut_mail_is_not_tried(house: ShareHouse) -> None:
    house.attack()
    house.approve()
    house.cut_outside()
    house.post(f"/warnings/{house.warning}/send")
    assert [each.channel for each in house.pages] == ["modem"]
    assert [each.reason for each in house.payloads(h.CommandFailed)] == [NONE_WORKS]


def test_red_is_handed_to_no_channel(house: ShareHouse) -> None:
    """Rule 4."""
    house.attack()
    incident = house.versions[0].incident
    assert house.post("/draw", {"incident": incident, "tlp": "red"})[0] == 201
    version = house.approve()
    assert (version.tlp, version.indicators) == ("red", 0)
    status, answer = house.post(f"/warnings/{house.warning}/send")
    assert (status, answer["code"]) == (403, "REFUSED") and "voice" in answer["message"]
    house.say(s.WarningSendAsked(command="e" * 32, warning=house.warning, version=2, neighbour="nord", channel="modem"))
    assert house.pages == []
    assert house.post(f"/warnings/{house.warning}/told", {"neighbour": "nord", "name": "Dr Leroy"})[0] == 201


def test_what_cannot_be_drawn_is_said(house: ShareHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 5."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(warning_files, "keep", full)
    house.attack()
    assert "No space left" in house.payloads(h.CommandFailed)[0].reason
    assert "No space left" in house.versions[0].failed
    status, answer = house.post(f"/warnings/{house.warning}/approve", {"version": 1, "sha256": ""})
    assert status == 403 and "No space left" in answer["message"]
    monkeypatch.undo()
    house.post("/draw", {"incident": house.versions[0].incident})
    assert house.versions[-1].drawn


# --- who may ----------------------------------------------------------------------------------------------------------


def test_a_person_approves_exactly_what_was_looked_at(house: ShareHouse) -> None:
    house.attack()
    version = house.versions[0]
    path = f"/warnings/{house.warning}/approve"
    body = {"version": 1, "sha256": version.sha256}
    assert house.post(path, body, by="token")[1]["message"].startswith("this needs a person by name")
    assert house.post(path, body, by="op")[0] == 403
    assert house.post(path, {"version": 1, "sha256": "0" * 64}, by="dora")[1]["message"].startswith("this is not what")
    assert house.post(path, {"version": 9, "sha256": version.sha256}, by="dora")[0] == 404
    assert house.post(f"/warnings/{house.warning}/send", by="op")[1]["message"] == "nobody has approved it"
    assert house.post(path, body, by="dora")[0] == 201
    assert house.post(path, body, by="cleo")[1]["message"] == "it was approved by dora"


def test_wards_see_nothing_and_viewers_decide_nothing(house: ShareHouse) -> None:
    house.attack()
    for path in ("", f"/warnings/{house.warning}/changes", f"/warnings/{house.warning}/forms"):
        assert house.get(path, by="w")[0] == 403
        assert house.get(path, by="vic")[0] == 200
    told = {"neighbour": "nord"}
    for path, body in (("/draw", {"incident": "i1"}), ("/keys", told), (f"/warnings/{house.warning}/told", told)):
        assert house.post(path, body, by="vic")[0] == 403
        assert house.post(path, body, by="w")[0] == 403


def test_what_makes_no_sense_is_refused(house: ShareHouse) -> None:
    assert house.post("/draw", {"incident": "i9"})[0] == 404
    house.attack()
    incident = house.versions[0].incident
    assert house.post("/draw", {"incident": incident, "tlp": "pink"})[0] == 400
    assert house.post("/draw", {"incident": incident, "more": 1})[0] == 400
    assert (
        house.post(f"/warnings/{house.warning}/told", {"neighbour": "nord"})[1]["message"] == "nobody has approved it"
    )
    house.approve()
    assert house.post(f"/warnings/{house.warning}/send", {"neighbours": ["x"]})[0] == 404
    assert house.post(f"/warnings/{house.warning}/send", {"channel": "pigeon"})[0] == 404
    assert house.post("/keys", {"neighbour": "nord", "drop": True})[0] == 404
    assert house.get(f"/warnings/{house.warning}/forms/changes.json")[0] == 404
    assert house.get("/warnings/..%2f..%2fhub/forms/hub.key")[0] == 404


def test_who_was_told_and_who_has_understood(house: ShareHouse) -> None:
    house.attack()
    house.approve()
    body = {"neighbour": "nord", "channel": "phone", "name": "Dr Leroy\x1b"}
    assert house.post(f"/warnings/{house.warning}/told", body)[0] == 201
    status, found = house.get()
    assert status == 200
    (told,) = found["told"]
    assert (told["neighbour"], told["confirmed"], told["name"], told["by"]) == ("nord", True, "Dr Leroy\\x1b", "cleo")
    assert {each["id"]: each["ways"] for each in found["neighbours"]} == {"nord": ["modem"], "sud": ["mail"]}
