"""One base backup as pg_basebackup left it: a folder with its manifest and its label.

Comes in: a folder. Goes out: `Base`: when it was taken, its files with their checksums, where its WAL begins and ends.
Both files are parsed strictly and never trusted for a path: whether the folder holds what they say is
pg_verifybackup's question. Compressed and tar formats, tablespaces elsewhere and incremental backups are no points of
ours: they are left out of the list, and named.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from garde.journal.text import plain
from garde.model.finding import Skipped

MANIFEST: Final = "backup_manifest"
LABEL: Final = "backup_label"
_MOST: Final = 1 << 30  # bytes of a manifest: some four million files
_START: Final = re.compile(rb"START WAL LOCATION: ([0-9A-F]{1,8})/([0-9A-F]{1,8}) \(file ([0-9A-F]{24})\)")
_NAMED: Final = re.compile(rb"^LABEL: (.{0,1000})$", re.MULTILINE)
_LSN: Final = re.compile(r"([0-9A-F]{1,8})/([0-9A-F]{1,8})")


class _File(msgspec.Struct, frozen=True):
    size: int = msgspec.field(name="Size")
    modified: str = msgspec.field(name="Last-Modified")
    path: str = msgspec.field(default="", name="Path")
    encoded: str = msgspec.field(default="", name="Encoded-Path")  # hex, where a name is not UTF-8
    algorithm: str = msgspec.field(default="", name="Checksum-Algorithm")
    checksum: str = msgspec.field(default="", name="Checksum")


class _Range(msgspec.Struct, frozen=True):
    timeline: int = msgspec.field(name="Timeline")
    start: str = msgspec.field(name="Start-LSN")
    end: str = msgspec.field(name="End-LSN")


class _Manifest(msgspec.Struct, frozen=True):
    version: int = msgspec.field(name="PostgreSQL-Backup-Manifest-Version")
    files: list[_File] = msgspec.field(name="Files")
    ranges: list[_Range] = msgspec.field(name="WAL-Ranges")


@dataclass(frozen=True, slots=True)
class Base:
    """One base backup."""

    folder: Path
    taken_at: float  # when its last file was written, as the server had it: wall seconds
    label: str
    timeline: int
    start: int  # LSN of where its WAL begins
    end: int  # LSN from which on it is consistent
    files: dict[bytes, tuple[int, str]]  # path -> size and checksum; hostile names

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def bytes(self) -> int:
        return sum(size for size, _ in self.files.values())


def find_bases(folder: Path, only: Collection[str] = ()) -> tuple[list[Base], list[Skipped]]:
    """Every base backup below a folder, the oldest first, and what could not be read. Raises OSError.

    `only`: those with such a name; the manifests of all others are not read.
    """
    found, skipped = [], []
    with os.scandir(folder) as entries:
        inside = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    for name in inside:
        if (only and name not in only) or not (folder / name / MANIFEST).is_file():
            continue
        try:
            found.append(read_base(folder / name))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            skipped.append(Skipped(plain(name), plain(why)))
    return sorted(found, key=lambda base: (base.taken_at, base.name)), skipped


def read_base(folder: Path) -> Base:
    """Read one; raises OSError, ValueError with the reason."""
    if any(_has_links(folder / "pg_tblspc")):
        raise ValueError("it has tablespaces elsewhere, which Garde does not bring back")
    try:
        manifest = msgspec.json.decode(_read(folder / MANIFEST, _MOST), type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"its manifest cannot be read: {error}") from error
    label = _read(folder / LABEL, 1 << 16)
    start = _START.search(label)
    if start is None or len(manifest.ranges) != 1:
        raise ValueError("it has no label that says where its WAL begins")
    named = _NAMED.search(label)
    each = manifest.ranges[0]
    return Base(
        folder=folder,
        taken_at=max((_seconds(file.modified) for file in manifest.files), default=0.0),
        label=plain(named[1]) if named else "",
        timeline=each.timeline,
        start=lsn_of(start[1], start[2]),
        end=_lsn(each.end),
        files={_path(file): (file.size, file.checksum) for file in manifest.files},
    )


def _read(path: Path, most: int) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{path.name} is no file")
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{path.name} is longer than it can be")
    return data


def _has_links(folder: Path) -> Iterator[bool]:
    if folder.is_dir():
        yield from (entry.is_symlink() or entry.is_dir() for entry in folder.iterdir())


def _path(file: _File) -> bytes:
    return bytes.fromhex(file.encoded) if file.encoded else file.path.encode()


def _seconds(text: str) -> float:
    """`2026-11-28 10:07:51 GMT`: a manifest has no other zone."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S GMT").replace(tzinfo=UTC).timestamp()


def _lsn(text: str) -> int:
    found = _LSN.fullmatch(text)
    if found is None:
        raise ValueError(f"{plain(text)} is no place in WAL")
    return lsn_of(found[1], found[2])


def lsn_of(high: str | bytes, low: str | bytes) -> int:
    """From its two halves in hexadecimal."""
    return (int(high, 16) << 32) + int(low, 16)


def lsn_text(lsn: int) -> str:
    """As PostgreSQL writes it: `0/700028`."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"
