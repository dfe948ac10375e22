"""The errands about machines: what a sound one looks like, how this one stands, and how another one looks from here.

Comes in: jobs, what the core says of itself. Goes out: `baseline_taken`, `machine_swept`, `machine_looked`. What checks
need (rules, package tools) is imported and started only when one is asked for. Rules, one test each:

1. Another machine is looked at by its addresses and ports alone; it is sent nothing. Names are refused.
2. A sweep compares with the baseline of the digest that the hub believes; another one is refused by the check, and the
   machine is swept all the same: the item says why it is unknown.
3. A baseline that was taken by hand is told as well, once, with no command.
4. Where there is none, one is taken at a quiet time: some time after the start, the machine idle, nobody ever held.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from garde.agent.errands.base import Code, ErrandRefused, Job
from garde.agent.errands.stores import stamp_of
from garde.agent.errands.wire import Facts
from garde.clock import Clock
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import BaselineTaken, MachineLooked, MachineSwept
from garde.journal.text import plain
from garde.private import keep_note
from garde.recovery.checks.config import BASELINE

SAID_FILE = "baseline.said"  # the digest that was told last
QUIET_AFTER = 900.0  # seconds after the start: a machine that boots is not quiet
QUIET_LOAD = 0.5  # of each processor, over the last minute
_WORDS_MOST = 500
Tell = Callable[[Payload], object]


def look(job: Job) -> Iterator[Payload]:
    """Look which of these ports answer at these addresses (rule 1)."""
    from garde.recovery.checks.look import look as look_at

    order = job.order
    if not order.addresses or not order.ports:
        raise ErrandRefused(Code.MALFORMED, "it names no addresses, or no ports")
    try:
        seen = look_at(order.addresses, order.ports)
    except ValueError as error:
        raise ErrandRefused(Code.MALFORMED, str(error)) from error
    detail = f"refused: {', '.join(map(str, seen.refused))}" if seen.refused else ""
    said = plain("; ".join(filter(None, (detail, seen.detail))))[:_WORDS_MOST]
    yield MachineLooked(order.command, order.about, seen.answering, seen.tried, said)


@dataclass(frozen=True, slots=True)
class Known:
    """What this agent knows of itself, for a sweep."""

    facts: Facts | None
    offset: float | None  # the hub's time minus this machine's, in seconds


def sweep(job: Job, state: Path, clock: Clock, known: Known) -> Iterator[Payload]:
    """Answer what the gate asks of this machine (rule 2)."""
    from garde.recovery.checks.base import Canary
    from garde.recovery.checks.config import given, read_gate
    from garde.recovery.checks.sweep import sweep as sweep_all
    from garde.watch.bait import expected

    facts, order = known.facts, job.order
    trees = facts.trees if facts else ()
    asked = given(
        read_gate(state), baseline=state / BASELINE, believed=order.baseline, now=clock.now(), hub_offset=known.offset,
        mode_asked=facts.asked if facts else "", mode_in_force=facts.mode if facts else "",
        bait=tuple(Canary(*each) for tree in trees for each in expected(tree)) if facts else None,
        listed_ports=order.ports or None,
    )  # fmt: skip
    swept = sweep_all(asked)
    yield MachineSwept(order.command, swept.baseline, swept.answers)


class Baselines:
    """The baseline of this machine: taken by errand, by hand, or by itself. `look` from the worker's thread."""

    def __init__(self, state: Path, clock: Clock, tell: Tell, quiet: Callable[[], bool]) -> None:
        self._state, self._clock, self._tell, self._quiet = state, clock, tell, quiet
        self._lock = threading.Lock()  # of the file, and of what was told
        self._began = clock.monotonic()
        self._seen: tuple[int, int] | None = None

    def errand(self, job: Job) -> Iterator[Payload]:
        """Write it down, in the hub's name."""
        with self._lock:
            digest, items = self._take()
        yield BaselineTaken(job.order.command, digest, items)

    def look(self) -> None:
        """Tell of one that was taken by hand, and take one where there is none (rules 3 and 4)."""
        if not self._lock.acquire(blocking=False):
            return  # one is being taken
        try:
            self._look_at_file()
            if self._seen is None and self._clock.monotonic() - self._began >= QUIET_AFTER and self._is_quiet():
                self._began = self._clock.monotonic()  # one that fails is not tried again at once
                threading.Thread(target=self._alone, name="baseline", daemon=True).start()
        finally:
            self._lock.release()

    def _alone(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        with self._lock:
            self._tell(BaselineTaken("", *self._take()))

    def _is_quiet(self) -> bool:
        return self._quiet() and os.getloadavg()[0] < QUIET_LOAD * (os.cpu_count() or 1)

    def _take(self) -> tuple[str, int]:
        from garde.recovery.checks import store
        from garde.recovery.checks.config import given, read_gate
        from garde.recovery.checks.machine import Machine

        taken = Machine(given(read_gate(self._state), now=self._clock.now())).now
        digest = store.write(taken, self._state / BASELINE)
        self._said(digest)
        return digest, taken.items

    def _look_at_file(self) -> None:
        """Tell of a baseline that nobody has told of."""
        path = self._state / BASELINE
        before, self._seen = self._seen, stamp_of(path)
        if self._seen is None or self._seen == before:
            return
        from garde.recovery.checks.store import BaselineUnusable, read

        try:
            baseline, digest = read(path)
        except BaselineUnusable:
            return  # the next sweep says so
        if digest != self._last():
            self._tell(BaselineTaken("", digest, baseline.items))
            self._said(digest)

    def _last(self) -> str:
        try:
            return (self._state / SAID_FILE).read_text(encoding="ascii")
        except (OSError, ValueError):
            return ""

    def _said(self, digest: str) -> None:
        keep_note(self._state / SAID_FILE, digest.encode())  # where the disk is full it is told once more
