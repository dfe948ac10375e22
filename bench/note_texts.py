"""The texts that the classifier of notes is trained and measured with.

Comes in: the folder of public notes (`$GARDE_SAMPLES/notes`, else `../shared/data/notes`), `honest_texts.toml`, the
lab's documents, this machine's own documentation. Goes out: samples. None of the notes is part of the repository.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

from garde.forensics.identify.catalogue import catalogue
from garde.forensics.identify.classifier import Names
from garde.forensics.identify.fitting import Sample, sample_of
from garde.forensics.identify.selfname import SelfNames

ROOT = Path(__file__).resolve().parents[1]
HONEST = Path(__file__).with_name("honest_texts.toml")
DOCUMENTATION = Path("/usr/share/doc")
LAB_TEXTS = 300


def find_notes() -> Path | None:
    """Return the folder of notes; None where it is not on this machine."""
    given = os.environ.get("GARDE_SAMPLES")
    tried = [Path(given)] if given else [ROOT.parent / "shared" / "data", ROOT.parents[1] / "shared" / "data"]
    return next((folder / "notes" for folder in tried if (folder / "notes").is_dir()), None)


def names_of(families: frozenset[str]) -> Names:
    """Return what finds a note's own name."""
    return SelfNames(catalogue(), families)


def honest(*, tuning: bool) -> list[Sample]:
    """Return the texts written for this: those to tune with, or those to measure with."""
    found = tomllib.loads(HONEST.read_text("utf-8"))["texts"]
    return [sample_of("", each["name"], each["text"]) for each in found if each.get("tune", False) is tuning]


def lab_texts(count: int = LAB_TEXTS) -> Iterator[Sample]:
    """Yield the lab's letters, messages and tables."""
    from garde.lab.documents import texts
    from garde.lab.documents.draw import Draw

    for number in range(count):
        kind = (texts.note, texts.hl7, texts.table)[number % 3]
        yield sample_of("", f"lab {number}", kind(Draw(number, number)))


def documentation(limit: int = 0, every: int = 1) -> Iterator[Sample]:
    """Yield texts under /usr/share/doc, the same ones each time: README, copyright, manuals in text and HTML."""
    for count, file in enumerate(sorted(DOCUMENTATION.rglob("*"))[::every]):
        if limit and count >= limit:
            return
        if file.is_file() and not file.is_symlink() and file.suffix != ".gz":
            with file.open("rb") as handle:
                yield sample_of("", str(file), handle.read(1 << 17))
