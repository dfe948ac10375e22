"""Who spreads and who receives: one test for each rule of `spread.py`."""

from __future__ import annotations

import pytest
from contain_house import START, STRANGER, WS1, WS2, WS3, House, client, process

from garde.contain import spread
from garde.contain.memory import HOUR
from garde.contain.spread import Party, Picture
from garde.journal import hub_kinds as h
from garde.journal import kinds as k


def picture(house: House) -> Picture:
    return spread.picture(house.incident())


def party(house: House, name: str) -> Party:
    (found,) = [each for each in picture(house).parties if each.name == name]
    return found


def test_1_harm_that_proved_sound_is_left_out(house: House) -> None:
    house.verdict("files-1", client(WS1), id="v1")
    house.after(1).verdict("files-2", client(WS2), id="v2")
    house.agent("files-1", k.HoldReleased("h", "v1", "agent", "sound", cleared=True))
    found = picture(house)
    assert (found.spreader, found.first_server, found.files) == ("ws-2", "files-2", 4)
    assert house.of(h.SpreadFound)[-1].spreader == "ws-2"


def test_2_who_was_only_written_to_receives(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.verdict("files-2", client(WS1))
    found = picture(house)
    assert [each.name for each in found.parties] == ["ws-1"]
    assert found.servers == ("files-1", "files-2")


def test_2_the_hops_are_in_order_of_time(house: House) -> None:
    house.after(20).verdict("files-2", client(WS1))
    house.verdict("files-1", client(WS1), at=START + 5)  # its report came late
    house.verdict("files-3", client(WS1), at=START + 10)
    said = house.of(h.SpreadFound)[-1]
    assert [each.server for each in said.hops] == ["files-1", "files-3", "files-2"]
    assert (said.first_server, said.first_at) == ("files-1", pytest.approx(START + 4.9))


def test_3_who_was_hit_before_it_did_harm_passed_it_on(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.after(30).verdict("files-2", client("10.0.1.1"))
    house.verdict("files-3", client("10.0.1.1"))
    found = picture(house)
    assert found.spreader == "ws-1"
    assert party(house, "files-1").passed_on and not party(house, "ws-1").passed_on
    assert "hit before" in house.of(h.SpreadFound)[-1].suspects[1].why


def test_3_who_did_harm_before_it_was_hit_did_not(house: House) -> None:
    house.verdict("files-2", client("10.0.1.1"))
    house.after(30).verdict("files-1", client(WS1))
    assert not party(house, "files-1").passed_on


def test_4_the_spreader_hit_most_servers(house: House) -> None:
    house.verdict("files-1", client(WS2), files=1)
    house.after(1).verdict("files-2", client(WS1))
    assert picture(house).spreader == "ws-1"  # of equals the one that damaged most
    house.verdict("files-3", client(WS2), files=1)
    assert picture(house).spreader == "ws-2"


def test_4_of_equals_the_first(house: House) -> None:
    house.verdict("files-1", client(WS2))
    house.after(1).verdict("files-1", client(WS1))
    assert picture(house).spreader == "ws-2"


def test_4_who_came_back_comes_behind(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"))
    house.after(2 * HOUR)
    for server in ("files-1", "files-2", "files-3"):
        house.verdict(server, client(STRANGER, "carla"), files=50)
    assert picture(house).spreader == "ws-1"
    assert "came back" in house.of(h.SpreadFound)[-1].suspects[1].why


def test_5_every_server_makes_it_surer(house: House) -> None:
    house.verdict("files-1", client(WS1))
    one = party(house, "ws-1").confidence
    house.verdict("files-2", client(WS1))
    assert (one, party(house, "ws-1").confidence) == (0.9, 0.99)


def test_5_on_the_server_itself_and_with_several_users_less_so(house: House) -> None:
    house.verdict("files-1", process(ssh=True))
    house.verdict("files-2", client(WS2, "a", "b"))
    assert party(house, "files-1").confidence == 0.6 and party(house, "files-1").login
    assert party(house, "ws-2").confidence == 0.72 and party(house, "ws-2").several_users
    why = {each.machine: each.why for each in house.of(h.SpreadFound)[-1].suspects}
    assert "remote login" in why["files-1"] and "several users" in why["ws-2"]


@pytest.mark.parametrize("kind", ["kernel", "unknown", "smb"])
def test_6_what_nobody_can_attribute_is_no_suspect(house: House, kind: str) -> None:
    house.verdict("files-1", k.ActorNote(kind))
    found = picture(house)
    assert (found.spreader, found.parties, found.unattributed) == ("", (), ("files-1",))
    said = house.one(h.SpreadFound)
    assert (said.spreader, said.first_server, said.hops[0].source) == ("", "files-1", "")


def test_a_process_of_the_server_itself_makes_the_server_the_suspect(house: House) -> None:
    house.verdict("files-1", process())
    said = house.one(h.SpreadFound)
    assert (said.spreader, said.hops[0].source) == ("files-1", "")
    assert (said.suspects[0].machine, said.suspects[0].address) == ("files-1", "")


def test_7_an_account_that_two_spreaders_used_is_shared(house: House) -> None:
    house.verdict("files-1", client(WS1, "CLINIC\\svc", "guest"))
    assert picture(house).shared == ()
    house.verdict("files-1", client(WS2, "svc", "guest"))
    assert picture(house).shared == ("CLINIC\\svc",)
    assert [each.value for each in house.of(h.SpreadFound)[-1].accounts] == [b"CLINIC\\svc"]


def test_8_severity(house: House) -> None:
    house.verdict("files-1", client(WS1))
    assert house.incident().severity == 1
    house.verdict("files-2", client(WS1))
    assert house.incident().severity == 2
    house.verdict("files-2", client(WS3))
    assert house.incident().severity == 3
    assert [each.severity for each in house.of(h.IncidentRaised)] == [2, 3]


def test_8_an_agent_silenced_is_the_gravest(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.hub(h.AgentSilent("files-3", house.now))
    assert house.incident().severity == 1  # it has no part in it
    house.hub(h.AgentSilent("files-1", house.now))
    assert house.incident().severity == 3
    assert house.of(h.IncidentRaised)[-1].reason == "the agent of files-1 fell silent while it was part of it"


def test_8_an_agent_silent_since_yesterday_is_not_silenced(house: House) -> None:
    house.hub(h.AgentSilent("files-1", house.now - 86_400))
    house.after(60).verdict("files-1", client(WS1))  # what its outbox still held
    assert house.incident().severity == 1


def test_an_address_that_the_estate_does_not_know_stands_for_itself(house: House) -> None:
    house.verdict("files-1", client(STRANGER))
    said = house.one(h.SpreadFound)
    assert (said.spreader, said.suspects[0].machine, said.suspects[0].address) == (STRANGER, "", STRANGER)
