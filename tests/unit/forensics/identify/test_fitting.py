"""Training is honest: what is held out is not in the model, and copies differ from what they copy."""

from __future__ import annotations

from pathlib import Path

from tests.support import note_writer as notes

from garde.forensics.identify.classifier import Weights, shipped
from garde.forensics.identify.fitting import (
    Measured,
    another_victims,
    in_tuning,
    leave_family_out,
    leave_out,
    load_notes,
    measure,
    sample_of,
    tune,
)

NAMES = lambda families: lambda reading: {}  # noqa: E731
SAMPLES = [
    sample_of("alpha", "1", notes.alpha()), sample_of("alpha", "2", notes.alpha("ZZ88", notes.SITE_B)),
    sample_of("beta", "1", notes.beta()), sample_of("beta", "2", notes.beta("9", "w@lab.invalid")),
    sample_of("gamma", "1", notes.gamma()),
]  # fmt: skip


def test_a_held_out_note_is_not_in_the_model_and_its_sister_is() -> None:
    for sample, asked in leave_out(SAMPLES, Weights(), NAMES):
        assert sample.family != "gamma"  # it has no sister: it cannot be held out
        assert len(asked.model.notes) == len(SAMPLES) - 1
        assert sample.family in asked.families


def test_a_held_out_family_is_gone_whole() -> None:
    for sample, asked in leave_family_out(SAMPLES, Weights(), NAMES):
        assert sample.family not in asked.families


def test_a_copy_has_other_contacts_and_is_the_same_each_time() -> None:
    first, again = another_victims(SAMPLES[2]), another_victims(SAMPLES[2])
    assert first.text == again.text != SAMPLES[2].text
    assert not first.reading.contacts & SAMPLES[2].reading.contacts


def test_tuning_and_measuring_agree_on_what_is_right() -> None:
    weights = tune(
        SAMPLES, [sample_of("", "letter", "Dear colleague, the patient went home today and is well again.")], NAMES
    )
    assert len(weights.curve) == len(shipped().weights.curve)
    assert all(value >= 0 for value in weights.curve[1:6])
    found = measure(SAMPLES, [], weights, NAMES)
    assert (found["held out"].texts, found["held out"].right) == (4, 4)
    assert found["unknown families"].texts == 5


def test_a_wrong_answer_is_counted_with_its_confidence() -> None:
    asked = next(iter(leave_out(SAMPLES, shipped().weights, NAMES)))[1]
    found = Measured()
    found.take(SAMPLES[0], "somebody else", asked.answers(SAMPLES[0].reading))
    assert (found.right, found.wrong, len(found.faults)) == (0, 1, 1)


def test_a_folder_of_notes_is_read_by_family_and_what_is_no_text_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "alpha").mkdir()
    (tmp_path / "alpha" / "note.txt").write_text(notes.alpha())
    (tmp_path / "alpha" / "note.pdf").write_bytes(b"%PDF-1.4 words words words words words words words words words")
    assert [(each.family, each.name) for each in load_notes(tmp_path)] == [("alpha", "note.txt")]


def test_families_are_split_by_their_names_alone() -> None:
    assert in_tuning("lockbit") == in_tuning("lockbit")
    assert {in_tuning(name) for name in ("conti", "hive", "lockbit", "phobos", "dharma", "clop")} == {True, False}
