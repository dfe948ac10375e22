"""What is wrong is said in every language: no sentence is missing or left over, values are shown and stay harmless."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from estate_samples import GOOD, good, read
from test_estate_check import CASES

from garde.estate import sentences
from garde.estate.places import Place, Problem
from garde.estate.read import read_bytes
from garde.estate.sentences import ESTATE_LOCALE, Quoted, Sentence, Value
from garde.estate.source import MAX_BYTES
from garde.estate.tables import merge
from garde.journal.speech import LANGUAGES, say_in
from garde.journal.text import plain

EN, FR = (say_in(language, ESTATE_LOCALE) for language in ("en", "fr"))
KEYWORDS = {"say": None, "mark": None, "many": (1, 2), "Sentence": None}
Message = str | tuple[str, ...]

ALSO = [  # changes of GOOD beside CASES
    ("role: gateway", "role: "),
    ("role: other", "role: ???"),
    ("[en, fr]", "[]"),
    ("[en, fr]", "[EN, fr]"),
    ("[10.0.1.0/24]", "[]"),
    ("addresses: [10.0.0.3],", "addresses: [10.0.0.3], switch: sw2, port: p7,"),
    (", agent: yes", ""),
    ("hours: Mon-Fri 08:00-18:00}", "hours: ';'}"),
    ("hours: Mon-Fri 08:00-18:00}", "hours: Mon 8-18}"),
    ("hours: Mon-Fri 08:00-18:00}", "hours: Mon 25:00-26:00}"),
    ("hours: Mon-Fri 08:00-18:00}", "hours: Fri 08:00-18:00}"),
    ("hours: Mon-Fri 08:00-18:00}", "hours: Mon-Wed 08:00-18:00}"),
    ("Sat,Sun;", "Sun;"),
    ("actions: [outside]", "actions: [isolate]"),
    ("needs: two", "needs: two, care: some"),
    ("roles: [it_director, crisis_coordinator]}", "roles: [dpo]}"),
    ("roles: [it_director, crisis_coordinator]}", "roles: [chef]}"),
]
FILES = [
    b"",
    b"a: &x 1\n",
    b"a: !include /etc/passwd\n",
    b"a: 1\n---\nb: 2\n",
    b"a: 1\n\tb: 2\n",
    b"a: [1, 2\nb: 3\n",
    b"a: 1\nb: \xff\n",
    b"a: 1\nb: \x00\n",
    b"? [a]\n: 1\n",
    b"[" * 20,
    b"x" * (MAX_BYTES + 1),
    b"machines: {id: a}\n",
    b"name: x\nmachines: a\n",
    b"name: x\nmachines:\n- a\n-\n- name: a\n- {id: a b, name: A}\n",
    b"name: x\nname: y\nmachnies: []\nlanguages: [[en]]\n",
    b"name: x\nwards:\n- {id: a, name: {en: A, en: B, english: A}, beds: -1}\n- {id: b, name: [A]}\n",
    b"name: x\nservices:\n- {id: a, name: A, clinical: maybe}\nauthority:\n- {id: a, actions: kick, after_s: nan}\n",
    b'name: "a\\u202eb"\n',
    b"name: " + b"x" * 3000 + b"\n",
]
LISTS = [
    b"",
    b"\xff\xfe\x00",
    b"address,role\n10.0.0.1,server\n",
    b"id,name\nm1,One\n",
    b"id,os\ndb,a\ndb,b\n",
    b"id,os\ndb,a,b\n",
    b'id,os\n"db,a\n',
    b"x" * (MAX_BYTES + 1),
]


def every() -> Iterator[Problem]:
    """Yield faults of every kind."""
    for _, old, new, _ in CASES:
        yield from read(GOOD.replace(old, new, 1)).problems
    for old, new in ALSO:
        assert old in GOOD, old
        yield from read(GOOD.replace(old, new) if not new else GOOD.replace(old, new, 1)).problems
    circle = GOOD.replace("needs: [db],", "", 1)
    yield from read(circle.replace("[10.0.0.10, 'fd00::10'],", "[10.0.0.10, 'fd00::10'], needs: [app],")).problems
    for raw in FILES:
        yield from read_bytes(raw, "h.yaml").problems
    for raw in LISTS:
        yield from merge(good(), read(GOOD).lines, {"machines": ("list.csv", raw)}).problems


@pytest.fixture(scope="module")
def found() -> list[Problem]:
    return list(dict.fromkeys(every()))


def parts(value: Value) -> Iterator[Value]:
    """Yield a value and what stands in it."""
    yield value
    inner = value.values.values() if isinstance(value, Sentence) else value if isinstance(value, tuple) else ()
    for each in inner:
        yield from parts(each)


def used() -> set[Message]:
    folder = Path(sentences.__file__).parent
    return {each[1] for file in folder.glob("*.py") for each in extract_from_file("python", file, keywords=KEYWORDS)}


def catalogue(language: str) -> Catalog:
    with (ESTATE_LOCALE / f"{language}.po").open("rb") as stream:
        return read_po(stream)


# --- what is wrong ----------------------------------------------------------------------------------------------------


def test_each_fault_is_said_in_french_and_shows_its_values(found: list[Problem]) -> None:
    for problem in found:
        english, french = problem.said(EN), problem.said(FR)
        assert french != english and not {"{", "}"} & set(french.replace("{id: a}", "")), french
        for value in parts(problem.what):
            match value:
                case Quoted():
                    assert f"«\u00a0{plain(value.value)}\u00a0»" in french and f"'{plain(value.value)}'" in english
                case str():
                    assert plain(value) in french, (value, french)
                case int():
                    assert str(FR("{n}", n=value)) in french, (value, french)


def test_the_english_of_a_speaker_is_that_of_the_command_line(found: list[Problem]) -> None:
    for problem in found:
        if "\\" not in problem.text and '"' not in problem.text:
            assert problem.said(EN) == problem.text


def test_every_sentence_is_one_that_something_says(found: list[Problem]) -> None:
    said = {value.form for each in found for value in parts(each.what) if isinstance(value, Sentence)}
    large = {"more than {most} values", "the list has more than {most} rows"}  # test_estate_read.py: slow
    quotes = {"'{value}'"}
    assert used() - said - quotes - large == set()


def test_lists_of_words_and_hints_in_french() -> None:
    def said(old: str, new: str) -> str:
        return read(GOOD.replace(old, new, 1)).problems[0].said(FR)

    assert said("uses: [documents, spare]", "uses: [documents, nix]") == (
        "aucun service ni aucune machine n’a l’identifiant «\u00a0nix\u00a0»"
    )
    assert said("owner: ann", "owner: annn") == (
        "aucune personne n’a l’identifiant «\u00a0annn\u00a0» — vouliez-vous dire ann\u00a0?"
    )
    assert said("role: other", "role: qqq").startswith(
        "«\u00a0qqq\u00a0» n’est pas un rôle de machine connu\u00a0: choisir parmi server, "
    )
    assert said("Sat,Sun;", "Sat;") == ("personne n’est de garde comme on_call_it\u00a0: de dim. 00:00 à dim. 24:00")
    assert said("hours: Mon-Fri 08:00-18:00}", "hours: lundi}").endswith("écrire Mon, Tue, Wed, Thu, Fri, Sat, Sun")


def test_hostile_values_move_no_cursor_and_fill_nothing_in() -> None:
    hostile = "\x1b[2J{0}{text}\u202e<b>\n" + "x" * 200
    for value in (hostile, Quoted(hostile), Sentence("{text} is no address", text=hostile), (hostile, hostile)):
        for say in (EN, FR):
            said = Problem(Place("h.yaml"), Sentence("{text} is no address", text=value)).said(say)
            assert not {"\x1b", "\u202e", "\n"} & set(said) and "\\x1b[2J{0}{text}\\u{202e}<b>" in said
    assert len(Sentence("{text} is no address", text=Quoted(hostile)).said(FR)) < 120


def test_text_of_no_catalogue_is_said_as_it_is() -> None:
    problem = Problem(Place("plan.yaml"), "no {phase}\x1b")
    assert (problem.text, problem.said(FR)) == ("no {phase}\x1b", "no {phase}\\x1b")


def test_faults_are_equal_where_they_say_the_same() -> None:
    first, second = (Problem(Place("h"), Sentence("{text} is no address", text=Quoted(text))) for text in "ab")
    assert len({first, second, dataclasses.replace(first)}) == 2


# --- the catalogues ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing_or_left_over(language: str) -> None:
    known = {message.id for message in catalogue(language) if message.id}
    assert len(known) > 100
    assert sorted(map(str, used() - known)) == [], "missing in the catalogue"
    assert sorted(map(str, known - used())) == [], "in the catalogue and nowhere else"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_are_whole(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        assert len(forms) == len(ids) and all(forms), message.id
        assert not message.fuzzy
        assert all(_values(form) == _values(ids[-1]) for form in forms), message.id
        assert forms == ids if language == "en" else forms != ids or message.id == "{day} {time}", message.id


def test_french_keeps_its_spaces_together() -> None:
    for message in catalogue("fr"):
        for form in [message.string] if isinstance(message.string, str) else message.string:
            assert not {" :", " ;", " ?", " !", "« ", " »"} & {form[i : i + 2] for i in range(len(form))}, form


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
