"""The watcher's one door to the outside: what was known of a file, and what it is now.

Comes in: paths. Goes out: `Known` and `Comparison` as the vault and content packages have them. This Protocol keeps the
judging pure: tests hand in a dictionary.
"""

from __future__ import annotations

from typing import Protocol

from garde.content import Comparison, NewFile
from garde.vault import Known


class Lookup(Protocol):
    """Who calls: the watcher only, never twice at once. Nothing here raises for files that vanish."""

    def find(self, path: bytes, fid: bytes) -> Known | None:
        """Return what the vault knows of the file at `path` (or, renamed, of the file `fid`)."""
        ...

    def compare(self, known: Known, path: bytes, *, still_open: bool) -> Comparison | None:
        """Compare the file now at `path` with its last healthy version; None when it is gone or no regular file."""
        ...

    def is_at(self, path: bytes, fid: bytes) -> bool:
        """Return False where another file than `fid` stands at `path` by now."""
        ...

    def look(self, path: bytes) -> NewFile | None:
        """Judge a file that has no past; None when it is gone or no regular file."""
        ...
