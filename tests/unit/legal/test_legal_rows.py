"""Rows of clocks and drafts, the text that can be edited, and the pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legal_house import DAY, HOUR, START, House
from tests.support.pdf_words import words_of

from garde.errors import NotFound, UsageError
from garde.hub.legal_paper import LegalPapers
from garde.journal.hub_kinds import IncidentJoined
from garde.journal.speech import say_in
from garde.legal.editable import changes, from_text, to_text
from garde.legal.forms import LANGUAGES, forms
from garde.legal.memory import Draft
from garde.legal.rows import ClockRow, clock_rows, draft_page, draft_rows, unsaid
from garde.legal.words import LEGAL_LOCALE, time_given, time_left
from garde.paper import typeset

EN = say_in("en", LEGAL_LOCALE)


def _row(house: House, clock: str) -> ClockRow:
    rows = clock_rows(house.state, house.state.incidents["i1"], house.now, "en")
    return next(each for each in rows if each.clock == clock and each.state != "proposal")


# --- clocks ---


def test_a_clock_goes_through_its_states(house: House) -> None:
    house.open()
    assert _row(house, "gdpr_33").state == "waits"
    house.aware("aware_personal_data", START)
    row = _row(house, "gdpr_33")
    assert (row.state, row.left) == ("runs", 72 * HOUR)
    house.pass_time(50 * HOUR)
    assert _row(house, "gdpr_33").state == "soon"
    house.pass_time(23 * HOUR)
    assert _row(house, "gdpr_33").state == "overdue" and _row(house, "gdpr_33").left == -HOUR
    house.hand_in("gdpr_33")
    row = _row(house, "gdpr_33")
    assert (row.state, row.late, row.left) == ("submitted", True, 0.0)
    assert all(0 < seq <= len(house.log) for seq in row.entries) and len(row.entries) == 3


def test_the_most_urgent_stands_first_and_proposals_last(house: House) -> None:
    house.open()
    house.aware("aware_significant", START - 20 * HOUR)
    house.aware("aware_personal_data", START)
    rows = clock_rows(house.state, house.state.incidents["i1"], house.now, "fr")
    assert [each.clock for each in rows][:4] == ["nis2_early", "nis2_notification", "gdpr_33", "gdpr_34"]
    assert {each.state for each in rows[-3:]} == {"proposal"}
    assert "CEPD 01/2021" in rows[2].note


def test_who_said_that_it_does_not_apply_is_shown(house: House) -> None:
    house.open()
    house.applies("nis2_early", "no")
    row = _row(house, "nis2_early")
    assert (row.state, row.applies, row.applies_by, row.applies_why) == ("not_applicable", "no", "dora", "because")


def test_what_nobody_has_said_is_proposed(house: House) -> None:
    house.open()
    incident = house.state.incidents["i1"]
    assert unsaid(house.state, incident) == ["aware_personal_data", "aware_significant", "discovered"]
    house.aware("aware_personal_data", START)
    house.applies("police", "no")
    assert unsaid(house.state, incident) == ["aware_significant"]


def test_clocks_of_an_incident_that_is_part_of_another_are_shown_there(house: House) -> None:
    house.open("i1")
    house.open("i2")
    house.aware("aware_personal_data", START, "i2")
    house.hub(IncidentJoined("i2", "i1", "same address"))
    rows = clock_rows(house.state, house.state.incidents["i1"], house.now, "en")
    assert [(each.clock, each.incident) for each in rows if each.state == "runs"] == [
        ("gdpr_33", "i2"),
        ("gdpr_34", "i2"),
    ]


def test_times_are_said_as_people_think_of_them() -> None:
    assert time_left(70 * HOUR + 60, EN) == "70 hours left"
    assert time_left(-90.0, EN) == "1 minute over"
    assert time_left(20 * DAY, EN) == "20 days left"
    assert [time_given(1, "months", EN), time_given(0, "hours", EN), time_given(60, "days", EN)] == [
        "1 month", "without delay", "60 days",
    ]  # fmt: skip


# --- drafts ---


def test_a_row_says_how_a_draft_stands(house: House) -> None:
    house.night()
    draft = house.draft("gdpr_33")
    house.edit(draft, "records_count", "12")
    house.sign(draft)
    (row,) = draft_rows(house.state)
    assert (row.version, row.said, [each.by for each in row.signed], row.submitted) == (2, 1, ["dora"], None)
    assert "subjects_count" in row.unknown and not row.confirmed
    assert draft_rows(house.state, "i1") and not draft_rows(house.state, "i9")
    page = draft_page(draft)
    assert next(each for each in page.fields if each.name == "records_count").by == "dora"


# --- text ---


def _text(house: House, draft: Draft) -> str:
    return to_text(draft_page(draft), EN)


def test_text_that_nobody_changed_changes_nothing(house: House) -> None:
    house.night()
    for form in forms():
        draft = house.draft(form)
        assert changes(draft_page(draft), _text(house, draft)) == {}


def test_what_was_typed_comes_back(house: House) -> None:
    house.night()
    draft = house.draft("gdpr_33")
    text = _text(house, draft).replace("## [records_count] Approximate number of records",
                                       "## [records_count] changed title\n12 000\n\nof two wards")  # fmt: skip
    assert changes(draft_page(draft), text) == {"records_count": "12 000\n\nof two wards"}


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_any_words_of_a_person_survive_the_text(value: str) -> None:
    house = House()
    house.open()
    draft = house.draft("ransom")
    house.edit(draft, "advice", f"% {value}\n## [advice] {value}\n\\{value}")
    assert changes(draft_page(draft), _text(house, draft)) == {}


@pytest.mark.parametrize("text", ["", "no field\nat all", "## [a] x\n1\n## [a] y\n2", "x" * 400_001])
def test_what_is_no_draft_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        from_text(text)


@given(text=st.text(max_size=300))
def test_garbage_is_refused_or_read_and_never_more(text: str) -> None:
    try:
        found = from_text(text)
    except UsageError:
        return
    assert found


# --- pages ---


@pytest.mark.parametrize(("form", "language"), [("gdpr_34", "fr"), ("police", "en")])
def test_a_page_says_what_it_is_and_where_it_comes_from(house: House, tmp_path: Path, form: str, language: str) -> None:
    house.night()
    draft = house.draft(form, language)
    shown = words_of(typeset(LegalPapers(house.state, house.look, house.now).draft(draft.id)).pdf, tmp_path)
    assert draft.newest.sha256 in shown
    assert ("PROJET, non signé" if language == "fr" else "DRAFT, not signed") in shown
    house.sign(draft)
    house.submit(draft)
    shown = words_of(typeset(LegalPapers(house.state, house.look, house.now).draft(draft.id)).pdf, tmp_path)
    assert ("REMIS" if language == "fr" else "HANDED IN") in shown and "DOS-1" in shown


def test_the_page_of_clocks(house: House, tmp_path: Path) -> None:
    house.night()
    house.aware("aware_personal_data", START)
    papers = LegalPapers(house.state, house.look, house.now)
    for language in LANGUAGES:
        shown = words_of(typeset(papers.clocks(house.state.incidents["i1"], language)).pdf, tmp_path)
        assert "2026-12-01" in shown


def test_a_draft_that_is_not_there(house: House) -> None:
    with pytest.raises(NotFound):
        LegalPapers(house.state, house.look, house.now).text("x")
