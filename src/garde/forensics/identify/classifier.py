"""Whose note is this? Garde's own classifier over ransom notes.

Comes in: a `Reading`, the trained `Model` (`notes.model`, made by `scripts/train-notes`). Goes out: families with a
calibrated confidence, likeliest first. Three things speak for a family, and each is said with its answer:

* likeness: how near the text is to the nearest known note of the family (cosine; rare words weigh more);
* contacts: an address that was seen in notes of this family alone;
* its own name: the note says who it is from, in words or by the first letters of an onion address.

A confidence is the share of held-out notes that were right with such figures. `CONFIDENT` and more may be relied upon,
below `NAMED` the answer is "unknown". The model holds no text: words and contacts are kept as hashes.
"""

from __future__ import annotations

import functools
import hashlib
import math
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from garde.forensics.identify.reading import Reading

FILE: Final = Path(__file__).with_name("notes.model")
VERSION: Final = 1
CONFIDENT: Final = 0.8
NAMED: Final = 0.5
RANKED: Final = 5  # answers that are given at most
_ALIKE: Final = 0.25  # likeness from which on two texts have more in common than their subject
_HEARSAY, _SIGNED = (
    0.45,
    0.75,
)  # what is said of a text that only holds a name: without and with an address to answer to
_A_NOTE: Final = 4  # topics: with fewer, a name in it says nothing
_FLOOR: Final = 0.02  # below it nothing speaks for a family

Names = Callable[[Reading], Mapping[str, float]]  # what a note calls itself: family -> 0…1, how clearly


class Note(msgspec.Struct, frozen=True, array_like=True):
    """One known note, without its words."""

    family: int
    keys: tuple[int, ...]
    counts: tuple[int, ...]
    contacts: tuple[int, ...]


class Weights(msgspec.Struct, frozen=True, array_like=True):
    """What tuning found: how much a name and a contact weigh beside likeness, and the calibration."""

    name: float = 0.6
    contact: float = 1.0
    curve: tuple[float, ...] = ()  # of `Figures.row`, the constant first


class Model(msgspec.Struct, frozen=True, array_like=True):
    """A trained model."""

    version: int
    date: str  # ISO date of the notes
    source: str
    families: tuple[str, ...]
    notes: tuple[Note, ...]
    weights: Weights


@dataclass(frozen=True, slots=True)
class Figures:
    """What speaks for one family."""

    family: str
    likeness: float
    contacts: int
    name: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One family and how sure that is."""

    family: str
    confidence: float
    figures: Figures


class Classifier:
    """A model, ready to be asked. `names`: what a note calls itself, from the catalogue."""

    def __init__(self, model: Model, names: Names = lambda reading: {}) -> None:
        self.model, self._names = model, names
        self.families = frozenset(model.families)
        owners: dict[int, set[int]] = defaultdict(set)
        contacts: dict[int, set[int]] = defaultdict(set)
        for note in model.notes:
            for key in note.keys:
                owners[key].add(note.family)
            for key in note.contacts:
                contacts[key].add(note.family)
        count = max(2, len({note.family for note in model.notes}))
        self._rare = math.log(count)
        self._weight = {key: math.log(count / len(who)) + 0.3 for key, who in owners.items()}
        self._contacts = {key: next(iter(who)) for key, who in contacts.items() if len(who) == 1}
        self._where: dict[int, list[tuple[int, float]]] = defaultdict(list)  # word -> notes that have it
        for number, note in enumerate(model.notes):
            for key, value in _unit(zip(note.keys, note.counts, strict=True), self._of).items():
                self._where[key].append((number, value))

    def answers(self, reading: Reading) -> list[Answer]:
        """Return the families that something speaks for, likeliest first."""
        found = self.figures(reading)
        answers = []
        for place, each in enumerate(found[:RANKED]):
            other = found[0 if place else 1].total if len(found) > 1 else 0.0
            answers.append(Answer(each.family, self._confidence(reading, each, other), each))
        return answers

    def figures(self, reading: Reading) -> list[Figures]:
        """Return what speaks for each family, most first."""
        likeness = self._likeness(reading)
        contacts = self._called(reading)
        names = self._names(reading)
        weights = self.model.weights
        found = []
        for family in {*likeness, *contacts, *names}:
            like, seen, name = likeness.get(family, 0.0), contacts.get(family, 0), names.get(family, 0.0)
            total = like + weights.name * name + weights.contact * min(seen, 2)
            if total > _FLOOR:
                found.append(Figures(family, like, seen, name, total))
        return sorted(found, key=lambda each: (-each.total, each.family))

    def _likeness(self, reading: Reading) -> dict[str, float]:
        asked = _unit(((key_of(word), count) for word, count in reading.features.items()), self._of)
        near = [0.0] * len(self.model.notes)
        for key, weight in asked.items():
            for number, value in self._where.get(key, ()):
                near[number] += weight * value
        found: dict[str, float] = {}
        for number, note in enumerate(self.model.notes):
            name = self.model.families[note.family]
            found[name] = max(found.get(name, 0.0), near[number])
        return found

    def _called(self, reading: Reading) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for contact in reading.contacts:
            family = self._contacts.get(contact_of(contact))
            if family is not None:
                found[self.model.families[family]] += 1
        return found

    def _of(self, key: int) -> float:
        return self._weight.get(key, self._rare)

    def _confidence(self, reading: Reading, figures: Figures, other: float) -> float:
        curve = self.model.weights.curve
        if not curve:
            return 0.0
        value = sum(a * b for a, b in zip(curve, row(reading, figures, other), strict=True))
        return min(_most(reading, figures), 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, value)))))


def _most(reading: Reading, figures: Figures) -> float:
    """Return the highest confidence that such figures allow: a name in a text is no proof that it is a note."""
    if figures.contacts or (figures.likeness >= _ALIKE and reading.topics >= _A_NOTE):
        return 0.99
    if reading.topics <= _A_NOTE or not reading.contacts:
        return _HEARSAY
    return _SIGNED


def row(reading: Reading, figures: Figures, other: float) -> tuple[float, ...]:
    """Return what the calibration looks at: a constant, likeness, margin, contacts, name, topics, a strange address."""
    return (
        1.0,
        figures.likeness,
        max(-1.0, min(1.0, figures.total - other)),
        float(min(figures.contacts, 2)),
        figures.name * reading.voice * (reading.topics >= _A_NOTE),
        max(0, reading.topics - 2) / 5.0,
        1.0 if reading.onions and not figures.contacts else 0.0,  # it gives an onion address that none of them had
    )


def _unit(features: Iterable[tuple[int, int]], weight: Callable[[int], float]) -> dict[int, float]:
    found = {key: (1.0 + math.log(count)) * weight(key) for key, count in features}
    length = math.sqrt(sum(value * value for value in found.values())) or 1.0
    return {key: value / length for key, value in found.items()}


def key_of(feature: str) -> int:
    """Return the number that stands for a word or a line in the model."""
    return zlib.crc32(feature.encode("utf-8", "replace"))


def contact_of(contact: str) -> int:
    """Return the number that stands for a contact: 52 bits, so that no other one is taken for it."""
    return int.from_bytes(hashlib.blake2b(contact.encode("utf-8", "replace"), digest_size=8).digest()[:7], "big") >> 4


def note_of(family: int, reading: Reading) -> Note:
    """Return a reading as the model keeps it."""
    keys: dict[int, int] = defaultdict(int)
    for word, count in reading.features.items():
        keys[key_of(word)] += count
    rows = sorted(keys.items())
    return Note(
        family, tuple(key for key, _ in rows), tuple(count for _, count in rows),
        tuple(sorted(contact_of(each) for each in reading.contacts)),
    )  # fmt: skip


def model_of(notes: Sequence[tuple[str, Reading]], weights: Weights, *, date: str = "", source: str = "") -> Model:
    """Return a model of these notes."""
    families = tuple(sorted({family for family, _ in notes}))
    number = {family: index for index, family in enumerate(families)}
    kept = tuple(note_of(number[family], reading) for family, reading in notes)
    return Model(VERSION, date, source, families, kept, weights)


@functools.cache
def shipped() -> Model:
    """Return the model that Garde brings."""
    return msgspec.msgpack.decode(FILE.read_bytes(), type=Model)
