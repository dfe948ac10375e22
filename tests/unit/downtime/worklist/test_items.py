"""What is listed, one test per rule of the module; who it is for; and what a modality's fields hold of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from feed_words import adt, at, census_of, message, pid, pv1
from hypothesis import given
from hypothesis import strategies as st
from image_words import ITEM, listed, obr
from pydicom import config
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID

from garde.downtime.census.view import AllergyStatus, Flag
from garde.downtime.nouns import Coded, OrderStated, Place
from garde.downtime.numbers.newcomer import Newcomer
from garde.downtime.numbers.state import Held, Standing
from garde.downtime.numbers.state import State as Numbers
from garde.downtime.register.nouns import Asked
from garde.downtime.register.state import Request, Result
from garde.downtime.register.state import State as Register
from garde.downtime.worklist.dataset import data_set, person_name, text
from garde.downtime.worklist.items import ARRIVAL, CENSUS, PAPER
from garde.downtime.worklist.modality import modality_of, rules
from garde.downtime.worklist.words import FLAGS, WORDS

D1 = "D1-000001-N"
THORAX = obr("R7", "CTTH", "CT thorax", "RAD")


def ordered(*segments: str, minutes: float = 5, **words: str) -> bytes:
    return message("ORM^O01", minutes, pid(), pv1(), *segments, **words)


def paper(number: str = "K7Q2MX.12", subject: str | None = "100", **words: Any) -> Register:
    asked = Asked(**{"what": "CT abdomen", "modality": "CT", **words})
    request = Request(number, True, "radiology", "MED", "nina", at(10), subject, asked)
    return Register({number: request})


def arrived(person: Newcomer | None = Newcomer("Lambert", "Anne", "1950-03-04", "F"), **words: Any) -> Numbers:  # noqa: B008
    held = Held(D1, Standing.ISSUED, "URG", at(30), "nina", person, at(40))
    return Numbers(held={D1: replace(held, **words)})


# --- the rules --------------------------------------------------------------------------------------------------------


# 1
def test_an_order_is_listed_until_it_is_stopped_done_or_has_a_final_result() -> None:
    come = (adt("A01", 1), ordered(*THORAX))
    (item,) = listed(census_of(*come))
    assert (item.source, item.key, item.modality, item.what) == (CENSUS, "R7", "CT", "CT thorax")
    assert listed(census_of(*come, ordered("ORC|CA|R7", THORAX[1], minutes=6))) == ()
    assert listed(census_of(*come, ordered("ORC|HD|R7", THORAX[1], minutes=6))) == ()
    report = ("ORC|RE|R7", "OBR|1|R7||CTTH^CT thorax^L", "OBX|1|TX|CTTH^CT^L||normal||||||F")
    assert listed(census_of(*come, message("ORU^R01", 7, pid(), pv1(), *report))) == ()


def test_who_has_left_has_no_item_and_who_is_expected_has() -> None:
    assert listed(census_of(adt("A01", 1), ordered(*THORAX), adt("A03", 6))) == ()
    assert len(listed(census_of(adt("A05", 1, where=pv1(care="P")), message("ORM^O01", 5, pid(), *THORAX)))) == 1


def test_what_is_wanted_in_a_month_is_not_listed_yet() -> None:
    late = ordered(*obr("R8", "MRI", "IRM genou", "RAD", wanted="20260501080000"))
    assert listed(census_of(adt("A01", 1), late)) == ()
    assert len(listed(census_of(adt("A01", 1), late), ahead_s=90 * 86_400.0)) == 1


# 2
def test_a_paper_request_is_listed_until_it_has_a_result_or_is_closed() -> None:
    register = paper()
    (item,) = listed(census_of(adt("A01", 1)), register)
    assert (item.source, item.key, item.family, item.place.bed) == (PAPER, "K7Q2MX.12", "Dupont", "1")
    register.requests["K7Q2MX.12"].closed = "done"
    assert listed(census_of(adt("A01", 1)), register) == ()
    register.requests["K7Q2MX.12"].closed = ""
    register.results["A"] = Result("A", "K7Q2MX.12", False, "lab", at(50), None)
    register.requests["K7Q2MX.12"].results.append("A")
    assert listed(census_of(adt("A01", 1)), register) == ()


def test_a_laboratory_request_is_no_image() -> None:
    register = paper()
    register.requests["K7Q2MX.12"].service = "laboratory"
    assert listed(census_of(adt("A01", 1)), register) == ()


def test_whose_request_nobody_knows_is_listed_and_says_so() -> None:
    (item,) = listed(register=paper(subject="999"))
    assert (item.patient, item.family, item.given) == ("999", "NAME NOT RECORDED", "999")
    assert item.allergies == ("NOT RECORDED - ASK THE PATIENT",)
    assert "Nobody is known under this number" in item.notes
    (item,) = listed(register=paper(subject=None))
    assert (item.patient, item.family) == ("K7Q2MX.12", "NOT LEGIBLE - SEE THE FORM")


def test_who_has_left_and_comes_back_on_paper_is_known() -> None:
    gone = census_of(adt("A01", 1), adt("A03", 6))
    (item,) = listed(gone, paper())
    assert (item.family, item.place) == ("Dupont", Place("MED"))


def test_a_request_for_a_number_of_two_people_goes_to_the_current_one_and_says_so() -> None:
    reused = census_of(
        adt("A01", 1, who=pid(family="Peeters", birth="19400101"), where=pv1(visit="V0")),
        adt("A01", 5, who=pid(), where=pv1("MED^02^1", visit="V9")),
    )
    (item,) = listed(reused, paper())
    assert item.family == "Dupont" and Flag.NUMBER_REUSED.value in item.notes


# 3
def test_who_arrived_stands_in_the_lists_of_machines_until_asked_for_gone_or_a_day_old() -> None:
    both = listed(numbers=arrived())
    assert [(each.source, each.modality, each.patient) for each in both] == [(ARRIVAL, "CT", D1), (ARRIVAL, "DX", D1)]
    assert both[0].issuer == "DOWNTIME" and both[0].what == "NO REQUEST KEYED - SEE THE FORM"
    asked = listed(register=paper(subject=D1), numbers=arrived())
    assert sorted((each.source, each.modality) for each in asked) == [(ARRIVAL, "DX"), (PAPER, "CT")]
    assert listed(numbers=arrived(person=Newcomer("Lambert", left=5.0))) == ()
    assert listed(numbers=arrived(standing=Standing.VOID)) == ()
    assert listed(numbers=arrived(), minutes=30 + 24 * 60 + 1) == ()


def test_a_request_that_was_void_gives_the_line_back() -> None:
    register = paper(subject=D1)
    register.requests["K7Q2MX.12"].closed = "void"
    assert [each.source for each in listed(register=register, numbers=arrived())] == [ARRIVAL, ARRIVAL]


def test_who_cannot_be_read_is_listed_by_number() -> None:
    item = listed(numbers=arrived(person=None))[0]
    assert (item.family, item.given, item.allergies) == (
        "NOT LEGIBLE - SEE THE FORM", D1, ("NOT RECORDED - ASK THE PATIENT",),
    )  # fmt: skip


# 4
def test_what_is_due_and_not_done_is_due_today() -> None:
    come = (adt("A01", 1), ordered(*obr("R7", "CTTH", "CT thorax", "RAD", wanted="20260302140000")))
    assert listed(census_of(*come))[0].start == datetime(2026, 3, 2, 14, 0)
    tomorrow = listed(census_of(*come), minutes=24 * 60)[0]
    assert tomorrow.start == datetime(2026, 3, 3, 0, 0)
    assert "Asked for 02.03.2026 14:00" in tomorrow.notes


# 5
def test_numbers_depend_on_the_request_alone() -> None:
    come = [adt("A01", 1), ordered(*THORAX)]
    (before,) = listed(census_of(*come))
    moved = census_of(*come, adt("A02", 8, where=pv1("SURG^09^1")), ordered(*obr("R8", "MRI", "IRM", "RAD"), minutes=9))
    after = next(each for each in listed(moved, minutes=5000) if each.key == "R7")
    assert (before.accession, before.study) == (after.accession, after.study)
    (other,) = listed(census_of(*come), root="another desk")
    assert other.study != before.study and other.accession != before.accession


def test_no_two_requests_share_a_number_also_where_two_patients_have_one_order_number() -> None:
    two = census_of(
        adt("A01", 1), ordered(*THORAX),
        adt("A01", 2, who=pid("200", "Peeters"), where=pv1("MED^02^1", "V2")),
        message("ORM^O01", 6, pid("200", "Peeters"), pv1("MED^02^1", "V2"), *THORAX),
    )  # fmt: skip
    found = listed(two, paper(), arrived())
    assert len(found) == len({each.accession for each in found}) == len({each.study for each in found}) == 5


@given(st.sets(st.text(min_size=1, max_size=30), max_size=40))
def test_accession_numbers_fit_and_studies_are_valid(numbers: set[str]) -> None:
    requests = {each: Request(each, True, "radiology", "MED", "n", at(1), each, Asked("x")) for each in numbers}
    census = census_of(adt("A01", 1), *(ordered(*obr(f"R{n}", "C", "CT", "RAD")) for n in range(5)))
    found = listed(census, Register(requests))
    assert all(0 < len(each.accession) <= 16 for each in found if each.source == CENSUS)
    assert all(UID(each.study).is_valid and each.study.startswith("2.25.") for each in found)
    assert len({each.study for each in found}) == len(numbers) + 5


def test_the_accession_number_of_a_form_is_the_number_on_it() -> None:
    assert listed(register=paper())[0].accession == "K7Q2MX.12"
    assert listed(register=paper("RK7Q2MX-014C"))[0].accession == "RK7Q2MX-014C"


# 6
def test_a_downtime_number_is_never_replaced_by_what_it_is_linked_to() -> None:
    item = listed(numbers=arrived(standing=Standing.LINKED, record="100"))[0]
    assert item.patient == D1
    assert any("Linked to 100" in each for each in item.notes)


# 7
@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ((), ("NOT RECORDED - ASK THE PATIENT",)),
        (("AL1|1|DA|NKA^No known allergies",), ("NO KNOWN ALLERGY",)),
        (("AL1|1|DA|PEN^Penicillin", "AL1|2|DA|LAT^Latex"), ("Latex", "Penicillin")),
        (
            ("AL1|1|DA|NKDA^No known drug allergies",),
            ("NOT RECORDED - ASK THE PATIENT", "no known drug allergy (only that)"),
        ),
    ],
)
def test_allergies_are_one_of_three_things(segments: tuple[str, ...], words: tuple[str, ...]) -> None:
    (item,) = listed(census_of(adt("A01", 1, *segments), ordered(*THORAX)))
    assert item.allergies == words


@pytest.mark.parametrize(
    ("status", "to", "words"),
    [
        (AllergyStatus.NOT_RECORDED, "", "NOT RECORDED - ASK THE PATIENT"),
        (AllergyStatus.NONE_KNOWN, "", "NO KNOWN ALLERGY"),
        (AllergyStatus.RECORDED, "iode", "iode"),
    ],
)
def test_allergies_that_were_told_are_one_of_three_things(status: AllergyStatus, to: str, words: str) -> None:
    item = listed(numbers=arrived(Newcomer("Lambert", allergies=status, allergic_to=to)))[0]
    assert item.allergies == (words,)


def test_what_is_not_known_is_said() -> None:
    nobody = "PID|1||100^^^^PI"
    (item,) = listed(census_of(adt("A01", 1, who=nobody), message("ORM^O01", 5, nobody, pv1(), *THORAX)))
    assert (item.family, item.birth) == ("NAME NOT RECORDED", "")
    assert {"Birth date NOT RECORDED", "Sex NOT RECORDED"} <= set(item.notes)
    (arrival, *_) = listed(numbers=arrived(Newcomer()))
    assert arrival.family == "NAME NOT RECORDED"
    assert {"Birth date NOT RECORDED", "Sex NOT RECORDED"} <= set(arrival.notes)
    (silent,) = listed(register=paper(subject="1"))
    assert "NOTHING HEARD YET: no census" in silent.notes


def test_every_line_says_of_when_it_is() -> None:
    assert "Census as of 09.03.2026 01:40" in listed(census_of(adt("A01", 1), ordered(*THORAX)))[0].notes


def test_urgent_ones_come_first() -> None:
    stat = ordered(*obr("R9", "MRI", "IRM", "RAD", priority="S"), minutes=6)
    census = census_of(adt("A01", 1), ordered(*THORAX), stat)
    assert [each.key for each in listed(census)] == ["R9", "R7"]
    assert listed(census)[0].urgent


# --- which orders are images ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "section", "modality"),
    [
        ("CT thorax", "", "CT"), ("Scanner cérébral", "", "CT"), ("IRM du genou", "RAD", "MR"),
        ("Échographie abdominale", "", "US"), ("RX Thorax face/profil", "", "DX"), ("Mammographie", "RAD", "MG"),
        ("Scintigraphie osseuse", "", "NM"), ("Pied gauche", "RAD", "OT"), ("Pied gauche", "RX", "DX"),
        ("Potassium", "", ""), ("CT-pro-AVP", "CH", ""), ("Echovirus PCR", "", ""), ("Scan thorax", "LAB", ""),
        ("Culture expectorations thorax", "", ""), ("anything", "CT", "CT"), ("Écho", "RUS", "US"), ("", "", ""),
        ("Coronarographie", "363679005", "XA"), ("Hémoglobine", "HM", ""), ("MRSA frottis", "", ""),
    ],
)  # fmt: skip
def test_which_orders_are_images(words: str, section: str, modality: str) -> None:
    assert modality_of(OrderStated("1", Coded("X", words), section=section), rules()) == modality


# --- fields -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def _strict() -> Any:
    kept = config.settings.writing_validation_mode
    config.settings.writing_validation_mode = config.RAISE
    yield
    config.settings.writing_validation_mode = kept


HOSTILE = st.text(st.characters(codec="utf-8"), max_size=90)


@pytest.mark.usefixtures("_strict")
@given(HOSTILE, HOSTILE, HOSTILE, st.lists(HOSTILE, max_size=3))
def test_whatever_is_in_an_item_its_data_set_is_valid(name: str, number: str, words: str, more: list[str]) -> None:
    item = replace(
        ITEM, family=name, given=words, patient=number, issuer=words, allergies=tuple(more) or ("x",), what=words,
        code=number, doctor=name, reason=words, visit=number, others=tuple(more), notes=tuple(more), birth=number,
        place=Place(words, number),
    )  # fmt: skip
    found, out = data_set(item), DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, False
    write_dataset(out, found)
    assert str(found.PatientName) and found.PatientID


@given(HOSTILE)
def test_text_is_one_value_of_no_more_than_it_may_be(words: str) -> None:
    found = text(words, 64)
    assert len(found) <= 64 and "\\" not in found and found == found.strip() and (not found or found.isprintable())


@pytest.mark.parametrize(
    ("family", "given", "name"),
    [
        ("Lefèvre", "Élodie", "Lefèvre^Élodie"), ("O^Brien=x", "", "O Brien x"), ("", "Anne", "^Anne"),
        ("L" * 80, "Anne", "L" * 63 + "…"),
    ],
)  # fmt: skip
def test_names_are_written_in_parts(family: str, given: str, name: str) -> None:
    assert person_name(family, given) == name


def test_what_is_longer_than_a_field_stands_whole_in_the_comments() -> None:
    found = data_set(replace(ITEM, what="CT " + "thorax " * 20))
    assert len(found.RequestedProcedureDescription) == 64
    assert ("thorax " * 20).strip() in found.ScheduledProcedureStepSequence[0].CommentsOnTheScheduledProcedureStep


def test_a_birth_date_that_is_no_whole_date_is_empty_and_said() -> None:
    assert data_set(replace(ITEM, birth="1960")).PatientBirthDate == ""
    assert data_set(ITEM).PatientBirthDate == "19600102"


# --- words ------------------------------------------------------------------------------------------------------------


def test_every_language_has_every_word() -> None:
    assert all(set(words) == set(WORDS["en"]) for words in WORDS.values())
    assert set(FLAGS) == set(WORDS) and all(set(words) == set(Flag) for words in FLAGS.values())
    for language, words in WORDS.items():
        three = {words[each] for each in ("no_allergy", "not_recorded")}
        assert len(three) == 2 and all(len(each) <= 64 for each in words.values()), language


def test_a_list_in_french_speaks_french() -> None:
    (item,) = listed(census_of(adt("A01", 1), ordered(*THORAX)), language="fr")
    assert item.allergies == ("NON RENSEIGNÉ - DEMANDER AU PATIENT",)
    assert item.notes[0] == "COPIE DE SECOURS - VÉRIFIER LE PATIENT"
