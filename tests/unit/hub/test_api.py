"""The API: who may ask for what, and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from argon2 import PasswordHasher
from hub_house import ESTATE, HubHouse, call
from hub_samples import CHANGED
from litestar import Router
from litestar.exceptions import ClientException

from garde.clock import VirtualClock
from garde.estate.write import to_yaml
from garde.hub.console.accounts import COOKIE, LocalAccounts, open_accounts
from garde.hub.deps import Deps
from garde.hub.events import Events
from garde.hub.facts import FACTS
from garde.hub.fold import Fold
from garde.hub.guard import Door
from garde.hub.keeping import Checkpoints, EstateKeeper
from garde.hub.performer import Performer
from garde.hub.replies import Replies
from garde.hub.server import build_app
from garde.journal.hub_kinds import CutChanged, CutProposed, IncidentJoined, IncidentOpened, MachineCut
from garde.journal.kinds import ErrorSeen
from garde.journal.text import Text
from garde.trust.keys import SigningKey
from garde.trust.passwords import Hasher

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # slow on purpose otherwise
TOKEN = "the operator's own"
PASSWORD = "horse staple battery correct"


class Site(HubHouse):
    """A hub with its API; `ask` goes in by the token, by a login, or by nothing."""

    def __init__(
        self,
        state: Path,
        clock: VirtualClock,
        views: Sequence[Fold[Any]] = (),
        performers: Sequence[Performer] = (),
    ) -> None:
        super().__init__(state, clock, views, performers=performers)
        self.accounts: LocalAccounts = open_accounts(state, clock)
        self.accounts.hasher = Hasher(QUICK)
        self.at_end.callback(self.accounts.close)
        token = state / "operator.token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        self.estate_file = state / "hospital.yaml"
        self.estate_file.write_text(to_yaml(ESTATE))
        self.keeper = EstateKeeper(self.loop, self.estate_file)
        self.deps = Deps(
            self.loop, self.accounts, lambda: self.loop.estate, clock, state, self.orders, self.liveness,
            self.enrolment, Replies(b"c" * 32, clock, lambda: self.loop), self.keeper,
        )  # fmt: skip
        self.cookies: dict[str, str] = {}
        self.pages_made = 0
        self._runner = asyncio.Runner()
        self._app: Any = None

    def account(self, login: str, role: str) -> None:
        self.accounts.make(login, role, PASSWORD)
        self.cookies[login] = self.accounts.begin(login, "password", "10.0.0.1")

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str = "token",
        origin: str = "https://hub",
        prefix: str = "/api/v1",
    ) -> tuple[int, Any]:
        headers = [("host", "hub"), ("content-type", "application/json")]
        if by == "token":
            headers.append(("authorization", f"Bearer {TOKEN}"))
        elif by:
            headers += [("cookie", f"{COOKIE}={self.cookies[by]}"), ("origin", origin)]
        raw = b"" if body is None else msgspec.json.encode(body)
        status, answer = self.request(method, prefix + path, raw, headers)
        return status, msgspec.json.decode(answer) if answer else None

    def request(self, method: str, path: str, raw: bytes, headers: Sequence[tuple[str, str]]) -> tuple[int, bytes]:
        """Hand one request to the whole application."""

        async def once() -> tuple[int, bytes]:
            return await call(self._opened(), method, path, raw, headers)

        return self._runner.run(once())

    def _opened(self) -> Any:
        """The application, made at the first request: it takes longer than all that is asked of it."""
        if self._app is None:
            live = Events(self.loop)
            self.at_end.callback(self._runner.close)
            self.at_end.callback(live.close)
            door = Door(self.accounts, self.state)
            self._app = build_app(
                self.deps, intake=self.intake, door=door, keeper=self.keeper, live=live, pages=self._pages
            )
        return self._app

    def _pages(self) -> list[Router]:
        self.pages_made += 1
        return []

    def make_all(self) -> None:
        """What a hub does before it says that it is ready."""

        async def once() -> None:
            self._opened().build()

        self._runner.run(once())

    def incident(self, needs: str = "one", refused: str = "") -> None:
        self.load_estate()
        self.loop.append([
            IncidentOpened("i1", self.clock.now(), "files-1", 1),
            CutProposed(
                "c1", "i1", "block", "ws-9", ("10.0.0.109",), (), ("files-1",), 1, (), (), (), "u", needs, "w", refused
            ),
        ])  # fmt: skip


@pytest.fixture
def site(tmp_path: Path, clock: VirtualClock) -> Iterator[Site]:
    with Site(tmp_path, clock) as made:
        assert isinstance(made, Site)
        yield made


# --- what is made when ---


def test_a_question_to_the_api_makes_no_page_and_a_hub_that_serves_has_all(site: Site) -> None:
    assert site.ask("GET", "/state")[0] == 200
    assert site.pages_made == 0
    for _ in range(2):
        site.make_all()
        assert site.ask("GET", "/health", by="", prefix="") == (200, {"ok": True})
        assert site.ask("GET", "/nowhere", by="", prefix="")[1]["code"] == "NOT-FOUND"
    assert site.pages_made == 1


# --- who may ----------------------------------------------------------------------------------------------------------


def test_nobody_gets_nothing_but_the_sign_of_life(site: Site) -> None:
    assert site.ask("GET", "/health", by="", prefix="") == (200, {"ok": True})
    for method, path in (("GET", "/state"), ("GET", "/journal"), ("GET", "/events"), ("POST", "/agents/tokens")):
        status, answer = site.ask(method, path, {} if method == "POST" else None, by="")
        assert (status, answer["code"]) == (401, "NOT-SIGNED-IN")


def test_facts_of_the_downtime_half_are_for_who_may(site: Site) -> None:
    for role in ("ward", "viewer", "operator", "admin"):
        site.account(role, role)
    asked = {
        "/facts/take": {"file": "AAAA"},
        "/facts/write": {"reenter": {}},
        "/facts/trust": {"card": "", "fingerprint": ""},
    }
    may = {"ward": set(), "viewer": set(), "operator": {"/facts/take", "/facts/write"}, "admin": {"/facts/trust"}}
    for role, paths in may.items():
        for path, body in asked.items():
            assert (site.ask("POST", path, body, by=role)[0] != 403) == (path in paths), (role, path)
        assert (site.ask("GET", "/facts", by=role)[0] == 403) == (role == "ward")
    assert site.ask("POST", "/facts/take", {"file": "?" * 300_000})[0] == 413


def test_facts_are_refused_with_the_reason(tmp_path: Path, clock: VirtualClock) -> None:
    with Site(tmp_path, clock, views=[FACTS]) as site:
        status, answer = site.ask("POST", "/facts/take", {"file": "AAAA"})
        assert (status, answer["code"]) == (403, "REFUSED") and "nobody is believed" in answer["message"]
        assert site.ask("POST", "/facts/take", {"file": "no base64"})[0] == 400
        assert site.ask("POST", "/facts/trust", {"card": "AAAA", "fingerprint": "x"})[0] == 400
        assert site.kinds() == []


@pytest.mark.parametrize("header", ["Bearer wrong", f"Basic {TOKEN}", "Bearer", TOKEN])
def test_a_wrong_token_is_refused_even_beside_a_good_session(site: Site, header: str) -> None:
    site.account("carla", "admin")

    async def once() -> int:
        app = build_app(
            site.deps,
            intake=site.intake,
            door=Door(site.accounts, site.state),
            keeper=site.keeper,
            live=Events(site.loop),
        )
        cookie = ("cookie", f"{COOKIE}={site.cookies['carla']}")
        return (await call(app, "GET", "/api/v1/state", b"", [("authorization", header), cookie]))[0]

    assert asyncio.run(once()) == 401


def test_every_route_but_the_sign_of_life_asks_who_it_is(site: Site) -> None:
    """Also those that are added later: the OpenAPI document names them all."""
    status, document = site.ask("GET", "/schema/openapi.json", by="")
    assert status == 200 and len(document["paths"]) > 15
    for path, methods in document["paths"].items():
        for method in methods:
            concrete = path.replace("{", "").replace("}", "")
            assert site.ask(method.upper(), concrete, {}, by="", prefix="")[0] == 401, (method, path)


@pytest.mark.parametrize(
    ("role", "decides", "keeps"),
    [
        ("viewer", 403, 403),
        ("operator", 201, 403),
        ("it_director", 201, 201),
        ("crisis_coordinator", 201, 403),
        ("admin", 403, 201),
    ],
)
def test_roles(site: Site, role: str, decides: int, keeps: int) -> None:
    site.incident()
    site.account("carla", role)
    assert site.ask("GET", "/incidents", by="carla")[0] == 200
    assert site.ask("POST", "/cuts/c1/decision", {"decision": "approve"}, by="carla")[0] == decides
    assert site.ask("POST", "/agents/tokens", {"machine": "files-1"}, by="carla")[0] == keeps


@pytest.mark.parametrize("origin", ["https://evil.example", "", "null", "https://hub.evil.example"])
def test_a_session_changes_nothing_from_another_page(site: Site, origin: str) -> None:
    site.incident()
    site.account("carla", "operator")
    before = site.loop.seq
    assert site.ask("POST", "/cuts/c1/decision", {"decision": "approve"}, by="carla", origin=origin)[0] == 403
    assert site.loop.seq == before
    assert site.ask("GET", "/cuts", by="carla", origin=origin)[0] == 200


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_decision_is_one_entry_with_name_role_and_note(site: Site) -> None:
    site.incident()
    site.account("carla", "it_director")
    status, answer = site.ask("POST", "/cuts/c1/decision", {"decision": "approve", "note": "go\x1b[2J"}, by="carla")
    assert (status, answer["entries"][0]["kind"], answer["entries"][0]["who"]) == (201, "cut_decided", "person/carla")
    (decided,) = site.payloads("cut_decided")
    assert (decided.by, decided.role, decided.note) == ("carla", "it_director", Text(b"go\x1b[2J"))
    assert site.ask("GET", "/cuts/c1")[1]["decisions"][0]["by"] == "carla"
    assert "\x1b" not in str(site.ask("GET", "/journal")[1])


def test_the_token_decides_but_never_as_one_of_two_persons(site: Site) -> None:
    site.incident(needs="two")
    assert site.ask("POST", "/cuts/c1/decision", {"decision": "approve"})[0] == 403
    assert site.ask("POST", "/cuts/c1/decision", {"decision": "reject"})[0] == 201
    assert site.ask("POST", "/incidents/i1/answer")[0] == 403


def test_a_cut_that_is_never_made_cannot_be_approved(site: Site) -> None:
    site.incident(refused="it is the hub")
    status, answer = site.ask("POST", "/cuts/c1/decision", {"decision": "approve"})
    assert (status, answer["code"]) == (409, "REFUSED") and "it is the hub" in answer["message"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/cuts/c9/decision", {"decision": "approve"}, 404),
        ("/cuts/c1/decision", {"decision": "explode"}, 400),
        ("/cuts/c1/decision", {"decision": 5}, 400),
        ("/cuts/c1/decision", {}, 400),
        ("/cuts/c1/decision", [], 400),
        ("/incidents/i9/close", {"note": ""}, 404),
    ],
)
def test_what_cannot_be_decided_writes_nothing(site: Site, path: str, body: Any, status: int) -> None:
    site.incident()
    before = site.loop.seq
    assert site.ask("POST", path, body)[0] == status
    assert site.loop.seq == before


def test_an_incident_is_answered_and_closed_by_a_person(site: Site) -> None:
    site.incident()
    site.account("carla", "operator")
    assert site.ask("POST", "/incidents/i1/answer", by="carla")[0] == 201
    assert site.ask("POST", "/incidents/i1/close", {"note": "over"}, by="carla")[0] == 201
    assert site.ask("POST", "/incidents/i1/close", {"note": "over"}, by="carla")[0] == 409
    incident = site.ask("GET", "/incidents/i1")[1]
    assert (incident["answered"], incident["state"], incident["closed"]) == ("carla", "closed", "carla")


def test_an_incident_that_became_part_of_another_is_neither_answered_nor_closed(site: Site) -> None:
    site.incident()
    site.account("carla", "operator")
    site.loop.append([IncidentOpened("i2", site.clock.now(), "files-2", 1), IncidentJoined("i2", "i1", "same tool")])
    before = site.loop.seq
    for path in ("answer", "close"):
        body = {"note": "x"} if path == "close" else None
        status, answer = site.ask("POST", f"/incidents/i2/{path}", body, by="carla")
        assert status == 409 and "part of i1" in answer["message"]
    site.ask("POST", "/incidents/i1/close", {"note": "over"}, by="carla")
    assert site.ask("POST", "/incidents/i1/answer", by="carla")[0] == 409
    assert site.loop.seq == before + 1


def test_who_connects_again_goes_on_from_the_last_event_that_it_has(site: Site) -> None:
    asked: list[int | None] = []

    class Listening(Events):
        def stream(self, after: int | None = None, *, bare: bool = False) -> AsyncIterator[bytes]:
            asked.append(after)
            raise ClientException("enough", status_code=418)

    async def once(query: str, last: str) -> None:
        app = build_app(
            site.deps, intake=site.intake, door=Door(site.accounts, site.state), keeper=site.keeper,
            live=Listening(site.loop),
        )  # fmt: skip
        headers = [("authorization", f"Bearer {TOKEN}"), *([("last-event-id", last)] if last else [])]
        assert (await call(app, "GET", f"/api/v1/events{query}", b"", headers))[0] == 418

    for query, last in (("", ""), ("?after=3", ""), ("?after=3", "17"), ("", "17"), ("?after=3", "x")):
        asyncio.run(once(query, last))
    assert asked == [None, 3, 17, 17, 3]


def test_a_full_disk_is_said_and_nothing_was_done(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.incident()

    def full(*_: object, **__: object) -> None:
        raise OSError("database or disk is full")

    monkeypatch.setattr(site.journal, "append_all", full)
    status, answer = site.ask("POST", "/cuts/c1/decision", {"decision": "approve"})
    assert (status, answer["code"]) == (503, "JOURNAL") and answer["todo"]
    assert "full" in site.ask("GET", "/state")[1]["journal"]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_the_state_tells_how_the_hub_stands(site: Site) -> None:
    site.incident()
    agent = site.agent()
    agent.beat(mode="watching only")
    site.liveness.tick()
    Checkpoints(site.loop, SigningKey.generate(), site.clock).tick(now=True)
    found = site.ask("GET", "/state")[1]
    assert (found["hospital"], found["open_incidents"], found["agents_alive"], found["weaker"]) == (
        "Clinique", 1, 1, ["files-1"],
    )  # fmt: skip
    assert found["checkpoint"]["size"] == found["entries"] == site.loop.seq


def test_machines_have_their_agent_and_the_cuts_in_force(site: Site) -> None:
    agent = site.agent()
    agent.beat()
    site.liveness.tick()
    site.loop.append([MachineCut("ws-9", "c1", "block"), MachineCut("10.0.0.109", "c2", "port")])
    found = {each["id"]: each for each in site.ask("GET", "/machines")[1]}
    assert [found[name]["agent"] for name in ("hub", "files-1", "files-2", "ws-9")] == [
        "none",
        "alive",
        "expected",
        "none",
    ]
    assert found["ws-9"]["cuts"] == ["c1", "c2"] and found["files-1"]["coverage"] == {"files": 9}


def test_the_journal_is_read_page_by_page_and_by_kind(site: Site) -> None:
    site.loop.append([CHANGED] * 5 + [ErrorSeen("x", Text("<script>"))])
    page = site.ask("GET", "/journal?limit=4")[1]
    assert ([each["seq"] for each in page["entries"]], page["last"], page["end"]) == ([1, 2, 3, 4], 4, 6)
    assert [each["seq"] for each in site.ask("GET", "/journal?after=4")[1]["entries"]] == [5, 6]
    only = site.ask("GET", "/journal?kinds=error_seen,hub_started")[1]["entries"]
    assert [each["payload"]["message"] for each in only] == ["<script>"]
    assert site.ask("GET", "/journal?kinds=no_such")[0] == 400
    assert site.ask("GET", "/journal?after=-1")[0] == 400
    assert site.ask("GET", "/journal?after=99")[1]["entries"] == []


def test_cuts_are_listed_the_narrowest_first(site: Site) -> None:
    site.incident()
    site.loop.append([
        CutProposed("c0", "i1", "isolate", "ws-9", (), (), (), 2, ("record",), (), (), "u", "two", "w"),
        CutChanged("c1", "not_proven", 1, 1, 0, ("files-1",)),
    ])  # fmt: skip
    assert [(each["id"], each["state"]) for each in site.ask("GET", "/cuts?incident=i1")[1]] == [
        ("c1", "not_proven"), ("c0", "proposed"),
    ]  # fmt: skip
    assert site.ask("GET", "/cuts?incident=i2")[1] == []


# --- keeping the hub --------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_its_hash_written(site: Site) -> None:
    site.load_estate()
    status, answer = site.ask("POST", "/agents/tokens", {"machine": "files-1", "hours": 2})
    assert status == 201 and answer["token"].startswith("garde1.10.0.0.5:8443.")
    assert answer["token"].rpartition(".")[2] not in str(list(site.journal.entries()))
    assert site.ask("POST", "/agents/tokens", {"machine": "nobody"})[0] == 404
    assert site.ask("POST", "/agents/tokens", {"machine": "files-1", "hours": 1e9})[0] == 400


def test_an_agent_is_revoked_and_its_codes_are_shown(site: Site) -> None:
    site.agent()
    assert len(site.ask("GET", "/agents/files-1/codes")[1]["codes"]) == 10
    assert site.ask("POST", "/agents/files-1/revoke", {"reason": "stolen"})[0] == 201
    assert site.ask("POST", "/agents/files-1/revoke", {"reason": "stolen"})[0] == 404
    assert site.ask("GET", "/agents/files-1/codes")[0] == 404


def test_accounts_are_made_changed_and_shut_and_each_is_an_entry(site: Site) -> None:
    made = {"login": "c.moreau", "role": "operator", "password": PASSWORD}
    assert site.ask("POST", "/accounts", made)[0] == 201
    assert site.ask("POST", "/accounts", made)[0] == 400
    assert site.ask("POST", "/accounts", {**made, "login": "x", "role": "king"})[0] == 400
    assert site.ask("POST", "/accounts", {**made, "login": "local"})[0] == 400
    assert (
        site.ask("PATCH", "/accounts/c.moreau", {"role": "viewer", "password": PASSWORD + " 2"})[1][0]["role"]
        == "viewer"
    )
    assert site.ask("PATCH", "/accounts/c.moreau", {"shut": True})[1][0]["shut"] is True
    assert site.ask("PATCH", "/accounts/nobody", {"shut": True})[0] == 404
    assert [(each.login, each.role, each.change, each.by) for each in site.payloads("account_changed")] == [
        ("c.moreau", "operator", "made", "local"), ("c.moreau", "viewer", "role", "local"),
        ("c.moreau", "viewer", "password", "local"), ("c.moreau", "viewer", "shut", "local"),
    ]  # fmt: skip
    assert PASSWORD not in str(site.ask("GET", "/accounts"))
    assert len(site.ask("POST", "/accounts/break-glass")[1]["codes"]) == 5


def test_the_estate_is_read_again_where_it_changed_and_whole_or_not_at_all(site: Site) -> None:
    site.load_estate()
    assert site.ask("POST", "/estate/reload")[1]["changed"] is False
    site.estate_file.write_text(site.estate_file.read_text().replace("Clinique", "Clinique du Parc"))
    found = site.ask("POST", "/estate/reload")[1]
    assert (found["changed"], found["hospital"]) == (True, "Clinique du Parc")
    site.estate_file.write_text("name: [")
    status, answer = site.ask("POST", "/estate/reload")
    assert (status, answer["code"]) == (400, "SETTINGS") and "hospital.yaml:1" in answer["message"]
    assert site.loop.estate.estate.name == "Clinique du Parc"
    assert site.kinds().count("estate_loaded") == 2


def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    assert site.ask("POST", "/cuts/c1/decision", {"decision": "x" * 300_000})[0] == 413


def test_answers_are_kept_by_no_cache(site: Site) -> None:
    seen: list[tuple[bytes, bytes]] = []

    async def once() -> None:
        app = build_app(
            site.deps,
            intake=site.intake,
            door=Door(site.accounts, site.state),
            keeper=site.keeper,
            live=Events(site.loop),
        )

        async def spy(scope: Any, receive: Any, send: Any) -> None:
            async def note(message: Any) -> None:
                seen.extend(message.get("headers", ()))
                await send(message)

            await app(scope, receive, note)

        await call(spy, "GET", "/api/v1/state", b"", [("authorization", f"Bearer {TOKEN}")])

    asyncio.run(once())
    assert dict(seen)[b"cache-control"] == b"no-store" and dict(seen)[b"x-content-type-options"] == b"nosniff"
