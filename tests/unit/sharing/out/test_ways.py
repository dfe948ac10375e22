"""By which channels a neighbour can be told now: the rules of `sharing/out/ways.py`, one test each."""

from __future__ import annotations

import pytest
from sharing_house import House

from garde.estate.nouns import Neighbour
from garde.journal import hub_kinds as h
from garde.journal import oncall_kinds as o
from garde.sharing.out.ways import address_for, ways_to

NORD = Neighbour("nord", "Nord", "+32 4 000 09 01")
SUD = Neighbour("sud", "Sud", "oncall@sud.example")


def test_who_is_reached_by_what_he_has(house: House) -> None:
    """Rule 1."""
    out = house.state.out
    assert ways_to(out, NORD) == ("modem",)
    assert ways_to(out, SUD) == ("mail",)
    assert ways_to(out, Neighbour("x", "X", "ask for Sister Ann")) == ()


@pytest.mark.parametrize(
    ("contact", "found"),
    [("+32 4/000.09 (01)", "+3240000901"), ("112", "112"), ("call 112 now", ""), ("", ""), ("++", "")],
)
def test_a_telephone_is_dialled_as_it_is_written_by_people(house: House, contact: str, found: str) -> None:
    """Rule 1."""
    modem = house.state.out.ways["modem"]
    assert address_for(modem, Neighbour("x", "X", contact)) == found


def test_a_way_through_the_gateway_does_not_count_while_the_outside_is_cut(house: House) -> None:
    """Rule 2."""
    cut = h.CutProposed(
        "c9", "i1", "outside", "gw", (), (), ("gw",), 1, (), (), (), "", "one", ""
    )  # fmt: skip
    house.hub(cut, h.CutChanged("c9", "asked", 1, 0, 0))
    assert ways_to(house.state.out, SUD) == ()
    house.hub(h.CutChanged("c9", "undone", 1, 1, 0))
    assert ways_to(house.state.out, SUD) == ("mail",)


def test_silent_ones_do_not_count_and_living_ones_come_first(house: House) -> None:
    """Rules 3 and 4."""
    notes = tuple(o.ChannelNote(name, "modem", "person", "phone") for name in ("a", "b", "c"))
    house.hub(o.CallingSet("d" * 64, notes, o.CallRules()))
    assert ways_to(house.state.out, NORD) == ("a", "b", "c")
    house.hub(o.ChannelSilent("a", "no answer"), o.ChannelAlive("c"))
    assert ways_to(house.state.out, NORD) == ("c", "b")
    house.hub(o.CallingSet("e" * 64, notes, o.CallRules()))  # what is known of a channel's life stays
    assert ways_to(house.state.out, NORD) == ("c", "b")
