"""The first page in one glance: who knows, the plan, the services, who may come; the wall has the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_house import ConsoleHouse, Night, empty_house

from garde.clock import VirtualClock
from garde.hub.deps import Caller
from garde.hub.plan_acts import Desk
from garde.journal import hub_kinds as h
from garde.oncall.codes import codes_in


@pytest.fixture
def called(tmp_path: Path) -> Iterator[ConsoleHouse]:
    with ConsoleHouse(tmp_path / "hub", VirtualClock(1_731_900_000.0), calling=True) as made:
        yield made


def tiles(house: ConsoleHouse, role: str = "crisis_coordinator", path: str = "/", language: str = "en") -> list[str]:
    """What stands in each tile, its tone first."""
    login = f"as-{role.replace('_', '-')}"
    if login not in {each.login for each in house.accounts.all()}:
        house.account(login, role)
    page = house.browser(login, language).get(path).text
    found = re.search(r'<ul class="glance">(.*?)</ul>', page, re.S)
    assert found is not None
    items = re.findall(r'<li class="(\w+)">(.*?)</li>', found[1], re.S)
    return [" ".join([tone, *re.sub(r"<[^>]+>", " ", text).split()]) for tone, text in items]


def desk(house: ConsoleHouse) -> Desk:
    return Desk(house.hub.deps, Caller("shaddad", "crisis_coordinator", "session"))


def tick(house: ConsoleHouse, seconds: float) -> None:
    house.clock.advance(seconds)  # type: ignore[attr-defined]
    house.hub.tick()


def test_on_a_quiet_night(called: ConsoleHouse) -> None:
    assert tiles(called) == [
        "plain Who knows On duty: Ngozi Okafor", "plain Emergency plan Ready, not in force",
        "good Services All of them work", "good Diversion Everything is open",
    ]  # fmt: skip


def test_who_is_called_and_who_knows(called: ConsoleHouse) -> None:
    night = Night(called)
    night.enrol("files-1")
    night.strike("files-1")
    tick(called, 2)
    assert tiles(called)[0] == "warn Who knows Being called: Ngozi Okafor"
    called.wait_for("command_done", lambda payload: "outbox" in payload.detail)
    called.hub.deps.replies.give(codes_in(called.pages()[0])[0], "ack", "phone", "local")
    assert tiles(called)[0] == "good Who knows Ngozi Okafor"
    assert tiles(called, path="/wall") == tiles(called)


def test_nobody_answered(called: ConsoleHouse) -> None:
    night = Night(called)
    night.enrol("files-1")
    night.strike("files-1")
    for _ in range(20):
        tick(called, 60)
    tone, words = tiles(called)[0].split(" ", 1)
    assert tone == "bad" and re.search(r"\d calls? w(as|ere) not answered", words)


def test_the_plan_the_services_and_the_ways_in(house: ConsoleHouse) -> None:
    house.loop.append([h.MachineCut("record-1", "c1", "isolate")])
    assert tiles(house)[1] == "warn Emergency plan To be decided Proposed: Action"
    desk(house).trigger("action", "")
    desk(house).divert("stroke", "limited", "", None)
    desk(house).divert("ambulances", "diverted", "", None)
    tick(house, 1_000)
    _, plan, services, ways = tiles(house)
    assert re.fullmatch(r"bad Emergency plan Action \d+ tasks open, 2 late", plan)
    assert services == "bad Services 1 on paper, 3 with less Medical record"
    assert ways.startswith("bad Diversion Ambulances (112): diverted, Stroke: limited") and "not told yet" in ways
    french = tiles(house, language="fr")
    assert "dont 2 en retard" in french[1] and "1 sur papier, 3 en mode dégradé" in french[2]


def test_a_ward_sees_nothing_of_calls(called: ConsoleHouse) -> None:
    for path in ("/", "/wall"):
        assert [each.split(" ", 1)[1].split(" ")[0] for each in tiles(called, "ward", path)] == [
            "Emergency", "Services", "Diversion",
        ]  # fmt: skip


def test_a_hub_that_knows_nothing_yet(tmp_path: Path) -> None:
    with empty_house(tmp_path) as house:
        assert tiles(house)[0] == "warn Who knows Nobody can be called"
        assert tiles(house)[2] == "plain Services None is described"
