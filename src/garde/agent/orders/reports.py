"""What became of orders, told: to the hub by the outbox, to the agent's own journal, and to whoever watches the agent.

Comes in: payloads (order applied, refused, cut tried, undone). Goes out: the same, three ways, the hub's first. Neither
a full disk nor a hub that is away stands in the way of what is told next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from garde.agent.link.outbox import Item
from garde.clock import Clock
from garde.errors import GardeError
from garde.journal import wire
from garde.journal.hub_kinds import CutTried, CutUndone, OrderApplied, OrderRefused
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.journal.sqlite import SqliteStore
from garde.journal.store import open_journal
from garde.journal.text import plain

_REFUSALS_A_SECOND = 5  # told of orders that were not the hub's: whoever floods us must not flood the hub


class Box(Protocol):
    """What takes reports to the hub (`Outbox`, or the way to it)."""

    def put(self, items: Sequence[Item], *, always: bool = False) -> int: ...


class Reports:
    """Safe to use from several threads."""

    def __init__(
        self,
        outbox: Box,
        speak: Callable[[], None],
        state: Path,
        clock: Clock,
        tell: Callable[[dict[str, Any]], None],
        *,
        words: Callable[[Payload], dict[str, Any]] | None = None,
    ) -> None:
        self._outbox, self._speak, self._state, self._clock, self._tell = outbox, speak, state, clock, tell
        self._words = words or words_of_orders
        self._lock = threading.Lock()
        self._journal: SqliteStore | None = None
        self._second, self._count = 0.0, 0

    def __call__(self, payload: Payload) -> bytes:
        """Tell it; returns its JSON."""
        raw = wire.encode(payload)
        self.again(NAMES[type(payload)], raw, payload)
        return raw

    def again(self, kind: str, raw: bytes, payload: Payload | None = None) -> None:
        """Tell something (once more), as new: the hub asked for it again."""
        now = self._clock.now()
        self._outbox.put([Item(now, kind, raw)], always=True)
        self._speak()
        if payload is not None:
            self._tell(self._words(payload))
            self._keep(payload, now)

    def refused(self, payload: OrderRefused) -> None:
        """Tell of something that was no order of the hub's, a few times a second at most."""
        now = self._clock.monotonic()
        with self._lock:
            if now - self._second >= 1.0:
                self._second, self._count = now, 0
            self._count += 1
            if self._count > _REFUSALS_A_SECOND:
                return
        self(payload)

    def _keep(self, payload: Payload, at: float) -> None:
        with self._lock:
            try:
                if self._journal is None:
                    self._journal = open_journal(self._state)
                self._journal.append(payload, at)
            except (OSError, GardeError):
                self._journal = None  # a full or damaged disk: the hub has it

    def close(self) -> None:
        with self._lock:
            if self._journal is not None:
                self._journal.close()


def words_of_orders(payload: Payload) -> dict[str, Any]:
    """What the agent's own output says of it."""
    match payload:
        case OrderApplied():
            state, detail = "applied", payload.detail
        case OrderRefused():
            state, detail = "refused", f"{payload.code}: {plain(payload.reason)}"
        case CutTried():
            state = "proven" if payload.proven else "not proven"
            detail = "; ".join(check.what for check in payload.checks if check.wanted != check.seen)
        case CutUndone():
            state, detail = "undone", f"by {payload.by}"
        case _:
            raise TypeError(f"{type(payload).__name__} says nothing of an order")
    return {"kind": "cut", "state": state, "cut": payload.cut, "command": payload.command, "detail": detail}
