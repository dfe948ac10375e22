"""A folder of evidence that nobody changes: bytes under their own digest, and a record beside them for each item.

Comes in: open files, what is known of them. Goes out: `Item`s, their bytes again, and whether those are still the same.

    objects/<sha256>   the bytes, 0400, and where the file system can: marked so that not even root changes them
    items/<id>.json    who took it, when, from where; written once, 0400
    moved/<id>         how much of it the hub has (the agent's own note)

Rules, one test each:

1. An item's id follows from its machine, sort, place and bytes: the same thing taken twice is one item.
2. A record is written when its bytes are safe on the disk: killed in between, nothing is there.
3. What is larger than asked for, or does not fit with room to spare, is not kept; nothing is left of it.
4. Bytes are written under a name of ours, never under one of theirs; nothing kept can be started.
5. Whether something is still the same is told from its bytes, each time it is asked.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from garde.private import sync_directory

FOLDER: Final = "evidence"
ID: Final = re.compile(r"[0-9a-f]{32}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
ROOM: Final = 256 * 2**20  # bytes that stay free whatever is kept: a server goes on working
_CHUNK: Final = 1 << 20
Seal = Callable[[int], object]  # marks an open file so that nobody changes it; raises OSError where it can't


class NotKept(Exception):
    """It was not kept, and why, in words."""


class Item(msgspec.Struct, frozen=True):
    """One item of evidence. `name` and `place` are bytes as they were: shown only through `plain`."""

    item: str
    sort: str
    machine: str
    name: bytes
    place: bytes
    size: int
    sha256: str
    taken_at: float  # hub time, as far as it is known
    clock_offset_s: float = 0.0  # machine minus hub
    offset_known: bool = False
    pair: str = ""
    by: str = ""
    command: str = ""
    detail: str = ""
    changed_at: float = 0.0  # mtime of the file, wall seconds of the machine; 0: not known


@dataclass(frozen=True, slots=True)
class What:
    """What is known of a thing before it is taken."""

    sort: str
    machine: str
    name: bytes
    place: bytes
    taken_at: float
    clock_offset_s: float = 0.0
    offset_known: bool = False
    pair: str = ""
    by: str = ""
    command: str = ""
    detail: str = ""
    changed_at: float = 0.0


def id_of(what: What, sha256: str) -> str:
    """Return an item's id. Rule 1."""
    parts = (what.machine.encode(), what.sort.encode(), what.place, sha256.encode())
    return hashlib.sha256(b"".join(len(each).to_bytes(4, "big") + each for each in parts)).hexdigest()[:32]


class Evidence:
    """The folder. Several threads of one process may use it."""

    def __init__(self, folder: Path, seal: Seal | None = None) -> None:
        self.folder, self._seal = folder, seal

    # --- keeping ------------------------------------------------------------------------------------------------------

    def keep(self, source: int, what: What, limit: int, *, expected: str = "") -> tuple[Item, bool]:
        """Keep an open file's bytes; returns the item, and whether it is a new one. Raises NotKept or OSError.

        `expected`: the digest that they must have.
        """
        self._make()
        copy, sha256, size = self._copy(source, limit)
        try:
            if expected and sha256 != expected:
                raise NotKept("its bytes are not those that were taken")
            return self._keep(copy, what, sha256, size)
        finally:
            copy.unlink(missing_ok=True)

    def keep_bytes(self, data: bytes, what: What) -> tuple[Item, bool]:
        """Keep bytes that no file holds."""
        handle = os.memfd_create("evidence", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(handle), "wb") as file:
                file.write(data)
            os.lseek(handle, 0, os.SEEK_SET)
            return self.keep(handle, what, len(data))
        finally:
            os.close(handle)

    def _make(self) -> None:
        for each in (self.folder, self.folder / "objects", self.folder / "items", self.folder / "moved"):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _copy(self, source: int, limit: int) -> tuple[Path, str, int]:
        """Copy and hash in one pass; rules 3 and 4."""
        copy = self.folder / "objects" / f".{os.getpid()}.{os.urandom(8).hex()}.new"
        digest, size = hashlib.sha256(), 0
        handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        try:
            with os.fdopen(handle, "wb") as file:
                while data := os.pread(source, _CHUNK, size):
                    size += len(data)
                    if size > limit:
                        raise NotKept(f"it is larger than {limit:,} bytes")
                    self.check_room(len(data))
                    digest.update(data)
                    file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
        return copy, digest.hexdigest(), size

    def check_room(self, more: int) -> None:
        """Raise NotKept where so many bytes do not fit with room to spare."""
        seen = os.statvfs(self.folder)
        if seen.f_bavail * seen.f_frsize < ROOM + more:
            raise NotKept("there is no room for it")

    def _keep(self, copy: Path, what: What, sha256: str, size: int) -> tuple[Item, bool]:
        name = id_of(what, sha256)
        known = self.find(name)
        if known is not None:
            return known, False
        self._put(copy, self._object(sha256))
        item = Item(
            name, what.sort, what.machine, what.name, what.place, size, sha256, what.taken_at, what.clock_offset_s,
            what.offset_known, what.pair, what.by, what.command, what.detail, what.changed_at,
        )  # fmt: skip
        record = copy.with_suffix(".json")
        handle = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(item))
                file.flush()
                os.fsync(file.fileno())
            self._put(record, self._record(name))
        finally:
            record.unlink(missing_ok=True)
        return item, True

    def _put(self, made: Path, path: Path) -> None:
        """Give a whole file its name, once, and seal it. Rule 2."""
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
            sync_directory(path.parent)
        made.unlink()  # before the seal: a sealed file loses no name
        self._mark(path)

    def _mark(self, path: Path) -> None:
        if self._seal is None:
            return
        with contextlib.suppress(OSError):  # a file system without such marks: its digest still shows a change
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                self._seal(handle)
            finally:
                os.close(handle)

    # --- reading ------------------------------------------------------------------------------------------------------

    def items(self) -> Iterator[Item]:
        """Yield every item, the oldest first; a record that is none of ours is left out."""
        try:
            names = [each.name for each in os.scandir(self.folder / "items")]
        except FileNotFoundError:
            return
        found = (self.find(name.removesuffix(".json")) for name in names)
        yield from sorted((each for each in found if each is not None), key=lambda each: (each.taken_at, each.item))

    def find(self, item: str) -> Item | None:
        """Return an item; None where there is none."""
        if not ID.fullmatch(item):
            return None
        try:
            found = msgspec.json.decode(self._record(item).read_bytes(), type=Item)
        except (OSError, msgspec.DecodeError):
            return None
        return found if found.item == item and DIGEST.fullmatch(found.sha256) else None

    def open(self, item: Item) -> int:
        """Open an item's bytes; raises OSError."""
        return os.open(self._object(item.sha256), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def is_same(self, item: Item) -> bool:
        """Whether the bytes are those that were taken. Rule 5."""
        try:
            handle = self.open(item)
        except OSError:
            return False
        try:
            digest, size = hashlib.sha256(), 0
            while data := os.pread(handle, _CHUNK, size):
                digest.update(data)
                size += len(data)
        except OSError:
            return False
        finally:
            os.close(handle)
        return (digest.hexdigest(), size) == (item.sha256, item.size)

    def path_of(self, item: Item) -> Path:
        """Return where an item's bytes lie."""
        return self._object(item.sha256)

    def _object(self, sha256: str) -> Path:
        return self.folder / "objects" / sha256

    def _record(self, item: str) -> Path:
        return self.folder / "items" / f"{item}.json"

    # --- what the hub has ---------------------------------------------------------------------------------------------

    def moved(self, item: str) -> int:
        """Return how many bytes of an item the hub has said it has; -1 where it has said that it takes none."""
        try:
            return int((self.folder / "moved" / item).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def note_moved(self, item: str, upto: int) -> None:
        """Note it; where the disk refuses, it is asked again."""
        with contextlib.suppress(OSError):
            (self.folder / "moved" / item).write_text(f"{upto}", encoding="ascii")
