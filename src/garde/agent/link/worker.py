"""The link's process from the inside: every thread of it, assembled in one function.

Comes in: a state directory, the core's end of the pipe. Goes out: an exit code, once the core has gone and what it said
last has been told (or time is over).

    pipe, journal ──> outbox ──> speaker ──> hub ──> poller ──> orders ──> cuts
                        ▲                                         ├──> outbox, journal
                        └────────── errands' process ◄────────────┘
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import selectors
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from garde.agent.errands import wire as errands_wire
from garde.agent.link import enrolled as enrolment
from garde.agent.link import pipe
from garde.agent.link.carrier import Carrier
from garde.agent.link.catch_up import CatchUp
from garde.agent.link.channel import Channel, Identity, Numbers
from garde.agent.link.enrolled import Enrolled
from garde.agent.link.fetcher import Fetcher
from garde.agent.link.http import HubConnection
from garde.agent.link.hubtime import HubTime
from garde.agent.link.outbox import FILE as OUTBOX
from garde.agent.link.outbox import Item, Outbox
from garde.agent.link.poller import Poller
from garde.agent.link.speaker import Speaker
from garde.agent.link.status import Status
from garde.agent.orders.book import FILE as BOOK
from garde.agent.orders.book import Book
from garde.agent.orders.executor import Executor
from garde.agent.orders.reports import Reports
from garde.clock import Clock
from garde.contain.actions.cuts import Cuts
from garde.contain.actions.nft import NeverCut
from garde.forensics.custody.store import FOLDER as EVIDENCE
from garde.forensics.custody.store import Evidence
from garde.model.order import Order
from garde.settings import Settings
from garde.trust.files import write_secret
from garde.trust.keys import PublicKey, SigningKey

LOOK_EVERY = 5.0  # seconds between two looks at the journal while it is calm: one small query
END_SECONDS = 1.0  # for the last words; SIGTERM must end all of the agent within 2 s
CHECKPOINT_FILE = "hub-checkpoint.json"
# What the hub must hear before anything else; the rest waits a moment for company.
URGENT = frozenset(
    {
        "verdict_reached", "actor_held", "hold_refused", "hold_released", "mass_delete_seen", "mode_changed",
        "agent_started", "agent_stopped", "order_applied", "order_refused", "cut_tried", "cut_undone",
    }
)  # fmt: skip


@dataclass(slots=True)
class Heard:
    """What heartbeats say of the agent: read from the entries that pass by."""

    asked: str
    mode: str = "starting"
    coverage: dict[str, Any] = field(default_factory=dict)

    def note(self, item: Item) -> bool:
        """Take an entry; True where the mode is another one now."""
        before = (self.asked, self.mode)
        if item.kind in ("agent_started", "mode_changed"):
            said = msgspec.json.decode(item.payload, type=dict[str, Any])
            self.asked, self.mode = str(said.get("asked", "")), str(said.get("mode", ""))
        elif item.kind == "agent_stopped":
            self.mode = "stopped"
        elif item.kind == "coverage_changed":
            said = msgspec.json.decode(item.payload, type=dict[str, Any])
            self.coverage = {name: said.get(name) for name in ("files", "judgeable", "restorable")}
        return (self.asked, self.mode) != before


class Worker:
    """Empties the pipe and looks at the journal in the main thread; the others speak, listen and act."""

    def __init__(
        self,
        state: Path,
        end: socket.socket,
        *,
        enrolled: Enrolled,
        settings: Settings,
        clock: Clock,
        asked: str,
        errands: socket.socket | None = None,
    ) -> None:
        self._end, self._clock, self._state, self._errands = end, clock, state, errands
        self._heard = Heard(asked)
        self._outbox = Outbox(state / OUTBOX)
        self._catch_up = CatchUp(state, self._outbox, enrolled.at)
        self._look_at = 0.0
        self._core_gone = False
        self._ending = threading.Event()
        where = f"{enrolled.host}:{enrolled.port}"
        self._status = Status(where, enrolled.machine, lambda words: pipe.tell(end, words), clock)
        self._time = time = HubTime(clock)
        channel = _channels(state, enrolled, time, clock, self._status)
        self._book = Book(state / BOOK)
        self._speaker = Speaker(
            channel("report"),
            channel("heartbeat"),
            self._outbox,
            self._status,
            clock,
            self._beat,
            self._keep_checkpoint,
        )
        self._speaker.beats.connection = self._speaker.reports.connection  # one connection for one thread
        self._executor = Executor(
            cuts=Cuts(state, NeverCut(enrolment.with_hub(settings, enrolled).contain), enrolled.flows),
            book=self._book,
            reports=Reports(self._outbox, self._speak, state, clock, lambda words: pipe.tell(end, words)),
            machine=enrolled.machine,
            hub_key=PublicKey.from_hex(enrolled.hub_key),
            hub_now=time.now,
            observing=lambda: self._heard.asked == "observe",
            contact=self._speaker.contact,
            hand_over=self._hand_over if errands is not None else None,
            blamed=lambda addresses: pipe.tell(end, {"kind": pipe.BLAMED, "addresses": list(addresses)}),
        )
        self._poller = Poller(channel("poll"), lambda: self._book.last_seq, self._executor.take, self._status, clock)

        self._carrier = Carrier(channel("evidence"), Evidence(state / EVIDENCE))
        self._fetcher = Fetcher(channel("watch-list"), state, self._fetched)
        self._status.on_return = self._poller.redial

    def run(self) -> int:
        """Work until the core has gone."""
        self._status.begin()
        threads = [
            threading.Thread(target=self._speaker.run, name="speaker", daemon=True),
            threading.Thread(target=self._poller.run, name="poller", daemon=True),
            threading.Thread(target=self._carrier.run, name="carrier", daemon=True),
            threading.Thread(target=self._fetcher.run, name="fetcher", daemon=True),
            *self._executor.threads(),
        ]
        for thread in threads:
            thread.start()
        with selectors.DefaultSelector() as select:
            select.register(self._end, selectors.EVENT_READ)
            if self._errands is not None:
                select.register(self._errands, selectors.EVENT_READ)
            while not self._core_gone and not self._ending.is_set():
                self._look()
                waits = 0.0 if self._catch_up.behind and self._outbox.free else LOOK_EVERY
                ready = [key.fileobj for key, _ in select.select(waits)]
                self._drain()
                if self._errands in ready and not self._hear_errands(self._errands):
                    select.unregister(self._errands)
        self._finish(threads[0])
        return 0

    def end(self) -> None:
        """Asked to end by a signal."""
        self._ending.set()

    # --- the core and the journal -----------------------------------------------------------------------------------

    def _look(self) -> None:
        """Look at the journal where that is due. A full outbox is looked at again when the hub has taken some of it."""
        now = self._clock.monotonic()
        if now < self._look_at and not (self._catch_up.behind and self._outbox.free):
            return
        self._look_at = now + LOOK_EVERY
        before = self._outbox.waiting
        self._catch_up.read(self._drain)
        if self._outbox.waiting > before:
            self._speaker.new(urgent=True)

    def _drain(self) -> None:
        """Take what the core has sent."""
        items, there = pipe.receive(self._end)
        self._core_gone |= not there or any(item.kind == "agent_stopped" for item in items)
        changed = [item for item in items if self._heard.note(item)]
        urgent = [item for item in items if item.kind in URGENT]
        if self._catch_up.behind:
            self._outbox.put(urgent, always=True)  # the rest follows from the journal, in its order
        elif self._outbox.put(items) < len(items):
            self._outbox.put(urgent, always=True)
            self._catch_up.behind = True
        if items:
            self._speaker.new(urgent=bool(urgent))
        if changed:
            self._speaker.beat_now()

    # --- the errands' process ---------------------------------------------------------------------------------------

    def _hear_errands(self, end: socket.socket) -> bool:
        """Take what it has said; False where it has gone for good."""
        for message in errands_wire.receive(end, errands_wire.TO_LINK):
            match message:
                case None:
                    return False
                case errands_wire.Hello():
                    self._executor.hand_over_again()
                case errands_wire.Want():
                    self._fetcher.want(message.digest)
                case errands_wire.Kept():
                    self._executor.handed_over(message.command)
                case errands_wire.Told():
                    self._outbox.put([Item(message.at, message.kind, bytes(message.payload))], always=True)
                    self._speak()
        return True

    def _hand_over(self, seq: int, order: Order) -> None:
        """Hand an errand over, its times as this machine's clock shows them; what is not taken is handed over again."""
        assert self._errands is not None
        offset = self._time.now() - self._clock.now()
        known = offset if self._time.known else None
        errands_wire.send(self._errands, errands_wire.Asked(_here(order, offset), seq, known))

    def _fetched(self, got: errands_wire.Got) -> None:
        if self._errands is not None:
            errands_wire.send(self._errands, got)

    def _finish(self, speaker: threading.Thread) -> None:
        """Say the last words: in good order, or that the watching part was killed."""
        if not self._core_gone:
            self._drain()
        if self._heard.mode != "stopped":
            self._heard.mode = "gone"
        self._poller.end()
        self._carrier.end()
        self._fetcher.end()
        self._executor.end()
        self._speaker.end(END_SECONDS)
        speaker.join(END_SECONDS + 0.2)

    # --- what the threads ask ---------------------------------------------------------------------------------------

    def _speak(self) -> None:
        self._speaker.new(urgent=True)

    def _beat(self) -> dict[str, Any]:
        return {
            "asked": self._heard.asked,
            "mode": self._heard.mode,
            "coverage": self._heard.coverage,
            "clock": self._clock.now(),
            "orders_seen": self._book.last_seq,
            "waiting": self._outbox.waiting,
        }

    def _keep_checkpoint(self, checkpoint: Any) -> None:
        """Note the hub journal's checkpoint on our disk: cutting the end off the hub's journal then shows here."""
        if isinstance(checkpoint, dict):
            with contextlib.suppress(OSError):
                _keep_newer(self._state / CHECKPOINT_FILE, checkpoint)


def _here(order: Order, offset: float) -> Order:
    """Return the order with its times on this machine's clock, which differs from the hub's by `offset`."""
    times = {name: value - offset for name in ("expires", "since", "until") if (value := getattr(order, name))}
    return dataclasses.replace(order, **times)


def _keep_newer(path: Path, checkpoint: dict[str, Any]) -> None:
    raw = msgspec.json.encode(checkpoint)
    try:
        if path.read_bytes() == raw:
            return
    except OSError:
        pass
    write_secret(path, raw)


def _channels(state: Path, enrolled: Enrolled, time: HubTime, clock: Clock, status: Status) -> Callable[[str], Channel]:
    """Return what makes a channel of a kind, each with a connection of its own."""
    key = SigningKey.load(state / enrolment.KEY_FILE)
    identity = Identity(enrolled.machine, key, PublicKey.from_hex(enrolled.hub_key))
    numbers = Numbers(clock)

    def channel(kind: str) -> Channel:
        connection = HubConnection(enrolled.addresses, enrolled.port, enrolled.ca)
        return Channel(kind, connection, identity, numbers, time, status.heard)

    return channel


def run(
    state: Path, end: socket.socket, settings: Settings, clock: Clock, asked: str, *, errands: socket.socket | None
) -> int:
    """Run the worker in this process; returns its exit code."""
    worker = Worker(
        state, end, enrolled=enrolment.load(state), settings=settings, clock=clock, asked=asked, errands=errands
    )
    signal.signal(signal.SIGTERM, lambda *_: worker.end())
    for each in (end, errands):
        if each is not None:
            os.set_blocking(each.fileno(), False)
    return worker.run()
