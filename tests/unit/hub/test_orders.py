"""Orders on their way: asked once, sent until seen, and never without an end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from garde.clock import VirtualClock
from garde.hub.orders import AGAIN_S, ERRAND_AGAIN_S, ERRAND_EXPIRES_S, EXPIRES_S, LOST_S, Orders, Waiting
from garde.journal.entry import Entry
from garde.journal.hub_kinds import CommandFailed, OrderAsked
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import ErrandAsked
from garde.journal.text import Text
from garde.model.order import Order, Verb


class Desk:
    """Orders with what they said."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock, self.orders, self.said = clock, Orders(clock), list[Payload]()
        self.orders.open(self._say)
        self.seq = 0

    def _say(self, payloads: Sequence[Payload]) -> None:
        self.said.extend(payloads)
        for payload in payloads:
            assert isinstance(payload, CommandFailed)
            self.orders.settled(payload.command)

    def ask(self, command: str, machine: str = "files-1", seq: int = 0, **more: object) -> None:
        self.seq = seq or self.seq + 1
        fields = {"cut": "c1", "verb": "block", "addresses": ("10.0.0.9",), **more}
        asked = OrderAsked(command=command, cause=1, machine=machine, **fields)  # type: ignore[arg-type]
        self.orders.begin(asked, Entry(self.seq, self.clock.now(), "hub", "order_asked", asked, "", ""))

    def send(self, command: str, machine: str = "files-1", **more: object) -> None:
        self.seq += 1
        fields = {"verb": "judge", "about": machine, **more}
        asked = ErrandAsked(command=command, cause=1, machine=machine, **fields)  # type: ignore[arg-type]
        self.orders.begin(asked, Entry(self.seq, self.clock.now(), "hub", "errand_asked", asked, "", ""))

    def poll(self, after: int = 0, machine: str = "files-1") -> list[tuple[str, int]]:
        return sent(asyncio.run(self.orders.poll(machine, after, 0)))


def sent(found: list[Waiting]) -> list[tuple[str, int]]:
    return [(each.order.command, each.seq) for each in found]


@pytest.fixture
def desk(clock: VirtualClock) -> Desk:
    return Desk(clock)


def test_an_order_is_what_was_asked(desk: Desk, clock: VirtualClock) -> None:
    desk.ask("a", users=(Text(b"j\xffdoe"),), allow=("10.0.0.1:443/tcp",), by="carla", reason="spreading")
    (waiting,) = desk.orders.waiting("files-1")
    assert waiting.order == Order(
        "a", "c1", Verb.BLOCK, ("10.0.0.9",), ("j\udcffdoe",), ("10.0.0.1:443/tcp",), "spreading", "carla",
        clock.now() + EXPIRES_S,
    )  # fmt: skip


def test_orders_go_to_their_own_machine_only(desk: Desk) -> None:
    desk.ask("a", "files-1")
    desk.ask("b", "files-2")
    assert desk.poll(machine="files-2") == [("b", 2)]
    assert desk.poll(machine="files-3") == []
    assert desk.poll() == [("a", 1)]


def test_an_order_that_was_not_seen_is_sent_again_under_its_number(desk: Desk, clock: VirtualClock) -> None:
    desk.ask("a", seq=40)
    assert desk.poll() == [("a", 40)]
    assert desk.poll() == []  # the answer may still be on its way
    clock.advance(0.5)
    assert desk.poll() == [("a", 40)]


def test_one_not_seen_is_never_left_out_behind_a_newer_one(desk: Desk, clock: VirtualClock) -> None:
    desk.ask("a", seq=40)
    desk.poll()
    clock.advance(0.1)
    desk.ask("b", seq=43)
    assert desk.poll() == [("a", 40), ("b", 43)]


def test_one_seen_without_an_outcome_is_sent_again_later_under_a_new_number(desk: Desk, clock: VirtualClock) -> None:
    desk.ask("a", seq=40)
    desk.poll()
    clock.advance(5)
    assert desk.poll(after=40) == []
    clock.advance(5)
    assert desk.poll(after=40) == [("a", 41)]
    assert AGAIN_S == 10


def test_an_outcome_ends_it(desk: Desk, clock: VirtualClock) -> None:
    desk.ask("a")
    desk.poll()
    desk.orders.settled("a")
    clock.advance(60)
    assert desk.poll() == [] and desk.orders.waiting() == []
    desk.orders.settled("a")  # twice is once


def test_the_same_command_twice_is_one_order(desk: Desk) -> None:
    desk.ask("a", seq=4)
    desk.ask("a", seq=4)
    assert desk.poll() == [("a", 4)]


def test_a_hub_behind_its_agents_numbers_goes_on_above_them(desk: Desk) -> None:
    """Restored from a backup, its journal is shorter than what the agent has seen."""
    desk.ask("a", seq=40)
    desk.ask("b", seq=41)
    assert desk.poll(after=900) == [("a", 901), ("b", 902)]
    desk.ask("c", seq=43)
    assert desk.poll(after=902) == [("c", 903)]


def test_an_order_nobody_fetched_fails_with_its_reason(desk: Desk, clock: VirtualClock) -> None:
    desk.ask("a", expires=clock.now() + 60)
    assert desk.orders.next_due() == clock.now() + 60
    clock.advance(60)
    desk.orders.tick()
    assert desk.said == [CommandFailed("a", "files-1 did not fetch the order before it expired")]
    assert desk.poll() == []
    desk.orders.tick()
    assert len(desk.said) == 1


def test_an_order_nobody_answered_says_how_often_it_was_sent(desk: Desk, clock: VirtualClock) -> None:
    desk.ask("a")
    desk.poll()
    clock.advance(EXPIRES_S)
    desk.orders.tick()
    (failed,) = desk.said
    assert isinstance(failed, CommandFailed) and "sent the order 1 times" in failed.reason


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"verb": "run"}, "no verb 'run'"),
        ({"verb": "freeze"}, "no verb 'freeze'"),
        ({"verb": "account", "users": (Text(None, "00"),)}, "erased"),
    ],
)
def test_what_cannot_be_ordered_fails_at_once(desk: Desk, more: dict[str, object], words: str) -> None:
    desk.ask("a", **more)
    (failed,) = desk.said
    assert isinstance(failed, CommandFailed) and words in failed.reason
    assert desk.orders.waiting() == []


def test_an_errand_is_what_was_asked_and_expires_after_a_day(desk: Desk, clock: VirtualClock) -> None:
    desk.send(
        "e", verb="restore", about="dpi-1", store="r1", point="4be2", where="place", since=1.0, until=2.0,
        addresses=("10.0.0.9",), ports=(22, 445), baseline="ab", by="carla", reason="chosen",
    )  # fmt: skip
    (waiting,) = desk.orders.waiting("files-1")
    assert waiting.order == Order(
        "e", "", Verb.RESTORE, ("10.0.0.9",), reason="chosen", by="carla", expires=clock.now() + ERRAND_EXPIRES_S,
        store="r1", point="4be2", where="place", since=1.0, until=2.0, ports=(22, 445), baseline="ab", about="dpi-1",
    )  # fmt: skip


@pytest.mark.parametrize("verb", ["isolate", "undo", "run", ""])
def test_no_cut_goes_as_an_errand(desk: Desk, verb: str) -> None:
    desk.send("e", verb=verb)
    (failed,) = desk.said
    assert isinstance(failed, CommandFailed) and f"no verb {verb!r}" in failed.reason
    assert desk.orders.waiting() == []


def test_an_errand_under_way_is_sent_again_after_a_minute_and_holds_up_no_order(
    desk: Desk, clock: VirtualClock
) -> None:
    desk.send("e")
    assert desk.poll() == [("e", 1)]
    desk.ask("a")
    assert desk.poll(after=1) == [("a", 2)]
    desk.orders.settled("a")
    clock.advance(ERRAND_AGAIN_S - 1)
    assert desk.poll(after=2) == []
    assert 0 < desk.orders._until_again("files-1", 2) <= 1
    clock.advance(1)
    assert desk.poll(after=2) == [("e", 3)]


def test_an_errand_nobody_fetched_fails_with_its_reason(desk: Desk, clock: VirtualClock) -> None:
    desk.send("e", expires=clock.now() + 60)
    clock.advance(60)
    desk.orders.tick()
    assert desk.said == [CommandFailed("e", "files-1 did not fetch the order before it expired")]


def test_a_poll_that_waits_ends_when_an_order_comes(desk: Desk) -> None:
    async def play() -> list[tuple[str, int]]:
        waiting = asyncio.create_task(desk.orders.poll("files-1", 0, 60))
        await asyncio.sleep(0)
        await asyncio.to_thread(desk.ask, "a", seq=7)
        return sent(await waiting)

    assert asyncio.run(play()) == [("a", 7)]


def test_a_new_poll_ends_the_one_before_it_and_takes_the_order(desk: Desk) -> None:
    """The one before may be the end of a dead connection: what it took would be lost."""

    async def play() -> tuple[list[Waiting], list[Waiting]]:
        old = asyncio.create_task(desk.orders.poll("files-1", 0, 50.0))
        await asyncio.sleep(0)
        new = asyncio.create_task(desk.orders.poll("files-1", 0, 50.0))
        first = await old
        desk.ask("a")
        return first, await new

    first, second = asyncio.run(play())
    assert (sent(first), sent(second)) == ([], [("a", 1)])


def test_one_sent_and_not_seen_is_not_waited_for_as_one_that_was_seen(desk: Desk, clock: VirtualClock) -> None:
    desk.ask("a")
    assert desk.poll() == [("a", 1)]
    assert 0 < desk.orders._until_again("files-1", 0) <= LOST_S
    assert LOST_S < desk.orders._until_again("files-1", 1) <= AGAIN_S


def test_a_poll_ends_when_the_hub_does(desk: Desk) -> None:
    async def play() -> list[Waiting]:
        waiting = asyncio.create_task(desk.orders.poll("files-1", 0, 60))
        await asyncio.sleep(0)
        desk.orders.close()
        return [*await waiting, *await desk.orders.poll("files-1", 0, 60)]

    assert asyncio.run(play()) == []


def test_a_poll_that_was_given_up_leaves_nothing_behind(desk: Desk) -> None:
    async def play() -> None:
        waiting = asyncio.create_task(desk.orders.poll("files-1", 0, 60))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(play())
    desk.ask("a")  # rings nobody: the event loop of that poll is closed
    assert desk.poll() == [("a", 1)]


class Agent(RuleBasedStateMachine):
    """An agent that loses answers at random: every order arrives all the same."""

    @initialize()
    def begin(self) -> None:
        self.desk = Desk(VirtualClock())
        self.after = 0
        self.asked = 0
        self.open: set[str] = set()
        self.got: set[str] = set()

    @rule()
    def ask(self) -> None:
        self.asked += 1
        self.desk.ask(f"o{self.asked}", expires=1e12, seq=self.desk.seq + 1 + self.asked % 3)
        self.open.add(f"o{self.asked}")

    @rule(arrives=st.booleans(), answers=st.booleans())
    def poll(self, arrives: bool, answers: bool) -> None:
        found = self.desk.poll(self.after)
        assert [seq for _, seq in found] == sorted({seq for _, seq in found})
        for command, seq in found if arrives else ():
            assert seq > self.after, "a number that was seen already would be refused as a replay"
            self.after = seq
            self.got.add(command)
            if answers:
                self.desk.orders.settled(command)
                self.open.discard(command)

    @rule(seconds=st.sampled_from([0.1, 0.6, 11.0]))
    def wait(self, seconds: float) -> None:
        self.desk.clock.advance(seconds)

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "desk"):
            assert {each.order.command for each in self.desk.orders.waiting()} == self.open

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        for _ in range(4):
            self.desk.clock.advance(11)
            self.poll(arrives=True, answers=True)
        assert not self.open and len(self.got) == self.asked


TestAgent = Agent.TestCase
TestAgent.settings = settings(max_examples=60, stateful_step_count=25)
