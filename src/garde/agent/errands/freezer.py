"""Frozen retention: at the first confirmed hold by the agent itself, at the hub's word, and until somebody thaws it.

Comes in: confirmed holds, errands, the stores of this machine. Goes out: `retention_frozen` and `retention_thawed`. It
keeps nobody from making new backups. Rules, one test each:

1. The first confirmed hold freezes every store here that can be frozen, with no hub asked: `command` is "".
2. The same hold never freezes twice, nor does another one while a store is frozen and proven; both stand on the disk.
3. What could not be proven is tried again at the next confirmed hold.
4. Only a thaw, by the hub's errand or by hand, lets retention go on; after it the next hold freezes anew, an old one
   does not.
5. Stores are frozen beside each other: one that hangs holds up no other.
6. An errand names a store, or "" for all of them; each has an outcome of its own, and an unknown one is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import msgspec

from garde.agent.errands.base import Code, ErrandRefused, Job
from garde.agent.errands.wire import Held, Said
from garde.clock import Clock
from garde.errors import GardeError
from garde.journal.hub_kinds import Check
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import RetentionFrozen, RetentionThawed
from garde.journal.text import plain
from garde.private import keep_note
from garde.recovery.points.base import Store, StoreFault

FILE = "retention.json"
AT_ONCE = 8  # stores
KEPT_HOLDS = 500
_WORDS_MOST = 500


class _Note(msgspec.Struct):
    """What the file holds."""

    holds: list[str] = []  # confirmed holds that were answered
    proven: dict[str, float] = {}  # store -> when it was frozen and proven, wall seconds


class Freezer:
    """`held` from the worker's thread, the errands from their lane's: one at a time."""

    def __init__(
        self,
        state: Path,
        stores: Callable[[], Sequence[Store]],
        tell: Callable[[Payload], object],
        say: Callable[[Said], None],
        clock: Clock,
    ) -> None:
        self._path, self._stores, self._tell, self._say, self._clock = state / FILE, stores, tell, say, clock
        self._lock = threading.Lock()
        self._note = self._read()

    # --- by the agent itself ------------------------------------------------------------------------------------------

    def held(self, held: Held) -> None:
        """Freeze what is not frozen yet (rules 1 to 3)."""
        with self._lock:
            if held.hold in self._note.holds:
                return
            stores = [store for store in self._stores() if store.note().freezes and not self._is_proven(store)]
            for outcome in self._freeze(stores, "", held.at):
                self._tell(outcome)
            self._note.holds = [*self._note.holds, held.hold][-KEPT_HOLDS:]
            self._write()

    @property
    def was_needed(self) -> bool:
        """Whether anybody was ever held here."""
        return bool(self._note.holds)

    def standing(self) -> list[Said]:
        """Return how each store stands."""
        with self._lock:
            found = [(store.settings.id, store.is_frozen(), self._is_proven(store)) for store in self._stores()]
        return [
            _said(name, "frozen" if proven else "not proven" if frozen else "usual") for name, frozen, proven in found
        ]

    # --- by errand ----------------------------------------------------------------------------------------------------

    def freeze(self, job: Job) -> Iterator[Payload]:
        """Freeze a store, or all of them, whether or not they are frozen already: the proof is made anew."""
        with self._lock:
            wanted = self._wanted(job.order.store)
            able = [store for store in wanted if store.note().freezes]
            if not able:
                raise ErrandRefused(Code.UNAVAILABLE, "no store here can be frozen")
            yield from self._freeze(able, job.order.command, self._clock.now())
            self._write()

    def thaw(self, job: Job) -> Iterator[Payload]:
        """Let retention go on."""
        with self._lock:
            wanted = self._wanted(job.order.store)
            frozen = wanted if job.order.store else [store for store in wanted if store.is_frozen()]
            if not frozen:
                raise ErrandRefused(Code.UNAVAILABLE, "no store here is frozen")
            for store in frozen:
                yield self._thaw(store, job)
            self._write()

    def _thaw(self, store: Store, job: Job) -> RetentionThawed:
        name = store.settings.id
        try:
            thawed = store.thaw()
        except StoreFault as fault:
            raise ErrandRefused(fault.fault.value.upper(), f"{name}: {fault.detail}") from fault
        self._note.proven.pop(name, None)
        self._say(_said(name, "usual"))
        return RetentionThawed(job.order.command, name, job.order.by, plain(thawed.detail)[:_WORDS_MOST])

    def _wanted(self, name: str) -> list[Store]:
        found = [store for store in self._stores() if name in ("", store.settings.id)]
        if not found:
            raise ErrandRefused(Code.UNKNOWN_STORE, f"no store {plain(name)!r} here" if name else "no stores here")
        return found

    # --- one store ----------------------------------------------------------------------------------------------------

    def _freeze(self, stores: Sequence[Store], command: str, since: float) -> Iterator[RetentionFrozen]:
        """Freeze them beside each other; yields each outcome as it is there (rule 5)."""
        if not stores:
            return
        with ThreadPoolExecutor(min(AT_ONCE, len(stores)), "freeze") as pool:
            asked: list[Future[RetentionFrozen]] = [pool.submit(self._one, store, command, since) for store in stores]
            for done in as_completed(asked):
                outcome = done.result()
                if outcome.proven:
                    self._note.proven[outcome.store] = self._clock.now()
                else:
                    self._note.proven.pop(outcome.store, None)
                self._say(_said(outcome.store, "frozen" if outcome.proven else "not proven", outcome.detail))
                yield outcome

    def _one(self, store: Store, command: str, since: float) -> RetentionFrozen:
        name, proven = store.settings.id, False
        checks: tuple[Check, ...] = ()
        try:
            frozen = store.freeze()
            proof = store.prove_frozen()
            checks, proven = proof.checks, proof.proven
            detail = "; ".join(filter(None, (frozen.detail, proof.detail)))
        except StoreFault as fault:
            detail = f"{fault.fault.value}: {fault.detail}"
        except (OSError, GardeError) as error:
            detail = str(error)
        seconds = round(max(0.0, self._clock.now() - since), 3)
        return RetentionFrozen(command, name, proven, checks, seconds, plain(detail)[:_WORDS_MOST])

    def _is_proven(self, store: Store) -> bool:
        """A thaw by hand shows in the store's own note (rule 4)."""
        return store.settings.id in self._note.proven and store.is_frozen()

    # --- on the disk --------------------------------------------------------------------------------------------------

    def _read(self) -> _Note:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Note)
        except (OSError, msgspec.DecodeError):
            return _Note()  # frozen once more, at the next hold: that harms nothing

    def _write(self) -> None:
        keep_note(self._path, msgspec.json.encode(self._note))


def _said(store: str, state: str, detail: str = "") -> Said:
    return Said("", "retention", state, detail, store=store)
