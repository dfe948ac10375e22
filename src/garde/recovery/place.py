"""Put what was brought to a scratch place where it belongs, and keep what stands there as evidence.

Comes in: a scratch tree on the same file system, where its parts belong, a directory for notes. Goes out: `Placed`.
Nothing is copied, overwritten or deleted: names are exchanged in one step, and what stood is renamed aside.

* What will be moved, and which inode each new thing has, is on disk before the first move. Whoever calls again, after
  kill -9 or a power cut, finishes: a target that is that inode already is not exchanged a second time.
* A new thing never takes a name while something stands there unkept: exchange first, then into the evidence.
* Whole: the target as such is exchanged, with all that has come into it since; a target that is a mount point cannot be
  moved, so what lies in it is. Each: only the files that were brought; everything else stays.
* Where the scratch place lies on another file system it refuses, and nothing was touched. Where the disk is full
  before the note is written, the same; after it, what could not be moved is named, and stays where it was.
* Called again after it was done, it answers the same and moves nothing.

The names begin with the prefix that the watcher and the vault pass over (`garde.vault.names.SIDE_PREFIX`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from garde.clock import Clock, iso
from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.private import written_beside
from garde.recovery.points.base import NAMED, Fault, Placed, Progress, StoreFault
from garde.recovery.points.notes import read_note
from garde.vault.kernel import DISK_FULL, EXCHANGE, NOREPLACE, open_strict, rename, sync_all
from garde.vault.names import SIDE_PREFIX, is_own, join, name_of, parent_of

_CANNOT_EXCHANGE: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
_TELL_EVERY: Final = 256
Pairs = Sequence[tuple[bytes, bytes]]  # (path in the scratch tree, as it was in the point; place on this machine)
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY


class Item(NamedTuple):
    """One thing that moves; names are relative to the part's directories."""

    new: bytes
    target: bytes
    inode: int  # of the new thing; 0: none, what stands is only set aside


@dataclass(frozen=True, slots=True)
class Part:
    """Things that move between three directories of one file system."""

    new: bytes
    target: bytes
    aside: bytes
    items: tuple[Item, ...]
    files: int


@dataclass(frozen=True, slots=True)
class Record:
    """One placing, on disk."""

    scratch: bytes
    parts: tuple[Part, ...]
    done: Placed | None = None


_RECORD: Final = msgspec.msgpack.Decoder(Record)
Plan = Callable[[bytes, bytes, bytes], Part]


def scratch_for(target: bytes, name: str) -> bytes:
    """A directory (not made) from where `target` can be reached by a rename. The same name gives the same one."""
    label = b"scratch-" + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16].encode()
    return join(_home_of(target), SIDE_PREFIX + label)


def evidence_label(clock: Clock) -> bytes:
    """A new name for what stood in place: when that was."""
    moment = iso(clock.now())[:19].replace(":", "").replace("-", "")
    return SIDE_PREFIX + f"evidence-{moment}-{os.urandom(2).hex()}".encode()


def _home_of(target: bytes) -> bytes:
    """The directory of the target's file system in which things can be renamed onto it."""
    if os.path.ismount(target):
        return target
    home = os.path.realpath(parent_of(target))
    while not _is_directory(home):
        home = parent_of(home)
    return home


class Placing:
    """Placings of one store; `notes` is a directory that only its owner enters."""

    def __init__(self, notes: Path, clock: Clock) -> None:
        self._notes = notes
        self._clock = clock

    def whole(self, scratch: bytes, pairs: Pairs, progress: Progress | None = None) -> Placed:
        """Exchange whole targets; raises StoreFault before anything was moved."""
        return self._run(scratch, pairs, _whole, progress)

    def each(self, scratch: bytes, pairs: Pairs, progress: Progress | None = None) -> Placed:
        """Exchange only the files that were brought."""
        return self._run(scratch, pairs, _each, progress)

    def _run(self, scratch: bytes, pairs: Pairs, plan: Plan, progress: Progress | None) -> Placed:
        begun = time.monotonic()
        record = self._read(scratch) or self._begin(scratch, pairs, plan)
        if record.done is not None:
            return record.done
        _sync(scratch)  # data that a power cut would lose must not take the place of data that are safe
        mover = _Mover(progress, sum(len(part.items) for part in record.parts))
        for part in record.parts:
            mover.move(part)
        placed = _sum(record, mover, time.monotonic() - begun)
        if not mover.failed:
            _clear(scratch)
            self._write(replace(record, parts=(), done=placed))
        return placed

    def _begin(self, scratch: bytes, pairs: Pairs, plan: Plan) -> Record:
        if not _is_directory(scratch):
            raise StoreFault(Fault.ABSENT, f"nothing lies in {plain(scratch)}: bring the point there first")
        label = evidence_label(self._clock)
        parts = tuple(plan(join(scratch, source.lstrip(b"/")), target, label) for source, target in pairs)
        parts = tuple(part for part in parts if part.items)
        if not parts:
            raise StoreFault(Fault.ABSENT, f"{plain(scratch)} holds none of the paths that are put in place")
        for part in parts:
            if os.lstat(parent_of(part.aside)).st_dev != os.lstat(scratch).st_dev:
                where = plain(part.target)
                raise StoreFault(Fault.REFUSED, f"{where} is on another file system than {plain(scratch)}")
        record = Record(scratch, parts)
        self._write(record)
        return record

    # --- the note ----------------------------------------------------------------------------------------------------

    def _file(self, scratch: bytes) -> Path:
        return self._notes / f"place-{hashlib.sha256(scratch).hexdigest()[:16]}"

    def _read(self, scratch: bytes) -> Record | None:
        found = read_note(self._file(scratch), _RECORD.decode, "placing")
        if found is not None and found.done is not None and _is_directory(scratch):
            return None  # brought anew since: another placing
        return found

    def _write(self, record: Record) -> None:
        try:
            with written_beside(self._file(record.scratch), 0o600) as stream:
                stream.write(msgspec.msgpack.encode(record))
        except OSError as error:
            fault = Fault.NO_SPACE if error.errno in DISK_FULL else Fault.FAILED
            raise StoreFault(fault, f"the note of the placing cannot be written: {error.strerror}") from error


# --- planning ---------------------------------------------------------------------------------------------------------


def _whole(new: bytes, target: bytes, label: bytes) -> Part:
    """The target itself; of a mount point, everything in it."""
    files = sum(len(names) for _, _, names in os.walk(new)) or int(os.path.lexists(new))
    if os.path.ismount(target):
        there = {name for name in _names(target) if not is_own(b"/" + name) and name != b"lost+found"}
        here = set(_names(new)) if _is_directory(new) else set()
        items = [Item(name, name, _inode(join(new, name))) for name in sorted(there | here)] if here else []
        return Part(new, target, join(target, label), tuple(items), files)
    inode = _inode(new)
    items = [Item(name_of(new), name_of(target), inode)] if inode else []
    home = os.path.realpath(parent_of(target))
    return Part(parent_of(new), home, join(_home_of(target), label), tuple(items), files)


def _each(new: bytes, target: bytes, label: bytes) -> Part:
    """Every file and link that was brought, by directory."""
    items: list[Item] = []
    for directory, folders, names in os.walk(new):
        folders.sort()
        links = [name for name in folders if os.path.islink(join(directory, name))]
        for name in sorted([*names, *links]):
            path = join(directory, name)[len(new.rstrip(b"/")) + 1 :]
            items.append(Item(path, path, _inode(join(directory, name))))
    top = target if os.path.ismount(target) else os.path.realpath(target)
    return Part(new, top, join(_home_of(target), label), tuple(items), len(items))


def _names(directory: bytes) -> list[bytes]:
    return [os.fsencode(name) for name in os.listdir(directory)]


def _inode(path: bytes) -> int:
    try:
        return os.lstat(path).st_ino
    except OSError:
        return 0


def _is_directory(path: bytes) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


# --- moving -----------------------------------------------------------------------------------------------------------


class _Side:
    """One of the three directories; its subdirectories are opened one at a time, and no link is followed on the way."""

    def __init__(self, root: bytes, like: _Side | None = None) -> None:
        self._root = root
        self._like = like  # a missing directory is made as it is there; without it, for root alone
        self._name: bytes | None = None
        self._fd = -1

    def directory(self, name: bytes, *, make: bool) -> int:
        """The open directory that `name` lies in; raises OSError."""
        parent = name.rpartition(b"/")[0]
        if parent != self._name:
            fd = self._open(parent, make=make)
            self.close()
            self._name, self._fd = parent, fd
        return self._fd

    def inode(self, name: bytes) -> int:
        """The inode of what stands under this name; 0 where nothing does."""
        try:
            directory = self.directory(name, make=False)
            return os.stat(name_of(b"/" + name), dir_fd=directory, follow_symlinks=False).st_ino
        except FileNotFoundError:
            return 0

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._name, self._fd = None, -1

    def _open(self, parent: bytes, *, make: bool) -> int:
        path = join(self._root, parent) if parent else self._root
        try:
            return open_strict(path, _DIRECTORY)
        except FileNotFoundError:
            if not make:
                raise
        self._make(parent)
        return open_strict(path, _DIRECTORY)

    def _make(self, parent: bytes) -> None:
        made = self._root
        os.makedirs(made, 0o700 if self._like is None else 0o755, exist_ok=True)
        done = b""
        for part in filter(None, parent.split(b"/")):
            above = open_strict(made, _DIRECTORY)
            try:
                os.mkdir(part, 0o700, dir_fd=above)
                self._dress(part, above, join(done, part).lstrip(b"/"))
            except FileExistsError:
                pass
            finally:
                os.close(above)
            made, done = join(made, part), join(done, part)

    def _dress(self, name: bytes, above: int, path: bytes) -> None:
        if self._like is None:
            return
        fd = self._like.directory(path + b"/x", make=False)
        seen = os.fstat(fd)
        os.chown(name, seen.st_uid, seen.st_gid, dir_fd=above, follow_symlinks=False)
        os.chmod(name, stat.S_IMODE(seen.st_mode), dir_fd=above)


class _Mover:
    """Moves the items of every part, and counts."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._tried = 0
        self.moved = self.failed = self.kept = 0
        self.skipped: list[Skipped] = []

    def move(self, part: Part) -> None:
        like = _Side(part.new)
        sides = _Side(part.new), _Side(part.target, like), _Side(part.aside)
        for item in part.items:
            try:
                self._one(item, *sides)
            except OSError as error:
                self._fail(join(part.target, item.target), error)
            self._tell()
        for side in (*sides, like):
            side.close()
        _sync(part.target)

    def _tell(self) -> None:
        self._tried += 1
        if self._progress is not None and (self._tried % _TELL_EVERY == 0 or self._tried == self._total):
            self._progress(self._tried, self._total)

    def _fail(self, path: bytes, error: OSError) -> None:
        self.failed += 1
        if len(self.skipped) < NAMED:
            self.skipped.append(Skipped(plain(path), error.strerror or str(error)))

    def _one(self, item: Item, new: _Side, target: _Side, aside: _Side) -> None:
        stands, waits = target.inode(item.target), new.inode(item.new)
        if item.inode == 0:
            if stands:
                self._keep(item, target, item.target, aside)
            return
        if stands == item.inode:  # an earlier call came this far
            if waits:
                self._keep(item, new, item.new, aside)
        elif waits != item.inode:
            raise OSError(errno.ESTALE, "what was brought is no longer there")
        elif not stands:
            _rename(new, item.new, target, item.target)
        else:
            self._exchange(item, new, target, aside)
        self.moved += 1

    def _exchange(self, item: Item, new: _Side, target: _Side, aside: _Side) -> None:
        aside.directory(item.target, make=True)  # no room for it: nothing was moved yet
        try:
            _rename(new, item.new, target, item.target, EXCHANGE)
        except OSError as error:
            if error.errno not in _CANNOT_EXCHANGE:
                raise
            self._keep(item, target, item.target, aside)  # the name is free for a moment
            _rename(new, item.new, target, item.target)
        else:
            self._keep(item, new, item.new, aside)

    def _keep(self, item: Item, side: _Side, name: bytes, aside: _Side) -> None:
        for attempt in range(1000):
            try:
                _rename(side, name, aside, item.target + (b".%d" % attempt if attempt else b""))
            except FileExistsError:
                continue
            self.kept += 1
            return
        raise OSError(errno.EEXIST, "no free name in the evidence")


def _rename(old: _Side, name: bytes, new: _Side, to: bytes, flags: int = NOREPLACE) -> None:
    source = old.directory(name, make=False)
    target = new.directory(to, make=True)
    rename(source, name_of(b"/" + name), target, name_of(b"/" + to), flags)


def _sum(record: Record, mover: _Mover, seconds: float) -> Placed:
    aside = record.parts[0].aside
    return Placed(
        files=sum(part.files for part in record.parts) if not mover.failed else mover.moved,
        failed=mover.failed,
        seconds=seconds,
        place=record.parts[0].target,
        evidence=aside if os.path.lexists(aside) else b"",
        skipped=tuple(mover.skipped),
    )


def _clear(scratch: bytes) -> None:
    """Remove the empty directories of the scratch place; what else lies there stays."""
    for directory, folders, _ in os.walk(scratch, topdown=False):
        for name in folders:
            _remove_empty(join(directory, name))
    _remove_empty(scratch)


def _remove_empty(directory: bytes) -> None:
    try:
        os.rmdir(directory)
    except OSError:  # a link, or something of the point that belongs nowhere here
        pass


def _sync(path: bytes) -> None:
    fd = os.open(path, _DIRECTORY)
    try:
        sync_all(fd)
    except OSError as error:
        raise StoreFault(Fault.FAILED, f"{plain(path)}: {error.strerror}") from error
    finally:
        os.close(fd)
