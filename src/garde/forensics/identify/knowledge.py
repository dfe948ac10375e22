"""All that this installation knows of families, opened once.

Comes in: a folder of the hospital's own rules and hashes (`pack.py`), or none. Goes out: `Known`, and `naming`: from
entries to the payload that names the family. It reads files at the first call and none later; it asks nobody on any
network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from garde.forensics.identify.catalogue import Catalogue, catalogue
from garde.forensics.identify.classifier import Classifier, shipped
from garde.forensics.identify.evidence import evidence_of
from garde.forensics.identify.pack import Pack, read_pack
from garde.forensics.identify.ranking import Guess, Known, named, rank
from garde.forensics.identify.selfname import SelfNames
from garde.forensics.identify.techniques import techniques_of
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import FamilyGuess, FamilyNamed, IdentifyAsked

FOLDER: Final = "identify"  # in the hub's state directory


def open_known(folder: Path | None = None) -> tuple[Known, Pack]:
    """Return all knowledge, and the pack with what is broken in it."""
    known, model, pack = catalogue(), shipped(), read_pack(folder if folder is not None and folder.is_dir() else None)
    hashes = {digest: known.find(family) or family for digest, family in pack.hashes.items()}
    return Known(known, Classifier(model, SelfNames(known, frozenset(model.families))), pack, hashes), pack


def date_of(known: Known) -> str:
    """Return the date of the oldest part: an answer is no newer than that."""
    return min(known.catalogue.date, known.classifier.model.date)


def decryptor_of(family: str, known: Catalogue) -> tuple[str, str]:
    """Return what is known of a decryptor, and where to ask."""
    found = known.family(family)
    return (found.decryptor, found.source) if family else ("unknown", "")


def naming(asked: IdentifyAsked, entries: Sequence[Entry], known: Known) -> FamilyNamed:
    """Name the family from these entries."""
    guesses = rank(evidence_of(entries), known)
    family, confidence = named(guesses)
    decryptor, source = decryptor_of(family, known.catalogue)
    return FamilyNamed(
        asked.command, asked.incident, family, confidence, tuple(_payload(each) for each in guesses),
        techniques_of(entries), decryptor, source, date_of(known),
    )  # fmt: skip


def _payload(guess: Guess) -> FamilyGuess:
    return FamilyGuess(guess.family, guess.confidence, guess.proofs, guess.entries)
