"""The custody form: every sentence in both languages, hostile names, many items, one real page."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from garde.forensics.custody import form as module
from garde.forensics.custody.form import CUSTODY_LOCALE, MOST_ROWS, Form, custody_form
from garde.journal.speech import say_in
from garde.paper import typeset

FORM = Form("Clinique <b>#evil", "i1", "anna", 1.7e9, "ab" * 32, 812, "cd" * 32)


def item(number: int = 0, **more: object) -> dict[str, Any]:
    return {
        "item": f"{number:032x}", "sort": "damaged", "name": "a#link(\"x\") $x$ \\x1b" * 20, "place": "/srv/*a*",
        "machine": "files-1", "taken_by": "agent of files-1", "taken_at": "2026-11-28T03:00:00.000000Z", "size": 9,
        "sha256": "ef" * 32, "file": "evidence/0", "clock_offset_s": None, "pair": "", "detail": "", "moves": [],
        **more,
    }  # fmt: skip


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_sentence_is_missing_or_left_over_and_each_keeps_its_values(language: str) -> None:
    keywords = {"say": None, "mark": None}
    used = {each[1] for each in extract_from_file("python", Path(module.__file__), keywords=keywords)}
    with (CUSTODY_LOCALE / f"{language}.po").open("rb") as stream:
        catalogue = {message.id: message.string for message in read_po(stream) if message.id}
    assert used == set(catalogue)
    for sentence, said in catalogue.items():
        assert _values(str(said)) == _values(str(sentence)), sentence


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_form_is_set_whatever_the_names_are(language: str) -> None:
    items = [item(), item(1, file=None, sha256="", sort="bomb", machine="")]
    printed = typeset(custody_form(FORM, items, say_in(language, CUSTODY_LOCALE)))
    assert printed.pdf.startswith(b"%PDF") and printed.pages == 1


def test_of_very_many_items_the_form_has_some_and_says_so() -> None:
    say = say_in("en", CUSTODY_LOCALE)
    data = custody_form(FORM, [item(number) for number in range(MOST_ROWS + 3)], say).data
    assert len(data["rows"]) == MOST_ROWS and data["more"] == "3 more stand in evidence.json"
    assert custody_form(FORM, [item()], say).data["more"] == ""


def test_long_names_are_cut_in_the_middle() -> None:
    (row,) = custody_form(FORM, [item(name="a" * 200 + "z")], say_in("en", CUSTODY_LOCALE)).data["rows"]
    assert len(row["name"]) < 80 and row["name"].endswith("z") and "…" in row["name"]
