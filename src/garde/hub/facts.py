"""What the hub tells the downtime half, and what it heard of it: facts that name nobody, by file.

Comes in: who asks; a file's bytes. Goes out: a signed file; entries of the hub's journal. It says how services stand as
they were published, and from when on data must be entered again as a person said it. It needs no desk. Raises Refused,
UsageError and NotFound with what to do, OSError where the journal cannot be written: nothing was done then.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from garde.emergency.memory import State as Care
from garde.errors import NotFound, UsageError
from garde.hub.deps import Caller, Deps
from garde.hub.fold import Fold
from garde.journal import heard
from garde.journal.entry import Entry
from garde.journal.paper_kinds import FactsWritten, ReenterSaid
from garde.journal.payload import Payload
from garde.trust.facts import DESK, HUB, KEY_FILE, LAST, REENTER, SERVICE, Fact, read_card, write_facts
from garde.trust.keys import SigningKey

FACTS: Final = Fold(name="facts", shape=heard.State, project=heard.project, kinds=heard.KINDS)
_ONE_AT_A_TIME = threading.Lock()  # what one request decides on, no other may change before it is written


@dataclass(frozen=True, slots=True)
class Told:
    """A file for the downtime half."""

    raw: bytes
    counter: int
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """One person at work on them."""

    deps: Deps
    caller: Caller

    def state(self) -> heard.State:
        """Return what was heard and said."""
        return state_of(self.deps)

    def trust(self, card: bytes, seen: str) -> list[Entry]:
        """Believe the desk of this card."""
        with _ONE_AT_A_TIME:
            wanted = list(heard.trusted(self.state(), read_card(card, DESK), seen, self.caller.login))
            return self._append(wanted)

    def take(self, raw: bytes) -> list[Entry]:
        """Take a desk's file; nothing where it was taken already."""
        with _ONE_AT_A_TIME:
            return self._append(list(heard.taken(self.state(), raw, self.caller.login)))

    def write(self, reenter: Mapping[str, float]) -> Told:
        """Sign how services stand. `reenter`: service or server -> data after this must be entered again; 0: not."""
        self._check(reenter)
        with _ONE_AT_A_TIME:
            said = [ReenterSaid(subject, after, self.caller.login) for subject, after in reenter.items()]
            told = self._signed({**self.state().reenter, **reenter})
            sha256 = hashlib.sha256(told.raw).hexdigest()
            self._append([*said, FactsWritten(told.counter, len(told.facts), sha256, self.caller.login)])
        return told

    def _check(self, reenter: Mapping[str, float]) -> None:
        look, now = self.deps.estate(), self.deps.clock.now()
        for subject, after in reenter.items():
            if subject not in look.services and subject not in look.machines:
                raise NotFound(
                    f"the estate has no service or machine {subject[:64]!r}", "see garde plan board, garde estate"
                )
            if not 0 <= after <= now:
                raise UsageError("data cannot be entered again from a time to come", "name the last sound moment")

    def _signed(self, reenter: Mapping[str, float]) -> Told:
        now = self.deps.clock.now()
        care: Care = self.deps.loop.look("emergency", deepcopy)
        services = [
            Fact(SERVICE, name, found.state, int(min(found.since, now)))
            for name in self.deps.estate().services
            for found in [care.service(name)]
        ]
        again = [
            Fact(REENTER, subject, "again" if after else "none", int(after))
            for subject, after in sorted(reenter.items())
        ]
        facts, counter = (*again, *services), heard.next_counter(self.state(), now)
        try:
            return Told(write_facts(own_key(self.deps), HUB, counter, min(now, LAST), facts), counter, facts)
        except ValueError as error:
            raise UsageError(f"no file can be made: {error}", "look at the hub's clock and estate") from error

    def _append(self, payloads: list[Payload]) -> list[Entry]:
        return self.deps.loop.append(payloads, who=f"person/{self.caller.login}") if payloads else []


def state_of(deps: Deps) -> heard.State:
    """Return the fold's state, apart from what goes on meanwhile."""
    found: heard.State = deps.loop.look("facts", deepcopy)
    return found


def own_key(deps: Deps) -> SigningKey:
    """Return what the hub signs facts with; made at its first use."""
    return SigningKey.load_or_make(deps.state / KEY_FILE)
