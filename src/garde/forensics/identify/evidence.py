"""What there is to go by, taken out of entries.

Comes in: entries of the hub's journal (`note_taken`, `finding_made`, `evidence_taken`, what shows techniques). Goes out:
`Evidence`. Texts that were erased, or that are no text, are left out. It judges nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from garde.journal import forensic_kinds as f
from garde.journal import kinds as k
from garde.journal.entry import Entry

LONGEST_ENDING: Final = 40  # bytes: longer ones are names


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
                for ending in [ending_of(file.path.value or b"", file.path_after.value or b"")]:
                    if ending:
                        endings.setdefault(ending, Mark(ending, entry.seq))
    return Evidence(tuple(notes.values()), tuple(endings.values()), tuple(hashes.values()))


def ending_of(before: bytes, after: bytes) -> str:
    """Return what was put behind a name, in lower case; "" where nothing was, or where it is as long as a name."""
    old, new = before.rpartition(b"/")[2], after.rpartition(b"/")[2]
    if not new or old == new:
        return ""
    dot = new.rfind(b".")
    found = new[len(old) :] if old and new.startswith(old) else new[dot:] if dot > 0 else b""
    if not found.startswith(b".") or len(found) > LONGEST_ENDING or old.endswith(found):
        return ""
    return found.decode("utf-8", "replace").lower()
