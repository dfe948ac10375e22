"""Names and paths as raw bytes.

Comes in: absolute byte paths. Goes out: parent, last part, whether a path is the vault's own. pathlib knows no bytes,
and decoding every name twice would cost more than the work on it. It does no I/O.
"""

from __future__ import annotations

from typing import Final

STORE_NAME: Final = ".garde-vault"
SIDE_PREFIX: Final = b".garde-side-"  # a file staged beside its target, where store and target cannot rename
_STORE: Final = b"/" + STORE_NAME.encode() + b"/"


def parent_of(path: bytes) -> bytes:
    """`/a/b` → `/a`; `/a` → `/`."""
    return path.rstrip(b"/").rpartition(b"/")[0] or b"/"


def name_of(path: bytes) -> bytes:
    """`/a/b` → `b`."""
    return path.rstrip(b"/").rpartition(b"/")[2]


def join(directory: bytes, name: bytes) -> bytes:
    """`/` and `a` → `/a`."""
    return directory.rstrip(b"/") + b"/" + name


def below(directory: bytes) -> tuple[bytes, bytes]:
    """Bounds (exclusive) of all paths below a directory: "/" is followed by "0" in byte order."""
    base = directory.rstrip(b"/")
    return base + b"/", base + b"0"


def is_own(path: bytes) -> bool:
    """True for a store, all below it, and files that a restore staged beside their target."""
    return _STORE in path + b"/" or b"/" + SIDE_PREFIX in path


def is_plain(path: bytes) -> bool:
    """True for an absolute path without `..`, `.` or empty parts."""
    return path.startswith(b"/") and not {b"", b".", b".."} & set(path[1:].split(b"/"))
