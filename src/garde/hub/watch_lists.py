"""What neighbours sent, as it came, and the watch lists made of it: files of the hub's state directory.

Comes in: bytes of a neighbour, digests. Goes out: where they lie, parts of a list for agents. The journal says what
counts; here lie the bytes. What came is kept raw before anybody reads it, under its own digest, and never changed.

    shared/<sha256>.raw      as it came
    shared/<sha256>.list     what could be read of it
    watch-list/<sha256>      what agents watch for: the last `KEPT` of them
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from garde.private import sync_directory

RAW_MOST: Final = 128 << 20  # bytes of what a neighbour sends: 100,000 indicators in STIX are some 60 MB
PART: Final = 512 << 10  # bytes of a list in one answer; an envelope holds 1 MB, and base64 makes 4/3
KEPT: Final = 3
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class WatchLists:
    """See the module. Safe from any thread."""

    def __init__(self, state: Path) -> None:
        self._shared, self._lists = state / "shared", state / "watch-list"

    def open(self) -> None:
        """Make the folders. Raises OSError."""
        for folder in (self._shared, self._lists):
            folder.mkdir(mode=0o700, exist_ok=True)

    def raw(self, digest: str) -> Path:
        """Return where what came lies."""
        return self._shared / f"{_checked(digest)}.raw"

    def read(self, digest: str) -> Path:
        """Return where that lies which could be read of it."""
        return self._shared / f"{_checked(digest)}.list"

    def list(self, digest: str) -> Path:
        """Return where a watch list lies."""
        return self._lists / _checked(digest)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a place for what is not whole yet; nothing is left there. Raises OSError."""
        self.open()
        handle, name = tempfile.mkstemp(prefix=".new.", dir=self._shared)
        os.close(handle)
        place = Path(name)
        try:
            yield place
        finally:
            place.unlink(missing_ok=True)

    def digest(self, place: Path) -> str:
        """Return the digest of what lies there. Raises OSError."""
        return _digest(place)

    def keep(self, place: Path) -> str:
        """Keep what came, as it lies there; returns its digest. Raises OSError."""
        digest = _digest(place)
        _put(self.raw(digest), place)
        return digest

    def keep_read(self, digest: str, place: Path) -> None:
        """Keep what could be read of it. Raises OSError."""
        _put(self.read(digest), place)

    def put_list(self, place: Path) -> str:
        """Keep a watch list; returns its digest. Lists before the last few are removed. Raises OSError."""
        digest = _digest(place)
        _put(self.list(digest), place)
        older = sorted(self._lists.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        for each in older[KEPT:]:
            if each.name != digest:
                with contextlib.suppress(OSError):
                    each.unlink()
        return digest

    def part(self, digest: str, offset: int) -> tuple[int, bytes]:
        """Return how long a list is, and a part of it; -1 where there is none."""
        if not _DIGEST.fullmatch(digest):
            return -1, b""
        try:
            with self.list(digest).open("rb") as file:
                total = file.seek(0, 2)
                file.seek(min(offset, total))
                return total, file.read(PART)
        except OSError:
            return -1, b""


def _checked(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise ValueError("it is no digest")
    return digest


def _digest(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put(path: Path, place: Path) -> None:
    """Move it there, whole and on the disk; the same bytes are the newest again."""
    with place.open("rb") as file:
        os.fsync(file.fileno())
    place.replace(path)
    sync_directory(path.parent)
