"""The new file of a restore: made, filled, read back.

Comes in: descriptors. Goes out: a file under a free name, filled by sharing blocks or by copying; its SHA-256; whether
two files hold the same bytes. It renames nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
from typing import Final

from garde.vault.kernel import CANNOT_CLONE, clone
from garde.vault.store import copy_data, next_data

_CHUNK: Final = 1 << 20
_NO_LIMIT: Final = 1 << 62


def new_file(directory: int, label: bytes) -> tuple[bytes, int]:
    """Make an empty file `<label>-<n>`, 0600; return its name and descriptor."""
    for attempt in range(10_000):
        name = label + b"-%x" % attempt
        try:
            return name, os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=directory)
        except FileExistsError:
            continue
    raise OSError(errno.EEXIST, "no free name in staging")


def fill(target: int, source: int) -> None:
    """Share all blocks of `source`, or copy them."""
    try:
        clone(target, source)
    except OSError as error:
        if error.errno not in CANNOT_CLONE:
            raise
        copy_data(source, target, _NO_LIMIT)


def sha256_of(fd: int) -> bytes:
    """SHA-256 of a whole open file."""
    digest, offset = hashlib.sha256(), 0
    while data := os.pread(fd, _CHUNK, offset):
        digest.update(data)
        offset += len(data)
    return digest.digest()


def same_content(one: int, two: int, size: int) -> bool:
    """True when two open files hold the same `size` bytes; what is a hole in both is not read."""
    offset = 0
    while offset < size:
        starts = [start for start in (next_data(one, offset), next_data(two, offset)) if start is not None]
        if not starts:
            return True
        offset = min(starts)
        data = os.pread(one, _CHUNK, offset)
        if not data or data != os.pread(two, _CHUNK, offset):
            return False
        offset += len(data)
    return True
