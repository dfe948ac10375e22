"""Every sentence of the console is in every catalogue, none is left over, each keeps its values and its plural."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from garde.journal.speech import LANGUAGES, speaker_of

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


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing_or_left_over(root: Path, language: str) -> None:
    used = _used(root)
    known = {message.id for message in _catalogue(root, language) if message.id}
    assert len(used) > 300
    assert sorted(map(str, used - known)) == [], "missing in the catalogue"
    assert sorted(map(str, known - used)) == [], "in the catalogue and nowhere else"


@pytest.mark.parametrize("language", LANGUAGES)
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


def test_every_catalogue_of_the_console_belongs_to_a_language_that_is_offered(root: Path) -> None:
    assert sorted(each.stem for each in (root / CONSOLE / "locale").glob("*.po")) == sorted(LANGUAGES)


def test_every_template_says_everything_through_the_catalogue(root: Path) -> None:
    """No word for people stands in a template itself: what is left without tags and expressions are signs and names."""
    bare = {"Garde", "XXXX-XXXX-XXXX-XXXX"}
    for template in sorted((root / CONSOLE / "templates").glob("*.html")):
        text = re.sub(r"{% block body_class %}\w*{% endblock %}", " ", template.read_text(encoding="utf-8"))
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<(pre|code)\b.*?</\1>", " ", text, flags=re.S)
        text = re.sub(r"<[^>]*>", " ", text, flags=re.S)
        words = set(re.findall(r"[^\W\d_]{2,}", text)) - bare
        assert not words, f"{template.name}: {sorted(words)}"


def test_a_further_language_is_one_more_catalogue(tmp_path: Path) -> None:
    (tmp_path / "nl.po").write_text(
        'msgid ""\nmsgstr ""\n"Language: nl\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "{n} file"\nmsgid_plural "{n} files"\nmsgstr[0] "{n} bestand"\nmsgstr[1] "{n} bestanden"\n',
        encoding="utf-8",
    )
    say = speaker_of("nl", tmp_path, tmp_path / "none")
    assert [say.many("{n} file", "{n} files", n) for n in (0, 1, 1234)] == [
        "0 bestanden",
        "1 bestand",
        "1.234 bestanden",
    ]
    assert (say.tenths(1.5), say("Not translated")) == ("1,5", "Not translated")


def test_french_keeps_its_spaces_together(root: Path) -> None:
    for message in _catalogue(root, "fr"):
        for form in [message.string] if isinstance(message.string, str) else message.string:
            assert not {" :", " ;", " ?", " !", "« ", " »"} & {form[i : i + 2] for i in range(len(form))}, form


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
