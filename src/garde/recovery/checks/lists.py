"""apt's own lists, read offline: which versions the archives name, and when they were signed.

Comes in: a root, the key rings that were there on the sound day. Goes out: `Archive`. A list counts only if a key of
those rings signed the Release file that carries its hash: what root writes into the lists later is no list. It asks no
network and takes no lock.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import lzma
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from garde.recovery.checks.dpkg import stanzas
from garde.recovery.checks.names import Root, spell

_LISTS: Final = b"/var/lib/apt/lists"
RINGS: Final = (b"/usr/share/keyrings", b"/etc/apt/keyrings", b"/etc/apt/trusted.gpg.d")
_TOOL_S: Final = 60.0  # gpgv takes 20 ms, apt-helper a second for Debian's largest list
_MOST: Final = 512 << 20
_READERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "": bytes, ".gz": gzip.decompress, ".xz": lzma.decompress, ".bz2": bz2.decompress
}  # fmt: skip
_HELPER: Final = "/usr/lib/apt/apt-helper"  # knows .lz4 and .zst, which Python 3.11 does not


@dataclass(slots=True)
class Archive:
    """What signed lists say."""

    newest: float = 0.0  # wall seconds: when the newest of them was signed; 0: there is none
    versions: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # (name, architecture) -> versions
    offered: dict[tuple[str, str], set[str]] = field(
        default_factory=dict
    )  # without archives that are asked for by name
    problems: list[str] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether any list could be believed."""
        return bool(self.versions)

    def names(self, package: str, architecture: str, version: str) -> bool:
        """Whether a list names exactly this."""
        return version in self.versions.get((package, architecture), ())


def read_archive(root: Root, rings: Iterable[bytes], wanted: Iterable[str]) -> Archive:
    """Read the lists that one of `rings` signed, for the packages in `wanted`."""
    archive, names = Archive(), frozenset(name.encode() for name in wanted)
    folder = Path(root.disk(_LISTS).decode("utf-8", "surrogateescape"))
    releases = sorted(folder.glob("*_InRelease")) if folder.is_dir() else []
    with tempfile.TemporaryDirectory(prefix="garde-rings-") as place:
        ring = Path(place, "ring.gpg")
        ring.write_bytes(b"".join(_binary(root, path) for path in rings))
        for release in releases:
            text = _signed(release, ring)
            if text is None:
                archive.problems.append(f"no key of the baseline signed {spell(release.name.encode())}")
            else:
                _take(archive, folder, release.name.removesuffix("InRelease"), text, names)
    return archive


def _binary(root: Root, path: bytes) -> bytes:
    """Return a key ring as gpgv reads it; an armoured one without its armour."""
    try:
        data = root.read(path)
    except OSError:
        return b""
    if not data.lstrip().startswith(b"-----BEGIN"):
        return data
    blocks = re.findall(rb"-----BEGIN PGP[^\n]*\n(?:[^\n]+\n)*?\s*\n(.*?)\n=[^\n]*\n-----END", data, re.DOTALL)
    return b"".join(base64.b64decode(block) for block in blocks)


def _signed(release: Path, ring: Path) -> str | None:
    """Return what one of the keys signed, and nothing that stands around it."""
    words = ["gpgv", "--keyring", str(ring), "--status-fd", "2", "--output", "-", str(release)]
    try:
        told = subprocess.run(words, capture_output=True, timeout=_TOOL_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    good = any(line.startswith(b"[GNUPG:] GOODSIG ") for line in told.stderr.splitlines())
    return told.stdout.decode("utf-8", "replace") if good else None


def _take(archive: Archive, folder: Path, prefix: str, text: str, wanted: frozenset[bytes]) -> None:
    head = next(stanzas(text), {})
    try:
        archive.newest = max(archive.newest, parsedate_to_datetime(head.get("Date", "")).timestamp())
    except ValueError:
        archive.problems.append(f"{spell(prefix.encode())}Release has no date")
    hashes = dict(_hashes(head.get("SHA256", "")))
    targets = [archive.versions] if head.get("NotAutomatic") == "yes" else [archive.versions, archive.offered]
    for path in (path for path in hashes if path.endswith("/Packages")):
        data = _packages(folder / f"{prefix}{path.replace('/', '_')}")
        if data is None:
            continue
        if hashlib.sha256(data).hexdigest() != hashes[path]:
            archive.problems.append(f"{spell(prefix.encode())}{path} is not what its Release file says")
            continue
        for key, version in _named(data, wanted):
            for target in targets:
                target.setdefault(key, set()).add(version)


def _hashes(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        words = line.split()
        if len(words) == 3:
            yield words[2], words[0]


def _packages(path: Path) -> bytes | None:
    for suffix, reader in _READERS.items():
        packed = path.with_name(path.name + suffix)
        if packed.is_file() and packed.stat().st_size <= _MOST:
            try:
                return reader(packed.read_bytes())
            except (OSError, EOFError, lzma.LZMAError):
                return None
    for suffix in (".lz4", ".zst"):
        packed = path.with_name(path.name + suffix)
        if packed.is_file():
            return _by_helper(packed)
    return None


def _by_helper(path: Path) -> bytes | None:
    try:
        told = subprocess.run([_HELPER, "cat-file", str(path)], capture_output=True, timeout=_TOOL_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout if told.returncode == 0 else None


def _named(data: bytes, wanted: frozenset[bytes]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what a list says of the packages asked for: a list has sixty thousand, a server some hundred."""
    for part in data.split(b"\n\n"):
        name, _, rest = part.lstrip(b"\n").removeprefix(b"Package: ").partition(b"\n")
        if name not in wanted:
            continue
        version = re.search(rb"^Version: (\S+)$", rest, re.MULTILINE)
        architecture = re.search(rb"^Architecture: (\S+)$", rest, re.MULTILINE)
        if version and architecture:
            yield (name.decode(), architecture.group(1).decode()), version.group(1).decode()
