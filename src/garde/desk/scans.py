"""Scanned files in the desk's state: sealed, named by their digest, and a picture of each page.

Comes in: bytes of files, `FILE/PAGE`. Goes out: the same, or StateDamaged where what lies there is another file. A
file's name tells nothing of what is in it, and nobody without the key can make one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from garde.downtime.entry.scans import PREFIX
from garde.downtime.store.seal import Seal
from garde.errors import NotFound, StateDamaged
from garde.paper.scan import ScannedPage, scan
from garde.trust.files import write_secret

FOLDER: Final = "scans"
_NAME = re.compile(r"[0-9a-f]{16,64}")
_PICTURE = re.compile(r"([0-9a-f]{16,64})/([1-9][0-9]{0,4})")


class ScanStore:
    """The folder of one desk."""

    def __init__(self, state: Path, seal: Seal) -> None:
        self._folder, self._seal = state / FOLDER, seal

    def digest(self, data: bytes) -> str:
        """Return what this file is called."""
        return self._seal.digest(data)

    def take(self, data: bytes) -> Iterator[ScannedPage]:
        """Keep the file, then read it: a picture of each page is kept before the page is handed out. NotScanned."""
        name = self.digest(data)
        for page in scan(data, PREFIX):
            if page.page == 1:  # only now is it known to be something that can be read
                write_secret(self._folder / name, self._seal.wrap(data))
            if page.picture:
                write_secret(self._path(f"{name}/{page.page}"), self._seal.wrap(self._bound(name, page)))
            yield page

    def original(self, name: str) -> bytes:
        """Return a file as it came."""
        if not _NAME.fullmatch(name):
            raise NotFound("that is no scanned file")
        data = self._seal.unwrap(self._read(self._folder / name))
        if self.digest(data) != name:
            raise StateDamaged(f"{FOLDER}/{name} holds another file", "restore the folder from a copy")
        return data

    def picture(self, name: str) -> bytes:
        """Return the JPEG of `FILE/PAGE`."""
        head, _, picture = self._seal.unwrap(self._read(self._path(name))).partition(b"\n")
        if head.decode("ascii", "replace") != name:
            raise StateDamaged(f"the picture {name} is another page's", "restore the folder from a copy")
        return picture

    def _bound(self, name: str, page: ScannedPage) -> bytes:
        return f"{name}/{page.page}\n".encode("ascii") + page.picture

    def _path(self, picture: str) -> Path:
        found = _PICTURE.fullmatch(picture)
        if found is None:
            raise NotFound("that is no scanned page")
        return self._folder / f"{found[1]}.{found[2]}"

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise NotFound(f"{FOLDER}/{path.name}: {error.strerror}", "scan the file again") from error
