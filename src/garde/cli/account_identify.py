"""`garde account identify`: what kind of ransomware left these files? Here and now, with no hub and no network.

Comes in: files: ransom notes, damaged files, samples. Goes out: the likeliest families with what speaks for each, or
"unknown", which is an answer too; whether a decryptor is known, and as of when. A text counts as a note, any other file
by its ending and its SHA-256. Nothing is opened that a file names, and nothing is sent anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.forensics.identify.evidence import Evidence
    from garde.forensics.identify.ranking import Guess, Known

MOST_TEXT: Final = 1 << 20  # bytes: a larger file is no note
_SAID = {"known": "a decryptor is known for some versions", "none_known": "no decryptor is known",
         "unknown": "whether there is a decryptor is not known here"}  # fmt: skip


def identify(screen: Screen, files: Sequence[str], pack: Path | None) -> int:
    """Name the family of these files. Raises UsageError, NotFound."""
    from garde.errors import UsageError
    from garde.forensics.identify.knowledge import date_of, open_known
    from garde.forensics.identify.ranking import named, rank

    if not files:
        raise UsageError("which files?", "garde account identify NOTE [DAMAGED-FILE...]")
    evidence = evidence_of([Path(each) for each in files])
    known, packed = open_known(pack)
    for fault in packed.broken:
        screen.line(f"pack: {fault}", "warn")
    guesses = rank(evidence, known)
    family, confidence = named(guesses)
    screen.data(_data(family, confidence, guesses, known) | {"broken": packed.broken})
    _say(screen, family, confidence, guesses)
    _decryptor(screen, family, known)
    screen.line(f"As of {date_of(known)}. A likely name, no certainty, and no word on who did it.", "dim")
    return 0


def evidence_of(files: Sequence[Path]) -> Evidence:
    """Read the files. Raises NotFound."""
    from garde.errors import NotFound
    from garde.forensics.identify.evidence import Evidence, Mark, Note
    from garde.forensics.identify.reading import decode

    notes, endings, hashes = [], [], []
    for file in files:
        try:
            digest, head = _read(file)
        except OSError as error:
            raise NotFound(f"{file}: {error.strerror}", "name files that can be read") from error
        hashes.append(Mark(digest, 0))
        text = decode(head) if len(head) < MOST_TEXT else ""
        if _is_text(text):
            notes.append(Note(file.name, text, 0))
        elif file.suffix:
            endings.append(Mark(file.suffix.lower(), 0))
    return Evidence(tuple(notes), tuple(endings), tuple(hashes))


def _read(file: Path) -> tuple[str, bytes]:
    digest, head = hashlib.sha256(), b""
    with file.open("rb") as handle:
        while block := handle.read(MOST_TEXT):
            digest.update(block)
            head = head or block
    return digest.hexdigest(), head


def _is_text(text: str) -> bool:
    """Whether people can read it: hardly anything in it that no keyboard writes."""
    odd = sum(not (sign.isprintable() or sign.isspace()) or sign == "�" for sign in text[:4096])
    return bool(text.strip()) and odd <= len(text[:4096]) // 50


def _data(family: str, confidence: float, guesses: Sequence[Guess], known: Known) -> dict[str, Any]:
    from garde.forensics.identify.knowledge import date_of, decryptor_of

    decryptor, source = decryptor_of(family, known.catalogue)
    return {
        "kind": "family", "family": family, "confidence": confidence, "decryptor": decryptor,
        "decryptor_source": source, "data_date": date_of(known),
        "ranked": [{"family": each.family, "confidence": each.confidence, "proofs": each.proofs} for each in guesses],
    }  # fmt: skip


def _say(screen: Screen, family: str, confidence: float, guesses: Sequence[Guess]) -> None:
    from garde.forensics.identify.classifier import CONFIDENT

    if not family:
        screen.line("Unknown: nothing here tells one family from the others.", "warn")
    else:
        screen.line(f"{family}: {confidence:.0%}", "good" if confidence >= CONFIDENT else "warn")
    for each in guesses:
        if each.family != family:
            screen.line(f"  or {each.family}: {each.confidence:.0%}", "dim")
        for proof in each.proofs:
            screen.line(f"    {proof}", "note" if each.family == family else "dim")


def _decryptor(screen: Screen, family: str, known: Known) -> None:
    from garde.forensics.identify.knowledge import decryptor_of

    if family:
        decryptor, source = decryptor_of(family, known.catalogue)
        screen.line(f"{_SAID[decryptor].capitalize()}{f': {source}' if source else ''}. Ask there before you hope.")
