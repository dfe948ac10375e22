"""What there is to go by, taken out of entries.

Comes in: entries of the hub's journal (`note_taken`, `finding_made`, `evidence_taken`, `verdict_reached`). Goes out:
`Evidence`. Texts that were erased, or that are no text, are left out. It judges nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from garde.forensics.answer_fold import ending_of
from garde.journal import forensic_kinds as f
from garde.journal import kinds as k
from garde.journal.entry import Entry


@dataclass(frozen=True, slots=True)
class Note:
    """One note: its name, its text."""

    name: str
    text: str
    seq: int


@dataclass(frozen=True, slots=True)
class Mark:
    """An ending of damaged files, or a SHA-256, and the entry that shows it."""

    value: str
    seq: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it."""

    notes: tuple[Note, ...] = ()
    endings: tuple[Mark, ...] = ()
    hashes: tuple[Mark, ...] = ()


def evidence_of(entries: Iterable[Entry]) -> Evidence:
    """Return what these entries hold, each thing once, with the first entry that shows it."""
    notes: dict[tuple[str, str], Note] = {}
    endings: dict[str, Mark] = {}
    hashes: dict[str, Mark] = {}
    for entry in entries:
        match entry.payload:
            case f.NoteTaken(name=name, text=text, sha256=digest):
                if text.value is not None and name.value is not None:
                    words = text.value.decode("utf-8", "replace")
                    called = os.path.basename(name.value).decode("utf-8", "replace")  # noqa: PTH119 - bytes
                    notes.setdefault((digest, called), Note(called, words, entry.seq))
                hashes.setdefault(digest, Mark(digest, entry.seq))
            case f.EvidenceTaken(sort="sample" | "note", sha256=digest):
                hashes.setdefault(digest, Mark(digest, entry.seq))
            case k.FindingMade(file=file):
                for ending in _endings([file]):
                    endings.setdefault(ending, Mark(ending, entry.seq))
            case k.VerdictReached(files=files):
                for ending in _endings(files):
                    endings.setdefault(ending, Mark(ending, entry.seq))
    return Evidence(tuple(notes.values()), tuple(endings.values()), tuple(hashes.values()))


def _endings(files: Iterable[k.FileDamage]) -> Iterator[str]:
    for file in files:
        if found := ending_of(file.path.value or b"", file.path_after.value or b""):
            yield found.lower()
