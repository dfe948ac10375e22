"""The clocks as data: what a file may hold, what counts on which day, when something is due."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.errors import SettingsError
from garde.legal import clocks as c
from garde.legal.forms import forms

OWN = b"""
[[clocks]]
id = "insurer"
regime = "Policy 12"
start = "discovered"
amount = 48
recipient = "insurer"
applies = "yes"
"""


def _clock(amount: int, unit: str) -> c.Clock:
    return c.Clock("x", "X", "discovered", "police", amount, unit)


def _at(*parts: int) -> float:
    return datetime(*parts).timestamp()  # type: ignore[arg-type]


def test_what_comes_with_garde_can_be_read_and_names_forms_that_exist() -> None:
    found = c.shipped()
    assert {each.form for each in found if each.form} <= set(forms())
    assert {each.progress for each in found if each.progress} <= set(forms())
    for each in found:
        assert each.source, each.id
        for words in (each.channel, each.fallback, each.condition, each.note):
            assert set(words) in (set(), {"en", "fr"}), each.id


def test_a_clock_and_its_form_go_to_the_same_recipient() -> None:
    for each in c.shipped():
        if each.form:
            assert forms()[each.form].recipient == each.recipient


def test_a_proposal_never_counts_and_dates_bound_what_does() -> None:
    (law, proposal) = [each for each in c.shipped() if each.id == "gdpr_33"]
    assert (law.amount, proposal.amount) == (72, 96)
    assert law.counts_on(date(2026, 11, 28)) and not proposal.counts_on(date(2030, 1, 1))
    assert not law.counts_on(date(2018, 5, 24))
    ended = c.Clock("x", "X", "discovered", "police", valid_from="2020-01-01", valid_to="2021-01-01")
    assert ended.counts_on(date(2020, 12, 31)) and not ended.counts_on(date(2021, 1, 1))


def test_hours_are_elapsed_and_months_end_where_they_end() -> None:
    friday = _at(2026, 11, 27, 17, 30)
    assert c.due_of(_clock(72, "hours"), friday) == friday + 72 * 3600
    assert c.due_of(_clock(1, "months"), _at(2027, 1, 31, 5, 0)) == _at(2027, 2, 28, 5, 0)
    assert c.due_of(_clock(1, "months"), _at(2026, 12, 15, 5, 0)) == _at(2027, 1, 15, 5, 0)
    assert c.due_of(_clock(60, "days"), _at(2026, 12, 1, 5, 0)) == _at(2027, 1, 30, 5, 0)
    assert c.due_of(_clock(0, "hours"), friday) == 0.0


@given(start=st.floats(1.0e9, 4.0e9), amount=st.integers(1, 120), unit=st.sampled_from(["hours", "days", "months"]))
def test_an_end_lies_after_its_beginning(start: float, amount: int, unit: str) -> None:
    assert c.due_of(_clock(amount, unit), start) > start


def test_a_hospitals_own_clock_takes_the_place_of_ours() -> None:
    own = c.read_clocks(OWN, "own.toml")
    found = [each for each in c.merged(own) if each.id == "insurer"]
    assert [(each.amount, each.applies) for each in found] == [(48, "yes")]
    assert len(c.merged(own)) == len(c.shipped())


def test_clocks_come_back_from_their_entry() -> None:
    loaded = c.clocks_loaded(c.shipped(), "clocks.toml", "dora")
    assert loaded.content.value is not None
    assert tuple(c.from_json(loaded.content.value)) == c.shipped()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b'"insurer"\nregime', b'"in surer"\nregime'), "an id is"),
        ((b"48", b"-1"), "amount"),
        ((b"48", b"9999999"), "amount"),
        ((b'"discovered"', b'"submitted:../x"'), "start is one word"),
        ((b'"yes"', b'"maybe"'), "applies is"),
        ((b"amount = 48", b"amont = 48"), "no field 'amont'"),
        ((b"amount = 48", b'amount = 48\nvalid_from = "2026-13-01"'), "is no date"),
        ((b"amount = 48", b'amount = 48\nprogress = "x"'), "needs resumes"),
        ((b"[[clocks]]", b"[[clock]]"), "own.toml"),
        ((b"amount = 48", b"amount ="), "own.toml"),
    ],
)
def test_a_fault_of_a_file_is_named(change: tuple[bytes, bytes], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        c.read_clocks(OWN.replace(*change), "own.toml")


@given(raw=st.binary(max_size=400))
def test_garbage_is_refused_and_never_more(raw: bytes) -> None:
    with pytest.raises(SettingsError):
        c.read_clocks(raw, "x")


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(SettingsError, match="bytes at most"):
        c.read_clocks(b"#" * (c.MAX_BYTES + 1), "x")
