"""The witness: what the drill's documents held before, and whether their paths hold it now.

Comes in: the drill's folder and the documents made there. Goes out: which are whole, by SHA-256. It asks the watch
nothing, and changes nothing; `remove` alone deletes, and only what the drill or its attackers made.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from garde.lab.documents import Document

Seen = tuple[int, int, int, int]


class Witness:
    """Compares the files with their hashes; remembers what it has read as long as the file's stamps stay."""

    def __init__(self, directory: Path, documents: Sequence[Document]) -> None:
        self.directory = directory
        self.documents = documents
        self._seen: dict[int, tuple[Seen, bool]] = {}

    def path(self, number: int) -> Path:
        return self.directory / os.fsdecode(self.documents[number].path)

    def is_whole(self, number: int, *, afresh: bool = False) -> bool:
        """True when the path holds the original bytes. `afresh`: read again whatever the stamps say."""
        try:
            handle = os.open(self.path(number), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return self._judge(number, handle, afresh)
        except OSError:
            return False
        finally:
            os.close(handle)

    def _judge(self, number: int, handle: int, afresh: bool) -> bool:
        found = os.fstat(handle)
        seen = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = self._seen.get(number)
        if known and known[0] == seen and not afresh:
            return known[1]
        document = self.documents[number]
        whole = stat.S_ISREG(found.st_mode) and found.st_size == document.size and _sha256(handle) == document.sha256
        self._seen[number] = (seen, whole)
        return whole

    def lost(self, numbers: Iterable[int] | None = None, *, afresh: bool = False) -> list[int]:
        """Return the numbers (of all files, or of those asked for) whose path does not hold the original bytes."""
        asked = range(len(self.documents)) if numbers is None else numbers
        return [number for number in asked if not self.is_whole(number, afresh=afresh)]

    def remove(self, endings: Iterable[str]) -> None:
        """Delete the documents, what the attackers left beside them, and the folders made for them if then empty."""
        folders = {self.directory}
        for number in range(len(self.documents)):
            path = self.path(number)
            for ending in ("", *endings):
                with suppress(OSError):
                    path.with_name(path.name + ending).unlink()
            folders |= {folder for folder in path.parents if folder.is_relative_to(self.directory)}
        for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
            with suppress(OSError):
                folder.rmdir()


def _sha256(handle: int) -> str:
    digest = hashlib.sha256()
    while part := os.read(handle, 1 << 20):
        digest.update(part)
    return digest.hexdigest()
