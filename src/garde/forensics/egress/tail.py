"""Following a log that grows, is rotated, and may be taken away.

Comes in: a path, and where the reading stopped. Goes out: whole lines, and the times in which lines may have been
lost. It reads a bounded part at a time, never waits, and follows no symbolic link of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from garde.journal.forensic_kinds import Blind

AT_ONCE: Final = 1 << 20  # bytes of one reading: some 4,000 lines
HEAD: Final = 256  # bytes that tell one log from the next
LONGEST: Final = 1 << 20  # bytes of one line; a longer one is left aside


class Mark(msgspec.Struct, array_like=True):
    """Where the reading stopped."""

    inode: int = 0
    offset: int = 0
    at: float = 0.0  # when
    head: bytes = b""  # how the log begins, as far as it was read: inode numbers are used again


class Tail:
    """One log."""

    def __init__(self, path: Path, mark: Mark) -> None:
        self.path = path
        self.mark = mark
        self._file: BinaryIO | None = None
        self._pending = b""
        self._skipping = False
        self.blind: list[Blind] = []  # told by whoever takes them away

    @property
    def exists(self) -> bool:
        """Whether there is something to read, or was."""
        return self._file is not None or self.path.exists()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def lines(self, now: float) -> Iterator[bytes]:
        """Yield whole lines that have come, a part of them at a time."""
        if self._file is None and not self._begin(now):
            return
        assert self._file is not None
        data = self._read(now)
        if not data and self._is_replaced():
            data = self._next(now)
        yield from self._split(data, now)

    def _begin(self, now: float) -> bool:
        """Open the log where the reading stopped, or what it has become since; False where there is none."""
        path = self._find_old() if self.mark.inode else self.path
        if path is None:  # the log before was taken away with lines that nobody has read
            self.blind.append(Blind(self.mark.at, now, "gap"))
            self.mark = Mark()
            path = self.path
        try:
            self._file = path.open("rb")
        except OSError:
            return False
        seen = os.fstat(self._file.fileno())
        same = self.mark.inode == seen.st_ino and self.mark.offset <= seen.st_size
        if same and self._file.read(len(self.mark.head)) == self.mark.head:
            self._file.seek(self.mark.offset)
        else:
            self._file.seek(0)
            if self.mark.inode:  # the same file, cut short
                self.blind.append(Blind(self.mark.at, now, "gap"))
            self.mark = Mark(seen.st_ino, 0, now)
        return True

    def _find_old(self) -> Path | None:
        """The log that was read last, under its old name or the one that rotation gave it."""
        try:
            beside = [self.path, *(self.path.parent / name for name in sorted(os.listdir(self.path.parent)))]  # noqa: PTH208
        except OSError:
            return None
        for path in beside:
            try:
                if path.stat().st_ino == self.mark.inode and path.is_file():
                    return path
            except OSError:
                continue
        return None

    def _read(self, now: float) -> bytes:
        assert self._file is not None
        if os.fstat(self._file.fileno()).st_size < self.mark.offset:  # cut short under us: `copytruncate`
            self.blind.append(Blind(self.mark.at, now, "gap"))
            self._file.seek(0)
            self._pending = b""
            self.mark.offset, self.mark.head = 0, b""
        return self._file.read(AT_ONCE)

    def _is_replaced(self) -> bool:
        """Whether another file stands under the name, now that this one is read to its end."""
        try:
            return self.path.stat().st_ino != self.mark.inode
        except OSError:
            return False

    def _next(self, now: float) -> bytes:
        assert self._file is not None
        try:
            fresh = self.path.open("rb")
        except OSError:
            return b""
        self._file.close()
        self._file, self._pending = fresh, b""
        self.mark = Mark(os.fstat(fresh.fileno()).st_ino, 0, now)
        return fresh.read(AT_ONCE)

    def _split(self, data: bytes, now: float) -> Iterator[bytes]:
        """Cut into lines; the mark stands at the beginning of the one that is not whole yet."""
        self.mark.at = now
        if len(self.mark.head) < HEAD and self.mark.offset + len(self._pending) == len(self.mark.head):
            self.mark.head += data[: HEAD - len(self.mark.head)]
        parts = (self._pending + data).split(b"\n")
        rest = parts.pop()
        for part in parts:
            self.mark.offset += len(part) + 1
            if self._skipping or len(part) > LONGEST:
                self._skipping = False
                self.blind.append(Blind(now, now, "gap", 1))
                continue
            yield part
        if len(rest) > LONGEST:
            self.mark.offset += len(rest)
            rest, self._skipping = b"", True
        self._pending = rest
