"""The core's end of the pipe to the keeper: what waits, in which order, and how late it is.

Comes in: captures, moves, restores. Goes out: one message at a time, the next only when the last was answered, so that
a slow keeper never makes the core wait. Restores go first, then moves, then captures.

Captures wait `SETTLE` so that a save of several steps is kept once, and under load up to `LATEST`: a burst of honest
work (unpacking, a build) must not compete with its own pre-images.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from garde.agent import messages as say
from garde.watch.suspicion import PartyKey

SETTLE = 0.3  # seconds
LATEST = 20.0  # seconds; the promise is 30
BATCH = 64  # files in one message: some 10 ms of work, so that a restore never waits long
HURRY_LAG = 5.0  # seconds of lag from which the keeper competes with honest work
BUSY_EVENTS = 400  # events in a second from which captures give way


@dataclass(slots=True)
class _Waiting:
    fid: bytes
    party: PartyKey
    since: float
    last: float


@dataclass(slots=True)
class KeeperLink:
    """Times are monotonic seconds."""

    pipe: Connection
    hurry: Callable[[bool], None] = lambda wanted: None
    busy: bool = True  # until the keeper says that the vault is open
    gone: bool = False
    scanning: bool = True  # the first pass is not complete
    _hurried: bool = True
    _captures: OrderedDict[bytes, _Waiting] = field(default_factory=OrderedDict)
    _moves: deque[say.Move] = field(default_factory=deque)
    _urgent: deque[say.ToKeeper] = field(default_factory=deque)

    def capture(self, path: bytes, fid: bytes, party: PartyKey, now: float) -> None:
        """Ask for a file to be kept; asked again while waiting, it waits a little longer."""
        waiting = self._captures.get(path)
        if waiting is None:
            self._captures[path] = _Waiting(fid, party, now, now)
        else:
            waiting.fid, waiting.party, waiting.last = fid or waiting.fid, party, now
            self._captures.move_to_end(path)

    def moved(self, move: say.Move) -> None:
        """Ask for a rename to be followed; captures that wait follow it too."""
        self._moves.append(move)
        if not move.directory:
            waiting = self._captures.pop(move.old, None)
            if waiting is not None:
                self._captures[move.new] = waiting
            return
        prefix = move.old + b"/"
        for path in [path for path in self._captures if path.startswith(prefix)]:
            self._captures[move.new + path[len(move.old) :]] = self._captures.pop(path)

    def urgent(self, message: say.ToKeeper) -> None:
        """Ask for something that goes before all captures."""
        self._urgent.append(message)

    def forget(self, party: PartyKey) -> None:
        """Drop captures of what a held hand wrote: its work is put back, not kept."""
        for path in [path for path, waiting in self._captures.items() if waiting.party == party]:
            del self._captures[path]

    def pump(self, now: float, events_per_second: float) -> None:
        """Send the next message when the keeper is free and something is due."""
        late = self.lag(now) > HURRY_LAG
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
        if not self._captures:
            return None
        return max(now + 0.05, next(iter(self._captures.values())).last + SETTLE)

    def waiting(self) -> int:
        """Return how many files wait to be kept."""
        return len(self._captures)

    def lag(self, now: float) -> float:
        """Return how long the oldest waiting file has waited beyond its settling time, in seconds."""
        if not self._captures:
            return 0.0
        return max(0.0, now - next(iter(self._captures.values())).since - SETTLE)

    def _next_batch(self, now: float, events_per_second: float) -> say.Batch | None:
        moves = tuple(self._moves)
        self._moves.clear()
        calm = events_per_second < BUSY_EVENTS
        chosen: list[tuple[bytes, bytes, PartyKey]] = []
        for path, waiting in self._captures.items():
            settled = now - waiting.last >= SETTLE
            if not (settled and calm) and now - waiting.since < LATEST:
                break  # in order of last write: those behind it are younger
            chosen.append((path, waiting.fid, waiting.party))
            if len(chosen) >= BATCH:
                break
        for path, _, _ in chosen:
            del self._captures[path]
        return say.Batch(moves, tuple(chosen)) if moves or chosen else None
