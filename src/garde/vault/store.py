"""The object store of one file system: pre-images, evidence, staging, all in one directory that only its owner enters.

Comes in: object numbers and descriptors. Goes out: descriptors of clones and copies; files moved into evidence. Every
step goes through directory descriptors opened once, so that renaming the store's directory away under a running agent
changes nothing. It knows no paths of guarded files and no index, and it removes only what it made itself.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import Final

from garde.content import FileBytes
from garde.vault.kernel import CANNOT_CLONE, DISK_FULL, NOREPLACE, clone, open_strict, rename
from garde.vault.names import STORE_NAME, join, parent_of

_PARTS: Final = ("objects", "staging", "evidence", "orphans")
_BUCKET_BITS: Final = 12  # 4096 objects a directory: 25 directories for 100,000 files
_CHUNK: Final = 1 << 20


class StoreRefusedError(Exception):
    """No store can be kept at this place; the message says why."""


class TooLargeError(Exception):
    """A copy would pass its limit."""


class OpenFile(FileBytes):
    """An open file that closes with the object; reads never raise."""

    __slots__ = ()

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __del__(self) -> None:
        self.close()


class Store:
    """One directory below `STORE_NAME`, 0700."""

    def __init__(
        self, number: int, path: bytes, root: int, *, ino: int = 0, reflink: bool | None = None, why: str = ""
    ) -> None:
        self.number = number
        self.path = path
        self.why = why
        self.ino = ino  # of the directory STORE_NAME
        self.dev = os.fstat(root).st_dev
        self.root = root
        self.objects, self.staging, self.evidence, self.orphans = (
            os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=root) for part in _PARTS
        )
        self.reflink = self._probe() if reflink is None else reflink

    # --- opening -----------------------------------------------------------------------------------------------

    @classmethod
    def make(
        cls, number: int, base: bytes, owner: bytes, *, remembered_ino: int = 0, name: bytes = STORE_NAME.encode()
    ) -> Store:
        """Open or make `<base>/<name>/<owner>`; raises StoreRefusedError.

        `owner` names the state directory: several may guard one file system, and none may touch another's objects.
        """
        try:
            base_fd = open_strict(base, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise StoreRefusedError(f"{os.fsdecode(base)}: {error.strerror}") from error
        try:
            _put_name_back(base_fd, name, remembered_ino)
            top = _own_directory(base_fd, name)
        except OSError as error:
            raise StoreRefusedError(f"{os.fsdecode(base)}: {error.strerror}") from error
        finally:
            os.close(base_fd)
        try:
            root = _own_directory(top, owner, _PARTS)
            return cls(number, join(join(base, name), owner), root, ino=os.fstat(top).st_ino)
        except OSError as error:
            raise StoreRefusedError(f"{os.fsdecode(base)}: {error.strerror}") from error
        finally:
            os.close(top)

    @classmethod
    def look(cls, number: int, path: bytes, *, reflink: bool) -> Store:
        """Open an existing store for reading; raises OSError."""
        return cls(number, path, open_strict(path, os.O_RDONLY | os.O_DIRECTORY), reflink=reflink)

    def others(self) -> int:
        """Stores of other state directories beside this one: another agent's, or left when a state was lost."""
        with os.scandir(parent_of(self.path)) as entries:
            return sum(1 for _ in entries) - 1

    def close(self) -> None:
        for fd in (self.objects, self.staging, self.evidence, self.orphans, self.root):
            os.close(fd)

    def _probe(self) -> bool:
        """Whether blocks can be shared: clone one nameless file onto another."""
        files: list[int] = []
        try:
            files += [os.open(".", os.O_RDWR | os.O_TMPFILE, 0o600, dir_fd=self.staging) for _ in range(2)]
            clone(*files)
        except OSError as error:
            if error.errno in CANNOT_CLONE | {errno.EISDIR}:  # EISDIR: a file system without O_TMPFILE
                return False
            raise StoreRefusedError(f"{os.fsdecode(self.path)}: {error.strerror}") from error
        finally:
            for fd in files:
                os.close(fd)
        return True

    # --- objects -----------------------------------------------------------------------------------------------

    def clone(self, number: int, source: int) -> int:
        """Make object `number` share the blocks of `source`; return its descriptor; raises OSError."""
        target = self._new(number)
        try:
            clone(target, source)
        except OSError:
            os.close(target)
            self.drop(number)
            raise
        return target

    def copy(self, number: int, source: int, limit: int) -> int:
        """Copy `source` (holes stay holes) into object `number`; raises OSError, TooLargeError."""
        target = self._new(number)
        try:
            copy_data(source, target, limit)
        except (OSError, TooLargeError):
            os.close(target)
            self.drop(number)
            raise
        return target

    def open(self, number: int) -> int:
        """Open object `number` for reading; raises OSError."""
        return os.open(_name(number), os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self.objects)

    def drop(self, number: int) -> None:
        """Remove an object of ours. Missing is fine."""
        try:
            os.unlink(_name(number), dir_fd=self.objects)
        except FileNotFoundError:
            pass

    def object_path(self, number: int) -> bytes:
        return object_path(self.path, number)

    def _new(self, number: int) -> int:
        for _ in range(3):
            try:
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                return os.open(_name(number), flags, 0o600, dir_fd=self.objects)
            except FileNotFoundError:
                os.mkdir(f"{number >> _BUCKET_BITS:x}", 0o700, dir_fd=self.objects)
            except FileExistsError:  # left by a kill before its row was committed
                self.object_to_orphans(number)
        raise OSError(errno.EEXIST, "no free object", _name(number))

    def buckets(self) -> list[int]:
        """Numbers of the object directories, ascending."""
        return sorted(int(name, 16) for name in self.listed(self.objects))

    def bucket(self, bucket: int) -> dict[int, int]:
        """Object number → size, of one directory (4096 at most)."""
        fd = os.open(f"{bucket:x}", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self.objects)
        try:
            with os.scandir(fd) as entries:
                return {int(entry.name, 16): entry.stat(follow_symlinks=False).st_size for entry in entries}
        finally:
            os.close(fd)

    # --- moving in ---------------------------------------------------------------------------------------------

    def to_evidence(self, directory: int, name: bytes, label: str) -> bytes:
        """Move a file out of `directory` into evidence; return its new name there; raises OSError (EXDEV too)."""
        return _move_in(directory, name, self.evidence, label)

    def object_to_evidence(self, number: int, label: str) -> bytes:
        return _move_in(self.objects, _name(number).encode(), self.evidence, label)

    def object_to_orphans(self, number: int) -> bytes:
        """Set an object without a row aside: it may be the only healthy copy of something."""
        return _move_in(self.objects, _name(number).encode(), self.orphans, f"{number:x}")

    def evidence_path(self, name: bytes) -> bytes:
        return self.path + b"/evidence/" + name

    def listed(self, part: int) -> Iterator[bytes]:
        """Names in one part (`staging`, `evidence` or `orphans` descriptor)."""
        with os.scandir(part) as entries:
            for entry in entries:
                yield os.fsencode(entry.name)

    # --- room --------------------------------------------------------------------------------------------------

    def free(self) -> tuple[int, int]:
        """(bytes free to the users, size in bytes) of the file system: what is reserved for root is not ours to use."""
        seen = os.fstatvfs(self.root)
        return seen.f_bavail * seen.f_frsize, seen.f_blocks * seen.f_frsize

    def is_low(self) -> bool:
        """True when so little is left (1 %, at most 256 MB) that keeping more would take it from the users."""
        free, size = self.free()
        return free < min(size // 100, 256 << 20)


def object_path(store: bytes, number: int) -> bytes:
    """Path of an object, for people and for readers."""
    return store + b"/objects/" + _name(number).encode()


def copy_data(source: int, target: int, limit: int) -> int:
    """Copy content with its holes; return the bytes copied; raises TooLargeError past `limit`, OSError."""
    size = os.fstat(source).st_size
    os.ftruncate(target, size)
    copied = offset = 0
    while (start := next_data(source, offset)) is not None and start < size:
        offset = os.lseek(source, start, os.SEEK_HOLE)
        while start < offset:
            data = os.pread(source, min(_CHUNK, offset - start), start)
            if not data:  # the file shrank; the caller sees that its stat changed
                return copied
            copied += len(data)
            if copied > limit:
                raise TooLargeError
            _write_all(target, data, start)
            start += len(data)
    return copied


def next_data(source: int, offset: int) -> int | None:
    """Offset of the next bytes that are no hole; None: only a hole is left."""
    try:
        return os.lseek(source, offset, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return None
        raise


def _write_all(target: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(target, view, offset)
        view, offset = view[done:], offset + done


def _name(number: int) -> str:
    return f"{number >> _BUCKET_BITS:x}/{number:x}"


def _move_in(directory: int, name: bytes, target: int, label: str) -> bytes:
    """Rename under a free name; NOREPLACE: nothing already there is ever overwritten."""
    for attempt in range(100_000):
        new = (f"{label}.{attempt}" if attempt else label).encode()
        try:
            rename(directory, name, target, new, NOREPLACE)
        except FileExistsError:
            continue
        return new
    raise OSError(errno.EEXIST, "no free name", name)


def _put_name_back(base: int, name: bytes, ino: int) -> None:
    """Find a store that was renamed in its own directory (needs only write permission there) and name it back."""
    if not ino:
        return
    try:
        if os.stat(name, dir_fd=base, follow_symlinks=False).st_ino == ino:
            return
    except FileNotFoundError:
        pass
    with os.scandir(base) as entries:
        moved = next((os.fsencode(entry.name) for entry in entries if entry.inode() == ino), None)
    if moved is None:
        return
    try:
        rename(base, moved, base, name, NOREPLACE)
    except FileExistsError:
        raise StoreRefusedError(
            f"something foreign stands where the store was; the store is now {os.fsdecode(moved)}"
        ) from None


def _own_directory(base: int, name: bytes, parts: tuple[str, ...] = ()) -> int:
    """Open our directory, made 0700 if missing; refuses links and foreign owners; raises OSError, StoreRefusedError."""
    _make(base, name)
    made = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=base)
    seen = os.fstat(made)
    if seen.st_uid != os.geteuid():
        os.close(made)
        raise StoreRefusedError(f"a {os.fsdecode(name)} that belongs to user {seen.st_uid} stands there")
    if stat.S_IMODE(seen.st_mode) != 0o700:
        os.fchmod(made, 0o700)
    for part in parts:
        _make(made, part.encode())
    return made


def _make(base: int, name: bytes) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=base)
    except FileExistsError:
        pass


def is_full(error: OSError) -> bool:
    """True for "no space" and "quota used up"."""
    return error.errno in DISK_FULL
