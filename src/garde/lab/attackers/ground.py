"""The only place where an attacker gets hold of a file: the drill's own folder, and the files the drill listed.

Comes in: a descriptor of the drill's folder and the relative names of the files made there. Goes out:
`Ground.target`, and from a `Target` the few calls that an attack needs. Every call walks from the folder's descriptor
one part at a time without following a symbolic link, stays on the folder's file system, and refuses (`OutsideError`)
whatever is not a regular file with one name. It knows no absolute path.

A program that opens files by name itself (openssl, a shell) gets a name relative to the folder as working directory,
after the same walk has been made; between walk and open the name is trusted, since only the drill's user writes there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class OutsideError(PermissionError):
    """A path that is not one of the drill's own files."""


def check_name(name: bytes) -> tuple[bytes, ...]:
    """Return the parts of a relative name; raises OutsideError for anything that could lead elsewhere."""
    parts = tuple(name.split(b"/"))
    if not name or b"\0" in name or any(part in (b"", b".", b"..") for part in parts):
        raise OutsideError(f"not a plain relative name: {name!r}")
    return parts


class Ground:
    """The drill's folder and its list of files."""

    def __init__(self, directory: int, names: Sequence[bytes], sizes: Sequence[int]) -> None:
        self.directory = directory
        self.device = os.fstat(directory).st_dev
        self.names = [check_name(name) for name in names]
        self.sizes = list(sizes)

    def target(self, number: int) -> Target:
        """Return the file with this number on the list."""
        return Target(self, number, self.names[number][:-1], self.names[number][-1], self.sizes[number])


@dataclass(frozen=True, slots=True)
class Target:
    """One listed file, and what an attack may do to it."""

    ground: Ground
    number: int
    folders: tuple[bytes, ...]
    name: bytes
    size: int

    def open(self, flags: int = os.O_RDWR) -> int:
        """Open the file itself. O_TRUNC is done after the checks, never by the open."""
        return self._open(self.name, flags)

    def create(self, ending: bytes) -> int:
        """Make a new file beside it, named as it is plus `ending`, and return its descriptor for writing."""
        self._check_ending(ending)
        return self._open(self.name + ending, os.O_RDWR | os.O_CREAT | os.O_EXCL)

    def replace(self, ending: bytes) -> None:
        """Rename the file that `create` made over the listed one."""
        self._check_ending(ending)
        folder = self._folder()
        try:
            os.rename(self.name + ending, self.name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            os.close(folder)

    def remove(self) -> None:
        """Unlink the listed file."""
        folder = self._folder()
        try:
            self._check_entry(folder)
            os.unlink(self.name, dir_fd=folder)
        finally:
            os.close(folder)

    def relative(self) -> str:
        """Return its name for a program whose working directory is the drill's folder, checked now."""
        folder = self._folder()
        try:
            self._check_entry(folder)
        finally:
            os.close(folder)
        return "./" + os.fsdecode(b"/".join((*self.folders, self.name)))

    def _check_entry(self, folder: int) -> None:
        _check_file(os.stat(self.name, dir_fd=folder, follow_symlinks=False), self.ground.device)

    def _folder(self) -> int:
        current = os.dup(self.ground.directory)
        for part in self.folders:
            try:
                below = os.open(part, DIRECTORY, dir_fd=current)
            finally:
                os.close(current)
            current = below
        if os.fstat(current).st_dev != self.ground.device:
            os.close(current)
            raise OutsideError("the folder is on another file system")
        return current

    def _open(self, name: bytes, flags: int) -> int:
        folder = self._folder()
        try:
            handle = os.open(
                name, flags & ~os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644, dir_fd=folder
            )
        finally:
            os.close(folder)
        try:
            _check_file(os.fstat(handle), self.ground.device)
            if flags & os.O_TRUNC:
                os.ftruncate(handle, 0)
        except BaseException:
            os.close(handle)
            raise
        return handle

    @staticmethod
    def _check_ending(ending: bytes) -> None:
        if not ending or b"/" in ending or b"\0" in ending:
            raise OutsideError(f"not an ending: {ending!r}")


def _check_file(found: os.stat_result, device: int) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_dev != device:
        raise OutsideError("not a regular file of the drill with one name")
