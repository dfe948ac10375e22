"""A bundle of evidence as a folder: the BagIt 1.0 layout (RFC 8493), with a signed manifest.

Comes in: parts, each a name of ours and its bytes; what is said of the whole; a function that signs. Goes out: the
folder, whole or not at all.

    bagit.txt                 BagIt-Version: 1.0
    bag-info.txt              whose, what incident, when, up to which entry of the journal
    manifest-sha256.txt       the SHA-256 of everything below data/
    tagmanifest-sha256.txt    the SHA-256 of the three above
    signature.json            the hub's signature over the tag manifest
    stamp.tsr                 a time authority's stamp of that signature file (RFC 3161), where one was reachable
    data/…                    what it is about

Names of parts are ours: `check_name` says which can be. Nothing that an attacker named is a path.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from garde.clock import iso
from garde.journal.checkpoint import Sign
from garde.private import sync_directory

BAGIT: Final = "bagit.txt"
INFO: Final = "bag-info.txt"
MANIFEST: Final = "manifest-sha256.txt"
TAGS: Final = "tagmanifest-sha256.txt"
SIGNATURE: Final = "signature.json"
STAMP: Final = "stamp.tsr"
DECLARED: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
FORMAT: Final = 1  # of the signature
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}")


@dataclass(frozen=True, slots=True)
class Part:
    """One file below data/. `chunks` is read once."""

    name: str
    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Bag:
    """What was made."""

    folder: Path
    manifest: str  # SHA-256 of the tag manifest: what was signed, and through it everything
    files: int
    size: int  # bytes below data/
    signature: bytes  # the signature file: what a time authority stamps


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`signature.json`."""

    format: int
    key: str  # Ed25519 public key, hex
    manifest: str  # SHA-256 of the tag manifest
    at: str
    signature: str


def signed_bytes(manifest: str, at: str) -> bytes:
    """Return the bytes that are signed: a JSON array, no spaces."""
    return msgspec.json.encode(["garde-bundle", FORMAT, manifest, at])


def check_name(name: str) -> str:
    """Return a name that may be a path in a bundle; raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name in a bundle")
    return name


class Writer:
    """Writes one bundle beside its place; `finish` gives it its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._beside = folder.with_name(f".{folder.name}.{os.getpid()}.new")
        shutil.rmtree(self._beside, ignore_errors=True)
        (self._beside / "data").mkdir(mode=0o700, parents=True)
        self._digests: dict[str, str] = {}
        self._bytes = 0

    def add(self, part: Part) -> str:
        """Write one part; returns its SHA-256."""
        name = f"data/{check_name(part.name)}"
        if name in self._digests:
            raise ValueError(f"{name} is there twice")
        path = self._beside / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _new(path) as file:
            self._digests[name], size = _copy(part.chunks, file)
        self._bytes += size
        return self._digests[name]

    def finish(self, info: Mapping[str, str], key: str, sign: Sign, at: float) -> Bag:
        """Write manifest and signature, and give the folder its name; it must not be there."""
        said = {**info, "Payload-Oxum": f"{self._bytes}.{len(self._digests)}"}
        tags = {
            BAGIT: self._tag(BAGIT, DECLARED),
            INFO: self._tag(INFO, "".join(f"{name}: {_line(value)}\n" for name, value in said.items()).encode()),
            MANIFEST: self._tag(MANIFEST, _manifest(self._digests)),
        }
        manifest = self._tag(TAGS, _manifest(tags))
        when = iso(at)
        signature = Signature(FORMAT, key, manifest, when, sign(signed_bytes(manifest, when)).hex())
        raw = msgspec.json.format(msgspec.json.encode(signature)) + b"\n"
        self._tag(SIGNATURE, raw)
        _sync(self._beside)
        os.rename(self._beside, self._folder)  # noqa: PTH104 - fails where a folder with files is there
        sync_directory(self._folder.parent)
        return Bag(self._folder, manifest, len(self._digests), self._bytes, raw)

    def drop(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._beside, ignore_errors=True)

    def _tag(self, name: str, data: bytes) -> str:
        with _new(self._beside / name) as file:
            file.write(data)
        return hashlib.sha256(data).hexdigest()


def _new(path: Path) -> BinaryIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(handle, "wb")


def _copy(chunks: Iterable[bytes], into: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        into.write(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _manifest(digests: Mapping[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()


def _line(value: str) -> str:
    return " ".join(value.split())


def _sync(folder: Path) -> None:
    for top, _, names in os.walk(folder):
        for name in names:
            handle = os.open(os.path.join(top, name), os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH118
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        sync_directory(Path(top))


def read_chunks(opener: Callable[[], int], size: int = 1 << 20) -> Iterable[bytes]:
    """Yield an open file's bytes and close it."""
    handle = opener()
    try:
        at = 0
        while data := os.pread(handle, size, at):
            yield data
            at += len(data)
    finally:
        os.close(handle)
