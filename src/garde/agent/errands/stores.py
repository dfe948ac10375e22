"""The stores of restore points on this machine, as the errands' process uses them.

Comes in: `stores.toml` in the state directory. Goes out: open stores and `stores_known`. A store
that can't be opened is known and can do nothing; it keeps no other from being used. Rules, one test each:

1. What an agent has is said when it starts, and when the file has changed; that it has none, once.
2. A file that can't be read is said as an error, once for each state of it, and is no stores.
3. An unknown store or point is refused with a code; so is what the store itself says that it can't do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from garde.agent.errands.base import Code, ErrandRefused
from garde.clock import Clock
from garde.errors import GardeError
from garde.journal import wire
from garde.journal.kinds import ErrorSeen
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import StoreNote, StoresKnown
from garde.journal.text import Text, plain
from garde.private import keep_note
from garde.recovery.points import moment
from garde.recovery.points.base import Point, Store, StoreFault
from garde.recovery.points.config import FILE, StoreSettings, read_stores
from garde.recovery.points.table import open_store

SAID_FILE = "stores.said"  # digest of what was said last


def open_all(state: Path, clock: Clock) -> list[Store]:
    """Open every store that can be opened; raises SettingsError where the file can't be read."""
    found: list[Store] = []
    for settings in read_stores(state):
        try:
            found.append(open_store(settings, state, clock))
        except StoreFault:
            continue
    return found


def notes(state: Path, clock: Clock) -> tuple[StoreNote, ...]:
    """Return what the hub is told of them; raises SettingsError."""
    return tuple(_note(settings, state, clock) for settings in read_stores(state))


def _note(settings: StoreSettings, state: Path, clock: Clock) -> StoreNote:
    try:
        store = open_store(settings, state, clock)
    except StoreFault:
        return StoreNote(settings.id, settings.sort, settings.covers, freezes=False)
    return store.note()


class Known:
    """Says `stores_known` (rules 1 and 2). One thread uses it."""

    def __init__(self, state: Path, clock: Clock, tell: Callable[[Payload], object]) -> None:
        self._state, self._clock, self._tell = state, clock, tell
        self._seen: tuple[int, int] | None = None

    def begin(self) -> None:
        """The agent starts."""
        self._seen = stamp_of(self._state / FILE)
        self._say(anew=True)

    def look(self) -> None:
        """Say it where the file is another one now."""
        stamp = stamp_of(self._state / FILE)
        if stamp != self._seen:
            self._seen = stamp
            self._say(anew=False)

    def _say(self, *, anew: bool) -> None:
        payload: Payload
        try:
            payload = StoresKnown(notes(self._state, self._clock))
            worth = bool(payload.stores)
        except (GardeError, OSError) as error:
            payload, worth = ErrorSeen("STORES", Text(str(error)), f"correct {FILE}"), True
        digest = hashlib.sha256(wire.encode(payload)).digest()
        if digest != self._last() or (anew and worth):
            self._tell(payload)
            keep_note(self._state / SAID_FILE, digest)  # where the disk is full it is said once more at the next start

    def _last(self) -> bytes:
        try:
            return (self._state / SAID_FILE).read_bytes()
        except OSError:
            return b""


def stamp_of(path: Path) -> tuple[int, int] | None:
    """Return what tells this file from the one that takes its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


class faults:  # noqa: N801 - read as a phrase: `with faults(store)`
    """What a store says that it can't do is a refusal."""

    def __init__(self, store: str) -> None:
        self._store = store

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, StoreFault):
            raise ErrandRefused(
                error.fault.value.upper().replace("_", "-"), f"{self._store}: {error.detail}"
            ) from error


def find_store(state: Path, name: str, clock: Clock) -> Store:
    """Open the store of this id; raises ErrandRefused, SettingsError."""
    for settings in read_stores(state):
        if settings.id == name:
            with faults(name):
                return open_store(settings, state, clock)
    raise ErrandRefused(Code.UNKNOWN_STORE, f"no store {plain(name)!r} here")


def find_point(store: Store, name: str) -> Point:
    """Return the point of this id, or the moment that it names; raises ErrandRefused, StoreFault."""
    points = store.points()
    found = moment.find_point(points, name) or next((each for each in points if plain(each.id) == name), None)
    if found is not None:
        return found
    raise ErrandRefused(Code.UNKNOWN_POINT, f"no point {plain(name)!r} in {store.settings.id}")
