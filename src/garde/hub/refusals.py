"""Refused messages, bundled: refused at once, written once a second.

Comes in: what was refused, why, and from where. Goes out: `envelope_refused` entries with counts. Whoever floods the
hub with forged messages must not fill its journal: at most `KINDS_A_SECOND` entries a second, the rest in one that
says how many. What a message claims of itself is hostile text: only a name that could be a machine's is written down.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence

from garde.clock import Clock
from garde.journal.hub_kinds import EnvelopeRefused
from garde.journal.payload import Payload
from garde.journal.text import plain

EVERY_S = 1.0
KINDS_A_SECOND = 20
MANY = "MANY"  # the code of the entry that stands for the rest
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_LONGEST = 200  # characters of a reason


class Refusals:
    """Safe to call from any thread."""

    def __init__(self, say: Callable[[Sequence[Payload]], None], clock: Clock) -> None:
        self._say, self._clock = say, clock
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, str, str], int] = {}
        self._rest = 0
        self._due = float("-inf")

    def note(self, claimed: str, code: str, reason: str, address: str) -> None:
        """Count one refused message."""
        machine = claimed if _NAME.match(claimed) else ""
        key = (machine, code, plain(reason)[:_LONGEST], address)
        with self._lock:
            if key in self._counts or len(self._counts) < KINDS_A_SECOND:
                self._counts[key] = self._counts.get(key, 0) + 1
            else:
                self._rest += 1

    def tick(self, *, now: bool = False) -> None:
        """Write what was counted, where a second has passed since the last time (or `now`)."""
        with self._lock:
            if not self._counts or (not now and self._clock.monotonic() < self._due):
                return
            counts, self._counts = self._counts, {}
            rest, self._rest = self._rest, 0
            self._due = self._clock.monotonic() + EVERY_S
        payloads: list[Payload] = [EnvelopeRefused(*key, count) for key, count in counts.items()]
        if rest:
            payloads.append(EnvelopeRefused("", MANY, "many different messages were refused in one second", "", rest))
        self._say(payloads)
