"""Matching, one test per rule of the module, and that no question can do harm."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_words import ITEM, question
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from garde.downtime.worklist.dataset import data_set
from garde.downtime.worklist.match import BadKey, _like, answer, check_question, is_match

OWN = data_set(ITEM)


@pytest.fixture(autouse=True)
def _as_the_desk_reads() -> Any:
    before = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    config.settings.writing_validation_mode, kept = config.IGNORE, config.settings.writing_validation_mode
    yield
    config.settings.reading_validation_mode, config.settings.writing_validation_mode = before, kept


def fits(step: dict[str, Any] | None = None, **keys: Any) -> bool:
    asked = question(step, **keys)
    check_question(asked)
    return is_match(asked, OWN)


# 1
def test_a_key_of_zero_length_matches_everything_and_asks_for_its_value() -> None:
    assert fits(PatientName="", PatientID=None, StudyInstanceUID="")
    found = answer(question(PatientName="", StudyInstanceUID=""), OWN)
    assert (found.data.PatientName, found.data.StudyInstanceUID) == ("Lefèvre^Élodie", "2.25.123")


# 2
def test_a_value_matches_what_is_equal() -> None:
    assert fits(PatientID="100") and fits(PatientID=" 100 ")
    assert not fits(PatientID="10") and not fits(PatientID="1000")
    assert fits(PregnancyStatus=4) and not fits(PregnancyStatus=3)
    assert fits({"Modality": "CT"}) and not fits({"Modality": "MR"})


# 3
@pytest.mark.parametrize("key", ["R*", "*7", "R?", "*", "**", "R7*", "?*?"])
def test_wild_cards_stand_for_signs(key: str) -> None:
    assert fits(PlacerOrderNumberImagingServiceRequest=key)


@pytest.mark.parametrize("key", ["R?7", "r*", "?", "7*"])
def test_wild_cards_match_nothing_else(key: str) -> None:
    assert not fits(PlacerOrderNumberImagingServiceRequest=key)


def test_a_wild_card_in_a_uid_is_a_sign_like_another() -> None:
    assert not fits(StudyInstanceUID="2.25.*")
    assert fits(StudyInstanceUID="*")


# 4
@pytest.mark.parametrize(
    "key", ["LEFEVRE*", "lefèvre^élodie", "lefevre^e*", "*elodie", "Lefe\u0301vre^*", "LEFEVRE^ELODIE^^", "l?f?vre*"]
)
def test_names_match_without_case_and_accents(key: str) -> None:
    assert fits(PatientName=key)


def test_other_words_match_as_they_are_written() -> None:
    assert not fits(PatientName="lefevre") and not fits(PatientName="elodie*")
    assert not fits(RequestedProcedureDescription="ct thorax") and fits(RequestedProcedureDescription="CT t*")


# 5
def test_of_several_values_one_must_match() -> None:
    assert fits(StudyInstanceUID=["1.2.3", "2.25.123"]) and not fits(StudyInstanceUID=["1.2.3", "1.2.4"])
    assert fits({"Modality": ["MR", "CT"]})
    two = data_set(replace(ITEM, allergies=("Latex", "Iode")))
    assert is_match(question(Allergies="Iode"), two) and not is_match(question(Allergies="Nickel"), two)


# 6
@pytest.mark.parametrize("key", ["20260302", "20260302-", "-20260302", "20260301-20260303", "2026.03.02"])
def test_dates_match_ranges_with_their_ends(key: str) -> None:
    assert fits({"ScheduledProcedureStepStartDate": key})


@pytest.mark.parametrize("key", ["20260303", "20260303-", "-20260301", "20260303-20260304"])
def test_dates_outside_do_not(key: str) -> None:
    assert not fits({"ScheduledProcedureStepStartDate": key})


@pytest.mark.parametrize("key", ["083000", "0830", "08", "0800-0900", "-0830", "083000-083000", "08:30:00"])
def test_times_match_ranges_with_their_ends(key: str) -> None:
    assert fits({"ScheduledProcedureStepStartTime": key})


def test_date_and_time_that_are_both_ranges_are_one() -> None:
    """The first day's time to the last day's: noon of the first to ten of the last has half past eight within."""
    step = {"ScheduledProcedureStepStartDate": "20260301-20260302", "ScheduledProcedureStepStartTime": "1200-1000"}
    assert fits(step)
    assert not fits({**step, "ScheduledProcedureStepStartTime": "1200-0800"})
    assert not fits({**step, "ScheduledProcedureStepStartDate": "20260302-20260303"})
    assert fits({"ScheduledProcedureStepStartDate": "20260302-", "ScheduledProcedureStepStartTime": "0800-"})
    assert fits({"ScheduledProcedureStepStartDate": "-20260302", "ScheduledProcedureStepStartTime": "-0830"})
    assert not fits({"ScheduledProcedureStepStartDate": "20260302", "ScheduledProcedureStepStartTime": "0900-1000"})


# 7
def test_a_sequence_matches_where_one_item_matches_all_keys() -> None:
    assert fits({"Modality": "CT", "ScheduledProcedureStepStartDate": "20260302"})
    assert not fits({"Modality": "CT", "ScheduledProcedureStepStartDate": "20260401"})


def test_an_empty_sequence_asks_for_all_of_it() -> None:
    for asked in (question(ScheduledProcedureStepSequence=Sequence([])), question({})):
        assert is_match(asked, OWN)
        (step,) = answer(asked, OWN).data.ScheduledProcedureStepSequence
        assert (step.Modality, step.ScheduledProcedureStepStartDate) == ("CT", "20260302")


def test_an_answer_has_the_keys_of_the_step_that_were_asked_for_and_no_other() -> None:
    found = answer(question({"Modality": "CT"}, PatientID=""), OWN)
    assert sorted(each.keyword for each in found.data) == [
        "PatientID", "ScheduledProcedureStepSequence", "SpecificCharacterSet",
    ]  # fmt: skip
    (step,) = found.data.ScheduledProcedureStepSequence
    assert [each.keyword for each in step] == ["Modality"]
    assert found.whole


# 8
def test_what_is_not_known_matches_only_who_asks_for_it() -> None:
    unborn = data_set(replace(ITEM, birth="1960"))
    assert not is_match(question(PatientBirthDate="19600102"), unborn)
    assert not is_match(question(PatientBirthDate="19000101-20300101"), unborn)
    assert is_match(question(PatientBirthDate=""), unborn) and is_match(question(MedicalAlerts="*"), unborn)
    assert not is_match(question(MedicalAlerts="pacemaker"), unborn)


# 9
def test_a_key_that_nobody_supports_is_passed_over_and_said() -> None:
    asked = question(EthnicGroup="x", PatientID="100")
    assert is_match(asked, OWN)
    found = answer(asked, OWN)
    assert not found.whole and "EthnicGroup" not in found.data
    inner = answer(question({"Modality": "", "PatientComments": ""}), OWN)
    assert not inner.whole


def test_how_a_question_is_written_is_no_key() -> None:
    asked = question(PatientID="100", SpecificCharacterSet="ISO_IR 100", TimezoneOffsetFromUTC="+0100")
    asked.add_new(0x00100000, "UL", 10)
    found = answer(asked, OWN)
    assert is_match(asked, OWN) and found.whole
    assert found.data.SpecificCharacterSet == "ISO_IR 192"


# 10
@pytest.mark.parametrize("key", ["yesterday", "2026", "-", "20260302-x", "20260301-20260302-20260303"])
def test_a_date_that_is_none_is_an_error(key: str) -> None:
    with pytest.raises(BadKey) as said:
        fits({"ScheduledProcedureStepStartDate": key})
    assert said.value.tag == 0x00400002


def test_a_sequence_with_two_items_is_an_error() -> None:
    with pytest.raises(BadKey):
        fits(ScheduledProcedureStepSequence=Sequence([Dataset(), Dataset()]))


def test_a_question_as_deep_or_as_long_as_none_is_an_error() -> None:
    deep = question(PatientID="")
    for _ in range(8):
        outer = Dataset()
        outer.ReferencedStudySequence = Sequence([deep])
        deep = outer
    with pytest.raises(BadKey):
        check_question(deep)
    wide = Dataset()
    for number in range(300):
        wide.add_new(0x00110000 + number, "LO", "x")
    with pytest.raises(BadKey):
        check_question(wide)


# 11
def test_a_step_on_no_station_matches_every_title_and_bears_the_one_asked_for() -> None:
    asked = question({"ScheduledStationAETitle": "CT1"})
    assert is_match(asked, OWN)
    assert answer(asked, OWN).data.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "CT1"
    anyone = question({"ScheduledStationAETitle": ""})
    assert answer(anyone, OWN).data.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "ANY"
    planned = data_set(replace(ITEM, station="CT2"))
    assert not is_match(asked, planned)
    assert answer(anyone, planned).data.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "CT2"


# --- whatever is asked ------------------------------------------------------------------------------------------------


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_wild_cards_match_as_a_shell_has_them(pattern: str, text: str) -> None:
    assert _like(pattern, text) == bool(re.fullmatch(fnmatch.translate(pattern), text))


def test_no_pattern_takes_long() -> None:
    """A pattern that an expression with backtracking would need ages for: a step for each sign at most."""
    steps = 0

    class Counting(str):
        __slots__ = ()

        def __getitem__(self, key: Any) -> str:
            nonlocal steps
            steps += 1
            return super().__getitem__(key)

    assert not _like("*a" * 200 + "b", Counting("a" * 4096))
    assert steps <= 3 * 401 * 4096


KEYWORDS = [*sorted(each.keyword for each in OWN), "EthnicGroup", "PatientAge"]
STEP_KEYWORDS = sorted(each.keyword for each in OWN.ScheduledProcedureStepSequence[0])


def _keys(names: list[str]) -> st.SearchStrategy[dict[str, str]]:
    words = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(["", "*", "100", "20260302-", "CT"])
    plain = [each for each in names if not each.endswith("Sequence")]
    return st.dictionaries(st.sampled_from(plain), words, max_size=5)


def _question(step: dict[str, str], keys: dict[str, str]) -> Dataset | None:
    try:
        return question(step, **keys)
    except Exception:  # what pydicom itself does not take
        return None


@given(_keys(STEP_KEYWORDS), _keys(KEYWORDS))
def test_any_question_is_answered_with_its_own_keys_or_refused(step: dict[str, str], keys: dict[str, str]) -> None:
    asked = _question(step, keys)
    if asked is None:
        return
    try:
        check_question(asked)
        found = is_match(asked, OWN)
    except BadKey:
        return
    told = answer(asked, OWN)
    assert {each.keyword for each in told.data} <= {*keys, "ScheduledProcedureStepSequence", "SpecificCharacterSet"}
    # What matches itself: every answer, asked again without its wild cards, finds the item that it came from.
    if found:
        own = {each.keyword: each.value for each in told.data if each.VR in ("PN", "LO", "SH", "UI", "CS")}
        own = {name: value for name, value in own.items() if "*" not in str(value) and "?" not in str(value)}
        own.pop("SpecificCharacterSet")
        assert is_match(question(step, **own), OWN)


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1))


@given(MOMENTS, st.tuples(MOMENTS, MOMENTS))
def test_ranges_hold_what_lies_between(start: datetime, ends: tuple[datetime, datetime]) -> None:
    low, high = sorted(each.replace(microsecond=0) for each in ends)
    start = start.replace(microsecond=0)
    own = data_set(replace(ITEM, start=start))
    step = {
        "ScheduledProcedureStepStartDate": f"{low:%Y%m%d}-{high:%Y%m%d}",
        "ScheduledProcedureStepStartTime": f"{low:%H%M%S}-{high:%H%M%S}",
    }
    assert is_match(question(step), own) == (low <= start <= high)


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_a_question_or_none(data: bytes) -> None:
    from pynetdicom.dsutils import decode

    try:
        asked = decode(DicomBytesIO(data), True, True)
        list(asked.iterall())
    except Exception:  # the server says 0xC310 to it
        return
    try:
        check_question(asked)
        is_match(asked, OWN)
        written = DicomBytesIO()
        written.is_little_endian, written.is_implicit_VR = True, True
        write_dataset(written, answer(asked, OWN).data)
    except BadKey:
        pass
