"""Trains the classifier of notes: what `scripts/train-notes` runs.

Comes in: the folder of notes. Goes out: the model, written; what was measured, printed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from bench.note_texts import find_notes, honest, names_of
from garde.forensics.identify.classifier import FILE
from garde.forensics.identify.fitting import load_notes, measure, train, tune

DATE = "2024-06-21"  # of the newest note in the collection
SOURCE = "ThreatLabz ransomware_notes (MIT), as hashes of words"


def main(words: list[str]) -> int:
    """Train, measure, write."""
    folder = Path(words[0]) if words else find_notes()
    if folder is None or not (samples := load_notes(folder)):
        print("no notes: name their folder, or set GARDE_SAMPLES", file=sys.stderr)
        return 1
    weights = tune(samples, honest(tuning=True), names_of)
    print(f"{len(samples)} notes of {len({each.family for each in samples})} families; {weights}")
    for name, found in measure(samples, honest(tuning=False), weights, names_of).items():
        print(f"{name}: {found.right} of {found.texts} right, {found.named} named, {found.wrong} wrong, "
              f"{found.confident_wrong} of them with confidence")  # fmt: skip
        print("".join(f"    {fault}\n" for fault in found.faults), end="")

    model = train(samples, weights, date=DATE, source=SOURCE)
    FILE.write_bytes(msgspec.msgpack.encode(model))
    print(f"{FILE}: {FILE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
