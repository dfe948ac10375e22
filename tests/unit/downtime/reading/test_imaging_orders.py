"""Who carries an order out is read where a message says it: OBR-24, an imaging order's own segment, FHIR's category."""

from __future__ import annotations

import json

from feed_words import at, message, pid

from garde.downtime.nouns import OrderStated, Read
from garde.downtime.reading.fhir import read_fhir
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.read import read_hl7


def orders(read: Read) -> list[OrderStated]:
    return [each for told in read.told for each in told.statements if isinstance(each, OrderStated)]


def hl7(kind: str, *segments: str) -> list[OrderStated]:
    return orders(read_hl7(message(kind, 0, pid(), *segments), 1, at(10), "d", Manner()))


def test_the_section_of_an_order_is_read() -> None:
    obr = "OBR|1|R7||71020^Thorax^L" + "|" * 20 + "rad"
    assert [each.section for each in hl7("ORM^O01", "ORC|NW|R7", obr)] == ["RAD"]


def test_an_imaging_order_of_its_own_kind_is_read_with_its_modality() -> None:
    (found,) = hl7("OMI^O23", "ORC|NW|R8", "OBR|1|R8||CTTH^CT thorax^L" + "|" * 20 + "RAD", "IPC|A1|P1|1.2.3|S1|CT")
    assert (found.number, found.section, found.what.shown) == ("R8", "CT", "CT thorax")


def test_an_order_that_names_no_section_has_none() -> None:
    assert [each.section for each in hl7("ORM^O01", "ORC|NW|R9", "OBR|1|R9||2823-3^Potassium^LN")] == [""]


def test_a_request_of_fhir_has_its_category_and_who_asked() -> None:
    resource = {
        "resourceType": "ServiceRequest", "id": "s1", "status": "active", "subject": {"reference": "Patient/1"},
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "363679005", "display": "Imaging"}]}],
        "code": {"text": "CT abdomen"}, "requester": {"display": "Dr Ney"},
    }  # fmt: skip
    (found,) = orders(read_fhir(json.dumps(resource).encode(), 1, at(10), "d", Manner()))
    assert (found.section, found.by) == ("363679005", "Dr Ney")
