"""The thread that carries evidence to the hub: small things, piece by piece, after everything that matters more.

Comes in: the agent's store of evidence. Goes out: signed pieces. The hub compares the whole with the digest that was
reported when it was taken, and says how much of it it has; that is noted beside the item, so that a restart of either
side goes on where it stopped. What the hub does not want stays here, by reference. Rules, one test each:

1. Notes go first, then what was taken first. What is larger than `MOST` is never sent.
2. What the hub does not know of yet (the report is still on its way) is offered again later.
3. One that the hub takes no more of, or that has changed here, keeps nobody from the next.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from garde.agent.link.backoff import Backoff
from garde.agent.link.channel import HubRefusedError
from garde.forensics.custody.pieces import MOST, PIECE, Piece
from garde.forensics.custody.store import Evidence, Item

ANSWER_SECONDS = 20.0
LOOK_EVERY = 5.0  # seconds between two looks at the store: one stat
LATER = 10.0  # seconds until an item is offered again that the hub did not know
REFUSED_WAIT = 60.0


class Asks(Protocol):
    """What carries a question to the hub (`Channel`)."""

    def ask(self, body: bytes, timeout: float) -> bytes: ...


class _Have(msgspec.Struct):
    upto: int  # bytes that the hub has of it; -1: it takes no more of it
    later: bool = False  # it does not know it yet


@dataclass(slots=True)
class Carrier:
    """`run` in a thread; `end` from any."""

    channel: Asks
    store: Evidence
    patience: Backoff = field(default_factory=Backoff)
    _ended: threading.Event = field(default_factory=threading.Event)
    _seen: int = 0  # mtime of the folder of records when everything in it was carried

    def run(self) -> None:
        """Carry until ended."""
        wait = LOOK_EVERY
        while not self._ended.wait(wait):
            try:
                wait = LOOK_EVERY if self.carry() else LATER
                self.patience.good()
            except HubRefusedError:
                wait = REFUSED_WAIT
            except (OSError, ValueError):
                wait = LOOK_EVERY + self.patience.next()

    def end(self) -> None:
        self._ended.set()

    def carry(self) -> bool:
        """Send what the hub lacks; True where nothing is left to send."""
        stamp = self._stamp()
        if stamp in (0, self._seen):
            return True
        whole = True
        for item in self._waiting():
            whole &= self._one(item)
        if whole:
            self._seen = stamp
        return whole

    def _stamp(self) -> int:
        try:
            return (self.store.folder / "items").stat().st_mtime_ns
        except OSError:
            return 0

    def _waiting(self) -> Iterator[Item]:
        """Rule 1."""
        items = sorted(self.store.items(), key=lambda each: (each.sort != "note", each.taken_at))
        return (each for each in items if each.size <= MOST and 0 <= self.store.moved(each.item) < each.size)

    def _one(self, item: Item) -> bool:
        """Send one item; False where the hub is to be asked again. Rules 2 and 3."""
        upto = self.store.moved(item.item)
        try:
            handle = self.store.open(item)
        except OSError:
            self.store.note_moved(item.item, -1)
            return True
        try:
            while 0 <= upto < item.size and not self._ended.is_set():
                have = self._ask(item, upto, os.pread(handle, PIECE, upto))
                if have.later:
                    return False
                if have.upto == upto:
                    raise ConnectionError("the hub did not take a piece")
                upto = have.upto
                self.store.note_moved(item.item, upto)
        finally:
            os.close(handle)
        return upto < 0 or upto >= item.size

    def _ask(self, item: Item, offset: int, data: bytes) -> _Have:
        body = msgspec.json.encode(Piece(item.item, offset)) + b"\n" + data
        return msgspec.json.decode(self.channel.ask(body, ANSWER_SECONDS), type=_Have)
