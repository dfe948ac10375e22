"""Polling neighbours over TAXII, as `neighbours.toml` says: in a thread of its own, one after the other.

Comes in: ticks of the hub's clock. Goes out: what was taken, as entries in the operator's name. A neighbour that does
not answer is complained of once, and again when it is another reason; one that says nothing new writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from garde.errors import GardeError, Refused, SettingsError
from garde.hub.deps import Caller
from garde.hub.guard import LOCAL
from garde.sharing.in_.neighbours import load

if TYPE_CHECKING:
    from garde.hub.deps import Deps

LOOK_S: Final = 5.0  # between two looks at the file
OPERATOR: Final = Caller(LOCAL, "operator", "token")


class Polling:
    """`tick` from the clock's thread; it returns at once."""

    def __init__(self, deps: Deps, complain: Callable[[str], None]) -> None:
        self._deps, self._complain = deps, complain
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="taxii")
        self._due: dict[str, float] = {}  # monotonic
        self._said: dict[str, str] = {}
        self._look_at = 0.0
        self._busy: set[str] = set()

    def tick(self) -> None:
        """Poll whose turn has come."""
        now = self._deps.clock.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        try:
            sources = [each for each in load(self._deps.state) if each.every_s]
        except SettingsError as error:
            self._say("", str(error))
            return
        self._say("", "")
        for each in sources:
            if now >= self._due.get(each.id, 0.0) and each.id not in self._busy:
                self._due[each.id] = now + each.every_s
                self._busy.add(each.id)
                self._thread.submit(self._poll, each.id)

    def close(self) -> None:
        """End after what is under way."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _poll(self, neighbour: str) -> None:
        from garde.hub.share_in import InDesk

        try:
            InDesk(self._deps, OPERATOR).poll(neighbour)
        except (GardeError, OSError) as error:
            self._say(neighbour, error.message if isinstance(error, Refused) else str(error))
        else:
            self._say(neighbour, "")
        finally:
            self._busy.discard(neighbour)

    def _say(self, neighbour: str, why: str) -> None:
        if self._said.get(neighbour, "") != why:
            self._said[neighbour] = why
            if why:
                self._complain(f"neighbours: {why}")
