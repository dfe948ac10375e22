"""What undoes a cut, on disk: one small file a cut and verb, whole or not there at all.

Comes in: a state directory and a verb. Goes out: `Records`: save, load, remove, ids, all, and a lock: one a verb, and
one for the three that share smbd's configuration, so that a block never waits for a Samba that hangs. Unlike the
holds' store it outlives the machine: an account that was shut must be known after a power cut. Ransomware fills
disks; where the state directory takes no file, the record goes to a spare directory in memory, and `save` says so. It
does not act."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from garde.contain.actions.cut import cuts_directory
from garde.model.finding import Skipped
from garde.model.order import Order, Verb

_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_SPARE: Final = Path("/run/garde-cuts")  # in memory, and gone with the machine, as most cuts are


class Stage(StrEnum):
    """How far a cut has come."""

    APPLYING = "applying"  # written before the act: an agent killed now left a part of it or none
    APPLIED = "applied"
    DAMAGED = "damaged"  # never written: what a file that can't be read comes back as


class Recorded(Protocol):
    """What every record has."""

    @property
    def cut(self) -> str: ...

    @property
    def stage(self) -> Stage: ...


R = TypeVar("R", bound=Recorded)


@dataclass(frozen=True, slots=True)
class Record:
    """All that a later agent, or a command line with no network, needs to undo a cut or to make it again."""

    order: Order  # all that was asked under this id, together
    stage: Stage
    boot: str = ""
    at: float = 0.0  # wall seconds of the first apply
    accounts: tuple[tuple[str, str], ...] = ()  # (smbd's configuration, account) shut by cuts
    barred: tuple[tuple[str, str], ...] = ()  # (smbd's configuration, user) named in its configuration
    configs: tuple[str, ...] = ()  # smbd configurations that carry a part of this cut
    ended: tuple[tuple[int, int], ...] = ()  # (pid, start) of the sessions ended
    peers: tuple[str, ...] = ()  # whom this machine knew before the cut: targets for the proof

    @property
    def cut(self) -> str:
        return self.order.cut


def is_cut_id(text: str) -> bool:
    return bool(_ID.fullmatch(text))


def of_orders(state: Path, verb: Verb, *, spare: Path | None = None, lock: str = "") -> Records[Record]:
    """The records of a verb that agents carry out."""

    def damaged(cut: str) -> Record:
        return Record(Order(command="", cut=cut, verb=verb), Stage.DAMAGED)

    return Records(state, verb, Record, damaged, spare=spare, lock=lock)


def merged(known: Record | None, order: Order) -> Order:
    """What stood in the record together with what the order adds."""
    if known is None or known.stage is Stage.DAMAGED:
        return order
    old = known.order
    return replace(
        order,
        addresses=tuple(dict.fromkeys([*old.addresses, *order.addresses])),
        users=tuple(dict.fromkeys([*old.users, *order.users])),
        allow=tuple(dict.fromkeys([*old.allow, *order.allow])),
    )


class Records(Generic[R]):
    """The records of one verb: `<state>/cuts/<cut id>.<word>.json`. `damaged` makes that of an unreadable file."""

    def __init__(
        self,
        state: Path,
        word: str,
        kind: type[R],
        damaged: Callable[[str], R],
        *,
        spare: Path | None = None,
        lock: str = "",
    ) -> None:
        self._decoder = msgspec.json.Decoder(kind)
        self._damaged = damaged
        self._directory = cuts_directory(state)
        name = hashlib.sha256(os.fsencode(self._directory.absolute())).hexdigest()[:16]
        self._spare = (spare or _SPARE) / name
        self._lock = f".{lock or word}.lock"
        self._suffix = f".{word}.json"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One caller at a time in all verbs of one lock: an agent carries out orders while a release code is typed."""
        handle = self._open_lock()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _open_lock(self) -> int:
        for directory in (self._directory, self._spare):
            try:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                return os.open(directory / self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                why = error
        raise why

    def save(self, record: R, *, flush: bool = True) -> tuple[Skipped, ...]:
        """Write or replace a record; says where it could not lie. `flush` False: it outlives us, not a power cut."""
        name = self._name(record.cut)
        try:
            _write(self._directory / name, msgspec.json.encode(record), flush=flush)
        except OSError as error:
            return (self._save_aside(name, record, error),)
        (self._spare / name).unlink(missing_ok=True)
        return ()

    def _save_aside(self, name: str, record: R, error: OSError) -> Skipped:
        try:
            _write(self._spare / name, msgspec.json.encode(record), flush=False)
        except OSError as second:
            return Skipped("record", f"what undoes it lies nowhere: {error.strerror}; {second.strerror}")
        # A stale record on the full disk would otherwise be read first.
        with contextlib.suppress(OSError):
            (self._directory / name).unlink(missing_ok=True)
        return Skipped("record", f"what undoes it lies in memory only, in {self._spare}: {error.strerror}")

    def load(self, cut: str) -> R | None:
        """The record; None where there is none, a DAMAGED one where its file can't be read as one."""
        name = self._name(cut)
        for directory in (self._directory, self._spare):
            try:
                raw = (directory / name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return self._damaged(cut)
            try:
                record = self._decoder.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return self._damaged(cut)
            return record if record.cut == cut else self._damaged(cut)
        return None

    def remove(self, cut: str) -> None:
        name = self._name(cut)
        for directory in (self._directory, self._spare):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                (directory / name).unlink()

    def ids(self) -> tuple[str, ...]:
        """Ids of every record, also of those that can't be read."""
        found: set[str] = set()
        for directory in (self._directory, self._spare):
            with contextlib.suppress(OSError):
                names = (path.name for path in directory.iterdir() if path.name.endswith(self._suffix))
                found |= {cut for name in names if is_cut_id(cut := name.removesuffix(self._suffix))}
        return tuple(sorted(found))

    def all(self) -> tuple[R, ...]:
        return tuple(record for cut in self.ids() if (record := self.load(cut)) is not None)

    def others(self, cut: str) -> tuple[R, ...]:
        """The records of all other cuts."""
        return tuple(record for record in self.all() if record.cut != cut)

    def _name(self, cut: str) -> str:
        if not is_cut_id(cut):
            raise ValueError(f"not a cut id: {cut!r}")
        return cut + self._suffix


def _write(path: Path, raw: bytes, *, flush: bool) -> None:
    """Whole or not at all: a fresh file, then a rename."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    try:
        with open(fresh, "wb", opener=_private) as file:
            file.write(raw)
            if flush:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    if flush:
        handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
