"""The report on a page, as a PDF and as a picture: hostile words are escaped, nothing comes from elsewhere."""

from __future__ import annotations

import re
import string
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from pdf_words import words_of
from whole_night import H, I, T, WholeNight

from garde.hub.final import teller
from garde.hub.final.beside import Beside, Then, read_beside
from garde.hub.final.chart import LEVELS, Dot, Picture
from garde.hub.final.night import read
from garde.hub.final.page import html_page
from garde.hub.final.parts import BAD, GOOD, Bar, Lane, Report
from garde.hub.final.report import make_report
from garde.hub.final.sheet import final_sheet
from garde.hub.final.spans import span
from garde.journal import forensic_kinds as f
from garde.journal.speech import Said, say_in
from garde.journal.text import Text
from garde.paper import typeset

HOSTILE = '<script>alert(1)</script>"><img src=x>'
SVG = "{http://www.w3.org/2000/svg}"


class Fetching(HTMLParser):
    """Finds what a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "action")]


def hostile() -> Report:
    night = WholeNight(upload=True)
    guess = f.FamilyGuess(HOSTILE, 0.99, (HOSTILE,), ())
    night.write(T + 41 * H, f.FamilyNamed("x", I, HOSTILE, 0.99, (guess,), (HOSTILE,), "known", "", HOSTILE))
    seen = f.EgressSeen("e", "s", "10.0.0.1", "203.0.113.7", Text(HOSTILE), 53, 5, 1, T, T + 1, ("dns_tunnel",), -1)
    night.write(T + 41 * H, seen, "agent/fw-1")
    beside = Beside({"en": HOSTILE}, (Then("cut", {"en": HOSTILE}, H),), HOSTILE)
    return make_report(read(night.entries), beside=beside)


def test_hostile_words_are_words_on_the_page() -> None:
    page = html_page(hostile())
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page
    fetching = Fetching()
    fetching.feed(page)
    assert not fetching.found and "default-src 'none'" in page


def test_the_page_has_every_chapter_and_every_number() -> None:
    report = make_report(read(WholeNight().entries))
    page = html_page(report)
    assert all(f'id="{each.id}"' in page for each in report.sections)
    assert page.count("<svg") == len(report.pictures) == 3
    assert all(each.value in page for each in report.figures)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_first_page_of_the_pdf_is_what_a_board_needs(language: str, tmp_path: Path) -> None:
    report = make_report(read(WholeNight().entries), language=language)
    printed = typeset(final_sheet(report))
    assert printed.pages <= 5
    first = words_of(printed.pdf, tmp_path).split("\f")[0]
    assert report.headline.title.split()[0] in first and report.figures[0].value in first


def test_hostile_words_are_words_in_the_pdf() -> None:
    assert typeset(final_sheet(hostile())).pages >= 3


# --- the picture ------------------------------------------------------------------------------------------------------


def drawn(dots: list[Dot], lanes: list[Lane], end: float) -> ET.Element:
    return ET.fromstring(Picture(0.0, end, dots, lanes, (), Said("a picture")).svg())


@given(st.lists(st.floats(0, 100_000), max_size=40), st.floats(1, 100_000))
def test_every_number_is_in_the_picture_once_and_none_overlaps(times: list[float], end: float) -> None:
    dots = [Dot(number, at, GOOD) for number, at in enumerate(sorted(times), 1)]
    texts = [each.text or "" for each in drawn(dots, [], end).iter(f"{SVG}text")]
    told: list[int] = []
    for text in texts:
        if re.fullmatch(r"\d+", text):
            told.append(int(text))
        elif re.fullmatch(r"\d+–\d+", text):
            first, last = map(int, text.split("–"))
            assert last - first >= LEVELS
            told += range(first, last + 1)
    assert told == [dot.number for dot in dots if dot.at <= end]


@given(st.lists(st.tuples(st.floats(-1e4, 1e6), st.floats(0, 1e6)), min_size=1, max_size=20), st.floats(1, 1e6))
def test_no_bar_leaves_the_picture(spans: list[tuple[float, float]], end: float) -> None:
    lane = Lane(Said("x"), tuple(Bar(begin, begin + length, BAD) for begin, length in spans))
    for rect in drawn([], [lane], end).iter(f"{SVG}rect"):
        x, width = float(rect.get("x", 0)), float(rect.get("width", 0))
        assert width > 0 and x >= 0 and x + width <= 1000.01


# --- words ------------------------------------------------------------------------------------------------------------


def _used() -> set[str | tuple[str, ...]]:
    keywords = {"say": None, "mark": None, "many": (1, 2)}
    files = Path(teller.__file__).parent.rglob("*.py")
    return {each[1] for file in files for each in extract_from_file("python", file, keywords=keywords)}


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_sentence_is_missing_or_left_over_and_each_keeps_its_values(language: str) -> None:
    with (teller.FINAL_LOCALE / f"{language}.po").open("rb") as stream:
        catalogue = {message.id: message.string for message in read_po(stream) if message.id}
    assert _used() == set(catalogue)
    for sentence, said in catalogue.items():
        for one, other in zip(_each(sentence), _each(said), strict=True):
            assert other and _values(other) == _values(one), sentence
        assert language == "fr" or said == sentence


def _each(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_nothing_english_is_left_in_the_french_report() -> None:
    report = make_report(read(WholeNight().entries), language="fr")
    english = make_report(read(WholeNight().entries), language="en")
    same = {str(each.title) for each in report.sections} & {str(each.title) for each in english.sections}
    assert not same and "Quelque chose" not in report.title
    assert report.figures[0].value == "0,4 s"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.42, "0.4 s"), (59.4, "59 s"), (59.6, "1 min"), (3_600, "1 h"), (3_725, "1 h 2 min"), (47 * H, "47 h"),
     (71.5 * H, "71 h 30 min"), (101 * H, "4 days 5 h"), (-3, "0.0 s"), (30 * 24 * H, "30 days")],
)  # fmt: skip
def test_spans_are_said_in_units_that_say_something(seconds: float, said: str) -> None:
    assert span(seconds, say_in("en", teller.FINAL_LOCALE)) == said


# --- a story from a file ----------------------------------------------------------------------------------------------


def test_a_story_is_read_from_a_file_and_a_wrong_one_refused(tmp_path: Path) -> None:
    file = tmp_path / "story.json"
    file.write_text('{"name": {"en": "n"}, "moments": [{"key": "cut", "text": {"en": "t"}, "at_s": 5}]}')
    assert read_beside(file).moments[0].at_s == 5
    from garde.errors import UsageError

    for wrong in ('{"name": 3}', '{"name": {}, "moments": [{"key": "nonsense", "text": {}, "at_s": 1}]}', "\xff{"):
        file.write_text(wrong, encoding="latin-1")
        with pytest.raises(UsageError):
            read_beside(file)
    with pytest.raises(UsageError):
        read_beside(tmp_path / "nowhere.json")
