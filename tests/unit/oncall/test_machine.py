"""Whatever comes in whatever order: nobody is lost, nobody is called without an end, nothing is decided without a code.

A property over random events: incidents, cuts, codes (right, late, twice, of the wrong person), failing channels,
restarts of the hub, and time.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from oncall_house import House

from garde.journal import hub_kinds as h
from garde.journal import oncall_kinds as o

PEOPLE = ("ann", "ben", "eve", "max", "zoe")
EVENTS = st.one_of(
    st.tuples(st.just("time"), st.integers(1, 400)),
    st.tuples(st.just("notice"), st.integers(0, 2)),
    st.tuples(st.just("cut"), st.integers(0, 2)),
    st.tuples(st.just("code"), st.sampled_from([(p, m) for p in PEOPLE for m in ("ack", "yes", "no")])),
    st.tuples(st.just("break"), st.sampled_from(["modem", "mail", "printer"])),
    st.tuples(st.just("mend"), st.just(0)),
    st.tuples(st.just("restart"), st.integers(0, 90)),
    st.tuples(st.just("raise"), st.integers(2, 3)),
    st.tuples(st.just("console"), st.sampled_from(["ann.l", "eve.l", "nobody"])),
)


def play(house: House, what: str, value: object) -> None:
    match what, value:
        case "time", int(seconds):
            house.pass_time(seconds)
        case "notice", int(number):
            house.say(house.notice(f"n-{number}", all_must=number == 1, within_s=120.0))
        case "cut", int(number):
            house.say(
                house.cut(f"c-{number}", "two" if number == 2 else "one", "outside" if number == 2 else "isolate")
            )
        case "code", (str(person), str(meaning)):
            for notice in list(house.state.calls):
                house.code(person, notice, meaning)
        case "break", str(channel):
            house.pager.broken.add(channel)
        case "mend", _:
            house.pager.broken.clear()
        case "restart", int(down):
            house.restart(down)
        case "raise", int(severity):
            house.say(h.IncidentRaised("i-1", severity, "x"))
        case "console", str(login):
            house.say(h.IncidentAnswered("i-1", login), who=f"person/{login}")


@settings(max_examples=40, deadline=None)
@given(st.lists(EVENTS, max_size=14))
def test_whatever_comes(events: list[tuple[str, object]]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="garde-oncall-"))
    try:
        house = House(folder)
        house.incident()
        for what, value in events:
            play(house, what, value)
        house.pass_time(2_000)
        check(house)
        house.close()
    finally:
        shutil.rmtree(folder)


def check(house: House) -> None:
    assert not house.complaints and not house.said("error_seen")
    entries = list(house.journal.entries())
    for call in house.state.calls.values():
        if (
            call.urgent and call.state == "open"
        ):  # nobody is lost: 2,000 s later it is known, over, or said to be unanswered
            raise AssertionError(f"{call.notice} still waits")
        assert all(each.times <= 12 for each in call.paged.values())
    given_ = [each for each in entries if isinstance(each.payload, o.CodeGiven) and each.payload.meaning != "ack"]
    assert len(house.said("cut_decided")) <= len(given_)
    unanswered = [each.notice for each in house.said("notice_unanswered")]
    needed = [each.notice for each in house.said("notice_needed")]
    assert all(unanswered.count(each) <= needed.count(each) for each in unanswered)
    assert len(entries) < 3_000  # nothing answers itself without an end
