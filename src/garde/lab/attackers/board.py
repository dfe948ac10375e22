"""The attackers' own truth: shared memory that says which file was dealt, started on and done, and when.

Comes in: stamps from the workers. Goes out: `Board`, read by the drill; and `Tickets`, the one shared list from which
workers take files. Both are memory files handed down as descriptors: nothing of them lies in the share, and the watch
never reads them. Stamps are CLOCK_MONOTONIC seconds; 0 means "not yet".

A ticket is taken by reading four bytes through one shared file offset, which the kernel moves under its own lock: a
worker stopped at any moment holds no lock that others wait for. The kernel takes that lock for files opened by name
only (FMODE_ATOMIC_POS), which a fresh memory file was not: `memory_file` opens it once more.
"""

from __future__ import annotations

import mmap
import os
import struct

MAX_WORKERS = 64
# Four stamps a file: dealt, started, finished, failed.
DEALT, STARTED, FINISHED, FAILED = range(4)
STAMPS = 4
HEAD = 8 * (2 + MAX_WORKERS)  # go, crew ready; then a pid for each worker


class Board:
    """One drill's shared stamps for `files` files."""

    def __init__(self, descriptor: int, files: int) -> None:
        self.descriptor = descriptor
        self.files = files
        self._memory = mmap.mmap(descriptor, HEAD + 8 * STAMPS * files)
        self._stamps = memoryview(self._memory)[HEAD:].cast("d")

    @classmethod
    def make(cls, files: int) -> Board:
        """Make a new one in a memory file."""
        descriptor = memory_file("garde-drill-board")
        os.ftruncate(descriptor, HEAD + 8 * STAMPS * files)
        return cls(descriptor, files)

    def close(self) -> None:
        """Let go of the memory and the descriptor."""
        self._stamps.release()
        self._memory.close()
        os.close(self.descriptor)

    def mark(self, number: int, stamp: int, at: float) -> None:
        """Note that file `number` reached `stamp`."""
        self._stamps[STAMPS * number + stamp] = at

    def at(self, number: int, stamp: int) -> float:
        """Return when file `number` reached `stamp`, 0 when it did not."""
        return self._stamps[STAMPS * number + stamp]

    def column(self, stamp: int) -> list[float]:
        """Return one stamp of every file."""
        return [*self._stamps[stamp::STAMPS]]

    @property
    def go(self) -> float:
        """When the first ticket is due; 0 while the crew waits."""
        value: float = struct.unpack_from("d", self._memory, 0)[0]
        return value

    @go.setter
    def go(self, at: float) -> None:
        struct.pack_into("d", self._memory, 0, at)

    def sign_in(self, worker: int, pid: int) -> None:
        """A worker says that it stands ready."""
        struct.pack_into("q", self._memory, 16 + 8 * worker, pid)

    def pids(self, workers: int) -> list[int]:
        """Return the pids of the workers that stand ready; 0 for those that don't yet."""
        return list(struct.unpack_from(f"{workers}q", self._memory, 16))


def memory_file(name: str, flags: int = 0) -> int:
    """Return a descriptor of a new file in memory that several processes may read or append to at once."""
    first = os.memfd_create(name)
    try:
        return os.open(f"/proc/self/fd/{first}", os.O_RDWR | os.O_CLOEXEC | flags)
    finally:
        os.close(first)


class Tickets:
    """Numbers 0 … n-1, each dealt once, to whoever asks first."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def make(cls, count: int) -> Tickets:
        """Make a new roll in a memory file."""
        descriptor = memory_file("garde-drill-tickets")
        os.ftruncate(descriptor, 4 * count)
        os.pwrite(descriptor, struct.pack(f"{count}I", *range(count)), 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return cls(descriptor)

    def take(self) -> int | None:
        """Return the next number, None when there is none left."""
        data = os.read(self.descriptor, 4)
        return int(struct.unpack("I", data)[0]) if data else None
