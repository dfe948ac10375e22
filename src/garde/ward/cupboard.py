"""Packs at rest: the parcels as they came, sealed to this PC's key. And their end: overwritten, then removed.

Comes in: a parcel that was checked. Goes out: the same bytes. A file is whole or not there. What is overwritten is
gone from a magnetic disk; a solid-state disk, a file system that copies on write and a snapshot may keep old blocks:
there the sealing protects, and the key beside it should lie on an encrypted disk. It checks no signature.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from garde.downtime.codes import CLEAR, PACK_LENGTH
from garde.downtime.parcel.envelope import MOST
from garde.errors import NotFound, StateDamaged
from garde.trust.files import write_secret

FOLDER: Final = "packs"
_NAME = re.compile(rf"([{CLEAR}]{{{PACK_LENGTH}}})\.parcel")
_LEFT_OVER = re.compile(rf"\.[{CLEAR}]{{{PACK_LENGTH}}}\.parcel\.([0-9]+)\.new")
_BLOCK: Final = 1 << 20


class Cupboard:
    """All of one PC's packs."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def put(self, pack: str, raw: bytes) -> None:
        """Keep a parcel: on the disk when this returns, or not there at all (OSError)."""
        write_secret(self._path(pack), raw)

    def read(self, pack: str) -> bytes:
        """Return a parcel; NotFound, StateDamaged."""
        try:
            with self._path(pack).open("rb") as file:
                return file.read(MOST + 1)
        except FileNotFoundError as error:
            raise NotFound(f"there is no pack {pack} here", "look at garde ward packs") from error
        except OSError as error:
            raise StateDamaged(f"pack {pack} cannot be read: {error.strerror}", "look at the disk") from error

    def names(self) -> list[str]:
        """Return the packs that lie here."""
        try:
            found = (_NAME.fullmatch(each.name) for each in self._folder.iterdir())
            return sorted(each[1] for each in found if each)
        except FileNotFoundError:
            return []

    def shred(self, pack: str) -> None:
        """Overwrite and remove; one that is not there is no fault."""
        _shred(self._path(pack))

    def sweep(self) -> None:
        """Remove what a process that was killed while it wrote has left."""
        if not self._folder.is_dir():
            return
        for each in list(self._folder.iterdir()):
            left = _LEFT_OVER.fullmatch(each.name)
            if left and not Path("/proc", left[1]).exists():
                _shred(each)

    def _path(self, pack: str) -> Path:
        name = f"{pack}.parcel"
        if _NAME.fullmatch(name) is None:
            raise NotFound(f"{pack!r} is no pack: it is written like K7Q2MX", "look at garde ward packs")
        return self._folder / name


def _shred(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    with open(handle, "wb", closefd=True) as file:
        left = os.fstat(handle).st_size
        try:
            while left > 0:
                left -= file.write(os.urandom(min(left, _BLOCK)))
            file.flush()
            os.fsync(handle)
        except OSError:
            pass  # no room to overwrite: it is removed all the same
    path.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
