"""One document, one process: what comes out, and what is said where nothing does. The real typesetter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.pdf_words import words_of

from garde.journal.text import Text
from garde.paper import Document, NotTypeset, qr_svg, typeset
from garde.paper.typeset import FONTS

HOSTILE = '#read("/etc/passwd") $x$ *b* _i_ \\ // /* <a> @b `c` #panic() "q" \u202e é ✓ 漢'


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "one.typ"
    path.write_text("= #data.title\n#for line in data.lines [ #line #pagebreak(weak: true) ]\n", encoding="utf-8")
    return path


def test_pages_are_counted_and_equal_documents_are_equal_bytes(template: Path) -> None:
    document = Document(template, {"title": "T", "lines": ["a", "b", "c"]}, "Title", "fr", 1_700_000_000.0)
    one, two = typeset(document), typeset(document)
    assert one.pages == 3 and one.pdf.startswith(b"%PDF-") and one.sha256 == two.sha256


def test_words_are_data_and_never_source(template: Path, tmp_path: Path) -> None:
    said = words_of(typeset(Document(template, {"title": HOSTILE, "lines": [Text(b"\x1b[2J\xff")]}, "T")).pdf, tmp_path)
    assert '#read("/etc/passwd") $x$ *b* _i_' in said and "root:" not in said
    assert "\\x1b[2J\\xff" in said


def test_the_title_stands_in_every_foot(template: Path, tmp_path: Path) -> None:
    said = words_of(typeset(Document(template, {"title": "x", "lines": ["a", "b"]}, HOSTILE[:20])).pdf, tmp_path)
    assert said.count(HOSTILE[:20]) == 2 and re.search(r"1 ?/ ?2", said) and re.search(r"2 ?/ ?2", said)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("#data.nothing", "does not contain key"),
        ('#import "@preview/cetz:0.3.0"', "names a package"),
        ('#read("/etc/passwd")', "file not found"),
        ("#for {", "expected"),
        ("#let f(n) = f(n + 1)\n#f(0)", "depth exceeded"),
    ],
)
def test_a_fault_in_a_template_is_one_line(tmp_path: Path, source: str, reason: str) -> None:
    path = tmp_path / "bad.typ"
    path.write_text(source)
    with pytest.raises(NotTypeset) as caught:
        typeset(Document(path, {}, "T"))
    assert reason in caught.value.reason and "\n" not in caught.value.reason


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "long.typ"
    path.write_text("#let n = 0\n#while true { n = calc.rem(n + 1, 1000) + calc.fact(15) }\n")
    with pytest.raises(NotTypeset, match=r"longer than 0\.01 s"):
        typeset(Document(path, {}, "T"), timeout_s=0.01)


def test_what_needs_too_much_memory_is_ended(template: Path) -> None:
    with pytest.raises(NotTypeset) as caught:
        typeset(Document(template, {"title": "x", "lines": []}, "T"), memory=32 << 20)
    assert caught.value.reason


def test_data_that_are_none_and_a_template_that_is_not_there(template: Path, tmp_path: Path) -> None:
    with pytest.raises(NotTypeset, match="data are none"):
        typeset(Document(template, {"title": object()}, "T"))
    with pytest.raises(NotTypeset, match="cannot be read"):
        typeset(Document(tmp_path / "none.typ", {}, "T"))


def test_the_fonts_come_with_their_licence() -> None:
    assert {path.suffix for path in FONTS.iterdir()} == {".ttf", ".txt"}
    assert "SIL OPEN FONT LICENSE" in (FONTS / "LICENCE.txt").read_text()


def test_a_picture_is_svg(tmp_path: Path) -> None:
    path = tmp_path / "qr.typ"
    path.write_text("#picture(data.qr)")
    assert typeset(Document(path, {"qr": qr_svg("x")}, "T")).pages == 1


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_any_words_can_be_set(template: Path, words: str) -> None:
    assert typeset(Document(template, {"title": words, "lines": [words]}, words)).pages >= 1


def test_a_template_in_parts_and_where_its_marks_stand(tmp_path: Path) -> None:
    part, main = tmp_path / "part.typ", tmp_path / "main.typ"
    part.write_text("#let leaf(name) = page[#mark((name: name)) #name #lorem(1300)]\n")
    main.write_text("#for name in data [#leaf(name)]\n")
    found = typeset(Document(main, ["a", "#b"], "T", parts=(part,)))
    assert found.marks == ((1, {"name": "a"}), (3, {"name": "#b"})) and found.pages == 4
