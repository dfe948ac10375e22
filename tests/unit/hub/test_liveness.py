"""Signs of life: what becomes an entry, and what does not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from garde.clock import VirtualClock
from garde.hub.liveness import SILENT_S, Beat, Liveness
from garde.hub.roster import Known, Roster, project
from garde.journal.entry import Entry
from garde.journal.hub_kinds import AgentAlive, AgentEnrolled, AgentRevoked, AgentSilent, TokenMade
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload


class House:
    """Liveness beside a roster that is folded from what it writes."""

    def __init__(self, clock: VirtualClock, roster: Roster | None = None) -> None:
        self.clock, self.roster = clock, roster or Roster()
        self.written: list[Payload] = []
        self.full = False
        self.liveness = Liveness(lambda: self.roster.agents, self.write, clock)

    def write(self, payloads: Sequence[Payload]) -> None:
        if self.full:
            raise OSError("full")
        for payload in payloads:
            self.written.append(payload)
            entry = Entry(len(self.written), self.clock.now(), "hub", NAMES[type(payload)], payload, "", "")
            self.roster = project(self.roster, entry)

    def enrol(self, *machines: str) -> None:
        self.write([AgentEnrolled(machine, f"key of {machine}", "t", "10.0.0.1") for machine in machines])
        self.written.clear()
        self.liveness.tick()

    def beat(self, machine: str, mode: str = "enforce", off: float = 0.0) -> None:
        self.liveness.beat(machine, Beat("enforce", mode, self.clock.now() + off), "10.0.0.7")

    def live(self, seconds: float, *beating: str) -> list[Payload]:
        """Let time pass with a heartbeat every five seconds; return what was written."""
        before = len(self.written)
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            for machine in beating:
                self.beat(machine)
            for _ in range(5):
                self.clock.advance(1)
                self.liveness.tick()
        return self.written[before:]

    def state(self, machine: str) -> str:
        return {agent.machine: agent.state for agent in self.liveness.all()}[machine]


@pytest.fixture
def house(clock: VirtualClock) -> House:
    made = House(clock)
    made.enrol("files-1", "files-2")
    return made


def test_heartbeats_are_no_entries_but_the_first_is(house: House) -> None:
    assert house.live(600, "files-1") == [AgentAlive("files-1", "enforce", "enforce")]
    assert house.state("files-1") == "alive"


def test_an_agent_that_never_spoke_is_awaited_not_silent(house: House) -> None:
    house.live(600, "files-1")
    assert house.state("files-2") == "awaited"
    assert not any(isinstance(each, AgentSilent) for each in house.written)


def test_silence_is_said_once_and_so_is_its_end_with_its_length(house: House, clock: VirtualClock) -> None:
    house.live(20, "files-1")
    seen = clock.now() - 5
    (silent,) = house.live(120)
    assert silent == AgentSilent("files-1", seen)
    assert house.state("files-1") == "silent"
    back = clock.now()
    (alive,) = house.live(30, "files-1")
    assert alive == AgentAlive("files-1", "enforce", "enforce", after=round(back - seen, 1))


def test_silence_is_said_fifteen_seconds_after_the_last_sign(house: House, clock: VirtualClock) -> None:
    house.live(5, "files-1")
    house.beat("files-1")
    clock.advance(4)
    house.liveness.tick()
    for _ in range(11):
        clock.advance(1)
        house.liveness.tick()
    assert house.state("files-1") == "alive"  # 15.0 s
    clock.advance(0.1)
    house.liveness.tick()
    assert house.state("files-1") == "silent"
    assert SILENT_S == 15


def test_a_report_or_a_poll_is_a_sign_of_life_too(house: House, clock: VirtualClock) -> None:
    house.live(5, "files-1")
    house.written.clear()
    for _ in range(30):
        house.liveness.touch("files-1", "10.0.0.7")
        clock.advance(4)
        house.liveness.tick()
    assert house.written == []


def test_another_mode_is_an_entry_and_a_weaker_one_shows(house: House) -> None:
    house.live(10, "files-1")
    house.beat("files-1", mode="watching only")
    house.liveness.tick()
    assert house.written[-1] == AgentAlive("files-1", "enforce", "watching only")
    (agent,) = [each for each in house.liveness.all() if each.machine == "files-1"]
    assert agent.weaker and agent.address == "10.0.0.7"


def test_the_clock_of_an_agent_is_compared_with_the_hubs(house: House) -> None:
    house.beat("files-1", off=-7200)
    house.liveness.tick()
    assert house.written[-1] == AgentAlive("files-1", "enforce", "enforce", clock_off=-7200)
    assert house.liveness.clock_off("files-1") == -7200
    assert house.liveness.clock_off("nobody") == 0


def test_after_a_restart_of_the_hub_nothing_is_said_of_those_who_go_on(house: House, clock: VirtualClock) -> None:
    house.live(30, "files-1")
    clock.advance(3600)
    again = House(clock, house.roster)
    assert again.live(60, "files-1") == []
    assert again.state("files-1") == "alive"


def test_after_a_restart_who_went_silent_meanwhile_is_found(house: House, clock: VirtualClock) -> None:
    house.live(30, "files-1", "files-2")
    clock.advance(3600)
    again = House(clock, house.roster)
    (silent,) = again.live(60, "files-1")
    assert isinstance(silent, AgentSilent) and silent.machine == "files-2"


def test_after_a_restart_who_was_silent_before_stays_so_and_comes_back_once(house: House, clock: VirtualClock) -> None:
    house.live(30, "files-1")
    house.live(60)
    again = House(clock, house.roster)
    assert again.live(60) == [] and again.state("files-1") == "silent"
    (alive,) = again.live(60, "files-1")
    assert isinstance(alive, AgentAlive) and alive.after > 60


def test_a_clock_that_jumps_is_not_the_agents_silence(house: House, clock: VirtualClock) -> None:
    house.live(30, "files-1", "files-2")
    clock.advance(3 * 3600)
    house.liveness.tick()
    assert house.live(10, "files-1", "files-2") == []
    clock.advance(3 * 3600)
    (silent,) = house.live(60, "files-1")  # and who does not go on afterwards is silent all the same
    assert isinstance(silent, AgentSilent) and silent.machine == "files-2"


def test_what_could_not_be_written_is_said_later_once(house: House) -> None:
    house.full = True
    house.live(30, "files-1")
    assert house.written == []
    house.full = False
    assert house.live(30, "files-1") == [AgentAlive("files-1", "enforce", "enforce")]


def test_a_revoked_agent_is_forgotten_and_one_enrolled_anew_begins_anew(house: House, clock: VirtualClock) -> None:
    house.live(30, "files-1")
    house.write([AgentRevoked("files-1", "carla", "stolen")])
    house.live(60)
    assert [agent.machine for agent in house.liveness.all()] == ["files-2"]
    house.beat("files-1")  # its key is not believed, and if it were: nothing happens
    house.write([AgentEnrolled("files-1", "another key", "t", "10.0.0.1")])
    house.liveness.tick()
    assert house.state("files-1") == "awaited"


def test_the_roster_keeps_one_token_a_machine_and_each_counts_once(clock: VirtualClock) -> None:
    house = House(clock)
    house.write([TokenMade("files-1", "aa", 9.0, "carla"), TokenMade("files-2", "bb", 9.0, "carla")])
    house.write([TokenMade("files-1", "cc", 9.0, "carla")])
    assert set(house.roster.tokens) == {"bb", "cc"}
    house.write([AgentEnrolled("files-1", "key", "cc", "10.0.0.1")])
    assert set(house.roster.tokens) == {"bb"}
    assert house.roster.agents["files-1"] == Known("key", "10.0.0.1", clock.now(), "cc")
