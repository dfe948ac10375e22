"""What speaks for a family, in both languages; every sentence is in both catalogues and none is left over."""

from __future__ import annotations

import string

import pytest
from babel.messages.pofile import read_po

from garde.forensics.identify.proofs import SENTENCES
from garde.forensics.words import FORENSIC_LOCALE, proof


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_sentence_is_missing_or_left_over_and_each_keeps_its_values(language: str) -> None:
    with (FORENSIC_LOCALE / f"{language}.po").open("rb") as stream:
        catalogue = {message.id: str(message.string) for message in read_po(stream) if message.id}
    assert set(catalogue) == set(SENTENCES)
    for sentence, said in catalogue.items():
        assert _values(said) == _values(str(sentence))
        assert (said == sentence) == (language == "en")


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_proof_is_found_again_in_the_text_that_stands_in_an_entry(sentence: str) -> None:
    values = {name: f"x-{name}" for name in _values(sentence)}
    assert proof(sentence.format_map(values), "en") == sentence.format_map(values)
    assert all(value in proof(sentence.format_map(values), "fr") for value in values.values())
    assert proof(sentence.format_map(values), "fr") != sentence.format_map(values)


def test_what_is_none_of_ours_is_shown_escaped() -> None:
    assert proof("nothing {of} ours\x1b[2J", "fr") == "nothing {of} ours\\x1b[2J"
