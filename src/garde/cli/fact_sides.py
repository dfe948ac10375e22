"""The two halves as `garde fact` sees them: the hub by its API, the desk by its own journal.

Comes in: a state directory. Goes out: the same few acts for both, as typed results. Nothing is shown here.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Protocol

import msgspec

from garde.clock import Clock
from garde.desk.config import load_config
from garde.desk.facts import DeskFacts
from garde.errors import UsageError
from garde.hub.client import ask_hub
from garde.journal import heard
from garde.trust.facts import DESK, HUB, Fact, read_card, write_card
from garde.trust.keys import fingerprint


@dataclass(frozen=True, slots=True)
class Made:
    """A file for the other half."""

    raw: bytes
    counter: int
    facts: tuple[Fact, ...]
    left_out: int = 0
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Took:
    """What was new in a file. `again`: it was taken before."""

    facts: tuple[Fact, ...]
    again: bool


class Side(Protocol):
    """One half."""

    name: str
    zone: tzinfo | None  # in which times are shown; None: the machine's

    def card(self) -> tuple[bytes, str]:
        """Return this half's card, and its fingerprint."""
        ...

    def trust(self, card: bytes, seen: str) -> bool:
        """Believe the other half; False where it was believed already."""
        ...

    def write(self, reenter: dict[str, float]) -> Made:
        """Sign what stands now."""
        ...

    def take(self, raw: bytes) -> Took:
        """Take a file of the other half; Refused."""
        ...

    def known(self) -> heard.State:
        """Return what was heard."""
        ...


class DeskSide:
    """The downtime desk."""

    name = DESK

    def __init__(self, state: Path, clock: Clock, by: str) -> None:
        self.zone: tzinfo | None = load_config(state).manner.place
        self._facts = DeskFacts(state, clock, by)

    def card(self) -> tuple[bytes, str]:
        key = self._facts.key
        return write_card(key, DESK), fingerprint(key.public.hex)

    def trust(self, card: bytes, seen: str) -> bool:
        return bool(self._facts.trust(read_card(card, HUB), seen))

    def write(self, reenter: dict[str, float]) -> Made:
        if reenter:
            raise UsageError("what must be entered again is the hub's to say", "leave --reenter away on the desk")
        told = self._facts.write()
        return Made(told.raw, told.counter, told.facts, told.left_out, told.doubt)

    def take(self, raw: bytes) -> Took:
        return _took([(each.kind, msgspec.to_builtins(each.payload)) for each in self._facts.take(raw)])

    def known(self) -> heard.State:
        return self._facts.known()


class HubSide:
    """The hub."""

    name = HUB

    def __init__(self, state: Path, clock: Clock) -> None:
        self.zone: tzinfo | None = None
        self._state, self._clock = state, clock

    def card(self) -> tuple[bytes, str]:
        found = self._ask("GET", "/facts")
        return base64.b64decode(found["card"]), found["fingerprint"]

    def trust(self, card: bytes, seen: str) -> bool:
        body = {"card": base64.b64encode(card).decode(), "fingerprint": seen}
        return bool(self._ask("POST", "/facts/trust", body)["entries"])

    def write(self, reenter: dict[str, float]) -> Made:
        found = self._ask("POST", "/facts/write", {"reenter": reenter})
        facts = msgspec.convert(found["facts"], tuple[Fact, ...])
        return Made(base64.b64decode(found["file"]), found["counter"], facts)

    def take(self, raw: bytes) -> Took:
        found = self._ask("POST", "/facts/take", {"file": base64.b64encode(raw).decode()})
        return _took([(each["kind"], each["payload"]) for each in found["entries"]])

    def known(self) -> heard.State:
        return msgspec.convert(self._ask("GET", "/facts"), heard.State)  # the card beside it is passed over

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return ask_hub(self._state, self._clock, method, path, body)


def _took(entries: list[tuple[str, dict[str, Any]]]) -> Took:
    new = [
        Fact(found["fact"], found["subject"], found["state"], int(found["since"]))
        for kind, found in entries
        if kind == "fact_heard"
    ]
    return Took(tuple(new), again=not entries)
