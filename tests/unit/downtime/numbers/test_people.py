"""Who is shown beside the census: everybody under a downtime number, until the linked record shows all of them."""

from __future__ import annotations

from dataclasses import replace

from feed_words import adt, census_of, message, pid

from garde.downtime.census.state import Census
from garde.downtime.census.view import AllergyStatus, census_view
from garde.downtime.nouns import Place
from garde.downtime.numbers.newcomer import Newcomer
from garde.downtime.numbers.people import arrivals, everybody, rows_beside
from garde.downtime.numbers.state import Held, Standing, State

ONE = "D1-000001-N"
ALLERGIC = Newcomer(
    "Lambert", "Anne", "1950-03-04", "F", allergies=AllergyStatus.RECORDED, allergic_to="penicillin", bed="3"
)


def state(**words: object) -> State:
    held = Held(ONE, Standing.ISSUED, "MED", 10.0, "nina", ALLERGIC, 20.0)
    return State(held={ONE: replace(held, **words)})  # type: ignore[arg-type]


def record(ward: str = "MED", *more: str, number: str = "100") -> Census:
    return census_of(adt("A01", 1, *more, who=pid(number), where=f"PV1|1|I|{ward}^01^1||||||||||||||||V1"))


def test_an_arrival_has_all_that_a_row_needs_and_says_of_when_it_is() -> None:
    (found,) = arrivals(state())
    assert (found.number, found.person.family, found.person.birth) == (ONE, "Lambert", "1950-03-04")
    assert found.place == Place("MED", "", "3")
    assert (found.allergies, found.allergic_to) == (AllergyStatus.RECORDED, "penicillin")
    assert (found.arrived, found.told, found.by) == (10.0, 20.0, "nina")
    assert found.legible and not found.waiting and not found.record


def test_who_cannot_be_read_is_still_there_and_is_not_without_allergies() -> None:
    (found,) = arrivals(state(person=None))
    assert not found.legible and found.allergies is AllergyStatus.NOT_RECORDED


def test_who_left_is_no_row_and_void_is_nobody() -> None:
    gone = state(person=Newcomer("Lambert", left=30.0, whither="home"))
    assert arrivals(gone) == () and everybody(gone)[0].whither == "home"
    assert everybody(state(standing=Standing.VOID)) == ()


def test_a_linked_person_stays_a_row_until_the_record_shows_them_on_that_ward() -> None:
    linked = state(standing=Standing.LINKED, record="100", person=Newcomer("Lambert"))
    assert len(rows_beside(linked, census_view(census_of()))) == 1, "the record does not show them at all"
    assert len(rows_beside(linked, census_view(record("SURG")))) == 1, "the record has them elsewhere"
    assert len(rows_beside(linked, census_view(record(number="200")))) == 1, "somebody else lies there"
    assert rows_beside(linked, census_view(record())) == ()
    assert len(rows_beside(state(person=Newcomer("Lambert")), census_view(record()))) == 1, "nothing is linked"


def test_a_linked_person_stays_a_row_until_the_record_has_their_allergies() -> None:
    linked = state(standing=Standing.LINKED, record="100")
    assert len(rows_beside(linked, census_view(record()))) == 1
    assert len(rows_beside(linked, census_view(record("MED", "AL1|1|DA|LX^Latex")))) == 1
    assert rows_beside(linked, census_view(record("MED", "AL1|1|DA|PEN^Penicillin"))) == ()


def test_a_linked_number_is_followed_through_a_merge_of_the_record() -> None:
    linked = state(standing=Standing.LINKED, record="100", person=Newcomer("Lambert"))
    merged = census_of(
        adt("A01", 1, who=pid("200"), where="PV1|1|I|MED^01^1||||||||||||||||V1"),
        message("ADT^A40", 2, "EVN|A40", pid("200"), "MRG|100^^^^PI"),
    )
    assert rows_beside(linked, census_view(merged)) == ()
