"""The core's end of the pipe to the keeper: what waits, in which order, and how late it is.

Comes in: captures, moves, restores. Goes out: one message at a time, the next only when the last was answered, so that
a slow keeper never makes the core wait. Restores go first, then moves, then captures.

Captures wait `SETTLE` so that a save of several steps is kept once, and under load up to `LATEST`: a burst of honest
work (unpacking, a build) must not compete with its own pre-images. What people make goes first: under a load that an
office makes all day, documents (by the ending of their name; it decides nothing but the order) are still kept at once.
What was never kept goes before all of them, a few at a time up to a load that few servers ever have: whoever damages it
before there is anything to compare with is not recognised.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from garde.agent import messages as say
from garde.vault import Compared
from garde.watch.suspicion import PartyKey

SETTLE = 0.3  # seconds
LATEST = 20.0  # seconds; the promise is 30
BATCH = 64  # files in one message: some 10 ms of work, so that a restore never waits long
HURRY_DOCUMENTS = 5.0  # seconds that a document may wait before the keeper competes with honest work for it
HURRY_OTHERS = LATEST + 2.0
BUSY_EVENTS = 400  # events in a second from which captures of documents give way
CALM_EVENTS = 60  # the same for everything else: object files, caches, logs
FIRST_EVENTS = 20_000  # the same for documents of which nothing is known yet: beyond are archives that are unpacked
FIRST_BATCH = 16  # of them in one message while others give way
FIRST_PACE = 0.05  # seconds from one such message to the next: 320 files a second
DOCUMENT_ENDINGS = (
    b".bmp", b".csv", b".db", b".dcm", b".dicom", b".doc", b".docx", b".eml", b".gif", b".hl7", b".htm", b".html",
    b".jpeg", b".jpg", b".json", b".mdb", b".msg", b".odp", b".ods", b".odt", b".pdf", b".png", b".ppt", b".pptx",
    b".rtf", b".sqlite", b".tif", b".tiff", b".txt", b".vsd", b".xls", b".xlsx", b".xml", b".zip",
)  # fmt: skip


@dataclass(slots=True)
class _Waiting:
    fid: bytes
    party: PartyKey
    since: float
    last: float
    compared: Compared | None
    first: bool = False


@dataclass(slots=True)
class KeeperLink:
    """Times are monotonic seconds."""

    pipe: Connection
    hurry: Callable[[bool], None] = lambda wanted: None
    busy: bool = True  # until the keeper says that the vault is open
    gone: bool = False
    scanning: bool = True  # the first pass is not complete
    _hurried: bool = True
    _firsts: OrderedDict[bytes, _Waiting] = field(default_factory=OrderedDict)  # documents that were never kept
    _documents: OrderedDict[bytes, _Waiting] = field(default_factory=OrderedDict)
    _others: OrderedDict[bytes, _Waiting] = field(default_factory=OrderedDict)
    _next_first: float = 0.0
    _moves: deque[say.Move] = field(default_factory=deque)
    _urgent: deque[say.ToKeeper] = field(default_factory=deque)

    def capture(
        self,
        path: bytes,
        fid: bytes,
        party: PartyKey,
        now: float,
        compared: Compared | None = None,
        *,
        first: bool = False,
    ) -> None:
        """Ask for a file to be kept; asked again while waiting, it waits a little longer. `first`: it never was."""
        queue = self._queue_of(path, first)
        waiting = queue.get(path)
        if waiting is None:
            queue[path] = _Waiting(fid, party, now, now, compared, first)
        else:
            waiting.fid, waiting.party, waiting.last, waiting.compared = fid or waiting.fid, party, now, compared
            queue.move_to_end(path)

    def dropped(self, path: bytes) -> None:
        """A file that waits is gone again: a program's temporary files are never looked at."""
        self._queue_of(path).pop(path, None)

    def moved(self, move: say.Move) -> None:
        """Ask for a rename to be followed; captures that wait follow it too."""
        self._moves.append(move)
        if not move.directory:
            waiting = self._queue_of(move.old).pop(move.old, None)
            if waiting is not None:
                self._put(move.new, waiting)
            return
        prefix = move.old + b"/"
        for queue in self._queues:
            for path in [path for path in queue if path.startswith(prefix)]:
                self._put(move.new + path[len(move.old) :], queue.pop(path))

    def urgent(self, message: say.ToKeeper) -> None:
        """Ask for something that goes before all captures."""
        self._urgent.append(message)

    def forget(self, party: PartyKey) -> None:
        """Drop captures of what a held hand wrote: its work is put back, not kept."""
        for queue in self._queues:
            for path in [path for path, waiting in queue.items() if waiting.party == party]:
                del queue[path]

    def pump(self, now: float, events_per_second: float) -> None:
        """Send the next message when the keeper is free and something is due."""
        oldest = max(_age(self._firsts, now), _age(self._documents, now))
        late = oldest > HURRY_DOCUMENTS or _age(self._others, now) > HURRY_OTHERS
        if late or self._urgent:
            self._set_hurry(True)  # also while it is busy: in the idle class it might not get to an end
        if self.busy or self.gone:
            return
        message = self._urgent.popleft() if self._urgent else self._next_batch(now, events_per_second)
        if message is None:
            return
        self._set_hurry(late or self.scanning or not isinstance(message, say.Batch))
        try:
            self.pipe.send(message)
            self.busy = True
        except OSError:
            self.gone = True

    def _set_hurry(self, wanted: bool) -> None:
        if wanted is not self._hurried:
            self._hurried = wanted
            self.hurry(wanted)

    def next_due(self, now: float) -> float | None:
        """Return when `pump` should be called next; None when nothing waits or the keeper has to answer first."""
        if self.busy or self.gone:
            return None
        if self._urgent or self._moves:
            return now
        lasts = [next(iter(queue.values())).last for queue in self._queues if queue]
        return max(now + 0.05, min(lasts) + SETTLE) if lasts else None

    def waiting(self) -> int:
        """Return how many files wait to be kept."""
        return sum(map(len, self._queues))

    def lag(self, now: float) -> float:
        """Return how long the oldest waiting file has waited beyond its settling time, in seconds."""
        return max(0.0, *(_age(queue, now) - SETTLE for queue in self._queues))

    @property
    def _queues(self) -> tuple[OrderedDict[bytes, _Waiting], ...]:
        return self._firsts, self._documents, self._others

    def _queue_of(self, path: bytes, first: bool = False) -> OrderedDict[bytes, _Waiting]:
        if path in self._firsts:
            return self._firsts
        if not path.lower().endswith(DOCUMENT_ENDINGS):
            return self._others
        return self._firsts if first and path not in self._documents else self._documents

    def _put(self, path: bytes, waiting: _Waiting) -> None:
        self._queue_of(path, waiting.first)[path] = waiting

    def _next_batch(self, now: float, events_per_second: float) -> say.Batch | None:
        moves = tuple(self._moves)
        self._moves.clear()
        chosen = self._due_firsts(now, events_per_second)
        chosen += self._due(self._documents, now, events_per_second < BUSY_EVENTS, BATCH - len(chosen))
        chosen += self._due(self._others, now, events_per_second < CALM_EVENTS, BATCH - len(chosen))
        return say.Batch(moves, tuple(chosen)) if moves or chosen else None

    def _due_firsts(self, now: float, events_per_second: float) -> list[tuple[bytes, bytes, PartyKey, Compared | None]]:
        if events_per_second < BUSY_EVENTS or events_per_second >= FIRST_EVENTS:
            return self._due(self._firsts, now, events_per_second < BUSY_EVENTS, BATCH)
        if now < self._next_first:
            return []
        chosen = self._due(self._firsts, now, True, FIRST_BATCH)
        if chosen:
            self._next_first = now + FIRST_PACE
        return chosen

    @staticmethod
    def _due(
        queue: OrderedDict[bytes, _Waiting], now: float, calm: bool, limit: int
    ) -> list[tuple[bytes, bytes, PartyKey, Compared | None]]:
        """Take up to `limit` captures whose time has come."""
        chosen: list[tuple[bytes, bytes, PartyKey, Compared | None]] = []
        for path, waiting in queue.items():
            settled = now - waiting.last >= SETTLE
            if len(chosen) >= limit or (not (settled and calm) and now - waiting.since < LATEST):
                break  # in order of last write: those behind it are younger
            chosen.append((path, waiting.fid, waiting.party, waiting.compared))
        for path, _, _, _ in chosen:
            del queue[path]
        return chosen


def _age(queue: OrderedDict[bytes, _Waiting], now: float) -> float:
    """Return how long the oldest of a queue has waited, in seconds."""
    return now - next(iter(queue.values())).since if queue else 0.0
