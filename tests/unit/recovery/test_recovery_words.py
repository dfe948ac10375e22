"""Reasons in plain words, in both languages; every sentence is in both catalogues and none is left over."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from recovery_house import House

from garde.journal.speech import say_in
from garde.model.restart import Item
from garde.recovery import reasons, words
from garde.recovery.reasons import because

EN = say_in("en", words.RECOVERY_LOCALE)
FR = say_in("fr", words.RECOVERY_LOCALE)
ENGINE = ("reasons.py", "words.py")


def _used() -> set[str | tuple[str, ...]]:
    folder = Path(words.__file__).parent
    keywords = {"say": None, "mark": None, "many": (1, 2)}
    files = [file for file in folder.rglob("*.py") if file.name in ENGINE]
    return {each[1] for file in files for each in extract_from_file("python", file, keywords=keywords)}


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_sentence_is_missing_and_each_keeps_its_values(language: str) -> None:
    with (words.RECOVERY_LOCALE / f"{language}.po").open("rb") as stream:
        catalogue = {message.id: message.string for message in read_po(stream) if message.id}
    assert _used() <= set(catalogue)
    for sentence, said in catalogue.items():
        assert _values(str(said)) == _values(str(sentence)), sentence
        assert language == "fr" or said == sentence


@pytest.mark.parametrize("sentence", reasons.sentences())
def test_a_reason_is_found_again_in_the_text_that_stands_in_an_entry(sentence: str) -> None:
    values = {name: f"x-{number}" for number, name in enumerate(sorted(_values(sentence)))}
    made = because(sentence, **values)
    found = reasons.read(made.text())
    assert found is not None
    assert (found.sentence, dict(found.values)) == (sentence, values)


def test_what_is_none_of_ours_is_said_as_it_is(house: House) -> None:
    assert reasons.read("nothing that we would say") is None
    assert words.known("nothing {that} we would say\x1b[2J", EN, house.look) == "nothing {that} we would say\\x1b[2J"


def test_names_times_and_reasons_within_reasons(house: House) -> None:
    why = because(reasons.HARM_BY, machine="ws", server="files").text()
    text = because(reasons.SEEN, source="files", what=why).text()
    assert text == "seen at files: harm by ws on files"
    assert words.known(text, EN, house.look) == "seen at Documents (files): harm by Desk (ws) on Documents (files)"
    assert words.known(text, FR, house.look).startswith("vu sur Documents (files) : dégâts causés par Desk (ws)")
    until = because(reasons.B_UNTIL, until="1700000000")
    assert "2023" in words.say_reason(until, EN, house.look)
    item = because(reasons.B_ITEM, number=10)
    assert words.say_reason(item, EN, house.look) == (
        "item 10, Only listed flows, seen from outside is not answered with yes"
    )
    circle = because(reasons.W_CIRCLE, machines="db, rec")
    assert words.say_reason(circle, FR, house.look).endswith("Database (db), Record server (rec)")


def test_who_said_it(house: House) -> None:
    assert words.who("hub", EN, house.look) == "the hub"
    assert words.who("agent/db", FR, house.look) == "l’agent de Database (db)"
    assert words.who("look/gw", EN, house.look) == "seen from Gateway (gw)"
    assert words.who("ina-adm", EN, house.look) == "Ina I."
    assert words.who("nobody\x07", EN, house.look) == "nobody\\x07"


def test_credentials_and_retention(house: House) -> None:
    assert words.credential("local_admin/db", FR, house.look) == "administrateur local de Database (db)"
    assert words.credential("directory/krbtgt", EN, house.look) == "the directory's own key (krbtgt)"
    assert words.credential("what?", EN, house.look) == "what?"
    assert words.frozen("not_proven", FR) == "gel NON prouvé"


def test_every_item_has_words() -> None:
    assert set(words.ITEMS) == set(Item)
    assert all(words.item(each, FR) != words.item(each, EN) for each in Item)
