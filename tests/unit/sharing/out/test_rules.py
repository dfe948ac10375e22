"""What follows on the way out: the rules of `sharing/out/rules.py`, one test each."""

from __future__ import annotations

from sharing_house import DIGEST, House, family, note, origin

from garde.journal import hub_kinds as h
from garde.journal import oncall_kinds as o
from garde.journal import sharing_kinds as s
from garde.journal.text import Text
from garde.sharing.out.rules import SETTLE_S, UNCONFIRMED_S


def _asked(house: House) -> list[tuple[int, str]]:
    return [(each.version, each.tlp) for each in house.of(s.WarningAsked)]


def test_the_first_confirmed_hold_with_damage_has_a_warning_drawn_at_once(house: House) -> None:
    """Rule 1."""
    house.attacked()
    house.confirmed(damaged=0)
    assert _asked(house) == []
    house.confirmed()
    house.confirmed()
    assert _asked(house) == [(1, "amber")]
    assert house.last(s.WarningAsked).incident == "i1"


def test_what_nobody_confirms_is_drawn_after_a_while(house: House) -> None:
    """Rule 1."""
    house.attacked()
    house.pass_time(UNCONFIRMED_S - 1)
    assert _asked(house) == []
    house.pass_time(2)
    assert _asked(house) == [(1, "amber")]


def test_what_comes_together_is_one_further_version(house: House) -> None:
    """Rule 2."""
    house.attacked()
    house.confirmed()
    house.drawn()
    house.pass_time(UNCONFIRMED_S + 1)  # nothing new
    assert _asked(house) == [(1, "amber")]
    house.agent("srv-files-1", note())
    house.hub(family(), origin(("203.0.113.66", "", "controller")))
    assert len(_asked(house)) == 1
    house.pass_time(SETTLE_S)
    assert _asked(house) == [(1, "amber"), (2, "amber")]
    house.hub(family())
    house.pass_time(SETTLE_S * 2)
    assert len(_asked(house)) == 2
    house.hub(family("Daybreak"))
    house.pass_time(SETTLE_S)
    assert len(_asked(house)) == 2
    house.pass_time(SETTLE_S)
    assert len(_asked(house)) == 3


def test_ever_new_names_make_few_versions(house: House) -> None:
    """Rule 2."""
    house.attacked()
    house.confirmed()
    for number in range(120):  # ten minutes
        house.agent("srv-files-1", note(name=f"READ-{number}.txt"))
        house.pass_time(5)
    assert 4 <= len(_asked(house)) <= 8


def test_what_could_not_be_drawn_is_drawn_anew(house: House) -> None:
    """Rule 9."""
    house.attacked()
    house.confirmed()
    house.hub(h.CommandFailed(house.last(s.WarningAsked).command, "no room"))
    assert len(_asked(house)) == 1
    house.pass_time(SETTLE_S)
    assert _asked(house) == [(1, "amber"), (2, "amber")]
    house.drawn()
    house.pass_time(600)
    assert len(_asked(house)) == 2


def test_a_person_has_it_drawn_for_other_eyes(house: House) -> None:
    """Rule 3."""
    house.attacked()
    house.confirmed()
    house.hub(s.WarningWanted("i1", "green", "cleo"))
    house.hub(s.WarningWanted("i1", "ultraviolet", "cleo"))
    house.hub(s.WarningWanted("i9", "green", "cleo"))
    assert _asked(house) == [(1, "amber"), (2, "green")]
    house.hub(family())
    house.pass_time(SETTLE_S * 2)
    assert _asked(house)[-1] == (3, "green")


def test_a_joined_incident_has_no_warning_and_a_closed_one_no_further_one(house: House) -> None:
    """Rule 4."""
    house.attacked()
    house.attacked("i2", "v2")
    house.hub(h.IncidentJoined("i2", "i1", "same address"))
    house.confirmed("v2")
    assert [each.incident for each in house.of(s.WarningAsked)] == ["i1"]
    house.hub(h.IncidentClosed("i1", "anna", Text("over")))
    house.hub(family())
    house.pass_time(600)
    assert len(_asked(house)) == 1
    house.hub(s.WarningWanted("i1", "green", "cleo"))
    assert _asked(house)[-1] == (2, "green")


def test_nothing_is_sent_that_nobody_approved(house: House) -> None:
    """Rule 5."""
    house.attacked()
    house.confirmed()
    house.drawn()
    house.hub(s.WarningSendWanted("w-i1", 1, (), "", "cleo"), s.WarningSendWanted("w-i1", 7, (), "", "cleo"))
    assert house.of(s.WarningSendAsked) == []
    house.hub(s.WarningApproved("w-i1", 1, DIGEST, "cleo"), s.WarningWanted("i1", "green", "cleo"))
    house.hub(s.WarningSendWanted("w-i1", 2, (), "", "cleo"))  # the next one is not
    assert house.of(s.WarningSendAsked) == []


def test_it_goes_to_all_on_the_first_channel_that_works_for_each(house: House) -> None:
    """Rule 6."""
    house.approved()
    house.hub(s.WarningSendWanted("w-i1", 1, (), "", "cleo"))
    sent = {each.neighbour: each.channel for each in house.of(s.WarningSendAsked)}
    assert sent == {"nord": "modem", "sud": "mail", "est": ""}


def test_it_goes_where_and_how_a_person_says(house: House) -> None:
    """Rule 6."""
    house.approved()
    house.hub(s.WarningSendWanted("w-i1", 1, ("nord",), "mail", "cleo"))
    (sent,) = house.of(s.WarningSendAsked)
    assert (sent.neighbour, sent.channel, sent.only, sent.by) == ("nord", "mail", True, "cleo")


def test_a_sending_that_succeeded_tells_the_neighbour_not_yet_confirmed(house: House) -> None:
    """Rule 7."""
    house.approved()
    house.hub(s.WarningSendWanted("w-i1", 1, ("nord",), "", "cleo"))
    house.hub(h.CommandDone(house.last(s.WarningSendAsked).command, "in the outbox"))
    told = house.last(s.NeighbourTold)
    assert (told.neighbour, told.channel, told.by, told.confirmed, told.version) == ("nord", "modem", "cleo", False, 1)
    house.hub(h.CommandDone("f" * 32, "of somebody else"))
    assert len(house.of(s.NeighbourTold)) == 1


def test_a_sending_that_failed_goes_on_to_the_next_channel_unless_a_person_named_one(house: House) -> None:
    """Rule 8."""
    second = o.ChannelNote("modem-2", "modem", "person", "phone")
    house.hub(o.CallingSet("d" * 64, (o.ChannelNote("modem", "modem", "person", "phone"), second), o.CallRules()))
    house.approved()
    house.hub(s.WarningSendWanted("w-i1", 1, ("nord",), "", "cleo"))
    house.hub(h.CommandFailed(house.last(s.WarningSendAsked).command, "no signal"))
    assert [each.channel for each in house.of(s.WarningSendAsked)] == ["modem", "modem-2"]
    house.hub(o.PageLost(house.last(s.WarningSendAsked).command, "modem-2", "not fetched"))
    assert len(house.of(s.WarningSendAsked)) == 2
    house.hub(s.WarningSendWanted("w-i1", 1, ("nord",), "modem", "cleo"))
    house.hub(h.CommandFailed(house.last(s.WarningSendAsked).command, "no signal"))
    assert len(house.of(s.WarningSendAsked)) == 3
