"""Packs on the desk's disk: sealed, whole or not there, one file each.

Comes in: a PDF and its `Manifest`. Goes out: both, and the list of what there is. A file `packs/PACK` holds the sealed
manifest and after it the sealed PDF, so that a list reads no PDF. The manifest names its pack and the PDF's digest: a
file that was renamed, or whose halves come from two packs, is found. A pack that cannot be read is never in a list,
but it is never removed for that either: `damaged` names it.

Who may see a pack is the caller's business; so is the journal. Nothing of a patient is in a file's name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from garde.downtime.codes import CLEAR, PACK_LENGTH
from garde.downtime.store.seal import Seal
from garde.errors import NotFound, StateDamaged
from garde.trust.files import write_secret

FOLDER: Final = "packs"
WARD, SERVICE, BLANKS = "ward", "service", "blanks"  # `Manifest.about`
_HEAD: Final = b"garde pack 1\n"
_LENGTH: Final = 4  # bytes that say how long the sealed manifest is
_LONGEST_MANIFEST: Final = 1 << 20  # bytes; a pack of 1,000 pages has 60 kB
_NAME = re.compile(rf"[{CLEAR}]{{{PACK_LENGTH}}}")
_LEFT_OVER = re.compile(rf"\.[{CLEAR}]{{{PACK_LENGTH}}}\.([0-9]+)\.new")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack is, without a patient's name in it. Pages count from 1, times are wall seconds."""

    pack: str
    place: str  # a ward, or a service: laboratory, radiology, ...
    about: str  # ward | service | blanks
    language: str
    pages: int
    sha256: str  # of the PDF
    digest: str  # of the content, in hex: its first eight stand in every page's QR code
    made_at: float
    as_of: float  # reception of the newest message; 0: nothing was ever heard
    feed: str = "heard"  # heard | silent | waiting | rebuilding
    sources: tuple[tuple[str, float], ...] = ()  # (sender, newest)
    titles: tuple[str, ...] = ()  # of each page, in English: "census 1/2", "patient", "MAR 1/3", "blank: transfer"
    mar: tuple[int, ...] = ()  # pages on which the giving of drugs is signed
    blanks: tuple[int, ...] = ()  # pages that are empty forms

    def same_kind(self, other: Manifest) -> bool:
        """Say whether a newer one of these takes the older one's place."""
        return (self.place, self.about, self.language) == (other.place, other.about, other.language)


class Shelf:
    """All packs of one desk."""

    def __init__(self, state: Path, seal: Seal) -> None:
        self._folder, self._seal = state / FOLDER, seal

    def put(self, manifest: Manifest, pdf: bytes) -> None:
        """Keep a pack: on the disk when this returns, or not there at all (OSError)."""
        if hashlib.sha256(pdf).hexdigest() != manifest.sha256:
            raise ValueError(f"the PDF is not the one of {manifest.pack}")
        self._sweep()
        sealed = self._seal.wrap(msgspec.json.encode(manifest))
        length = len(sealed).to_bytes(_LENGTH, "big")
        write_secret(self._path(manifest.pack), b"".join((_HEAD, length, sealed, self._seal.wrap(pdf))))

    def read(self, pack: str) -> tuple[Manifest, bytes]:
        """Return a pack's manifest and PDF; NotFound, or StateDamaged where it is not what was put there."""
        data = self._bytes(pack)
        sealed, rest = _parted(pack, data)
        manifest, pdf = self._manifest(pack, sealed), self._seal.unwrap(rest)
        if hashlib.sha256(pdf).hexdigest() != manifest.sha256:
            raise _damaged(pack)
        return manifest, pdf

    def manifest(self, pack: str) -> Manifest:
        """Return what a pack is; NotFound, StateDamaged."""
        return self._manifest(pack, _parted(pack, self._bytes(pack, most=_LONGEST_MANIFEST))[0])

    def manifests(self) -> list[Manifest]:
        """Return what there is, the newest first; what cannot be read is left out, see `damaged`."""
        found = [each for name in self._names() if (each := self._readable(name)) is not None]
        return sorted(found, key=lambda each: (-each.made_at, each.pack))

    def damaged(self) -> list[str]:
        """Return the packs that are there and cannot be read."""
        return [name for name in self._names() if self._readable(name) is None]

    def newest(self, place: str, about: str = WARD) -> Manifest | None:
        """Return the newest pack of a place; None where there is none."""
        return next((each for each in self.manifests() if each.place == place and each.about == about), None)

    def __contains__(self, pack: str) -> bool:
        return _NAME.fullmatch(pack) is not None and self._path(pack).exists()

    def drop(self, pack: str) -> None:
        """Remove a pack; one that is not there is no fault. Without the desk's key its blocks tell nothing."""
        self._path(pack).unlink(missing_ok=True)

    def prune(self, before: float, *, at_least: int = 2, keep: Collection[str] = ()) -> list[str]:
        """Remove what was made before that, and return it.

        The newest `at_least` of each kind stay however old they are: an old pack is better than none. So do those in
        `keep`: sheets of them are out.
        """
        gone = []
        for kind in _kinds(self.manifests()):
            for each in kind[at_least:]:
                if each.made_at < before and each.pack not in keep:
                    self.drop(each.pack)
                    gone.append(each.pack)
        return sorted(gone)

    # --- files ---

    def _path(self, pack: str) -> Path:
        if _NAME.fullmatch(pack) is None:
            raise NotFound(f"{pack!r} is no pack: it is written like K7Q2MX", "look at garde pack list")
        return self._folder / pack

    def _names(self) -> list[str]:
        try:
            return sorted(each.name for each in self._folder.iterdir() if _NAME.fullmatch(each.name))
        except FileNotFoundError:
            return []

    def _bytes(self, pack: str, most: int = -1) -> bytes:
        try:
            with self._path(pack).open("rb") as file:
                return file.read(most)
        except FileNotFoundError as error:
            raise NotFound(f"there is no pack {pack}", "look at garde pack list") from error

    def _readable(self, pack: str) -> Manifest | None:
        try:
            return self.manifest(pack)
        except (NotFound, StateDamaged, OSError):
            return None

    def _manifest(self, pack: str, sealed: bytes) -> Manifest:
        try:
            found = msgspec.json.decode(self._seal.unwrap(sealed), type=Manifest)
        except (StateDamaged, ValueError) as error:
            raise _damaged(pack) from error
        if found.pack != pack:
            raise _damaged(pack)
        return found

    def _sweep(self) -> None:
        """Remove what a process that was killed while it wrote has left."""
        if not self._folder.is_dir():
            return
        for each in list(self._folder.iterdir()):
            left = _LEFT_OVER.fullmatch(each.name)
            if left and not Path("/proc", left[1]).exists():
                each.unlink(missing_ok=True)


def _parted(pack: str, data: bytes) -> tuple[bytes, bytes]:
    start = len(_HEAD) + _LENGTH
    length = int.from_bytes(data[len(_HEAD) : start], "big")
    if not data.startswith(_HEAD) or len(data) < start + length:
        raise _damaged(pack)
    return data[start : start + length], data[start + length :]


def _kinds(manifests: Iterable[Manifest]) -> list[list[Manifest]]:
    kinds: list[list[Manifest]] = []
    for each in manifests:
        known = next((kind for kind in kinds if kind[0].same_kind(each)), None)
        if known is None:
            kinds.append([each])
        else:
            known.append(each)
    return kinds


def _damaged(pack: str) -> StateDamaged:
    return StateDamaged(
        f"pack {pack} is not what was put on the shelf, or the key is another", "make a new one: garde pack make"
    )
