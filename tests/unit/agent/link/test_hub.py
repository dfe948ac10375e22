"""The link's threads against a small hub over real TLS: who answers is known, what is asked is answered, and nothing
that stands between can change it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.small_hub import MASTER, SmallHub

from garde.agent.link import enrolled as enrolment
from garde.agent.link.channel import Channel, HubRefusedError, Identity, Numbers
from garde.agent.link.enrol import enrol
from garde.agent.link.http import HubConnection
from garde.agent.link.hubtime import HubTime
from garde.agent.link.outbox import Item, Outbox
from garde.agent.link.poller import Poller
from garde.agent.link.speaker import HEARTBEAT, Speaker
from garde.agent.link.status import Status
from garde.clock import SystemClock, VirtualClock
from garde.errors import HubAbsent, Refused
from garde.model.order import Order, Verb
from garde.trust.ca import Ca
from garde.trust.codes import CodeBook, release_codes, release_secret
from garde.trust.enrolment import Token
from garde.trust.keys import PublicKey, SigningKey

MACHINE = "files-1"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[SmallHub]:
    with SmallHub(tmp_path / "hub") as found:
        yield found


class Agent:
    """An agent's side, without the processes around it."""

    def __init__(self, hub: SmallHub, clock: VirtualClock | None = None) -> None:
        self.hub = hub
        self.key = SigningKey.generate()
        hub.agents[MACHINE] = self.key.public
        self.clock = clock or VirtualClock(time.time())
        self.time = HubTime(self.clock)
        self.identity = Identity(MACHINE, self.key, hub.key.public)
        self.numbers = Numbers(self.clock)
        self.connections: list[HubConnection] = []

    def close(self) -> None:
        for connection in self.connections:
            connection.hang_up()

    def channel(self, kind: str, ca: str = "") -> Channel:
        connection = HubConnection([self.hub.address], self.hub.port, ca or self.hub.ca.pem)
        self.connections.append(connection)
        return Channel(kind, connection, self.identity, self.numbers, self.time)


@pytest.fixture
def agent(hub: SmallHub) -> Iterator[Agent]:
    found = Agent(hub)
    yield found
    found.close()


# --- enrolment --------------------------------------------------------------------------------------------------------


def test_a_token_becomes_a_key_a_pinned_hub_and_codes(hub: SmallHub, tmp_path: Path) -> None:
    state = tmp_path / "state"
    token = hub.token(MACHINE)
    made = enrol(token, state, SystemClock())
    assert enrolment.load(state) == made
    assert (made.machine, made.hub_key, made.ca) == (MACHINE, hub.key.public.hex, hub.ca.pem)
    assert made.addresses == ("127.0.0.1",)
    assert hub.agents[MACHINE] == SigningKey.load(state / enrolment.KEY_FILE).public
    codes = release_codes(release_secret(MASTER, MACHINE, 1), MACHINE, 1)
    assert CodeBook(state / enrolment.CODES_FILE).redeem(codes[0], time.time()) == 9
    assert all(path.stat().st_mode & 0o077 == 0 for path in state.iterdir())


def test_a_token_counts_once_and_a_refusal_leaves_nothing_behind(hub: SmallHub, tmp_path: Path) -> None:
    token = hub.token(MACHINE)
    enrol(token, tmp_path / "one", SystemClock())
    with pytest.raises(Refused, match="used already"):
        enrol(token, tmp_path / "two", SystemClock())
    assert not enrolment.is_enrolled(tmp_path / "two")


def test_who_is_not_the_hub_of_the_token_never_hears_its_secret(hub: SmallHub, tmp_path: Path) -> None:
    with SmallHub(tmp_path / "other") as other:
        token = hub.token(MACHINE)
        elsewhere = Token(other.address, other.port, token.pin, token.machine, token.secret)
        with pytest.raises(HubAbsent, match="not the hub that made this token"):
            enrol(elsewhere, tmp_path / "state", SystemClock())
        assert other.agents == {}


def test_a_hub_that_is_away_is_said_and_the_token_still_counts(hub: SmallHub, tmp_path: Path) -> None:
    token = hub.token(MACHINE)
    hub.stop()
    with pytest.raises(HubAbsent, match=r"no hub at 127\.0\.0\.1"):
        enrol(token, tmp_path / "state", SystemClock())
    hub.start()
    assert enrol(token, tmp_path / "state", SystemClock()).machine == MACHINE


# --- questions and answers --------------------------------------------------------------------------------------------


def test_one_connection_serves_many_questions(hub: SmallHub, agent: Agent) -> None:
    channel = agent.channel("heartbeat")
    for _ in range(5):
        assert b'"now"' in channel.ask(b"{}", 5.0)
    assert (len(hub.beats), hub.connections) == (5, 1)


@pytest.mark.parametrize("years", [-30.0, 30.0])
def test_a_wrong_clock_refuses_nothing(hub: SmallHub, years: float) -> None:
    agent = Agent(hub, VirtualClock(time.time() + years * 365 * 86_400))
    channel = agent.channel("heartbeat")
    channel.ask(b"{}", 5.0)
    channel.ask(b"{}", 5.0)
    assert len(hub.beats) == 2
    assert len(hub.refused) == 1  # the first question; from then on it knows the hub's time
    assert abs(agent.time.now() - time.time()) < 30
    agent.close()


def test_numbers_that_the_hub_has_seen_are_put_right(hub: SmallHub, agent: Agent) -> None:
    """The machine was put back from a copy, or its clock is behind that of its former self."""
    hub.last[MACHINE, "heartbeat"] = 2**50
    agent.channel("heartbeat").ask(b"{}", 5.0)
    assert (hub.refused, len(hub.beats), hub.last[MACHINE, "heartbeat"]) == (["REPLAYED"], 1, 2**50 + 1)


def test_no_number_is_used_twice_whatever_is_asked(agent: Agent, hub: SmallHub) -> None:
    one, two = agent.channel("heartbeat"), agent.channel("report")
    seen = []
    for _ in range(3):
        one.ask(b"{}", 5.0)
        two.ask(b'{"entries":[]}', 5.0)
        seen += [hub.last[MACHINE, "heartbeat"], hub.last[MACHINE, "report"]]
    assert seen == sorted(set(seen))


def test_a_hub_that_does_not_know_us_says_so(hub: SmallHub, agent: Agent) -> None:
    del hub.agents[MACHINE]
    with pytest.raises(HubRefusedError, match="UNKNOWN-SENDER"):
        agent.channel("report").ask(b"{}", 5.0)
    hub.agents[MACHINE] = SigningKey.generate().public
    with pytest.raises(HubRefusedError, match="FORGED"):
        agent.channel("report").ask(b"{}", 5.0)


def test_a_hub_with_another_ca_is_not_spoken_to(hub: SmallHub, agent: Agent, tmp_path: Path) -> None:
    other = Ca.load_or_make(tmp_path / "other", hospital="X", now=time.time())
    with pytest.raises(OSError, match="certificate verify failed"):
        agent.channel("report", ca=other.pem).ask(b"{}", 5.0)
    assert hub.asked == []


@pytest.mark.parametrize("meddle", ["key", "old", "cut", "number", "kind", "html"])
def test_an_answer_that_is_not_the_hubs_to_this_question_is_not_believed(
    hub: SmallHub, agent: Agent, monkeypatch: pytest.MonkeyPatch, meddle: str
) -> None:
    real = SmallHub.answer
    kept: list[tuple[int, bytes]] = []

    def between(self: SmallHub, path: str, raw: bytes) -> tuple[int, bytes]:
        match meddle:
            case "key":
                self.key = SigningKey.generate()
            case "kind":
                monkeypatch.setattr(self, "_seal", lambda m, s, k, b: SmallHub._seal(self, m, s, "order", b))
            case "number":
                monkeypatch.setattr(self, "_seal", lambda m, s, k, b: SmallHub._seal(self, m, s + 1, k, b))
        kept.append(real(self, path, raw))
        if meddle == "html":
            return 200, b"<html>Blocked by your administrator</html>"
        return (200, kept[-1][1][:-1]) if meddle == "cut" else kept[0]

    monkeypatch.setattr(SmallHub, "answer", between)
    channel = agent.channel("heartbeat")
    if meddle == "old":
        channel.ask(b"{}", 5.0)
    with pytest.raises(ConnectionError, match="not the hub"):
        channel.ask(b"{}", 5.0)


def test_a_question_whose_connection_broke_is_asked_once_more(hub: SmallHub, agent: Agent) -> None:
    channel = agent.channel("heartbeat")
    channel.ask(b"{}", 5.0)
    hub.stop()
    hub.start()
    channel.ask(b"{}", 5.0)
    assert len(hub.beats) == 2
    hub.stop()
    with pytest.raises(OSError, match=r"."):
        channel.ask(b"{}", 5.0)


# --- the threads ------------------------------------------------------------------------------------------------------


def item(number: int, kind: str = "finding_made") -> Item:
    return Item(1_900_000_000.0 + number, kind, b'{"n":%d}' % number)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.db")


Start = Callable[..., Speaker]


@pytest.fixture
def start(hub: SmallHub, outbox: Outbox) -> Iterator[Start]:
    running: list[tuple[Speaker, threading.Thread]] = []

    def begin(beat: Callable[[], dict[str, Any]] = lambda: {"mode": "enforce"}, **more: Any) -> Speaker:
        agent = Agent(hub, more.pop("clock", None) or SystemClock())
        status = Status("hub", MACHINE, lambda words: None, agent.clock)
        speaker = Speaker(
            agent.channel("report"), agent.channel("heartbeat"), outbox, status, agent.clock, beat, **more
        )
        speaker.beats.connection = speaker.reports.connection
        thread = threading.Thread(target=speaker.run)
        thread.start()
        running.append((speaker, thread))
        return speaker

    yield begin
    for speaker, thread in running:
        speaker.end(0.0)
        thread.join(10)
        assert not thread.is_alive()


def test_what_is_urgent_goes_at_once_with_all_that_waits_before_it(hub: SmallHub, outbox: Outbox, start: Start) -> None:
    speaker = start()
    assert hub.wait(lambda h: h.beats)
    outbox.put([item(1), item(2)])
    speaker.new(urgent=False)
    outbox.put([item(3, "verdict_reached")])
    speaker.new(urgent=True)
    assert hub.wait(lambda h: len(h.entries) == 3)
    assert [entry["payload"]["n"] for entry in hub.entries] == [1, 2, 3]
    assert [entry["at"] for entry in hub.entries] == [1_900_000_001.0, 1_900_000_002.0, 1_900_000_003.0]


def test_what_is_not_urgent_goes_soon_together(hub: SmallHub, outbox: Outbox, start: Start) -> None:
    speaker = start()
    assert hub.wait(lambda h: h.beats)
    before = hub.asked.count("report")
    for number in range(20):
        outbox.put([item(number)])
        speaker.new(urgent=False)
    assert hub.wait(lambda h: len(h.entries) == 20)
    assert hub.asked.count("report") - before <= 2


def test_a_hub_that_is_away_gets_everything_once_when_it_is_back(hub: SmallHub, outbox: Outbox, start: Start) -> None:
    hub.stop()
    speaker = start()
    for number in range(1200):
        outbox.put([item(number)])
    speaker.new(urgent=True)
    hub.start()
    assert hub.wait(lambda h: len(h.entries) == 1200)
    hub.stop()
    outbox.put([item(5000)])
    speaker.new(urgent=True)
    hub.start()
    assert hub.wait(lambda h: len(h.entries) == 1201)
    assert [entry["payload"]["n"] for entry in hub.entries] == [*range(1200), 5000]


def test_answers_that_are_lost_double_nothing(hub: SmallHub, outbox: Outbox, start: Start) -> None:
    hub.lose_answers = 3
    outbox.put([item(number) for number in range(1200)])
    start()
    assert hub.wait(lambda h: len(h.entries) == 1200 and not h.lose_answers)
    assert [entry["payload"]["n"] for entry in hub.entries] == [*range(1200)]


def test_the_last_words_are_said_before_the_end(hub: SmallHub, outbox: Outbox, start: Start) -> None:
    mode = ["enforce"]
    speaker = start(lambda: {"mode": mode[0]})
    assert hub.wait(lambda h: h.beats)
    mode[0] = "stopped"
    outbox.put([item(1, "agent_stopped")])
    speaker.end(5.0)
    assert hub.wait(lambda h: h.beats[-1]["mode"] == "stopped" and h.entries)


def test_a_hub_that_is_away_does_not_keep_the_end_waiting(hub: SmallHub, outbox: Outbox, start: Start) -> None:
    outbox.put([item(1)])
    hub.stop()
    speaker = start()
    speaker.end(1.0)  # the fixture sees that the thread has ended
    assert outbox.waiting == 1  # for the next hub that answers


def test_heartbeats_come_by_the_clock_and_bring_the_checkpoint(hub: SmallHub, outbox: Outbox, start: Start) -> None:
    noted: queue.Queue[Any] = queue.Queue()
    clock = VirtualClock(time.time())
    speaker = start(clock=clock, noted=noted.put)
    assert noted.get(timeout=10) == {"size": 0}
    for count in (1, 2):
        outbox.put([item(count)])
        speaker.new(urgent=True)
        assert hub.wait(lambda h, count=count: len(h.entries) == count)
        assert len(hub.beats) == count  # none before its time
        clock.advance(HEARTBEAT)
        speaker.new(urgent=True)
        assert noted.get(timeout=10) == {"size": count}


def test_contact_is_made_over_a_new_connection_or_not_at_all(hub: SmallHub, start: Start) -> None:
    speaker = start()
    assert hub.wait(lambda h: h.beats)
    before = hub.connections
    assert speaker.contact(10.0)
    assert hub.connections == before + 1
    hub.stop()
    assert not speaker.contact(0.3)
    hub.start()
    assert speaker.contact(10.0)


def test_orders_are_fetched_and_what_is_safe_is_said(hub: SmallHub) -> None:
    agent = Agent(hub, SystemClock())
    had: list[bytes] = []
    status = Status("hub", MACHINE, lambda words: None, agent.clock)
    poller = Poller(agent.channel("poll"), lambda: len(had), had.append, status, agent.clock)
    status.on_return = poller.redial
    thread = threading.Thread(target=poller.run)
    thread.start()
    try:
        assert hub.wait(lambda h: h.polled == [0])
        hub.order(MACHINE, Order("c1", "k1", Verb.BLOCK, ("10.0.0.7",)))
        assert hub.wait(lambda h: h.polled[-1] == 1)
        polled = len(hub.polled)
        hub.stop()
        hub.start()
        assert hub.wait(lambda h: len(h.polled) > polled)  # this hub says each order once: not into a dead connection
        hub.order(MACHINE, Order("c2", "k2", Verb.KICK, ("10.0.0.7",)))
        assert hub.wait(lambda h: h.polled[-1] == 2)
        assert [b'"verb":"block"' in had[0], b'"verb":"kick"' in had[1]] == [True, True]
    finally:
        poller.end()
        thread.join(10)
    assert not thread.is_alive()


def test_a_poll_that_hangs_on_a_dead_connection_is_made_anew_when_the_hub_is_back(hub: SmallHub) -> None:
    agent = Agent(hub, SystemClock())
    poller = Poller(
        agent.channel("poll"), lambda: 0, lambda raw: None, Status("", "", lambda w: None, agent.clock), agent.clock
    )
    thread = threading.Thread(target=poller.run)
    thread.start()
    try:
        assert hub.wait(lambda h: h.polled)
        poller.redial(lost_at=agent.clock.monotonic())
        assert hub.wait(lambda h: len(h.polled) == 2)
        assert hub.connections == 2
    finally:
        poller.end()
        thread.join(10)


def test_public_keys_are_looked_up_by_name_only(agent: Agent) -> None:
    assert agent.identity.key_of("hub") == agent.hub.key.public
    assert agent.identity.key_of(MACHINE) is None
    assert isinstance(agent.identity.hub_key, PublicKey)
