"""Every sentence is in both catalogues, none is left over, and each keeps its values and its plural."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

SOURCES = {
    "src/garde/journal/locale": ["src/garde/journal"],
    "src/garde/cli/page/locale": ["src/garde/cli/page", "src/garde/cli/page/templates"],
}
KEYWORDS = {"say": None, "mark": None, "many": (1, 2)}
Message = str | tuple[str, ...]


def _used(root: Path, folders: list[str]) -> set[Message]:
    found: set[Message] = set()
    for folder in folders:
        for source in sorted((root / folder).iterdir()):
            method = {".py": "python", ".html": "jinja2.ext:babel_extract"}.get(source.suffix)
            if method:
                found |= {each[1] for each in extract_from_file(method, source, keywords=KEYWORDS)}
    return found


def _catalogue(root: Path, folder: str, language: str) -> Catalog:
    with (root / folder / f"{language}.po").open("rb") as stream:
        return read_po(stream)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("folder", SOURCES)
def test_no_sentence_is_missing_or_left_over(root: Path, folder: str, language: str) -> None:
    used = _used(root, SOURCES[folder])
    known = {message.id for message in _catalogue(root, folder, language) if message.id}
    assert len(used) > 40
    assert sorted(map(str, used - known)) == [], "missing in the catalogue"
    assert sorted(map(str, known - used)) == [], "in the catalogue and nowhere else"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("folder", SOURCES)
def test_translations_are_whole(root: Path, folder: str, language: str) -> None:
    for message in _catalogue(root, folder, language):
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


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
