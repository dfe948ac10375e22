"""Whose an order is: said by the feed, or said to be unknown; never nowhere."""

from __future__ import annotations

import pytest
from feed_words import adt, message, pid
from pack_words import basis_of

from garde.downtime.packs.services import service_sections


def order(kind: str, what: str, section: str = "", sender: str = "LIS") -> bytes:
    obr = f"OBR|1|N1||{what}" + "|" * 20 + section
    return message(kind, 5, pid(), "PV1|1|I|MED^01^1||||||||||||||||V1", "ORC|NW|N1", obr, control="o", sender=sender)


def stands_in(told: bytes, **more: object) -> dict[str, str]:
    """Return the title of the list in which the order stands, for each service."""
    basis = basis_of(adt("A01", 0), told, **more)
    found = {}
    for service in ("laboratory", "radiology", "theatre"):
        for section in service_sections(basis, service):
            if section["kind"] == "list" and any("N1" in row for group in section["groups"] for row in group["rows"]):
                found[service] = section["title"]
    return found


@pytest.mark.parametrize(
    ("told", "service"),
    [
        (order("OML^O21", "718-7^Hb"), "laboratory"),
        (order("ORM^O01", "718-7^Hb", "HM"), "laboratory"),
        (order("ORM^O01", "X1^Thorax", "CT"), "radiology"),
        (order("ORM^O01", "X1^Radio thorax", "RAD"), "radiology"),
        (order("ORM^O01", "C1^Cholecystectomy", "SUR"), "theatre"),
    ],
)
def test_what_the_feed_says(told: bytes, service: str) -> None:
    assert stands_in(told) == {service: "Requests still open, all wards"}


def test_what_it_does_not_say_stands_everywhere_and_says_so() -> None:
    found = stands_in(order("ORM^O01", "Z9^Something"))
    assert set(found) == {"laboratory", "radiology", "theatre"}
    assert all("not said which" in title for title in found.values())


def test_a_sender_that_the_hospital_has_named_decides() -> None:
    told = order("ORM^O01", "Z9^Something", sender="LIS")
    assert set(stands_in(told, services={"laboratory": ("LIS/CLINIC",)})) == {"laboratory"}


def test_a_cancelled_appointment_stays_in_the_list_and_says_so() -> None:
    def siu(event: str, minutes: float) -> bytes:
        sch = "SCH|R1|R1|||||C^Consultation||||^^20^20260302150000"
        return message(f"SIU^{event}", minutes, sch, pid("900", "Zidane"), control=event)

    basis = basis_of(siu("S12", 1), siu("S12", 2).replace(b"R1|R1", b"R2|R2"), siu("S15", 3))
    today = service_sections(basis, "outpatients")[0]
    rows = today["groups"][0]["rows"]
    assert len(rows) == 2 and sum("CANCELLED" in row[5] for row in rows) == 1
    assert all(row[1] == "ZIDANE Marie" and row[4] == "no phone recorded" for row in rows)
