"""The core: one thread that reads the kernel, judges, holds, and hands everything slow to the keeper.

Comes in: a sensor's activity, the keeper's answers, control requests. Goes out: calls of the holder, messages to the
keeper, events for people. It never waits for a disk it can avoid, and never for the journal.

One turn: read what the kernel has → let the watcher see it → judge a few files → act → answer → sleep until something
is due. A turn judges at most `JUDGE` files, so that the kernel's queue is never left alone for long.
"""

from __future__ import annotations

import os
import select
import selectors
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from garde.agent import messages as say
from garde.agent import words
from garde.agent.holds import Holder
from garde.agent.keeper_link import KeeperLink
from garde.agent.naming import Ahead
from garde.agent.raised import Raised
from garde.agent.sharpening import Sharpening
from garde.agent.undo import Undo
from garde.agent.voice import Voice
from garde.clock import Clock
from garde.journal.kinds import CoverageChanged
from garde.journal.payload import Payload
from garde.model.activity import Activity, What
from garde.model.actor import Actor
from garde.vault import Coverage
from garde.watch import commands as do
from garde.watch.actors import Actors
from garde.watch.sensors import Sensor
from garde.watch.sensors.procs import ForkTree
from garde.watch.watcher import Watcher

JUDGE = 4  # files judged in one turn: some milliseconds
# While nobody is suspected and files are being written, the core looks every PAUSE seconds and is not woken by each
# event: a save over SMB is a dozen of them in 2 ms, and the core would compete with smbd for a processor. It costs no
# file: a verdict takes three, the third comes 5 ms after the first at 400 files a second, and from the first finding on
# nothing is waited for.
PAUSE = 0.005
# … and half as often where a job makes thousands of events a second: who wakes finds the caches full of other things,
# and a quarter of the time went there. Beside 10,000 a second an attack still touches 3 files (median of 32 runs).
MANY_EVENTS = 2_000
PAUSE_MANY = 0.010
SHORTEST = 0.0005  # … and no sooner, whatever is due
ACTIVE = 1.0  # seconds after the last event in which the next is expected soon
# Before everybody else, also while nothing is suspected: on a loaded server the first finding of an attack came 300 ms
# late at a priority behind the others, and that is a hundred files. What it may use is bounded by tokens, not by this.
NICE = -10
LAG_SAID = 2.0  # seconds of lag from which it is said
LAG_EVERY = 5.0
SPEAK_AFTER = 0.03  # seconds that an event may wait for its words
EPOLL_LEAST = 0.002  # seconds; shorter waits are rounded up too far
MEET_AFTER = 0.05  # seconds after its birth at which it is known whom an smbd child serves, as a rule
IDLE = 0.5  # longest sleep: the fork tree's socket must not overflow meanwhile


@dataclass(slots=True)
class Core:
    """The assembled agent. `run` returns when `stop` was called."""

    trees: tuple[bytes, ...]
    sensor: Sensor
    tree: ForkTree
    actors: Actors
    ahead: Ahead
    watcher: Watcher
    holder: Holder
    keeper: KeeperLink
    undo: Undo
    emit: Voice
    clock: Clock
    note: Callable[[Payload], None]  # the journal's, for what is no event
    bait: bool
    raised: Raised
    sharpening: Sharpening
    ready: Callable[[Coverage], None] = lambda coverage: None  # called once, when the first pass is complete
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    coverage: Coverage | None = None
    facts: dict[str, Any] = field(default_factory=dict)  # what `ready` said
    waiters: dict[str, Callable[[dict[str, Any]], None]] = field(default_factory=dict)  # restores asked for by hand
    at_end: list[Callable[[], None]] = field(default_factory=list)
    progress: say.Progress | None = None
    stopping: bool = False
    rate: float = 0.0  # events per second, smoothed
    _last_seen: float = 0.0
    _lag_said: float = 0.0
    _lagging: bool = False
    _drained: bool = True
    _is_ready: bool = False

    def run(self) -> None:
        """Turn until stopped."""
        while not self.stopping:
            seen = self._read()
            now = self.clock.monotonic()
            self.watcher.work(now, JUDGE)
            self._act(now)
            self.holder.work(now, self._drained)
            self._say_lag(now)
            self.raised.look()
            self.sharpening.look()
            self.keeper.pump(now, self.rate)
            self._speak(now)
            self._meet(now)
            if seen:
                self._last_seen = now
            if self.watcher.alarmed(now) or now - self._last_seen > ACTIVE:
                self._sleep(now)
            else:
                self._doze(now)

    def _speak(self, now: float) -> None:
        """Speak at once after a verdict, and of everything else after SPEAK_AFTER."""
        since = self.emit.since
        if since is not None and (now - since >= SPEAK_AFTER or self.holder.spoke):
            self.holder.spoke = False
            self.emit.flush()

    def stop(self) -> None:
        """End after this turn."""
        self.stopping = True

    # ---- one turn -------------------------------------------------------------------------------------------------

    def _read(self) -> int:
        batch = self.sensor.read()
        self.tree.drain()  # after the read: whoever wrote has been born by then
        if self.tree.new_smbd:
            due = self.clock.monotonic() + MEET_AFTER
            for pid in self.tree.new_smbd:
                self.actors.forget(pid)
                self.ahead.new(pid)
                self._newcomers.append((due, pid))
            self.tree.new_smbd.clear()
        self._see(batch)
        self._drained = not batch
        self._measure(len(batch))
        return len(batch)

    def _meet(self, now: float) -> None:
        """Look new clients up before their first write: it takes a millisecond, and an attack's first is two."""
        while self._newcomers and self._newcomers[0][0] <= now:
            _, pid = self._newcomers.popleft()
            if self.actors.serves(pid):
                self.watcher.meet(self.actors.of(pid), now)

    def _see(self, batch: list[Activity]) -> None:
        """Show the watcher what was read. What many of a reading share is asked once: their folder, and who wrote.

        Written flat: it runs for every event.
        """
        see, path_of, actor_of = self.watcher.see, self.sensor.path_of, self.actors.of
        folders: dict[bytes, bytes] = {}  # key -> path with its last slash; b"" where nobody knows it
        actors: dict[int, Actor] = {}
        for activity in batch:
            _, what, pid, directory, name, _, _, _ = activity
            folder = folders.get(directory)
            if folder is None:
                found = path_of(directory)
                folder = folders[directory] = b"" if found is None else found + b"/"
            path = folder + name if folder else b""
            new: bytes | None = None
            if what & What.RENAME:
                new = self._new_name(activity)
                if folder and not self._inside(folder[:-1]):
                    path = b""
            if path or new or what & What.OVERFLOW:
                actor = actors.get(pid)
                if actor is None:
                    actor = actors[pid] = actor_of(pid)
                see(activity, path, new, actor)

    def _new_name(self, activity: Activity) -> bytes | None:
        """Return where a rename led to, if that is inside the trees."""
        target = self.sensor.path_of(activity.new_directory) if activity.new_directory else None
        return None if target is None or not self._inside(target) else target + b"/" + activity.new_name

    def _inside(self, directory: bytes) -> bool:
        return directory in self.trees or directory.startswith(self._below)

    def _measure(self, count: int) -> None:
        now = self.clock.monotonic()
        elapsed = now - self._measured
        self._counted += count
        if elapsed >= 0.25:
            self.rate = self._counted / elapsed
            self._counted, self._measured = 0, now

    _measured: float = 0.0
    _counted: int = 0
    _newcomers: deque[tuple[float, int]] = field(default_factory=deque)  # when to look them up, smbd children
    _below: tuple[bytes, ...] = ()  # what paths inside the trees begin with

    def __post_init__(self) -> None:
        self._below = tuple(tree.rstrip(b"/") + b"/" for tree in self.trees)

    def _doze(self, now: float) -> None:
        """Honest work goes on: look again in PAUSE, not at every step; sleep on where nothing came or is due.

        A file that is kept open is due sooner, a millisecond after its first write.
        """
        wait = self._wait(now)
        pause = pause_of(self.rate, wait)
        until = now + min(IDLE, max(pause, wait))
        while True:
            time.sleep(pause)
            ready = self.selector.select(0)
            for key, _ in ready:
                if key.data is not None:
                    key.data()
            if ready or self.stopping or self.clock.monotonic() >= until:
                return

    def _sleep(self, now: float) -> None:
        for key, _ in self._selected(min(self._wait(now), IDLE)):
            if key.data is not None:
                key.data()
            elif key.fd == self.tree.fileno():
                self._last_seen = now  # processes are born, smbd children among them: doze, do not wake for each

    def _selected(self, wait: float) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for whatever is readable. epoll counts in milliseconds, and what is due sooner would come late."""
        if 0 < wait < EPOLL_LEAST:
            with suppress(ValueError):  # a descriptor of more than 1,023
                select.select([key.fd for key in self.selector.get_map().values()], [], [], wait)
                wait = 0
        return self.selector.select(wait)

    def _wait(self, now: float) -> float:
        """Return how long nothing will be due, in seconds."""
        speak = None if self.emit.since is None else self.emit.since + SPEAK_AFTER
        meet = self._newcomers[0][0] if self._newcomers else None
        sources = (self.watcher.next_due(), self.holder.next_due(), self.keeper.next_due(now), speak, meet)
        return max(0.0, min((when - now for when in sources if when is not None), default=IDLE))

    def _act(self, now: float) -> None:
        commands = self.watcher.take()
        for command in commands:  # first of all: nothing is said or written before the hand is stopped
            if isinstance(command, do.Judged):
                self.holder.judged(command.verdict, command.parties, now)
        for command in commands:
            match command:
                case do.Judged():
                    self.holder.say(command.verdict)
                case do.Found():
                    self.emit("finding", about=command.finding)
                case do.Capture():
                    self.keeper.capture(
                        command.path, command.fid, command.party, now, command.compared, first=command.first
                    )
                case do.Dropped():
                    self.keeper.dropped(command.path)
                case do.Moved():
                    self.keeper.moved(say.Move(command.old, command.new, command.directory))
                case do.MassLoss():
                    self.undo.mass_loss(command, now)
                case do.Sighted():
                    self.emit("listed", about=command)
                case do.Rescan():
                    self.emit("overflow", reason=command.reason, rescan=True)
                    self.keeper.urgent(say.Scan(command.path))
        for key in self.watcher.take_late():
            self.holder.touched_again(key, now)

    def _say_lag(self, now: float) -> None:
        lag = self.keeper.lag(now)
        late = lag > LAG_SAID
        if (late and now - self._lag_said >= LAG_EVERY) or late != self._lagging:
            self._lagging, self._lag_said = late, now
            self.emit("lag", seconds=round(lag, 2), waiting=self.keeper.waiting())

    # ---- the keeper's answers -------------------------------------------------------------------------------------

    def hear_keeper(self) -> None:
        """Take one thing that the keeper says; called as long as its pipe is readable."""
        try:
            self.hear(self.keeper.pipe.recv())
        except (EOFError, OSError):
            if not self.stopping:
                self.emit(
                    "error", code="KEEPER-GONE", message="the keeper ended: files are watched, but no longer kept"
                )
            self.keeper.gone = True
            self.selector.unregister(self.keeper.pipe)

    def hear(self, message: say.ToCore) -> None:
        """Take one message of the keeper."""
        now = self.clock.monotonic()
        match message:
            case say.Opened():
                self.coverage = message.coverage
                for note in message.notes:
                    self.emit("error", code="VAULT-REPAIRED", message=note)
                self.keeper.busy = False
                self.keeper.urgent(say.Scan())
            case say.Scanned():
                self.progress = None
                self._first_pass(message.coverage)
            case say.BatchDone():
                self.keeper.busy = False
                if message.coverage is not None:
                    self._covered(message.coverage, "files were written")
                for path, comparison, party in message.damaged:
                    self.watcher.found_later(path, comparison, party, now)
                self._say_skipped(message.skipped)
            case say.RestoreDone():
                self.keeper.busy = False
                self.progress = None
                self._restored(message)
            case say.Progress():
                self.progress = message
                waiter = self.waiters.get(message.task.removeprefix("restore "))
                if waiter is not None:
                    waiter({"progress": {"done": message.done, "total": message.total}})
            case say.Matched():
                self.watcher.digest_seen(message.path, message.sha256, now)
            case say.Unwatched():
                self.undo.unwatched(message.damaged)
            case say.Trouble():
                self.keeper.busy = False
                self.emit("error", code="KEEPER", message=f"{message.what}: {message.reason}")

    def _first_pass(self, coverage: Coverage) -> None:
        self._covered(coverage, "first pass" if not self._is_ready else "rescan")
        self.keeper.scanning = False
        if not self._is_ready:
            self._is_ready = True
            self.ready(coverage)

    def _covered(self, coverage: Coverage, reason: str) -> None:
        """Keep the coverage, and write it to the journal where its figures have changed."""
        before, self.coverage = self.coverage, coverage
        figures = (coverage.files, coverage.judgeable, coverage.restorable)
        if before is None or figures != (before.files, before.judgeable, before.restorable) or reason == "first pass":
            by_backup, backup = coverage.by_backup, coverage.backup
            self.note(CoverageChanged(*figures, reason=reason, by_backup=by_backup, backup=backup))

    def _say_skipped(self, skipped: tuple[tuple[bytes, str], ...]) -> None:
        for path, reason in skipped:
            if "full" in reason:  # everything else is a file that vanished or may not be read: counted in the coverage
                self.emit("error", code="VAULT-FULL", message=f"{words.text(path)}: {reason}")
                return

    def _restored(self, done: say.RestoreDone) -> None:
        failed = [{"path": words.text(path), "reason": reason} for path, reason in done.failed]
        if done.restored or failed or not done.unchanged:
            unverified = sum(not file.verified for file in done.restored)
            self.emit(
                "restored", id=done.id, files=len(done.restored), failed=failed, unchanged=done.unchanged,
                unverified=unverified, evidence=done.evidence, dry_run=done.dry_run, about=done,
            )  # fmt: skip
        waiter = self.waiters.pop(done.id, None)
        if waiter is not None:
            files = [words.text(file.path) for file in done.restored]
            waiter({"ok": True, "files": files, "failed": failed, "unchanged": done.unchanged, "dry_run": done.dry_run})


def pause_of(events_per_second: float, due: float) -> float:
    """Return how long to sleep while honest work goes on; something is due in `due` seconds."""
    return min(PAUSE if events_per_second < MANY_EVENTS else PAUSE_MANY, max(SHORTEST, due))


def set_priority(nice: int) -> None:
    """Set the core's own priority; a plain user may only lower it, and keeps what it has."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    except OSError:
        pass
