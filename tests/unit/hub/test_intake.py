"""The agents' door: what comes in, what does not, and what the agent is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hub_house import SECRETS, FakeAgent, HubHouse, call
from hub_samples import CHANGED, STOPPED, capability, errands_for_stops, orders_for_stops
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garde.clock import VirtualClock
from garde.hub import intake as door
from garde.journal.hub_kinds import CutDecided, CutUndone, EnvelopeRefused, OrderApplied, OrderRefused
from garde.journal.kinds import AgentStarted
from garde.journal.recovery_kinds import PointJudged, PointsJudged, StoreNote, StoresKnown
from garde.journal.text import Text
from garde.trust.envelope import MAX_BYTES, seal
from garde.trust.keys import SigningKey


@pytest.fixture
def house(tmp_path: Path, clock: VirtualClock) -> Iterator[HubHouse]:
    with HubHouse(tmp_path, clock, [capability(orders_for_stops)]) as made:
        yield made


@pytest.fixture
def agent(house: HubHouse) -> FakeAgent:
    return house.agent()


def refused(house: HubHouse) -> list[EnvelopeRefused]:
    house.refusals.tick(now=True)
    return house.payloads("envelope_refused")


# --- reports ----------------------------------------------------------------------------------------------------------


def test_a_report_is_appended_under_the_agents_name_with_its_words(house: HubHouse, agent: FakeAgent) -> None:
    hostile = AgentStarted("0.1", "enforce", "enforce", "fanotify", 1, True, (Text(b"/srv/\xff\x1b[2J"),))
    status, answer = agent.report(hostile, CHANGED)
    assert (status, answer) == (200, {"now": house.clock.now(), "upto": 2})
    assert [(entry.kind, entry.payload) for entry in agent.said()] == [
        ("agent_started", hostile),
        ("mode_changed", CHANGED),
    ]


def test_what_the_hub_has_already_is_not_appended_again(house: HubHouse, agent: FakeAgent) -> None:
    entries = [agent.entry(1, CHANGED), agent.entry(2, CHANGED)]
    agent.say("report", {"entries": entries})
    status, answer = agent.say("report", {"entries": [*entries, agent.entry(3, CHANGED)]})
    assert (status, answer["upto"], len(agent.said())) == (200, 3, 3)


def test_an_empty_report_asks_up_to_where(house: HubHouse, agent: FakeAgent) -> None:
    assert agent.say("report", {"entries": []})[1]["upto"] == 0
    agent.report(CHANGED, CHANGED)
    assert agent.say("report", {"entries": []})[1]["upto"] == 2


def test_entries_out_of_order_are_put_in_order(house: HubHouse, agent: FakeAgent) -> None:
    agent.say("report", {"entries": [agent.entry(2, STOPPED), agent.entry(1, CHANGED)]})
    assert [entry.kind for entry in agent.said()] == ["mode_changed", "agent_stopped"]


def test_kinds_that_decide_are_not_taken_from_an_agent_and_stand_in_nobodys_way(
    house: HubHouse, agent: FakeAgent
) -> None:
    status, answer = agent.report(CHANGED, CutDecided("c1", "approve", "carla", "admin"), STOPPED)
    assert (status, answer["upto"]) == (200, 3)
    assert [entry.kind for entry in agent.said()] == ["mode_changed", "agent_stopped"]
    assert [(each.machine, each.code) for each in refused(house)] == [("files-1", door.NOT_ALLOWED)]


@pytest.mark.parametrize("kind", ["order_asked", "estate_loaded", "texts_erased", "hub_stopped", "no_such_kind"])
def test_commands_and_the_hubs_own_facts_are_not_taken(house: HubHouse, agent: FakeAgent, kind: str) -> None:
    entry = {"seq": 1, "at": 0.0, "kind": kind, "payload": {}}
    assert agent.say("report", {"entries": [entry]})[1]["upto"] == 1
    assert agent.said() == [] and refused(house)[0].code == door.NOT_ALLOWED


def test_an_entry_that_cannot_be_read_is_skipped_and_told(house: HubHouse, agent: FakeAgent) -> None:
    broken = {"seq": 1, "at": 0.0, "kind": "mode_changed", "payload": {"asked": 5}}
    status, answer = agent.say("report", {"entries": [broken, agent.entry(2, STOPPED)]})
    assert (status, answer["upto"], [entry.kind for entry in agent.said()]) == (200, 2, ["agent_stopped"])
    assert refused(house)[0].code == door.UNREADABLE


def test_the_outcome_of_another_agents_order_is_not_taken(house: HubHouse, agent: FakeAgent) -> None:
    other = house.agent("files-2")
    agent.report(STOPPED)
    ((_, order),) = agent.poll()
    other.report(OrderApplied(order["command"], "c1", "done"))
    assert other.said() == [] and house.loop.open_commands() == 2  # the third has nobody to carry it out
    agent.report(OrderApplied(order["command"], "c1", "done"), CutUndone("c1", "", "code"))
    assert house.loop.open_commands() == 1
    assert [entry.kind for entry in agent.said()][-2:] == ["order_applied", "cut_undone"]


def judged(command: str) -> PointJudged:
    return PointJudged(
        command, "r1", "4be2", "dpi-1", 1.0, "green", "before", 9, 900, 3, 3, 0, 0, "whole", "done", 1.0
    )  # fmt: skip


def test_an_errand_goes_signed_and_its_last_word_alone_ends_it(tmp_path: Path, clock: VirtualClock) -> None:
    with HubHouse(tmp_path, clock, [capability(errands_for_stops)]) as house:
        agent, other = house.agent(), house.agent("files-2")
        agent.report(StoresKnown((StoreNote("r1", "restic", "dpi-1", True),)), STOPPED)
        ((_, order),) = agent.poll()
        assert order == {
            "command": order["command"], "cut": "", "verb": "judge", "addresses": [], "users": [], "allow": [],
            "reason": "", "by": "carla", "expires": clock.now() + 86_400, "store": "r1", "point": "", "where": "",
            "since": 5.0, "until": 0.0, "ports": [], "baseline": "", "digest": "", "about": "dpi-1",
        }  # fmt: skip
        command = order["command"]
        other.report(judged(command), PointsJudged(command, "r1", 1, 2.0))
        assert other.said() == []  # it was not asked
        agent.report(judged(command))
        assert house.loop.open_commands() == 1  # a first point is no end
        agent.report(PointsJudged(command, "r1", 1, 2.0))
        assert house.loop.open_commands() == 0 and agent.poll() == []
        assert [entry.kind for entry in agent.said()][-2:] == ["point_judged", "points_judged"]


def test_an_errand_that_is_refused_is_over(tmp_path: Path, clock: VirtualClock) -> None:
    with HubHouse(tmp_path, clock, [capability(errands_for_stops)]) as house:
        agent = house.agent()
        agent.report(STOPPED)
        ((_, order),) = agent.poll()
        agent.report(OrderRefused(order["command"], "", "UNAVAILABLE", "no store r1 here"))
        assert house.loop.open_commands() == 0 and house.orders.waiting() == []


def test_an_errand_under_way_is_sent_once_more_by_a_hub_that_was_restarted(tmp_path: Path, clock: VirtualClock) -> None:
    with HubHouse(tmp_path, clock, [capability(errands_for_stops)]) as house:
        agent = house.agent()
        agent.report(STOPPED)
        ((seq, order),) = agent.poll()
        agent.after = seq
    clock.advance(2)
    with HubHouse(tmp_path, clock, [capability(errands_for_stops)]) as house:
        agent.house = house
        agent.beat()
        ((again, same),) = agent.poll()
        assert again > seq and same == order
        agent.report(PointsJudged(order["command"], "r1", 1, 2.0))
        assert house.loop.open_commands() == 0


def test_times_are_the_agents_own_put_right_by_how_far_its_clock_is_off(
    house: HubHouse, agent: FakeAgent, clock: VirtualClock
) -> None:
    earlier = clock.now() - 600
    agent.say("report", {"entries": [agent.entry(1, CHANGED, earlier), agent.entry(2, CHANGED, clock.now() + 900)]})
    agent.beat(off=-7200)
    agent.say("report", {"entries": [agent.entry(3, CHANGED, earlier - 7200)]})
    assert [entry.at for entry in agent.said()] == [earlier, clock.now(), earlier]


def test_a_full_disk_takes_nothing_and_says_so(house: HubHouse, agent: FakeAgent, monkeypatch: Any) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("database or disk is full")

    with monkeypatch.context() as now:
        now.setattr(house.journal, "append_all", full)
        status, answer = agent.report(CHANGED)
        assert (status, answer["code"]) == (503, "JOURNAL")
    house.clock.advance(1)
    assert agent.report(CHANGED)[0] == 200 and len(agent.said()) == 1


# --- envelopes --------------------------------------------------------------------------------------------------------


def test_a_replayed_envelope_is_refused_with_the_number_to_go_on_from(house: HubHouse, agent: FakeAgent) -> None:
    raw = agent.envelope("report", {"entries": [agent.entry(1, CHANGED)]})
    assert house.post("/agent/report", raw)[0] == 200
    status, answer = house.post("/agent/report", raw)
    assert status == 409 and b'"last":1' in answer and b"REPLAYED" in answer
    assert len(agent.said()) == 1
    assert [(each.code, each.machine, each.address) for each in refused(house)] == [
        ("REPLAYED", "files-1", "10.0.0.77")
    ]


def test_reordered_envelopes_of_one_kind_are_refused_and_of_two_kinds_are_not(
    house: HubHouse, agent: FakeAgent
) -> None:
    first, second = (agent.envelope("report", {"entries": []}) for _ in range(2))
    beat = agent.envelope("heartbeat", {"asked": "enforce", "mode": "enforce", "clock": 1.0})
    assert [house.post("/agent/report", raw)[0] for raw in (second, first)] == [200, 409]
    assert house.post("/agent/heartbeat", beat)[0] == 200


@pytest.mark.parametrize(("shift", "code"), [(-3600, "EXPIRED"), (3600, "EARLY")])
def test_a_wrong_clock_is_told_the_hubs_time(house: HubHouse, agent: FakeAgent, shift: float, code: str) -> None:
    status, answer = agent.say("report", {"entries": []}, now=house.clock.now() + shift)
    assert (status, answer["code"], answer["now"]) == (409, code, house.clock.now())


def test_an_envelope_from_before_the_hub_began_is_asked_for_again(tmp_path: Path, clock: VirtualClock) -> None:
    """A hub that was restarted does not remember numbers: a copy from before must not count as a sign of life."""
    with HubHouse(tmp_path, clock) as house:
        agent = house.agent()
        old = agent.envelope("heartbeat", {"asked": "enforce", "mode": "enforce", "clock": clock.now()})
    clock.advance(2)
    with HubHouse(tmp_path, clock) as house:
        agent.house = house
        assert house.post("/agent/heartbeat", old)[0] == 409
        assert [each.state for each in house.liveness.all()] == ["awaited"]
        assert agent.beat()[0] == 200
        assert refused(house) == []  # no alarm: every agent may be in that situation once


def test_a_forged_envelope_is_refused_unsigned_and_named_by_what_it_claims(house: HubHouse, agent: FakeAgent) -> None:
    agent.key = SigningKey.generate()
    status, answer = agent.report(CHANGED)
    assert (status, answer["code"]) == (403, "FORGED")
    assert [(each.machine, each.code) for each in refused(house)] == [("files-1", "FORGED")]
    assert agent.said() == []


def test_a_revoked_agent_is_unknown_and_a_new_token_brings_it_back(house: HubHouse, agent: FakeAgent) -> None:
    house.enrolment.revoke("files-1", "carla", "stolen")
    assert agent.report(CHANGED)[1]["code"] == "UNKNOWN-SENDER"
    assert house.agent("files-1").report(CHANGED)[0] == 200
    assert agent.report(CHANGED)[1]["code"] == "FORGED"


def test_an_envelope_for_another_recipient_or_door_is_refused(house: HubHouse, agent: FakeAgent) -> None:
    assert agent.say("report", {"entries": []}, recipient="files-2")[0] == 403
    raw = agent.envelope("heartbeat", {"asked": "a", "mode": "b", "clock": 1.0})
    assert house.post("/agent/report", raw)[0] == 403


def test_a_signed_body_that_is_no_report_is_refused(house: HubHouse, agent: FakeAgent) -> None:
    for body in (b"", b"[]", b'{"entries":[{}]}', b'{"entries":5}', b"\xff", b"[" * 5000):
        assert agent.say("report", body)[0] == 400
    assert agent.say("poll", {"after": -1})[0] == 400
    assert (
        agent.say("heartbeat", b'{"asked":"a","mode":"b","clock":1,"coverage":{"x":"' + b"y" * 5000 + b'"}}')[0] == 400
    )
    assert sum(each.count for each in refused(house)) == 8


def test_what_says_that_it_is_too_large_is_not_read(house: HubHouse) -> None:
    reads: list[int] = []
    status, answer = house.post("/agent/report", b"x" * 100, length=MAX_BYTES + 1, reads=reads)
    assert (status, msgspec.json.decode(answer)["code"], reads) == (413, "OVERSIZED", [])
    assert refused(house)[0].code == "OVERSIZED"


def test_what_turns_out_too_large_is_read_no_further(house: HubHouse) -> None:
    reads: list[int] = []
    body = b"x" * (3 * MAX_BYTES)
    assert house.post("/agent/report", body, pieces=30, length=10, reads=reads)[0] == 413
    assert sum(reads) <= MAX_BYTES + len(body) // 30
    assert house.post("/agent/enrol", b"x" * 5000)[0] == 413


def test_other_paths_and_methods_are_refused(house: HubHouse) -> None:
    assert house.post("/agent/shell", b"{}")[0] == 404
    assert asyncio.run(call(house.intake, "GET", "/agent/report"))[0] == 405


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["report", "heartbeat", "poll", "enrol"]))
def test_garbage_is_refused_and_nothing_else_happens(house: HubHouse, raw: bytes, path: str) -> None:
    status, answer = house.post(f"/agent/{path}", raw)
    assert status in (400, 403)
    assert set(msgspec.json.decode(answer)) == {"code", "reason"}


# --- heartbeats and orders --------------------------------------------------------------------------------------------


def test_a_heartbeat_is_answered_with_the_time_and_makes_the_agent_alive(house: HubHouse, agent: FakeAgent) -> None:
    assert agent.beat() == (200, {"now": house.clock.now(), "checkpoint": None})
    house.liveness.tick()
    assert house.kinds()[-1] == "agent_alive"


def test_an_order_reaches_its_agent_signed_and_its_outcome_ends_it(house: HubHouse, agent: FakeAgent) -> None:
    agent.report(STOPPED)
    ((seq, order),) = agent.poll()
    asked = house.payloads("order_asked")[0]
    assert (order["command"], order["verb"], order["addresses"]) == (asked.command, "block", ["10.0.0.9"])
    agent.report(OrderApplied(order["command"], "c1", "blocked"))
    house.clock.advance(60)
    assert agent.poll() == [] and seq == agent.after


def test_an_agent_that_lost_its_numbers_gets_its_orders_all_the_same(house: HubHouse, agent: FakeAgent) -> None:
    agent.after = 5000
    agent.report(STOPPED)
    ((seq, _),) = agent.poll()
    assert seq == 5001


def test_a_poll_waits_for_an_order(house: HubHouse, agent: FakeAgent) -> None:
    async def play() -> tuple[int, bytes]:
        raw = agent.envelope("poll", {"after": 0, "wait": 30})
        asking = asyncio.create_task(call(house.intake, "POST", "/agent/poll", raw))
        await asyncio.sleep(0.01)
        assert not asking.done()
        await house.loop.write([STOPPED])
        return await asyncio.wait_for(asking, 5)

    status, answer = asyncio.run(play())
    assert status == 200 and b"garde-envelope-1" in answer


# --- enrolment --------------------------------------------------------------------------------------------------------


def enrol(house: HubHouse, secret: str, machine: str = "files-1", key: str = "") -> tuple[int, dict[str, Any]]:
    body = {"token": secret, "machine": machine, "key": key or SigningKey.generate().public.hex}
    status, answer = house.post("/agent/enrol", msgspec.json.encode(body))
    return status, msgspec.json.decode(answer)


def test_a_token_enrols_once(house: HubHouse) -> None:
    house.load_estate()
    token = house.enrolment.make_token("files-1", "carla")
    status, welcome = enrol(house, token.secret)
    assert (status, welcome["machine"], welcome["hub_key"]) == (200, "files-1", SECRETS.key.public.hex)
    assert welcome["address"] == "10.0.0.77" and len(welcome["release_secret"]) == 64
    status, answer = enrol(house, token.secret)
    assert status == 403 and "was used" in answer["reason"]
    assert [each.machine for each in house.payloads("enrolment_refused")] == ["files-1"]
    assert token.secret not in str(list(house.journal.entries()))


def test_a_lost_answer_can_be_asked_for_again_for_ten_minutes(house: HubHouse, clock: VirtualClock) -> None:
    house.load_estate()
    token, key = house.enrolment.make_token("files-1", "carla"), SigningKey.generate().public.hex
    first = enrol(house, token.secret, key=key)
    clock.advance(500)
    assert enrol(house, token.secret, key=key) == first
    assert house.kinds().count("agent_enrolled") == 1
    clock.advance(101)
    assert enrol(house, token.secret, key=key)[0] == 403


def test_a_token_counts_for_its_machine_and_its_time_and_a_newer_voids_it(house: HubHouse, clock: VirtualClock) -> None:
    house.load_estate()
    token = house.enrolment.make_token("files-1", "carla")
    assert "another machine" in enrol(house, token.secret, "files-2")[1]["reason"]
    newer = house.enrolment.make_token("files-1", "carla")
    assert enrol(house, token.secret)[0] == 403
    clock.advance(25 * 3600)
    assert "expired" in enrol(house, newer.secret)[1]["reason"]
    assert enrol(house, str(house.enrolment.make_token("files-1", "carla")))[0] == 200  # the whole text does as well


def test_two_who_come_with_one_token_at_once_are_one_agent(house: HubHouse) -> None:
    house.load_estate()
    token = house.enrolment.make_token("files-1", "carla")

    async def both() -> list[int]:
        bodies = [
            msgspec.json.encode({"token": token.secret, "machine": "files-1", "key": SigningKey.generate().public.hex})
            for _ in range(5)
        ]
        found = await asyncio.gather(*(call(house.intake, "POST", "/agent/enrol", body) for body in bodies))
        return [status for status, _ in found]

    assert sorted(asyncio.run(both())) == [200, 403, 403, 403, 403]
    assert house.kinds().count("agent_enrolled") == 1


def test_a_key_that_is_none_enrols_nobody_and_a_flood_is_not_written_down(house: HubHouse) -> None:
    house.load_estate()
    token = house.enrolment.make_token("files-1", "carla")
    assert enrol(house, token.secret, key="00")[0] == 403
    for _ in range(50):
        enrol(house, "x" * 32, machine="\x1b[2J")
    written = house.payloads("enrolment_refused")
    assert len(written) == 5 and {each.machine for each in written} == {"files-1", ""}


def test_each_enrolment_has_its_own_release_codes(house: HubHouse) -> None:
    from garde.trust.codes import release_codes

    house.load_estate()
    sheets = []
    for _ in range(2):
        welcome = enrol(house, house.enrolment.make_token("files-1", "carla").secret)[1]
        sheets.append(house.enrolment.codes("files-1"))
        assert sheets[-1] == release_codes(bytes.fromhex(welcome["release_secret"]), "files-1", 1)
    assert not set(sheets[0]) & set(sheets[1])


def test_a_token_is_made_for_machines_of_the_estate_only(house: HubHouse) -> None:
    from garde.errors import NotFound

    house.load_estate()
    for call_ in (house.enrolment.make_token, house.enrolment.revoke):
        with pytest.raises(NotFound):
            call_("nobody", "carla", *(["why"] if call_ == house.enrolment.revoke else []))
    with pytest.raises(NotFound):
        house.enrolment.codes("files-1")


def test_an_envelope_by_the_hubs_own_name_is_nobodys(house: HubHouse, agent: FakeAgent) -> None:
    raw = seal(agent.key, sender="hub", recipient="hub", seq=1, kind="report", body=b"{}", now=house.clock.now(), ttl=9)
    assert house.post("/agent/report", raw)[0] == 403
