"""The way back to the outside: one test for each rule of `origin/way.py`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from forensic_house import ESTATE

from garde.estate.look import Lookup
from garde.forensics.origin.way import (
    ANYTHING,
    CONTROLLER,
    DAY_S,
    FOOTHOLD,
    LIKELY,
    MUCH,
    POSSIBLE,
    RECEIVER,
    SEEN,
    SPREADER,
    Hop,
    Line,
    Scene,
    Spreader,
    Where,
    find_way,
    foothold_words,
    is_outside,
    join,
)

HARM = 1_700_000_000.0
LOOK = Lookup(ESTATE)
WS, OUT, WEB, THIEF = "10.0.1.1", "203.0.113.7", "203.0.113.80", "203.0.113.66"


def line(outside: str = OUT, **more: Any) -> Line:
    known: dict[str, Any] = {"inside": WS, "outside": outside, "port": 443, "inbound": False, "first": HARM - 900,
                             "last": HARM + 60, "came": 3_000, "went": 4_000, "entries": [7]}  # fmt: skip
    return Line(**(known | more))


def way(*lines: Line, **more: Any) -> list[Hop]:
    spreader = Spreader("ws", WS, HARM, 0.9, 3)
    scene = Scene(spreader, frozenset({WS}), lines, HARM, {OUT: Where("RU", "AS64500 Example", ("vpn",))}, LOOK)
    return find_way(replace(scene, **more))


def roles(hops: list[Hop]) -> list[tuple[str, str, str]]:
    return [(each.role, each.address, each.confidence) for each in hops]


def test_the_spreader_comes_first_with_containments_confidence() -> None:
    assert roles(way()) == [(SPREADER, WS, SEEN)]
    assert way()[0].machine == "ws"
    assert roles(way(spreader=Spreader("10.9.9.9", "10.9.9.9", HARM, 0.6, 3)))[0] == (SPREADER, "10.9.9.9", LIKELY)


@pytest.mark.parametrize(
    ("first", "last", "confidence"),
    [(-900, 60, SEEN), (-900, -10, LIKELY), (30, 90, LIKELY), (-9_000, -5_000, POSSIBLE)],
)
def test_a_connection_counts_by_when_it_was(first: float, last: float, confidence: str) -> None:
    assert roles(way(line(first=HARM + first, last=HARM + last)))[1:] == [(CONTROLLER, OUT, confidence)]


def test_a_possible_one_is_named_only_where_there_is_no_better_one() -> None:
    old = line(WEB, first=HARM - 9_000, last=HARM - 5_000)
    assert roles(way(old))[1:] == [(CONTROLLER, WEB, POSSIBLE)]
    assert roles(way(old, line()))[1:] == [(CONTROLLER, OUT, SEEN)]


def test_one_of_days_before_or_of_hours_later_counts_for_nothing() -> None:
    assert (
        way(line(last=HARM - DAY_S - 1, first=HARM - 2 * DAY_S), line(first=HARM + 3_600, last=HARM + 4_000))[1:] == []
    )


def test_who_leads_is_told_from_pages_that_people_look_at() -> None:
    pages = line(WEB, came=9_000_000, went=40_000)
    assert roles(way(pages, line()))[1:] == [(CONTROLLER, OUT, SEEN)]
    assert roles(way(pages))[1:] == []


def test_who_opened_a_connection_from_outside_controls_it() -> None:
    found = way(line(port=3389, inbound=True, came=50_000_000, went=50), line(WEB))
    assert roles(found)[1:] == [(CONTROLLER, OUT, SEEN), (CONTROLLER, WEB, SEEN)]


def test_much_going_out_is_a_receiver_and_need_not_be_who_leads() -> None:
    found = way(line(THIEF, came=20_000, went=30 * MUCH, last=HARM - 60), line(), line("203.0.113.53", port=53))
    assert roles(found)[1:] == [(CONTROLLER, OUT, SEEN), (RECEIVER, THIEF, LIKELY)]


def test_a_machine_inside_that_opened_a_remote_session_is_a_foothold_and_its_ways_out_are_followed() -> None:
    session = line("10.0.1.2", port=3389, inbound=True)
    found = way(session, line("10.0.0.4", port=445), line(OUT, inside="10.0.1.2"), line(WEB, inside="10.0.0.3"))
    assert roles(found)[1:] == [(FOOTHOLD, "10.0.1.2", SEEN), (CONTROLLER, OUT, SEEN)]
    assert found[1].machine == "ws2"


def test_one_with_whom_everybody_talks_is_possible_at_most() -> None:
    others = [line(OUT, inside=f"10.0.0.{number}") for number in (3, 4, 254)]
    assert roles(way(line(), *others))[1:] == [(CONTROLLER, OUT, POSSIBLE)]


def test_what_an_address_may_be_is_said_with_it() -> None:
    (known,) = way(line())[1:]
    assert (known.where.country, known.where.may_be) == ("RU", ("vpn",))
    (unknown,) = way(line(WEB))[1:]
    assert (unknown.where.country, unknown.where.may_be) == ("", ANYTHING)


def test_outside_is_what_neither_the_estate_nor_this_network_knows() -> None:
    assert [is_outside(each, LOOK) for each in (OUT, "10.0.1.1", "127.0.0.1", "fe80::1", "nobody", "8.8.8.8")] == [
        True, False, False, False, False, True,
    ]  # fmt: skip


def test_several_records_of_one_line_are_one() -> None:
    (one,) = join([line(first=HARM - 900, last=HARM - 800, came=5), line(entries=[9])])
    assert (one.first, one.last, one.came, one.entries) == (HARM - 900, HARM + 60, 3_000, [7, 9])


def test_how_it_may_have_begun_is_said_in_closed_words() -> None:
    spreader = Spreader("ws", WS, HARM, 0.9, 3)
    scene = Scene(spreader, frozenset({WS}), (line(inbound=True, port=22),), HARM, {}, LOOK)
    assert foothold_words(scene, find_way(scene)) == ("reached_from_outside", "led_from_outside")
    assert foothold_words(replace(scene, lines=()), []) == ("unknown",)
    served = replace(ESTATE, machines=tuple(replace(each, supplier="Acme") for each in ESTATE.machines))
    assert foothold_words(replace(scene, lines=(), look=Lookup(served)), []) == ("supplier_access",)
