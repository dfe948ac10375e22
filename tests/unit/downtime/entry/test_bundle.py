"""The FHIR transaction: what it asks of a server, and that our own reader finds the same in it."""

from __future__ import annotations

import base64
import json
from typing import Any

from feed_words import at
from message_words import ITEMS, PARTIES, WHO, fact

from garde.desk.bring import split_bundle
from garde.downtime.entry.bundle import Bundler, with_pictures
from garde.downtime.entry.items import AllergyFound, Given, Note, Result
from garde.downtime.entry.sending import Action, Fact, Merge
from garde.downtime.nouns import AllergiesStated, GivenStated, ResultStated
from garde.downtime.reading.fhir import read_fhir
from garde.downtime.reading.manner import Manner


def bundle(*facts: Fact, merges: tuple[Merge, ...] = ()) -> dict[str, Any]:
    found = Bundler(PARTIES, WHO, "G1", at(601)).bundle(list(merges), list(facts))
    whole: dict[str, Any] = with_pictures(found, lambda name: f"JPEG of {name}".encode())
    return whole


def only(kind: str, *facts: Fact, **more: Any) -> list[dict[str, Any]]:
    return [each for each in bundle(*facts, **more)["entry"] if each["resource"]["resourceType"] == kind]


def told(*facts: Fact) -> list[Any]:
    found = []
    for raw in split_bundle(json.dumps(bundle(*facts)).encode(), "b"):
        read = read_fhir(raw, 1, at(601), "d", Manner(own=("CLINIC",)))
        found += [statement for each in read.told for statement in each.statements]
    return found


def test_nothing_of_the_records_own_patient_is_written() -> None:
    found = bundle(*map(fact, ITEMS))
    assert found["type"] == "transaction"
    kinds = {each["resource"]["resourceType"] for each in found["entry"]}
    assert kinds == {"AllergyIntolerance", "MedicationAdministration", "Observation", "DocumentReference", "Provenance"}
    named = {
        (e["resource"].get("subject") or e["resource"].get("patient", {})).get("reference") for e in found["entry"]
    }
    assert named == {"Patient?identifier=urn:garde:authority:CLINIC|100", None}


def test_each_is_created_once_and_a_correction_updates_it() -> None:
    (created,) = only("Observation", fact(ITEMS[4]))
    assert created["request"] == {
        "method": "POST", "url": "Observation", "ifNoneExist": "identifier=urn:garde:CHU%20Li%C3%A8ge:item|I3",
    }  # fmt: skip
    (corrected,) = only("Observation", fact(ITEMS[4], Action.UPDATE))
    assert corrected["request"] == {
        "method": "PUT", "url": "Observation?identifier=urn:garde:CHU%20Li%C3%A8ge:item|I3",
    }  # fmt: skip
    assert [each["resource"]["status"] for each in (created, corrected)] == ["final", "corrected"]
    assert created["fullUrl"] == only("Observation", fact(ITEMS[4]))[0]["fullUrl"]


def test_a_merge_points_to_the_number_that_stays() -> None:
    (found,) = only("Patient", merges=(Merge("m1", "D1-000017-X"),))
    assert found["resource"]["link"] == [
        {"other": {"reference": "Patient?identifier=urn:garde:authority:CLINIC|100"}, "type": "replaced-by"}
    ]
    assert found["request"]["url"] == "Patient?identifier=urn:garde:authority:CLINIC|D1-000017-X"
    assert found["resource"]["active"] is False


def test_our_own_reader_finds_the_same() -> None:
    statements = told(*map(fact, ITEMS))
    (given, refused) = [each for each in statements if isinstance(each, GivenStated)]
    assert (given.what.text, given.at, given.amount, given.unit, given.by, given.status) == (
        "Actrapid", at(300), "8", "IU", "N. Maes", "CP",
    )  # fmt: skip
    assert refused.status == "NA"
    allergies = [each for each in statements if isinstance(each, AllergiesStated)]
    assert allergies[0].items[0].what.text == "Latex" and allergies[1].none_known
    results = {each.what.text: (each.value, each.unit) for each in statements if isinstance(each, ResultStated)}
    assert results["Potassium"] == ("5.9", "mmol/L") and results["Temperature"] == ("38,2 °C", "")


def test_what_is_struck_out_is_entered_in_error() -> None:
    found = bundle(*(fact(each, Action.DELETE) for each in ITEMS))["entry"]
    resources = [each["resource"] for each in found if each["resource"]["resourceType"] != "Provenance"]
    assert [each["status"] for each in resources if "status" in each] == ["entered-in-error"] * 6
    for each in resources[:2]:
        assert each["verificationStatus"]["coding"][0]["code"] == "entered-in-error" and "clinicalStatus" not in each


def test_who_wrote_keyed_and_checked_is_a_provenance() -> None:
    (found,) = only("Provenance", fact(ITEMS[2]))
    agents = [(each["type"]["coding"][0]["code"], each["who"]["display"]) for each in found["resource"]["agent"]]
    assert agents == [("enterer", "nina"), ("author", "N. Maes"), ("verifier", "omar")]
    assert found["resource"]["agent"][0]["onBehalfOf"] == {"display": "Dr Smet"}
    assert found["resource"]["entity"][0]["what"]["identifier"]["value"] == "K7Q2MX.3"
    assert found["request"]["url"] == f"Provenance/{found['resource']['id']}"
    (target,) = found["resource"]["target"]
    assert target["reference"] == only("MedicationAdministration", fact(ITEMS[2]))[0]["fullUrl"]


def test_a_page_is_put_in_and_words_from_outside_never_are_one() -> None:
    evil = Note(title='{"garde_picture": "ab12/9"}', text="x\x00\x1b\ud800y")
    documents = only("DocumentReference", fact(ITEMS[7]), fact(evil, picture=""))
    data = [each["resource"]["content"][0]["attachment"]["data"] for each in documents]
    assert base64.b64decode(data[0]) == b"JPEG of ab12/3"
    assert base64.b64decode(data[1]).startswith(b"x\x00\x1b")  # a text's own bytes, in base64
    assert json.dumps(bundle(fact(Result(what="a\x07b", value="c\x00"))), ensure_ascii=False).isprintable()


def test_only_codes_that_tell_their_system_are_codings() -> None:
    found = [only("MedicationAdministration", fact(Given(what="X", code=code)))[0] for code in ("A10AB01", "77")]
    concepts = [each["resource"]["medicationCodeableConcept"] for each in found]
    assert concepts == [
        {"coding": [{"system": "http://www.whocc.no/atc", "code": "A10AB01", "display": "X"}], "text": "X"},
        {"text": "X (77)"},
    ]
    (allergy,) = only("AllergyIntolerance", fact(AllergyFound(what="Latex")))
    assert "category" not in allergy["resource"] and "criticality" not in allergy["resource"]
