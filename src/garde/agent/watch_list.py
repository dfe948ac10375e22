"""The watch list as an agent keeps it: what was fetched of the hub, and what is in force here.

Comes in: a state directory, a digest. Goes out: files of it, read and checked. `in-force` is what this machine watches
for: the list of the hub without what is in daily use here.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path
from typing import Final

from garde.model import watchlist
from garde.model.watchlist import WatchList
from garde.private import written_beside

FOLDER: Final = "watch-list"
IN_FORCE: Final = "in-force"
LARGEST: Final = 80 << 20  # bytes: 250,000 indicators at their longest
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Whether this names a list; it is a file's name then."""
    return _DIGEST.fullmatch(text) is not None


def fetched(state: Path, digest: str) -> Path:
    """Return where a list of the hub lies."""
    return state / FOLDER / digest


def in_force(state: Path) -> Path:
    """Return where what is watched for lies; there is none before the first list."""
    return state / FOLDER / IN_FORCE


def read(path: Path) -> WatchList:
    """Read a list. Raises OSError, ValueError."""
    with path.open("rb") as file:
        return watchlist.read(file)


def is_whole(path: Path, digest: str) -> bool:
    """Whether the list lies there, every byte of it."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return False


def put(path: Path, raw: bytes) -> None:
    """Put a list in place, in one step. Raises OSError."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with written_beside(path, 0o600) as file:
        file.write(raw)


def keep_only(state: Path, digest: str) -> None:
    """Remove lists that were fetched before."""
    for each in (state / FOLDER).iterdir():
        if is_digest(each.name) and each.name != digest:
            with contextlib.suppress(OSError):
                each.unlink()
