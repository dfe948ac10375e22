"""`garde number` on a desk's state directory, without a running desk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garde.clock import SystemClock
from garde.downtime.book import Book
from garde.downtime.store.seal import Seal
from garde.journal.paper_kinds import Looked

Garde = Callable[..., Any]
HEADING = "number,family,given,birth,sex,ward,room,bed,visit,doctor,allergies\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return tmp_path / "desk"


@pytest.fixture
def number(garde: Garde, desk: Path, tmp_path: Path) -> Garde:
    table = tmp_path / "c.csv"
    table.write_text(
        HEADING + "123456,LAMBERT,Anne,1950-03-04,F,MED,1,1,V9,,NKA\n123457,Maes,Jan,1960-01-01,M,MED,1,2,V8,,\n"
    )
    assert garde("downtime", "init", "--state", str(desk), "--hospital", "CHU").code == 0
    assert garde("downtime", "import", str(table), "--state", str(desk)).code == 0
    return lambda *words: garde("number", *words, "--state", str(desk))


def test_from_a_block_to_a_link(number: Garde, garde: Garde, desk: Path) -> None:
    block = number("reserve", "URG", "--count", "5", "--json").lines[0]
    assert (block["block"], block["place"], block["prefix"]) == ("B1", "URG", "D1")
    words = ("--family", "Lambert", "--birth", "04.03.1950", "--allergies", "penicillin", "--by", "nina", "--json")
    issued = number("issue", "URG", "--at", "2026-03-02 03:40", *words).lines[0]
    assert issued["by"] == "nina" and "person" not in issued
    given = issued["number"]
    assert number("change", given, "MED", "--bed", "3", "--by", "nina").code == 0
    census = garde("downtime", "census", "MED", "--json", "--state", str(desk)).lines[0]
    (row,) = census["arrivals"]
    assert (row["person"]["birth"], row["allergic_to"], row["place"]["bed"]) == ("1950-03-04", "penicillin", "3")
    shown = garde("downtime", "census", "--state", str(desk)).out
    assert "arrived during the downtime, 02.03. 03:40; not in the record" in shown and "ALLERGIES: penicillin" in shown
    matched = number("match", given, "123456", "--by", "nina", "--json").lines[0]
    assert matched["identifiers"] == ["family", "birth"] and matched["typed"] == [] and "record" not in matched
    assert number("confirm", given, "--by", "Nina").code == 12
    assert number("confirm", given, "--by", "otto").code == 0
    listed = number("list", given, "--json").lines[0]
    assert (listed["standing"], listed["record"], listed["person"]["family"]) == ("linked", "123456", "Lambert")
    assert "linked to 123456" in garde("downtime", "census", "--state", str(desk)).out, "its allergies are not there"
    assert number("refuse", given).code == 2 and number("refuse", given, "--note", "another one").code == 0
    assert garde("journal", "verify", "--state", str(desk)).code == 0


def test_nothing_that_names_somebody_lies_in_the_clear(number: Garde, desk: Path) -> None:
    number("reserve", "URG", "--count", "5")
    number("issue", "URG", "--family", "Quatresooz", "--phone", "0471998877", "--allergies", "penicillin")
    number("match", "D1-000001-K", "987654321", "--agree", "family,document")
    held = b"".join(path.read_bytes() for path in desk.iterdir() if path.is_file())
    for word in (b"Quatresooz", b"0471998877", b"penicillin", b"987654321"):
        assert word not in held
    number("list")
    with Book(desk, Seal.load(desk), SystemClock(), read_only=True) as book:
        looks = [entry.payload for entry in book.journal.entries(kinds=("looked",))]
    assert [each.what for each in looks if isinstance(each, Looked)] == ["one patient", "1 downtime numbers"]


def test_a_match_with_a_record_that_nobody_knows_stands_on_what_people_say(number: Garde) -> None:
    number("reserve", "URG", "--count", "5")
    number("issue", "URG", "--family", "Lambert")
    assert number("match", "D1-000001-K", "999").code == 12
    ran = number("match", "D1-000001-K", "999", "--agree", "family,document", "--by", "nina")
    assert "family (a person's word), document (a person's word) agree" in ran.out
    assert "nothing was compared by the desk" in ran.out


def test_what_differs_is_shown_to_the_second_person(number: Garde) -> None:
    number("reserve", "URG", "--count", "5")
    number("issue", "URG", "--family", "Maes", "--given", "Piet", "--birth", "1960-01-01")
    assert "DIFFERENT: given" in number("match", "D1-000001-K", "123457", "--by", "nina").out
    assert "DIFFERENT: given; said by nina" in number("list").out


def test_labels(number: Garde, tmp_path: Path) -> None:
    number("reserve", "URG", "--count", "9")
    out = tmp_path / "b.pdf"
    number("issue", "URG")
    made = number("labels", "B1", "--out", str(out), "--lang", "fr", "--json").lines[0]
    assert (made["numbers"], made["copies"], made["pages"]) == (8, 3, 2) and out.read_bytes().startswith(b"%PDF")
    one = number("labels", "d1 000001 k", "--out", str(out), "--copies", "24", "--json").lines[0]
    assert (one["numbers"], one["pages"]) == (1, 1)
    assert number("labels", "B1").code == 2 and number("labels", "B9", "--out", str(out)).code == 8
    assert number("labels", "B1", "--out", str(tmp_path / "none" / "b.pdf")).code == 2


def test_a_prefix_that_could_be_a_patient_is_refused_at_every_door(
    number: Garde, garde: Garde, desk: Path, tmp_path: Path
) -> None:
    assert number("check").code == 0
    table = tmp_path / "more.csv"
    table.write_text(HEADING + "D1-77,Other,X,1950-03-04,F,MED,1,3,V7,,\n")
    garde("downtime", "import", str(table), "--state", str(desk))
    ran = number("check")
    assert ran.code == 12 and "1 begin with it" in ran.err and "D1-77" not in ran.err + ran.out
    assert number("reserve", "URG", "--count", "5").code == 12
    assert number("check", "Q7").code == 0
    assert number("check", "1D").code == 3


def test_nothing_heard_proves_nothing(garde: Garde, tmp_path: Path) -> None:
    state = str(tmp_path / "empty")
    garde("downtime", "init", "--state", state)
    assert garde("number", "check", "--state", state).code == 9
    ran = garde("number", "reserve", "URG", "--per-day", "2", "--state", state)
    assert ran.code == 0 and "No patient number has been heard of yet" in ran.out


def test_need(garde: Garde, tmp_path: Path) -> None:
    found = garde("number", "need", "--per-day", "30", "--json", "--state", str(tmp_path)).lines[0]
    assert found["numbers"] >= 30 * 28 and found["days"] == 28


def test_few_numbers_left_are_said(number: Garde) -> None:
    number("reserve", "URG", "--count", "3")
    assert "URG has 2 numbers left" in number("issue", "URG").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("reserve", "URG"), 2),
        (("reserve", "URG", "--count", "3", "--per-day", "3"), 2),
        (("reserve", "", "--count", "3"), 2),
        (("issue", "URG"), 8),
        (("issue", "URG", "D1-000001-J"), 12),
        (("issue", "URG", "--allergies", "none"), 2),
        (("issue", "URG", "--at", "soon"), 2),
        (("issue", "URG", "--birth", "yesterday"), 2),
        (("change", "D1-000001-K"), 2),
        (("change", "D1-000001-K", "--bed", "3"), 8),
        (("void", "x"), 12),
        (("void", "D1-000001-K"), 8),
        (("match", "D1-000001-K", "123456"), 8),
        (("confirm", "ABCDEF"), 8),
        (("refuse", ""), 8),
        (("list", "CARD"), 8),
        (("burn",), 2),
    ],
)
def test_words_that_are_off(number: Garde, words: tuple[str, ...], code: int) -> None:
    assert number(*words).code == code


def test_where_there_is_no_desk(garde: Garde, tmp_path: Path) -> None:
    for action in ("check", "list", "issue"):
        assert garde("number", action, "D1", "--state", str(tmp_path)).code == 8


def test_who_left_is_no_row_and_void_shows_when_something_was_written(number: Garde, garde: Garde, desk: Path) -> None:
    number("reserve", "URG", "--count", "5")
    number("issue", "URG", "--at", "2026-03-02 03:40", "--family", "Maes")
    assert number("change", "D1-000001-K", "--left", "2026-03-02 06:10", "--whither", "home").code == 0
    assert garde("downtime", "census", "--json", "--state", str(desk)).lines[0]["arrivals"] == []
    assert number("void", "D1-000001-K").code == 2
    assert number("void", "D1-000001-K", "--note", "given twice").code == 0
