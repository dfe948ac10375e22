"""The keeper: the process that owns the vault's writes, at low priority.

Comes in: messages from the core. Goes out: messages to the core. It captures, hashes in idle time, applies retention
and restores. It holds nobody and sees no events; when it dies the core goes on watching and says so.

Low priority on purpose: a burst of honest work must not wait for its pre-images (`hurry`).
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from garde.agent import messages as say
from garde.agent import watch_list
from garde.clock import Clock, SystemClock
from garde.model.watchlist import Sort
from garde.settings import Settings
from garde.vault import Captured, Coverage, Damaged, Failed, HeardOf, Outcome, RestoreItem, ScanProgress, Skipped, Vault
from garde.watch.sensors.handles import fid_of

NICE = 10
IDLE_SECONDS = 1.0  # nothing asked for this long: hash a little
HASH_SLICE = 0.1  # seconds of hashing between two looks at the pipe
RETAIN_EVERY = 3600.0
COUNT_EVERY = 15.0  # counting the coverage takes 50 ms for 100,000 files
MARGIN = 0.25  # a version taken this shortly before the first touch was seen may already hold its bytes
PROGRESS_EVERY = 64


class Keeper:
    """Runs until it is told to stop or the core goes away."""

    def __init__(self, pipe: Connection, vault: Vault, trees: Sequence[bytes], clock: Clock) -> None:
        self._pipe = pipe
        self._vault = vault
        self._trees = trees
        self._clock = clock
        self._retained = self._asked = clock.monotonic()
        self._passes: list[Iterator[ScanProgress]] = []
        self._said = self._total = 0
        self._counted = 0.0
        self._readable = select.poll()  # made once: the pipe's own `poll` makes a selector for every question
        self._readable.register(pipe, select.POLLIN)

    def run(self) -> None:
        """Serve messages until Stop or end of file; between them make passes over the trees, and hash."""
        notes = self._vault.repair()
        self._vault.prepare(self._trees)
        self._pipe.send(say.Opened(self._vault.coverage(), tuple(notes)))
        while True:
            working = self._step()
            if not self._readable.poll(0 if working else IDLE_SECONDS * 1000):
                continue
            try:
                message: say.ToKeeper = self._pipe.recv()
            except EOFError:
                return
            if isinstance(message, say.Stop):
                return
            try:
                self._do(message)
            except OSError as error:
                self._pipe.send(say.Trouble(type(message).__name__.lower(), os.strerror(error.errno or 0)))

    def _step(self) -> bool:
        """Do a little of what can wait; True when there is more of it."""
        if self._passes:
            self._scan_step()
            return True
        if self._clock.monotonic() - self._retained > RETAIN_EVERY:
            self._vault.retain()
            self._retained = self._clock.monotonic()
        if self._clock.monotonic() - self._asked < IDLE_SECONDS:
            return False
        hashed = self._vault.hash_some(HASH_SLICE)
        self._say_matches()
        return hashed > 0

    def _say_matches(self) -> None:
        for path, sha256 in self._vault.take_matches():
            self._pipe.send(say.Matched(path, sha256))

    def _scan_step(self) -> None:
        step = next(self._passes[0], None)
        if step is None or step.done:
            self._passes.pop(0)
            self._pipe.send(say.Scanned(self._vault.coverage()))
        if step is not None and step.damaged:
            self._pipe.send(say.Unwatched(tuple((item.path, item.comparison) for item in step.damaged)))
        if step is not None and step.files - self._said >= PROGRESS_EVERY:
            self._said = step.files
            self._pipe.send(say.Progress("scan", step.files, self._total))

    def _do(self, message: say.ToKeeper) -> None:
        self._asked = self._clock.monotonic()
        if isinstance(message, say.Scan):
            self._passes.append(self._vault.scan_steps([message.path] if message.path else list(self._trees)))
            self._said, self._total = 0, self._vault.coverage().files
            self._pipe.send(say.BatchDone(0, (), (), None))
        elif isinstance(message, say.Batch):
            for move in message.moves:
                self._vault.renamed(move.old, move.new, move.directory)
            self._capture(message)
        elif isinstance(message, say.Accept):
            for path in message.paths:
                self._vault.capture(path, accept=True)
            self._pipe.send(say.BatchDone(len(message.paths), (), (), None))
        elif isinstance(message, say.WatchFor):
            self._watch_for(message.place)
        elif isinstance(message, say.RestoreFiles):
            self._restore(message.id, _items(message), message.evidence, message.dry_run, len(message.items))
        elif isinstance(message, say.RestoreAll):
            items = list(self._vault.harmed(self._trees, missing=message.missing))
            self._restore(message.id, iter(items), (), message.dry_run, len(items))

    def _watch_for(self, place: Path) -> None:
        try:
            digests = watch_list.read(place).tables[Sort.SHA256]
        except (OSError, ValueError) as error:
            self._pipe.send(say.Trouble("watch list", str(error)))
            return
        self._vault.look_for(frozenset(bytes.fromhex(each.decode()) for each in digests))
        self._pipe.send(say.BatchDone(0, (), (), None))

    def _capture(self, batch: say.Batch) -> None:
        results = self._vault.capture_many((path, fid, compared) for path, fid, _, compared in batch.captures)
        parties = {path: party for path, _, party, _ in batch.captures}
        damaged = tuple(
            (item.path, item.comparison, parties[item.path]) for item in results if isinstance(item, Damaged)
        )
        skipped = [
            (path, item.reason)
            for (path, _, _, _), item in zip(batch.captures, results, strict=True)
            if isinstance(item, Skipped)
        ]
        kept = sum(isinstance(item, Captured) for item in results)
        self._pipe.send(say.BatchDone(kept, damaged, tuple(skipped), self._coverage()))
        self._say_matches()

    def _coverage(self) -> Coverage | None:
        now = self._clock.monotonic()
        if now - self._counted < COUNT_EVERY:
            return None
        self._counted = now
        return self._vault.coverage()

    def _restore(
        self, key: str, items: Iterator[RestoreItem], evidence: Sequence[bytes], dry_run: bool, total: int
    ) -> None:
        began = self._clock.monotonic()
        restored: list[say.RestoredFile] = []
        failed: list[tuple[bytes, str]] = []
        unchanged = 0
        for seen, outcome in enumerate(self._vault.restore(items, dry_run=dry_run), 1):
            if isinstance(outcome, Failed):
                failed.append((outcome.path, outcome.reason))
            elif outcome.outcome is Outcome.UNCHANGED:
                unchanged += 1
            else:
                damaged = outcome.evidence[0] if outcome.evidence else b""
                restored.append(say.RestoredFile(outcome.path, outcome.captured_at, outcome.verified, damaged))
            if seen % PROGRESS_EVERY == 0:
                self._pipe.send(say.Progress(f"restore {key}", seen, total))
        kept = 0 if dry_run else sum(self._vault.keep_evidence(path) is not None for path in evidence)
        seconds = self._clock.monotonic() - began
        self._pipe.send(say.RestoreDone(key, tuple(restored), unchanged, tuple(failed), kept, dry_run, seconds))


def _items(message: say.RestoreFiles) -> Iterator[RestoreItem]:
    for path, damaged_at, first in message.items:
        before, may_stay = first - MARGIN, path in message.unproven
        yield RestoreItem(path=path, damaged_at=damaged_at, before_time=before, may_stay=may_stay)


def hurry(pid: int, wanted: bool) -> None:
    """Let the keeper run like everybody else (restores, the first pass, a long lag), or only where a processor is idle.

    The core calls it: a keeper in the scheduler's idle class may not run for a while, not even to leave it. A plain
    user may not raise a priority again and leaves it as it is.
    """
    if os.geteuid() != 0:
        return
    try:
        os.sched_setscheduler(pid, os.SCHED_OTHER if wanted else os.SCHED_IDLE, os.sched_param(0))
    except OSError:
        pass  # it has ended; its pipe says so


def start(
    pipe: tuple[Connection, Connection],
    state: Path,
    trees: Sequence[bytes],
    settings: Settings,
    ignore: Callable[[bytes], bool],
    *,
    clock: Clock | None = None,
    not_ours: Sequence[int] = (),
    heard_of: HeardOf | None = None,
) -> int:
    """Fork the keeper on `pipe` (its end, the core's end); returns its pid. The child never returns.

    `not_ours` are the core's descriptors whose end others wait for: the keeper closes its copies. `heard_of` is the
    core's too.
    """
    own_end, other_end = pipe
    clock = clock or SystemClock()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        other_end.close()  # so that the core's death is an end of file here
        for descriptor in not_ours:
            os.close(descriptor)
        os.nice(NICE)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the core decides when it ends
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        mask = os.umask(0o077)  # the index names files and people: its owner's only
        vault = Vault(state, trees, settings.vault, clock=clock, ignore=ignore, fid_of=fid_of, heard_of=heard_of)
        os.umask(mask)
        with vault:
            Keeper(own_end, vault, trees, clock).run()
        code = 0
    except (BrokenPipeError, EOFError):
        code = 0
    except Exception as error:
        _last_words(own_end, error)
    finally:
        os._exit(code)


def _last_words(pipe: Connection, error: Exception) -> None:
    try:
        pipe.send(say.Trouble("keeper", f"{type(error).__name__}: {error}"))
    except OSError:
        pass
