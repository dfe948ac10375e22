"""From what there is to go by to ranked families: each proof weighed, and all of them together.

Comes in: `Evidence`, `Known` (catalogue, classifier, rules, listed hashes). Goes out: `Guess`es, likeliest first, and
whether the first one may be named. Pure. How it weighs:

1. Each proof alone gives the chance that it is this family. That of a note's text is calibrated (`classifier.py`); the
   others are set here, lower the more families share the mark, and low where the words could be anybody's.
2. Different sorts of proofs add up: one is wrong only if all are. Of one sort the strongest counts, so that a hundred
   files with one ending prove no more than one.
3. Families stand against each other and against "unknown": two equally strong ones leave neither above one half.
4. Below `NAMED` nothing is named; what was weighed is given all the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from garde.forensics.identify import proofs as p
from garde.forensics.identify.catalogue import MARK, Catalogue, Pattern, squeeze
from garde.forensics.identify.classifier import NAMED, Answer, Classifier
from garde.forensics.identify.evidence import Evidence, Note
from garde.forensics.identify.reading import read_note

RANKED: Final = 5
MOST: Final = 0.99  # nothing is certain
_HASH, _RULE = 0.97, 0.9
_OWN_ENDING, _ENDING = 0.85, 0.7  # an ending that holds the family's name; any other that only it is known for
_OWN_NOTE, _NOTE, _EVERYBODYS = 0.85, 0.6, 0.35  # likewise names of notes; one made of words that anybody takes
_CROSS: Final = 0.9  # the note's name holds the ending that the files really have
_LEAST: Final = 0.02
_SHORT_NAME: Final = 3  # letters: a family's name that short is found in anything


class Rules(Protocol):
    """What matches a text: pairs of family and name of the rule."""

    def __call__(self, content: bytes) -> list[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known, as one."""

    catalogue: Catalogue
    classifier: Classifier
    rules: Rules = field(default=lambda content: [])
    hashes: Mapping[str, str] = field(default_factory=dict)  # SHA-256 in hex -> family


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that speaks for one family."""

    family: str
    sort: str  # text | note | ending | hash | rule
    chance: float
    sentence: str
    seq: int


@dataclass(frozen=True, slots=True)
class Guess:
    """One family with all that speaks for it."""

    family: str
    confidence: float
    proofs: tuple[str, ...]
    entries: tuple[int, ...]


def rank(evidence: Evidence, known: Known) -> list[Guess]:
    """Return the families that something speaks for, likeliest first; the first one counts from `NAMED` on."""
    by_family: dict[str, list[Proof]] = defaultdict(list)
    for proof in _proofs(evidence, known):
        if proof.chance >= _LEAST:
            by_family[proof.family].append(proof)
    odds = {family: _odds(found) for family, found in by_family.items()}
    whole = 1.0 + sum(odds.values())
    found = [_guess(family, odds[family] / whole, by_family[family]) for family in by_family]
    return sorted(found, key=lambda each: (-each.confidence, each.family))[:RANKED]


def named(guesses: list[Guess]) -> tuple[str, float]:
    """Return the family and its confidence; "" and what the first one has where it is unknown."""
    if not guesses:
        return "", 0.0
    first = guesses[0]
    return (first.family if first.confidence >= NAMED else ""), first.confidence


def _guess(family: str, confidence: float, proofs: list[Proof]) -> Guess:
    ordered = sorted(proofs, key=lambda each: -each.chance)
    said = tuple(dict.fromkeys(each.sentence for each in ordered))
    entries = tuple(sorted({each.seq for each in ordered if each.seq}))
    return Guess(family, round(min(MOST, confidence), 3), said, entries)


def _odds(proofs: list[Proof]) -> float:
    """Rule 2."""
    best: dict[str, float] = {}
    for each in proofs:
        best[each.sort] = max(best.get(each.sort, 0.0), min(MOST, each.chance))
    wrong = 1.0
    for chance in best.values():
        wrong *= 1.0 - chance
    return (1.0 - wrong) / wrong


def _proofs(evidence: Evidence, known: Known) -> Iterator[Proof]:
    endings = [each.value for each in evidence.endings]
    for mark in evidence.hashes:
        if family := known.hashes.get(mark.value.lower(), ""):
            yield Proof(family, "hash", _HASH, p.HASH.format(hash=mark.value[:16]), mark.seq)
    for mark in evidence.endings:
        yield from _of_ending(mark.value, mark.seq, known.catalogue)
    for note in evidence.notes:
        yield from _of_name(note, endings, known.catalogue)
        yield from _of_text(note, known)


def _of_ending(ending: str, seq: int, catalogue: Catalogue) -> Iterator[Proof]:
    families = catalogue.with_ending(ending)
    last = f".{ending.rpartition('.')[2]}"
    for family in families:
        own = _holds(last, family, catalogue)
        chance = (_OWN_ENDING if own else _ENDING) / (1 if own else len(families))
        yield Proof(family, "ending", chance, p.ENDING.format(ending=_ours(last, catalogue)), seq)


def _ours(ending: str, catalogue: Catalogue) -> str:
    """Return the ending as the catalogue has it: what an attacker wrote stands in no sentence."""
    return (
        ending
        if ending in catalogue.endings
        else next((each for each in catalogue.endings if each.endswith("*") and ending.startswith(each[:-1])), "*")
    )


def _of_name(note: Note, endings: list[str], catalogue: Catalogue) -> Iterator[Proof]:
    for pattern in catalogue.with_note(note.name, endings):
        for family in pattern.families:
            cross = MARK in pattern.pattern
            sentence = (p.NOTE_ENDING if cross else p.NOTE_NAME).format(pattern=pattern.pattern)
            yield Proof(family, "note", _name_chance(pattern, family, cross, catalogue), sentence, note.seq)


def _name_chance(pattern: Pattern, family: str, cross: bool, catalogue: Catalogue) -> float:
    if cross:
        return _CROSS / len(pattern.families)
    if _holds(pattern.pattern, family, catalogue):
        return _OWN_NOTE
    words = [each for each in re.split(r"[\W_\d]+", pattern.pattern) if each]
    usual = "*" in pattern.pattern or all(each in catalogue.usual for each in words)
    return (_EVERYBODYS if usual else _NOTE) / len(pattern.families)


def _holds(text: str, family: str, catalogue: Catalogue) -> bool:
    """Whether a name holds the family's own, or another one that it goes by."""
    plain = squeeze(text)
    names = {squeeze(each) for each in (family, *catalogue.family(family).called)}
    return any(len(each) > _SHORT_NAME and each in plain for each in names) or plain in names


def _of_text(note: Note, known: Known) -> Iterator[Proof]:
    for answer in known.classifier.answers(read_note(note.text)):
        for sentence in _why(answer):
            yield Proof(answer.family, "text", answer.confidence, sentence, note.seq)
    for family, rule in known.rules(note.text.encode("utf-8", "replace")):
        yield Proof(family, "rule", _RULE, p.RULE.format(rule=rule), note.seq)


def _why(answer: Answer) -> Iterator[str]:
    found = answer.figures
    if found.contacts:
        yield p.CONTACT.format(count=found.contacts)
    if found.name:
        yield p.CALLED
    if found.likeness >= 0.1:
        yield p.LIKE.format(percent=round(100 * min(1.0, found.likeness)))
