"""FHIR resources and tables make the same census as messages do, in any order."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from feed_words import at, beds, only

from garde.desk.bring import split_file
from garde.downtime.census.state import Census
from garde.downtime.census.view import AllergyStatus, census_view
from garde.downtime.reading.fhir import read_fhir
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.table import read_table
from garde.downtime.store.messages import Form
from garde.errors import UsageError

PATIENT = {"reference": "Patient/p1"}


def resource(kind: str, key: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": key, "meta": {"lastUpdated": "2026-03-02T03:00:00+01:00"}, **more}


def code(number: str, text: str) -> dict[str, Any]:
    return {"coding": [{"code": number, "display": text}]}


BUNDLE = [
    resource("Patient", "p1", identifier=[{"value": "100", "type": code("MR", "")}], birthDate="1960-01-02",
             name=[{"family": "Dupont", "given": ["Marie"]}]),
    resource("Encounter", "e1", status="in-progress", **{"class": {"code": "IMP"}}, subject=PATIENT,
             location=[{"location": {"reference": "Location/b1"}}]),
    resource("Location", "b1", name="1", physicalType=code("bd", ""), partOf={"reference": "Location/r1"}),
    resource("Location", "r1", name="01", physicalType=code("ro", ""), partOf={"reference": "Location/w1"}),
    resource("Location", "w1", name="MED", physicalType=code("wa", "")),
    resource("AllergyIntolerance", "a1", patient=PATIENT, code=code("91936005", "Penicillin")),
    resource("MedicationRequest", "m1", status="active", subject=PATIENT,
             medicationCodeableConcept=code("C07AB07", "Bisoprolol")),
    resource("MedicationAdministration", "g1", status="completed", subject=PATIENT,
             request={"reference": "MedicationRequest/m1"},
             effectiveDateTime="2026-03-02T08:00:00+01:00", medicationCodeableConcept=code("C07AB07", "Bisoprolol")),
    resource("Observation", "o1", status="final", subject=PATIENT, code=code("2823-3", "K"),
             valueQuantity={"value": 4.1, "unit": "mmol/L"}),
    resource("Condition", "c1", subject=PATIENT, code=code("I10", "Hypertension"), clinicalStatus=code("active", "")),
]  # fmt: skip


def _fold(items: list[bytes]) -> Census:
    census = Census()
    for seq, data in enumerate(items, 1):
        census.take(seq, at(9000), read_fhir(data, seq, at(9000), f"{data!r}", Manner()))
    return census


def _items(resources: list[dict[str, Any]]) -> list[bytes]:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}
    form, items = split_file(json.dumps(bundle).encode(), "bundle.json")
    assert form is Form.FHIR
    return items


def test_a_bundle_makes_a_bed_in_any_order() -> None:
    items = _items(BUNDLE)
    for order in itertools.islice(itertools.permutations(items), 0, 5040, 311):
        census = _fold(list(order))
        assert beds(census) == {"MED/01/1": ["100"]}
        patient = only(census).patient
        assert (patient.person.value.family, patient.person.value.birth) == ("Dupont", "1960-01-02")
        assert patient.allergies.status is AllergyStatus.RECORDED
        assert patient.drugs[0].last_given is not None
        assert patient.drugs[0].last_given.value.at == at(300)
        assert [(r.value.value, r.value.unit) for r in patient.results] == [("4.1", "mmol/L")]
        assert [p.value.what.text for p in patient.problems] == ["Hypertension"]


def test_who_has_left_has_left_and_no_known_allergy_is_a_code() -> None:
    none = resource("AllergyIntolerance", "a1", patient=PATIENT, code=code("716186003", "No known allergy"))
    census = _fold(_items([*BUNDLE[:5], none]))
    assert only(census).patient.allergies.status is AllergyStatus.NONE_KNOWN
    assert only(_fold(_items(BUNDLE[:5]))).patient.allergies.status is AllergyStatus.NOT_RECORDED
    left = {**BUNDLE[1], "status": "finished"}
    assert census_view(_fold(_items([BUNDLE[0], left]))).rows == ()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"{", "no FHIR resource"), (b"[]", "no FHIR resource"), (b'{"resourceType": "Claim"}', "not used: Claim"),
        (b'{"resourceType": "Observation"}', "no patient"), (b'{"resourceType": "Patient"}', "no patient"),
    ],
)  # fmt: skip
def test_what_is_not_understood_has_a_reason(raw: bytes, reason: str) -> None:
    assert read_fhir(raw, 1, at(0), "d", Manner()).reason == reason


def test_a_table_makes_patients_and_empty_beds() -> None:
    lines = (
        "number;family;birth;ward;room;bed;allergies",
        "100;Noël;1960-01-02;MED;01;1;Latex",
        "200;Maes;;MED;01;2;NKA",
        "300;Bos;;MED;02;1;",
        ";;;MED;02;2;",
    )
    text = "\n".join(lines)
    form, items = split_file(text.encode("cp1252"), "census.csv")
    assert (form, len(items)) == (Form.CSV, 4)
    census = Census()
    for seq, data in enumerate(items, 1):
        census.take(seq, 0.0, read_table(data, seq, at(0), str(seq), Manner()))
    view = census_view(census)
    assert [(r.place.room, r.place.bed, r.patient.person.value.family) for r in view.rows] == [
        ("01", "1", "Noël"), ("01", "2", "Maes"), ("02", "1", "Bos"),
    ]  # fmt: skip
    assert [r.patient.allergies.status for r in view.rows] == [
        AllergyStatus.RECORDED, AllergyStatus.NONE_KNOWN, AllergyStatus.NOT_RECORDED,
    ]  # fmt: skip
    assert [place.bed for place in view.empty] == ["2"]
    assert read_table(b"x,y\n1,2", 1, 0.0, "d", Manner()).reason == "no column that is known"
    assert read_table(b"number,bed", 1, 0.0, "d", Manner()).reason == "no row"


def test_a_file_that_is_nothing_is_refused_whole() -> None:
    for data in (b'{"a": 1}', b"{", b"name,age\n1,2"):
        with pytest.raises(UsageError):
            split_file(data, "f")
