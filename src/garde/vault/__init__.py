"""The vault: the last healthy versions of every guarded file, and putting them back.

Comes in: paths of files that are said to be new, changed, renamed or gone. Goes out: what was known of a file before,
versions kept, files restored, coverage. One store per file system (`STORE_NAME`, entered by its owner only) and one
index in the state directory. One process writes; one other may read (`find`, `before`). It watches nothing, names no
culprit, and deletes nothing but its own copies.

    vault = Vault(state_dir, [b"/srv/share"], settings, clock=SystemClock())
    vault.scan([b"/srv/share"])
    for outcome in vault.restore([RestoreItem(b"/srv/share/report.docx")]):
        ...
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from garde.clock import Clock
from garde.content import Before, MemoryBytes, Structure
from garde.errors import NotPermitted, StateBusy
from garde.model.finding import Skipped
from garde.settings import VaultSettings
from garde.vault import coverage as _coverage
from garde.vault.agreement import Repair
from garde.vault.capture import Capture
from garde.vault.copies import Copies
from garde.vault.freeze import RetentionFreeze
from garde.vault.harm import Harm
from garde.vault.hashing import Hashing
from garde.vault.heard_of import HeardOf
from garde.vault.index import Index, Version
from garde.vault.names import SIDE_PREFIX, STORE_NAME
from garde.vault.places import Places
from garde.vault.records import (
    HAS_OBJECT,
    Agreement,
    Captured,
    Compared,
    Coverage,
    Damaged,
    Failed,
    How,
    Known,
    Outcome,
    Restored,
    RestoreItem,
    ScanProgress,
    StoreState,
)
from garde.vault.restore import Progress, Restore
from garde.vault.retention import Dropped, Retention
from garde.vault.scan import Scan
from garde.vault.store import OpenFile

__all__ = [
    "SIDE_PREFIX",
    "STORE_NAME",
    "Agreement",
    "Captured",
    "Compared",
    "Coverage",
    "Damaged",
    "Dropped",
    "Failed",
    "HeardOf",
    "How",
    "Known",
    "Outcome",
    "RestoreItem",
    "Restored",
    "ScanProgress",
    "Skipped",
    "StoreState",
    "Vault",
]

_DAMAGED_KEPT = 10_000  # findings of one pass held for the caller of `scan`; `scan_steps` gives all

_COUNT_ALWAYS = (
    5000  # files; beyond, a count takes milliseconds (60 for 100,000) and may be asked for after every batch
)


class Vault:
    """The façade; every method but `find` and `before` belongs to the one writer."""

    def __init__(
        self,
        state_dir: Path,
        trees: Sequence[bytes],
        settings: VaultSettings,
        *,
        clock: Clock,
        read_only: bool = False,
        at_mount: bool = True,
        ignore: Callable[[bytes], bool] | None = None,
        fid_of: Callable[[bytes], bytes] | None = None,
        heard_of: HeardOf | None = None,
    ) -> None:
        """Open. `at_mount=False` keeps the stores at the trees' own roots instead of the file systems' roots.

        `heard_of` spares a reader most of its questions; writer and reader are given the same, or neither.
        Raises StateBusy when another writer holds the state directory, StateDamaged, NotPermitted.
        """
        self._settings = settings
        self._lock = None if read_only else _lock(state_dir)
        self._index = Index(state_dir / "index.db", read_only=read_only, heard_of=heard_of)
        self._places = Places(self._index, state_dir, trees, at_mount=at_mount, read_only=read_only)
        if read_only:
            return
        self._places.open_all()
        index, places = self._index, self._places
        freeze = RetentionFreeze(state_dir)
        self._retention = Retention(index, places, settings, clock, freeze)
        ignore = _also_ignoring(state_dir, ignore)
        self._copies = Copies(index, settings)
        self._hashing = Hashing(index, places, clock)
        self._capture = Capture(
            index,
            places,
            self._copies,
            settings,
            clock=clock,
            ignore=ignore,
            before=self._open_before,
            freeze=freeze,
            hashed=self._hashing.hashed,
        )
        self._scan = Scan(index, places, self._capture, clock=clock, ignore=ignore, fid_of=fid_of)
        self._restore = Restore(index, places, self._capture, clock)
        self._repair = Repair(index, places, clock)
        self._clock = clock
        self._counted: tuple[float, Coverage] | None = None

    def prepare(self, trees: Sequence[bytes]) -> None:
        """Open or make the store of each tree now, so that it can be guarded before its first object."""
        for tree in trees:
            try:
                self._places.of(tree.rstrip(b"/") + b"/", os.lstat(tree).st_dev)
            except OSError:
                continue  # an unmounted tree: its store is made when it is there

    def close(self) -> None:
        """Close files and give the state directory free. Twice is fine."""
        self._places.close()
        self._index.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- for the reader too --------------------------------------------------------------------------------------

    def find(self, path: bytes, fid: bytes = b"") -> Known | None:
        """What is known of the file: by path, else by its key, else by the name it had just before."""
        return self._index.find(path, fid)

    @contextmanager
    def before(self, known: Known) -> Iterator[Before]:
        """The file as it was: its pre-image, or the fingerprint alone. The pre-image closes with the block."""
        data = self._open_object(known.how, known.store, known.version)
        if data is not None:  # all there is to know: the index need not be asked again
            with closing(data):
                yield Before(known.kind, known.size, known.structure, data, None)
            return
        version = self._index.version(known.version)
        if version is None:  # dropped meanwhile by retention: a newer one is there, or nothing
            newer = self._index.find(known.path)
            version = self._index.version(newer.version) if newer else None
        if version is None:
            yield Before(known.kind, known.size, known.structure, None, None)
            return
        with self._open_before(version) as before:
            yield before

    @contextmanager
    def _open_before(self, version: Version) -> Iterator[Before]:
        data = self._open_object(version.how, version.store, version.id)
        try:
            structure = Structure(version.structure)
            held = MemoryBytes(b"") if version.how == How.EMPTY else data
            yield Before(version.kind, version.size, structure, held, version.fingerprint)
        finally:
            if data is not None:
                data.close()

    def _open_object(self, how: int, store: int, version: int) -> OpenFile | None:
        place = self._places.by_number(store) if how in HAS_OBJECT else None
        try:
            return None if place is None else OpenFile(place.open(version))
        except OSError:
            return None

    # --- keeping -------------------------------------------------------------------------------------------------

    def capture(self, path: bytes, fid: bytes = b"", *, accept: bool = False) -> Captured | Damaged | Skipped:
        """Keep the file's present state if it is healthy; `accept` keeps it whatever it looks like."""
        return self._capture.capture(path, fid, accept=accept)

    def capture_many(self, files: Iterable[tuple[bytes, bytes, Compared | None]]) -> list[Captured | Damaged | Skipped]:
        """The same for many (path, fid, what a reader found) in one transaction."""
        with self._index.batch():
            outcomes = [self._capture.capture(path, fid, compared=compared) for path, fid, compared in files]
        self._capture.after_commit()
        return outcomes

    def scan_steps(self, trees: Sequence[bytes]) -> Iterator[ScanProgress]:
        """One pass in steps of some 10 ms; other calls may come between two steps."""
        return self._scan.steps(trees)

    def scan(self, trees: Sequence[bytes], progress: Progress | None = None) -> ScanProgress:
        """One pass to its end; `progress(files looked at, files known from the pass before or 0)`."""
        known = self._index.db.execute("SELECT COUNT(*) FROM files WHERE gone IS NULL").fetchone()[0]
        damaged: list[Damaged] = []
        last = ScanProgress(0, 0, (), 0, 0)
        for last in self._scan.steps(trees):
            damaged += last.damaged[: _DAMAGED_KEPT - len(damaged)]
            if progress is not None:
                progress(last.files, known)
        return ScanProgress(last.files, last.captured, tuple(damaged), last.skipped, last.copied, done=True)

    # --- names ---------------------------------------------------------------------------------------------------

    def forget(self, path: bytes, *, is_dir: bool = False) -> None:
        """The name is gone. Its versions stay restorable until retention."""
        with self._index.batch():
            self._index.forget(path, self._clock.now(), is_dir=is_dir)

    def renamed(self, old: bytes, new: bytes, is_dir: bool) -> None:
        """A file or directory has a new name; histories follow, and a name already known keeps its own."""
        rename = self._index.rename_dir if is_dir else self._index.rename_file
        with self._index.batch():
            rename(old, new, self._clock.now())

    def name_before(self, path: bytes, since: float) -> bytes:
        """The name that the file now at `path` had at wall time `since`."""
        return self._index.name_before(path, since)

    # --- in idle time --------------------------------------------------------------------------------------------

    def hash_some(self, seconds: float) -> int:
        """SHA-256 of pre-images not hashed yet; returns how many were finished."""
        return self._hashing.some(seconds)

    def look_for(self, digests: frozenset[bytes]) -> None:
        """Note files that are hashed from now on and have one of these."""
        self._hashing.wanted = digests

    def take_matches(self) -> list[tuple[bytes, bytes]]:
        """Return path and SHA-256 of those noted since."""
        found, self._hashing.matches = self._hashing.matches, []
        return found

    def retain(self) -> Dropped:
        """Apply count, days and the 24-hour rule."""
        dropped = self._retention.run()
        self._copies.recount()
        return dropped

    def coverage(self) -> Coverage:
        """What can be judged, and what can be restored. Of a large index the count may be a second old."""
        now = self._clock.monotonic()
        if self._counted is None or self._counted[1].files < _COUNT_ALWAYS or now - self._counted[0] >= 1.0:
            self._counted = (now, _coverage.count(self._index, self._places, self._settings))
        return self._counted[1]

    # --- putting back --------------------------------------------------------------------------------------------

    def restore(
        self, items: Iterable[RestoreItem], *, dry_run: bool = False, progress: Progress | None = None
    ) -> Iterator[Restored | Failed]:
        """Put files back, one for each step of the iterator. Nothing is deleted; asking again is safe."""
        return self._restore.run(items, dry_run=dry_run, progress=progress)

    def harmed(self, trees: Sequence[bytes], *, missing: bool = False) -> Iterator[RestoreItem]:
        """Known files that are damaged now; with `missing` also those that are gone."""
        return Harm(self._index, self._open_before).items(trees, missing=missing)

    def keep_evidence(self, path: bytes) -> bytes | None:
        """Move one damaged file into evidence; returns its path there, None where there was nothing to move."""
        return self._restore.keep_evidence(path)

    def distrust(self, path: bytes, since: float) -> int:
        """Versions of `path` taken at wall time `since` or later were damaged after all: never restore them."""
        row = self._index.row(path)
        if row is None:
            return 0
        with self._index.batch():
            return self._index.distrust(row.id, since)

    # --- agreement -----------------------------------------------------------------------------------------------

    def check(self) -> Agreement:
        """Where index and store differ."""
        return self._repair.check()

    def repair(self) -> list[str]:
        """Make them agree; returns a note for each kind of difference."""
        notes = self._repair.repair()
        self._copies.recount()
        return notes


def _also_ignoring(state_dir: Path, ignore: Callable[[bytes], bool] | None) -> Callable[[bytes], bool]:
    """The state directory may lie inside a guarded tree: the index must not keep itself."""
    own = os.fsencode(state_dir.resolve())
    return lambda path: path == own or path.startswith(own + b"/") or (ignore is not None and ignore(path))


def _lock(state_dir: Path) -> IO[bytes]:
    """One writer for a state directory; the lock ends with the process, however it ends."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (state_dir / "vault.lock").open("wb")
    except OSError as error:
        raise NotPermitted(f"{state_dir}: {error.strerror}", "choose a state directory that can be written") from error
    os.set_inheritable(lock.fileno(), False)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StateBusy(f"{state_dir}: another vault writer is at work", "stop it, or choose another --state") from None
    return lock
