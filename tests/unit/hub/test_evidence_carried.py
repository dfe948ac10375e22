"""Evidence on its way from an agent to the hub: real stores on both sides, real envelopes, the agent's own carrier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from hub_house import FakeAgent, HubHouse

from garde.agent.link.carrier import Carrier
from garde.agent.link.channel import HubRefusedError
from garde.clock import VirtualClock
from garde.forensics.custody import pieces
from garde.forensics.custody import store as stores
from garde.forensics.custody.store import Evidence, Item, What
from garde.hub import evidence as module
from garde.hub.capabilities import CAPABILITIES
from garde.hub.evidence import Custody
from garde.journal.forensic_kinds import EvidenceMoved, EvidenceTaken
from garde.journal.text import Text

FORENSICS = next(each for each in CAPABILITIES if each.name == "forensics")
PIECE = pieces.PIECE


@dataclass
class Wire:
    """What the carrier asks by: the fake agent's real envelopes. `cut`: so many answers are lost."""

    agent: FakeAgent
    cut: int = 0
    asked: list[int] = field(default_factory=list)

    def ask(self, body: bytes, timeout: float) -> bytes:
        status, answer = self.agent.say("evidence", body)
        self.asked.append(status)
        if self.cut:
            self.cut -= 1
            raise ConnectionError("lost")
        if status != 200:
            raise HubRefusedError(str(status), "no")
        return msgspec.json.encode(answer)


@dataclass
class Server:
    """One machine with evidence, and its link."""

    agent: FakeAgent
    store: Evidence
    wire: Wire

    @property
    def carrier(self) -> Carrier:
        return Carrier(self.wire, self.store)

    def take(self, data: bytes, sort: str = "damaged", place: bytes = b"/srv/a", told: bool = True) -> Item:
        item, _ = self.store.keep_bytes(data, What(sort, self.agent.machine, b"a\xff", place, 1.7e9, command=""))
        if told:
            self.tell(item)
        return item

    def tell(self, item: Item, sha256: str = "") -> None:
        taken = EvidenceTaken("", item.item, item.sort, Text(item.name), Text(item.place), item.size,
                              sha256 or item.sha256, item.taken_at, 0.0, True)  # fmt: skip
        assert self.agent.report(taken)[0] == 200


@pytest.fixture
def house(tmp_path: Path, clock: VirtualClock) -> Iterator[HubHouse]:
    with HubHouse(tmp_path / "hub", clock, [FORENSICS]) as made:
        yield made


@pytest.fixture
def server(house: HubHouse, tmp_path: Path) -> Server:
    agent = house.agent()
    return Server(agent, Evidence(tmp_path / "evidence"), Wire(agent))


def kept(house: HubHouse) -> dict[str, bytes]:
    store = Evidence(house.state / "evidence")
    return {item.item: store.path_of(item).read_bytes() for item in store.items()}


def moved(house: HubHouse) -> list[tuple[str, bool]]:
    found: list[EvidenceMoved] = house.payloads("evidence_moved")
    return [(each.item, each.same) for each in found]


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hub").mkdir()
    monkeypatch.setattr(stores, "ROOM", 0)


def test_an_item_comes_whole_and_its_custody_is_an_entry(house: HubHouse, server: Server) -> None:
    data = b"x" * (2 * PIECE + 5)
    item = server.take(data)
    assert server.carrier.carry()
    assert kept(house) == {item.item: data} and moved(house) == [(item.item, True)]
    assert server.store.moved(item.item) == item.size and len(server.wire.asked) == 3
    assert server.carrier.carry() and len(server.wire.asked) == 3
    assert house.loop.look("forensics", lambda state: state.items[item.item].at_hub)
    (found,) = Evidence(house.state / "evidence").items()
    assert (found.name, found.place, found.machine) == (b"a\xff", b"/srv/a", "files-1")


def test_what_the_hub_does_not_know_yet_is_offered_again(house: HubHouse, server: Server) -> None:
    item = server.take(b"x", told=False)
    assert not server.carrier.carry() and kept(house) == {}
    server.tell(item)
    assert server.carrier.carry() and moved(house) == [(item.item, True)]


def test_notes_go_first(house: HubHouse, server: Server) -> None:
    server.take(b"x")
    note = server.take(b"pay", sort="note", place=b"/srv/README")
    server.carrier.carry()
    assert moved(house)[0] == (note.item, True)


def test_another_agents_evidence_is_refused_and_noted(house: HubHouse, server: Server, tmp_path: Path) -> None:
    item = server.take(b"x")
    other = house.agent("files-2")
    with pytest.raises(HubRefusedError):
        Carrier(Wire(other), server.store).carry()
    house.refusals.tick(now=True)
    assert kept(house) == {} and moved(house) == []
    assert [each.machine for each in house.payloads("envelope_refused")] == ["files-2"]
    assert item.item in house.loop.look("forensics", lambda state: dict(state.items))


def test_what_changed_after_it_was_taken_is_not_kept_and_said_once(house: HubHouse, server: Server) -> None:
    item = server.take(b"before", told=False)
    server.tell(item, "ab" * 32)
    assert server.carrier.carry() and kept(house) == {} and moved(house) == [(item.item, False)]
    server.store.note_moved(item.item, 0)
    server.carrier.carry()
    assert moved(house) == [(item.item, False)]


def test_answers_that_are_lost_do_no_harm(house: HubHouse, server: Server) -> None:
    data = bytes(range(256)) * 5_000
    item = server.take(data)
    server.wire.cut = 2
    for _ in range(2):
        with pytest.raises(ConnectionError):
            server.carrier.carry()
    assert server.carrier.carry()
    assert kept(house) == {item.item: data} and moved(house) == [(item.item, True)]


def test_a_hub_that_was_killed_goes_on_with_what_it_has(house: HubHouse, server: Server, clock: VirtualClock) -> None:
    data = b"y" * (PIECE + 9)
    item = server.take(data)
    first = msgspec.json.encode(pieces.Piece(item.item, 0)) + b"\n" + data[:PIECE]
    Custody(house.loop, house.state, clock).piece("files-1", first)
    assert server.carrier.carry() and kept(house) == {item.item: data}


def test_killed_after_it_was_kept_and_before_it_was_said(
    house: HubHouse, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = server.take(b"z")
    monkeypatch.setattr(Custody, "_say", lambda *_: None)
    server.carrier.carry()
    monkeypatch.undo()
    server.store.note_moved(item.item, 0)
    server.carrier.carry()
    assert moved(house) == [(item.item, True)]


@pytest.mark.parametrize("offset", [1, 7, 2**60])
def test_a_piece_at_another_place_changes_nothing(house: HubHouse, server: Server, offset: int) -> None:
    item = server.take(b"abcdef")
    body = msgspec.json.encode(pieces.Piece(item.item, offset)) + b"\nxyz"
    assert server.agent.say("evidence", body)[1]["upto"] == 0
    assert server.carrier.carry() and kept(house)[item.item] == b"abcdef"


def test_more_than_was_taken_is_not_swallowed(house: HubHouse, server: Server) -> None:
    item = server.take(b"abc")
    body = msgspec.json.encode(pieces.Piece(item.item, 0)) + b"\nabcd"
    assert server.agent.say("evidence", body)[1]["upto"] == 0
    assert kept(house) == {}


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\n", b'{"item":"../../x","offset":0}\nx',
                                  b'{"item":"' + b"a" * 32 + b'","offset":-1}\nx', b"[" * 5_000])  # fmt: skip
def test_what_is_no_piece_is_refused(house: HubHouse, server: Server, body: bytes) -> None:
    assert server.agent.say("evidence", body)[0] == 400
    assert not (house.state / "evidence").exists()


def test_what_is_too_large_or_over_a_machines_share_stays_where_it_is(
    house: HubHouse, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARE", 4)
    small, large = server.take(b"abc"), server.take(b"abcd", place=b"/srv/b")
    assert server.carrier.carry()
    assert set(kept(house)) == {small.item}
    assert server.store.moved(large.item) == -1
    monkeypatch.setattr("garde.agent.link.carrier.MOST", 2)
    server.take(b"abcde", place=b"/srv/c")
    asked = len(server.wire.asked)
    assert server.carrier.carry() and len(server.wire.asked) == asked


def test_what_a_machine_began_and_left_takes_no_room(house: HubHouse, server: Server) -> None:
    for number in range(5):
        item = server.take(b"abc", place=b"/srv/%d" % number)
        server.agent.say("evidence", msgspec.json.encode(pieces.Piece(item.item, 0)) + b"\nab")
    parts = [each for each in (house.state / "evidence/incoming").rglob("*") if each.is_file()]
    assert [each.name for each in parts] == [item.item]


def test_a_hub_with_a_full_disk_keeps_nothing_and_goes_on(
    house: HubHouse, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = server.take(b"abc")
    monkeypatch.setattr(stores, "ROOM", 1 << 62)
    assert server.carrier.carry() and kept(house) == {} and server.store.moved(item.item) == -1


def test_an_item_whose_bytes_are_gone_keeps_nobody_from_the_next(house: HubHouse, server: Server) -> None:
    gone, there = server.take(b"abc"), server.take(b"def", place=b"/srv/b")
    server.store.path_of(gone).unlink()
    assert server.carrier.carry() and set(kept(house)) == {there.item}
