"""The modality worklist of the running desk.

Comes in: what radiology is asked to do (`radiology`), modalities' questions over DICOM (`dicom`). Goes out: answers;
each question as an entry of the desk's journal, without names. The list is made in the desk's loop and handed over
whole: a thread that answers sees one list from its first line to its last. While the census is being rebuilt after a
start, the list of before the start is answered, which lies sealed in the state directory: modalities have a worklist
at once, with the time that it is of in every line.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from pydicom.dataset import Dataset

from garde.clock import Clock
from garde.desk.config import WorklistConfig
from garde.desk.dicom import DicomServer
from garde.downtime.book import Book
from garde.downtime.store.seal import Seal
from garde.downtime.worklist.dataset import data_set
from garde.downtime.worklist.items import Item
from garde.downtime.worklist.match import BadKey, answer, check_question, is_match
from garde.errors import GardeError, StateDamaged
from garde.journal.paper_kinds import WorklistAsked
from garde.trust.files import write_secret

FILE: Final = "worklist.sealed"
# Statuses of C-FIND (PS3.4 K.4.1.1.4).
MORE, MORE_UNSUPPORTED = 0xFF00, 0xFF01
OUT_OF_RESOURCES, BAD_IDENTIFIER, UNABLE = 0xA700, 0xA900, 0xC001
_LOOK_S = 4.0  # between two looks at what has changed: a request that is taken is on the list by then
_AGAIN_S = 60.0  # between two lists where nothing has changed; a new day changes what is due
_LISTEN_AGAIN_S = 30.0
_SAME_S = 600.0  # a modality asks every half minute: the same answer is written down once in this time
_SOON_S = 30.0  # another answer to the same peer
_PEERS: Final = 256  # titles that are remembered; who makes up more writes no more into the journal than these
_LINES: Final = 5  # of what was refused, at each look: whoever floods the port does not flood whoever reads them
_COMMENT: Final = 64  # characters of an error's words (LO)


@dataclass(slots=True)
class Snapshot:
    """One list. Its data sets are made when the first modality asks, once."""

    items: tuple[Item, ...]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sets: tuple[Dataset, ...] | None = None

    def data_sets(self) -> tuple[Dataset, ...]:
        with self._lock:
            if self._sets is None:
                self._sets = tuple(data_set(each) for each in self.items)
            return self._sets


class Worklist:
    """The service. Made in the desk's loop; `find` alone is called in other threads."""

    def __init__(
        self,
        state: Path,
        config: WorklistConfig,
        *,
        items: Callable[[], Awaitable[tuple[Item, ...]]],
        ready: Callable[[], bool],
        changed: Callable[[], object],
        book: Book,
        clock: Clock,
        complain: Callable[[str], None],
    ) -> None:
        self._state, self._config, self._clock, self._book = state, config, clock, book
        self._items, self._ready, self._changed, self._complain = items, ready, changed, complain
        self._asked: deque[tuple[str, int]] = deque(maxlen=1000)
        self._said: dict[str, tuple[float, int]] = {}
        self._complaints: deque[str] = deque(maxlen=100)
        self._server = DicomServer(config.title, config.peers, config.associations, self.find, self._complaints.append)
        self._made: tuple[object, float] = (None, 0.0)
        self._failed = ""
        self.snapshot: Snapshot | None = None
        self.address: tuple[str, int] | None = None

    # --- in the desk's loop ---

    async def run(self, listening: Callable[[str, int], None]) -> None:
        """Serve, for ever. A port that is taken is tried again: the feed matters more."""
        self.snapshot = self._load()
        try:
            tried = -_LISTEN_AGAIN_S
            while True:
                if self.address is None and self._clock.monotonic() - tried >= _LISTEN_AGAIN_S:
                    tried = self._clock.monotonic()
                    self._listen(listening)
                await self.refresh()
                self.write_down()
                await asyncio.sleep(_LOOK_S)
        finally:
            await asyncio.get_running_loop().run_in_executor(None, self._server.stop)
            self.write_down()

    def _listen(self, listening: Callable[[str, int], None]) -> None:
        try:
            self.address = self._server.start(*self._config.bind)
        except (OSError, GardeError) as error:
            self._complain(f"THE WORKLIST IS NOT SERVED: {self._config.listen}: {error}")
        else:
            listening(*self.address)

    async def refresh(self) -> None:
        """Make the list anew where something has changed."""
        mark, now = self._changed(), self._clock.monotonic()
        if not self._ready() or (mark == self._made[0] and now - self._made[1] < _AGAIN_S):
            return
        try:
            items = await self._items()
        except Exception as error:  # one person's data must not take the list from all others, nor end the desk
            if self._failed != (failed := f"{type(error).__name__}"):
                self._failed = failed
                self._complain(f"the worklist cannot be made anew: {failed}")
            return
        self._failed, self._made = "", (mark, now)
        if self.snapshot is None or items != self.snapshot.items:
            self.snapshot = Snapshot(items)
            self._keep(items)

    def write_down(self) -> None:
        """Write down who asked, and say what was refused."""
        while self._asked:
            peer, items = self._asked.popleft()
            if self._is_news(peer, items):
                try:
                    self._book.add(WorklistAsked(peer, items))
                except (OSError, GardeError) as error:
                    self._complain(f"who asked for the worklist cannot be written down: {error}")
        lines = _counted(self._complaints)
        for line, count in lines[:_LINES]:
            self._complain(f"{line} ({count} times)" if count > 1 else line)
        if len(lines) > _LINES:
            self._complain(f"worklist: {len(lines) - _LINES} more of the kind")

    def _is_news(self, peer: str, items: int) -> bool:
        now = self._clock.monotonic()
        at, before = self._said.get(peer, (-_SAME_S, -1))
        if now - at < (_SOON_S if items != before else _SAME_S) or (peer not in self._said and self._is_full(now)):
            return False
        self._said[peer] = (now, items)
        return True

    def _is_full(self, now: float) -> bool:
        self._said = {peer: said for peer, said in self._said.items() if now - said[0] < _SAME_S}
        return len(self._said) >= _PEERS

    # --- across a restart ---

    def _keep(self, items: tuple[Item, ...]) -> None:
        sealed = Seal.load(self._state).wrap(msgspec.msgpack.encode(items))
        with contextlib.suppress(OSError):  # a full disk takes nothing from the list that is served
            write_secret(self._state / FILE, sealed)

    def _load(self) -> Snapshot | None:
        try:
            sealed = (self._state / FILE).read_bytes()
            items = msgspec.msgpack.decode(Seal.load(self._state).unwrap(sealed), type=tuple[Item, ...])
        except (OSError, StateDamaged, msgspec.MsgspecError):
            return None  # the census makes another
        return Snapshot(items)

    # --- in the threads of connections ---

    def find(self, question: Dataset, peer: str) -> Iterator[tuple[int | Dataset, Dataset | None]]:
        """Answer one question; what pynetdicom sends, one by one."""
        snapshot = self.snapshot
        if snapshot is None:
            yield _failure(UNABLE, "the census is being rebuilt, ask again in a minute"), None
            return
        try:
            check_question(question)
            found = [each for each in snapshot.data_sets() if is_match(question, each)]
        except BadKey as error:
            yield _failure(BAD_IDENTIFIER, error.why), None
            return
        self._asked.append((peer, min(len(found), self._config.most)))
        for each in found[: self._config.most]:
            told = answer(question, each)
            yield (MORE if told.whole else MORE_UNSUPPORTED), told.data
        if len(found) > self._config.most:
            words = f"{len(found)} match, {self._config.most} were sent: ask for less"
            yield _failure(OUT_OF_RESOURCES, words), None


def _failure(status: int, words: str) -> Dataset:
    found = Dataset()
    found.Status = status
    found.ErrorComment = words[:_COMMENT]
    return found


def _counted(lines: deque[str]) -> list[tuple[str, int]]:
    """Take the lines out, each once, with how often it came."""
    found: dict[str, int] = {}
    while lines:
        line = lines.popleft()
        found[line] = found.get(line, 0) + 1
    return list(found.items())
