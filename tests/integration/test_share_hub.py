"""A warning from the first confirmed verdict to a neighbour's client: the hub as a program, OASIS's own TAXII client.

The hub is killed while it draws; what the neighbour reads in the end is byte by byte what a person approved.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
import stix2
from taxii2client.common import TokenAuth
from taxii2client.v21 import Server, as_pages

from garde.clock import SystemClock
from garde.hub.console.accounts import open_accounts
from garde.journal import kinds as k
from garde.journal import sharing_kinds as s
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.model.watchlist import Sort
from garde.sharing.in_ import bundle
from garde.sharing.in_.neighbours import Source
from garde.sharing.in_.taxii import fetch

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "hub"))
from hub_process import HubProcess, garde

P = TypeVar("P", bound=Payload)
SPREADER = k.ActorNote("smb", 812, address="10.9.0.109", users=(Text("jdoe"),))
PASSWORD = "horse staple battery correct"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path) as started:
        yield started


def _wait(hub: HubProcess, kind: type[P]) -> list[P]:
    until = time.monotonic() + 30.0
    while time.monotonic() < until:
        if found := hub.of(kind):
            return found
        time.sleep(0.05)
    raise AssertionError(f"no {kind.__name__} came")


def _attack(hub: HubProcess) -> None:
    files = tuple(
        k.FileDamage(Text(f"/srv/{n}.docx"), Text(f"/srv/{n}.docx.night"), time.time(), ("random_change",))
        for n in range(3)
    )
    agent = hub.agent("files-1")
    agent.beat()
    agent.report(k.VerdictReached("v1", "session", Text("10.9.0.109"), 21.5, 18.4, files, (SPREADER,)))
    agent.report(k.HoldConfirmed("h1", "v1", 3))


def _share(hub: HubProcess, *words: str) -> tuple[int, list[dict[str, Any]], str]:
    return garde("share", *words, "--state", str(hub.state))


def test_a_neighbours_client_reads_what_a_person_approved(
    hub: HubProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)  # they would count for more than what the client is told
    _attack(hub)
    _wait(hub, s.WarningAsked)
    hub.kill()
    hub.start()
    (drawn,) = _wait(hub, s.WarningDrawn)
    accounts = open_accounts(hub.state, SystemClock())
    accounts.make("carla", "it_director", PASSWORD)
    accounts.close()
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    assert _share(hub, "approve")[0] != 0  # the operator is no person
    code, _, complaint = _share(hub, "approve", "--login", "carla", "--password-file", str(secret))
    assert code == 0, complaint
    code, lines, complaint = _share(hub, "key", "nord")
    assert code == 0, complaint
    (token,) = [each["token"] for each in lines if each["kind"] == "token"]
    url, ca = f"https://127.0.0.1:{hub.port}/taxii2/", str(hub.state / "ca.pem")

    for user, password in (("nord", "wrong"), ("sud", token)):
        with pytest.raises(requests.exceptions.HTTPError, match="401"):
            Server(url, user=user, password=password, verify=ca).refresh()
    server = Server(url, user="nord", password=token, verify=ca)
    (collection,) = server.default.collections
    assert (collection.can_read, collection.can_write) == (True, False)
    whole = collection.get_objects()["objects"]
    paged = [each for page in as_pages(collection.get_objects, per_request=2) for each in page["objects"]]
    assert paged == whole
    assert Server(url, auth=TokenAuth(token), verify=ca).default.collections[0].get_objects()["objects"] == whole

    approved = json.loads((hub.state / "sharing" / "out" / drawn.warning / "0001" / "stix.json").read_bytes())
    assert sorted(whole, key=lambda each: each["id"]) == sorted(approved["objects"], key=lambda each: each["id"])
    for each in whole:
        stix2.parse(each, allow_custom=False, version="2.1")
    assert "[file:name MATCHES '\\\\.night$']" in {each.get("pattern") for each in whole}
    assert "jdoe" not in json.dumps(whole) and "10.9.0.109" not in json.dumps(whole)

    manifest = collection.get_manifest()["objects"]
    assert {each["id"] for each in manifest} == {each["id"] for each in whole}
    (report,) = [each["id"] for each in whole if each["type"] == "report"]
    assert collection.get_object(report)["objects"][0]["id"] == report
    assert len(collection.object_versions(report)["versions"]) == 1
    assert [each["type"] for each in collection.get_objects(type="identity")["objects"]] == ["identity"]
    assert "objects" not in collection.get_objects(added_after=manifest[-1]["date_added"])
    (told,) = _wait(hub, s.NeighbourTold)
    assert (told.neighbour, told.channel, told.version) == ("nord", "taxii", 1)
    server.close()

    (tmp_path / "token").write_text(token)
    (address,) = [each["url"] for each in lines if each["kind"] == "token"]
    got = tmp_path / "got"
    assert fetch(Source("clinique", address, tmp_path / "token", hub.state / "ca.pem"), got) == len(whole)
    form, found = bundle.read(got.read_bytes(), "", time.time())
    assert (form, found.tlp) == ("stix", "amber") and (Sort.ENDING, b".night") in found.values
