"""Whose note is this? The classifier of ransom notes on notes that it has not seen, and on honest texts.

Comes in: public notes by family (`$GARDE_SAMPLES/notes`, else `../shared/data/notes`), texts of `honest_texts.toml`,
the lab's documents, this machine's documentation. Goes out: how many notes were named right, how many honest texts got
a name. Without the notes that part says so, and honest texts are measured with the shipped model alone.

* held out: each note of a family with several, asked of a model that does not hold it (its version may be one that the
  model has never seen). *test half*: of families that nothing was tuned on.
* copies: each note as another victim would find it.
* unknown families: each note, asked of a model that has never heard of its family. Right is "unknown", or its own name
  where it gives it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from bench.common import Report, Result, Row
from bench.note_texts import documentation, find_notes, honest, lab_texts, names_of
from garde.forensics.identify.classifier import Classifier, shipped
from garde.forensics.identify.fitting import Measured, Sample, load_notes, measure

BOUND_RIGHT = 0.95
BOUND_WRONG = 0
QUICK_TEXTS = 600
_FAULTS = 4  # shown in a row


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure. A quick run reads fewer honest texts."""
    model = shipped()
    asked = Classifier(model, names_of(frozenset(model.families)))
    rows: list[Row] = []
    held = Measured()
    folder = find_notes()
    if folder is not None:
        samples = load_notes(folder)
        for name, found in measure(samples, [], model.weights, names_of).items():
            if found.texts:
                report(f"{name}: {found.right} of {found.texts}")
                rows.append(_row(name, found))
                held = found if name == "held out" else held
    else:
        rows.append({"what": "notes", "faults": "not on this machine: GARDE_SAMPLES, or ../shared/data"})
    began, wrong, count = time.perf_counter(), 0, 0
    for name, texts in (("written for this", _written()), ("the lab's documents", lab_texts()),
                        ("/usr/share/doc", documentation(QUICK_TEXTS if quick else 0))):  # fmt: skip
        found = _honest(asked, texts)
        report(f"{name}: {found.named} of {found.texts} named")
        rows.append(_row(name, found))
        wrong, count = wrong + found.confident_wrong, count + found.texts
    return {
        "name": "families",
        "figures": {
            "held_out_right": held.right / held.texts if held.texts else None, "bound_right": BOUND_RIGHT,
            "held_out_confident_wrong": held.confident_wrong if held.texts else None,
            "honest_confident_wrong": wrong, "bound_wrong": BOUND_WRONG, "honest_texts": count,
            "ms_a_text": 1000 * (time.perf_counter() - began) / max(1, count),
            "families": len(model.families), "notes": len(model.notes),
        },
        "rows": [row for row in rows if only in str(row["what"])],
    }  # fmt: skip


def _written() -> list[Sample]:
    return [*honest(tuning=True), *honest(tuning=False)]


def _honest(asked: Classifier, texts: Iterable[Sample]) -> Measured:
    found = Measured()
    for each in texts:
        found.take(each, "", asked.answers(each.reading))
    return found


def _row(name: str, found: Measured) -> Row:
    return {
        "what": name, "texts": found.texts, "right": found.right, "named": found.named, "named_wrong": found.wrong,
        "confident_wrong": found.confident_wrong, "faults": "; ".join(found.faults[:_FAULTS]),
    }  # fmt: skip
