"""Whether a server was open before it was verified and signed for: what the doors answered, beside what was told.

Comes in: the told steps and signatures with their times, what the witness before the doors saw (`doors.py`), the jumps
of the lab's clock. Goes out: a sentence for each server and round that was open too early. Rules, one test each:

1. From the moment a server is said to be isolated until it was verified and signed for by both sides in that round, no
   question is answered.
2. One that is cut again is closed again, a moment after that was said: so long a cut may take.
3. A server that is said to be opened without being verified and signed for by two different people in that round was
   opened too early, whatever its doors say.
4. What was never isolated says nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from garde.journal.recovery_kinds import GateSigned, StepMoved
from garde.lab.night.doors import Door
from garde.model.restart import OPENED, Stage

CUT_S = 3.0  # for a cut to be in force on a server whose doors were open
SIDES = frozenset({"it", "service"})


@dataclass(slots=True)
class Times:
    """The lab's wall clock for CLOCK_MONOTONIC: it jumps."""

    jumps: list[tuple[float, float]]  # monotonic, offset from then on
    base: float = field(default_factory=lambda: time.time() - time.monotonic())

    def wall(self, monotonic: float) -> float:
        """The lab's wall seconds at that moment."""
        offset = next((each for at, each in reversed(self.jumps) if at <= monotonic), self.jumps[0][1])
        return monotonic + self.base + offset

    def jumped(self, offset: float) -> None:
        """Note that the lab is ahead so far from now on."""
        self.jumps.append((time.monotonic(), offset))


@dataclass(slots=True)
class _Server:
    """One server as it is told."""

    closed_since: float | None = None
    verified: float | None = None  # in this round
    signed: dict[str, tuple[str, float]] = field(default_factory=dict)  # side -> by whom, when
    closed: list[tuple[float, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def step(self, at: float, move: StepMoved) -> None:
        match move.stage:
            case Stage.ISOLATED:
                self._close(at)
                self.verified, self.signed = None, {}
            case Stage.RECUT:
                self._close(at + CUT_S)
                self.verified, self.signed = None, {}
            case Stage.VERIFIED:
                self.verified = at
            case _ if move.stage in OPENED:
                self._open(move)

    def _close(self, at: float) -> None:
        if self.closed_since is None:
            self.closed_since = at

    def _open(self, move: StepMoved) -> None:
        people = {by for by, _ in self.signed.values()}
        if self.verified is None or self.signed.keys() != SIDES or len(people) < len(SIDES):
            self.faults.append(f"{move.machine}, round {move.round}: opened, and not verified and signed for by two")
        elif self.closed_since is not None:
            self.closed.append((self.closed_since, max(self.verified, *(at for _, at in self.signed.values()))))
        self.closed_since = None


def too_early(
    steps: Iterable[tuple[float, StepMoved]],
    signed: Iterable[tuple[float, GateSigned]],
    doors: Sequence[Door],
    times: Times,
) -> list[str]:
    """Say which servers were open before they were verified and signed for."""
    servers: dict[str, _Server] = {}
    both: list[tuple[float, StepMoved | GateSigned]] = [*steps, *signed]
    for at, each in sorted(both, key=lambda it: it[0]):
        server = servers.setdefault(each.machine, _Server())
        if isinstance(each, StepMoved):
            server.step(at, each)
        else:
            server.signed[each.side] = (each.by, at)
    found = [fault for server in servers.values() for fault in server.faults]
    for name, server in servers.items():
        closed = [*server.closed, *([(server.closed_since, float("inf"))] if server.closed_since is not None else [])]
        answers = [
            (times.wall(first), times.wall(last)) for door in doors if door.server == name for first, last in door.spans
        ]
        for since, until in closed:
            if any(first < until and last > since for first, last in answers):
                found.append(f"{name}: it answered before it was verified and signed for")
    return found
