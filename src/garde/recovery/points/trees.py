"""Trees of files as a snapshot shows them: listed, compared, copied with all that belongs to a file, compared again.

Comes in: two directories on this machine. Goes out: `Listed`, `Changes`, `Copied`, `Verified`. A tree is hostile data:
no symbolic link in it is followed, what is neither file, directory nor link is named and left out, and nothing outside
the target is written. Where the file system can share blocks nothing is copied. Hard links become files of their own.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.points.base import MOST_PATHS, NAMED, Changes, Fault, Progress, StoreFault, Verified
from garde.recovery.points.sampling import Listed
from garde.vault.kernel import DISK_FULL, open_strict
from garde.vault.staging import fill, same_content

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY
_FILE: Final = os.O_RDONLY | os.O_NONBLOCK
_TELL_EVERY: Final = 256  # files between two words about progress


class Entry(NamedTuple):
    """One thing in a tree; `path` is relative to its top."""

    path: bytes
    seen: os.stat_result


@contextmanager
def opened(top: Path) -> Iterator[int]:
    """A descriptor of a tree's top; StoreFault where it is none."""
    try:
        handle = os.open(top, _DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise StoreFault(Fault.ABSENT, f"{plain(str(top))}: {error.strerror}") from error
    try:
        yield handle
    finally:
        os.close(handle)


def walk(top: int, skipped: list[Skipped]) -> Iterator[Entry]:
    """Everything below a directory, each directory before what lies in it, in the order of names.

    Other file systems that are mounted in it, and snapshots below it, are not entered. What could not be read is added
    to `skipped`.
    """
    device = os.fstat(top).st_dev
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        try:
            handle = open_strict(folder or b".", _DIRECTORY, top)
        except OSError as error:
            _skip(skipped, folder, error)
            continue
        try:
            inside = [Entry(_join(folder, name), seen) for name, seen in _names(handle, folder, skipped)]
        finally:
            os.close(handle)
        yield from inside
        folders = [it.path for it in inside if stat.S_ISDIR(it.seen.st_mode) and it.seen.st_dev == device]
        waiting += reversed(folders)


def _names(handle: int, folder: bytes, skipped: list[Skipped]) -> Iterator[tuple[bytes, os.stat_result]]:
    for name in sorted(map(os.fsencode, os.listdir(handle))):
        try:
            yield name, os.stat(name, dir_fd=handle, follow_symlinks=False)
        except OSError as error:
            _skip(skipped, _join(folder, name), error)


def list_files(top: Path, prefix: bytes) -> list[Listed]:
    """Every regular file; its path is `prefix` and where it lies below the top."""
    with opened(top) as handle:
        return [Listed(_join(prefix, it.path), it.seen.st_size) for it in walk(handle, []) if is_file(it)]


def changes(one: Path, other: Path, prefix: bytes) -> Changes:
    """What is different in `other`, by size, time of the last change and inode: a snapshot keeps all three."""
    with opened(one) as before, opened(other) as after:
        known = {it.path: _stamp(it) for it in walk(before, []) if is_file(it)}
        now = {it.path: it for it in walk(after, []) if is_file(it)}
    changed = [path for path, it in now.items() if path in known and known[path] != _stamp(it)]
    added = [path for path in now if path not in known]
    size = sum(now[path].seen.st_size for path in added)
    paths = tuple(_join(prefix, path) for path in (changed + added)[:MOST_PATHS])
    return Changes(len(changed), len(added), len(known.keys() - now.keys()), size, paths)


def clear(target: Path) -> None:
    """Take away what an earlier try left in a scratch place: copies of ours, that nobody has verified."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)


@dataclass(slots=True)
class Copied:
    """How a copy went."""

    files: int = 0
    bytes: int = 0
    failed: int = 0
    skipped: list[Skipped] = field(default_factory=list)


def copy(source: Path, target: Path, progress: Progress | None = None) -> Copied:
    """Copy a tree to a new directory, which is made; raises StoreFault where there is no room."""
    done = Copied()
    with opened(source) as old:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened(target) as new:
            folders: list[Entry] = [Entry(b"", os.fstat(old))]
            for entry in walk(old, done.skipped):
                _copy_one(old, new, entry, done)
                if stat.S_ISDIR(entry.seen.st_mode):
                    folders.append(entry)
                if progress is not None and done.files % _TELL_EVERY == 0:
                    progress(done.bytes, 0)
            for folder in reversed(folders):  # when all that lies in it is there: it would change its times
                _dress_folder(old, new, folder, done)
    done.failed = max(done.failed, len(done.skipped))
    return done


def _copy_one(old: int, new: int, entry: Entry, done: Copied) -> None:
    try:
        if stat.S_ISREG(entry.seen.st_mode):
            done.bytes += _copy_file(old, new, entry)
            done.files += 1
        elif stat.S_ISDIR(entry.seen.st_mode):
            with suppress(FileExistsError):
                os.mkdir(entry.path, 0o700, dir_fd=new)
        elif stat.S_ISLNK(entry.seen.st_mode):
            _copy_link(old, new, entry)
        else:
            raise OSError(0, "it is neither file, directory nor link")
    except OSError as error:
        if error.errno in DISK_FULL:
            raise StoreFault(Fault.NO_SPACE, f"{plain(entry.path)}: {error.strerror}") from error
        done.failed += 1
        _skip(done.skipped, entry.path, error)


def _copy_file(old: int, new: int, entry: Entry) -> int:
    source = open_strict(entry.path, _FILE, old)
    try:
        seen = os.fstat(source)
        target = _make(entry.path, new)
        try:
            fill(target, source)
            _dress(target, source, seen)
        finally:
            os.close(target)
        return seen.st_size
    finally:
        os.close(source)


def _make(path: bytes, new: int) -> int:
    """A new file; one that an earlier try left is ours and goes."""
    parent, _, name = path.rpartition(b"/")
    folder = open_strict(parent or b".", _DIRECTORY, new)
    try:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    finally:
        os.close(folder)


def _copy_link(old: int, new: int, entry: Entry) -> None:
    with suppress(FileNotFoundError):
        os.unlink(entry.path, dir_fd=new)
    os.symlink(os.readlink(entry.path, dir_fd=old), entry.path, dir_fd=new)
    os.chown(entry.path, entry.seen.st_uid, entry.seen.st_gid, dir_fd=new, follow_symlinks=False)


def _dress(target: int, source: int, seen: os.stat_result) -> None:
    """Owner before mode: changing the owner takes set-id marks away. Times last."""
    os.fchown(target, seen.st_uid, seen.st_gid)
    os.fchmod(target, stat.S_IMODE(seen.st_mode))
    for name in os.listxattr(source):
        os.setxattr(target, name, os.getxattr(source, name))
    os.utime(target, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def _dress_folder(old: int, new: int, folder: Entry, done: Copied) -> None:
    try:
        source, target = (open_strict(folder.path or b".", _DIRECTORY, top) for top in (old, new))
        try:
            _dress(target, source, folder.seen)
        finally:
            os.close(source)
            os.close(target)
    except OSError as error:
        _skip(done.skipped, folder.path, error)


def verify(source: Path, target: Path, progress: Progress | None = None) -> Verified:
    """Compare what was brought with the tree that it came from: every byte, owner, mode and time."""
    began, files, size, wrong = time.monotonic(), 0, 0, 0
    skipped: list[Skipped] = []
    known: set[bytes] = set()
    with opened(source) as old, opened(target) as new:
        for entry in walk(old, skipped):
            known.add(entry.path)
            if stat.S_ISDIR(entry.seen.st_mode):
                continue
            why = _difference(old, new, entry)
            wrong += bool(why)
            if is_file(entry):
                files, size = files + 1, size + entry.seen.st_size
            if why and len(skipped) < NAMED:
                skipped.append(Skipped(plain(entry.path), why))
            if progress is not None and files % _TELL_EVERY == 0:
                progress(size, 0)
        more = [it.path for it in walk(new, skipped) if it.path not in known]
    wrong += len(more)
    skipped += [Skipped(plain(path), "not in the point") for path in more[: max(0, NAMED - len(skipped))]]
    return Verified(files, size, max(wrong, len(skipped)), time.monotonic() - began, tuple(skipped))


def _difference(old: int, new: int, entry: Entry) -> str:
    """What is wrong with a copy; "" nothing is."""
    try:
        seen = os.stat(entry.path, dir_fd=new, follow_symlinks=False)
        if stat.S_ISLNK(entry.seen.st_mode):
            same = os.readlink(entry.path, dir_fd=new) == os.readlink(entry.path, dir_fd=old)
            return "" if same else "it leads elsewhere"
        if _dressed(seen) != _dressed(entry.seen):
            return "size, owner, mode or time differ"
        return "" if _same_bytes(old, new, entry) else "its content differs"
    except OSError as error:
        return error.strerror or str(error)


def _same_bytes(old: int, new: int, entry: Entry) -> bool:
    one = open_strict(entry.path, _FILE, old)
    try:
        other = open_strict(entry.path, _FILE, new)
        try:
            return same_content(one, other, entry.seen.st_size)
        finally:
            os.close(other)
    finally:
        os.close(one)


def _dressed(seen: os.stat_result) -> tuple[int, ...]:
    return seen.st_mode, seen.st_uid, seen.st_gid, seen.st_size, seen.st_mtime_ns


def _stamp(entry: Entry) -> tuple[int, int, int]:
    return entry.seen.st_size, entry.seen.st_mtime_ns, entry.seen.st_ino


def is_file(entry: Entry) -> bool:
    """Whether it is a regular file."""
    return stat.S_ISREG(entry.seen.st_mode)


def _join(folder: bytes, name: bytes) -> bytes:
    return folder.rstrip(b"/") + b"/" + name if folder and name else folder or name


def _skip(skipped: list[Skipped], path: bytes, error: OSError) -> None:
    if len(skipped) < NAMED:
        skipped.append(Skipped(plain(path or b"."), error.strerror or str(error)))
