"""The words of packs: every language has all of them, and the papers ask for no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from feed_words import ZONE, at

from garde.downtime.census.view import Flag
from garde.downtime.nouns import Finality, Person, Place
from garde.downtime.packs import basis, making, services
from garde.downtime.packs.voice import LANGUAGES, Voice, clean, clean_lines, shortened, words_of
from garde.errors import UsageError

HERE = Path(making.__file__).parent


def _asked() -> set[str]:
    """Every key that a template, the forms or the code asks for."""
    typst = "\n".join(path.read_text() for path in (HERE / "templates").glob("*.typ"))
    code = "\n".join(path.read_text() for path in HERE.glob("*.py"))
    found = set(re.findall(r"\bw\.([a-z_0-9]+)\b", typst)) - {"at"}
    found |= set(re.findall(r'w\.at\("([a-z_0-9]+)"\)', typst)) | set(re.findall(r'voice\(\s*"([A-Za-z_0-9]+)"', code))
    found |= set(re.findall(r'"((?:label|form)_[a-z_]+)"', typst))
    forms = json.loads((HERE / "forms.json").read_text())
    for blocks in forms.values():
        for block in blocks:
            found |= {block[name] for name in ("checks", "title", "lines") if name in block}
            found |= {name for name, _ in [*block.get("fields", ()), *block.get("table", ())]} | set(
                block.get("of", ())
            )
    found |= {f"form_{name}" for name in forms} | {f"flag_{flag.name}" for flag in Flag}
    found |= {each.name for each in Finality} | {f"sex_{sex}" for sex in ("F", "M", "X", "")}
    for registers in services._REGISTERS.values():
        found |= set(registers) | {name for heads in registers.values() for name, _ in heads}
    return found - {"label_", "form_"}


def test_every_language_has_the_same_words_with_the_same_holes() -> None:
    assert {"en", "fr"} <= set(LANGUAGES)
    english = words_of("en")
    for language in LANGUAGES:
        words = words_of(language)
        assert set(words) == set(english)
        assert all(text.strip() for text in words.values())
        holes = re.compile(r"{[a-z]+}")
        assert {
            key for key in words if sorted(holes.findall(words[key])) != sorted(holes.findall(english[key]))
        } == set()
    assert len(words_of("fr")["months_short"].split()) == 12


def test_no_word_that_is_asked_for_is_missing() -> None:
    asked = _asked()
    assert len(asked) > 150
    assert asked - set(words_of("en")) == set()


def test_every_form_and_every_service_has_its_words() -> None:
    assert set(basis.BLANKS) == set(json.loads((HERE / "forms.json").read_text()))
    assert set(basis.SERVICES) <= set(words_of("en"))


def test_a_language_that_there_is_not_is_said() -> None:
    with pytest.raises(UsageError, match="not written in 'tlh'"):
        words_of("tlh")


def test_hostile_text_is_one_line_that_hides_nothing() -> None:
    assert clean("a\x1b[2J\u202eb\n c") == "a\\x1b[2J\\u{202e}b c"
    assert clean('#read("/etc/passwd") $x$') == '#read("/etc/passwd") $x$'
    assert clean("محمد") == "محمد" and clean("漢") == "[U+6F22]"
    assert clean_lines("one\ntwo") == "one\ntwo"
    assert shortened("x" * 500, 20) == "x" * 19 + "…"


@pytest.mark.parametrize(
    ("birth", "said"),
    [
        ("1989-01-18", "18 Jan 1989 (37 y)"),
        ("1989-03-03", "3 Mar 1989 (36 y)"),
        ("2024-07-01", "1 Jul 2024 (20 mo)"),
        ("2026-02-27", "27 Feb 2026 (3 d)"),
        ("2027-01-01", "1 Jan 2027 (?)"),
        ("1960", "1960"),
        ("", "birth date not recorded"),
    ],
)
def test_birth_dates(birth: str, said: str) -> None:
    assert Voice("en", ZONE, at(0)).birth(birth) == said


def test_times_names_and_places() -> None:
    voice = Voice("fr", ZONE, at(0))
    assert voice.time(at(0)) == "2 mars 03:00"
    assert voice.time(at(-90 * 1440)).startswith("2 déc. 2025")
    assert voice.time(None) == voice.time(0.0) == voice.time(1e18) == "heure non enregistrée"
    assert voice.family(Person()) == "NOM NON ENREGISTRÉ"
    assert voice.family(Person(given="Zoé")) == "–"
    assert voice.family(Person("Van den Bossche")) == "VAN DEN BOSSCHE"
    assert voice.place(Place("MED", "01", "1")) == "01-1" and voice.place(Place("MED")) == ""
    assert voice.sex("O") == "O" and voice.sex("") == "sexe non enregistré"
