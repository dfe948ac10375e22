"""Every sentence of the desk's pages is said in French, and none is left over."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from pages_house import PagesHouse

from garde.desk.pages import numbers as pages_numbers
from garde.desk.pages import paper as pages_paper
from garde.desk.pages.words import LANGUAGES, Say, sentences
from garde.downtime.census.view import Flag
from garde.downtime.entry.account import HOW
from garde.downtime.entry.discrepancies import Kind
from garde.downtime.entry.items import Step
from garde.downtime.numbers.likeness import NAMES
from garde.downtime.numbers.state import Standing

FOLDER = Path("src/garde/desk/pages")
COMPARED = {"agrees", "DIFFERS", "not known"}


def _used(root: Path) -> set[str]:
    found: set[str] = set()
    for each in (root / FOLDER).rglob("*"):
        if each.suffix == ".html":
            found |= {str(m[1]) for m in extract_from_file("jinja2.ext:babel_extract", each, keywords={"say": None})}
        elif each.suffix == ".py":
            found |= _spoken(ast.parse(each.read_bytes()))
    found |= {flag.value for flag in Flag} | {each.value for each in Standing} | {*NAMES} | COMPARED
    found |= {kind.value for kind in Kind} | _labels()
    return {each for each in found if each not in PREFIXES} | {*pages_numbers.SAID.values(), *pages_paper.SAID.values()}


PREFIXES = {"field:", "value:", "kind:", "step:", "sheet:"}


def _labels() -> set[str]:
    """What pages say by a name of the code's: fields, their values, kinds, steps, standings of sheets."""
    forms = {kind: fields for step in Step for kind, fields in pages_paper.forms_of(step).items()}
    found = {f"kind:{kind}" for kind in forms} | {f"step:{step}" for step in Step}
    for fields in forms.values():
        found |= {f"field:{each.name}" for each in fields}
        found |= {f"value:{choice}" for each in fields for choice in each.choices}
    return found | {f"sheet:{each}" for each in (*pages_paper.LOST, *HOW)}


def test_english_has_a_word_for_every_name_and_for_nothing_else() -> None:
    assert set(sentences("en")) == _labels()


def _spoken(tree: ast.AST) -> set[str]:
    """What is said in code: `say("…")`, and the words of errors that pages themselves raise."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"say", "self", "NotPermitted", "NotFound", "UsageError", "Incomplete", "Refused"}:
                found |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


# Said by the desk's keeper at a command line, never on a page.
ELSEWHERE = re.compile(r"there is no (account|role)|garde account|a login has|for example: c\.|choose another --pages")


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_no_sentence_is_missing_or_left_over(root: Path, language: str) -> None:
    used, known = {each for each in _used(root) if not ELSEWHERE.search(each)}, set(sentences(language))
    assert len(used) > 100
    assert sorted(used - known) == [], "missing"
    assert sorted(known - used) == [], "left over"


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_values_are_kept(language: str) -> None:
    for sentence, said in sentences(language).items():
        assert set(re.findall(r"{\w+}", sentence)) == set(re.findall(r"{\w+}", said)), sentence


def test_a_value_is_not_a_form() -> None:
    assert Say("fr")("given by {who}", who="{x}\x1b") == "donné par {x}\\x1b"
    assert Say("fr").known("{x} {0}") == "{x} {0}"


def test_pages_speak_french(house: PagesHouse) -> None:
    nina = house.browser("nina", "fr")
    page = nina.open("/wards/MED")
    assert '<html lang="fr">' in page and "Quelqu’un arrive" in page and "pas d’allergie connue" in page
    nina.open("/language/en?to=/numbers")
    assert nina.location == "/numbers" and 'lang="en"' in nina.open("/numbers")
