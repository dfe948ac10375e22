"""The hub is one loop: an entry is appended, folded into every state, decided upon, and what follows is carried out.

Comes in: payloads. Goes out: entries, and commands handed to performers. Rules:

1. What follows from an entry is written in its transaction: after kill -9 there is the cause with all its commands,
   or neither.
2. A command is handed to its performer after the commit, in order; at start every command without an outcome is
   handed on once more. Performers are idempotent on its id.
3. A replay folds and decides nothing: it writes no entry and asks nothing of anybody.
4. Where the journal cannot be written (OSError) nothing has happened: the states are those of the journal again. For
   half a second further appends are refused at once, so that a full disk does not keep the hub busy.
5. A capability that raises, or two that answer each other without end, never keep a fact out of the journal: it is
   written without what they would have answered, and `error_seen` says so.
6. Listeners hear every entry after its commit, once, in order; one that raises is complained of and hears the next.
7. Outcomes (`say`) are never lost while the process lives: where they cannot be written they wait for the next
   `tick`.

`append` may be called from any thread, also by listeners; not by a capability.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from garde.clock import Clock
from garde.errors import GardeError
from garde.estate.look import Lookup
from garde.hub.commands import COMMAND_KINDS, COMMANDS
from garde.hub.fold import Fold
from garde.hub.performer import NEVER, Performer
from garde.hub.states import States
from garde.journal.checkpoint import Checkpoint
from garde.journal.entry import Entry, Head
from garde.journal.hub_kinds import CommandFailed
from garde.journal.kinds import ErrorSeen
from garde.journal.payload import Command, Payload
from garde.journal.store import Journal
from garde.journal.text import Text

T = TypeVar("T")
Timed = Payload | tuple[Payload, float | None]  # with the wall seconds at which it happened, where that is not now
Listener = Callable[[Sequence[Entry]], None]

SNAPSHOT_EVERY = 5_000  # entries: bounds what is read again after a failed append (about 0.1 s) and at start
SNAPSHOT = "hub"
REFUSE_S = 0.5  # after a failed append
_ROOM = 10_000  # outcomes that wait for a disk


class Loop:
    """See the module. `start` first, `tick` several times a second, `close` at the end."""

    def __init__(
        self,
        journal: Journal,
        capabilities: Sequence[Fold[Any]],
        performers: Sequence[Performer],
        clock: Clock,
        *,
        views: Sequence[Fold[Any]] = (),
        complain: Callable[[str], None] = lambda message: None,
        make_room: Callable[[], bool] = lambda: False,
        snapshot_every: int = SNAPSHOT_EVERY,
    ) -> None:
        self.journal, self.clock = journal, clock
        self.complain, self._make_room, self._snapshot_every = complain, make_room, snapshot_every
        self._performers = tuple(performers)
        self._by_kind = {kind: performer for performer in performers for kind in performer.kinds}
        self._states = States([COMMANDS, *capabilities, *views], self._on_error)
        self._lock = threading.RLock()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._inside = False  # an append is under way in the thread that holds the lock
        self._deciding = self._performing = True
        self._faults: list[Payload] = []  # complaints of capabilities about the entry in hand
        self._begun: dict[str, str] = {}  # open commands handed to a performer, by id: the kind
        self._news: deque[Entry] = deque()  # committed, not yet told
        self._telling = False
        self._listeners: list[Listener] = []
        self._later: deque[tuple[Sequence[Payload], str]] = deque()
        self._refuse_until = float("-inf")  # monotonic
        self._kept: tuple[Head, bytes] | None = None  # the last snapshot
        self.refusal = ""  # why the journal cannot be written; "" where it can
        self.checkpoint: Checkpoint | None = None  # the newest signed one; `garde.hub.keeping` sees to it

    # --- at start and at the end ---

    def start(self, *, perform: bool = True) -> int:
        """Read the journal, then carry out what is open; returns the number of entries that had to be read.

        `perform` False: for a command while no hub runs. What it asks for stays open until the hub's start.
        """
        with self._lock:
            self._performing = perform
            read = self._load()
            if not perform:
                return read
            for performer in self._performers:
                performer.open(self.say)
            for entry in self._open_commands():
                self._begin(entry)
            return read

    def close(self) -> None:
        """End; a snapshot is kept, so that the next start is quick. May be called twice."""
        self._writer.shutdown()
        with self._lock:
            self._performing = False  # what is asked for from here on is begun at the next start
        for performer in self._performers:
            performer.close()  # without the lock: it may wait for a thread that says its last word
        with self._lock:
            self._flush_later()
            self._snapshot(at_least=1)

    def _load(self) -> int:
        """Bring the states to the journal's end: from the last snapshot where it is sound, else from the beginning."""
        self._states.clear()
        kept = self._kept or self._stored_snapshot()
        if kept is not None and self._states.restore(*kept, self.journal):
            self._kept = kept
        else:
            self._states.clear()
            self._kept = None
        return self._states.read(self.journal)

    def _stored_snapshot(self) -> tuple[Head, bytes] | None:
        try:
            found = self.journal.snapshot_load(SNAPSHOT)
        except (OSError, GardeError) as error:
            self.complain(f"the snapshot cannot be read: {error}")
            return None
        return (Head(found[0], found[1]), found[2]) if found else None

    def _open_commands(self) -> list[Entry]:
        wanted = set(self._states["commands"].open.values())
        if not wanted:
            return []
        found = self.journal.entries(after=min(wanted) - 1, kinds=COMMAND_KINDS)
        return [entry for entry in found if entry.seq in wanted]

    # --- writing ---

    def append(self, payloads: Iterable[Timed], who: str = "", cursor: tuple[str, int] | None = None) -> list[Entry]:
        """Write payloads and all that follows from them, tell everybody, and return the entries.

        Raises OSError where the journal cannot be written and StateDamaged where it cannot be read: nothing was done.
        """
        timed = [payload if isinstance(payload, tuple) else (payload, None) for payload in payloads]
        with self._lock:
            if self._inside:
                raise RuntimeError("a capability appended: it answers by what it returns")
            self._check_refusal()
            self._inside = True
            try:
                written = self._write(timed, who, cursor)
            finally:
                self._inside = False
            self._news.extend(written)
            self._tell()
        return written

    async def write(
        self, payloads: Iterable[Timed], who: str = "", cursor: tuple[str, int] | None = None
    ) -> list[Entry]:
        """`append` for coroutines."""
        return await self.in_writer(self.append, tuple(payloads), who, cursor)

    async def in_writer(self, function: Callable[..., T], *arguments: object) -> T:
        """Run something in the one thread that writes for coroutines: what it reads there no other report changes."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, function, *arguments)

    def say(self, payloads: Sequence[Payload], who: str = "") -> None:
        """Write, now or, where the journal refuses, later; never raises."""
        with self._lock:
            if len(self._later) >= _ROOM:
                self.complain(f"{_ROOM} outcomes wait for the journal: one is given up")
                return
            self._later.append((payloads, who))
            if not self._inside and not self._telling:
                self._flush_later()

    def _write(
        self, timed: list[tuple[Payload, float | None]], who: str, cursor: tuple[str, int] | None
    ) -> list[Entry]:
        try:
            return self._transact(timed, who, cursor)
        except RuntimeError as error:  # followers without end: the facts themselves are written all the same
            fault = ErrorSeen("hub/loop", Text(str(error)), "report it: two rules of a capability answer each other")
            return self._transact([*timed, (fault, None)], who, cursor, deciding=False)
        except OSError:
            if not self._make_room():
                raise
            return self._transact(timed, who, cursor)

    def _transact(
        self,
        timed: list[tuple[Payload, float | None]],
        who: str,
        cursor: tuple[str, int] | None,
        deciding: bool = True,
    ) -> list[Entry]:
        before = self._states.at
        self._deciding = deciding
        try:
            written = self.journal.append_all(timed, who=who, follow=self._follow, cursor=cursor, first=self._catch_up)
        except BaseException as error:
            if self._states.at != before:
                self._load()
            if isinstance(error, OSError):
                self.refusal = str(error)
                self._refuse_until = self.clock.monotonic() + REFUSE_S
            raise
        self.refusal = ""
        return written

    def _follow(self, entry: Entry) -> list[Payload]:
        """Fold one entry and return what follows from it (inside the transaction)."""
        self._faults = []
        self._states.project(entry)
        answer = list(self._states.decide(entry)) if self._deciding else []
        # A fault in how a complaint itself is read is only said aloud: or it would complain without end.
        return answer + (self._faults if entry.kind != "error_seen" else [])

    def _on_error(self, fold: str, entry: Entry, error: Exception) -> None:
        words = f"{fold} could not read entry {entry.seq} ({entry.kind}): {type(error).__name__}: {error}"
        self.complain(words)
        self._faults.append(
            ErrorSeen(f"hub/{fold}", Text(words), "report it: this entry was recorded but not acted on")
        )

    def _check_refusal(self) -> None:
        if self.refusal and self.clock.monotonic() < self._refuse_until:
            raise OSError(self.refusal)

    def _catch_up(self, head: int) -> None:
        """Fold what somebody else wrote (a command beside the running hub): it has been decided upon there.

        Inside the transaction: what was written between looking and locking would never be folded.
        """
        if head != self._states.at.seq:
            for entry in self.journal.entries(after=self._states.at.seq):
                self._states.project(entry)
                self._news.append(entry)

    # --- telling ---

    def _tell(self) -> None:
        """Hand what was committed to performers and listeners; an append from within is told in its turn."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._news:
                batch = list(self._news)
                self._news.clear()
                for entry in batch:
                    self._perform(entry)
                self._call_listeners(batch)
                self._flush_later()  # what was said meanwhile; its own news come in the next round
        finally:
            self._telling = False

    def _perform(self, entry: Entry) -> None:
        if isinstance(entry.payload, Command):
            self._begin(entry)
            return
        command: str = getattr(entry.payload, "command", "")
        if command in self._begun and command not in self._states["commands"].open:
            self._by_kind[self._begun.pop(command)].settled(command)

    def _begin(self, entry: Entry) -> None:
        command = entry.payload
        assert isinstance(command, Command)
        if not self._performing:
            return
        if command.command in self._begun or command.command not in self._states["commands"].open:
            return
        performer = self._by_kind.get(entry.kind)
        if performer is None:
            self.say([CommandFailed(command.command, f"this hub has nothing that carries out {entry.kind}")])
            return
        self._begun[command.command] = entry.kind
        try:
            performer.begin(command, entry)
        except Exception as error:
            self.complain(f"{entry.kind} {command.command}: {type(error).__name__}: {error}")
            self.say([CommandFailed(command.command, f"{type(error).__name__}: {error}")])

    def _call_listeners(self, batch: Sequence[Entry]) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(batch)
            except Exception as error:
                self.complain(f"a listener failed: {type(error).__name__}: {error}")

    def _flush_later(self) -> None:
        while self._later:
            payloads, who = self._later.popleft()
            try:
                self.append(payloads, who)
            except (OSError, GardeError) as error:
                self.complain(f"the journal cannot be written: {error}")
                self._later.appendleft((payloads, who))
                return

    # --- time ---

    def tick(self) -> None:
        """Let performers do what the clock asks for, write what waits, keep a snapshot when it is time."""
        with self._lock:
            for performer in self._performers:
                performer.tick()
            self._flush_later()
            self._snapshot(self._snapshot_every)

    def next_due(self) -> float:
        """Return the wall time of the next thing that `tick` has to do."""
        with self._lock:
            return min((performer.next_due() for performer in self._performers), default=NEVER)

    def _snapshot(self, at_least: int) -> None:
        at = self._states.at
        if at.seq - (self._kept[0].seq if self._kept else 0) < at_least:
            return
        raw = self._states.encode()
        self._kept = (at, raw)
        try:
            self.journal.snapshot_save(SNAPSHOT, at.seq, at.hash, raw)
        except (OSError, GardeError) as error:
            self.complain(f"no snapshot was kept: {error}")

    # --- reading ---

    @property
    def estate(self) -> Lookup:
        """The hospital as it is in force."""
        return self._states.estate

    @property
    def seq(self) -> int:
        """Up to which entry the states have read."""
        return self._states.at.seq

    def look(self, name: str, function: Callable[[Any], T]) -> T:
        """Return what `function` takes out of a fold's state, while nobody changes it."""
        with self._lock:
            return function(self._states[name])

    def open_commands(self) -> int:
        """Return how many commands have no outcome yet."""
        with self._lock:
            return len(self._states["commands"].open)

    def may_say(self, who: str, command: str) -> bool:
        """Whether this party may report the outcome of that command."""
        from garde.hub.commands import may_say

        with self._lock:
            return may_say(self._states["commands"], who, command)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have every new entry told; returns how to end it."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._forget(listener)

    def _forget(self, listener: Listener) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
