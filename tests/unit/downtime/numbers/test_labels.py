"""Sheets of labels as data: how they are cut, both languages."""

from __future__ import annotations

import pytest

from garde.downtime.numbers.form import clear_numbers
from garde.downtime.numbers.labels import WORDS, Grid, Sheets, label_sheets
from garde.errors import SettingsError

NUMBERS = [number for _, number in zip(range(5), clear_numbers("D1", 1), strict=False)]


def test_every_word_is_there_in_every_language() -> None:
    assert WORDS["en"].keys() == WORDS["fr"].keys() and all(all(words.values()) for words in WORDS.values())


@pytest.mark.parametrize("language", WORDS)
def test_a_document_has_each_number_as_bars_large_and_spoken(language: str) -> None:
    document = label_sheets(Sheets("CHU", "URG", "B1", NUMBERS, 2), Grid(), language=language, made_at=5.0)
    found = document.data["numbers"]
    assert [each["text"] for each in found] == [str(each) for each in NUMBERS]
    assert all(each["bars"].startswith("<svg") and each["spoken"].startswith("Delta") for each in found)
    assert str(NUMBERS[0]) in document.title and "URG" in document.title
    assert document.language == language and document.made_at == 5.0


def test_a_label_too_small_to_scan_is_refused() -> None:
    Grid(3, 13, 15.0, 10.0).check()
    for grid in (Grid(4, 8), Grid(3, 15), Grid(0, 8), Grid(3, 8, margin_x=70), Grid(3, 8, margin_y=-1)):
        with pytest.raises(SettingsError):
            grid.check()
