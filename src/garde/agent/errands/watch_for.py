"""The errand `watch_for`: fetch a list, watch for it, then look for it in what is known already.

Comes in: an order with the list's digest; the link's word that it lies there; the core's word that it watches. Goes
out: `watch_list_taken`, and afterwards `indicator_seen` for what older records show. Rules, one test each:

1. A list is believed only with the digest that the signed order names.
2. Where the hub is away it is asked again until the order's time is over; a list that the hub has no more is refused.
3. What is in daily use here is left out, and that is said: a neighbour's list suspects nobody for a usual ending.
4. The watch comes first; looking back takes as long as it takes, and nobody waits for it. Killed in the middle of it,
   it is done again at the next start.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from garde.agent import watch_list
from garde.agent.errands import look_back, wire
from garde.agent.errands.base import Code, ErrandRefused, Job
from garde.agent.errands.look_back import Told
from garde.agent.errands.place import Place
from garde.errors import GardeError
from garde.journal.kinds import ErrorSeen
from garde.journal.payload import Payload
from garde.journal.sharing_kinds import IndicatorSeen, WatchListTaken
from garde.journal.store import open_journal
from garde.journal.text import Text, plain
from garde.model import watchlist
from garde.model.order import Order
from garde.model.watchlist import WatchList
from garde.private import keep_note

FETCH_SECONDS = 30.0  # for one try
AGAIN_SECONDS = 3.0  # between two
CORE_SECONDS = 60.0  # for the core to read it
INDEX = "index.db"
_SEARCH = "search.json"  # what is still to be looked for, in the list's folder
_NAMED = 5  # endings in use that are named


class _Search(msgspec.Struct, frozen=True):
    command: str
    digest: str


@dataclass(slots=True)
class WatchFor:
    """One agent's."""

    place: Place
    to_link: Callable[[wire.Want], bool]
    to_core: Callable[[wire.WatchFor], bool]
    tell: Callable[[Payload], object]
    _got: queue.SimpleQueue[wire.Got] = field(default_factory=queue.SimpleQueue)
    _sharpened: queue.SimpleQueue[wire.Sharpened] = field(default_factory=queue.SimpleQueue)
    # With what the index showed already; None: it is still to be looked through.
    _searches: queue.SimpleQueue[tuple[_Search, Told | None]] = field(default_factory=queue.SimpleQueue)

    # --- from the worker's thread ---

    def got(self, message: wire.Got) -> None:
        """The link has fetched a list, or has not."""
        self._got.put(message)

    def sharpened(self, message: wire.Sharpened) -> None:
        """The core watches for it."""
        self._sharpened.put(message)

    def resume(self) -> None:
        """Take up a search that a process before this one left."""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            self._searches.put((msgspec.json.decode(self._note.read_bytes(), type=_Search), None))

    @property
    def _note(self) -> Path:
        return self.place.state / watch_list.FOLDER / _SEARCH

    # --- the errand, in its lane ---

    def errand(self, job: Job) -> Iterator[Payload]:
        """Take a list."""
        began, order = time.monotonic(), job.order
        if not watch_list.is_digest(order.digest):
            raise ErrandRefused(Code.MALFORMED, "it names no list")
        whole = self._fetched(order)
        told: Told = {}
        usual = self._in_index(whole, told)
        here = whole.without(usual)
        watch_list.put(watch_list.in_force(self.place.state), watchlist.write(here.sources, here.indicators()))
        watch_list.keep_only(self.place.state, order.digest)
        wanted = _Search(order.command, order.digest)
        keep_note(self._note, msgspec.json.encode(wanted))
        detail = self._watch(order)
        self._searches.put((wanted, told))
        if usual:
            named = ", ".join(plain(each.value) for each in usual[:_NAMED])
            detail = f"in daily use here and left out: {named}{' …' if len(usual) > _NAMED else ''}. {detail}".strip()
        yield WatchListTaken(order.command, order.digest, len(here), round(time.monotonic() - began, 3), detail)

    def _fetched(self, order: Order) -> WatchList:
        """Return the list, fetched where it does not lie here (rules 1 and 2)."""
        place = watch_list.fetched(self.place.state, order.digest)
        while not watch_list.is_whole(place, order.digest):
            said = self._ask_link(order.digest)
            if said is not None and not said.why:
                continue
            why = said.why if said is not None else "no answer"
            if said is not None and not said.again:
                raise ErrandRefused(Code.UNAVAILABLE, why)
            if self.place.clock.now() >= order.expires:
                raise ErrandRefused(Code.EXPIRED, f"the list could not be fetched: {why}")
            time.sleep(AGAIN_SECONDS)
        try:
            return watch_list.read(place)
        except ValueError as error:
            raise ErrandRefused(Code.MALFORMED, f"it is no list: {error}") from error

    def _ask_link(self, digest: str) -> wire.Got | None:
        if not self.to_link(wire.Want(digest)):
            return None
        ends = time.monotonic() + FETCH_SECONDS
        with contextlib.suppress(queue.Empty):
            while (left := ends - time.monotonic()) > 0:
                said = self._got.get(timeout=left)
                if said.digest == digest:
                    return said
        return None

    def _watch(self, order: Order) -> str:
        """Have the core watch for it; returns what there is to say of that."""
        if not self.place.guards:
            return "no folder is guarded here: nothing is watched, older records were searched"
        self.to_core(wire.WatchFor(order.command))
        ends = time.monotonic() + CORE_SECONDS
        try:
            while True:
                said = self._sharpened.get(timeout=max(0.0, ends - time.monotonic()))
                if said.command == order.command:
                    break
        except queue.Empty:
            raise ErrandRefused(Code.FAILED, "the watch did not answer") from None
        if said.detail:
            raise ErrandRefused(Code.FAILED, said.detail)
        return ""

    def _in_index(self, whole: WatchList, told: Told) -> list[watchlist.Indicator]:
        """Look through the known files; returns what is in daily use (rule 3)."""
        path = self.place.state / INDEX
        if not path.exists():
            return []
        try:
            with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
                return look_back.in_index(db, whole, told)
        except sqlite3.Error as error:
            raise ErrandRefused(Code.FAILED, f"the index of files can't be read: {error}") from error

    # --- looking back, in a thread of its own ---

    def search(self) -> None:
        """Look for lists in older records, for as long as the process lives (rule 4)."""
        while True:
            wanted, told = self._searches.get()
            try:
                self._search(wanted, told)
            except (OSError, ValueError, GardeError, ErrandRefused) as error:
                self.tell(ErrorSeen("WATCH-LIST", Text(f"older records could not be searched: {error}")))
            else:
                self._done(wanted)

    def _done(self, wanted: _Search) -> None:
        """Note that it was searched for, where no other list came meanwhile."""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            if msgspec.json.decode(self._note.read_bytes(), type=_Search) == wanted:
                self._note.unlink()

    def _search(self, wanted: _Search, told: Told | None) -> None:
        place = watch_list.fetched(self.place.state, wanted.digest)
        if not place.exists():
            return  # another list has taken its place
        whole = watch_list.read(place)
        if told is None:
            self._in_index(whole, told := {})
        with open_journal(self.place.state, read_only=True) as journal:
            look_back.in_journal(journal.entries(), whole, told)
        for seen in sorted(told.values(), key=lambda each: (each.at, each.sort, each.value)):
            source = whole.source(seen.sort, seen.value) or ""
            self.tell(
                IndicatorSeen(
                    wanted.command, seen.sort, Text(seen.value), source, Text(seen.where), seen.at, live=False
                )
            )
