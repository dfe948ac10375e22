"""Replay is live: whatever the order, however often a message comes, the census is the same; and it is the truth.

The messages are the simulator's; the truth comes from its own books.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.census.state import Census
from garde.downtime.census.view import census_view, patient_views
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.read import read_hl7
from garde.lab.ward_traffic.hospital import Hospital, Sent
from garde.lab.ward_traffic.witness import differences

BEGINS = 1_772_400_000.0
MANNER = Manner(own=("CLINIC",))


def _sent(seed: int, count: int) -> tuple[Hospital, list[Sent]]:
    hospital = Hospital(seed, BEGINS)
    return hospital, list(itertools.islice(hospital.messages(), count))


def _folded(sent: list[tuple[int, Sent]]) -> Census:
    """Each message keeps its own time of reception and its digest, in whatever order it is read."""
    census = Census()
    for number, each in sent:
        census.take(number, each.at + 1, read_hl7(each.data, number, each.at + 1, f"{number:08d}", MANNER))
    return census


def _plain(census: Census) -> Any:
    """Everything, without the store's numbers: a copy that came first is as good as the other."""
    views = [patient_views(census, number) for number in sorted(census.roots())]
    return _without(msgspec.to_builtins([census_view(census), views]))


def _without(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _without(value) for key, value in found.items() if key != "seq"}
    return [_without(each) for each in found] if isinstance(found, list) else found


@pytest.fixture(scope="module")
def live() -> tuple[list[tuple[int, Sent]], Any, dict[str, Any]]:
    hospital, sent = _sent(7, 1500)
    numbered = list(enumerate(sent, 1))
    return numbered, _plain(_folded(numbered)), hospital.truth()


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_and_more_than_once_the_census_is_the_same(live: Any, seed: int) -> None:
    numbered, wanted, _ = live
    draw = random.Random(seed)
    order = numbered + draw.sample(numbered, 200)
    draw.shuffle(order)
    assert _plain(_folded(order)) == wanted


def test_what_comes_late_by_a_little_is_the_same(live: Any) -> None:
    numbered, wanted, _ = live
    draw = random.Random(9)
    order = sorted(numbered, key=lambda each: each[0] + draw.uniform(0, 40))
    assert order != numbered
    assert _plain(_folded(order)) == wanted


@pytest.mark.parametrize("seed", range(3))
def test_the_census_is_the_truth_at_any_moment(seed: int) -> None:
    hospital = Hospital(seed, BEGINS)
    census, messages = Census(), hospital.messages()
    for number, each in enumerate(itertools.islice(messages, 2400), 1):
        census.take(number, each.at + 1, read_hl7(each.data, number, each.at + 1, f"{number:08d}", MANNER))
    for _ in range(5):
        census_plain = msgspec.to_builtins(census_view(census))
        assert differences(hospital.truth(), census_plain) == []
        last = census.messages + 1
        for number, each in enumerate(itertools.islice(messages, 61), last):
            census.take(number, each.at + 1, read_hl7(each.data, number, each.at + 1, f"{number:08d}", MANNER))
    assert census.reasons == {}


def test_the_witness_sees_what_is_wrong(live: Any) -> None:
    """A comparison that could not fail would prove nothing."""
    numbered, _, truth = live
    census = msgspec.to_builtins(census_view(_folded(numbered)))
    assert differences(truth, census) == []
    census["rows"] = list(census["rows"])
    lost = census["rows"].pop()
    moved = census["rows"][0]["visit"]["place"]
    moved["ward"] = "ELSEWHERE"
    found = differences(truth, census)
    assert len([each for each in found if each.startswith("bed")]) == 3
    assert any(lost["patient"]["number"] in each for each in found)


def test_what_is_gone_is_forgotten_and_who_is_here_is_not(live: Any) -> None:
    numbered, _, truth = live
    census = _folded(numbered)
    before = len(census.patients)
    gone = set(census.forget(numbered[-1][1].at + 86_400 * 400))
    assert 0 < len(census.patients) < before
    assert differences(truth, msgspec.to_builtins(census_view(census))) == []
    kept = [each for each in numbered if each[0] not in gone]
    assert differences(truth, msgspec.to_builtins(census_view(_folded(kept)))) == []


# A small alphabet of messages about two patients, in every order that hypothesis can think of.
_KINDS = ("A01", "A02", "A03", "A04", "A06", "A08", "A11", "A12", "A13", "A40")


@given(
    st.lists(st.tuples(st.sampled_from(_KINDS), st.integers(0, 3), st.sampled_from("12"), st.booleans()), max_size=9),
    st.randoms(use_true_random=False),
)
def test_any_story_of_two_patients_is_the_same_in_any_order(
    story: list[tuple[str, int, str, bool]], draw: random.Random
) -> None:
    from feed_words import adt, at, message, pid, pv1

    told = []
    for number, (event, minute, who, numbered) in enumerate(story):
        mine, other = pid(f"{who}00", f"Name{who}", birth=f"196{who}0101"), f"{3 - int(who)}00"
        if event == "A40":
            data = message("ADT^A40", minute, mine, f"MRG|{other}^^^^PI", control=str(number))
        else:
            where = pv1(f"W^{minute}^{who}", visit=f"V{who}" if numbered else "")
            data = adt(event, minute, who=mine, where=where, control=str(number))
        told.append((number, Sent(at(minute), data)))
    shuffled = [*told, draw.choice(told)] if told else []
    draw.shuffle(shuffled)
    assert _plain(_folded(shuffled)) == _plain(_folded(told))
