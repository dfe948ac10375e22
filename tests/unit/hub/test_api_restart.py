"""The way back over the API, on a whole hub with real containment: who may, what is refused, one server to its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_house import FakeAgent
from hub_samples import play
from test_api import Site

from garde.clock import VirtualClock
from garde.estate.nouns import Estate, Machine, Never, Person, Rule, Service
from garde.hub.capabilities import CAPABILITIES, FOLDS
from garde.hub.keeping import estate_loaded
from garde.journal import recovery_kinds as r
from garde.journal.hub_kinds import Check, CutTried, CutUndone, IncidentOpened, OrderApplied

HOUR = 3600.0
ESTATE = Estate(
    name="Clinique",
    machines=(
        Machine("hub", "Hub", "hub", ("10.0.0.5",)),
        Machine("db-1", "Database", "server", ("10.0.0.11",), agent=True, owner="ina"),
        Machine("files-1", "Files 1", "server", ("10.0.0.12",), agent=True, owner="ina", needs=("db-1",)),
        Machine("lab-gw", "Analysers", "server", ("10.0.0.13",), agent=True, owner="ina"),
        Machine("mon-1", "Monitoring", "server", ("10.0.0.14",), agent=True, owner="ina"),
        Machine("ws-9", "Workstation 9", "workstation", ("10.0.0.109",)),
    ),
    services=(Service("documents", {"en": "Documents"}, ("files-1",), clinical=False),),
    people=(
        Person("ina", "Ina I.", ("on_call_it",), logins=("ina", "ina-adm")),
        Person("med", "Med M.", ("medical_director",), logins=("med",)),
    ),
    authority=(Rule("one", ("isolate",), "one", words={"en": "One."}),),
    never_cut=(Never("lab-gw", "results"),),
)
ROLES = {"ina": "operator", "ina-adm": "operator", "med": "viewer", "vic": "viewer", "wanda": "ward"}


class Back(Site):
    """A hub with its API, its people, and agents that do what they are asked."""

    def __init__(self, state: Path, clock: VirtualClock) -> None:
        super().__init__(state, clock, [*CAPABILITIES, *(each for each in FOLDS if each.name == "facts")])
        self.loop.append([estate_loaded(ESTATE, Path("hospital.yaml"))])
        for login, role in ROLES.items():
            self.account(login, role)
        self.agents = {name: self.agent(name) for name in ("db-1", "files-1", "mon-1")}
        for each in self.agents.values():
            each.beat()

    def post(self, path: str, body: Any = None, *, by: str = "token") -> tuple[int, Any]:  # type: ignore[override]
        if path.startswith("/agent/"):
            return super().post(path, body)  # type: ignore[return-value]
        return self.ask("POST", f"/restart{path}", {} if body is None else body, by=by)

    def obey(self) -> None:
        """Let every agent carry out what it was sent: cuts are proven, errands find nothing."""
        for _ in range(6):
            for agent in self.agents.values():
                agent.beat()
            self.liveness.tick()
            for agent in self.agents.values():
                for _, order in agent.poll():
                    agent.report(*outcome(order))
            self.clock.advance(1.0)

    def row(self, machine: str) -> dict[str, Any]:
        _, found = self.ask("GET", "/restart")
        return next(row for wave in found["waves"] for row in wave["rows"] if row["machine"] == machine)

    def gate(self, machine: str) -> dict[str, Any]:
        _, found = self.ask("GET", f"/restart/gates/{machine}")
        return {each["item"]: each for each in found["items"]}

    def watch_on(self, seconds: float) -> None:
        """Let time go by: agents give signs of life, wakes come."""
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            play(self.loop, self.clock, min(self.clock.now() + 600, until))
            self.obey()


def outcome(order: dict[str, Any]) -> list[Any]:
    command, cut, about = order["command"], order["cut"], order["about"]
    match order["verb"]:
        case "isolate":
            tried = CutTried(command, cut, True, (Check("rules", True, True),))
            return [OrderApplied(command, cut, "done"), tried]
        case "undo":
            return [CutUndone(cut, command, "hub")]
        case "sweep":
            answers = tuple(r.ItemAnswer(item, "yes") for item in ("rebuilt", "watched", "network"))
            return [r.MachineSwept(command, order["baseline"], answers)]
        case "look":
            return [r.MachineLooked(command, about, (), len(order["ports"]))]
        case "baseline":
            return [r.BaselineTaken(command, "ab" * 32, 9)]
        case "freeze":
            return [r.RetentionFrozen(command, order["store"], True, (Check("x", True, True),), 0.1)]
        case "thaw":
            return [r.RetentionThawed(command, order["store"], "hub")]
        case "judge":
            point = r.PointJudged(
                command, "r1", "4be2", "files-1", 1.0, "green", "before", 9, 900, 3, 3, 0, 0, "whole", "done", 7.0
            )
            return [point, r.PointsJudged(command, "r1", 1, 2.0)]
        case "restore":
            where = order["where"]
            return [r.PointRestored(command, "r1", "4be2", where, 9, 900, 0, True, 7.0, 1.0, 1.0)]
        case "raise":
            return [r.WatchRaised(command, order["until"])]
    raise AssertionError(order["verb"])


@pytest.fixture
def site(tmp_path: Path, clock: VirtualClock) -> Iterator[Back]:
    with Back(tmp_path, clock) as made:
        assert isinstance(made, Back)
        yield made


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Back]:
    """One hub for all that is refused: it takes seconds to make, and nothing of it changes."""
    with Back(tmp_path_factory.mktemp("standing"), VirtualClock()) as made:
        assert isinstance(made, Back)
        made.account("tim", "it_director")
        yield made


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Back]:
    """Another for who may say what: what was said before makes no difference there."""
    with Back(tmp_path_factory.mktemp("asked"), VirtualClock()) as made:
        assert isinstance(made, Back)
        yield made


def plan(site: Back, *waves: list[str]) -> tuple[int, Any]:
    return site.post("/plan", {"waves": [*waves], "observe_s": HOUR, "listed_s": HOUR})


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "may"),
    [
        ("/plan", {"waves": [["db-1"]]}, {"ina"}),
        ("/machines/db-1/step", {"want": "begin"}, {"ina"}),
        ("/machines/db-1/rate", {"status": "rebuilt", "why": "x"}, {"ina"}),
        ("/machines/db-1/answer", {"item": "entry"}, {"ina"}),
        ("/machines/db-1/answer", {"item": "clinician"}, {"med"}),
        ("/machines/db-1/answer", {"item": "entry", "until": 9e9, "note": "x"}, {"med"}),
        ("/machines/db-1/sign", {"side": "it"}, {"ina"}),
        ("/machines/db-1/sign", {"side": "service"}, {"med"}),
        ("/machines/files-1/judge", {}, {"ina"}),
        ("/machines/files-1/point", {"store": "r1", "point": "4be2"}, {"ina"}),
        ("/machines/db-1/baseline", {}, {"ina"}),
        ("/credentials", {"credential": "local_admin/db-1"}, {"ina"}),
        ("/harm", {"incident": "i1", "at": 1.0}, {"ina"}),
    ],
)
def test_who_may_say_what(asked: Back, path: str, body: dict[str, Any], may: set[str]) -> None:
    before = asked.loop.seq
    for login in ("med", "vic", "wanda"):
        status, answer = asked.post(path, body, by=login)
        assert ("your role cannot decide this" in answer.get("message", "")) == (login not in may), (login, answer)
        assert status != 201 or login in may
    assert "ina" not in may or "your role" not in str(asked.post(path, body, by="ina")[1])
    assert all(each.who != "person/vic" for each in asked.journal.entries(after=before))


def test_a_token_is_no_person(site: Back) -> None:
    plan(site, ["db-1"])
    site.post("/machines/db-1/step", {"want": "begin"})
    for path, body in (
        ("/machines/db-1/sign", {"side": "it"}),
        ("/machines/db-1/answer", {"item": "clinician"}),
        ("/machines/db-1/answer", {"item": "entry", "until": 9e9, "note": "x"}),
    ):
        status, answer = site.post(path, body)
        assert status == 403 and "a token is none" in answer["message"]


def test_nobody_reads_without_a_right_and_nothing_comes_from_another_page(site: Back) -> None:
    for path in ("", "/gates/db-1", "/points", "/stores", "/credentials"):
        assert site.ask("GET", f"/restart{path}", by="vic")[0] == 200
        assert site.ask("GET", f"/restart{path}", by="wanda")[0] == 403
        assert site.ask("GET", f"/restart{path}", by="")[0] == 401
    body = {"waves": [["db-1"]]}
    assert site.ask("POST", "/restart/plan", body, by="ina", origin="https://evil")[0] == 403
    assert site.ask("POST", "/restart/plan", body, by="ina", origin="")[0] == 403


# --- what makes no sense ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/plan", {"waves": []}, 400, "1 to 100 waves"),
        ("/plan", {"waves": [["db-1"], []]}, 400, "1 to 100 waves"),
        ("/plan", {"waves": [["db-1"], ["db-1"]]}, 400, "one wave only"),
        ("/plan", {"waves": [["nobody"]]}, 404, "no machine 'nobody'"),
        ("/plan", {"waves": [["db-1"]], "observe_s": -1}, 400, "30 days"),
        ("/plan", {"waves": [["db-1"]], "more": 1}, 400, ""),
        ("/machines/nobody/step", {"want": "begin"}, 404, "no machine"),
        ("/machines/db-1/step", {"want": "fly"}, 400, "a server can"),
        ("/machines/db-1/step", {"want": "open"}, 403, "only a server with listed flows"),
        ("/machines/db-1/step", {"want": "again"}, 403, "not cut again"),
        ("/machines/db-1/step", {"want": "back"}, 403, "not on its way"),
        ("/machines/db-1/answer", {"item": "entry"}, 403, "has not begun"),
        ("/machines/db-1/answer", {"item": "nothing"}, 400, "an item is one of"),
        ("/machines/db-1/answer", {"item": "entry", "answer": "maybe"}, 400, "yes or no"),
        ("/machines/db-1/rate", {"status": "fine", "why": "x"}, 400, "a server is one of"),
        ("/machines/db-1/rate", {"status": "rebuilt", "why": " "}, 400, "why?"),
        ("/machines/db-1/judge", {}, 404, "no agent knows a store"),
        ("/machines/db-1/point", {"store": "r1", "point": "x"}, 403, ""),
        ("/machines/db-1/point", {"store": "r1", "point": "x", "where": "moon"}, 400, "scratch or place"),
        ("/machines/db-1/thaw", {}, 403, "no retention is frozen"),
        ("/machines/ws-9/baseline", {}, 403, "no agent runs on it"),
        ("/credentials", {"credential": "x"}, 404, "no credential"),
        ("/harm", {"incident": "i9", "at": 1.0}, 404, "no such incident"),
        ("/watch", {"until": 1.0}, 400, "a time to come"),
        ("/watch", {"until": 9e12}, 400, "a time to come"),
    ],
)
def test_what_makes_no_sense_is_refused_and_writes_nothing(
    standing: Back, path: str, body: dict[str, Any], status: int, words: str
) -> None:
    before = standing.loop.seq
    found, answer = standing.post(path, body, by="tim")
    assert (found, words in answer["message"]) == (status, True), answer
    assert standing.loop.seq == before


def test_a_plan_is_warned_of_and_decided_all_the_same(site: Back) -> None:
    _, found = site.ask("GET", "/restart")
    assert found["plan"] is None and found["proposed"] == [["mon-1"], ["db-1"], ["files-1"]]
    status, warned = site.post("/warnings", {"waves": [["files-1"], ["db-1"]]}, by="vic")
    assert status == 200 and [each["values"]["need"] for each in warned] == ["db-1"]
    status, _ = plan(site, ["files-1"], ["db-1"])
    assert status == 201
    (made,) = site.payloads("restart_planned")
    assert made.waves == (("files-1",), ("db-1",)) and made.warnings == (warned[0]["text"],)
    assert [wave["number"] for wave in site.ask("GET", "/restart")[1]["waves"]] == [1, 2]


def test_an_incidents_first_harm_is_in_the_past(site: Back, clock: VirtualClock) -> None:
    site.loop.append([IncidentOpened("i1", clock.now(), "files-1", 1)])
    assert site.post("/harm", {"incident": "i1", "at": clock.now() + 60})[0] == 400
    assert site.post("/harm", {"incident": "i1", "at": clock.now() - 60})[0] == 201
    assert site.ask("GET", "/restart")[1]["since"] == clock.now() - 60


# --- one server, to its end -------------------------------------------------------------------------------------------


def test_a_server_comes_back_with_two_persons_and_no_sooner(site: Back, clock: VirtualClock) -> None:
    files: FakeAgent = site.agents["files-1"]
    files.report(r.StoresKnown((r.StoreNote("r1", "restic", "files-1", True),)))
    plan(site, ["db-1"], ["files-1"])
    for machine in ("db-1", "files-1"):
        assert site.post(f"/machines/{machine}/baseline")[0] == 201
        assert site.post(f"/machines/{machine}/step", {"want": "begin"}, by="ina")[0] == 201
    site.obey()
    assert site.row("db-1")["stage"] == "isolated" and site.row("db-1")["proven"]
    assert site.post("/machines/files-1/judge", {}, by="ina")[0] == 201
    site.obey()
    (point,) = site.ask("GET", "/restart/points?machine=files-1")[1]
    assert (point["point"], point["colour"], point["why_not_place"] is None) == ("4be2", "green", False)
    chosen = {"store": "r1", "point": "4be2"}
    assert site.post("/machines/files-1/point", {**chosen, "where": "place"}, by="ina")[0] == 403
    assert site.post("/machines/files-1/point", chosen, by="ina")[0] == 201
    site.obey()
    assert site.post("/machines/files-1/point", {**chosen, "where": "place"}, by="ina")[0] == 201
    site.obey()
    assert [each.subject for each in site.payloads("reenter_said")] == ["files-1", "documents"]
    assert site.ask("POST", "/facts/write", {"reenter": {}})[1]["facts"][0]["state"] == "again"  # for the desk

    for machine in ("db-1", "files-1"):
        for item in ("entry", "evidence"):
            said = {"item": item, "note": "seen"}
            assert site.post(f"/machines/{machine}/answer", said, by="ina")[0] == 201
        assert site.post(f"/machines/{machine}/answer", {"item": "observed"}, by="ina")[0] == 403
        late = {"item": "suppliers", "until": clock.now() + 9e6 * 100, "note": "x"}
        assert site.post(f"/machines/{machine}/answer", late, by="med")[0] == 400
        assert site.post(f"/machines/{machine}/sign", {"side": "it"}, by="ina")[0] == 403  # nothing was watched yet
    for each in site.ask("GET", "/restart/credentials")[1]:
        assert site.post("/credentials", {"credential": each["credential"]}, by="ina")[0] == 201
    site.obey()
    assert site.row("db-1")["stage"] == "observing", [each["text"] for each in site.row("db-1")["blocked"]]
    site.watch_on(HOUR + 60)
    assert site.gate("db-1")["observed"]["fine"]
    assert site.post("/machines/db-1/sign", {"side": "it"}, by="ina")[0] == 201
    status, _ = site.post("/machines/db-1/sign", {"side": "service"}, by="ina-adm")
    assert status == 403  # the same person, and not a head of care
    assert site.post("/machines/db-1/sign", {"side": "service"}, by="med")[0] == 201
    site.obey()
    row = site.row("db-1")
    assert row["stage"] == "listed", [each["text"] for each in row["blocked"]]
    assert site.ask("GET", "/machines")[0] == 200
    assert site.post("/machines/db-1/step", {"want": "open"}, by="ina")[0] == 201
    site.obey()
    assert site.row("db-1")["stage"] == "open"
    undone = [each.cut for each in site.payloads("cut_changed") if each.state == "undone"]
    assert len(undone) == 2  # the narrower, then the wider
    assert site.post("/machines/db-1/step", {"want": "back"}, by="med")[0] == 201
    site.obey()
    assert (site.row("db-1")["stage"], site.row("db-1")["proven"]) == ("recut", True)
    assert site.post("/machines/db-1/step", {"want": "again"}, by="ina")[0] == 201
    assert site.row("db-1")["round"] == 2


def test_a_machine_that_is_never_cut_is_shown_with_the_reason(site: Back) -> None:
    site.agents["lab-gw"] = site.agent("lab-gw")
    plan(site, ["lab-gw"])
    site.post("/machines/lab-gw/step", {"want": "begin"}, by="ina")
    site.obey()
    (proposed,) = site.payloads("cut_proposed")
    assert proposed.refused == "lab-gw is on the never-cut list: results"
    assert site.row("lab-gw")["stage"] == "waiting" and site.row("lab-gw")["blocked"]


def test_retention_is_frozen_and_let_go_by_a_leader(site: Back, clock: VirtualClock) -> None:
    site.account("tim", "it_director")
    site.agents["files-1"].report(r.StoresKnown((r.StoreNote("r1", "restic", "files-1", True),)))
    plan(site, ["db-1"])
    site.obey()
    assert [each["frozen"] for each in site.ask("GET", "/restart/stores")[1]] == ["proven"]
    assert site.post("/machines/files-1/thaw", {}, by="ina")[0] == 403
    assert site.post("/machines/files-1/thaw", {}, by="tim")[0] == 201
    site.obey()
    assert [each["frozen"] for each in site.ask("GET", "/restart/stores")[1]] == ["thawed"]


def test_the_watch_has_an_end_of_its_own(site: Back, clock: VirtualClock) -> None:
    plan(site, ["db-1"])
    assert site.post("/watch", {"until": clock.now() + 30 * 86_400})[0] == 201
    assert site.ask("GET", "/restart")[1]["over"]["watch_until"] == clock.now() + 30 * 86_400
    site.post("/machines/db-1/step", {"want": "begin"}, by="ina")
    status, answer = site.post("/watch", {"until": 0.0})
    assert status == 403 and "on its way back" in answer["message"]
