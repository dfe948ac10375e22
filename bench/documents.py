"""Real-looking hospital files for the benches, by kind, drawn from a seed, and made by the lab's own makers.

Comes in: a folder, a count, a seed. Goes out: the paths written, and files saved anew with other content of their kind.
Prose for logs and mails is made here. It needs the `lab` extra.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

# Endings, and the lab's names for the kinds that carry them.
KINDS: dict[str, str] = {
    "docx": "docx",
    "pdf": "pdf",
    "jpg": "jpeg",
    "xlsx": "xlsx",
    "dcm": "dicom",
    "csv": "csv",
    "hl7": "hl7",
    "txt": "text",
    "png": "png",
    "zip": "zip",
}
_VOCABULARY = """
patient admitted ward cardiology potassium creatinine dose tablet morning evening discharge letter referral radiology
chest thorax finding normal raised reduced follow-up week consultant nurse allergy penicillin none blood pressure pulse
saturation oxygen mobilised physiotherapy wound dressing changed family informed consent signed theatre list anaesthesia
spinal general recovery pain score plan review tomorrow medication chart
"""
WORDS = _VOCABULARY.split()


def sentence(draw: random.Random, words: int = 14) -> str:
    """Return one made-up sentence."""
    return " ".join(draw.choice(WORDS) for _ in range(words)).capitalize() + "."


def prose(draw: random.Random, size: int) -> str:
    """Return at least `size` characters of made-up prose."""
    parts: list[str] = []
    length = 0
    while length < size:
        parts.append(sentence(draw) + ("\n" if draw.random() < 0.2 else " "))
        length += len(parts[-1])
    return "".join(parts)


def content(ending: str, seed: int, number: int) -> bytes:
    """Return a document of that ending; the same seed and number give the same bytes, others give others."""
    from garde.lab.documents.draw import Draw
    from garde.lab.documents.share import DRILL_SIZE
    from garde.lab.documents.share import KINDS as MAKERS

    size = random.Random(f"{seed}:{number}").random() * DRILL_SIZE
    return MAKERS[KINDS[ending]][0](Draw(seed, number, size))


def fill(folder: Path, count: int, seed: int, kinds: Sequence[str] = tuple(KINDS)) -> list[Path]:
    """Write `count` documents of those endings in turn, twenty to a folder; return their paths."""
    draw = random.Random(seed)
    paths = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        place = folder / f"dossier-{number // 20:04d}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{draw.choice(WORDS)}-{number:05d}.{kind}"
        path.write_bytes(content(kind, seed, number))
        paths.append(path)
    return paths


def edited(paths: Sequence[Path], share: float, seed: int) -> Iterator[tuple[Path, bytes]]:
    """Yield a share of the files, each with other content of its kind."""
    draw = random.Random(seed)
    for number, path in enumerate(paths):
        if draw.random() < share:
            yield path, content(path.suffix[1:], seed + 1000, number)
