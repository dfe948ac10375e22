"""Random access to a file's bytes, whether in memory or behind a descriptor.

Comes in: bytes, or an open descriptor. Goes out: `Bytes` and its implementations, and `Cursor` for walking. Reading
never raises and never blocks on a short file: what is not there is simply missing from the answer, because the files
that Garde reads may shrink or vanish under it. It opens and closes nothing.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import Protocol

BLOCK = 4096  # the unit of sampling and of fingerprints: a page, and what most attackers encrypt at once


class Bytes(Protocol):
    """Bytes that can be read from any offset."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`; fewer, or none, where they do not exist."""
        ...


class MemoryBytes:
    """Bytes already in memory."""

    __slots__ = ("content", "size")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)

    def read(self, offset: int, count: int) -> bytes:
        if offset == 0 and count >= self.size:
            return self.content
        return self.content[offset : offset + count] if offset >= 0 and count > 0 else b""


class FileBytes:
    """An open file, read with pread; `size` is that of the moment it was made."""

    __slots__ = ("fd", "size")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        try:
            self.size = os.fstat(fd).st_size
        except OSError:
            self.size = 0

    def read(self, offset: int, count: int) -> bytes:
        if offset < 0 or count <= 0 or offset >= self.size:
            return b""
        try:
            return os.pread(self.fd, min(count, self.size - offset), offset)
        except (OSError, OverflowError):
            return b""


class Part:
    """A stretch of other bytes, as if it were a file of its own."""

    __slots__ = ("size", "start", "whole")

    def __init__(self, whole: Bytes, start: int, size: int) -> None:
        self.whole = whole
        self.start = start
        self.size = max(0, min(size, whole.size - start))

    def read(self, offset: int, count: int) -> bytes:
        if offset < 0 or offset >= self.size:
            return b""
        return self.whole.read(self.start + offset, min(count, self.size - offset))


class Cursor:
    """Reads forward in small steps out of large buffered ones; a step past the end gives what is left."""

    __slots__ = ("_buffer", "_chunk", "_data", "_start", "at")

    def __init__(self, data: Bytes, at: int = 0, chunk: int = 1 << 16) -> None:
        self._data = data
        self._chunk = chunk
        self._buffer = b""
        self._start = 0
        self.at = at

    @property
    def left(self) -> int:
        return self._data.size - self.at

    def peek(self, count: int) -> bytes:
        """Return the next bytes without passing them."""
        inside = self.at - self._start
        if inside < 0 or inside + count > len(self._buffer):
            self._buffer = self._data.read(self.at, max(count, self._chunk))
            self._start = self.at
            inside = 0
        return self._buffer[inside : inside + count]

    def take(self, count: int) -> bytes:
        """Return the next bytes and pass them."""
        found = self.peek(count)
        self.at += len(found)
        return found


def identify(content: bytes) -> bytes:
    """Return what tells these bytes from others, 16 bytes: who judged them need not judge them again."""
    return blake2b(content, digest_size=16).digest()


def spread(size: int, count: int, *, first: int = 0, width: int = BLOCK) -> list[int]:
    """Return up to `count` block-aligned offsets in [first, size), one in each of `count` equal strata.

    The place inside a stratum comes from the golden ratio: an even step could fall into step with an attacker who
    skips evenly (4 KiB on, 76 KiB off), and then see nothing at all.
    """
    blocks = max(0, (size - first) // width)
    if blocks <= count:
        return [first + i * width for i in range(blocks)]
    stratum = blocks / count
    inside = int(stratum)
    return [first + (int(i * stratum) + int(i * 0.6180339887498949 % 1.0 * inside)) * width for i in range(count)]
