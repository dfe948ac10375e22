"""Training and measuring the classifier of notes: for `scripts/train-notes` and the bench, never at run time.

Comes in: notes by family, honest texts. Goes out: a `Model`, and `Measured` with what it got wrong. How it is honest:

* Families are split in two by a hash of their names. Weights and calibration are tuned on one half alone; what is
  reported was measured on the other half, and on all.
* A held-out note is one that the model does not hold, of a family of which it holds another note. Most of the public
  collection's families have one note only: they cannot be held out, and are left out of this figure.
* A family that is held out whole must come out as unknown. So must honest texts.
* `copies`: each note as another victim would find it: other ids, amounts and contacts, a quarter of its lines missing.
"""

from __future__ import annotations

import random
import re
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from garde.forensics.identify.classifier import (
    CONFIDENT,
    NAMED,
    Answer,
    Classifier,
    Figures,
    Model,
    Names,
    Weights,
    model_of,
    row,
)
from garde.forensics.identify.reading import Reading, decode, read_note

LEAST_WORDS: Final = 8  # fewer are no text: a PDF, a picture
_NAMES: Final = (0.3, 0.45, 0.6, 0.8)
_CONTACTS: Final = (0.6, 1.0, 1.4)
_STEPS, _RATE, _KEEP_SMALL = 6_000, 0.3, 2e-3
_ID: Final = re.compile(r"(?<![\w./])(?![a-z2-7]{16,56}\.onion)[A-Za-z]{0,40}\d[\w-]{3,40}")
_CONTACT: Final = re.compile(r"[\w.+-]{2,40}@|[a-z2-7]{56}|[a-z2-7]{16}(?=\.onion)")

_MAIL: Final = re.compile(r"[\w.+-]{2,40}@")

NamesOf = Callable[[frozenset[str]], Names]


@dataclass(frozen=True, slots=True)
class Sample:
    """One text of which the family is known; "" for an honest one."""

    family: str
    name: str
    text: str
    reading: Reading


@dataclass(slots=True)
class Measured:
    """What came of one kind of test."""

    texts: int = 0
    right: int = 0  # first answer is the family; where there is none: "unknown"
    named: int = 0  # that got a name at all
    wrong: int = 0  # of those: another one's
    confident_wrong: int = 0
    faults: list[str] = field(default_factory=list)

    def take(self, sample: Sample, family: str, answers: Sequence[Answer]) -> None:
        """Count one. `family`: what is right, "" for none."""
        first = answers[0] if answers else None
        said = first.family if first is not None and first.confidence >= NAMED else ""
        self.texts += 1
        self.right += first is not None and first.family == family if family else not said
        self.named += bool(said)
        self.wrong += bool(said) and said != family
        self.confident_wrong += first is not None and first.confidence >= CONFIDENT and first.family != family
        if first is not None and (first.family if family else said) != family:
            self.faults.append(f"{sample.family or 'honest'}/{sample.name}: {first.family} {first.confidence:.2f}")


def load_notes(folder: Path) -> list[Sample]:
    """Return the notes of a folder that holds one folder a family. Raises OSError."""
    files = [file for file in sorted(folder.glob("*/*")) if file.is_file() and not file.name.startswith(".")]
    found = [sample_of(file.parent.name, file.name, file.read_bytes()) for file in files]
    return [each for each in found if each.reading.words >= LEAST_WORDS]


def sample_of(family: str, name: str, content: bytes | str) -> Sample:
    """Return a text, read. A PDF is none."""
    text = content if isinstance(content, str) else "" if content[:4] == b"%PDF" else decode(content)
    return Sample(family, name, text, read_note(text))


def in_tuning(family: str) -> bool:
    """Return whether a family is of the half that is tuned on."""
    return zlib.crc32(f"garde {family}".encode()) % 2 == 0


# --- asking without what is asked -------------------------------------------------------------------------------------


def leave_out(samples: Sequence[Sample], weights: Weights, names: NamesOf) -> Iterator[tuple[Sample, Classifier]]:
    """Yield each note that has a sister, with a classifier that does not know it."""
    count = Counter(each.family for each in samples)
    for number, each in enumerate(samples):
        if count[each.family] > 1:
            yield each, _without(samples, {number}, weights, names)


def leave_family_out(
    samples: Sequence[Sample], weights: Weights, names: NamesOf
) -> Iterator[tuple[Sample, Classifier]]:
    """Yield each note with a classifier that has never heard of its family."""
    for family in sorted({each.family for each in samples}):
        gone = {number for number, each in enumerate(samples) if each.family == family}
        asked = _without(samples, gone, weights, names)
        yield from ((samples[number], asked) for number in sorted(gone))


def _without(samples: Sequence[Sample], gone: Collection[int], weights: Weights, names: NamesOf) -> Classifier:
    kept = [(each.family, each.reading) for number, each in enumerate(samples) if number not in gone]
    model = model_of(kept, weights)
    return Classifier(model, names(frozenset(model.families)))


def another_victims(sample: Sample) -> Sample:
    """Return the note as somebody else would find it; the same note gives the same copy."""
    luck = random.Random(f"garde copy {sample.family}/{sample.name}")  # noqa: S311 - a test's variation
    lines = [line for line in sample.text.splitlines() if not line.strip() or luck.random() > 0.25]

    def other(match: re.Match[str]) -> str:
        signs = "abcdefghijklmnopqrstuvwxyz234567"
        kept = "".join(luck.choice(signs) for _ in match[0].rstrip("@"))
        return f"{kept}@" if match[0].endswith("@") else kept

    text = "\n".join(lines)
    # Those who keep a site keep its address for every victim; those who write mail change it with each.
    text = _ID.sub(other, (_MAIL if luck.random() < 0.5 else _CONTACT).sub(other, text))
    return replace(sample, text=text, reading=read_note(text))


# --- tuning -----------------------------------------------------------------------------------------------------------


def tune(samples: Sequence[Sample], honest: Sequence[Sample], names: NamesOf) -> Weights:
    """Return weights and calibration, from the tuning half of the families."""
    own = [each for each in samples if in_tuning(each.family)]
    weights = max(
        (Weights(name, contact) for name in _NAMES for contact in _CONTACTS),
        key=lambda each: (_first_right(own, each, names), each.name + each.contact),  # who signs is believed
    )
    rows, right = _rows(own, honest, weights, names)
    return Weights(weights.name, weights.contact, tuple(round(float(each), 3) for each in fit(rows, right)))


def _first_right(samples: Sequence[Sample], weights: Weights, names: NamesOf) -> int:
    found = 0
    for sample, asked in leave_out(samples, weights, names):
        figures = asked.figures(sample.reading)
        found += bool(figures) and figures[0].family == sample.family
    return found


def _rows(
    samples: Sequence[Sample], honest: Sequence[Sample], weights: Weights, names: NamesOf
) -> tuple[list[tuple[float, ...]], list[float]]:
    rows: list[tuple[float, ...]] = []
    right: list[float] = []

    def take(sample: Sample, asked: Classifier, family: str) -> None:
        figures = asked.figures(sample.reading)[:2]
        for place, each in enumerate(figures):
            other = figures[1 - place].total if len(figures) > 1 else 0.0
            rows.append(row(sample.reading, each, other))
            right.append(float(each.family == family))

    for sample, asked in leave_out(samples, weights, names):
        take(sample, asked, sample.family)
    for sample, asked in leave_family_out(samples, weights, names):
        take(sample, asked, sample.family)  # only its own name can still tell
    whole = _without(samples, (), weights, names)
    for sample in samples:
        take(another_victims(sample), whole, sample.family)
    for sample in honest:
        take(sample, whole, "")
    return rows, right


def fit(rows: Sequence[tuple[float, ...]], right: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the logistic curve of least loss; what speaks for a family never speaks against it."""
    x, y = np.array(rows), np.array(right)
    curve = np.zeros(x.shape[1])
    least = np.array([-np.inf, 0.0, 0.0, 0.0, 0.0, 0.0, -np.inf])
    most = np.array([np.inf] * 6 + [0.0])
    for _ in range(_STEPS):
        slope = x.T @ (1 / (1 + np.exp(-(x @ curve))) - y) / len(y) + _KEEP_SMALL * np.array([0, *curve[1:]])
        curve = np.clip(curve - _RATE * slope, least, most)
    return curve


# --- measuring --------------------------------------------------------------------------------------------------------


def measure(
    samples: Sequence[Sample], honest: Iterable[Sample], weights: Weights, names: NamesOf
) -> dict[str, Measured]:
    """Return what came of each kind of test, by its name."""
    found: dict[str, Measured] = {
        name: Measured() for name in ("held out", "held out, test half", "copies", "copies, test half",
                                      "unknown families", "unknown families, test half", "honest")
    }  # fmt: skip
    for sample, asked in leave_out(samples, weights, names):
        _both(found, "held out", sample, sample.family, asked.answers(sample.reading))
    for sample, asked in leave_family_out(samples, weights, names):
        answers = asked.answers(sample.reading)
        itself = bool(answers) and answers[0].family == sample.family  # it says its name: that is right
        _both(found, "unknown families", sample, sample.family if itself else "", answers)
    whole = _without(samples, (), weights, names)
    for sample in samples:
        _both(found, "copies", sample, sample.family, whole.answers(another_victims(sample).reading))
    for sample in honest:
        found["honest"].take(sample, "", whole.answers(sample.reading))
    return found


def _both(found: dict[str, Measured], name: str, sample: Sample, family: str, answers: Sequence[Answer]) -> None:
    found[name].take(sample, family, answers)
    if not in_tuning(sample.family):
        found[f"{name}, test half"].take(sample, family, answers)


def explain(figures: Figures) -> str:
    """Return one line on what speaks for a family, for whoever trains."""
    return (
        f"{figures.family}: likeness {figures.likeness:.2f}, contacts {figures.contacts}, name {figures.name:.1f}, "
        f"total {figures.total:.2f}"
    )


def train(samples: Sequence[Sample], weights: Weights, *, date: str, source: str) -> Model:
    """Return the model of all notes."""
    return model_of([(each.family, each.reading) for each in samples], weights, date=date, source=source)
