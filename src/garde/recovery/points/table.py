"""Which class serves which sort of store: the one typed table, and opening what the settings name.

Comes in: `StoreSettings`, the agent's state directory. Goes out: `Store`s. A third party's sort is a hook, not a
plug-in: what reads backups as root is not loaded by name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from garde.clock import Clock
from garde.errors import NotFound
from garde.recovery.points.base import Fault, Room, Store, StoreFault
from garde.recovery.points.borg import Borg
from garde.recovery.points.btrfs import Btrfs
from garde.recovery.points.config import StoreSettings, read_stores
from garde.recovery.points.hook import Hook
from garde.recovery.points.lvm import Lvm
from garde.recovery.points.postgres import Postgres
from garde.recovery.points.restic import Restic
from garde.recovery.points.vault import VaultStore
from garde.recovery.points.zfs import Zfs

Maker = Callable[[StoreSettings, Room], Store]

STORES: Final[dict[str, Maker]] = {
    "btrfs": Btrfs,
    "lvm": Lvm,
    "postgres": Postgres,
    "vault": VaultStore,
    "restic": Restic,
    "borg": Borg,
    "zfs": Zfs,
    "hook": Hook,
}


def open_store(settings: StoreSettings, state: Path, clock: Clock) -> Store:
    """Open one; raises StoreFault where its sort has no adapter here. Nothing is read of the store itself yet."""
    maker = STORES.get(settings.sort)
    if maker is None:
        raise StoreFault(Fault.CANNOT, f"no adapter for stores of sort {settings.sort}")
    return maker(settings, _room(state, settings, clock))


def open_stores(state: Path, clock: Clock) -> tuple[Store, ...]:
    """Open every store that `<state>/stores.toml` names; raises SettingsError, StoreFault."""
    return tuple(open_store(each, state, clock) for each in read_stores(state))


def find_store(state: Path, name: str, clock: Clock) -> Store:
    """Open the one with this id; raises NotFound, SettingsError, StoreFault."""
    known = read_stores(state)
    for each in known:
        if each.id == name:
            return open_store(each, state, clock)
    raise NotFound(f"no store {name!r}", f"known: {', '.join(each.id for each in known) or 'none'}")


def _room(state: Path, settings: StoreSettings, clock: Clock) -> Room:
    own = state / "recovery" / settings.id
    for directory in (own, own / "kept", own / "work"):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Room(agent=state, state=own / "kept", work=own / "work", clock=clock)
