"""An agent that guards no folder: link and orders only, for a gateway or a server whose files are not its own.

Comes in: an enrolled state directory, the mode asked for. Goes out: events until SIGTERM or SIGINT, and an exit code.
It has the same lock, journal and control socket as the whole agent, and none of its eyes: the mode it says is `orders`.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from garde import __version__
from garde.agent import lock
from garde.agent.control import Control, Reply
from garde.agent.errands.core_end import Errands
from garde.agent.errands.place import Place
from garde.agent.errands.wire import Facts
from garde.agent.flows.process import Flows
from garde.agent.link.core_end import Link
from garde.agent.link.enrolled import Enrolled, with_hub
from garde.agent.link.pipe import pair
from garde.agent.mode import Mode
from garde.agent.netns import enter
from garde.clock import Clock, SystemClock, iso
from garde.journal import kinds
from garde.journal.store import open_journal
from garde.journal.writer import BackgroundJournal
from garde.settings import Settings

ORDERS = "orders"  # the mode in force: nothing is watched, orders are carried out
STOP_SECONDS = 1.2


class _Loop:
    """A selector, and what it serves."""

    def __init__(
        self,
        state: Path,
        asked: str,
        link: Link,
        errands: Errands,
        *,
        out: Callable[[dict[str, Any]], None],
        clock: Clock,
    ) -> None:
        self._state, self._link, self._errands, self._out, self._clock = state, link, errands, out, clock
        self._facts = {"mode": _in_force(asked), "asked": asked, "trees": [], "pid": os.getpid(), "state": str(state)}
        self._select = selectors.DefaultSelector()
        self._stopping = False

    def say(self, kind: str, **facts: Any) -> None:
        self._out({"kind": kind, "at": iso(self._clock.now()), **facts})

    def run(self) -> None:
        """Serve until a signal comes."""
        wake_in, wake_out = socket.socketpair()
        with self._select, wake_in, wake_out:
            for end in (wake_in, wake_out):
                end.setblocking(False)
            self._select.register(wake_in, selectors.EVENT_READ, lambda: wake_in.recv(64) and None)
            self._select.register(self._link.fileno(), selectors.EVENT_READ, self._hear)
            self._select.register(self._errands.fileno(), selectors.EVENT_READ, self._hear_errands)
            self._errands.stand(Facts(str(self._facts["asked"]), str(self._facts["mode"]), ()))
            control = Control(self._state, self._select, {"status": self._status, "release": self._release})
            control.open()
            signal.set_wakeup_fd(wake_out.fileno(), warn_on_full_buffer=False)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)
            self.say("ready", **self._facts, hub=self._link.facts())
            while not self._stopping:
                for key, _ in self._select.select():
                    key.data()
            signal.set_wakeup_fd(-1)
            control.close()

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _hear(self) -> None:
        for said in self._link.hear():
            self._out({"kind": said["kind"], "at": iso(self._clock.now()), **said})
        if self._link.gone:
            self._select.unregister(self._link.fileno())
            self.say("error", code="LINK-GONE", message="the link to the hub ended", todo="restart the agent")

    def _hear_errands(self) -> None:
        self._errands.hear(self.say)
        if self._errands.gone:
            self._select.unregister(self._errands.fileno())

    def _status(self, request: dict[str, Any], reply: Reply) -> None:
        parts = {"hub": self._link.facts(), "errands": self._errands.words()}
        reply({"ok": True, **self._facts, "ready": True, "sensor": "none", "holds": [], **parts})

    def _release(self, request: dict[str, Any], reply: Reply) -> None:
        reply({"ok": False, "code": "NOT-FOUND", "message": "this agent holds nobody", "todo": "garde status"})


def run_link_only(
    state: Path,
    mode: Mode,
    settings: Settings,
    enrolled: Enrolled,
    *,
    out: Callable[[dict[str, Any]], None],
    clock: Clock | None = None,
    netns: str = "",
) -> int:
    """Carry out the hub's orders until told to stop; returns the exit code."""
    clock = clock or SystemClock()
    state = state.absolute()
    held_lock = lock.take(state)
    if netns:
        enter(netns)
    to_link, to_errands = pair()
    place = Place(state, clock, observing=mode is Mode.OBSERVE, guards=False)
    errands = Errands.start(place, to_errands)
    flows = Flows.start(place)
    link = Link.start(state, with_hub(settings, enrolled), clock, mode.value, to_link)
    journal = BackgroundJournal(open_journal(state, clock=clock), clock=clock)
    put = link.tee_into(journal.put)
    in_force = _in_force(mode.value)
    put(kinds.AgentStarted(__version__, mode.value, in_force, "none", os.getpid(), False, ()), clock.now())
    try:
        _Loop(state, mode.value, link, errands, out=out, clock=clock).run()
    finally:
        put(kinds.AgentStopped("asked to stop"), clock.now())
        deadline = time.monotonic() + STOP_SECONDS
        errands.end_by(deadline)
        flows.end_by(deadline)
        link.end_by(deadline)
        journal.close()
        os.close(held_lock)
    return 0


def _in_force(asked: str) -> str:
    return ORDERS if asked == Mode.ENFORCE.value else asked
