"""The table of drugs that need a second person."""

from __future__ import annotations

import pytest

from garde.downtime.high_risk import fold, groups, high_risk, label
from garde.downtime.nouns import Coded


@pytest.mark.parametrize(
    ("what", "group"),
    [
        (Coded("A10AB05", "NovoRapid"), "insulin"), (Coded("", "Insuline rapide"), "insulin"),
        (Coded("B01AB05", ""), "anticoagulant"), (Coded("", "CLEXANE 40 mg"), "anticoagulant"),
        (Coded("123", "Oxycodone 5 mg"), "opioid"), (Coded("L01XA01", "x"), "chemotherapy"),
        (Coded("", "Potassium chloride 20 mmol"), "electrolyte"), (Coded("KCl", ""), "electrolyte"),
        (Coded("", "Magnésium sulfate"), "electrolyte"), (Coded("", "Noradrénaline"), "vasoactive"),
        (Coded("", "MS Contin 10"), "opioid"), (Coded("B01AC06", "Aspirine"), ""), (Coded("", "Paracétamol"), ""),
        (Coded("", "magnesium oxide"), ""), (Coded("", "Contin"), ""), (Coded("", ""), ""),
    ],
)  # fmt: skip
def test_a_drug_is_in_its_group(what: Coded, group: str) -> None:
    assert high_risk(what) == group


def test_the_form_is_looked_at_too() -> None:
    assert high_risk(Coded("", "pump"), "insulin aspart in 50 ml") == "insulin"


def test_the_table_is_folded_and_has_words_in_both_languages() -> None:
    for group in groups():
        assert group.en and group.fr and group.atc and all(word == fold(word) for word in group.words)
    assert (label("opioid", "fr"), label("opioid", "en"), label("new", "fr")) == ("Opioïde", "Opioid", "new")
