"""What dpkg's own database says: packages, who owns which path, what a file's MD5 should be.

Comes in: a root. Goes out: `Dpkg`. It reads the database as files and starts no program. Whoever is root on a machine
can make this database say anything: it explains an honest upgrade, it proves none (see `explain.py`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from garde.recovery.checks.names import Root

_HOME: Final = b"/var/lib/dpkg"
_INSTALLED: Final = ("installed", "triggers-pending", "triggers-awaited")
# Of a package's records, those that run as root or that say what its files should be.
_RECORDS: Final = (b"md5sums", b"conffiles", b"preinst", b"postinst", b"prerm", b"postrm", b"config", b"triggers")


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package."""

    name: str
    architecture: str
    version: str
    conffiles: dict[bytes, str] = field(default_factory=dict)  # path -> MD5 of the version that came with the package

    @property
    def key(self) -> str:
        return f"{self.name}:{self.architecture}"


class Dpkg:
    """The database, read once; MD5 sums of a package when they are asked for."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self.packages = {package.key: package for package in _installed(root)}
        self._diverted = dict(_diversions(root))
        self._sums: dict[str, dict[bytes, str]] = {}
        self.owners: dict[bytes, str] = {}
        for key in self.packages:
            for path in self._info(key, b"list").splitlines():
                self.owners[self._place(path, key)] = key

    @property
    def known(self) -> bool:
        """Whether there is such a database at all."""
        return bool(self.packages)

    def md5(self, path: bytes) -> str | None:
        """Return what a path's MD5 should be; None where no package says."""
        key = self.owners.get(path)
        if key is None:
            return None
        if key not in self._sums:
            self._sums[key] = self._read_sums(key)
        return self._sums[key].get(path)

    def script(self, key: str, name: str) -> str:
        """Return a package's maintainer script; "" where there is none."""
        return self._info(key, name.encode()).decode("utf-8", "replace")

    def records(self) -> dict[str, str]:
        """Return each package -> its version and a digest of its records."""
        return {key: f"{package.version} {self._digest(key)}" for key, package in self.packages.items()}

    def _digest(self, key: str) -> str:
        digest = hashlib.sha256()
        for name in _RECORDS:
            data = self._info(key, name)
            digest.update(b"%s %d\n" % (name, len(data)) + data)
        return digest.hexdigest()[:32]

    def _read_sums(self, key: str) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        for line in self._info(key, b"md5sums").splitlines():
            md5, _, path = line.partition(b"  ")
            found[self._place(b"/" + path, key)] = md5.decode("ascii", "replace")
        found |= {self._place(path, key): md5 for path, md5 in self.packages[key].conffiles.items()}
        return found

    def _place(self, path: bytes, key: str) -> bytes:
        """Return where a path of a package really lies: diverted by another one, under a directory that is a link."""
        package, target = self._diverted.get(path, ("", b""))
        moved = target if target and package != key.partition(":")[0] else path
        return self._root.place(moved)

    def _info(self, key: str, name: bytes) -> bytes:
        package = key.partition(":")[0].encode()
        for stem in (key.encode(), package):
            try:
                if data := self._root.read(_HOME + b"/info/" + stem + b"." + name):
                    return data
            except OSError:
                continue
        return b""


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """Yield the paragraphs of a control file; lines that go on stand with their first, separated by line breaks."""
    found: dict[str, str] = {}
    name = ""
    for line in text.split("\n"):
        if not line.strip():
            if found:
                yield found
            found, name = {}, ""
        elif line[0] in " \t":
            found[name] = f"{found.get(name, '')}\n{line.strip()}"
        else:
            name, _, value = line.partition(":")
            found[name] = value.strip()
    if found:
        yield found


def _installed(root: Root) -> Iterator[Package]:
    for stanza in stanzas(root.text(_HOME + b"/status")):
        if stanza.get("Status", "").split(" ")[-1] in _INSTALLED:
            conffiles = dict(_conffiles(stanza.get("Conffiles", "")))
            yield Package(
                stanza.get("Package", ""), stanza.get("Architecture", ""), stanza.get("Version", ""), conffiles
            )


def _conffiles(text: str) -> Iterator[tuple[bytes, str]]:
    for line in text.split("\n"):
        words = line.split(" ")
        if len(words) >= 2 and words[-1] not in ("obsolete", "remove-on-upgrade"):
            yield " ".join(words[:-1]).encode("utf-8", "surrogateescape"), words[-1]


def _diversions(root: Root) -> Iterator[tuple[bytes, tuple[str, bytes]]]:
    lines = root.text(_HOME + b"/diversions").encode("utf-8", "surrogateescape").splitlines()
    for start in range(0, len(lines) - 2, 3):
        yield lines[start], (os.fsdecode(lines[start + 2]), lines[start + 1])
