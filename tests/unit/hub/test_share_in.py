"""What neighbours send, at the hub: who may take it, what is kept, what agents fetch, and what a hostile one can do."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hub_house import FakeAgent
from test_api import Site

from garde.clock import VirtualClock
from garde.hub import share_in, watch_lists
from garde.hub.capabilities import CAPABILITIES
from garde.journal.recovery_kinds import ErrandAsked
from garde.journal.sharing_kinds import SharedTaken, WatchListMade, WatchListTaken
from garde.model import watchlist
from garde.model.watchlist import Sort
from garde.sharing.in_ import reader


class House(Site):
    """A hub with every capability, one agent, and people."""

    def __init__(self, state: Path, clock: VirtualClock) -> None:
        super().__init__(state, clock, list(CAPABILITIES))
        self.load_estate()
        for login, role in (("carla", "it_director"), ("op", "operator"), ("vic", "viewer"), ("w", "ward")):
            self.account(login, role)

    def take(self, raw: bytes, source: str = "clinic-b", by: str = "op", more: str = "") -> tuple[int, Any]:
        return self.ask("POST", f"/sharing/taken?source={source}{more}", msgspec.Raw(raw), by=by)

    def made(self) -> list[WatchListMade]:
        return self.payloads("watch_list_made")

    def fetched(self, agent: FakeAgent, digest: str) -> bytes:
        found = b""
        while True:
            status, part = agent.say("watch-list", {"digest": digest, "offset": len(found)})
            assert status == 200
            found += base64.b64decode(part.get("data", ""))
            if part["total"] <= len(found):
                return found


def bundle(*names: str) -> bytes:
    objects = [{"type": "indicator", "pattern": f"[file:name = '{name}']", "pattern_type": "stix"} for name in names]
    return json.dumps({"type": "bundle", "objects": objects}).encode()


@pytest.fixture
def house(tmp_path: Path, clock: VirtualClock) -> Iterator[House]:
    with House(tmp_path, clock) as made:
        assert isinstance(made, House)
        yield made


def test_what_came_is_kept_raw_read_and_made_a_list_that_agents_fetch(house: House) -> None:
    agent = house.agent()
    raw = bundle("drop.exe", "cmd.exe")
    status, answer = house.take(raw)
    assert status == 201, answer
    digest = hashlib.sha256(raw).hexdigest()
    (taken,) = house.payloads("shared_taken")
    assert taken == SharedTaken(
        "clinic-b", "stix", digest, "", 1, 1, ("1 × a name that honest files or programs have",), "op", "file"
    )
    assert (house.state / "shared" / f"{digest}.raw").read_bytes() == raw
    (made,) = house.made()
    assert (made.indicators, made.sources, made.of) == (1, ("clinic-b",), (digest,))
    (asked,) = [each for each in house.payloads("errand_asked") if each.verb == "watch_for"]
    assert isinstance(asked, ErrandAsked) and (asked.machine, asked.digest) == ("files-1", made.sha256)
    ((_, order),) = [each for each in agent.poll() if each[1]["verb"] == "watch_for"]
    assert order["digest"] == made.sha256
    whole = watchlist.read(house.fetched(agent, made.sha256).splitlines(keepends=True))
    assert whole.source(Sort.FILE_NAME, b"drop.exe") == "clinic-b"
    agent.report(WatchListTaken(asked.command, made.sha256, 1, 0.2))
    status, found = house.ask("GET", "/sharing/in", by="vic")
    assert (status, found["agents"]["files-1"]["sha256"], found["taken"][0]["counts"]) == (200, made.sha256, True)
    assert found["precautions"][0]["machines"] == ["files-1"]
    assert not list((house.state / "shared").glob(".new.*"))


def test_bundles_of_several_are_one_list_and_one_of_them_can_be_dropped(house: House) -> None:
    house.take(bundle("drop.exe"))
    house.take(b"*.locked\n", source="clinic-c")
    first, second = house.made()
    assert (second.indicators, len(second.of)) == (2, 2)
    assert house.ask("POST", f"/sharing/taken/{first.of[0][:12]}/drop", {}, by="op")[0] == 201
    last = house.made()[-1]
    assert (last.indicators, last.of, last.sources) == (1, second.of[1:], ("clinic-c",))
    assert house.ask("POST", "/sharing/taken/zz/drop", {}, by="op")[0] == 404
    assert house.take(bundle("drop.exe"))[0] == 201  # and taken again
    assert house.made()[-1].indicators == 2


@pytest.mark.parametrize(
    ("raw", "more", "status", "why"),
    [
        (b"", "", 400, "empty"),
        (b"{", "", 403, "cannot be read"),
        (b'{"objects":' + b"[" * 200_000, "", 403, "cannot be read"),
        (bundle("drop.exe"), "&form=exe", 400, "one of stix"),
    ],
)
def test_what_is_no_bundle_changes_nothing(house: House, raw: bytes, more: str, status: int, why: str) -> None:
    answered, said = house.take(raw, more=more)
    assert (answered, why in said["message"]) == (status, True), said
    assert house.made() == [] and house.payloads("shared_taken") == []


def test_what_cannot_be_read_is_kept_and_written_down_once(house: House) -> None:
    raw = b'{"type": "bundle", "objects": \x1b[31m'
    for _ in range(2):
        assert house.take(raw)[0] == 403
    (unread,) = house.payloads("shared_unread")
    assert (unread.source, unread.by, unread.channel) == ("clinic-b", "op", "file") and unread.why.isprintable()
    assert unread.sha256 == hashlib.sha256(raw).hexdigest()
    (kept,) = [path for path in (house.state / "shared").rglob("*") if path.is_file() and path.read_bytes() == raw]
    assert unread.sha256 in kept.name
    (shown,) = house.ask("GET", "/sharing/in", by="op")[1]["unread"]
    assert (shown["sha256"], shown["why"]) == (unread.sha256, unread.why)


def test_the_same_twice_is_refused(house: House) -> None:
    house.take(bundle("drop.exe"))
    status, said = house.take(bundle("drop.exe"))
    assert (status, said["code"]) == (403, "REFUSED")
    assert len(house.made()) == 1


def test_who_may(house: House) -> None:
    for login in ("vic", "w"):
        assert house.take(bundle("drop.exe"), by=login)[0] == 403
        assert house.ask("POST", "/sharing/poll", {"neighbour": "clinic-b"}, by=login)[0] == 403
    assert house.take(bundle("drop.exe"), by="")[0] == 401
    assert not (house.state / "shared").exists()
    house.agent()
    house.take(bundle("drop.exe"))
    name = house.payloads("precaution_offered")[0].precaution
    for login, status in (("op", 403), ("token", 403), ("carla", 201)):  # a leader, by name
        assert house.ask("POST", f"/sharing/precautions/{name}", {"state": "cut"}, by=login)[0] == status
    assert house.ask("POST", f"/sharing/precautions/{name}", {"state": "burn"}, by="carla")[0] == 400
    assert house.ask("POST", "/sharing/precautions/none", {"state": "cut"}, by="carla")[0] == 404
    assert [each.machine for each in house.payloads("isolation_wanted")] == ["files-1"]
    assert [each.verb for each in house.payloads("order_asked")] == ["isolate"]  # it is really asked of the agent


def test_a_source_is_a_name_and_nothing_else(house: House) -> None:
    assert house.take(bundle("drop.exe"), source="%20")[0] == 400
    house.take(bundle("drop.exe"), source="a%1B%5B2J%0A" + "x" * 500)
    (taken,) = house.payloads("shared_taken")
    assert taken.source.startswith("a\\x1b[2J\\n") and taken.source.isprintable() and len(taken.source) < 80


def test_a_reader_that_dies_or_never_ends_is_a_reason(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MEMORY", 1 << 24)
    status, said = house.take(bundle("drop.exe"))
    assert (status, "cannot be read" in said["message"]) == (403, True)
    assert house.made() == []


def test_what_an_agent_asks_for_is_a_digest_and_never_a_path(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = house.agent()
    (house.state / "watch-list").mkdir()
    (house.state / "secret").write_text("x")
    for digest in ("../secret", "", "a" * 63, "A" * 64, "a" * 64):
        assert agent.say("watch-list", {"digest": digest, "offset": 0})[1]["total"] == -1
    assert agent.say("watch-list", {"digest": "a" * 64, "offset": -1})[0] == 400
    monkeypatch.setattr(watch_lists, "PART", 7)
    house.take(bundle("drop.exe"))
    digest = house.made()[0].sha256
    assert hashlib.sha256(house.fetched(agent, digest)).hexdigest() == digest
    assert agent.say("watch-list", {"digest": digest, "offset": 10**9})[1]["data"] == ""


def test_old_lists_go_and_what_came_stays(house: House) -> None:
    for number in range(6):
        house.take(bundle(f"drop-{number}.exe"))
    assert len(list((house.state / "watch-list").iterdir())) == watch_lists.KEPT
    assert len(list((house.state / "shared").glob("*.raw"))) == 6
    assert house.made()[-1].indicators == 6


def test_a_neighbour_that_is_not_named_is_not_polled(house: House) -> None:
    assert house.ask("POST", "/sharing/poll", {"neighbour": "clinic-b"}, by="op")[0] == 404
    (house.state / "neighbours.toml").write_text('[[neighbour]]\nid = "clinic-b"\nurl = "http://x/"\n')
    status, said = house.ask("POST", "/sharing/poll", {"neighbour": "clinic-b"}, by="op")
    assert (status, "https://" in said["message"]) == (400, True)
    (house.state / "neighbours.toml").write_text('[[neighbour]]\nid = "clinic-b"\nurl = "https://127.0.0.1:1/"\n')
    status, said = house.ask("POST", "/sharing/poll", {"neighbour": "clinic-b"}, by="op")
    assert (status, said["code"]) == (403, "REFUSED")


def test_only_so_many_bundles_count(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_in, "MOST_BUNDLES", 1)
    assert house.take(bundle("drop.exe"))[0] == 201
    assert house.take(bundle("other.exe"))[0] == 403
