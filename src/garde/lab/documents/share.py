"""Lays documents out in ward and department folders.

Comes in: a folder that exists or can be made, a count, a seed. Goes out: the files, and a list of `Document` (path,
size, SHA-256). Existing files are never overwritten: a name that is taken is an error.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from garde.lab.documents import bundles, office, pictures, texts
from garde.lab.documents.draw import HOSPITAL, Draw

Progress = Callable[[int, int], None]

# kind -> (maker, ending). The kinds of `hospital.toml` are these.
KINDS: dict[str, tuple[Callable[[Draw], bytes], str]] = {
    "hl7": (texts.hl7, ".hl7"),
    "csv": (texts.table, ".csv"),
    "text": (texts.note, ".txt"),
    "jpeg": (pictures.jpeg, ".jpg"),
    "png": (pictures.png, ".png"),
    "dicom": (pictures.dicom, ".dcm"),
    "pdf": (office.pdf, ".pdf"),
    "docx": (office.letter, ".docx"),
    "xlsx": (office.sheet, ".xlsx"),
    "zip": (bundles.archive, ".zip"),
    "sqlite": (bundles.database, ".sqlite"),
}
# The drill's documents stay in the lower part of each kind's sizes: hundreds a second, and still 0.3 to 150 kB.
DRILL_SIZE = 0.25


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was made. `path` is relative to the folder given, in raw bytes."""

    path: bytes
    kind: str
    size: int
    sha256: str


def make_share(root: Path, count: int = 500, seed: int = 2026, progress: Progress | None = None) -> list[Document]:
    """Make `count` documents of all sizes under `root`, dated over the last year and a half."""
    return list(_make(root, count, seed, whole_range=True, owner=None, progress=progress))


def make_some(
    root: Path, count: int, seed: int, owner: int | None = None, progress: Progress | None = None
) -> list[Document]:
    """Make `count` smaller documents quickly; with `owner` (a uid and gid), they and their folders belong to it."""
    return list(_make(root, count, seed, whole_range=False, owner=owner, progress=progress))


def _make(
    root: Path, count: int, seed: int, *, whole_range: bool, owner: int | None, progress: Progress | None
) -> Iterator[Document]:
    root.mkdir(parents=True, exist_ok=True)
    made: set[Path] = set()
    for number in range(count):
        draw = Draw(seed, number, None if whole_range else random.Random(f"{seed}:{number}").random() * DRILL_SIZE)
        folder, kind = _place(draw)
        make, ending = KINDS[kind]
        relative = f"{folder}/{_name(draw, ending)}"
        _make_folder(root, folder, owner, made)
        data = make(draw)
        _write(root / relative, data, draw.when.timestamp() if whole_range else None, owner)
        yield Document(os.fsencode(relative), kind, len(data), hashlib.sha256(data).hexdigest())
        if progress:
            progress(number + 1, count)


def _place(draw: Draw) -> tuple[str, str]:
    """Choose the department, and the kind by its weights; the first files of a share bring one of each kind."""
    kinds = list(KINDS)
    if draw.number < len(kinds):
        wanted = kinds[draw.number]
        homes = [place.folder for place in HOSPITAL.departments if wanted in place.kinds]
        return draw.rng.choice(homes), wanted
    place = draw.rng.choice(HOSPITAL.departments)
    return place.folder, draw.rng.choices(list(place.kinds), list(place.kinds.values()))[0]


def _name(draw: Draw, ending: str) -> str:
    style = draw.rng.randrange(3)
    who, day = draw.patient, draw.when
    stem = (
        f"{who.number}_{day:%Y-%m-%d}_{draw.number:05d}",
        f"{who.family} {who.given} {day:%d-%m-%Y} n°{draw.number}",
        f"CR-{draw.ward.replace(' ', '-')}-{draw.number:05d}",
    )[style]
    return stem + ending


def _make_folder(root: Path, folder: str, owner: int | None, made: set[Path]) -> None:
    place = root
    for part in folder.split("/"):
        place = place / part
        if place in made:
            continue
        place.mkdir(exist_ok=True)
        if owner is not None:
            os.chown(place, owner, owner)
        made.add(place)


def _write(path: Path, data: bytes, when: float | None, owner: int | None) -> None:
    with path.open("xb") as file:
        file.write(data)
        if owner is not None:
            os.fchown(file.fileno(), owner, owner)
    if when is not None:
        os.utime(path, (when, when))
