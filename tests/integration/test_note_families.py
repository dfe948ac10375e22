"""The shipped model over the public notes and this machine's documentation, where they are there.

The notes are not part of the repository: the folder is `$GARDE_SAMPLES/notes`, else `../shared/data/notes` beside the
checkout. Held-out notes are the bench's business (`garde bench families`).
"""

from __future__ import annotations

import pytest
from bench.note_texts import documentation, find_notes, lab_texts, names_of

from garde.forensics.identify.classifier import CONFIDENT, NAMED, Classifier, shipped
from garde.forensics.identify.fitting import another_victims, load_notes

NOTES = find_notes()


@pytest.fixture(scope="module")
def asked() -> Classifier:
    model = shipped()
    return Classifier(model, names_of(frozenset(model.families)))


@pytest.mark.skipif(NOTES is None, reason="needs the public notes (GARDE_SAMPLES, ../shared/data)")
def test_every_known_note_and_its_copy_for_another_victim_is_named(asked: Classifier) -> None:
    assert NOTES is not None
    samples = load_notes(NOTES)
    assert len(samples) > 100
    for sample in samples:
        first = asked.answers(sample.reading)[0]
        assert (first.family, first.confidence >= NAMED) == (sample.family, True), sample.name
    copies = [asked.answers(another_victims(each).reading)[0].family == each.family for each in samples]
    assert sum(copies) >= 0.95 * len(copies)


def test_honest_texts_of_this_machine_and_of_the_lab_are_nobodys(asked: Classifier) -> None:
    texts = [*documentation(every=100), *lab_texts(30)]
    wrong = [each.name for each in texts if any(it.confidence >= NAMED for it in asked.answers(each.reading))]
    assert wrong == []
    assert CONFIDENT > NAMED
