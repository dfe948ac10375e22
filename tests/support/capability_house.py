"""One capability over a journal in memory, as the hub's loop runs it: entry in, state, what follows.

Comes in: payloads, with the time that a test sets. Goes out: entries. A capability's own house adds what its tests say
and ask. Everything here is the loop's order without its disk: a payload is written, folded, decided upon.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from types import ModuleType
from typing import Any, ClassVar, TypeVar

import msgspec

from garde.estate.canonical import to_json
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.journal import hub_kinds as h
from garde.journal.entry import Entry
from garde.journal.follow import write_all
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.journal.text import Text

P = TypeVar("P", bound=Payload)


class CapabilityHouse:
    """What a house of one capability stands on; the fields are the house's own (a dataclass)."""

    STATE: ClassVar[ModuleType]  # with State, KINDS and project
    POLICY: ClassVar[ModuleType]  # with decide
    estate: Estate
    look: Lookup
    now: float  # wall seconds
    log: list[Entry]  # the whole journal
    state: Any

    def say(self, who: str, *payloads: Payload, at: float | None = None) -> list[Entry]:
        """Write payloads in one transaction, with all that follows."""
        return write_all([(each, at) for each in payloads], who, self._follow, self._write)

    def hub(self, *payloads: Payload) -> list[Entry]:
        return self.say("", *payloads)

    def agent(self, machine: str, *payloads: Payload, at: float | None = None) -> list[Entry]:
        return self.say(f"agent/{machine}", *payloads, at=at)

    def person(self, login: str, *payloads: Payload) -> list[Entry]:
        return self.say(f"person/{login}", *payloads)

    def load(self, estate: Estate) -> list[Entry]:
        self.estate, self.look = estate, Lookup(estate)
        raw = Text(to_json(estate))
        return self.hub(h.EstateLoaded("00", raw, "hospital.yaml", len(estate.machines), len(estate.services)))

    def pass_time(self, seconds: float) -> list[Entry]:
        """Let so many seconds go by; every wake that is due comes at its time."""
        end, said = self.now + seconds, []
        while asked := min(
            (each for each in self.open_wakes() if each.due <= end), key=lambda it: it.due, default=None
        ):
            self.now = max(self.now, asked.due)
            said += self.hub(h.Woke(asked.command, asked.key, asked.due))
        self.now = end
        return said

    def open_wakes(self) -> list[h.WakeAsked]:
        done = {each.command for each in self.of(h.Woke)}
        return [each for each in self.of(h.WakeAsked) if each.command not in done]

    def restart(self) -> None:
        """The hub is killed and started: by its snapshot, and as a replay would have it."""
        raw = msgspec.json.encode(self.state)
        assert msgspec.json.decode(raw, type=self.STATE.State) == self.replayed()
        self.state = msgspec.json.decode(raw, type=self.STATE.State)

    def of(self, kind: type[P], entries: Iterable[Entry] | None = None) -> list[P]:
        """The payloads of one kind, of the whole journal or of some entries."""
        return [each.payload for each in (self.log if entries is None else entries) if isinstance(each.payload, kind)]

    def one(self, kind: type[P], entries: Iterable[Entry] | None = None) -> P:
        (found,) = self.of(kind, entries)
        return found

    def replayed(self) -> Any:
        """The state that a replay of the log gives."""
        found = self.STATE.State()
        for entry in self.log:
            if entry.kind in self.STATE.KINDS:
                found = self.STATE.project(found, entry)
        return found

    def _write(self, payload: Payload, at: float | None, who: str) -> Entry:
        seq = len(self.log) + 1
        previous = self.log[-1].hash if self.log else ""
        name = hashlib.sha256(f"{previous}{seq}{payload!r}".encode("utf-8", "surrogateescape")).hexdigest()
        when = self.now if at is None else at
        entry = Entry(seq, when, who or "hub", NAMES[type(payload)], payload, previous, name)
        self.log.append(entry)
        return entry

    def _follow(self, entry: Entry) -> Iterable[Payload]:
        if entry.kind not in self.STATE.KINDS:
            return []
        self.state = self.STATE.project(self.state, entry)
        return self.POLICY.decide(self.state, entry, self.look)  # type: ignore[no-any-return]
