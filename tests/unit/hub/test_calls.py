"""The performer of pages: rules 1 to 6 of garde.hub.calls, with channels that do what they are told to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from garde.clock import VirtualClock
from garde.hub.calls import GIVE_UP_S, HANGS, Calls, Ledger, Worker, filled
from garde.journal.entry import Entry
from garde.journal.hub_kinds import CommandDone, CommandFailed
from garde.journal.oncall_kinds import ChannelAlive, ChannelNote, ChannelSilent, PageAsked, PageLine, PageLost
from garde.journal.payload import Payload
from garde.oncall.channels.base import Alive, Handed, Page, Reply, Unable
from garde.oncall.codes import Slot, code_of, shown
from garde.oncall.state import OVER

SECRET = b"s" * 32


class Told:
    """A channel that answers what it is told to, or hangs until it is let go."""

    def __init__(self, name: str = "modem") -> None:
        self.note = ChannelNote(name, "modem", "person", "phone")
        self.got: list[Page] = []
        self.answer: Handed | Unable | Exception = Handed("ok")
        self.life: Alive | Unable = Alive()
        self.lost: list[tuple[str, str]] = []
        self.back: list[Reply] = []
        self.taken_: list[str] = []
        self.gate: threading.Event | None = None
        self.inside = threading.Event()

    def hand(self, page: Page) -> Handed | Unable:
        self.inside.set()
        if self.gate is not None:
            self.gate.wait(30)
        self.got.append(page)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def alive(self) -> Alive | Unable:
        return self.life

    def failures(self) -> Sequence[tuple[str, str]]:
        lost, self.lost = self.lost, []
        return lost

    def replies(self) -> Sequence[Reply]:
        return [each for each in self.back if each.id not in self.taken_]

    def taken(self, reply: Reply) -> None:
        self.taken_.append(reply.id)

    def close(self) -> None:
        pass


class Desk:
    """A performer with one worker, stepped by hand."""

    def __init__(self, folder: Path, channel: Told) -> None:
        self.clock, self.channel = VirtualClock(), channel
        self.said: list[Payload] = []
        self.known: dict[str, bool] = {}
        self.wanted, self.writes = True, True
        self.ledger = folder / "calling" / "modem.taken"
        self.worker = Worker(
            channel, Ledger(self.ledger), SECRET, self.clock, known=self.known.get, wanted=lambda notices: self.wanted,
            take=lambda name, reply: self.writes,
        )  # fmt: skip
        self.calls = Calls([self.worker], threads=False)
        self.calls.open(self.say)

    def say(self, payloads: Sequence[Payload]) -> None:
        self.said += payloads
        for each in payloads:
            if isinstance(each, ChannelAlive | ChannelSilent):
                self.known[each.channel] = isinstance(each, ChannelAlive)

    def begin(self, number: int = 1, **more: Any) -> PageAsked:
        words: dict[str, Any] = {
            "channel": "modem", "person": "ann", "address": "+32", "language": "en", "notices": ("n-1",),
            "lines": (PageLine("read this ########"), PageLine("Answer ########", "n-1|ann|1")), "purpose": "call",
            **more,
        }  # fmt: skip
        asked = PageAsked(command=f"{number:032d}", cause=1, **words)
        self.calls.begin(asked, Entry(1, 0.0, "hub", "page_asked", asked, "", ""))
        return asked

    def outcomes(self) -> list[Payload]:
        return [each for each in self.said if isinstance(each, CommandDone | CommandFailed)]


def test_1_a_channel_that_hangs_keeps_nobody_but_itself(tmp_path: Path) -> None:
    channel = Told()
    desk = Desk(tmp_path, channel)
    channel.gate = threading.Event()
    first = desk.begin(1)
    thread = threading.Thread(target=desk.worker.step)
    thread.start()
    assert channel.inside.wait(30)
    second = desk.begin(2)
    assert desk.calls.next_due() == desk.clock.now() + GIVE_UP_S
    desk.clock.advance(GIVE_UP_S)
    desk.calls.tick()
    assert desk.outcomes() == [CommandFailed(first.command, HANGS), CommandFailed(second.command, HANGS)]
    assert ChannelSilent("modem", HANGS) in desk.said
    third = desk.begin(3)
    assert desk.outcomes()[-1] == CommandFailed(third.command, HANGS)
    channel.gate.set()
    thread.join()
    assert len(desk.outcomes()) == 3 and len(channel.got) == 1  # what was given up is not handed over later
    fourth = desk.begin(4)
    desk.worker.step()
    assert desk.outcomes()[-1] == CommandDone(fourth.command, "ok")


def test_1_a_channel_that_comes_back_while_it_is_asked_after(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Told())

    class Back(VirtualClock):
        def monotonic(self) -> float:
            desk.worker._busy_since = None  # the channel's thread is back just now
            return super().monotonic()

    desk.worker._clock, desk.worker._busy_since = Back(), desk.clock.monotonic()
    assert not desk.worker.hangs()


def test_2_a_page_that_was_taken_is_not_handed_over_a_second_time(tmp_path: Path) -> None:
    channel = Told()
    desk = Desk(tmp_path, channel)
    asked = desk.begin()
    desk.worker.step()
    again = Desk(tmp_path, channel)  # the hub was killed before the outcome was in the journal
    again.begin()
    again.worker.step()
    assert len(channel.got) == 1
    assert again.outcomes() == [CommandDone(asked.command, "taken before the hub was restarted")]


def test_2_begun_twice_is_handed_over_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Told())
    desk.begin()
    desk.begin()
    desk.worker.step()
    assert len(desk.channel.got) == 1 and len(desk.outcomes()) == 1


def test_2_the_ledger_does_not_grow_for_ever(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "calling" / "x.taken")
    for number in range(2_100):
        ledger.note(str(number))
    kept = Ledger(tmp_path / "calling" / "x.taken")
    assert "2099" in kept and "10" not in kept
    assert len((tmp_path / "calling" / "x.taken").read_text().split()) == 2_000


def test_3_a_page_about_something_that_is_over_does_not_leave(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Told())
    asked = desk.begin()
    desk.begin(2, purpose="told")
    desk.wanted = False  # answered while it waited for its turn
    desk.worker.step()
    assert desk.outcomes()[0] == CommandFailed(asked.command, OVER)
    assert [page.id for page in desk.channel.got] == [f"{2:032d}"]


def test_a_channel_that_is_no_longer_there(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Told())
    desk.begin(channel="pigeon")
    assert "no longer names" in desk.outcomes()[0].reason  # type: ignore[union-attr]


def test_4_a_change_of_life_is_said_once_and_one_miss_is_none(tmp_path: Path) -> None:
    channel = Told()
    desk = Desk(tmp_path, channel)

    def look() -> list[str]:
        desk.said.clear()
        desk.clock.advance(30.0)
        desk.worker.step()
        return [type(each).__name__ for each in desk.said]

    assert look() == ["ChannelAlive"] and look() == []
    channel.life = Unable("no signal")
    assert look() == [] and look() == ["ChannelSilent"] and look() == []
    channel.life = Alive("61 %")
    assert look() == ["ChannelAlive"]


def test_5_the_code_is_put_in_as_the_page_leaves(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Told())
    asked = desk.begin()
    desk.worker.step()
    code = shown(code_of(SECRET, Slot("n-1", "ann", 1)))
    assert desk.channel.got[0].lines == ("read this ########", f"Answer {code}")
    assert code not in repr(asked) and filled(asked, SECRET).text.count(code) == 1


def test_6_a_reply_is_taken_when_it_is_written_down(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Told())
    desk.channel.back = [Reply("r1", "+32", "x")]
    desk.writes = False
    desk.worker.step()
    assert not desk.channel.taken_
    desk.writes = True
    desk.clock.advance(2.0)
    desk.worker.step()
    assert desk.channel.taken_ == ["r1"]


def test_a_page_that_did_not_leave_after_all_is_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Told())
    desk.channel.lost = [("p1", "no network")]
    desk.worker.step()
    assert PageLost("p1", "modem", "no network") in desk.said


def test_a_channel_that_breaks_its_contract_is_a_failure_and_no_more(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Told())
    desk.channel.answer = RuntimeError("secret-token")
    asked = desk.begin()
    desk.worker.step()
    assert desk.outcomes() == [CommandFailed(asked.command, "RuntimeError in the channel")]


def test_with_threads_it_hands_over_and_ends(tmp_path: Path) -> None:
    channel, done = Told(), threading.Event()
    worker = Worker(
        channel, Ledger(tmp_path / "c" / "x"), SECRET, VirtualClock(), known=lambda name: True,
        wanted=lambda notices: True, take=lambda *_: True,
    )  # fmt: skip
    calls = Calls([worker])
    calls.open(lambda payloads: done.set())
    asked = PageAsked(
        command="a" * 32, cause=1, channel="modem", person="ann", address="+32", language="en", notices=("n",),
        lines=(), purpose="call",
    )  # fmt: skip
    calls.begin(asked, Entry(1, 0.0, "hub", "page_asked", asked, "", ""))
    assert done.wait(30)
    calls.close()
    assert len(channel.got) == 1
