"""What follows on the way in, and what is kept of it: one test for each rule of `rules.py` and `fold.py`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import pytest
from tests.support.capability_house import CapabilityHouse

from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Machine, Never, Service
from garde.journal import hub_kinds as h
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import ErrandAsked, IsolationOver, IsolationWanted
from garde.journal.text import Text
from garde.sharing import policy, state
from garde.sharing.in_ import fold, rules
from garde.sharing.in_.memory import In

ONE, TWO = "1" * 64, "2" * 64


def server(name: str, number: int) -> Machine:
    return Machine(id=name, name=name, role="server", addresses=(f"10.9.0.{number}",), segment="all", agent=True)


ESTATE = Estate(
    name="Clinique",
    machines=(server("files-1", 11), server("files-2", 12), server("hub-2", 13), server("bare-1", 14)),
    services=(Service(id="record", name={"en": "The record"}, machines=("files-2",), clinical=True),),
    never_cut=(Never(what="hub-2", why="it undoes every cut"),),
)


@dataclass
class House(CapabilityHouse):
    """A hub with three agents; `bare-1` has none."""

    STATE, POLICY = state, policy
    estate: Estate = ESTATE
    look: Lookup = field(default_factory=lambda: Lookup(ESTATE))
    now: float = 1_900_000_000.0
    log: list[Entry] = field(default_factory=list)
    state: state.State = field(default_factory=state.State)

    @property
    def coming(self) -> In:
        return self.state.in_

    def enrolled(self, *machines: str) -> House:
        for each in machines or ("files-1", "files-2", "hub-2"):
            self.hub(h.AgentEnrolled(each, "00", "00", "10.9.0.11"))
        return self

    def taken(self, source: str = "clinic-b", indicators: int = 5) -> list[Entry]:
        return self.say("person/carla", s.SharedTaken(source, "stix", ONE, "green", indicators, 0, (), "carla", "file"))

    def made(self, digest: str = ONE) -> list[Entry]:
        return self.say("person/carla", s.WatchListMade(digest, 5, ("clinic-b",), 0.1, (ONE,)))

    def seen(self, machine: str = "files-1", value: str = ".locked", source: str = "clinic-b") -> None:
        self.agent(machine, s.IndicatorSeen("", "ending", Text(value), source, Text(b"/srv/a"), self.now, True))

    def asked(self) -> list[tuple[str, str]]:
        return [(each.machine, each.digest) for each in self.of(ErrandAsked)]

    def answer(self, machine: str, digest: str = ONE) -> None:
        self.agent(machine, s.WatchListTaken(self.coming.agents[machine].command, digest, 5, 0.2))


@pytest.fixture
def house() -> House:
    return House()


def test_a_list_is_to_be_taken_by_every_enrolled_agent(house: House) -> None:
    house.enrolled()
    house.hub(h.AgentRevoked("hub-2", "carla", "gone"))
    house.made()
    assert house.asked() == [("files-1", ONE), ("files-2", ONE)]
    house.answer("files-1")
    first = house.coming.agents["files-1"]
    assert (first.sha256, first.command) == (ONE, "")
    house.made(TWO)
    assert house.asked()[2:] == [("files-1", TWO), ("files-2", TWO)]


def test_an_agent_that_comes_later_or_comes_back_is_asked_once(house: House) -> None:
    house.made()
    house.enrolled("files-1")
    house.hub(h.AgentAlive("files-1", "enforce", "enforce"))
    assert house.asked() == [("files-1", ONE)]
    house.answer("files-1")
    house.hub(h.AgentAlive("files-1", "enforce", "enforce", 60.0))
    assert house.asked() == [("files-1", ONE)]
    house.enrolled("files-1")  # a new state directory: it watches for nothing
    assert house.asked() == [("files-1", ONE)] * 2


def test_an_errand_that_failed_or_was_refused_is_asked_anew_when_the_agent_comes_back(house: House) -> None:
    house.enrolled("files-1", "files-2")
    house.made()
    mine = {name: each.command for name, each in house.coming.agents.items()}
    house.hub(h.CommandFailed(mine["files-1"], "too late"))
    house.agent("files-2", h.OrderRefused(mine["files-1"], "", "MALFORMED", "not mine to refuse"))
    house.agent("files-2", h.OrderRefused(mine["files-2"], "", "UNKNOWN-VERB", "an old agent"))
    assert [each.detail for each in house.coming.agents.values()] == ["too late", "UNKNOWN-VERB: an old agent"]
    for name in mine:
        house.hub(h.AgentAlive(name, "enforce", "enforce"))
    assert len(house.asked()) == 4


def test_cutting_is_offered_where_a_neighbour_warns_apart_for_what_costs_care(house: House) -> None:
    house.enrolled()
    house.taken(indicators=0)
    assert house.of(s.PrecautionOffered) == []
    house.taken()
    house.taken()
    free, dear = house.of(s.PrecautionOffered)
    assert isinstance(free, s.PrecautionOffered) and isinstance(dear, s.PrecautionOffered)
    assert (free.machines, free.price, free.why) == (("files-1",), (), rules.WARNED)
    assert (dear.machines, dear.price) == (("files-2",), ("The record",))  # hub-2 is never cut, bare-1 has no agent


def test_it_is_offered_again_where_what_was_warned_of_is_seen_here(house: House) -> None:
    house.enrolled("files-1")
    house.taken()
    house.seen()
    house.seen(value=".other")
    house.seen(value=".third", source="clinic-c")
    assert [(each.source, each.why) for each in house.of(s.PrecautionOffered)] == [  # type: ignore[attr-defined]
        ("clinic-b", rules.WARNED), ("clinic-b", rules.SEEN), ("clinic-c", rules.SEEN),
    ]  # fmt: skip


def test_what_a_person_decides_is_cut_and_let_go_again(house: House) -> None:
    house.enrolled("files-1")
    house.taken()
    name = next(iter(house.coming.precautions))

    def decide(what: str) -> list[Payload]:
        written = house.say("person/carla", s.PrecautionDecided(name, what, "carla", Text("")))
        return [each.payload for each in written[1:]]

    assert decide("ready") == []
    (wanted,) = decide("cut")
    assert isinstance(wanted, IsolationWanted)
    assert (wanted.machine, wanted.allow, wanted.by) == ("files-1", (), "carla")
    assert decide("cut") == []
    (over,) = decide("healthy")
    assert isinstance(over, IsolationOver) and over.isolation == wanted.isolation
    assert decide("healthy") == []
    (again,) = decide("cut")
    assert isinstance(again, IsolationWanted) and again.isolation != wanted.isolation


def test_an_agent_speaks_for_itself_alone(house: House) -> None:
    house.enrolled("files-1", "files-2")
    house.made()
    command = house.coming.agents["files-1"].command
    house.agent("files-2", s.WatchListTaken(command, ONE, 5, 0.2))
    assert house.coming.agents["files-1"].command == command
    house.agent("ghost", s.WatchListTaken("", ONE, 5, 0.2))
    house.agent("files-1", s.SharedTaken("evil", "stix", TWO, "green", 5, 0, (), "carla", "file"))
    house.agent("files-1", s.WatchListMade(TWO, 5, (), 0.1))
    assert house.coming.watched is not None and house.coming.watched.sha256 == ONE
    assert set(house.coming.agents) == {"files-1", "files-2"} and not house.coming.taken


def test_sightings_are_bounded_and_kept_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "MOST_SEEN", 3)
    for number in (1, 2, 2, 3, 4, 5):
        house.seen(value=f".x{number}\x1b")
    assert [each.value for each in house.coming.seen] == [".x3\\x1b", ".x4\\x1b", ".x5\\x1b"]


def test_a_replay_gives_the_same_state(house: House) -> None:
    house.enrolled()
    house.taken()
    house.made()
    house.answer("files-1")
    house.seen()
    house.say("person/carla", s.PrecautionDecided(next(iter(house.coming.precautions)), "cut", "carla", Text("")))
    assert dataclasses.asdict(house.replayed().in_) == dataclasses.asdict(house.coming)
