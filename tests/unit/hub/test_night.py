"""The whole hub with its real capabilities through one night, in milliseconds, and a replay that ends the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hub_house import FakeAgent, HubHouse
from hub_samples import play

from garde.clock import VirtualClock
from garde.estate.read import SAMPLE, load
from garde.hub.board import BOARD
from garde.hub.capabilities import CAPABILITIES
from garde.hub.keeping import estate_loaded
from garde.hub.loop import Loop
from garde.hub.roster import ROSTER
from garde.journal import kinds as k
from garde.journal.hub_kinds import Check, CutTried, CutUndone, OrderApplied
from garde.journal.payload import Payload
from garde.journal.text import Text


class Clinic(HubHouse):
    """The sample clinic with all its agents, and a workstation on which nothing clinical hangs."""

    def __init__(self, state: Path, clock: VirtualClock) -> None:
        super().__init__(state, clock, CAPABILITIES)
        estate = load(SAMPLE).estate
        self.loop.append([estate_loaded(estate, SAMPLE)])
        self.agents = {machine.id: self.agent(machine.id) for machine in self.loop.estate.agents}
        self.servers = ["files-1", "files-2", "files-3"]
        look = self.loop.estate
        (self.spreader, *_) = (each for each in look.with_role("workstation") if not look.services_of(each.id))

    def harm(self, server: str, number: int, address: str = "") -> None:
        address = address or self.spreader.addresses[0]
        path = Text(f"/srv/docs/{number}.docx")
        actor = k.ActorNote("smb", 812, Text("smbd"), address=address, user=Text("jdoe"), users=(Text("jdoe"),))
        file = k.FileDamage(path, path, self.clock.now(), ("random_change",), "zip.docx", "unknown", 40_000)
        self.agents[server].report(
            k.VerdictReached(f"v{number}", "session", Text(address), 21.5, 18.4, (file,), (actor,))
        )

    def obey(self, *but: str) -> int:
        """Let every agent fetch its orders and carry them out; returns how many there were."""
        return sum(carry_out(agent) for name, agent in self.agents.items() if name not in but)

    def beat(self) -> None:
        for agent in self.agents.values():
            agent.beat()
        self.liveness.tick()


def carry_out(agent: FakeAgent) -> int:
    orders = [order for _, order in agent.poll()]
    for order in orders:
        done: list[Payload] = (
            [CutUndone(order["cut"], order["command"], "hub")]
            if order["verb"] == "undo"
            else [
                OrderApplied(order["command"], order["cut"], "done"),
                CutTried(order["command"], order["cut"], True, (Check("it is refused", True, True),)),
            ]
        )
        agent.report(*done)
    return len(orders)


@pytest.fixture
def clinic(tmp_path: Path, clock: VirtualClock) -> Iterator[Clinic]:
    with Clinic(tmp_path, clock) as made:
        assert isinstance(made, Clinic)
        made.beat()
        yield made


def states(loop: Loop) -> dict[str, Any]:
    names = ["commands", "roster", "board", *(each.name for each in CAPABILITIES)]
    return {name: loop.look(name, msgspec.to_builtins) for name in names}


def test_a_night_with_nobody_at_the_desk(clinic: Clinic, clock: VirtualClock) -> None:
    began = clock.now()
    for number, server in enumerate(clinic.servers):
        clinic.harm(server, number)
    assert clinic.obey() > 0
    cuts = clinic.loop.look("board", lambda board: dict(board.cuts))
    blocks = [cut for cut in cuts.values() if cut.proposal["action"] == "block"]
    assert blocks and all(cut.state == "proven" for cut in blocks)
    assert {"wake_asked"} <= set(clinic.kinds())
    for minute in range(1, 12):  # it goes on, from the servers themselves, and nobody answers
        play(clinic.loop, clock, began + minute * 60)
        clinic.harm(clinic.servers[minute % 3], 100 + minute)
        clinic.obey()
    assert "woke" in clinic.kinds()
    play(clinic.loop, clock, began + 5 * 3600)
    clinic.harm(clinic.servers[0], 900, address="10.20.20.77")  # hours later, from elsewhere, with the same account
    clinic.obey()
    incidents = clinic.loop.look("board", lambda board: dict(board.incidents))
    assert len(incidents) == 1
    assert next(iter(incidents.values())).recurrences >= 1
    assert clinic.complaints == [] and "error_seen" not in clinic.kinds()


def test_a_replay_of_the_night_ends_in_the_same_states_with_and_without_a_snapshot(
    clinic: Clinic, clock: VirtualClock
) -> None:
    for number, server in enumerate(clinic.servers):
        clinic.harm(server, number)
        clinic.obey(*clinic.servers[:1])
    play(clinic.loop, clock, clock.now() + 3600)
    clinic.obey()
    entries, expected = clinic.journal.head(), states(clinic.loop)
    fresh = Loop(clinic.journal, CAPABILITIES, [], clock, views=[ROSTER, BOARD])
    assert fresh.start(perform=False) == entries.seq
    assert states(fresh) == expected
    clinic.loop.close()  # keeps a snapshot
    quick = Loop(clinic.journal, CAPABILITIES, [], clock, views=[ROSTER, BOARD])
    assert quick.start(perform=False) == 0
    assert states(quick) == expected
    assert clinic.journal.head() == entries
