"""The conformance suite of flow sources: the contract of `garde.forensics.egress.base`, held against every one of them.

Conntrack needs the kernel's table and root: it takes the same suite in tests/integration/test_flow_sources.py.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flow_makers import (
    DNS_FIELDS,
    FIELDS9,
    FIELDS10,
    INSIDE,
    NOW,
    OTHER,
    OUTSIDE,
    ZEEK_FIELDS,
    Talk,
    data9,
    data10,
    eve_flow,
    eve_stats,
    eve_tls,
    template,
    v5,
    v9,
    v10,
    zeek_conn,
    zeek_dns,
    zeek_head,
)

from garde.clock import VirtualClock
from garde.forensics.egress.base import Source, SourceFault
from garde.forensics.egress.config import SourceSettings
from garde.forensics.egress.netflow.collector import NetFlow
from garde.forensics.egress.nouns import Batch, Inside
from garde.forensics.egress.table import SOURCES, make


class Stage:
    """One source, and what feeds it."""

    sort = ""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.count = folder, VirtualClock(NOW), 0
        self.source = self.fresh()

    def settings(self) -> SourceSettings:
        raise NotImplementedError

    def fresh(self) -> Source:
        return make(self.settings(), Inside(), self.clock)

    def say(self, *talks: Talk) -> None:
        raise NotImplementedError

    def garbage(self) -> None:
        raise NotImplementedError

    def lose(self) -> None:
        """Something happens and is never seen."""
        raise NotImplementedError

    def read(self) -> Batch:
        whole = Batch()
        for _ in range(5):
            batch = self.source.read()
            whole.flows += batch.flows
            whole.lookups += batch.lookups
            whole.blind += batch.blind
            whole.records += batch.records
        return whole


class NetFlowStage(Stage):
    sort = "netflow"

    def settings(self) -> SourceSettings:
        return SourceSettings("n", "netflow", ("10.0.0.0/8",), listen="127.0.0.1:1", exporters=("127.0.0.1",))

    def fresh(self) -> Source:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        named = SourceSettings("n", "netflow", ("10.0.0.0/8",), listen=f"127.0.0.1:{port}", exporters=("127.0.0.1",))
        return NetFlow(named, Inside(), self.clock)

    def send(self, data: bytes) -> None:
        assert isinstance(self.source, NetFlow)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(data, self.source.address)

    def datagram(self, talks: tuple[Talk, ...]) -> bytes:
        return v5(talks, self.count)

    def say(self, *talks: Talk) -> None:
        self.send(self.datagram(talks))
        self.count += len(talks) * 2

    def garbage(self) -> None:
        self.send(b"\x00\x09garbage")
        self.send(b"")

    def lose(self) -> None:
        self.count += 30

    def read(self) -> Batch:
        found = super().read()
        self.clock.advance(5.0)  # a datagram that is late fills its gap for some seconds
        found.blind += super().read().blind
        return found


class NetFlow9Stage(NetFlowStage):
    sort = "netflow 9"

    def datagram(self, talks: tuple[Talk, ...]) -> bytes:
        return v9([template(300, FIELDS9), data9(talks)], self.count)

    def say(self, *talks: Talk) -> None:
        self.send(self.datagram(talks))
        self.count += 1


class IpfixStage(NetFlowStage):
    sort = "ipfix"

    def datagram(self, talks: tuple[Talk, ...]) -> bytes:
        return v10([template(300, FIELDS10, ipfix=True), data10(talks)], self.count)


class LogStage(Stage):
    log = ""

    @property
    def path(self) -> Path:
        return self.folder / self.log

    def append(self, text: str, path: Path | None = None) -> None:
        with (path or self.path).open("a") as file:
            file.write(text)

    def lose(self) -> None:
        """Rotated away while nobody read, with lines that nobody will read."""
        self.source.close()
        memo = self.source.memo() if self.count < 0 else self.kept
        self.path.unlink()
        self.source = self.fresh()
        self.source.open(memo)

    kept = b""

    def read(self) -> Batch:
        found = super().read()
        self.kept = self.source.memo()
        return found


class ZeekStage(LogStage):
    sort, log = "zeek", "conn.log"

    def settings(self) -> SourceSettings:
        return SourceSettings("z", "zeek", ("10.0.0.0/8",), folder=str(self.folder))

    def head(self) -> None:
        if not self.path.exists():
            self.append(zeek_head("conn", ZEEK_FIELDS))

    def say(self, *talks: Talk) -> None:
        self.head()
        for talk in talks:
            self.count += 1
            if talk.name:
                self.append(f'{{"uid":"C{self.count}","server_name":"{talk.name}"}}\n', self.folder / "ssl.log")
            self.append(zeek_conn(talk, f"C{self.count}"))

    def garbage(self) -> None:
        self.head()
        self.append("\x00\xff\tgarbage\n{not json\nnan\tC\t1\n")


class SuricataStage(LogStage):
    sort, log = "suricata", "eve.json"

    def settings(self) -> SourceSettings:
        return SourceSettings("s", "suricata", ("10.0.0.0/8",), file=str(self.path))

    def say(self, *talks: Talk) -> None:
        for talk in talks:
            self.count += 1
            if talk.name:
                self.append(eve_tls(self.count, talk.name))
            self.append(eve_flow(talk, self.count))

    def garbage(self) -> None:
        self.append('{"event_type":"flow"}\n[1]\n\x00\n{"event_type":"flow","flow":{"start":"x"}}\n')


STAGES: list[Callable[[Path], Stage]] = [NetFlowStage, NetFlow9Stage, IpfixStage, ZeekStage, SuricataStage]
NAMED = (ZeekStage, SuricataStage)


@pytest.fixture(params=STAGES, ids=lambda each: each.__name__)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    found: Stage = request.param(tmp_path)
    found.source.open(b"")
    yield found
    found.source.close()


def test_every_source_of_the_table_is_tested() -> None:
    tested = {each.sort.split()[0] for each in (NetFlowStage, ZeekStage, SuricataStage)} | {"conntrack"}
    assert tested == set(SOURCES)


def sums(batch: Batch) -> dict[tuple[str, str, int, bool], tuple[int, int]]:
    found: dict[tuple[str, str, int, bool], tuple[int, int]] = {}
    for flow in batch.flows:
        key = (flow.inside, flow.outside, flow.port, flow.inbound)
        out, back = found.get(key, (0, 0))
        found[key] = (out + flow.out, back + flow.back)
    return found


def test_an_upload_is_told_with_both_ends_and_both_ways(stage: Stage) -> None:
    stage.say(Talk(sent=1_000_000, back=20_000))
    batch = stage.read()
    assert sums(batch) == {(INSIDE, OUTSIDE, 443, False): (1_000_000, 20_000)}
    assert sum(flow.opened for flow in batch.flows) == 1
    assert batch.blind == []


def test_times_are_those_of_the_conversation(stage: Stage) -> None:
    stage.say(Talk(ago=100.0, lasted=50.0))
    flows = stage.read().flows
    assert min(flow.since for flow in flows) == pytest.approx(NOW - 150.0, abs=1.1)
    assert max(flow.until for flow in flows) == pytest.approx(NOW - 100.0, abs=1.1)


def test_what_was_opened_from_outside_is_inbound(stage: Stage) -> None:
    stage.say(Talk(source=OUTSIDE, target=INSIDE, ports=(50_000, 3389), sent=7_000, back=90_000))
    assert sums(stage.read()) == {(INSIDE, OUTSIDE, 3389, True): (90_000, 7_000)}


def test_a_hop_inside_is_seen_from_whoever_called(stage: Stage) -> None:
    stage.say(Talk(source=INSIDE, target=OTHER, ports=(50_000, 445), sent=5_000, back=600))
    assert sums(stage.read()) == {(INSIDE, OTHER, 445, False): (5_000, 600)}


@pytest.mark.parametrize("ends", [(OUTSIDE, "198.51.100.9"), ("127.0.0.1", OUTSIDE), (INSIDE, "224.0.0.5")])
def test_what_does_not_concern_the_inside_is_left_aside(stage: Stage, ends: tuple[str, str]) -> None:
    stage.say(Talk(source=ends[0], target=ends[1]))
    assert stage.read().flows == []


def test_the_same_record_is_not_told_twice(stage: Stage) -> None:
    stage.say(Talk())
    assert stage.read().flows
    assert stage.read().flows == []


def test_garbage_is_counted_and_harms_nothing(stage: Stage) -> None:
    stage.garbage()
    stage.say(Talk(sent=5_000, back=600))
    batch = stage.read()
    assert sums(batch) == {(INSIDE, OUTSIDE, 443, False): (5_000, 600)}
    assert batch.blind


def test_what_was_lost_is_told_once_as_blindness(stage: Stage) -> None:
    stage.say(Talk())
    assert stage.read().blind == []
    stage.lose()
    stage.say(Talk())
    assert [each.why for each in stage.read().blind] == ["gap"]
    assert stage.read().blind == []


def test_a_source_that_remembers_reads_on_where_it_stopped(stage: Stage) -> None:
    stage.say(Talk(sent=1_000, back=10))
    stage.read()
    memo = stage.source.memo()
    stage.source.close()
    if not stage.source.remembers:
        return
    stage.say(Talk(sent=2_000, back=20))  # while nobody reads
    stage.source = stage.fresh()
    stage.source.open(memo)
    assert sums(stage.read()) == {(INSIDE, OUTSIDE, 443, False): (2_000, 20)}


def test_a_memo_that_is_damaged_is_none(stage: Stage) -> None:
    stage.source.close()
    stage.source = stage.fresh()
    stage.source.open(b"\xff\x00nothing of ours")
    stage.say(Talk())
    assert stage.read().flows


def test_closing_may_be_done_twice_and_reading_then_is_a_fault(stage: Stage) -> None:
    stage.source.close()
    stage.source.close()
    with pytest.raises(SourceFault):
        stage.source.read()


def test_what_can_not_be_opened_is_a_fault(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone" / "eve.json")
    for settings in (
        SourceSettings("z", "zeek", (), folder=str(tmp_path / "gone")),
        SourceSettings("s", "suricata", (), file=gone),
        SourceSettings("n", "netflow", (), listen="192.0.2.1:2055"),
    ):
        source = make(settings, Inside(), VirtualClock(NOW))
        with pytest.raises(SourceFault):
            source.open(b"")
        source.close()


@pytest.mark.parametrize("kind", NAMED, ids=lambda each: each.__name__)
def test_a_conversation_has_the_name_that_was_asked_for(kind: Callable[[Path], Stage], tmp_path: Path) -> None:
    stage = kind(tmp_path)
    stage.source.open(b"")
    stage.say(Talk(name="Files.Example.ORG"))
    assert [flow.name for flow in stage.read().flows] == ["files.example.org"]
    stage.source.close()


def test_zeek_questions_and_losses(tmp_path: Path) -> None:
    stage = ZeekStage(tmp_path)
    stage.source.open(b"")
    asked = zeek_dns(INSIDE, "10.20.0.2", "a1b2.tunnel.example", answers=f"{OUTSIDE},text")
    stage.append(zeek_head("dns", DNS_FIELDS) + asked, tmp_path / "dns.log")
    stage.append('{"ts":1900000000,"ts_delta":900,"percent_lost":12.5}\n', tmp_path / "capture_loss.log")
    batch = stage.read()
    assert [(each.client, each.resolver, each.name, each.answers) for each in batch.lookups] == [
        (INSIDE, "10.20.0.2", "a1b2.tunnel.example", (OUTSIDE, "text"))
    ]
    assert [(each.why, each.until - each.since) for each in batch.blind] == [("overflow", 900.0)]
    stage.source.close()


def test_suricata_tells_packets_that_its_capture_dropped(tmp_path: Path) -> None:
    stage = SuricataStage(tmp_path)
    stage.source.open(b"")
    stage.append(eve_stats(0))
    assert stage.read().blind == []
    stage.append(eve_stats(40, "2030-03-17T17:46:48.000000+0000"))
    assert [(each.why, each.until - each.since) for each in stage.read().blind] == [("overflow", 8.0)]
    stage.source.close()


@pytest.mark.parametrize("kind", NAMED, ids=lambda each: each.__name__)
def test_a_rotated_log_is_read_to_its_end_and_the_next_from_its_beginning(
    kind: Callable[[Path], LogStage], tmp_path: Path
) -> None:
    stage = kind(tmp_path)
    stage.source.open(b"")
    stage.say(Talk(sent=1, back=0))
    stage.read()
    stage.say(Talk(sent=10, back=0))
    stage.path.rename(stage.path.with_suffix(".1"))
    stage.say(Talk(sent=100, back=0))
    batch = stage.read()
    assert sums(batch) == {(INSIDE, OUTSIDE, 443, False): (110, 0)}
    assert batch.blind == []
    stage.source.close()
