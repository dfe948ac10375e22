"""Small capabilities and performers with one habit each, and a way to play a night by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from garde.clock import VirtualClock
from garde.estate.look import Lookup
from garde.hub.fold import Capability
from garde.hub.loop import Loop
from garde.hub.performer import NEVER, Say
from garde.journal.entry import Entry
from garde.journal.hub_kinds import CommandDone, IncidentAnswered, OrderAsked, PortAsked, WakeAsked, Woke
from garde.journal.kinds import AgentStopped, ModeChanged
from garde.journal.payload import Command, Payload
from garde.journal.recovery_kinds import ErrandAsked

Decide = Callable[["Seen", Entry, Lookup], Iterable[Payload]]


@dataclass(slots=True)
class Seen:
    """What a sample capability remembers."""

    kinds: list[str] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)


def remember(state: Seen, entry: Entry) -> Seen:
    state.kinds.append(entry.kind)
    state.seqs.append(entry.seq)
    return state


def nothing(state: Seen, entry: Entry, estate: Lookup) -> list[Payload]:
    return []


def capability(decide: Decide = nothing, name: str = "sample", version: int = 1) -> Capability[Seen]:
    return Capability(name=name, shape=Seen, project=remember, decide=decide, version=version)


def orders_for_stops(state: Seen, entry: Entry, estate: Lookup) -> list[Payload]:
    """An agent that stopped: two machines get an order, a third one's port is shut."""
    if not isinstance(entry.payload, AgentStopped):
        return []
    return [
        OrderAsked(cut="c1", machine="files-1", verb="block", addresses=("10.0.0.9",)),
        OrderAsked(cut="c1", machine="files-2", verb="block", addresses=("10.0.0.9",)),
        PortAsked(cut="c1", machine="ws-9", switch="sw-1", port="lan9", up=False),
    ]


def errands_for_stops(state: Seen, entry: Entry, estate: Lookup) -> list[Payload]:
    """An agent that stopped: what lies on files-1 is judged."""
    if not isinstance(entry.payload, AgentStopped):
        return []
    return [ErrandAsked(machine="files-1", verb="judge", about="dpi-1", store="r1", since=5.0, by="carla")]


def hourly(until: int) -> Decide:
    """Asks to be woken an hour after each waking, so many times."""

    def decide(state: Seen, entry: Entry, estate: Lookup) -> list[Payload]:
        if isinstance(entry.payload, (AgentStopped, Woke)) and state.kinds.count("woke") < until:
            return [WakeAsked(due=entry.at + 3600, key=f"hour {state.kinds.count('woke') + 1}")]
        return []

    return decide


@dataclass
class Hands:
    """A performer that writes down what it is given and is done at once, or when told."""

    at_once: bool = True
    kinds: tuple[str, ...] = ("order_asked", "port_asked")
    begun: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    say: Say = lambda payloads: None

    def open(self, say: Say) -> None:
        self.say = say

    def begin(self, command: Command, entry: Entry) -> None:
        self.begun.append(command.command)
        if self.at_once:
            self.say([CommandDone(command.command, "done")])

    def settled(self, command: str) -> None:
        self.over.append(command)

    def tick(self) -> None:
        pass

    def next_due(self) -> float:
        return NEVER

    def close(self) -> None:
        pass


def play(loop: Loop, clock: VirtualClock, until: float) -> None:
    """Move the clock from one thing that is due to the next, until that wall time."""
    while (due := loop.next_due()) <= until:
        clock.advance(max(due - clock.now(), 0))
        loop.tick()
    clock.advance(until - clock.now())


STOPPED = AgentStopped("asked to stop")
CHANGED = ModeChanged("enforce", "observe", "no right")
ANSWERED = IncidentAnswered("i1", "carla")
