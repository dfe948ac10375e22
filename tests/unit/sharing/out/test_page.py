"""The one page: what stands on it, in both languages, on the telephone and on paper."""

from __future__ import annotations

import string
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from sharing_house import LOOK, draft, everything

from garde.journal.speech import say_in
from garde.paper import typeset
from garde.sharing.out import page, words
from garde.sharing.out.draft import Indicator, Way
from garde.sharing.out.guard import guard
from garde.sharing.out.memory import SORTS
from garde.sharing.out.words import SHARING_LOCALE

EN = say_in("en", SHARING_LOCALE)
FR = say_in("fr", SHARING_LOCALE)
LANGUAGES = ("en", "fr")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name in ("src", "href", "srcset") or name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def _read(raw: bytes) -> _Reader:
    reader = _Reader()
    reader.feed(raw.decode())
    return reader


def _used() -> set[str | tuple[str, ...]]:
    keywords = {"say": None, "mark": None, "many": (1, 2)}
    files = Path(words.__file__).parents[1].rglob("*.py")
    return {each[1] for file in files for each in extract_from_file("python", file, keywords=keywords)}


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing_and_each_keeps_its_values(language: str) -> None:
    with (SHARING_LOCALE / f"{language}.po").open("rb") as stream:
        catalogue = {message.id: message.string for message in read_po(stream) if message.id}
    assert _used() <= set(catalogue)
    for sentence, said in catalogue.items():
        assert _values(str(said)) == _values(str(sentence)), sentence
        assert language == "fr" or said == sentence


@pytest.mark.parametrize("say", [EN, FR], ids=LANGUAGES)
def test_the_page_needs_nothing_else_and_says_whose_eyes_it_is_for(say: words.Say) -> None:
    found = _read(page.html(words.sheet(guard(draft(*everything()), LOOK).draft, say)))
    assert not {"script", "img", "link", "iframe", "a"} & set(found.tags)
    assert "TLP:AMBER" in found.text
    assert "Clinique Example" in found.text
    assert "*.nightfall" in found.text
    assert "+32 470 00 00 02" in found.text
    assert "10.0.3.41" not in found.text


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    made = draft(family="", way=(), left="", began=0.0, confirmed=False, outside_cut=False, techniques=())
    rows = dict(words.sheet(made, EN).rows)
    assert rows["Since"] == "not known"
    assert rows["State"] == "NOT yet confirmed"
    assert rows["What it is"] == "family not known yet"
    assert rows["Where from"] == rows["Did data leave?"] == "not known yet"


def test_countries_are_named() -> None:
    assert "Ukraine" in dict(words.sheet(draft(), EN).rows)["Where from"]
    odd = (Way("203.0.113.66", False, "relay", "?\x1b", "", "seen", ()),)
    assert dict(words.sheet(draft(way=odd), EN).rows)["Where from"] == "203.0.113.66 (passes it on, ?\\x1b)"


def test_whether_data_left() -> None:
    said = {
        (left, size): dict(words.sheet(draft(left=left, left_bytes=size), EN).rows)["Did data leave?"]
        for left, size in (("none_seen", 0), ("seen", 1_200_000_000), ("seen", 0), ("blind", 0))
    }
    assert said["none_seen", 0].startswith("no sign of it, as of")
    assert said["seen", 1_200_000_000].startswith("yes: 1,200 MB")
    assert said["seen", 0].startswith("yes, as of")
    assert said["blind", 0].startswith("cannot be told")


def test_hostile_words_are_shown_and_do_nothing() -> None:
    evil = "<script>alert(1)</script>\x1b[2J&quot;"
    made = draft(Indicator("note_name", evil, "note", 1, 0.0), family=evil, hospital=evil)
    raw = page.html(words.sheet(made, EN))
    assert b"<script" not in raw
    assert b"\x1b" not in raw
    assert "script" not in _read(raw).tags


def test_many_values_are_counted() -> None:
    many = tuple(Indicator("ending", f".x{n:02d}", "ending", 2, 0.0) for n in range(30))
    (group,) = words.sheet(draft(*many), EN).groups
    assert len(group.values) == words.MOST_SHOWN
    assert group.more == "and 20 more in the file"


@pytest.mark.parametrize("say", [EN, FR], ids=LANGUAGES)
def test_it_fits_on_one_page_of_paper(say: words.Say) -> None:
    many = tuple(
        Indicator(sort, "a" * 60 + f"{n:04d}", "note", 2, 0.0) for sort in SORTS for n in range(words.MOST_SHOWN)
    )
    printed = typeset(page.paper(words.sheet(draft(*many[:60], *everything()), say), 1_700_000_000.0))
    assert printed.pdf.startswith(b"%PDF")
    assert printed.pages <= 2
    usual = typeset(page.paper(words.sheet(guard(draft(*everything()), LOOK).draft, say), 1_700_000_000.0))
    assert usual.pages == 1


def test_a_telephone_carries_what_to_watch_for_and_where_the_rest_lies() -> None:
    many = tuple(Indicator("note_name", f"READ-{n}.txt", "note", 2, 0.0) for n in range(100))
    lines = words.short(draft(*everything()[2:3], *many), EN, "https://10.99.0.1:8443/taxii2/")
    assert lines[0].startswith("GARDE TLP:AMBER Ransomware at Clinique Example")
    assert "*.nightfall" in lines[2]
    assert len(lines[2]) < words.LONGEST_SHORT
    assert lines[3] == "All of it: https://10.99.0.1:8443/taxii2/"
    assert lines[4].endswith("+32 470 00 00 02")
    bare = words.short(draft(family="", call_back="", began=0.0), EN, "")
    assert len(bare) == 1
