"""Evidence over the API, on a whole hub: who may, what is refused, what a person adds, a bundle to its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_house import ESTATE
from test_api import Site

from garde.clock import VirtualClock
from garde.forensics.custody import store as stores
from garde.forensics.custody.store import Evidence, What
from garde.hub.capabilities import CAPABILITIES
from garde.hub.keeping import estate_loaded
from garde.journal.forensic_kinds import EvidenceTaken
from garde.journal.hub_kinds import IncidentOpened
from garde.journal.text import Text

ROLES = {"ina": "operator", "dora": "dpo", "vic": "viewer", "wanda": "ward", "adam": "admin"}
ITEM = {"item": "a" * 32, "sort": "image", "name": "disk of files-1", "place": "safe", "sha256": "", "note": "seal 12"}


class Office(Site):
    """A hub with its API, its people and one incident with evidence."""

    def __init__(self, state: Path, clock: VirtualClock) -> None:
        super().__init__(state, clock, CAPABILITIES)
        self.loop.append([estate_loaded(ESTATE, Path("hospital.yaml"))])
        for login, role in ROLES.items():
            self.account(login, role)
        self.loop.append([IncidentOpened("i1", clock.now(), "files-1", 1)])
        taken = EvidenceTaken("", "b" * 32, "damaged", Text(b"a\x1b"), Text(b"/srv/a"), 9, "ab" * 32, 1.7e9, 0.0, False)
        self.loop.append([taken], who="agent/files-1")

    def said(self, kind: str) -> list[Any]:
        return [each.payload for each in self.loop.journal.entries(kinds=(kind,))]


@pytest.fixture
def office(tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(stores, "ROOM", 0)
    with Office(tmp_path, clock) as made:
        yield made


def test_evidence_is_shown_to_whoever_may_read_the_record(office: Office) -> None:
    for login in ("ina", "dora", "vic"):
        status, found = office.ask("GET", "/evidence", by=login)
        assert status == 200 and [each["item"] for each in found] == ["b" * 32]
        assert found[0]["name"] == "a\\x1b" and found[0]["clock_offset_s"] is None
    assert office.ask("GET", "/evidence", by="wanda")[0] == 403
    assert office.ask("GET", "/evidence?incident=i9", by="ina")[0] == 404


@pytest.mark.parametrize(("login", "status"), [("ina", 201), ("dora", 201), ("vic", 403), ("wanda", 403), ("adam", 403),
                                               ("token", 201)])  # fmt: skip
def test_who_may_export_and_add(office: Office, login: str, status: int) -> None:
    assert office.ask("POST", "/evidence", ITEM, by=login)[0] == status
    assert office.ask("POST", "/evidence/bundles", {"language": "fr"}, by=login)[0] == status
    assert len(office.said("bundle_wanted")) == len(office.said("bundle_asked")) == int(status == 201)
    assert [each.language for each in office.said("bundle_asked")] == ["fr"] * int(status == 201)


def test_what_a_person_added_is_listed_with_who_it_was(office: Office) -> None:
    office.ask("POST", "/evidence", ITEM, by="dora")
    _, found = office.ask("GET", "/evidence", by="ina")
    added = next(each for each in found if each["item"] == ITEM["item"])
    assert (added["taken_by"], added["detail"], added["file"]) == ("dora", "seal 12", None)
    assert office.ask("POST", "/evidence", ITEM, by="ina")[0] in (400, 422)


def test_a_file_that_was_put_into_the_store_has_changed_hands(office: Office, tmp_path: Path) -> None:
    kept, _ = Evidence(tmp_path / "evidence").keep_bytes(b"image", What("image", "", b"disk", b"/x", 1.7e9))
    body = {**ITEM, "item": kept.item, "sha256": kept.sha256}
    status, written = office.ask("POST", "/evidence", body, by="ina")
    assert status == 201 and [each["kind"] for each in written["entries"]] == ["evidence_referred", "evidence_moved"]
    assert [(each.to, each.same) for each in office.said("evidence_moved")] == [("hub", True)]


@pytest.mark.parametrize(
    ("field", "value"),
    [("item", "../x"), ("item", "A" * 32), ("sort", "bomb"), ("sha256", "ab"), ("name", "x" * 1_001), ("other", "x")],
)
def test_what_is_no_evidence_is_refused(office: Office, field: str, value: str) -> None:
    assert office.ask("POST", "/evidence", {**ITEM, field: value}, by="ina")[0] in (400, 422)
    assert office.said("evidence_referred") == []


def test_a_bundle_in_a_language_that_there_is_not_or_of_no_incident_is_refused(office: Office) -> None:
    assert office.ask("POST", "/evidence/bundles", {"language": "de"}, by="ina")[0] in (400, 422)
    assert office.ask("POST", "/evidence/bundles", {"incident": "i9"}, by="ina")[0] == 404
