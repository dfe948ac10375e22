"""When the origin is said: one test for each rule of `origin/rules.py`."""

from __future__ import annotations

from forensic_house import START, House

from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal.text import Text

OUT = "203.0.113.7"


def path(house: House, outside: str = OUT, machine: str = "gw", command: str = "", **more: object) -> None:
    known: dict[str, object] = {"inside": "10.0.1.1", "outside": outside, "port": 443, "inbound": False,
                                "first": START - 600, "last": START + 60, "bytes_in": 90, "bytes_out": 80}  # fmt: skip
    house.agent(machine, f.PathSeen(command, "conntrack", **(known | more)))  # type: ignore[arg-type]


def attacked() -> House:
    house = House()
    house.attack()
    house.spread("10.0.1.1")
    return house


def found(house: House) -> list[f.OriginFound]:
    return house.of(f.OriginFound)


def places(house: House) -> list[f.PlacesAsked]:
    return house.of(f.PlacesAsked)


def answer(house: House, country: str = "UA") -> None:
    asked = places(house)[-1]
    known = tuple(f.PlaceFound(each, country, "AS64500", ("hosting",), "own", "2026-03-01") for each in asked.addresses)
    house.hub(f.PlacesFound(asked.command, asked.incident, known, ("own",)))


def test_the_spreader_is_said_as_soon_as_it_is_known() -> None:
    (one,) = found(attacked())
    assert [(each.role, each.machine) for each in one.hops] == [("spreader", "ws")]
    assert one.foothold == ("unknown",)


def test_addresses_outside_are_looked_up_once_and_then_said_with_their_country() -> None:
    house = attacked()
    path(house)
    path(house, first=START - 300)
    assert [each.addresses for each in places(house)] == [(OUT,)]
    assert len(found(house)) == 1
    answer(house)
    last = found(house)[-1]
    assert [(each.role, each.country, each.may_be) for each in last.hops] == [
        ("spreader", "", ()), ("controller", "UA", ("hosting",)),
    ]  # fmt: skip
    assert [house.log[seq - 1].kind for seq in last.entries].count("path_seen") == 2
    house.restart()


def test_where_nothing_can_be_looked_up_it_is_said_without() -> None:
    house = attacked()
    path(house)
    house.hub(h.CommandFailed(places(house)[-1].command, "no file"))
    assert [(each.role, each.country) for each in found(house)[-1].hops][1:] == [("controller", "")]
    assert len(places(house)) == 1


def test_the_same_way_is_not_said_twice() -> None:
    house = attacked()
    path(house)
    answer(house)
    before = len(found(house))
    path(house, first=START - 100)
    house.spread("10.0.1.1")
    assert len(found(house)) == before
    path(house, "203.0.113.9")
    answer(house)
    assert len(found(house)) == before + 1


def test_while_an_agent_looks_what_it_tells_is_waited_for() -> None:
    house = House()
    house.sees("gw")
    house.attack()
    house.spread("10.0.1.1")
    path(house)
    assert places(house) == []
    house.looked()
    assert len(places(house)) == 1


def test_the_account_that_was_used_is_named() -> None:
    house = House()
    house.attack()
    suspect = h.Suspect("ws", "10.0.1.1", (Text("m.dupont"),), 0.9, "it wrote")
    house.hub(h.SpreadFound("i1", "ws", "files", START, (h.Hop("ws", "files", START, 4),), (suspect,), (), 4))
    assert found(house)[-1].user == Text("m.dupont")


def test_a_remote_session_between_two_machines_is_read_from_either_end() -> None:
    for one, other, inbound in (("10.0.1.2", "10.0.1.1", False), ("10.0.1.1", "10.0.1.2", True)):
        house = attacked()
        path(house, other, inside=one, inbound=inbound, port=3389)
        assert [(each.role, each.machine) for each in found(house)[-1].hops] == [
            ("spreader", "ws"),
            ("foothold", "ws2"),
        ]


def test_without_a_spreader_and_in_a_closed_incident_nothing_is_said() -> None:
    house = House()
    house.attack()
    path(house)
    assert found(house) == []
    house.hub(h.IncidentClosed("i1", "anna"))
    house.spread("10.0.1.1")
    assert (found(house), places(house)) == ([], [])
