"""The simulator: seeded, whole, and with everything in its traffic that a census can trip over."""

from __future__ import annotations

import itertools
from collections import Counter

from garde.downtime.hl7.message import parse
from garde.lab.ward_traffic.hospital import Hospital

BEGINS = 1_772_400_000.0


def _kinds(seed: int, count: int) -> Counter[str]:
    return Counter(parse(sent.data).kind for sent in itertools.islice(Hospital(seed, BEGINS).messages(), count))


def test_the_same_seed_is_the_same_hospital() -> None:
    one, two, other = (list(itertools.islice(Hospital(seed, BEGINS).messages(), 300)) for seed in (1, 1, 2))
    assert one == two
    assert one != other


def test_its_time_never_goes_back_and_its_messages_have_no_doubts() -> None:
    sent = list(itertools.islice(Hospital(1, BEGINS).messages(), 1500))
    assert [each.at for each in sent] == sorted(each.at for each in sent)
    assert {parse(each.data).doubts for each in sent} == {()}
    assert len({(parse(each.data).sender, parse(each.data).control) for each in sent}) == 1500


def test_it_has_160_beds_and_never_two_in_one() -> None:
    hospital = Hospital(1, BEGINS)
    for _ in itertools.islice(hospital.messages(), 1500):
        taken = [mrn for mrn in hospital.truth()["beds"].values() if mrn]
        assert len(taken) == len(set(taken)) == len(hospital.stays)
    assert len(hospital.truth()["beds"]) == 160


def test_everything_happens_in_it() -> None:
    events = {f"ADT^A{number:02d}" for number in (1, 2, 3, 4, 6, 8, 11, 12, 13, 40)}
    assert events | {"ORM^O01", "ORU^R01", "RDE^O11", "RAS^O17", "SIU^S12", "SIU^S15"} == set(_kinds(1, 4000))


def test_a_ward_on_paper_writes_to_the_minute_and_the_books_say_the_same() -> None:
    hospital = Hospital(1, BEGINS)
    hospital.paper = frozenset(("SI",))
    given = [each.given for each in itertools.islice(hospital.messages(), 3000) if each.given]
    on_paper = [each for each in given if each.on_paper]
    assert on_paper and {each.ward for each in on_paper} == {"SI"}
    assert all(each.at % 60 == 0 for each in on_paper) and not all(each.at % 60 == 0 for each in given)
    last = {each.order: each.at for each in given if not each.refused}
    books = hospital.truth()["patients"].values()
    assert all(last[order] // 1 == at for found in books for order, at in found["last_given"].items())


def test_whoever_is_wanted_comes_next_and_somebody_goes_where_no_bed_is_free() -> None:
    hospital = Hospital(1, BEGINS)
    course = hospital.messages()
    for _ in itertools.islice(course, 1500):
        pass
    hospital.wanted += ["SI", "SI", "MAT"]
    for _ in itertools.islice(course, 12):
        pass
    assert [bed[0] for _, bed in hospital.came] == ["SI", "SI", "MAT"]
    taken = [mrn for mrn in hospital.truth()["beds"].values() if mrn]
    assert {stay.mrn for stay, _ in hospital.came} <= set(taken) and len(taken) == len(set(taken))
