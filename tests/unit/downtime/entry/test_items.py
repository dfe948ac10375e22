"""What is typed from paper: every kind has a step, whatever is no item is refused with a reason."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from feed_words import at
from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.entry.items import KINDS, LONGEST, Keying, Step, observed_at, read_keying, risk_of, step_of
from garde.errors import UsageError

BRUSSELS = ZoneInfo("Europe/Brussels")
FIRST = {
    "identity": {"family": "X"}, "allergy": {"what": "X"}, "no_allergy": {}, "drug": {"what": "X"},
    "given": {"what": "X"}, "order": {"what": "X"}, "result": {"what": "X", "value": "1"}, "image": {"what": "X"},
    "vital": {"what": "X", "value": "1"}, "note": {"title": "X"}, "whole": {"step": "notes"}, "struck": {"reason": "X"},
}  # fmt: skip


def typed(item: Any, **more: Any) -> bytes:
    return json.dumps({"patient": "100", "observed": 1.0, "item": item, **more}).encode()


def test_every_kind_has_its_step() -> None:
    assert set(FIRST) == set(KINDS)
    found = [read_keying(typed({"kind": kind, **FIRST[kind]}, replaces="I1")) for kind in FIRST]
    assert {step_of(each.item) for each in found} == set(Step)
    assert step_of(found[-1].item, Step.VITALS) is Step.VITALS


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"kind": "soup"}, "soup"), ({"kind": "given"}, "what"), ({"kind": "given", "what": "x", "dose": "1"}, "dose"),
        ({"kind": "given", "what": "x", "status": "maybe"}, "maybe"), ({"kind": "given", "what": "\t "}, "is empty"),
        ({"kind": "given", "what": "x" * (LONGEST + 1)}, "more than"), ({"kind": "note", "title": ""}, "is empty"),
        ({"kind": "struck", "reason": " "}, "why is it struck"), ({"kind": "struck", "reason": "x"}, "which item"),
        ({"kind": "given", "what": 7}, "str"), ([], "object"),
    ],
)  # fmt: skip
def test_what_is_no_item_is_refused(item: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_keying(typed(item))


def test_no_patient_is_refused() -> None:
    with pytest.raises(UsageError, match="no patient"):
        read_keying(typed({"kind": "no_allergy"}, patient=" "))


@given(st.binary(max_size=80) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(KINDS),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["patient", "item", "kind", "what", "value", "observed"]), inner, max_size=5),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_noise_is_refused_or_read_and_never_ends_the_command(data: bytes) -> None:
    try:
        found = read_keying(data)
    except UsageError:
        return
    assert isinstance(found, Keying) and step_of(found.item) in Step and isinstance(risk_of(found.item), str)


def test_times_are_the_hospitals_unless_they_say() -> None:
    assert observed_at("2026-03-02T08:00", BRUSSELS) == at(300) == observed_at("2026-03-02T07:00:00Z", BRUSSELS)
    assert observed_at(12.5, BRUSSELS) == 12.5
    for wrong in ("", "8 o'clock", "2026-13-01T08:00", "2026-03-02", "20260302"):
        with pytest.raises(UsageError):
            observed_at(wrong, BRUSSELS)


def test_who_needs_a_second_person() -> None:
    for item, risk in (
        ({"kind": "given", "what": "x", "code": "A10AB05"}, "insulin"),
        ({"kind": "drug", "what": "pump", "words": "heparin 20 000 IU"}, "anticoagulant"),
        ({"kind": "order", "what": "insulin level"}, ""), ({"kind": "given", "what": "Paracetamol"}, ""),
    ):  # fmt: skip
        assert risk_of(read_keying(typed(item)).item) == risk
