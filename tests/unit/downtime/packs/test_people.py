"""Who somebody is on paper; the three shapes of allergies; results with their standing."""

from __future__ import annotations

from typing import Any

import pytest
from feed_words import adt, at, message, pid, pv1, written
from pack_words import basis_of

from garde.downtime.census.view import AllergyStatus
from garde.downtime.nouns import Coded, Person, Place, ResultStated
from garde.downtime.numbers.people import Arrival
from garde.downtime.numbers.state import Standing
from garde.downtime.packs.patient import flag, patient_sheet
from garde.downtime.packs.people import allergies, bars, newcomer_strip, strip
from garde.downtime.packs.ward import ward_sections


def shape(*al1: str) -> dict[str, Any]:
    basis = basis_of(adt("A01", 0, *al1))
    return allergies(basis.view.rows[0].patient.allergies, basis.voice)


def test_three_shapes_that_cannot_be_mixed_up() -> None:
    recorded, none, unknown = (
        shape("AL1|1|DA|7^Latex^SCT|MO|rash"),
        shape("AL1|1|DA|716186003^No known allergy^SCT"),
        shape(),
    )
    assert (recorded["shape"], none["shape"], unknown["shape"]) == ("recorded", "none", "unknown")
    assert recorded["items"] == ["Latex"] and none["items"] == unknown["items"] == []
    assert "ask" in unknown["more"] and "recorded" in none["more"]


def test_no_known_drug_allergy_is_not_none_known() -> None:
    found = shape("AL1|1|DA|409137002^No known drug allergy^SCT")
    assert found["shape"] == "unknown" and "DRUG" in found["more"]


def test_forty_allergies_say_how_many_are_not_on_the_strip_and_the_sheet_has_all() -> None:
    al1 = [f"AL1|{n}|DA|{n}^Substance {n}^SCT|SV|shock" for n in range(40)]
    basis = basis_of(adt("A01", 0, *al1))
    row = basis.view.rows[0]
    assert len(strip(row, basis.voice)["allergies"]["items"]) == 6
    assert "34 more" in strip(row, basis.voice)["allergies"]["more"]
    assert len(patient_sheet(row, basis)["allergy_rows"]) == 40


def test_two_in_a_bed_the_nameless_and_the_newborn_are_there_and_say_so() -> None:
    basis = basis_of(
        adt("A01", 0, where=pv1("MAT^01^1")),
        adt("A01", 1, who=pid("200", "", "", ""), where=pv1("MAT^01^1", "V2"), control="2"),
        adt("A01", 2, who=pid("300", "Dupont", "", "20260302", "100"), where=pv1("MAT^01^1", "V3"), control="3"),
    )
    sections = ward_sections(basis, "MAT")
    beds = {bed["number"]: bed for bed in sections[0]["beds"]}
    assert set(beds) == {"100", "200", "300"}
    assert beds["200"]["family"] == "NAME NOT RECORDED" and "TWO PATIENTS IN THIS BED" in beds["200"]["loud"]
    assert {each["subject"] for each in sections if each["kind"] == "mar"} == {"100", "200", "300"}


def test_nobody_without_a_ward_is_left_out() -> None:
    basis = basis_of(adt("A01", 0, where=pv1("", "V1")))
    assert basis.wards() == ["unplaced"]
    assert [each["kind"] for each in ward_sections(basis, "unplaced")][:3] == ["census", "patient", "mar"]


def test_who_left_today_and_who_is_expected_stand_in_the_census() -> None:
    basis = basis_of(
        adt("A01", 0), adt("A03", 500, control="b"),
        adt("A05", 1, who=pid("200", "Maes"), where=pv1("MED", "V2"), control="c"),
    )  # fmt: skip
    census = ward_sections(basis, "MED")[0]
    assert [row[1] for row in census["gone"]] == ["DUPONT Marie"]
    assert [row[1] for row in census["expected"]] == ["MAES Marie"]
    assert [bed["empty"] for bed in census["beds"]] == ["empty"]


def arrival(**more: Any) -> Arrival:
    known = {
        "number": "D1-000427-K", "person": Person("Claes", "An"), "place": Place("MED", "09", "1"),
        "allergies": AllergyStatus.NOT_RECORDED, "allergic_to": "", "reason": "fall", "arrived": at(500),
        "told": at(500), "by": "nina", "standing": Standing.ISSUED, "record": "", "waiting": False, "legible": True,
    }  # fmt: skip
    return Arrival(**{**known, **more})


def test_who_came_under_a_downtime_number_has_a_row_and_a_mar() -> None:
    basis = basis_of(adt("A01", 0), arrivals=(arrival(),))
    sections = ward_sections(basis, "MED")
    assert [bed["number"] for bed in sections[0]["beds"]] == ["100", "D1-000427-K"]
    assert sections[0]["beds"][1]["loud"] == ["DOWNTIME NUMBER"]
    assert [each["subject"] for each in sections if each["kind"] == "mar"] == ["100", "D1-000427-K"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"legible": False}, "cannot be read"),
        ({"record": "12345"}, "linked to No. 12345"),
        ({"waiting": True}, "not confirmed"),
    ],
)
def test_what_is_doubtful_about_a_newcomer_is_said(more: dict[str, Any], said: str) -> None:
    basis = basis_of()
    assert any(said in each for each in newcomer_strip(arrival(**more), basis.voice)["loud"])


def oru(minutes: float, value: str, status: str = "F", flags: str = "", order: str = "L1") -> bytes:
    when = written(at(minutes))
    obx = f"OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L|3.5-5.1|{flags}|||{status}|||{when}"
    return message("ORU^R01", minutes, pid(), "PV1|1|I|||||||||||||||||V1", f"ORC|RE|{order}",
                   f"OBR|1|{order}||2823-3^Potassium^LN", obx, control=f"R{minutes}", sender="LIS")  # fmt: skip


def test_results_say_how_they_stand_and_what_was_before() -> None:
    basis = basis_of(adt("A01", 0), oru(10, "4.0", order="L1"), oru(60, "6.2", "P", order="L2"))
    (line,) = patient_sheet(basis.view.rows[0], basis)["results"]
    assert (line["value"], line["state"], line["flag"], line["when"]) == ("6.2", "preliminary", "↑", "2 Mar 04:00")
    assert line["earlier"] == ["4.0 mmol/L (2 Mar 03:10)"]
    basis = basis_of(adt("A01", 0), oru(10, "4.0"), oru(60, "3.0", "C"))
    assert patient_sheet(basis.view.rows[0], basis)["results"][0]["state"] == "CORRECTED"
    basis = basis_of(adt("A01", 0), oru(10, "4.0"), oru(60, "4.0", "D"))
    assert patient_sheet(basis.view.rows[0], basis)["results"][0]["gone"]


def test_older_results_are_counted_and_their_newest_shown() -> None:
    basis = basis_of(adt("A01", 0), oru(10, "4.0"), minutes=5 * 1440)
    sheet = patient_sheet(basis.view.rows[0], basis)
    assert sheet["results"] == [] and sheet["older"]["note"].startswith("1 older")
    assert sheet["older"]["items"] == ["Potassium 4.0 mmol/L (2 Mar 03:10)"]


@pytest.mark.parametrize(
    ("value", "reference", "flags", "shown"),
    [
        ("6.2", "3.5-5.1", "", "↑"), ("2,9", "3,5 - 5,1", "", "↓"), ("4", "3.5-5.1", "", ""),
        ("6.2", "3.5-5.1", "HH", "HH"),
        ("6.2", "3.5-5.1", "N", ""), (">100", "0-5", "", "↑"), ("<5", "10-20", "", "↓"), ("<5", "0-3", "", ""),
        ("positive", "negative", "", ""), ("6.2", "", "", ""),
    ],
)  # fmt: skip
def test_the_arrow_is_reckoned_only_where_it_can_be(value: str, reference: str, flags: str, shown: str) -> None:
    assert flag(ResultStated("k", Coded("c", "K"), value, reference=reference, flags=flags)) == shown


def test_a_number_that_has_no_bar_code_is_none() -> None:
    assert bars("123456") is not None
    assert bars("é") is None and bars("1" * 25) is None and bars("") is None and bars("a\n") is None
