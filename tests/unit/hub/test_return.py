"""The way back in the hub's own loop, with every capability: containment cuts what is wanted, and a killed hub goes on.

Comes in: a journal on disk. Agents' answers are appended as intake would. Nothing is closed in good order: the next
loop opens what the one before left behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from garde.clock import VirtualClock
from garde.estate.nouns import Estate, Machine, Person
from garde.hub.capabilities import CAPABILITIES
from garde.hub.keeping import estate_loaded
from garde.hub.loop import Loop
from garde.hub.orders import Orders
from garde.hub.roster import ROSTER
from garde.hub.wakes import Wakes
from garde.journal import hub_kinds as h
from garde.journal import open_journal
from garde.journal import recovery_kinds as v
from garde.journal.payload import Payload
from garde.model.order import Verb
from garde.recovery.memory import News, State

BASELINE = "ab" * 32
ESTATE = Estate(
    name="Clinique",
    machines=(
        Machine("hub", "Hub", "hub", ("10.0.0.5",)),
        Machine("gw", "Gateway", "gateway", ("10.0.0.1",), agent=True),
        Machine("files", "Files", "server", ("10.0.0.11",), owner="ina", agent=True),
    ),
    people=(Person("ina", "Ina", ("on_call_it",)), Person("med", "Med", ("medical_director",))),
)


class Hub:
    """One life of a hub; making another one on the same folder is what a start after kill -9 is."""

    def __init__(self, folder: Path, clock: VirtualClock, at_end: ExitStack) -> None:
        self.journal = at_end.enter_context(open_journal(folder, who="hub", clock=clock))
        self.orders = Orders(clock)
        self.loop = Loop(self.journal, CAPABILITIES, [Wakes(clock), self.orders], clock, views=[ROSTER])
        self.loop.start()

    def agent(self, machine: str, *payloads: Payload) -> None:
        self.loop.append(list(payloads), who=f"agent/{machine}")

    def person(self, login: str, *payloads: Payload) -> None:
        self.loop.append(list(payloads), who=f"person/{login}")

    def stage(self) -> str:
        found: str = self.loop.look("recovery", lambda state: str(state.step("files").stage))
        return found

    def waiting(self) -> dict[str, str]:
        return {each.order.command: str(each.order.verb) for each in self.orders.waiting()}

    def obey(self) -> int:
        """Every agent does what is on its way to it."""
        found = self.orders.waiting()
        for each in found:
            name, cut = each.order.command, each.order.cut
            made: dict[Verb, tuple[Payload, ...]] = {
                Verb.ISOLATE: (h.OrderApplied(name, cut, "done"), h.CutTried(name, cut, True, ())),
                Verb.UNDO: (h.CutUndone(cut, name, "hub"),),
                Verb.SWEEP: (v.MachineSwept(name, each.order.baseline, tuple(
                    v.ItemAnswer(item, "yes") for item in ("rebuilt", "watched", "network"))),),
                Verb.LOOK: (v.MachineLooked(name, "files", (), 10_000),),
                Verb.RAISE: (v.WatchRaised(name, each.order.until),),
            }  # fmt: skip
            self.agent(each.machine, *made[each.order.verb])
        return len(found)


@pytest.fixture
def at_end() -> Iterator[ExitStack]:
    """What is closed when the test is over, and not before."""
    with ExitStack() as stack:
        yield stack


def plain(state: State) -> bytes:
    """The state as a snapshot holds it, without what only the last entry is asked for."""
    return msgspec.json.encode(replace(state, news=News()))


def test_all_the_way_with_a_hub_that_is_killed_after_every_step(tmp_path: Path, at_end: ExitStack) -> None:
    clock = VirtualClock(1_700_000_000.0)
    hub = Hub(tmp_path, clock, at_end)
    hub.loop.append([estate_loaded(ESTATE, Path("hospital.yaml"))])
    for name in ("gw", "files"):
        hub.loop.append([h.AgentEnrolled(name, "00", name, "10.0.0.1"), h.AgentAlive(name, "enforce", "enforce")])
        hub.agent(name, v.BaselineTaken("", BASELINE, 9))
    asked: list[str] = []

    def again() -> Hub:
        """Kill it, start it: what was on its way is on its way, under the same ids."""
        before, state = hub.waiting(), hub.loop.look("recovery", plain)
        found = Hub(tmp_path, clock, at_end)
        assert found.waiting() == before
        assert found.loop.look("recovery", plain) == state
        asked.extend(before)
        return found

    hub.person("ina", v.RestartPlanned((("files",),), 600.0, 600.0, "ina", "operator"))
    hub = again()
    hub.person("ina", v.StepWanted("files", "begin", "ina", "operator"))
    assert hub.stage() == "waiting" and list(hub.waiting().values()) == ["isolate"]
    hub = again()
    hub.obey()
    assert hub.stage() == "isolated" and sorted(hub.waiting().values()) == ["look", "sweep"]
    hub = again()
    hub.obey()
    for item in ("entry", "evidence"):
        hub.person("ina", v.GateAnswered("files", 1, item, "yes", "ina", "operator"))
        hub = again()
    credentials = hub.loop.look("recovery", lambda state: list(state.credentials))
    hub.person("ina", *(v.CredentialChanged(each, "ina") for each in credentials))
    assert hub.stage() == "observing"
    hub = again()
    hub.obey()
    clock.advance(601.0)
    hub = again()
    hub.loop.tick()
    hub = again()
    hub.obey()
    hub.person("ina", v.GateSigned("files", 1, "it", "ina", "operator"))
    hub = again()
    assert hub.stage() == "observing"
    hub.person("med", v.GateSigned("files", 1, "service", "med", "viewer"))
    assert hub.stage() == "listed"
    hub = again()
    while hub.obey():
        hub = again()
    clock.advance(601.0)
    hub.loop.tick()
    while hub.obey():
        hub = again()
    assert hub.stage() == "open" and hub.waiting() == {}
    cuts = [each.payload for each in hub.journal.entries(kinds=["cut_changed"])]
    last = {each.cut: each.state for each in cuts if isinstance(each, h.CutChanged)}
    assert set(last.values()) == {"undone"} and len(last) == 2
    done = list(hub.journal.entries(kinds=["errand_asked", "order_asked"]))
    assert len({each.payload.command for each in done}) == len(done)  # type: ignore[attr-defined]
    assert set(asked) <= {each.payload.command for each in done}  # type: ignore[attr-defined]
