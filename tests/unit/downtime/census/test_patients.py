"""What must never be mixed up: allergies, people, values and their corrections, drugs and when they were given."""

from __future__ import annotations

from typing import Any

import pytest
from feed_words import adt, at, beds, census_of, message, only, pid, pv1, written

from garde.downtime.census.view import AllergyStatus, Flag, census_view, patient_views
from garde.downtime.nouns import Finality, NoneKnown, Standing

PENICILLIN = "AL1|1|DA|91936005^Penicillin^SCT|SV|Rash"
NONE = "AL1|1|DA|716186003^No known allergy^SCT"
NO_DRUG = "AL1|1|DA|NKDA^No known drug allergy"


# --- allergies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("segments", "status"),
    [
        ([], AllergyStatus.NOT_RECORDED),
        ([NONE], AllergyStatus.NONE_KNOWN),
        ([NO_DRUG], AllergyStatus.NOT_RECORDED),
        ([PENICILLIN], AllergyStatus.RECORDED),
        ([PENICILLIN, NONE], AllergyStatus.RECORDED),
        (["AL1|1|DA|^none"], AllergyStatus.RECORDED),  # words are shown as they stand, and no code is made of them
        (["AL1|1|DA|"], AllergyStatus.NOT_RECORDED),
    ],
)
def test_three_states_that_cannot_be_taken_for_one_another(segments: list[str], status: AllergyStatus) -> None:
    allergies = only(census_of(adt("A01", 0, *segments))).patient.allergies
    assert allergies.status is status
    assert bool(allergies.items) == (status is AllergyStatus.RECORDED)


def test_no_known_drug_allergy_is_kept_and_is_not_none() -> None:
    allergies = only(census_of(adt("A01", 0, NO_DRUG))).patient.allergies
    assert [each.value for each in allergies.none_known] == [NoneKnown.DRUG]


def test_both_at_once_is_said() -> None:
    assert Flag.ALLERGIES_DISAGREE in only(census_of(adt("A01", 0, PENICILLIN, NONE))).flags


def test_a_message_without_allergies_takes_none_away_and_a_whole_list_replaces() -> None:
    latex = "AL1|1|DA|300916003^Latex^SCT"
    assert _allergens(census_of(adt("A01", 0, PENICILLIN), adt("A08", 10))) == ["Penicillin"]
    assert _allergens(census_of(adt("A01", 0, PENICILLIN), adt("A08", 10, latex))) == ["Latex"]
    assert _allergens(census_of(adt("A08", 10, latex), adt("A01", 0, PENICILLIN))) == ["Latex"]


def test_iam_adds_and_deletes() -> None:
    added = message("ADT^A60", 10, pid(), "IAM|1|DA|300916003^Latex|SV|Swelling|A")
    gone = message("ADT^A60", 20, pid(), "IAM|1|DA|91936005^Penicillin|||D")
    assert _allergens(census_of(adt("A01", 0, PENICILLIN), added)) == ["Latex", "Penicillin"]
    assert _allergens(census_of(adt("A01", 0, PENICILLIN), added, gone)) == ["Latex"]


def test_every_figure_knows_its_message_and_time() -> None:
    (item,) = only(census_of(adt("A01", 0), adt("A08", 10, PENICILLIN))).patient.allergies.items
    assert (item.source.seq, item.source.at, item.source.kind, item.source.sender) == (
        2,
        at(10),
        "ADT^A08",
        "HIS/CLINIC",
    )


def _allergens(census: Any) -> list[str]:
    return sorted(each.value.what.text for each in only(census).patient.allergies.items)


# --- people -----------------------------------------------------------------------------------------------------------


def test_a_number_given_to_another_person_mixes_nothing() -> None:
    first = [adt("A01", 0, PENICILLIN), adt("A03", 60)]
    other = pid("100", "Maes", "Tom", "19990909")
    second = adt("A01", 5000, who=other, where=pv1("SI^01^1", visit="V9"))
    for order in ([*first, second], [second, *first]):
        row = only(census_of(*order))
        assert (row.patient.person.value.family, row.place.ward) == ("Maes", "SI")
        assert row.patient.allergies.status is AllergyStatus.NOT_RECORDED
        assert Flag.NUMBER_REUSED in row.flags
        former, _ = patient_views(census_of(*order), "100")
        assert former.person.value.family == "Dupont"
        assert [each.value.what.text for each in former.allergies.items] == ["Penicillin"]


def test_while_both_are_here_both_are_shown() -> None:
    other = pid("100", "Maes", "Tom", "19990909")
    view = census_view(census_of(adt("A01", 0), adt("A01", 5, who=other, where=pv1("SI^01^1", visit="V9"))))
    assert [(row.place.ward, row.patient.person.value.family) for row in view.rows] == [
        ("MED", "Dupont"),
        ("SI", "Maes"),
    ]


def test_a_corrected_name_in_the_same_visit_is_the_same_person() -> None:
    row = only(census_of(adt("A01", 0, PENICILLIN), adt("A08", 9, who=pid("100", "Martin", "M", "19600201"))))
    assert row.patient.person.value.family == "Martin"
    assert row.patient.allergies.status is AllergyStatus.RECORDED
    assert Flag.NUMBER_REUSED not in row.flags
    assert [each.family for each in row.patient.known_as] == ["Dupont"]


def test_a_patient_without_a_name_is_said_to_have_none() -> None:
    row = only(census_of(adt("A01", 0, who=pid("100", "", "", ""))))
    assert Flag.NO_NAME in row.flags
    assert row.patient.number == "100"


def test_a_laboratory_that_repeats_an_old_name_changes_nothing() -> None:
    lab = message("ORU^R01", 30, pid("100", "Dupont-Old"), "OBR|1|O1||X^X", "OBX|1|NM|X^X||1||||||F", sender="LIS")
    assert only(census_of(adt("A01", 0), lab)).patient.person.value.family == "Dupont"


def test_a_merge_joins_what_was_known_under_both() -> None:
    unknown = adt("A01", 0, PENICILLIN, who=pid("900", "", "", ""), where=pv1("SI^01^1", visit="V5"))
    merge = message("ADT^A40", 30, "EVN|A40", pid(), "MRG|900^^^^PI")
    for order in ([unknown, merge], [merge, unknown]):
        row = only(census_of(*order))
        assert (row.patient.number, row.patient.numbers) == ("100", ("100", "900"))
        assert row.patient.person.value.family == "Dupont"
        assert row.patient.allergies.status is AllergyStatus.RECORDED


def test_a_merge_of_two_who_are_both_here_keeps_both_beds_and_says_so() -> None:
    other = adt("A01", 1, who=pid("200", "Dupond"), where=pv1("SI^01^1", visit="V2"))
    census = census_of(adt("A01", 0), other, message("ADT^A34", 30, "EVN|A34", pid(), "MRG|200^^^^PI"))
    view = census_view(census)
    assert beds(census) == {"MED/01/1": ["100"], "SI/01/1": ["100"]}
    assert all({Flag.TWO_BEDS, Flag.MERGED} <= row.flags for row in view.rows)


def test_a_merge_in_a_circle_ends() -> None:
    there = message("ADT^A40", 10, pid("100"), "MRG|200^^^^PI")
    back = message("ADT^A40", 20, pid("200"), "MRG|100^^^^PI")
    census = census_of(adt("A01", 0), there, back)
    assert census.root("100") == census.root("200") == "200"
    assert only(census).patient.number == "200"


def test_a_birth_is_two_patients_who_belong_together() -> None:
    mother = adt("A01", 0, PENICILLIN, where=pv1("MAT^01^1"))
    child = adt(
        "A01", 60, who=pid("101", "Dupont", "", "20260302", mother="100^^^^PI"), where=pv1("MAT^01^1", visit="V7")
    )
    view = census_view(census_of(mother, child))
    assert {row.patient.number for row in view.rows} == {"100", "101"}
    assert all(Flag.MOTHER_AND_CHILD in row.flags and Flag.TWO_IN_BED not in row.flags for row in view.rows)
    (born,) = [row for row in view.rows if row.patient.number == "101"]
    assert born.patient.allergies.status is AllergyStatus.NOT_RECORDED


def test_two_patients_in_one_bed_are_two_rows_that_say_so() -> None:
    view = census_view(census_of(adt("A01", 0), adt("A01", 1, who=pid("200", "Maes"), where=pv1(visit="V2"))))
    assert [row.patient.number for row in view.rows] == ["100", "200"]
    assert all(Flag.TWO_IN_BED in row.flags for row in view.rows)


# --- results, drugs, orders, appointments -----------------------------------------------------------------------------


def _oru(minutes: float, value: str, status: str, code: str = "K") -> bytes:
    obx = f"OBX|1|NM|{code}^Potassium||{value}|mmol/L|3.5-5.1|H|||{status}|||{written(at(0))}"
    return message("ORU^R01", minutes, pid(), "ORC|RE|O1", "OBR|1|O1||IONO^Ions", obx, sender="LIS")


@pytest.mark.parametrize(
    ("told", "value", "finality"),
    [
        ([(1, "5.9", "P"), (2, "5.1", "F")], "5.1", Finality.FINAL),
        ([(2, "5.1", "F"), (3, "5.9", "P")], "5.1", Finality.FINAL),
        ([(1, "5.9", "F"), (2, "4.1", "C")], "4.1", Finality.CORRECTED),
        ([(1, "5.9", "F"), (2, "4.1", "C"), (3, "4.0", "C")], "4.0", Finality.CORRECTED),
        ([(1, "5.9", "F"), (2, "", "W")], "", Finality.WITHDRAWN),
    ],
)
def test_a_correction_replaces(told: list[tuple[int, str, str]], value: str, finality: Finality) -> None:
    messages = [adt("A01", 0), *(_oru(*each) for each in told)]
    for order in (messages, messages[::-1]):
        (result,) = only(census_of(*order)).patient.results
        assert (result.value.value, result.value.finality) == (value, finality)


def test_lines_of_one_text_stay_together() -> None:
    lines = [f"OBX|{n}|TX|REP^Report||line {n}||||||F" for n in (1, 2, 3)]
    report = message("ORU^R01", 5, pid(), "OBR|1|O7||REP^Report", *lines)
    (result,) = only(census_of(adt("A01", 0), report)).patient.results
    assert result.value.value == "line 1\nline 2\nline 3"


def test_a_document_of_20_mb_is_named_not_carried() -> None:
    obx = "OBX|1|ED|PDF^Letter||X^application^pdf^Base64^" + "QUJD" * (5 << 20) + "||||||F"
    (result,) = only(census_of(adt("A01", 0), message("ORU^R01", 5, pid(), "OBR|1|O7||PDF", obx))).patient.results
    assert result.value.value == "[document, application]"


def _rde(minutes: float, control: str) -> bytes:
    rxe = "RXE||C07AB07^Bisoprolol^ATC|5||mg"
    return message("RDE^O11", minutes, pid(), f"ORC|{control}|P1", "TQ1|1||QD", rxe, "RXR|PO", sender="PHARMA")


def _ras(minutes: float, status: str = "CP", action: str = "", given: float = 0) -> bytes:
    when = written(at(given or minutes))
    rxa = f"RXA|0|1|{when}|{when}|C07AB07^Bisoprolol|5|mg|||N1^Leroy^Sarah||||||||||{status}|{action}"
    return message("RAS^O17", minutes, pid(), "ORC|RE|P1", rxa, sender="PHARMA")


def test_a_prescription_knows_when_it_was_last_given_and_by_whom() -> None:
    (drug,) = only(census_of(adt("A01", 0), _rde(1, "NW"), _ras(480), _ras(1920), _ras(2400, "RE"))).patient.drugs
    order = drug.order.value
    assert (order.what.text, order.dose, order.unit, order.often, order.route) == ("Bisoprolol", "5", "mg", "QD", "PO")
    assert drug.last_given is not None
    assert (drug.last_given.value.at, drug.last_given.value.by) == (at(1920), "Sarah Leroy")


def test_an_administration_that_was_entered_by_mistake_is_taken_back() -> None:
    (drug,) = only(census_of(adt("A01", 0), _rde(1, "NW"), _ras(480), _ras(490, action="D", given=480))).patient.drugs
    assert drug.last_given is None


@pytest.mark.parametrize(
    ("control", "standing"), [("DC", Standing.STOPPED), ("HD", Standing.HELD), ("XO", Standing.ACTIVE)]
)
def test_a_prescription_is_stopped_held_changed(control: str, standing: Standing) -> None:
    messages = [adt("A01", 0), _rde(1, "NW"), _rde(60, control)]
    for order in (messages, messages[::-1]):
        (drug,) = only(census_of(*order)).patient.drugs
        assert drug.order.value.standing is standing


def test_an_order_is_done_with_its_final_result() -> None:
    order = message("ORM^O01", 1, pid(), "ORC|NW|O1", "OBR|1|O1||IONO^Ions", sender="LIS")
    assert only(census_of(adt("A01", 0), order)).patient.orders[0].value.standing is Standing.ACTIVE
    final = message("ORU^R01", 9, pid(), "ORC|RE|O1", "OBR|1|O1||IONO^Ions" + "|" * 20 + "|F", "OBX|1|NM|K||4||||||F")
    (found,) = only(census_of(adt("A01", 0), order, final)).patient.orders
    assert (found.value.standing, found.value.what.text) == (Standing.DONE, "Ions")


def test_an_appointment_is_booked_moved_and_cancelled() -> None:
    def siu(event: str, minutes: float, begins: float) -> bytes:
        return message(
            f"SIU^{event}",
            minutes,
            f"SCH|A1|A1|||||C^Control|||^^20^{written(at(begins))}".replace("|||^^", "||||^^"),
            pid(),
        )

    census = census_of(siu("S12", 0, 600), siu("S13", 5, 900))
    (view,) = patient_views(census, "100")
    (found,) = view.appointments
    assert (found.value.begins, found.value.standing) == (at(900), Standing.ACTIVE)
    (view,) = patient_views(census_of(siu("S12", 0, 600), siu("S15", 5, 600)), "100")
    assert view.appointments[0].value.standing is Standing.STOPPED


def test_contacts_and_problems() -> None:
    more = ["NK1|1|Maes^Tom|SPO^Spouse||+32470", "DG1|1||I10^Hypertension"]
    patient = only(census_of(adt("A01", 0, *more))).patient
    assert [(c.value.name, c.value.relation, c.value.phone) for c in patient.contacts] == [
        ("Tom Maes", "Spouse", "+32470")
    ]
    assert [p.value.what.text for p in patient.problems] == ["Hypertension"]
