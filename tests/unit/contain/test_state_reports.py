"""Into which incident a report goes: one test for each rule of `reports.py`."""

from __future__ import annotations

import msgspec
import pytest
from contain_house import (
    START,
    STRANGER,
    WS1,
    WS2,
    WS3,
    House,
    client,
    damage,
    process,
)

from garde.contain import reports
from garde.contain.memory import HOUR, State
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.text import Text


def why(house: House) -> str:
    return house.of(h.HarmJoined)[-1].why


def incidents(house: House) -> int:
    return len(house.of(h.IncidentOpened))


def test_the_first_report_opens_an_incident(house: House) -> None:
    house.verdict("files-1", client(WS1), files=3)
    opened, joined = house.one(h.IncidentOpened), house.one(h.HarmJoined)
    assert (opened.server, opened.severity) == ("files-1", 1)
    assert opened.first_harm == pytest.approx(START - 0.1)
    assert (joined.incident, joined.address, joined.why) == (opened.incident, WS1, "first")
    assert house.incident().traces["ws-1|files-1"].files == 3


def test_1_the_same_address_belongs_to_the_incident_hours_later(house: House) -> None:
    house.verdict("files-1", client(WS1), ending=b".a")
    house.after(5 * HOUR).verdict("files-2", client(WS1), ending=b".b")
    assert incidents(house) == 1 and why(house) == "same address"


def test_1_another_address_of_the_same_machine_is_that_machine(house: House) -> None:
    house.verdict("files-1", client(WS1), ending=b".a")
    house.after(5 * HOUR).verdict("files-2", client("fd00::1"), ending=b".b")
    assert why(house) == "same address"
    assert {each.source for each in house.incident().traces.values()} == {"ws-1"}


def test_1_a_mapped_address_is_the_plain_one(house: House) -> None:
    house.verdict("files-1", client(f"::ffff:{WS1}"))
    assert house.one(h.HarmJoined).address == WS1


def test_1_a_server_that_was_hit_and_does_harm_hours_later_belongs_to_it(house: House) -> None:
    house.verdict("files-1", client(WS1), ending=b".a")
    house.after(5 * HOUR).verdict("files-2", client("10.0.1.1"), ending=b".b")
    assert incidents(house) == 1 and why(house) == "same address"
    house.after(5 * HOUR).verdict("files-2", process("/usr/bin/python3"), ending=b".c")
    assert incidents(house) == 1


@pytest.mark.parametrize("again", ["carla", "CLINIC\\Carla", "carla@clinic.example"])
def test_2_the_same_account_joins_hours_later_from_elsewhere(house: House, again: str) -> None:
    house.verdict("files-1", client(WS1, "carla"), ending=b".a")
    house.after(5 * HOUR).verdict("files-2", client(STRANGER, again), ending=b".b")
    assert incidents(house) == 1 and why(house) == "same account"


def test_2_nobodys_account_joins_nothing(house: House) -> None:
    house.verdict("files-1", client(WS1, "nobody"), ending=b".a")
    house.after(5 * HOUR).verdict("files-2", client(WS2, "NOBODY"), ending=b".b")
    assert incidents(house) == 2


def test_2_names_learnt_with_the_hold_count(house: House) -> None:
    house.verdict("files-1", client(WS1), ending=b".a", id="v1")
    house.agent("files-1", k.ActorHeld("h1", "v1", "smb", client(WS1, "carla"), (1,), 9))
    house.after(5 * HOUR).verdict("files-2", client(WS2, "carla"), ending=b".b")
    assert why(house) == "same account"
    assert house.incident().traces["ws-1|files-1"].files == 9


def test_2_who_a_servers_own_process_runs_as_is_no_account(house: House) -> None:
    house.verdict("files-1", process("/usr/bin/python3"), ending=b".a")
    house.after(5 * HOUR).verdict("files-2", process("/usr/bin/perl"), ending=b".b")
    assert incidents(house) == 2


def test_3_the_same_tool_joins_hours_later(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"), ending=b".x7k2")
    house.after(5 * HOUR).verdict("files-2", client(WS2, "dirk"), ending=b".x7k2")
    assert incidents(house) == 1 and why(house) == "same tool"


def test_3_the_name_of_a_note_is_a_mark(house: House) -> None:
    for server, folder, actor in (
        ("files-1", b"/srv/a/", process("/usr/bin/python3")),
        ("files-2", b"/b/", client(WS2)),
    ):
        note = damage(folder + b"READ_ME.txt", house.now, b"", ("note_spread",))
        house.agent(server, k.VerdictReached("v1", "tree", Text("k"), 20.0, 18.0, (note,), (actor,)))
        house.after(5 * HOUR)
    assert why(house) == "same tool"


def test_3_a_program_that_is_not_the_systems_is_a_mark(house: House) -> None:
    house.verdict("files-1", process("/tmp/x/enc"), ending=b".a")
    house.after(5 * HOUR).verdict("files-2", process("/tmp/x/enc"), ending=b".b")
    assert why(house) == "same tool"


def test_3_an_ending_that_people_use_themselves_is_none(house: House) -> None:
    house.verdict("files-1", client(WS1), ending=b".gpg")
    house.after(5 * HOUR).verdict("files-2", client(WS2), ending=b".gpg")
    assert incidents(house) == 2


def test_4_anything_within_an_hour_belongs_together(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"), ending=b".a")
    house.after(HOUR - 1).verdict("files-2", client(WS2, "dirk"), ending=b".b")
    assert incidents(house) == 1 and why(house) == "same hour"
    house.after(HOUR + 1).verdict("files-3", client(WS3, "els"), ending=b".c")
    assert incidents(house) == 2


def test_5_the_strongest_reason_wins_and_of_equals_the_youngest_incident(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"), ending=b".a")
    house.after(5 * HOUR).verdict("files-2", client(WS2, "dirk"), ending=b".b")
    old, young = (each.incident for each in house.of(h.IncidentOpened))
    house.verdict("files-3", client(WS1, "dirk"), ending=b".b")  # address of the old, account and tool of the young
    assert house.of(h.HarmJoined)[-1].incident == old
    house.verdict("files-3", client(WS3, "els"), ending=b".c")  # within the hour of both now
    assert house.of(h.HarmJoined)[-1].incident == young


def test_5_two_reports_in_one_batch_open_one_incident(house: House) -> None:
    second = k.VerdictReached("v2", "user", Text("u"), 20.0, 18.0, (damage(b"/srv/x", START),), (client(WS1),))
    house.verdict("files-1", client(WS1), id="v1", more=(second,))
    assert incidents(house) == 1
    assert [each.verdict for each in house.of(h.HarmJoined)] == ["v1", "v2"]
    assert len(house.of(h.SpreadFound)) == 1


def test_6_harm_after_an_hour_of_quiet_is_a_recurrence(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"))
    house.after(HOUR - 5).verdict("files-1", client(WS1, "carla"))
    assert not house.of(h.HarmJoined)[-1].recurrence
    house.after(HOUR + 5).verdict("files-2", client(WS2, "carla"))
    assert house.of(h.HarmJoined)[-1].recurrence


def test_6_a_report_that_comes_hours_late_is_no_recurrence(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"))
    house.after(5 * HOUR).verdict("files-2", client(WS1, "carla"), at=START + 5)
    assert not house.of(h.HarmJoined)[-1].recurrence


def test_7_a_closed_incident_takes_no_more(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.hub(h.IncidentClosed(house.incident().id, "okafor"))
    house.after(1).verdict("files-1", client(WS1))
    assert incidents(house) == 2


def test_8_a_mass_delete_alone_opens_nothing(house: House) -> None:
    house.agent("files-1", k.MassDeleteSeen("u1", "deleted", 90, client(WS1), True))
    assert incidents(house) == 0


def test_8_a_mass_delete_by_a_known_hand_joins(house: House) -> None:
    house.verdict("files-1", client(WS1))
    house.after(1).agent("files-2", k.MassDeleteSeen("u1", "deleted", 90, client(WS1), True))
    assert house.of(h.HarmJoined)[-1].verdict == "u1"
    house.agent("files-2", k.MassDeleteSeen("u2", "deleted", 90, client(WS2, "els"), True))
    assert house.of(h.HarmJoined)[-1].verdict == "u1"  # the same hour alone is too little


def test_8_two_mass_deletes_by_one_client_on_two_servers_are_harm(house: House) -> None:
    house.agent("files-1", k.MassDeleteSeen("u1", "deleted", 90, client(WS1), True))
    house.agent("files-1", k.MassDeleteSeen("u2", "deleted", 40, client(WS1), True))
    house.agent("files-2", k.MassDeleteSeen("u1", "deleted", 90, client(WS2), True))
    assert incidents(house) == 0
    house.after(60).agent("files-2", k.MassDeleteSeen("u7", "emptied", 50, client(WS1), True))
    assert incidents(house) == 1
    assert set(house.incident().traces) == {"ws-1|files-1", "ws-1|files-2"}


def found(path: bytes, address: str, at: float = START) -> k.FindingMade:
    return k.FindingMade(damage(path, at), client(address))


def test_9_findings_alone_open_nothing_and_count_where_the_hand_is_known(house: House) -> None:
    house.agent("files-1", found(b"/srv/a", WS1), found(b"/srv/b", WS1))
    assert incidents(house) == 0
    house.verdict("files-1", client(WS1), files=1)
    house.agent("files-1", *(found(b"/srv/%d" % n, WS1) for n in range(6)))
    assert house.incident().traces["ws-1|files-1"].files == 6


@pytest.mark.parametrize("first", ["findings", "silence"])
def test_9_two_findings_of_a_silenced_machine_are_harm(house: House, first: str) -> None:
    files = [found(b"/srv/a", "10.0.1.1"), found(b"/srv/b", "10.0.1.1")]
    silence = h.AgentSilent("files-1", START - 5)
    if first == "findings":
        house.agent("files-2", *files)
        assert incidents(house) == 0
        house.hub(silence)
    else:
        house.hub(silence)
        house.agent("files-2", files[0])
        assert incidents(house) == 0
        house.agent("files-2", files[1])
    assert list(house.incident().traces) == ["files-1|files-2"]
    assert house.incident().severity == 3


def test_9_old_findings_of_a_machine_that_falls_silent_are_not(house: House) -> None:
    house.agent("files-2", found(b"/srv/a", "10.0.1.1"), found(b"/srv/b", "10.0.1.1"))
    house.after(3600).hub(h.AgentSilent("files-1", START + 3590))
    assert incidents(house) == 0


def test_10_a_verdict_that_proved_sound_counts_no_more(house: House) -> None:
    house.verdict("files-1", client(WS1), id="v1")
    house.agent("files-1", k.ActorHeld("h1", "v1", "smb", client(WS1), (1,), 4))
    house.agent("files-1", k.HoldReleased("h1", "v1", "agent", "read again, the files are sound", cleared=True))
    assert house.incident().live == []
    house.verdict("files-1", client(WS1), id="v2")
    assert len(house.incident().live) == 1


def test_10_one_hold_of_two_clears_its_own_hand_only(house: House) -> None:
    house.verdict("files-1", client(WS1), client(WS2), id="v1")
    house.agent("files-1", k.ActorHeld("h1", "v1", "smb", client(WS1), (1,), 4))
    house.agent("files-1", k.ActorHeld("h2", "v1", "smb", client(WS2), (2,), 4))
    house.agent("files-1", k.HoldReleased("h2", "v1", "agent", "sound", cleared=True))
    assert [each.source for each in house.incident().live] == ["ws-1"]


def test_10_cleared_before_it_was_joined(house: House) -> None:
    released = k.HoldReleased("h1", "v1", "agent", "sound", cleared=True)
    house.verdict(
        "files-1", client(WS1), id="v1", more=(k.ActorHeld("h1", "v1", "smb", client(WS1), (1,), 4), released)
    )
    assert incidents(house) == 1 and house.incident().live == []
    assert not house.state.cuts


def test_a_release_by_a_person_says_nothing_of_the_evidence(house: House) -> None:
    house.verdict("files-1", client(WS1), id="v1")
    house.agent("files-1", k.HoldReleased("h1", "v1", "operator", "released by hand"))
    assert len(house.incident().live) == 1


def test_several_clients_of_one_verdict_are_told_apart(house: House) -> None:
    house.verdict("files-1", client(WS1, "a"), client(WS2, "b"), process(), files=7)
    traces = house.incident().traces
    assert set(traces) == {"ws-1|files-1", "ws-2|files-1", "|files-1"}
    assert sum(each.files for each in traces.values()) == 7
    assert len(house.of(h.HarmJoined)) == 3


def test_a_client_on_the_server_itself_is_the_server(house: House) -> None:
    house.verdict("files-1", client("127.0.0.1", "root"))
    house.verdict("files-2", client("10.0.1.2"))
    assert {(each.source, each.kind) for each in house.incident().traces.values()} == {("", "process")}


def test_a_clock_that_is_off_keeps_the_distances(house: House) -> None:
    files = (damage(b"/a", START - 7200), damage(b"/b", START - 7195))  # the agent is two hours behind
    house.agent("files-1", k.VerdictReached("v1", "session", Text("k"), 20.0, 18.0, files, (client(WS1),)), at=START)
    assert house.incident().first_harm == START - 5


def test_only_agents_report(house: House) -> None:
    files = (damage(b"/a", START),)
    house.hub(k.VerdictReached("v1", "session", Text("k"), 20.0, 18.0, files, (client(WS1),)))
    house.say("person/okafor", k.VerdictReached("v1", "session", Text("k"), 20.0, 18.0, files, (client(WS1),)))
    assert incidents(house) == 0


def test_agents_do_not_open_incidents_nor_propose_cuts(house: House) -> None:
    """The hub's door lets no such kinds in; the fold does not rely on it."""
    house.agent("files-1", h.IncidentOpened("i-1", START, "files-1", 3), h.EstateLoaded("", Text("{}"), "", 0, 0))
    assert not house.state.incidents and house.state.addresses


def test_names_that_are_no_text_survive_a_snapshot_and_come_out_as_they_were(house: House) -> None:
    names = [b"caf\xe9", b"a\x00b", "dépôt".encode(), b"\xed\xb2\x80"]
    house.verdict("files-1", k.ActorNote("smb", address=WS1, users=tuple(map(Text, names))))
    kept = msgspec.json.decode(msgspec.json.encode(house.state), type=State)
    assert kept == house.state
    assert [each.value for each in house.one(h.HarmJoined).users] == names


def test_a_report_that_nobody_answered_is_taken_up_with_the_next(house: House) -> None:
    judged = k.VerdictReached("v1", "session", Text("k"), 20.0, 18.0, (damage(b"/a", START),), (client(WS1),))
    write, house._follow = house._follow, lambda entry: _only_fold(house, entry)  # type: ignore[method-assign]
    house.agent("files-1", judged)
    house._follow = write  # type: ignore[method-assign]
    house.hub(k.ErrorSeen("hub/contain", Text("it broke")))
    house.verdict("files-2", client(WS1))
    assert [(each.server, each.verdict) for each in house.of(h.HarmJoined)] == [("files-1", "v1"), ("files-2", "v1")]
    assert incidents(house) == 1 and len(house.of(h.SpreadFound)) == 1


def _only_fold(house: House, entry: Entry) -> list[k.Payload]:
    from garde.contain import state

    house.state = state.project(house.state, entry)
    return []


def test_a_replay_with_erased_words_keeps_every_report_where_it_was_put(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"), ending=b".a")
    house.after(5 * HOUR).verdict("files-2", client(STRANGER, "carla"), ending=b".b")
    for index, entry in enumerate(house.log):
        if isinstance(entry.payload, k.VerdictReached):
            bare = k.VerdictReached(
                entry.payload.verdict, "session", Text(None), 20.0, 18.0, (),
                tuple(k.ActorNote("smb", address=each.address) for each in entry.payload.actors),
            )  # fmt: skip
            house.log[index] = Entry(entry.seq, entry.at, entry.who, entry.kind, bare, entry.previous, entry.hash)
    again = house.replayed()
    assert list(again.incidents) == list(house.state.incidents)
    assert not again.waiting and len(again.incidents[house.incident().id].traces) == 2


def test_what_is_remembered_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "TRACES", 3)
    monkeypatch.setattr(reports, "VERDICTS", 2)
    for number in range(6):
        house.verdict("files-1", client(f"10.8.0.{number}", *(f"u{n}" for n in range(80))))
    traces = house.incident().traces
    assert len(traces) == 3
    assert all(len(each.verdicts) <= 2 and len(each.users) <= 50 for each in traces.values())
    assert sum(each.files for each in traces.values()) == 24
