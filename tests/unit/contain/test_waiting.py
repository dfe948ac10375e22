"""Reports that wait: nothing is looked for by going through all of them, and none spoils the others for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from contain_house import WS1, House, client, damage
from tests.support.work import steps

from garde.contain import policy, reports, state
from garde.contain.memory import State
from garde.contain.waiting import PORTION, TRIES, Report, Waiting
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.text import Text


def verdict(number: int, server: str = "files-1", address: str = "") -> k.VerdictReached:
    actor = client(address or f"10.8.{number // 250}.{number % 250}", f"user{number}")
    return k.VerdictReached(f"v{number}", "session", Text("key"), 20.0, 18.0, (damage(b"/srv/a", 1.8e9),), (actor,))


def entry(seq: int, payload: Any, who: str = "agent/files-1") -> Entry:
    return Entry(seq, 1.8e9 + seq, who, k.NAMES[type(payload)], payload, "", f"{seq:064x}")


def lost_answers(number: int) -> Callable[[], object]:
    """Reports come one by one, and every answer is lost (the hub writes of its fault instead)."""

    def run() -> None:
        kept = State()
        for n in range(number):
            kept = state.project(kept, entry(2 * n + 1, verdict(n)))
            kept = state.project(kept, entry(2 * n + 2, k.ErrorSeen("hub/contain", Text("a fault")), "hub"))

    return run


def one_batch(number: int) -> Callable[[], object]:
    """An agent that was cut off for hours sends all its verdicts at once; then each is joined."""

    def run() -> None:
        kept = State()
        for n in range(number):
            kept = state.project(kept, entry(n + 1, verdict(n, address=WS1)))
        for n in range(number):
            joined = h.HarmJoined("i-1", "files-1", f"v{n}", WS1, (Text(f"user{n}"),), "first")
            kept = state.project(kept, entry(number + n + 1, joined, "hub"))
        assert len(kept.waiting) == 0 and not kept.waiting.groups and not kept.waiting.named

    return run


@pytest.mark.parametrize("story", [lost_answers, one_batch])
def test_four_times_the_reports_are_four_times_the_work(story: Callable[[int], Callable[[], object]]) -> None:
    assert steps(story(400)) < 5 * steps(story(100))


def test_a_lost_answer_is_made_good_by_the_next_report(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as now:
        now.setattr(policy, "decide", lambda *_: [])
        house.verdict("files-1", client(WS1))
    assert not house.of(h.HarmJoined)
    house.hub(k.ErrorSeen("hub/contain", Text("a fault")))
    house.verdict("files-2", client(WS1))
    assert [each.server for each in house.of(h.HarmJoined)] == ["files-1", "files-2"]
    assert len(house.of(h.IncidentOpened)) == 1 and len(house.state.waiting) == 0


def test_one_that_spoils_every_answer_is_given_up_and_the_others_are_joined(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    join = policy._join

    def spoilt(known: State, report: Report) -> Any:
        if report.verdict == "poison":
            raise ValueError("cannot be joined")
        return join(known, report)

    monkeypatch.setattr(policy, "_join", spoilt)
    for number in range(TRIES):
        with pytest.raises(ValueError, match="cannot be joined"):
            house.verdict("files-1", client(WS1), id="" if number else "poison")
        house.hub(k.ErrorSeen("hub/contain", Text("a fault")))
    house.verdict("files-2", client(WS1))
    assert "poison" not in {each.verdict for each in house.of(h.HarmJoined)}
    assert len(house.of(h.HarmJoined)) == TRIES and len(house.of(h.IncidentOpened)) == 1
    assert len(house.state.waiting) == 0


def test_no_more_are_taken_up_at_once_than_an_answer_has_room_for() -> None:
    kept = State()
    for n in range(PORTION + 50):
        kept = state.project(kept, entry(n + 1, verdict(n)))
    fault = PORTION + 51
    kept = state.project(kept, entry(fault, k.ErrorSeen("hub/contain", Text("a fault")), "hub"))
    for more, expected in ((1, PORTION + 1), (2, 50 + 1)):
        kept = state.project(kept, entry(fault + more, verdict(9000 + more)))
        assert len(kept.news.reports) == expected
        opened = [each for each in kept.news.reports if kept.waiting.opens(each)]
        assert len(opened) == (1 if more == 1 else 0)  # one opens the incident, whatever else waits for it


def test_what_waits_comes_back_from_a_snapshot_as_it_was() -> None:
    kept = State()
    for n in range(3):
        kept = state.project(kept, entry(n + 1, verdict(n, address=WS1 if n else "")))
    again = msgspec.json.decode(msgspec.json.encode(kept), type=State)
    assert again == kept and isinstance(again.waiting, Waiting)
    assert again.waiting.find("files-1", "v2", WS1) == kept.waiting.find("files-1", "v2", WS1) is not None


def test_a_name_found_by_a_hold_joins_what_comes_after_it() -> None:
    kept = State()
    first = k.VerdictReached("v1", "session", Text("key"), 20.0, 18.0, (damage(b"/srv/a", 1.8e9),), (client(WS1),))
    kept = state.project(kept, entry(1, first))
    kept = state.project(kept, entry(2, k.ActorHeld("h1", "v1", "smb", client(WS1, "carla"), (812,), 4)))
    late = k.VerdictReached(
        "v2", "session", Text("key"), 20.0, 18.0, (damage(b"/srv/b", 1.8e9 + 9 * reports.HOUR),),
        (client("10.8.0.9", "CLINIC\\carla"),),
    )  # fmt: skip
    kept = state.project(
        kept, Entry(3, 1.8e9 + 9 * reports.HOUR, "agent/files-2", "verdict_reached", late, "", "cc" * 32)
    )
    assert kept.news.reports[-1].why == "same account"
