"""Looking things up."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from estate_samples import good

from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Machine, Person, Segment


@pytest.fixture
def look() -> Lookup:
    return Lookup(good())


def test_a_machine_by_id_or_by_any_spelling_of_any_address(look: Lookup) -> None:
    for name in ("db", "10.0.0.10", "::ffff:10.0.0.10", "fd00::10", "FD00:0::10", "fd00::10%eth0", "[fd00::10]"):
        found = look.machine(name)
        assert found is not None, name
        assert found.id == "db"
    assert look.machine("10.0.0.99") is None
    assert look.machine("nobody") is None
    assert look.at("db") is None
    assert look.id_of("10.0.1.1") == "gw"
    assert look.id_of("192.0.2.1") == "192.0.2.1"
    assert look.addresses_of("db") == ("10.0.0.10", "fd00::10")
    assert look.addresses_of("fd00::10") == ("10.0.0.10", "fd00::10")
    assert look.addresses_of("::ffff:192.0.2.1") == ("192.0.2.1",)
    assert look.addresses_of("nobody") == ()


def test_a_machine_by_mac(look: Lookup) -> None:
    for text in ("02:00:00:00:00:10", "02-00-00-00-00-10", "0200.0000.0010"):
        found = look.by_mac(text)
        assert found is not None
        assert found.id == "db"
    assert look.by_mac("02:00:00:00:00:11") is None


def test_agents_servers_and_hubs(look: Lookup) -> None:
    assert [each.id for each in look.agents] == ["gw", "db", "app", "files"]
    assert [each.id for each in look.servers] == [
        "db",
        "app",
        "files",
    ]  # a gateway serves no client; spare has no agent
    assert look.hub_addresses == ("10.0.0.2",)
    assert list(look.gateways) == ["gw"]


def test_the_segment_of_a_machine_or_address_is_the_narrowest(look: Lookup) -> None:
    def segment(name: str) -> str:
        found = look.segment_of(name)
        return found.id if found else ""

    assert [segment(name) for name in ("ws", "files", "10.0.1.99", "fd00::77")] == [
        "office",
        "servers",
        "office",
        "servers",
    ]
    assert segment("192.0.2.1") == segment("nobody") == ""
    wide = dataclasses.replace(look.estate, segments=(Segment("all", "All", ("10.0.0.0/8",)), *look.estate.segments))
    found = Lookup(wide).segment_of("10.0.1.99")
    assert found is not None
    assert found.id == "office"


def test_switch_ports_and_what_hangs_behind_them(look: Lookup) -> None:
    port = look.switch_port("ws")
    assert port is not None
    assert (port.switch.id, port.port, port.behind) == ("sw2", "p2", ("ws",))
    lower = look.switch_port("sw2")
    assert lower is not None
    assert lower.behind == ("sw2", "app", "ws")
    assert look.behind("sw") == ("sw", "hub", "sw2", "db", "app", "ws")
    assert look.switch_port("files") is None
    assert look.switch_port("nobody") is None


def test_two_machines_on_one_port_lose_it_together() -> None:
    sw = Machine("sw", "", "switch", ())
    two = (Machine("a", "", "server", (), switch="sw", port="1"), Machine("b", "", "hub", (), switch="sw", port="1"))
    port = Lookup(Estate("x", machines=(sw, *two))).switch_port("a")
    assert port is not None
    assert port.behind == ("a", "b")


def test_switches_in_a_circle_do_not_hang_the_question() -> None:
    one, two = Machine("1", "", "switch", (), switch="2"), Machine("2", "", "switch", (), switch="1")
    assert set(Lookup(Estate("x", machines=(one, two))).behind("1")) == {"1", "2"}


@pytest.mark.parametrize(
    ("user", "person"),
    [
        ("aa", "ann"),
        ("AA", "ann"),
        ("HOSPITAL\\aa", "ann"),
        ("aa@hospital.example", "ann"),
        ("ann@home.example", "ann"),
        ("ann", "ann"),
        ("bob", "bob"),
        ("nobody", None),
        ("", None),
        ("\\", None),
    ],
)
def test_a_person_by_login(look: Lookup, user: str, person: str | None) -> None:
    found = look.person(user)
    assert (found.id if found else None) == person


def test_a_whole_login_goes_before_the_first_part_of_a_mail_address() -> None:
    first, second = Person("a", "A", mail="info@a.example"), Person("b", "B", logins=("info",))
    assert Lookup(Estate("x", people=(first, second))).person("info") == second


def test_the_never_cut_list_by_machine_address_and_network(look: Lookup) -> None:
    for address in ("10.0.1.30", "10.0.1.64", "10.0.1.127", "10.0.1.0/24"):
        assert look.never(address) is not None, address
    for address in ("10.0.1.63", "10.0.1.128", "no address"):
        assert look.never(address) is None, address
    line = look.never_machine("pump")
    assert line is not None
    assert line.why == "it pumps"
    assert look.never_machine("ws") is None


def test_wards_of_a_service(look: Lookup) -> None:
    assert [each.id for each in look.wards_of("documents")] == ["icu"]
    assert [each.id for each in look.wards_of("record")] == ["icu", "medicine"]  # none named: the whole house
    assert look.wards_of("nothing") == ()
    assert [each.id for each in look.services_of("db")] == ["index"]


def test_words(look: Lookup) -> None:
    assert look.label("db") == "Database"
    assert look.label("10.0.0.10") == "Database"
    assert look.label("record", "fr") == "Dossier"
    assert look.label("record", "nl") == look.label("record") == "Record"
    assert look.label("icu", "fr", "wards") == "Soins intensifs"
    assert look.label("db", "fr", "wards") == "db"
    assert look.label("192.0.2.1") == "192.0.2.1"
    assert look.say({}) == ""
    assert look.say({"nl": "Dossier"}, "fr") == "Dossier"


def test_of_two_that_claim_one_thing_the_first_counts() -> None:
    one, two = Machine("a", "1", "server", ("10.0.0.1",)), Machine("a", "2", "server", ("10.0.0.1",))
    look = Lookup(Estate("x", machines=(one, two)))
    assert look.machine("a") == look.at("10.0.0.1") == one


@pytest.mark.parametrize(
    "ask",
    [
        lambda look: look.segment_of("x"),
        lambda look: look.never("x"),
        lambda look: look.behind("a"),
        lambda look: look.addresses_of("a"),
    ],
)
def test_an_estate_full_of_nonsense_is_looked_up_all_the_same(ask: Callable[[Lookup], Any]) -> None:
    estate = Estate(
        "x", machines=(Machine("a", "", "", ("nonsense",), switch="a"),), segments=(Segment("s", "", ("?",)),)
    )
    ask(Lookup(estate))
