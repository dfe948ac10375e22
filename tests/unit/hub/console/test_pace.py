"""How fast files were damaged and put back: one test for each rule of the fold, and its drawing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.hub.console.views import pace as pace_module
from garde.hub.console.views.pace import AXIS, BARS, HEIGHT, LOOSE, SPANS, WIDTH, Pace, Paces, chart, project
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text

BEGAN = 1_731_900_000.0
ACTOR = k.ActorNote("smb", 1, Text("smbd"), Text("/usr/sbin/smbd"), Text("u"), "10.0.0.9", (Text("u"),), (Text("d"),))


def _entry(payload: Payload, at: float, who: str = "agent/files-1") -> Entry:
    return Entry(1, at, who, k.NAMES[type(payload)], payload, "", "")


def _damage(at: float) -> k.FileDamage:
    return k.FileDamage(Text("a"), Text("a"), at, ("random_change",), "docx", "unknown", 1)


def _verdict(*times: float, at: float = BEGAN, verdict: str = "v1") -> Entry:
    files = tuple(_damage(each) for each in times)
    return _entry(k.VerdictReached(verdict, "session", Text("x"), 1.0, 1.0, files, (ACTOR,)), at)


def _joined(verdict: str = "v1") -> Entry:
    return _entry(h.HarmJoined("i1", "files-1", verdict, "10.0.0.9", (), "first"), BEGAN, "hub")


def _back(at: float, verdict: str = "v1") -> Entry:
    return _entry(k.FileRestored(verdict, Text("a"), BEGAN, "ab", True), at)


def _folded(*entries: Entry) -> Paces:
    state = Paces()
    for entry in entries:
        state = project(state, entry)
    return state


def test_a_file_counts_when_its_agent_saw_it_and_when_it_was_back() -> None:
    pace = _folded(_joined(), _verdict(BEGAN, BEGAN + 0.4, BEGAN + 3), _back(BEGAN + 9)).paces["i1"]
    assert pace.harm == {int(BEGAN): 2, int(BEGAN) + 3: 1} and pace.back == {int(BEGAN) + 9: 1}


def test_a_clock_that_is_an_hour_off_is_not_believed() -> None:
    pace = _folded(_joined(), _verdict(0.0, BEGAN + 1e9)).paces["i1"]
    assert pace.harm == {int(BEGAN): 2}


def test_what_came_before_its_incident_waits_for_it() -> None:
    state = _folded(_verdict(BEGAN), _back(BEGAN + 2))
    assert state.paces == {}
    project(state, _joined())
    assert (state.paces["i1"].harm, state.paces["i1"].back) == ({int(BEGAN): 1}, {int(BEGAN) + 2: 1})
    assert state.loose == {}
    project(state, _joined())  # twice changes nothing
    assert sum(state.paces["i1"].harm.values()) == 1


def test_an_incident_that_is_joined_into_another_goes_on_there() -> None:
    younger = _entry(h.HarmJoined("i2", "files-1", "v2", "10.0.0.9", (), "first"), BEGAN, "hub")
    state = _folded(_joined(), _verdict(BEGAN), younger, _verdict(BEGAN, BEGAN + 500, verdict="v2"))
    assert state.paces["i2"].width > 1
    project(state, _entry(h.IncidentJoined("i2", "i1", "same account"), BEGAN, "hub"))
    project(state, _back(BEGAN + 5, verdict="v2"))
    assert set(state.paces) == {"i1"} and set(state.verdicts.values()) == {"i1"}
    assert (sum(state.paces["i1"].harm.values()), sum(state.paces["i1"].back.values())) == (3, 1)


def test_a_file_in_a_span_that_is_there_is_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    state = _folded(_joined(), _verdict(BEGAN))
    monkeypatch.setattr(pace_module, "_first", None)  # the spans of the whole night are not looked at
    project(state, _verdict(*[BEGAN + 0.001] * 100))
    assert state.paces["i1"].harm == {int(BEGAN): 101}


def test_what_never_joins_is_bounded() -> None:
    state = _folded(*(_verdict(BEGAN, verdict=f"v{number}") for number in range(LOOSE + 20)))
    assert len(state.loose) == LOOSE


@given(st.lists(st.floats(-3_000, 3_000), min_size=1, max_size=60), st.lists(st.integers(0, 3_000_000), max_size=20))
def test_spans_are_bounded_and_no_file_is_lost(seen: list[float], back: list[int]) -> None:
    entries = [_verdict(*(BEGAN + each for each in seen)), *(_back(BEGAN + each) for each in back)]
    pace = _folded(_joined(), *entries).paces["i1"]
    numbers = [*pace.harm, *pace.back]
    assert max(numbers) - min(numbers) < SPANS
    assert (sum(pace.harm.values()), sum(pace.back.values())) == (len(seen), len(back))
    drawn = chart(pace)
    assert drawn is not None and len(drawn.bars) <= BARS
    assert (drawn.harm, drawn.back) == (len(seen), len(back))
    assert sum(bar.harm for bar in drawn.bars) == len(seen)
    for bar in drawn.bars:
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.up <= AXIS and AXIS + 1 + bar.down <= HEIGHT
        assert bool(bar.up) == bool(bar.harm) and bool(bar.down) == bool(bar.back)


def test_a_snapshot_gives_the_same_state_back() -> None:
    state = _folded(_joined(), _verdict(BEGAN), _back(BEGAN + 2), _verdict(BEGAN, verdict="v2"))
    assert msgspec.json.decode(msgspec.json.encode(state), type=Paces) == state


def test_nothing_counted_is_nothing_drawn() -> None:
    assert chart(None) is None and chart(Pace()) is None


def test_heights_of_both_sides_can_be_compared() -> None:
    drawn = chart(Pace(1, {100: 10}, {101: 5}))
    assert drawn is not None
    harm, back = drawn.bars
    assert harm.up == 2 * back.down and drawn.worst == 100.0 and (drawn.most, drawn.step) == (10, 1)
    assert [tick.anchor for tick in drawn.ticks] == ["start", "middle", "middle", "end"]
