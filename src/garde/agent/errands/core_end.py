"""The errands as the core sees them: a pid, a tee on what is journaled, and how each errand stands.

Comes in: confirmed holds, on their way to the journal; words of the errands' worker. Goes out: the same holds to the
worker, at once; what people are told. It never blocks the core: what can't be sent now is sent again when the worker
says that it has begun, and the worker does nothing twice.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from garde.agent import watchman
from garde.agent.errands import process, wire
from garde.agent.errands.place import Place
from garde.agent.link import pipe
from garde.clock import Clock
from garde.journal.kinds import HoldConfirmed
from garde.journal.payload import Payload

OUTCOMES_SHOWN = 5  # errands that are over and still shown in `garde status`
_OVER = frozenset({"done", "refused"})

Emit = Callable[..., None]  # kind, and facts


@dataclass(slots=True)
class Errands:
    """Forked, and not joined to anything yet: `tee_into` gives the place where the journal's `put` stood."""

    pid: int
    end: socket.socket
    clock: Clock
    raised: Callable[[float], bool] = lambda until: False  # watch so until then; False: there is nothing that watches
    watch_for: Callable[[str], bool] = lambda command: False  # the list in force; answered by `sharpened`
    changed: Callable[[bytes], None] = lambda place: None  # files were put in place below it
    began: Callable[[int], None] = lambda pid: None  # the worker's pid: another one where it was started again
    gone: bool = False
    facts: wire.Facts | None = None
    _worker: int = 0
    _holds: dict[str, wire.Held] = field(default_factory=dict)  # confirmed, since this agent began
    _stands: dict[str, wire.Said] = field(default_factory=dict)  # by command
    _stores: dict[str, wire.Said] = field(default_factory=dict)  # retention, by store

    @classmethod
    def start(cls, place: Place, link: socket.socket | None) -> Errands:
        """Fork them; `link` is their end of the socket to the link. To be called while this process has one thread."""
        ours, theirs = pipe.pair()
        return cls(process.start(place, theirs, link), ours, place.clock)

    def fileno(self) -> int:
        return self.end.fileno()

    # --- to the worker ------------------------------------------------------------------------------------------------

    def tee_into(self, put: pipe.Put) -> pipe.Put:
        """Return what takes payloads on their way to `put`: a confirmed hold is said here first."""

        def tee(payload: Payload, at: float | None = None) -> None:
            if isinstance(payload, HoldConfirmed) and payload.damaged:
                self.held(payload.hold, self.clock.now() if at is None else at)
            put(payload, at)

        return tee

    def held(self, hold: str, at: float) -> None:
        """Say that a hold was confirmed: retention is frozen for it, once."""
        self._holds[hold] = wire.Held(hold, at)
        self._send(self._holds[hold])

    def stand(self, facts: wire.Facts) -> None:
        """Say how the core stands now."""
        self.facts = facts
        self._send(facts)

    def sharpened(self, command: str, indicators: int, detail: str) -> None:
        """Say what is watched for now."""
        if command:
            self._send(wire.Sharpened(command, indicators, detail))

    # --- from the worker ----------------------------------------------------------------------------------------------

    def hear(self, emit: Emit) -> None:
        """Take what the worker has said; called when its end is readable."""
        for message in wire.receive(self.end, wire.TO_CORE):
            match message:
                case None:
                    self.gone = True
                    emit("error", code="ERRANDS-GONE", message="the process for errands ended: no backup is frozen")
                case wire.Hello():
                    self._greet(message, emit)
                case wire.Raise():
                    taken = self.raised(message.until)
                    self._send(wire.Watching(message.command, message.until if taken else -1.0))
                case wire.WatchFor():
                    if not self.watch_for(message.command):
                        self.sharpened(message.command, -1, "")
                case wire.Changed():
                    self.changed(message.place)
                case wire.Said():
                    self._note(message, emit)

    def _greet(self, hello: wire.Hello, emit: Emit) -> None:
        """It has begun: say what it has to know; a second one took the place of one that died."""
        if self._worker and self._worker != hello.pid:
            emit("error", code="ERRANDS-AGAIN", message="the process for errands died and was started again")
        self._worker = hello.pid
        self.began(hello.pid)
        if self.facts is not None:
            self._send(self.facts)
        for held in self._holds.values():
            self._send(held)

    def _note(self, said: wire.Said, emit: Emit) -> None:
        if said.verb == "retention":
            before, self._stores[said.store] = self._stores.get(said.store), said
        else:
            before = self._stands.pop(said.command, None)
            self._stands[said.command] = said
            over = [command for command, each in self._stands.items() if each.state in _OVER]
            for command in over[:-OUTCOMES_SHOWN]:
                del self._stands[command]
        if said.state != ("usual" if before is None else before.state):
            emit("errand", **_words(said))

    def words(self) -> dict[str, Any]:
        """How they stand: for `garde status`."""
        return {
            "alive": not self.gone,
            "errands": [_words(said) for said in self._stands.values()],
            "retention": [_words(said) for _, said in sorted(self._stores.items())],
        }

    # --- the end ------------------------------------------------------------------------------------------------------

    def end_by(self, deadline: float) -> None:
        """Let them end until `deadline` (real monotonic seconds), then end them; what is under way goes on later."""
        self.end.close()
        watchman.end_by(self.pid, deadline)

    def _send(self, message: Any) -> None:
        if not self.gone:
            wire.send(self.end, message)


def _words(said: wire.Said) -> dict[str, Any]:
    found: Iterable[tuple[str, Any]] = (
        ("command", said.command), ("verb", said.verb), ("state", said.state), ("detail", said.detail),
        ("store", said.store), ("point", said.point), ("done", said.done), ("total", said.total),
    )  # fmt: skip
    return {name: value for name, value in found if value or name == "state"}
