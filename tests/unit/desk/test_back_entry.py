"""Back-entry at the desk: from a printed pack to a signed patient, with the census beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from feed_words import at
from paper_desk import NOW, NUMBER, PACK, add, back, item, made, work

from garde.clock import VirtualClock
from garde.desk.back_entry import BackEntry
from garde.downtime.book import Book
from garde.downtime.entry.discrepancies import Kind
from garde.downtime.entry.items import Step
from garde.downtime.store.seal import Seal
from garde.errors import NotFound, Refused, StateDamaged, UsageError
from garde.journal.paper_kinds import (
    ItemKeyed,
    MessageAnswered,
    MessageDue,
    NumberLinked,
    NumberMatched,
    SwitchedBack,
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return made(tmp_path / "desk")


@pytest.fixture
def desk(state: Path) -> Iterator[BackEntry]:
    with work(state) as found:
        yield found


def close(desk: BackEntry, patient: str, *steps: str) -> None:
    for step in steps:
        desk.whole(patient, step, "")


def kinds(desk: BackEntry, patient: str = "") -> list[str]:
    return [each.kind.name for each in desk.discrepancies(patient=patient)]


# --- the guide, one test per rule -------------------------------------------------------------------------------------


def test_steps_go_in_the_safe_order(desk: BackEntry) -> None:
    assert desk.guide("100").next is Step.IDENTITY
    with pytest.raises(Refused, match="identity comes before medication"):
        desk.key(item("given", what="Paracetamol"))
    close(desk, "100", "identity", "allergies")
    desk.key(item("given", what="Paracetamol"))
    assert desk.guide("100").next is Step.MEDICATION
    with pytest.raises(Refused, match="medication comes before vitals"):
        desk.whole("100", "vitals", "")
    desk.key(item("vital", what="Pulse", value="80", out_of_order="the monitor is to be returned"))
    desk.key(item("allergy", what="Latex"))  # an earlier step may be added to


def test_the_rest_is_closed_at_once(desk: BackEntry) -> None:
    desk.whole("100", "rest", "")
    assert desk.guide("100").next is None
    with pytest.raises(UsageError):
        desk.whole("100", "soup", "")


@pytest.mark.parametrize(
    ("sheet", "words"),
    [("K7Q2MX.5", "another patient"), ("ZZZZZZ.1", "nobody said"), ("K7Q2MX.7", "void"),
     ("K7Q2MX.8", "missing")],
)  # fmt: skip
def test_an_item_stands_on_a_sheet_of_that_patient_or_on_a_form(desk: BackEntry, sheet: str, words: str) -> None:
    desk.say(["K7Q2MX.7"], "void", "spoilt")
    desk.say(["K7Q2MX.8"], "missing", "")
    with pytest.raises(Refused, match=words):
        desk.key(item("identity", family="Dupont", sheet=sheet))
    desk.key(item("identity", family="Dupont", sheet="k7q2mx.6.2"))
    desk.key(item("identity", family="Dupont", sheet="K7Q2MX.1"))  # the census has room for newcomers


def test_an_item_names_its_author_and_a_time(desk: BackEntry) -> None:
    for wrong in ({"author": " "}, {"observed": "yesterday"}, {"observed": 3.0}, {"observed": 1e300}):
        with pytest.raises(UsageError):
            desk.key(item("identity", family="Dupont", **wrong))
    with pytest.raises(UsageError):
        desk.key(item("identity", family="Dupont", sheet=""))
    desk.key(item("identity", family="Dupont", observed="2026-03-02T08:00"))
    assert desk.now().items["I1"].observed == at(300)


def test_a_high_risk_drug_needs_a_second_person_who_is_another(desk: BackEntry) -> None:
    close(desk, "200", "identity", "allergies")
    desk.key(item("given", "200", "K7Q2MX.5", what="Actrapid", amount="8", unit="IU"))
    (waiting,) = desk.guide("200").waits
    assert waiting.kept is not None and waiting.kept.risk == "insulin"
    with pytest.raises(Refused, match="another person"):
        desk.by = "  NINA"
        desk.check(waiting.item, "", agrees=True)
    desk.by = "omar"
    with pytest.raises(UsageError, match="does not agree"):
        desk.check(waiting.item, "", agrees=False)
    desk.check(waiting.item, "", agrees=True)
    assert desk.guide("200").waits == () and desk.now().items[waiting.item].agreed


def test_only_another_item_settles_a_disagreement(desk: BackEntry) -> None:
    close(desk, "200", "identity", "allergies")
    desk.key(item("drug", "200", "K7Q2MX.5", what="Actrapid", often="3x"))
    desk.by = "omar"
    desk.check("I3", "it says 2x", agrees=False)
    desk.by = "pia"
    desk.check("I3", "3x after all", agrees=True)
    assert kinds(desk, "200") == ["NOT_AGREED"]
    desk.key(item("drug", "200", "K7Q2MX.5", what="Actrapid", often="2x", replaces="I3"))
    assert kinds(desk, "200") == [] and [each.item for each in desk.guide("200").waits] == ["I4"]
    desk.key(item("struck", "200", "", reason="wrong patient", replaces="I4"))
    assert [each.item for each in desk.guide("200").waits] == ["I5"]  # taking insulin away is checked too


def test_an_item_is_replaced_once_by_one_of_its_patient_and_step(desk: BackEntry) -> None:
    desk.key(item("identity", family="Dupond"))
    for wrong, words in (
        (item("identity", "200", "K7Q2MX.4", family="X", replaces="I1"), "no item of this patient"),
        (item("allergy", what="X", replaces="I1"), "belongs to the step identity"),
        (item("identity", family="X", replaces="I9"), "no item"),
    ):
        with pytest.raises((Refused, NotFound), match=words):
            desk.key(wrong)
    desk.key(item("identity", family="Dupont", replaces="I1"))
    with pytest.raises(Refused, match="replaced already, by I2"):
        desk.key(item("struck", sheet="", reason="twice", replaces="I1"))


def test_whom_nobody_knows_is_refused(desk: BackEntry) -> None:
    with pytest.raises(NotFound):
        desk.key(item("identity", "999", "K7Q2MX.6", family="Nobody"))
    desk.key(item("identity", NUMBER, "K7Q2MX.6", family="Unknown"))


def test_what_was_keyed_is_sealed(desk: BackEntry, state: Path) -> None:
    desk.key(item("identity", family="Dupont-Secret"))
    desk.say(["K7Q2MX.2"], "void", "Secret was here")
    assert not any(b"Secret" in path.read_bytes() for path in state.rglob("*") if path.is_file())
    (entry,) = [each for each in desk.book.journal.entries() if isinstance(each.payload, ItemKeyed)]
    assert entry.who and isinstance(entry.payload, ItemKeyed) and entry.payload.by == "nina"


# --- what does not fit ------------------------------------------------------------------------------------------------


def test_an_allergy_that_the_record_denies_and_the_other_way_round(desk: BackEntry) -> None:
    close(desk, "200", "identity")
    desk.key(item("allergy", "200", "K7Q2MX.4", what="Latex"))
    close(desk, "100", "identity")
    desk.key(item("no_allergy"))
    assert kinds(desk) == ["ALLERGY_DENIED", "ALLERGY_NEW"]
    desk.key(item("allergy", what="Latex"))
    assert "ALLERGY_BOTH" in kinds(desk, "100")


def test_what_the_record_has_stopped_or_given_or_never_heard_of(desk: BackEntry) -> None:
    for patient in ("100", "200"):
        close(desk, patient, "identity", "allergies")
    desk.key(item("given", "200", "K7Q2MX.5", what="enoxaparin 40 mg"))
    assert kinds(desk, "200") == ["STOPPED"]
    desk.key(item("given", what="Ibuprofen"))
    assert kinds(desk, "100") == ["NOT_PRESCRIBED"]
    desk.key(item("drug", what="Ibuprofen"))
    assert kinds(desk, "100") == []  # paper prescribes too
    desk.key(item("given", what="paracetamol", observed=at(250)))
    desk.key(item("given", what="Paracétamol", code="N02BE01", observed=at(246)))
    assert kinds(desk, "100") == ["TWICE_RECORD", "TWICE_PAPER"] * 2


def test_the_record_has_the_same_giving(desk: BackEntry) -> None:
    close(desk, "100", "identity", "allergies")
    desk.key(item("given", what="Paracetamol", number="RX1", observed=at(247)))
    assert "TWICE_RECORD" in kinds(desk, "100")
    refused = item("given", what="Paracetamol", number="RX1", observed=at(247), status="refused", replaces="I3")
    desk.key(refused)
    assert kinds(desk, "100") == []


def test_what_the_record_took_from_here_is_no_second_giving(desk: BackEntry, state: Path) -> None:
    close(desk, "100", "identity", "allergies")
    desk.key(item("given", what="Paracetamol", number="RX1", observed=at(247)))
    assert "TWICE_RECORD" in kinds(desk, "100")
    add(state, MessageDue("M1", "hl7", "RAS^O17", ("I3",)))
    assert "TWICE_RECORD" in kinds(desk, "100"), "it is not there yet"
    add(state, MessageAnswered("M1", "AA"))
    assert kinds(desk, "100") == [], "the record says what it was told"


def test_the_same_thing_keyed_twice(desk: BackEntry) -> None:
    for value in ("80", "80", "81"):
        desk.key(item("vital", what="Pulse", value=value, out_of_order="x"))
    assert kinds(desk, "100") == ["TWICE_PAPER", "TWICE_PAPER"]
    desk.key(item("struck", sheet="", reason="twice", replaces="I2"))
    assert kinds(desk, "100") == []


def test_the_clock(desk: BackEntry) -> None:
    desk.key(item("identity", family="A", observed=NOW + 600))
    desk.key(item("identity", "200", "K7Q2MX.4", family="B", observed=at(100)))
    assert sorted(kinds(desk)) == ["BEFORE_PAPER", "FUTURE"]
    desk.by = "omar"
    desk.check("I1", "", agrees=True)
    assert len(kinds(desk)) == 2  # to agree without saying why settles nothing
    desk.check("I1", "the ward's clock is wrong", agrees=True)
    assert kinds(desk) == ["BEFORE_PAPER"]


def test_two_patients_on_one_form(desk: BackEntry) -> None:
    desk.key(item("identity", sheet="K7Q2MX.6", family="A"))
    desk.key(item("identity", "200", "K7Q2MX.6", family="B"))
    assert kinds(desk) == ["TWO_ON_FORM", "TWO_ON_FORM"]
    assert [each.item for each in desk.discrepancies(place="MED")] == ["I1", "I2"]
    assert desk.discrepancies(place="SUR") == []


def test_an_item_that_cannot_be_opened_is_said(desk: BackEntry, state: Path) -> None:
    from garde.journal import Text

    desk.key(item("identity", family="A"))
    subject = desk.book.seal("100")
    add(state, ItemKeyed("I2", "", "identity", at(300), False, "x", subject, Text(b"sealed:AAAA")))
    assert kinds(desk, "100") == ["UNREADABLE"]


# --- switched back ----------------------------------------------------------------------------------------------------


def test_nobody_is_switched_back_while_something_is_open(desk: BackEntry, state: Path) -> None:
    with pytest.raises(Refused, match="record is not back"):
        desk.switch("100", "Dr Smet", "")
    back(state)
    with pytest.raises(Refused, match=r"K7Q2MX.2 \(patient\) is open"):
        desk.switch("100", "Dr Smet", "")
    desk.say(["K7Q2MX.2", "K7Q2MX.3"], "entered", "")
    with pytest.raises(Refused, match="step identity is open"):
        desk.switch("100", "Dr Smet", "")
    desk.whole("100", "rest", "")
    with pytest.raises(UsageError, match="who signs"):
        desk.switch("100", " ", "")
    desk.key(item("given", what="Heparin"))
    with pytest.raises(Refused, match="second person has yet to look"):
        desk.switch("100", "Dr Smet", "")
    desk.by = "omar"
    desk.check("I8", "no prescription, given all the same", agrees=True)
    desk.switch("100", "Dr Smet", "")
    with pytest.raises(Refused, match="switched back already, signed Dr Smet"):
        desk.switch("100", "Dr Smet", "")
    assert [(each.place, each.patients, each.switched, each.per_cent) for each in desk.wards()] == [("MED", 3, 1, 33)]


def test_who_signs_all_the_same_says_why(desk: BackEntry) -> None:
    (entry,) = desk.switch("100", "Dr Smet", "discharged at noon")
    assert isinstance(entry.payload, SwitchedBack)
    note = desk.book.open(entry.payload.note, dict)
    assert note == {"reason": "discharged at noon", "in_the_way": ["the record is not back yet"]}


def test_a_form_from_which_was_keyed_has_to_come_back(desk: BackEntry, state: Path) -> None:
    desk.key(item("vital", "200", "K7Q2MX.6", what="Pulse", value="80", out_of_order="x"))
    desk.whole("200", "rest", "")
    back(state)
    desk.say(["K7Q2MX.4", "K7Q2MX.5"], "entered", "")
    with pytest.raises(Refused, match=r"K7Q2MX.6 \(blank: notes\) is open"):
        desk.switch("200", "Dr Smet", "")
    desk.say(["K7Q2MX.6"], "entered", "")
    desk.switch("200", "Dr Smet", "")


def test_a_patient_of_whom_nothing_was_written_has_no_steps(desk: BackEntry, state: Path) -> None:
    back(state)
    desk.say(["K7Q2MX.4"], "void", "never written on")
    desk.say(["K7Q2MX.5"], "void", "never written on")
    desk.switch("200", "Dr Smet", "")
    with pytest.raises(NotFound):
        desk.switch("999", "Dr Smet", "")


def test_paper_that_is_found_later_takes_the_signature_back(desk: BackEntry) -> None:
    desk.switch("100", "Dr Smet", "all done")
    with pytest.raises(Refused, match="switched back: the record counts"):
        desk.key(item("identity", family="Dupont"))
    desk.key(item("identity", family="Dupont", out_of_order="found behind the printer"))
    assert desk.now().switch("100") is None


def test_a_linked_downtime_number_is_the_patient(desk: BackEntry, state: Path) -> None:
    desk.key(item("identity", NUMBER, "K7Q2MX.6", family="Dupont"))
    add(state, NumberMatched("m1", NUMBER, ("family", "birth"), "nina", desk.book.seal("100")),
        NumberLinked("m1", NUMBER, True, "omar"))  # fmt: skip
    assert [each.item for each in desk.now().items_of("100")] == ["I1"]
    assert sorted(desk.now().subjects()) == ["100", "200"]
    desk.key(item("identity", NUMBER, "K7Q2MX.2", family="Dupont"))  # her own sheet, under her other number


# --- sheets -----------------------------------------------------------------------------------------------------------


def test_a_sheet_from_which_was_keyed_is_not_void(desk: BackEntry) -> None:
    desk.key(item("identity", sheet="K7Q2MX.6", family="A"))
    with pytest.raises(Refused, match="was keyed"):
        desk.say(["K7Q2MX.6-9"], "void", "")
    desk.key(item("struck", sheet="", reason="not hers", replaces="I1"))
    desk.say(["K7Q2MX.6-9"], "void", "")
    assert desk.account().total.void == 5


def test_two_at_once_do_not_both_get_an_item(state: Path) -> None:
    with work(state) as one, work(state, "omar") as other:
        one.key(item("identity", family="A"))
        other.key(item("identity", "200", "K7Q2MX.4", family="B"))
        one.key(item("identity", family="C"))
        assert list(one.now().items) == ["I1", "I2", "I3"] == list(other.now().items)


def test_another_key_is_said_before_anything_is_sealed_with_it(desk: BackEntry, state: Path) -> None:
    (state / "store.key").write_text("11" * 32)
    with pytest.raises(StateDamaged), work(state):
        pass


def test_replay_is_live(desk: BackEntry, state: Path) -> None:
    close(desk, "100", "identity", "allergies")
    desk.key(item("given", what="Heparin"))
    desk.by = "omar"
    desk.check("I3", "too much", agrees=False)
    desk.say(["K7Q2MX.3"], "entered", "")
    desk.close([PACK], "end of the night")
    desk.switch("200", "Dr Smet", "gone home")
    with Book(state, Seal.load(state), VirtualClock(NOW)) as book:
        from garde.downtime.entry.state import entry_fold

        assert book.follow(entry_fold(book)) == desk.now()
    assert desk.account().total.whole and desk.account().total.missing == 9
    assert Kind.NOT_AGREED in [each.kind for each in desk.discrepancies()]
