"""Every sentence of the console is in both catalogues, none is left over, each keeps its values and its plural."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

CONSOLE = Path("src/garde/hub/console")
KEYWORDS = {"say": None, "mark": None, "many": (1, 2)}
METHODS = {".py": "python", ".html": "jinja2.ext:babel_extract"}
Message = str | tuple[str, ...]


def _used(root: Path) -> set[Message]:
    sources = [each for each in (root / CONSOLE).rglob("*") if each.suffix in METHODS]
    return {found[1] for each in sources for found in extract_from_file(METHODS[each.suffix], each, keywords=KEYWORDS)}


def _catalogue(root: Path, language: str) -> Catalog:
    with (root / CONSOLE / "locale" / f"{language}.po").open("rb") as stream:
        return read_po(stream)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_sentence_is_missing_or_left_over(root: Path, language: str) -> None:
    used = _used(root)
    known = {message.id for message in _catalogue(root, language) if message.id}
    assert len(used) > 300
    assert sorted(map(str, used - known)) == [], "missing in the catalogue"
    assert sorted(map(str, known - used)) == [], "in the catalogue and nowhere else"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_translations_are_whole(root: Path, language: str) -> None:
    for message in _catalogue(root, language):
        if not message.id:
            continue
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        assert len(forms) == len(ids) and all(forms), message.id
        assert not message.fuzzy
        for form in forms:
            assert _values(form) == _values(ids[-1]), message.id
        if language == "en":
            assert forms == ids


def test_french_keeps_its_spaces_together(root: Path) -> None:
    for message in _catalogue(root, "fr"):
        for form in [message.string] if isinstance(message.string, str) else message.string:
            assert not {" :", " ;", " ?", " !", "« ", " »"} & {form[i : i + 2] for i in range(len(form))}, form


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
