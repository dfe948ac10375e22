"""Carrying orders out: check, apply, tell, prove, tell.

Comes in: envelopes from the poller. Goes out: cuts made and undone, and a report of each step. Rules, one test each:

1. Only the hub's own signature, for this machine, with a number above the last and before its expiry (in hub time)
   counts; anything else is refused and reported, and changes nothing.
2. An order is safe on the disk before the hub is told that it came; after a crash it is carried out, once.
3. The same command again is not carried out again: its outcome is told again.
4. A verb that this agent does not know, arguments that it can't read, a machine that only watches, and whatever the
   never-cut list forbids are refused with a code.
5. A cut is reported as applied the moment it is, and proven afterwards, without the next order waiting for it.
6. After a cut that could strand this machine (isolate, outside) the hub must be heard over a new connection within
   `WINDOW` seconds, or the cut is undone and that is reported. A hub lost later keeps the cut.
7. When the agent starts, every cut in force is made again where a restart took it away, and proven again.
8. An order that fails in an unforeseen way is refused with the reason; the next one is carried out all the same.
9. An errand (the way back) is handed to the errands' process, and again until that has it safe: nothing here waits for
   it, and what became of it is told from there.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from garde.agent.orders.book import Book, Stage
from garde.agent.orders.reports import Reports
from garde.contain.actions.cut import Applied, CutRefused
from garde.contain.actions.cuts import Cuts
from garde.journal.hub_kinds import CutTried, CutUndone, OrderApplied, OrderRefused
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.journal.text import plain
from garde.model.order import ERRANDS, Order, Verb
from garde.trust.envelope import HUB, Envelope, EnvelopeRefusedError, open_sealed
from garde.trust.keys import PublicKey

WINDOW = 15.0  # seconds after a cut in which the hub must be heard
_MAY_STRAND = frozenset({Verb.ISOLATE, Verb.OUTSIDE})
_CLIENTS = frozenset({Verb.BLOCK, Verb.KICK})
_WORDS_MOST = 500  # characters of a reason
PROVERS = 3  # proofs at the same time: one may wait seconds for a packet that must not come


@dataclass(slots=True)
class Executor:
    """`take` from the poller's thread; threads of its own act and prove."""

    cuts: Cuts
    book: Book
    reports: Reports
    machine: str
    hub_key: PublicKey
    hub_now: Callable[[], float]  # wall seconds, hub time
    observing: Callable[[], bool]
    contact: Callable[[float], bool]  # reach the hub over a new connection within so many seconds
    hand_over: Callable[[int, Order], None] | None = None  # to the errands' process, where there is one
    window: float = WINDOW
    blamed: Callable[[tuple[str, ...]], None] = lambda addresses: None  # clients that are refused here from now on
    _to_do: queue.SimpleQueue[Order | None] = field(default_factory=queue.SimpleQueue)
    _to_prove: queue.SimpleQueue[Order | None] = field(default_factory=queue.SimpleQueue)

    def threads(self) -> list[threading.Thread]:
        """Return the threads, not started yet: one that acts, in order, and some that prove."""
        return [
            threading.Thread(target=self._act, name="orders", daemon=True),
            *(threading.Thread(target=self._prove_all, name=f"proof {n}", daemon=True) for n in range(PROVERS)),
        ]

    def end(self) -> None:
        """Let the threads end after what they are doing; what waits is done at the next start."""
        self._to_do.put(None)
        for _ in range(PROVERS):
            self._to_prove.put(None)

    # --- an order comes in ------------------------------------------------------------------------------------------

    def take(self, raw: bytes) -> None:
        """Check an envelope and keep the order; returns once it is safe, or refused."""
        try:
            envelope = open_sealed(
                raw, key_of=self._key_of, recipient=self.machine, now=self.hub_now(), last_seq=self.book.last_seq
            )
        except EnvelopeRefusedError as error:
            self.reports.refused(OrderRefused("", "", error.code, plain(error.reason)[:_WORDS_MOST]))
            return
        order = self._read(envelope)
        if order is None:
            self.book.pass_over(envelope.seq)
            return
        known = self.book.accept(envelope.seq, order)
        if self._is_errand(order):
            self._hand(envelope.seq, order)
        elif known is None:
            self._to_do.put(order)
        elif known is Stage.DONE:
            for kind, payload in self.book.outcomes(order.command):
                self.reports.again(kind, payload)

    def _key_of(self, sender: str) -> PublicKey | None:
        return self.hub_key if sender == HUB else None

    def _read(self, envelope: Envelope) -> Order | None:
        """Read an order that the hub has signed; None where it was refused."""
        if envelope.kind != "order":
            self.reports.refused(OrderRefused("", "", "MALFORMED", f"{envelope.kind} is no order"))
            return None
        try:
            order = msgspec.json.decode(envelope.body, type=Order)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            self._refuse_unread(envelope.body, str(error))
            return None
        if not order.command:
            self.reports.refused(OrderRefused("", order.cut[:64], "MALFORMED", "it carries no command"))
            return None
        return order

    def _refuse_unread(self, body: bytes, error: str) -> None:
        """Name the command where it can be read at all: the hub waits for an outcome of it."""
        try:
            said: Any = msgspec.json.decode(body)
        except (msgspec.DecodeError, ValueError, RecursionError):
            said = None
        found = said if isinstance(said, dict) else {}
        command, cut, verb = (str(found.get(name, ""))[:64] for name in ("command", "cut", "verb"))
        known = verb in set(Verb)
        reason = error if known else f"there is no verb {plain(verb)!r}"
        self.reports.refused(
            OrderRefused(
                plain(command), plain(cut), "MALFORMED" if known else "UNKNOWN-VERB", plain(reason)[:_WORDS_MOST]
            )
        )

    # --- errands (rule 9) ---------------------------------------------------------------------------------------------

    def hand_over_again(self) -> None:
        """The errands' process has begun (again): hand it what it has not said it has."""
        for order, _ in self.book.unfinished():
            if self._is_errand(order):
                self._hand(self.book.last_seq, order)

    def handed_over(self, command: str) -> None:
        """It is safe there."""
        self.book.stage(command, Stage.DONE)

    def _is_errand(self, order: Order) -> bool:
        return self.hand_over is not None and order.verb in ERRANDS

    def _hand(self, seq: int, order: Order) -> None:
        assert self.hand_over is not None
        self.hand_over(seq, order)

    # --- acting -------------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        self._guarded(self._take_up, None)
        while (order := self._to_do.get()) is not None:
            if self.book.stage_of(order.command) is Stage.ACCEPTED:  # else it was taken up at the start already
                self._guarded(self._perform, order)

    def _guarded(self, act: Callable[..., None], order: Order | None) -> None:
        """Rule 8: nothing that goes wrong with one order keeps the next one waiting."""
        try:
            act(order) if order is not None else act()
        except Exception as error:
            words = plain(f"{type(error).__name__}: {error}")[:_WORDS_MOST]
            if order is None:
                self.reports(OrderRefused("", "", "FAILED", f"taking up the cuts in force: {words}"))
            else:
                self._finish(order, OrderRefused(order.command, order.cut, "FAILED", words))

    def _perform(self, order: Order) -> None:
        if self.hub_now() > order.expires:
            self._finish(
                order, OrderRefused(order.command, order.cut, "EXPIRED", "its time was over before it could be done")
            )
        elif self.observing():
            self._finish(order, OrderRefused(order.command, order.cut, "OBSERVING", "this agent only watches"))
        elif order.verb is Verb.UNDO:
            self._undo(order)
        elif order.verb not in self.cuts:
            self._finish(
                order, OrderRefused(order.command, order.cut, "UNKNOWN-VERB", f"{order.verb} is not done here")
            )
        else:
            self._apply(order)

    def _apply(self, order: Order) -> None:
        said = self.cuts[order.verb].apply(order)
        if isinstance(said, CutRefused):
            self._finish(order, OrderRefused(order.command, order.cut, said.code, plain(said.reason)[:_WORDS_MOST]))
            return
        self.book.stage(order.command, Stage.WINDOW if order.verb in _MAY_STRAND else Stage.APPLIED)
        self._tell(order, OrderApplied(order.command, order.cut, _detail(said), said.survives_reboot))
        if order.verb in _CLIENTS:
            self.blamed(order.addresses)
        self._to_prove.put(order)

    def _undo(self, order: Order) -> None:
        said = self.cuts.undo(order.cut)
        if isinstance(said, CutRefused):
            self._finish(order, OrderRefused(order.command, order.cut, said.code, plain(said.reason)[:_WORDS_MOST]))
        else:
            self._finish(order, CutUndone(order.cut, order.command, "hub"))

    # --- proving ------------------------------------------------------------------------------------------------------

    def _prove_all(self) -> None:
        while (order := self._to_prove.get()) is not None:
            self._guarded(self._prove, order)

    def _prove(self, order: Order) -> None:
        if order.verb in _MAY_STRAND and not self._heard_within_window(order):
            return
        if order.cut not in self.cuts[order.verb].active():
            self.book.stage(order.command, Stage.DONE)  # undone meanwhile: there is nothing left to prove
            return
        proof = self.cuts[order.verb].prove(order)
        self._finish(order, CutTried(order.command, order.cut, proof.proven, proof.checks))

    def _heard_within_window(self, order: Order) -> bool:
        """Rule 6. Orders proven again after a restart are past their window."""
        if self.book.stage_of(order.command) is not Stage.WINDOW:
            return True
        if self.contact(self.window):
            self.book.stage(order.command, Stage.APPLIED)
            return True
        said = self.cuts.undo(order.cut)
        if isinstance(said, CutRefused):
            words = f"the hub was not heard within {self.window:.0f} s, and undoing it failed: {said.reason}"
            self._finish(order, OrderRefused(order.command, order.cut, said.code, plain(words)[:_WORDS_MOST]))
        else:
            self._finish(order, CutUndone(order.cut, order.command, "apply window"))
        return False

    # --- after a start ------------------------------------------------------------------------------------------------

    def _take_up(self) -> None:
        """Rules 2 and 7."""
        self.hand_over_again()
        unfinished = [(order, stage) for order, stage in self.book.unfinished() if not self._is_errand(order)]
        if not self.observing():
            for refused in self.cuts.recover():
                words = plain(refused.reason)[:_WORDS_MOST]
                self.reports(
                    OrderRefused("", refused.cut, refused.code, f"after a restart it could not be made again: {words}")
                )
        active = self.cuts.active()
        for order, stage in unfinished:
            if stage is not Stage.ACCEPTED:
                self._to_prove.put(order)
            elif order.verb in active.get(
                order.cut, ()
            ):  # ended in the middle of it: it is in force, whatever the time
                self._guarded(self._apply, order)
            else:
                self._guarded(self._perform, order)
        taken_up = {order.cut for order, _ in unfinished}
        for cut, verbs in active.items():
            for verb in verbs if cut not in taken_up else ():
                self._to_prove.put(self.book.order_of(cut, verb) or Order("", cut, verb))

    # --- telling ------------------------------------------------------------------------------------------------------

    def _finish(self, order: Order, payload: Payload) -> None:
        """Tell the last word on an order. Told before it is marked: twice told is better than never."""
        self._tell(order, payload)
        self.book.stage(order.command, Stage.DONE)

    def _tell(self, order: Order, payload: Payload) -> None:
        raw = self.reports(payload)
        if order.command:
            self.book.told(order.command, NAMES[type(payload)], raw)


def _detail(applied: Applied) -> str:
    """One sentence with what was left out."""
    left = "; ".join(f"{each.what}: {each.reason}" for each in applied.skipped)
    return plain(f"{applied.detail} (left out: {left})" if left else applied.detail)[:_WORDS_MOST]
