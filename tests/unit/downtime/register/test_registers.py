"""The registers: one test per rule of the fold, what is refused, what is critical; no order of entries breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.clock import VirtualClock
from garde.desk.config import Config
from garde.desk.numbers import Signed
from garde.desk.registers import Registers
from garde.downtime.book import Book
from garde.downtime.numbers.form import clear_numbers
from garde.downtime.register.critical import Verdict, judge
from garde.downtime.register.critical import tests as table
from garde.downtime.register.look import board
from garde.downtime.register.nouns import Asked, Found, Value
from garde.downtime.register.number import label_numbers, read_request_number, sheet_of
from garde.downtime.register.state import State, project
from garde.downtime.store.seal import Seal
from garde.errors import NotFound, Refused, SettingsError, UsageError
from garde.journal import Entry, Text
from garde.journal.paper_kinds import (
    PackMade,
    RequestClosed,
    RequestTaken,
    ResultCalled,
    ResultNoted,
)

NINA, LAB = Signed("nina", "ward"), Signed("Dr Lab", "lab")
FORM, OTHER = "K7Q2MX.12", "K7Q2MX.13"
HIGH, FINE = Found((Value("K", "6.8", "mmol/L"),)), Found((Value("K", "4.1", "mmol/L"),))


class Desk:
    """Registers on a journal of their own."""

    def __init__(self, state: Path) -> None:
        self.clock = VirtualClock()
        self.book = Book(state, Seal.load_or_make(state), self.clock)
        self.registers = Registers(Config(), self.book, self.clock)

    def take(self, number: str = FORM, subject: str = "100", **words: Any) -> RequestTaken:
        asked = Asked(**{"what": "ionogramme", **words})
        return self.registers.take(number, NINA, service="laboratory", place="MED", subject=subject, asked=asked)

    def note(self, found: Found = HIGH, number: str = FORM, **words: Any) -> ResultNoted:
        return self.registers.note(number, found, LAB, **words)

    def call(self, result: str, *, read_back: bool = True) -> ResultCalled:
        return self.registers.call(result, "Dr Maes", LAB, read_back=read_back)

    @property
    def state(self) -> State:
        return self.registers.state

    def waiting(self) -> list[str]:
        return [each.id for each in self.state.not_called()]

    def open(self) -> list[str]:
        return [each.number for each in self.state.open()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.book.close()


# --- the rules --------------------------------------------------------------------------------------------------------


def test_1_a_request_is_taken_once(desk: Desk) -> None:
    desk.take()
    with pytest.raises(Refused, match="taken already"):
        desk.take(subject="200")
    request = desk.state.requests[FORM]
    assert (request.subject, request.place, request.asked) == ("100", "MED", Asked("ionogramme"))


def test_2_a_result_before_its_request_is_kept_apart_and_joined(desk: Desk) -> None:
    result = desk.note(FINE)
    assert [each.id for each in desk.state.without_request()] == [result.result]
    assert desk.open() == []
    desk.take()
    assert list(desk.state.without_request()) == []
    assert desk.open() == [] and desk.state.requests[FORM].subject == "100"


def test_3_a_critical_result_waits_until_somebody_repeated_it(desk: Desk) -> None:
    desk.take()
    result = desk.note()
    assert result.critical and desk.waiting() == [result.result]
    desk.call(result.result)
    assert desk.waiting() == []


def test_4_a_call_without_a_read_back_does_not_count(desk: Desk) -> None:
    desk.take()
    result = desk.note().result
    desk.call(result, read_back=False)
    assert desk.waiting() == [result] and len(desk.state.results[result].calls) == 1
    desk.call(result)
    assert desk.waiting() == [] and len(desk.state.results[result].calls) == 2


def test_5_a_correction_replaces(desk: Desk) -> None:
    desk.take()
    first = desk.note(FINE).result
    second = desk.note(Found((Value("K", "4.4", "mmol/L"),)), replaces=first).result
    request = desk.state.requests[FORM]
    assert [each.id for each in desk.state.standing(request)] == [second]
    assert desk.state.results[first].replaced_by == second
    with pytest.raises(Refused, match="corrected already"):
        desk.note(FINE, replaces=first)
    with pytest.raises(Refused, match="was corrected"):
        desk.call(first)


def test_6_a_correction_of_what_was_critical_or_told_must_be_called_itself(desk: Desk) -> None:
    desk.take()
    first = desk.note().result
    second = desk.note(FINE, replaces=first)
    assert not second.critical and desk.waiting() == [second.result], "the ward may be treating the old one"
    desk.call(second.result)
    third = desk.note(FINE, replaces=second.result).result
    assert desk.waiting() == [third]


def test_7_a_request_is_open_until_it_has_a_result_or_is_closed(desk: Desk) -> None:
    desk.take()
    desk.take(OTHER)
    assert desk.open() == [FORM, OTHER]
    desk.note(FINE)
    desk.registers.close(OTHER, "done", "", NINA)
    assert desk.open() == []


def test_8_a_refused_request_is_shown_for_a_day(desk: Desk) -> None:
    desk.take()
    desk.registers.close(FORM, "refused", "no name on the tube", LAB)
    assert [each.number for each in desk.state.refused(desk.clock.now())] == [FORM]
    assert list(desk.state.refused(desk.clock.now() + 86_401)) == []


def test_9_turn_around_is_from_taking_to_the_first_result_and_from_it_to_the_call_that_counts(desk: Desk) -> None:
    desk.take()
    desk.clock.advance(600)
    result = desk.note().result
    desk.clock.advance(60)
    desk.call(result, read_back=False)
    desk.clock.advance(120)
    desk.call(result)
    desk.clock.advance(5000)
    (row,) = desk.registers.board().settled
    assert row.turnaround_s == 600
    assert (row.results[0].waited_s, row.results[0].called_to) == (180, "Dr Maes")


def test_10_what_cannot_be_opened_is_still_there_and_said(desk: Desk, tmp_path: Path) -> None:
    desk.take()
    desk.note()
    strange = State()
    for entry in desk.book.journal.entries():
        project(strange, entry, open=Book(tmp_path, Seal(bytes(32)), desk.clock, read_only=True).open)
    found = board(strange, desk.clock.now())
    assert [(each.legible, each.words, each.waits) for each in found.not_called] == [(False, "", True)]
    assert [(each.legible, each.patient) for each in found.settled] == [(False, "")]


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["", "12", "K7Q2MX", "K7Q2MX.0", "RK7Q2MX-001A", "../../etc", "K7Q2MX.12\n;"])
def test_what_is_no_number_is_refused(desk: Desk, number: str) -> None:
    with pytest.raises(UsageError):
        desk.take(number)


def test_a_sheet_that_no_pack_has_is_refused_and_one_that_was_taken_before_is_not(desk: Desk) -> None:
    desk.take()
    desk.book.add(PackMade("M7Q2MX", "MED", "ward", 3, "", 1.0, "hand", 1.0))
    with pytest.raises(Refused, match="no pack of this desk"):
        desk.take("K7Q2MX.14")
    with pytest.raises(Refused, match="no pack of this desk"):
        desk.take("M7Q2MX.4")
    desk.take("m7q2mx.3")
    desk.note(FINE)
    assert desk.open() == ["M7Q2MX.3"]
    desk.take(label_numbers(1)[0])


def test_a_downtime_number_is_kept_as_it_is_written_however_it_was_typed(desk: Desk) -> None:
    number = str(next(clear_numbers("D1", 1)))
    desk.take(subject=number.lower().replace("-", " "))
    assert desk.state.requests[FORM].subject == number


def test_a_void_request_takes_no_result_and_one_with_a_result_does_not_become_void(desk: Desk) -> None:
    desk.take()
    desk.take(OTHER)
    desk.note(FINE)
    with pytest.raises(Refused, match="has a result"):
        desk.registers.close(FORM, "void", "mistake", NINA)
    with pytest.raises(UsageError, match="why"):
        desk.registers.close(OTHER, "void", " ", NINA)
    desk.registers.close(OTHER, "void", "mistake", NINA)
    with pytest.raises(Refused, match="is void"):
        desk.note(FINE, OTHER)
    with pytest.raises(Refused, match="already"):
        desk.registers.close(OTHER, "done", "", NINA)
    assert desk.book.journal.head().seq == 4


def test_what_was_never_taken_or_noted_is_said(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.registers.close(FORM, "done", "", NINA)
    with pytest.raises(NotFound):
        desk.call("NOSUCH")
    with pytest.raises(NotFound):
        desk.note(FINE, replaces="NOSUCH")
    with pytest.raises(UsageError, match="says nothing"):
        desk.note(Found())
    with pytest.raises(UsageError, match="ahead"):
        desk.registers.note(FORM, FINE, LAB, at=desk.clock.now() + 4000)


def test_two_who_take_the_same_form_do_not_both_have_it(desk: Desk, tmp_path: Path) -> None:
    other = Desk(tmp_path)
    desk.take()
    with pytest.raises(Refused):
        other.take(subject="200")
    assert other.state.requests[FORM].subject == "100"
    other.book.close()


def test_nothing_of_a_patient_is_in_the_file(desk: Desk, tmp_path: Path) -> None:
    desk.take(subject="LEFEVRE-100", what="hepatite-B")
    desk.note(Found(words="hepatite-positive"), critical=True)
    data = b"".join(each.read_bytes() for each in tmp_path.iterdir() if each.name.startswith("journal"))
    assert b"taken" in data and b"LEFEVRE" not in data and b"hepatite" not in data


# --- what is critical -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (("K", "6.8", "mmol/L"), Verdict.CRITICAL), (("Kalium", "2,4", "mEq/l"), Verdict.CRITICAL),
        (("potassium", "6.49", "mmol/L"), Verdict.NOT_CRITICAL), (("K", "6.8", ""), Verdict.NOT_JUDGED),
        (("K", "6.8", "mg/dL"), Verdict.NOT_JUDGED), (("K", "hemolysed", "mmol/L"), Verdict.NOT_JUDGED),
        (("Glycémie", "44", "mg/dL"), Verdict.CRITICAL), (("glucose", "5.5", "mmol/L"), Verdict.NOT_CRITICAL),
        (("Hb", "6.9", "g/dL"), Verdict.CRITICAL), (("Hémoglobine", "69", "g/L"), Verdict.CRITICAL),
        (("Plaquettes", "<20", "10^9/L"), Verdict.CRITICAL), (("PLT", "<30", "G/L"), Verdict.NOT_JUDGED),
        (("INR", "5.0", ""), Verdict.CRITICAL), (("INR", ">10", ""), Verdict.CRITICAL),
        (("INR", ">4", ""), Verdict.NOT_JUDGED), (("INR", "<1", ""), Verdict.NOT_CRITICAL),
        (("Créatinine", "700", "µmol/L"), Verdict.CRITICAL), (("creat", "700", "μmol/l"), Verdict.CRITICAL),
        (("hs-TnT", "60", "ng/L"), Verdict.CRITICAL), (("Na", "119", "mmol/L"), Verdict.CRITICAL),
        (("CRP", "300", "mg/L"), Verdict.NOT_LISTED), (("K", "1e99", "mmol/L"), Verdict.NOT_JUDGED),
        (("lactates", "4", "mmol/L"), Verdict.CRITICAL), (("pH", "7.19", ""), Verdict.CRITICAL),
    ],
)  # fmt: skip
def test_the_table(value: tuple[str, str, str], verdict: Verdict) -> None:
    (found,) = judge((Value(*value),), table())
    assert found.verdict is verdict, found.why


def test_a_person_raises_what_the_table_says_and_never_lowers_it(desk: Desk) -> None:
    desk.take()
    with pytest.raises(Refused, match="the table says"):
        desk.note(critical=False)
    assert desk.note(FINE, critical=True).critical
    with pytest.raises(UsageError, match="is it critical"):
        desk.note(Found((Value("K", "6.8"),)))
    assert not desk.note(Found((Value("K", "4.8"),)), critical=False).critical
    both = desk.note(Found((Value("K", "6.8", "mmol/L"), Value("Na", "?", "mmol/L"))))
    assert both.critical


def test_no_name_and_no_unit_stands_twice_in_the_table() -> None:
    names = [name for test in table() for name in test.names]
    assert len(names) == len(set(names))
    for test in table():
        units = [unit for limit in test.limits for unit in limit.units]
        assert len(units) == len(set(units)), test.name
        assert all(limit.low is None or limit.high is None or limit.low < limit.high for limit in test.limits)


@pytest.mark.parametrize(
    "words", ["x = 1", "[k]\nnames = ['k']\nlimits = []", "[k]\nnames = ['k']\nlimits = [{units = ['x']}]", "["]
)
def test_a_table_that_is_none_is_said(tmp_path: Path, words: str) -> None:
    file = tmp_path / "critical.toml"
    file.write_text(words)
    with pytest.raises(SettingsError):
        table(file)


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=8))
def test_whatever_is_written_is_judged_or_not(name: str, value: str, unit: str) -> None:
    (found,) = judge((Value(name, value, unit),), table())
    assert found.verdict in Verdict


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_labels_are_read_back_and_a_slip_is_found() -> None:
    numbers = label_numbers(40)
    assert len(set(numbers)) == 40 and all(len(each) <= 16 for each in numbers)
    for each in numbers:
        assert read_request_number(each) == each == read_request_number(each.lower().replace("-", " "))
        assert sheet_of(each) is None
        wrong = each[:-2] + ("1" if each[-2] != "1" else "2") + each[-1]
        with pytest.raises(ValueError, match="check character"):
            read_request_number(wrong)


def test_the_code_of_a_sheet_is_a_number() -> None:
    from garde.downtime.codes import SheetCode

    assert read_request_number(SheetCode("K7Q2MX", 12).qr("0123abcd")) == FORM
    assert read_request_number("k7q2mx.12.2") == "K7Q2MX.12.2"


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none(text: str) -> None:
    try:
        found = read_request_number(text)
    except ValueError:
        return
    assert read_request_number(found) == found and len(found) <= 16


# --- any journal ------------------------------------------------------------------------------------------------------

NUMBERS, RESULTS = st.sampled_from(["A", "B"]), st.sampled_from(["1", "2", "3"])
TIMES = st.floats(0, 1000, width=32)
PAYLOADS = st.one_of(
    st.builds(RequestTaken, NUMBERS, st.sampled_from(["laboratory", "radiology"]), st.just("MED"), st.just("n"), TIMES),
    st.builds(
        ResultNoted, RESULTS, NUMBERS, st.booleans(), st.just("n"), TIMES, st.just(Text()), RESULTS | st.just("")
    ),
    st.builds(ResultCalled, RESULTS, st.just("n"), TIMES, st.booleans(), st.just(Text("x"))),
    st.builds(RequestClosed, NUMBERS, st.sampled_from(["done", "refused", "void"]), st.just("n"), TIMES),
)


def _unsealed(text: Text, kind: type) -> object:
    return "100" if kind is str else kind() if kind is Found else kind("x")


@given(st.lists(PAYLOADS, max_size=25))
def test_whatever_stands_in_a_journal_nothing_is_lost_from_the_board(payloads: list[Any]) -> None:
    state = State()
    for seq, payload in enumerate(payloads, 1):
        project(state, Entry(seq, float(seq), "n", "", payload, "", ""), open=_unsealed)
    found = board(state, 2000.0)
    shown = {each.number for each in (*found.open, *found.settled)}
    shown |= {each.request for each in found.without_request}
    replaced = {each.request for each in state.results.values() if each.replaced_by}
    assert {number for number in state.requests if number not in replaced} <= shown
    critical = [each for each in state.results.values() if each.critical and not each.replaced_by]
    assert {each.id for each in critical if not any(call.read_back for call in each.calls)} <= {
        each.id for each in found.not_called
    }
