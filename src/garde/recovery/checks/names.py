"""Paths as text that JSON, a table and a person can hold, and paths inside a root that is not this machine's.

Comes in: bytes; a root directory. Goes out: `spell` and `unspell` (one spelling for each path, and back), `Root` (where
a path lies on disk, and where links lead as they would inside that root). It never leaves the root by a link.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote_to_bytes

_MOST_LINKS: Final = 40  # as the kernel has it (MAXSYMLINKS)


def spell(path: bytes) -> str:
    """Return a spelling without spaces, controls and doubt: what is not plain UTF-8 comes as `%XX`."""
    text = path.decode("utf-8", "surrogateescape")
    if text.isprintable() and "%" not in text and " " not in text:
        return text
    return "".join(map(_spelt, text))


def _spelt(sign: str) -> str:
    if sign.isprintable() and sign not in "% ":
        return sign
    return "".join(f"%{byte:02X}" for byte in sign.encode("utf-8", "surrogateescape"))


def unspell(name: str) -> bytes:
    """Return the path that `spell` was given."""
    return unquote_to_bytes(name)


class Root:
    """A root directory: that of this machine, or another one."""

    def __init__(self, path: Path) -> None:
        self._path = os.fsencode(path).rstrip(b"/")
        self._real: dict[bytes, bytes | None] = {b"/": b"/"}

    def disk(self, path: bytes) -> bytes:
        """Return where an absolute path of the root lies for us."""
        return self._path + path or b"/"

    def resolve(self, path: bytes) -> bytes | None:
        """Return the path with every link followed inside the root; None for a loop. The last part need not exist."""
        return self._resolve(os.path.normpath(b"/" + path.lstrip(b"/")), 0)

    def place(self, path: bytes) -> bytes:
        """Return the path with the links among its directories followed, itself not; as it is where that fails."""
        folder, _, name = path.rpartition(b"/")
        real = self.resolve(folder or b"/")
        return path if real is None else real.rstrip(b"/") + b"/" + name

    def _resolve(self, path: bytes, depth: int) -> bytes | None:
        if path in self._real:
            return self._real[path]
        if depth > _MOST_LINKS:
            return None
        folder, _, name = path.rpartition(b"/")
        above = self._resolve(folder or b"/", depth + 1)
        found = None if above is None else self._follow(above.rstrip(b"/") + b"/" + name, depth)
        self._real[path] = found
        return found

    def _follow(self, path: bytes, depth: int) -> bytes | None:
        try:
            if not stat.S_ISLNK(os.lstat(self.disk(path)).st_mode):
                return path
            target = os.readlink(self.disk(path))  # noqa: PTH115 - paths are bytes
        except OSError:
            return path
        joined = target if target.startswith(b"/") else path.rpartition(b"/")[0] + b"/" + target
        return self._resolve(os.path.normpath(b"/" + joined.lstrip(b"/")), depth + 1)

    def read(self, path: bytes, limit: int = 64 << 20) -> bytes:
        """Return a regular file's content, links followed inside the root; b"" where there is none.

        Raises OSError for what is there and can't be read, or is larger than `limit`.
        """
        real = self.resolve(path)
        try:
            with open_regular(self.disk(real or path)) as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return b""
        if len(data) > limit:
            raise OSError(f"{spell(path)} is larger than {limit} bytes")
        return data

    def text(self, path: bytes) -> str:
        """Return a text file's content, bytes that are no UTF-8 kept as lone surrogates; "" where it can't be had."""
        try:
            return self.read(path).decode("utf-8", "surrogateescape")
        except OSError:
            return ""


def open_regular(path: bytes) -> BinaryIO:
    """Open a regular file to read, waiting for nothing and following no link; raises OSError for anything else."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file")
    return os.fdopen(handle, "rb")
