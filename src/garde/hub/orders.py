"""Orders on their way to agents.

Comes in: `order_asked` and `errand_asked` commands; the agents' polls. Goes out: orders to send, each with the number
that its envelope carries; `command_failed` for one that ran out of time. Rules:

1. An order waits until its outcome is in the journal, or until it expires: then it is a failed command with the
   reason.
2. A number is never used for two orders, and is above everything that the agent says it has seen: the seq of the
   order's own entry, unless a hub restored from a backup has fallen behind the agent. No number needs a file of its
   own.
3. An agent that has not seen an order is sent it at every poll; one that has, and says nothing of it, again after ten
   seconds under a new number: the agent is idempotent on the command's id and says its outcome once more.
4. A poll that finds nothing waits, and ends the moment an order comes.
5. An agent has one poll at a time: a new one ends those before it, empty. What waited at the end of a connection that
   is dead must not take an order with it. One that was sent and not seen is sent again after half a second.
6. An errand travels as an order does. It may take hours: it expires after a day where it names no end, and one that was
   seen is sent again after a minute. A cut never goes as an errand, nor an errand as a cut.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

from garde.clock import Clock
from garde.hub.performer import NEVER, Say
from garde.journal.entry import Entry
from garde.journal.hub_kinds import CommandFailed, OrderAsked
from garde.journal.payload import Command
from garde.journal.recovery_kinds import ErrandAsked
from garde.model.order import CUTS, ERRANDS, Order, Verb

EXPIRES_S = 300.0  # an order that names no end
ERRAND_EXPIRES_S = 86_400.0  # an errand that names no end: a restore of everything may take a night
AGAIN_S = 10.0  # seen and without an outcome
ERRAND_AGAIN_S = 60.0  # the same of an errand, which takes its time
LOST_S = 0.5  # sent and not seen: an answer on its way is not overtaken by a second poll
BATCH = 50  # orders in one answer


@dataclass(slots=True)
class Waiting:
    """One order on its way."""

    order: Order
    machine: str
    seq: int  # the number it was sent under, or will be
    sent: int = 0  # how often
    sent_at: float = float("-inf")  # monotonic

    @property
    def again_s(self) -> float:
        """Seconds after which it is sent again, once it was seen."""
        return ERRAND_AGAIN_S if self.order.verb in ERRANDS else AGAIN_S


@dataclass(slots=True)
class _Box:
    """One agent's orders, by command id, in the order in which they were asked."""

    waiting: dict[str, Waiting] = field(default_factory=dict)
    last: int = 0  # the highest number given out or seen
    polls: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = field(default_factory=set)


class Orders:
    """The performer of orders and errands (`garde.hub.performer.Performer`), and what the agents' polls ask."""

    kinds = ("order_asked", "errand_asked")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._boxes: dict[str, _Box] = {}
        self._machine_of: dict[str, str] = {}
        self._say: Say = lambda payloads: None
        self._closed = False

    # --- for the loop ---

    def open(self, say: Say) -> None:
        self._say = say

    def begin(self, command: Command, entry: Entry) -> None:
        assert isinstance(command, OrderAsked | ErrandAsked)
        try:
            order = order_of(command, entry) if isinstance(command, OrderAsked) else errand_of(command, entry)
        except ValueError as error:
            self._say([CommandFailed(command.command, str(error))])
            return
        with self._lock:
            box = self._boxes.setdefault(command.machine, _Box())
            if command.command in box.waiting:
                return
            box.waiting[command.command] = Waiting(order, command.machine, entry.seq)
            self._machine_of[command.command] = command.machine
            polls = list(box.polls)
        _ring(polls)

    def settled(self, command: str) -> None:
        with self._lock:
            self._forget(command)

    def tick(self) -> None:
        now = self._clock.now()
        with self._lock:
            over = [each for box in self._boxes.values() for each in box.waiting.values() if each.order.expires <= now]
            for each in over:
                self._forget(each.order.command)
        for each in over:
            self._say([CommandFailed(each.order.command, _why(each))])

    def next_due(self) -> float:
        with self._lock:
            ends = (each.order.expires for box in self._boxes.values() for each in box.waiting.values())
            return min(ends, default=NEVER)

    def close(self) -> None:
        """Let every poll end, now and from here on."""
        with self._lock:
            self._closed = True
            polls = [poll for box in self._boxes.values() for poll in box.polls]
        _ring(polls)

    # --- for the agents' polls ---

    async def poll(self, machine: str, after: int, wait_s: float) -> list[Waiting]:
        """Return the orders that this agent is to be sent now; waits for one so long, and may return none."""
        poll = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            box = self._boxes.setdefault(machine, _Box())
            found = self._due(box, after)
            before, box.polls = box.polls, set()
            if not (found or self._closed or wait_s <= 0):
                box.polls.add(poll)
        _ring(list(before))
        if poll not in box.polls:
            return found
        try:
            async with asyncio.timeout(min(wait_s, self._until_again(machine, after))):
                await poll[1].wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                is_last = poll in box.polls
                box.polls.discard(poll)
        with self._lock:
            return self._due(box, after) if is_last else []

    def waiting(self, machine: str = "") -> list[Waiting]:
        """Return the orders on their way, to one machine or to all."""
        with self._lock:
            boxes = [self._boxes.get(machine, _Box())] if machine else list(self._boxes.values())
            return [each for box in boxes for each in box.waiting.values()]

    # --- inside, under the lock ---

    def _due(self, box: _Box, after: int) -> list[Waiting]:
        now = self._clock.monotonic()
        box.last = max(box.last, after)
        unseen = [each for each in box.waiting.values() if not each.sent or each.seq > after]
        again = [each for each in box.waiting.values() if each.sent and each.seq <= after]
        found = [each for each in again if now - each.sent_at >= each.again_s]
        if found or any(now - each.sent_at >= LOST_S for each in unseen):
            found += unseen  # all of them: one that is left out now would be taken for seen behind a higher number
        for each in found[:BATCH]:
            if each.seq <= (after if each.sent else box.last):
                each.seq = box.last + 1
            box.last = max(box.last, each.seq)
            each.sent, each.sent_at = each.sent + 1, now
        return sorted(found[:BATCH], key=lambda each: each.seq)

    def _until_again(self, machine: str, after: int) -> float:
        """Return the seconds until an order already sent is to be sent once more."""
        now = self._clock.monotonic()
        with self._lock:
            waiting = self._boxes[machine].waiting.values()
            due = (each.sent_at + (each.again_s if each.seq <= after else LOST_S) - now for each in waiting)
            return max(min(due, default=NEVER), 0.0)

    def _forget(self, command: str) -> None:
        machine = self._machine_of.pop(command, "")
        if machine:
            self._boxes[machine].waiting.pop(command, None)


def order_of(command: OrderAsked, entry: Entry) -> Order:
    """Return what the agent receives; ValueError for a verb that there is not, or text that has been erased."""
    verb = _verb(command.verb, CUTS)
    users = tuple(user.value for user in command.users)
    if None in users:
        raise ValueError("the accounts it names have been erased from the journal")
    return Order(
        command=command.command,
        cut=command.cut,
        verb=verb,
        addresses=command.addresses,
        users=tuple(user.decode("utf-8", "surrogateescape") for user in users if user is not None),
        allow=command.allow,
        reason=command.reason,
        by=command.by,
        expires=command.expires or entry.at + EXPIRES_S,
    )


def errand_of(command: ErrandAsked, entry: Entry) -> Order:
    """Return what the agent receives; ValueError for a verb that there is not."""
    return Order(
        command=command.command,
        cut="",
        verb=_verb(command.verb, ERRANDS),
        addresses=command.addresses,
        reason=command.reason,
        by=command.by,
        expires=command.expires or entry.at + ERRAND_EXPIRES_S,
        store=command.store,
        point=command.point,
        where=command.where,
        since=command.since,
        until=command.until,
        ports=command.ports,
        baseline=command.baseline,
        about=command.about,
        digest=command.digest,
    )


def _verb(name: str, of: frozenset[Verb]) -> Verb:
    found = next((each for each in of if each == name), None)
    if found is None:
        raise ValueError(f"there is no verb {name!r} for this")
    return found


def _why(each: Waiting) -> str:
    if not each.sent:
        return f"{each.machine} did not fetch the order before it expired"
    return f"{each.machine} was sent the order {each.sent} times and said nothing of it before it expired"


def _ring(polls: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
    for loop, event in polls:
        try:
            loop.call_soon_threadsafe(event.set)
        except RuntimeError:  # that event loop has ended, and its poll with it
            pass
