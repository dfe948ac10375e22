"""Whether paper counts: the rules of `period`, one test each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.period import Period, begin, end, project
from garde.errors import Refused
from garde.journal import Entry, Payload
from garde.journal.paper_kinds import DowntimeBegan, DowntimeEnded


def after(*payloads: Payload) -> Period:
    state = Period()
    for seq, payload in enumerate(payloads, 1):
        project(state, Entry(seq, seq * 10.0, "nina", "", payload, "", ""))
    return state


def test_it_begins_on_wards_and_then_on_further_ones_never_anew() -> None:
    state = after(begin(Period(), "nina", 5.0, ("MED",), ""))
    assert state.holds("MED") and not state.holds("URG") and state.since == 5.0
    with pytest.raises(Refused):
        begin(state, "nina", 6.0, ("MED",), "")
    both = after(DowntimeBegan("nina", 5.0, ("MED",)), begin(state, "nina", 9.0, ("MED", "URG"), ""))
    assert both.wards == {"MED": 5.0, "URG": 9.0}
    everywhere = after(DowntimeBegan("nina", 5.0, ("MED",)), begin(state, "nina", 9.0, (), ""))
    assert everywhere.holds("NEO") and everywhere.since == 5.0
    with pytest.raises(Refused):
        begin(everywhere, "nina", 10.0, ("NEO",), "")


def test_it_ends_for_all_and_only_where_it_lasts() -> None:
    state = after(DowntimeBegan("nina", 5.0), end(after(DowntimeBegan("nina", 5.0)), "nina", ""))
    assert not state.lasts and not state.holds("MED") and state.ended == 20.0
    with pytest.raises(Refused):
        end(state, "nina", "")


def test_begun_anew_it_is_another_one() -> None:
    state = after(DowntimeBegan("nina", 5.0), DowntimeEnded("nina"), DowntimeBegan("nina", 50.0, ("MED",)))
    assert state.holds("MED") and not state.holds("URG") and state.since == 50.0 and state.ended == 0.0


@given(st.lists(st.one_of(st.none(), st.frozensets(st.sampled_from("ABC"))), max_size=12))
def test_whoever_is_refused_is_refused_for_a_reason(asked: list[frozenset[str] | None]) -> None:
    written: list[Payload] = []
    for wards in asked:
        state = after(*written)
        try:
            payload = end(state, "x", "") if wards is None else begin(state, "x", 1.0, tuple(sorted(wards)), "")
        except Refused:
            assert not state.lasts if wards is None else state.lasts
        else:
            written.append(payload)
    state = after(*written)
    assert state.lasts == (bool(written) and isinstance(written[-1], DowntimeBegan))
