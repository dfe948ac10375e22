"""One test per rule of `garde.downtime.census.visit`, by whole messages."""

from __future__ import annotations

from feed_words import adt, beds, census_of, only, pid, pv1

from garde.downtime.census.view import Flag, census_view
from garde.downtime.nouns import Care

HOME = pv1("MED^01^1")
AWAY = pv1("CHIR^02^2", before="MED^01^1")


def test_rule_1_a_discharge_stays_until_it_is_cancelled() -> None:
    gone = [adt("A01", 0), adt("A03", 60), adt("A08", 70), adt("A02", 80, where=AWAY)]
    assert beds(census_of(*gone)) == {}
    assert beds(census_of(*gone, adt("A13", 90))) == {"MED/01/1": ["100"]}
    unnumbered = pv1("MED^01^1", visit="")
    again = [adt("A01", 0, where=unnumbered), adt("A03", 60, where=unnumbered), adt("A01", 120, where=unnumbered)]
    assert beds(census_of(*again)) == {"MED/01/1": ["100"]}
    assert beds(census_of(*again[:2])) == {}


def test_rule_2_a_cancelled_admission_is_undone_by_a_later_admission_only() -> None:
    cancelled = [adt("A01", 0), adt("A11", 5), adt("A08", 6)]
    assert beds(census_of(*cancelled)) == {}
    assert beds(census_of(*cancelled, adt("A01", 10))) == {"MED/01/1": ["100"]}


def test_rule_3_who_was_there_before_the_feed_began_is_there() -> None:
    row = only(census_of(adt("A08", 0)))
    assert Flag.UNHEARD in row.flags
    assert beds(census_of(adt("A02", 0, where=AWAY))) == {"CHIR/02/2": ["100"]}
    left = HOME + "|" * 26 + "20260301120000"
    assert left.split("|")[45] == "20260301120000"
    assert beds(census_of(adt("A08", 0, where=left))) == {}


def test_rule_4_a_cancelled_transfer_puts_back() -> None:
    moved = [adt("A01", 0), adt("A02", 10, where=AWAY)]
    assert beds(census_of(*moved)) == {"CHIR/02/2": ["100"]}
    assert beds(census_of(*moved, adt("A12", 20, where=pv1("")))) == {"MED/01/1": ["100"]}
    assert beds(census_of(*moved, adt("A12", 20, where=pv1("GERI^09^1")))) == {"GERI/09/1": ["100"]}


def test_rule_5_a_message_without_a_place_moves_nobody() -> None:
    assert beds(census_of(adt("A01", 0), adt("A02", 10, where=pv1("")))) == {"MED/01/1": ["100"]}


def test_rule_6_the_bed_is_kept_until_the_arrival_says_where() -> None:
    on_the_way = [adt("A01", 0), adt("A09", 10, where=pv1("RX^^"))]
    row = only(census_of(*on_the_way))
    assert (row.place.ward, Flag.MOVING in row.flags) == ("MED", True)
    row = only(census_of(*on_the_way, adt("A10", 20, where=pv1("SI^01^1"))))
    assert (row.place.ward, Flag.MOVING in row.flags) == ("SI", False)


def test_rule_7_what_is_left_empty_is_not_taken_away() -> None:
    with_doctor = "PV1|1|I|MED^01^1||||D1^Lemaire^Sophie||||||||||||V1"
    row = only(census_of(adt("A01", 0, where=with_doctor), adt("A08", 10)))
    assert row.visit.doctor == "Sophie Lemaire"


def test_to_inpatient_and_to_outpatient() -> None:
    came = [adt("A04", 0, where=pv1("URG", care="E")), adt("A06", 10)]
    assert only(census_of(*came)).visit.care is Care.INPATIENT
    view = census_view(census_of(*came, adt("A07", 20, where=pv1("CONS", care="O"))))
    assert (len(view.rows), len(view.outpatients)) == (0, 1)


def test_somebody_expected_is_not_here_yet() -> None:
    waiting = adt("A05", 0, where=pv1("MED^01^1", care="P"))
    view = census_view(census_of(waiting))
    assert (len(view.rows), len(view.expected)) == (0, 1)
    assert len(census_view(census_of(waiting, adt("A38", 5))).expected) == 0
    assert len(census_view(census_of(waiting, adt("A01", 5))).rows) == 1


def test_two_visits_of_one_patient_without_a_discharge_are_both_shown() -> None:
    view = census_view(census_of(adt("A01", 0), adt("A01", 60, where=pv1("SI^01^1", visit="V2"))))
    assert [row.place.ward for row in view.rows] == ["MED", "SI"]
    assert all(Flag.TWO_BEDS in row.flags for row in view.rows)


def test_a17_swaps_two_patients() -> None:
    from feed_words import message

    swap = message("ADT^A17", 30, "EVN|A17", pid("100"), pv1("B^1^1", "V1"), pid("200", "Maes"), pv1("A^1^1", "V2"))
    start = [adt("A01", 0, where=pv1("A^1^1")), adt("A01", 1, who=pid("200", "Maes"), where=pv1("B^1^1", "V2"))]
    assert beds(census_of(*start, swap)) == {"A/1/1": ["200"], "B/1/1": ["100"]}
