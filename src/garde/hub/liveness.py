"""Who gives signs of life. Heartbeats are kept in memory; a change is an entry, and silence is an alarm.

Comes in: heartbeats, and every other message that was really an agent's. Goes out: `agent_alive` where an agent speaks
for the first time, again, or in another mode; `agent_silent` where it has said nothing for 15 seconds. Rules:

1. At the hub's start every agent that was alive has those 15 seconds anew: the hub's absence is not their silence.
2. The same where the hub itself stood still (a suspended machine, a clock that jumped).
3. An agent that never spoke since it was enrolled is not silent, it is awaited.
4. What could not be written is tried again; nothing is said twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from garde.clock import Clock
from garde.hub.roster import Known
from garde.journal.hub_kinds import AgentAlive, AgentSilent
from garde.journal.payload import Payload

SILENT_S = 15.0  # three heartbeats
STOOD_STILL_S = 5.0  # between two ticks, which come several times a second

Write = Callable[[Sequence[Payload]], object]  # raises OSError where the journal refuses


@dataclass(frozen=True, slots=True)
class Beat:
    """What an agent says of itself."""

    asked: str
    mode: str
    clock: float  # its own wall seconds
    coverage: dict[str, Any] = field(default_factory=dict)
    orders_seen: int = 0
    waiting: int = 0  # reports that it could not deliver yet


@dataclass(frozen=True, slots=True)
class Agent:
    """One enrolled agent as it stands now, for the boards."""

    machine: str
    state: str  # alive | silent | awaited
    asked: str
    mode: str
    last_seen: float  # wall seconds, hub time; 0 where it never spoke
    clock_off: float
    coverage: dict[str, Any]
    address: str  # from where it last spoke
    waiting: int = 0  # reports that it had not delivered at its last heartbeat

    @property
    def weaker(self) -> bool:
        """Whether the mode in force is not the one asked for: shown loudly. `orders` guards no folder and is whole."""
        return self.mode not in (self.asked, "orders")


@dataclass(slots=True)
class _Signs:
    """What is remembered of one agent."""

    key: str  # of its enrolment: another one is another agent
    seen: float  # monotonic: of the last sign of life, or of the grace given instead
    seen_at: float = 0.0  # wall; 0 where it never spoke to this hub process
    said: tuple[str, str] | None = None  # (asked, mode) where the journal says alive; None: silent, or awaited
    silent_from: float = 0.0  # wall: the last sign of life before a silence
    spoke: bool = False  # a heartbeat was heard by this hub process: asked and mode are known
    asked: str = ""
    mode: str = ""
    clock_off: float = 0.0
    coverage: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    waiting: int = 0

    def now_is(self, silent: bool) -> tuple[str, str] | None:
        if silent:
            return None
        return (self.asked, self.mode) if self.spoke else self.said


class Liveness:
    """Safe to call from any thread: the event loop's takes heartbeats, another one ticks."""

    def __init__(self, roster: Callable[[], dict[str, Known]], write: Write, clock: Clock) -> None:
        self._roster, self._write, self._clock = roster, write, clock
        self._lock = threading.Lock()
        self._signs: dict[str, _Signs] = {}
        self._ticked = clock.monotonic()

    def beat(self, machine: str, beat: Beat, address: str = "") -> None:
        """Take a heartbeat. What it changes is written by the next `tick`."""
        with self._lock:
            signs = self._signs.get(machine)
            if signs is None:
                return  # enrolled a moment ago: the next one counts
            signs.asked, signs.mode, signs.coverage, signs.spoke = beat.asked, beat.mode, beat.coverage, True
            signs.waiting = beat.waiting
            signs.clock_off = round(beat.clock - self._clock.now(), 1) + 0.0
            self._touch(signs, address)

    def touch(self, machine: str, address: str = "") -> None:
        """Any other message that was really this agent's is a sign of life as well."""
        with self._lock:
            if machine in self._signs:
                self._touch(self._signs[machine], address)

    def clock_off(self, machine: str) -> float:
        """Return how many seconds an agent's clock is ahead of the hub's, as far as it said."""
        with self._lock:
            signs = self._signs.get(machine)
            return signs.clock_off if signs else 0.0

    def tick(self) -> None:
        """Write what has changed."""
        self._follow_roster()
        with self._lock:
            self._forgive_standing_still()
            changes = [(name, signs, now) for name, signs in self._signs.items() if (now := self._change(signs))]
            payloads = [self._payload(name, signs, now[0]) for name, signs, now in changes]
        if not payloads:
            return
        try:
            self._write(payloads)  # outside the lock: who hears of it may ask us something
        except OSError:
            return  # the next tick says it
        with self._lock:
            for (_, signs, (said,)), payload in zip(changes, payloads, strict=True):
                signs.said = said
                if isinstance(payload, AgentSilent):
                    signs.silent_from = payload.last_seen

    def all(self) -> list[Agent]:
        """Return every enrolled agent, by machine."""
        roster = self._roster()
        with self._lock:
            return [self._agent(name, known) for name, known in sorted(roster.items())]

    # --- inside ---

    def _touch(self, signs: _Signs, address: str) -> None:
        signs.seen, signs.seen_at = self._clock.monotonic(), self._clock.now()
        signs.address = address or signs.address

    def _silent(self, signs: _Signs) -> bool:
        return self._clock.monotonic() - signs.seen > SILENT_S

    def _change(self, signs: _Signs) -> tuple[tuple[str, str] | None] | None:
        """Return what is now to be said, wrapped; None where the journal has it so already."""
        now = signs.now_is(self._silent(signs))
        return None if now == signs.said else (now,)

    def _payload(self, machine: str, signs: _Signs, now: tuple[str, str] | None) -> Payload:
        if now is None:
            return AgentSilent(machine, signs.seen_at or signs.silent_from)
        after = signs.seen_at - signs.silent_from if signs.said is None and signs.silent_from else 0.0
        return AgentAlive(machine, now[0], now[1], round(max(after, 0.0), 1), signs.clock_off)

    def _forgive_standing_still(self) -> None:
        now = self._clock.monotonic()
        stood, self._ticked = now - self._ticked, now
        if stood > STOOD_STILL_S:
            for signs in self._signs.values():
                signs.seen = min(signs.seen + stood, now)

    def _follow_roster(self) -> None:
        roster = self._roster()
        with self._lock:
            for name, known in roster.items():
                if name not in self._signs or self._signs[name].key != known.key:
                    self._signs[name] = self._from_journal(known)
            for name in self._signs.keys() - roster.keys():
                del self._signs[name]

    def _from_journal(self, known: Known) -> _Signs:
        signs = _Signs(known.key, self._clock.monotonic())
        if known.alive:
            signs.said, signs.silent_from = (known.asked, known.mode), known.changed
        elif known.alive is False:
            signs.seen, signs.silent_from = float("-inf"), known.changed - SILENT_S
        return signs

    def _agent(self, machine: str, known: Known) -> Agent:
        signs = self._signs.get(machine) or self._from_journal(known)
        if signs.said is not None or (signs.spoke and not self._silent(signs)):
            state = "silent" if self._silent(signs) else "alive"
        else:
            state = "awaited" if known.alive is None else "silent"
        asked, mode = (signs.asked, signs.mode) if signs.spoke else (known.asked, known.mode)
        seen = signs.seen_at or signs.silent_from
        address = signs.address or known.address
        return Agent(machine, state, asked, mode, seen, signs.clock_off, signs.coverage, address, signs.waiting)
