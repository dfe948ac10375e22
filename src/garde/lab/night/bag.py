"""The witness of the evidence: whether a bundle holds what its manifests say, by nothing but their digests.

Comes in: a folder in BagIt's layout (RFC 8493). Goes out: what is wrong with it; a copy of it in which one byte of the
journal is another. Nothing of Garde is asked: a police officer's tool would read it in the same way.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Final

_MANIFESTS: Final = ("manifest-sha256.txt", "tagmanifest-sha256.txt")
DATA: Final = "data"


def wrongs(folder: Path) -> list[str]:
    """Return what is wrong: a digest, a file that is missing, one that no manifest names."""
    if not (folder / "bagit.txt").is_file() or not (folder / _MANIFESTS[0]).is_file():
        return ["it is no bag"]
    named, found = _named(folder / _MANIFESTS[0]), []
    for name, digest in {**named, **_named(folder / _MANIFESTS[1])}.items():
        file = folder / name
        if not file.is_file():
            found.append(f"{name} is missing")
        elif _sha256(file) != digest:
            found.append(f"{name} is another one")
    there = {str(each.relative_to(folder)) for each in (folder / DATA).rglob("*") if each.is_file()}
    return found + [f"{name} is in no manifest" for name in sorted(there - named.keys())]


def _named(manifest: Path) -> dict[str, str]:
    lines = manifest.read_text(encoding="utf-8").splitlines() if manifest.is_file() else []
    words = [line.split(maxsplit=1) for line in lines]
    return {name.strip().lstrip("*"): digest for digest, name in words}


def altered(folder: Path, copy: Path) -> Path:
    """Copy it with one digit of its journal changed, and the manifests made to fit: as a forger would."""
    shutil.copytree(folder, copy)
    manifest, tags = (copy / name for name in _MANIFESTS)
    (journal,) = [each for each in (copy / DATA).rglob("*.jsonl") if "journal" in each.name]
    before = _sha256(journal), _sha256(manifest)
    raw = bytearray(journal.read_bytes())
    at = next(place for place in range(len(raw) // 2, len(raw)) if chr(raw[place]).isdigit())
    raw[at] ^= 1  # a digit becomes another one
    _write(journal, bytes(raw))
    _mend(manifest, before[0], _sha256(journal))
    _mend(tags, before[1], _sha256(manifest))
    return copy


def _mend(manifest: Path, before: str, now: str) -> None:
    if manifest.is_file():
        _write(manifest, manifest.read_bytes().replace(before.encode(), now.encode()))


def _write(file: Path, data: bytes) -> None:
    file.chmod(0o600)
    file.write_bytes(data)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
