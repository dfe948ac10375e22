"""From an agent's first verdict to a named family and a way with its country, in a whole hub; also over a kill."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from hub_house import FakeAgent, HubHouse

from garde.clock import VirtualClock
from garde.hub.capabilities import CAPABILITIES
from garde.hub.identify import Identifier
from garde.journal import forensic_kinds as f
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.payload import Command
from garde.journal.text import Text

ADDRESS, OUT = "10.0.0.109", "203.0.113.7"


class Night(HubHouse):
    """A hub with everything that decides, and what names."""

    def __init__(self, state: Path, clock: VirtualClock, at_end: ExitStack) -> None:
        super().__init__(state, clock, CAPABILITIES, at_end, performers=[Identifier(state, lambda: self.loop)])

    def wait(self, done: Callable[[], bool]) -> None:
        """What names is a thread of its own."""
        ends = time.monotonic() + 30
        while not done():
            assert time.monotonic() < ends, self.kinds()
            time.sleep(0.005)

    def last(self, kind: str) -> f.FamilyNamed | f.OriginFound:
        found: f.FamilyNamed | f.OriginFound = self.payloads(kind)[-1]
        return found


class Mute(Identifier):
    """Takes a command on, and is killed before it has said anything."""

    def begin(self, command: Command, entry: Entry) -> None:
        pass


def harm(agent: FakeAgent, at: float) -> None:
    actor = k.ActorNote("smb", 812, Text("smbd"), address=ADDRESS, user=Text("jdoe"), users=(Text("jdoe"),))
    file = k.FileDamage(Text("/srv/a.docx"), Text("/srv/a.docx.sykffle"), at, ("random_change",))
    agent.report(k.VerdictReached("v1", "session", Text(ADDRESS), 21.5, 18.4, (file,), (actor,)))
    agent.report(k.HoldConfirmed("h1", "v1", 3))


def note() -> f.NoteTaken:
    name = Text("/srv/RECOVER-sykffle-FILES.txt")
    return f.NoteTaken("", "i1", name, Text("Vos fichiers sont chiffrés."), "aa" * 32, 40, 9, 0.0)


@pytest.fixture
def places(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("203.0.113.0,203.0.113.255,UA,Example net,vpn\n")
    (tmp_path / "geoip.toml").write_text('debian = false\n[[source]]\nsort = "text"\nfiles = ["own.csv"]\n')


@pytest.mark.usefixtures("places")
def test_the_family_and_the_way_are_said_and_a_restart_says_neither_again(tmp_path: Path) -> None:
    clock = VirtualClock()
    with ExitStack() as at_end:
        house = Night(tmp_path, clock, at_end)
        agent = house.agent()
        harm(agent, clock.now())
        house.wait(lambda: bool(house.payloads("family_named")))
        agent.report(note())
        agent.report(
            f.PathSeen("", "conntrack", ADDRESS, OUT, 443, False, clock.now() - 900, clock.now() + 9, 900, 800)
        )
        house.wait(lambda: len(house.payloads("family_named")) > 1 and len(house.payloads("origin_found")) > 1)
        named, origin = house.last("family_named"), house.last("origin_found")
        assert isinstance(named, f.FamilyNamed)
        assert isinstance(origin, f.OriginFound)
        assert (named.family, named.confidence > 0.9) == ("blackcat", True)
        assert {"T1021.002", "T1486", "T1657"} <= set(named.techniques)
        assert [(each.role, each.machine, each.country) for each in origin.hops] == [
            ("spreader", "ws-9", ""), ("controller", "", "UA"),
        ]  # fmt: skip
        assert origin.user == Text("jdoe")
        assert len(house.payloads("places_asked")) == 1
        assert len(house.payloads("identify_asked")) == 2
        before = house.kinds()
    with ExitStack() as at_end:
        again = Night(tmp_path, clock, at_end)
        assert again.kinds() == before


@pytest.mark.usefixtures("places")
def test_a_hub_that_was_killed_while_it_named_names_at_its_next_start(tmp_path: Path) -> None:
    clock = VirtualClock()
    with ExitStack() as at_end:
        mute = Mute(tmp_path, lambda: dying.loop)
        dying: HubHouse = HubHouse(tmp_path, clock, CAPABILITIES, at_end, performers=[mute])
        harm(dying.agent(), clock.now())
        (asked,) = dying.payloads("identify_asked")
        assert dying.payloads("family_named") == []
    with ExitStack() as at_end:
        house = Night(tmp_path, clock, at_end)
        house.wait(lambda: bool(house.payloads("family_named")))
        named = house.last("family_named")
        assert isinstance(named, f.FamilyNamed)
        assert (named.command, named.family) == (asked.command, "blackcat")
