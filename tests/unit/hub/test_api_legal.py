"""What the law asks over the API, on a whole hub: who may, what is refused, one notification to its submission."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_api import Site

from garde.clock import VirtualClock
from garde.estate.nouns import Estate, Machine, Person
from garde.hub.capabilities import CAPABILITIES, FOLDS
from garde.hub.keeping import estate_loaded
from garde.journal.forensic_kinds import EgressConcluded
from garde.journal.hub_kinds import IncidentOpened
from garde.legal.clocks import SHIPPED
from garde.legal.words import NOT_PAID

HOUR = 3600.0
ESTATE = Estate(
    name="Clinique",
    machines=(Machine("files-1", "Files 1", "server", ("10.0.0.12",), agent=True),),
    people=(Person("dora", "Dora D.", ("dpo",), logins=("dora",)),),
    languages=("en", "fr"),
)
ROLES = {"dora": "dpo", "cora": "crisis_coordinator", "vic": "viewer", "wanda": "ward", "olga": "operator"}


class Law(Site):
    """A hub with its API, its people and one incident."""

    def __init__(self, state: Path, clock: VirtualClock) -> None:
        super().__init__(state, clock, [*CAPABILITIES, *(each for each in FOLDS if each.name == "facts")])
        self.loop.append([estate_loaded(ESTATE, Path("hospital.yaml"))])
        self.loop.append([IncidentOpened("i1", clock.now() - 60, "files-1", 1)])
        for login, role in ROLES.items():
            self.account(login, role)

    def post(self, path: str, body: Any = None, *, by: str = "dora") -> tuple[int, Any]:  # type: ignore[override]
        return self.ask("POST", f"/legal{path}", {} if body is None else body, by=by)

    def kinds(self, path: str, body: Any, *, by: str = "dora") -> list[str]:
        status, found = self.post(path, body, by=by)
        assert status == 201, found
        return [each["kind"] for each in found["entries"]]

    def draft(self, form: str = "gdpr_33", language: str = "en") -> dict[str, Any]:
        assert "draft_made" in self.kinds("/drafts", {"form": form, "language": language})
        found: dict[str, Any] = self.ask("GET", "/legal/drafts")[1][0]
        return found


@pytest.fixture
def law(tmp_path: Path, clock: VirtualClock) -> Iterator[Law]:
    with Law(tmp_path, clock) as made:
        assert isinstance(made, Law)
        yield made


def _sign(law: Law, draft: dict[str, Any], by: str = "dora", **other: Any) -> tuple[int, Any]:
    body = {"version": draft["version"], "sha256": draft["sha256"], **other}
    return law.post(f"/drafts/{draft['draft']}/sign", body, by=by)


def test_a_notification_from_awareness_to_its_amendment(law: Law) -> None:
    now = law.clock.now()
    found = law.ask("GET", "/legal/clocks")[1]
    assert found["incident"] == "i1" and "aware_personal_data" in found["unsaid"]
    said = law.kinds("/aware", {"event": "aware_personal_data", "since": now - HOUR, "note": "seen"})
    assert said[0] == "aware_said" and said.count("clock_started") == 2
    rows = law.ask("GET", "/legal/clocks?language=fr")[1]["clocks"]
    assert (rows[0]["clock"], rows[0]["state"], rows[0]["left"]) == ("gdpr_33", "runs", 71 * HOUR)
    draft = law.draft()
    assert _sign(law, draft, sha256="00" * 32)[0] == 403
    law.kinds(f"/drafts/{draft['draft']}/edit", {"name": "records_count", "value": "12"})
    assert _sign(law, draft)[0] == 403  # an older version
    draft = law.ask("GET", "/legal/drafts")[1][0]
    assert law.post(f"/drafts/{draft['draft']}/submit", {"version": 2, "at": now, "channel": "form"})[0] == 403
    assert _sign(law, draft)[0] == 201
    assert _sign(law, draft)[0] == 403  # twice
    assert _sign(law, draft, by="cora")[0] == 201
    handed = {"version": 2, "at": now, "channel": "online form", "reference": "DOS-1"}
    assert "clock_closed" in law.kinds(f"/drafts/{draft['draft']}/submit", handed)
    assert law.post(f"/drafts/{draft['draft']}/edit", {"name": "nature", "value": "x"})[0] == 403
    assert law.post(f"/drafts/{draft['draft']}/submit", handed)[0] == 403
    law.loop.append([EgressConcluded("i1", now, now - HOUR, "seen", 9, ("a",), (), (), 0.0, ())])
    row = law.ask("GET", "/legal/drafts")[1][0]
    assert row["stale"] == ["data_left"] and row["submitted"]["reference"] == "DOS-1"
    assert law.draft()["amends"] == draft["draft"]


def test_a_draft_is_handed_out_in_three_ways(law: Law) -> None:
    draft = law.draft("police", "fr")
    page = law.ask("GET", f"/legal/drafts/{draft['draft']}")[1]
    assert page["warning"] and {each["name"] for each in page["fields"]} >= {"screen", "evidence"}
    body = law.ask("GET", f"/legal/drafts/{draft['draft']}/json")[1]
    raw = msgspec.json.encode(body, order="deterministic")
    assert hashlib.sha256(raw).hexdigest() == draft["sha256"]
    assert law.ask("GET", f"/legal/drafts/{draft['draft']}/exe")[0] == 400
    assert law.ask("GET", "/legal/drafts/none/json")[0] == 404


def test_text_comes_back_as_one_decision(law: Law) -> None:
    draft = law.draft("ransom")
    text = "## [advice] x\nthe police\n\n## [demand] y\n2 BTC\n"
    kinds = law.kinds(f"/drafts/{draft['draft']}/edit", {"text": text})
    assert kinds.count("draft_edited") == 2
    page = law.ask("GET", f"/legal/drafts/{draft['draft']}")[1]
    assert {each["name"]: each["value"] for each in page["fields"]}["advice"] == "the police"
    assert law.post(f"/drafts/{draft['draft']}/edit", {"text": text})[0] == 403  # nothing is other
    assert law.post(f"/drafts/{draft['draft']}/edit", {"text": "## [rm] x\nthe police\n"})[0] == 403
    assert law.post(f"/drafts/{draft['draft']}/edit", {"text": "nothing"})[0] == 400


def test_the_ransom_is_not_paid_by_default(law: Law) -> None:
    assert law.kinds("/ransom", {}, by="cora") == ["ransom_decided"]
    draft = law.draft("ransom")
    page = law.ask("GET", f"/legal/drafts/{draft['draft']}")[1]
    values = {each["name"]: each["value"] for each in page["fields"]}
    assert values["decision"] == "The ransom is not paid." and values["decided_why"] == NOT_PAID
    assert law.post("/ransom", {"paid": True}, by="cora")[0] == 400
    assert law.post("/ransom", {}, by="dora")[0] == 403


def test_who_may(law: Law) -> None:
    said = {"event": "aware_personal_data", "since": law.clock.now()}
    for by in ("vic", "wanda", "olga", "token"):
        assert law.post("/aware", said, by=by)[0] == 403, by
    assert law.ask("GET", "/legal/drafts", by="wanda")[0] == 403
    assert law.ask("GET", "/legal/drafts", by="vic")[0] == 200
    assert law.ask("GET", "/legal/clocks", by="")[0] == 401
    assert law.post("/drafts", {"form": "gdpr_33"}, by="vic")[0] == 403
    assert law.post("/drafts", {"form": "gdpr_33"}, by="token")[0] == 201
    status, found = law.post("/aware", said, by="token")
    assert status == 403 and "a token is none" in found["message"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/aware", {"event": "rm -rf", "since": 1.0}, 400),
        ("/aware", {"event": "discovered", "since": 1.0}, 400),
        ("/aware", {"event": "discovered", "since": 9e12}, 400),
        ("/aware", {"event": "discovered", "since": 1.0, "incident": "i9"}, 404),
        ("/applies", {"clock": "nis2_early", "applies": "perhaps", "why": "x"}, 400),
        ("/applies", {"clock": "nis2_early", "applies": "no", "why": " "}, 400),
        ("/applies", {"clock": "x", "applies": "no", "why": "x"}, 404),
        ("/drafts", {"form": "tax"}, 400),
        ("/drafts", {"form": "gdpr_33", "language": "xx"}, 400),
        ("/drafts", {"form": "gdpr_33", "shell": "x"}, 400),
        ("/drafts/none/sign", {"version": 1, "sha256": ""}, 404),
        ("/clocks", {"content": "not toml ["}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(law: Law, path: str, body: Any, status: int) -> None:
    before = law.loop.look("legal", lambda state: len(state.drafts))
    assert law.post(path, body)[0] == status
    assert law.loop.look("legal", lambda state: len(state.drafts)) == before


def test_a_submission_lies_in_the_past_and_names_its_channel(law: Law) -> None:
    draft = law.draft()
    assert _sign(law, draft)[0] == 201
    path = f"/drafts/{draft['draft']}/submit"
    assert law.post(path, {"version": 1, "at": law.clock.now() + 60, "channel": "form"})[0] == 400
    assert law.post(path, {"version": 1, "at": law.clock.now(), "channel": " "})[0] == 400


def test_a_hospitals_clocks_are_taken_and_given_back(law: Law) -> None:
    own = (
        '[[clocks]]\nid="insurer"\nregime="Policy"\nstart="discovered"\namount=48\nrecipient="insurer"\napplies="yes"\n'
    )
    assert law.kinds("/clocks", {"content": own, "source": "own.toml"}) == ["clocks_loaded"]
    law.kinds("/aware", {"event": "discovered", "since": law.clock.now()})
    rows = {each["clock"]: each for each in law.ask("GET", "/legal/clocks")[1]["clocks"]}
    assert rows["insurer"]["state"] == "runs"
    assert law.kinds("/clocks", {"content": ""}) == ["clocks_loaded"]
    assert law.kinds("/clocks", {"content": SHIPPED.read_text("utf-8")}) == ["clocks_loaded"]


def test_forms_are_told_with_what_is_not_confirmed(law: Law) -> None:
    found = {each["form"]: each for each in law.ask("GET", "/legal/forms?language=fr")[1]}
    assert not found["gdpr_33"]["confirmed"] and "n’ont pas été confirmés" in found["gdpr_33"]["warning"]
